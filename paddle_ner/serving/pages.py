"""The page at ``/`` and the documentation at ``/docs``: files of this package that load nothing from other servers."""

from __future__ import annotations

import html
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from paddle_ner.serving.problems import KINDS

router = APIRouter(include_in_schema=False)

_MEDIA_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:;"
        " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    # A browser checks each time whether its copy is still current, so that a new server is never seen with an old page.
    "Cache-Control": "no-cache",
}


@dataclass(frozen=True, slots=True)
class _File:
    content: bytes
    media_type: str
    tag: str


def _file(name: str, text: str) -> _File:
    content = text.encode("utf-8")
    return _File(content, _MEDIA_TYPES["." + name.rpartition(".")[2]], f'"{sha256(content).hexdigest()[:16]}"')


def _problem_rows() -> str:
    return "".join(
        f'<tr id="{kind.slug}"><td>{kind.status}</td><td><code>{kind.slug}</code></td>'
        f"<td>{html.escape(kind.title)}</td><td>{html.escape(kind.fix)}</td></tr>"
        for kind in KINDS
    )


_FILES = {
    file.name: _file(file.name, file.read_text(encoding="utf-8").replace("<!-- problems -->", _problem_rows()))
    for file in (files("paddle_ner.serving") / "page").iterdir()
    if file.name.endswith(tuple(_MEDIA_TYPES))
}
PATHS = frozenset({"/", "/docs"} | {f"/page/{name}" for name in _FILES})
"""Every path that this module answers; none of them reveals anything about the models, so none needs a key."""


def _answer(request: Request, file: _File) -> Response:
    headers = {**_HEADERS, "ETag": file.tag}
    if file.tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(file.content, headers=headers, media_type=file.media_type)


@router.get("/")
async def index(request: Request) -> Response:
    """The page: try a model by hand, label a file, correct."""
    return _answer(request, _FILES["index.html"])


@router.get("/docs")
async def docs(request: Request) -> Response:
    """The documentation: routes from /openapi.json, problems from `problems.KINDS`."""
    return _answer(request, _FILES["docs.html"])


@router.get("/page/{name}")
async def static(request: Request, name: str) -> Response:
    """The scripts and styles of the pages."""
    if name not in _FILES:
        raise HTTPException(404, f"no file {name!r} of the page")
    return _answer(request, _FILES[name])
