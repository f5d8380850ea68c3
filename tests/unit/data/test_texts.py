from __future__ import annotations

import io

from paddle_ner.data.texts import read_texts


def texts(content: str, format: str | None = None) -> list[tuple[str | int | None, str]]:
    return [(one.id, one.text) for one in read_texts(io.BytesIO(content.encode()), "in", format)]


def test_an_empty_line_among_objects_holds_no_record() -> None:
    assert texts('{"text": "好", "id": 1}\n\n{"text": ""}\n') == [("1", "好"), (None, "")]


def test_an_empty_line_of_plain_text_is_a_text() -> None:
    assert texts("好\n\n北京\n") == [(None, "好"), (None, ""), (None, "北京")]
