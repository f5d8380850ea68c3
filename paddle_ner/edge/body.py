"""The texts in the body of a request, and the problem that a bad request is answered with."""

from __future__ import annotations

import json
import re
from typing import Any

from paddle_ner.edge.settings import Settings

_EXPECTED = 'expected {"text": "…"} or {"texts": ["…", …]}'
_SURROGATE = re.compile("[\ud800-\udfff]")


class ProblemError(Exception):
    """Answered as ``application/problem+json``."""

    def __init__(self, status: int, detail: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = headers or {}


def parse(body: bytes, settings: Settings) -> list[str]:
    """The texts in a body. Raises ProblemError with status 422 that says what is wrong."""
    try:
        content = json.loads(body.decode("utf-8"), object_pairs_hook=_object)
    except (ValueError, RecursionError) as error:
        raise ProblemError(422, f"the body is not JSON in UTF-8: {error}; {_EXPECTED}") from None
    if not isinstance(content, dict) or len(content) != 1 or not {"text", "texts"} & set(content):
        raise ProblemError(422, f"the body has the wrong shape, {_EXPECTED}")
    ((name, value),) = content.items()
    texts = [value] if name == "text" else value
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise ProblemError(422, f"the body has the wrong shape, {_EXPECTED}")
    if not 1 <= len(texts) <= settings.max_texts:
        raise ProblemError(422, f"{len(texts)} texts, expected 1 to {settings.max_texts} in one request")
    for index, text in enumerate(texts):
        if objection := _objection(text, settings.max_characters):
            raise ProblemError(422, f"#/{name}{'' if name == 'text' else f'/{index}'}: {objection}")
    return texts


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        raise ProblemError(422, f"the body has a name more than once, {_EXPECTED}")
    return content


def _objection(text: str, max_characters: int) -> str | None:
    if len(text) > max_characters:
        return f"{len(text)} characters, expected at most {max_characters}; split the text"
    if _SURROGATE.search(text):
        return "a lone surrogate, which is no character"
    return None
