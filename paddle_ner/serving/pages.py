"""The page at ``/`` and the documentation at ``/docs``: files of this package that load nothing from elsewhere."""

from __future__ import annotations

import html
from functools import cache
from importlib.resources import files

from fastapi import APIRouter
from starlette.responses import HTMLResponse

from paddle_ner.serving.problems import KINDS

router = APIRouter(include_in_schema=False)

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'; img-src data:;"
        " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


@cache
def _read(name: str) -> str:
    return (files("paddle_ner.serving") / "page" / name).read_text(encoding="utf-8")


@router.get("/")
async def index() -> HTMLResponse:
    """The page: try a model by hand."""
    return HTMLResponse(_read("index.html"), headers=_HEADERS)


@router.get("/docs")
async def docs() -> HTMLResponse:
    """The documentation: routes from /openapi.json, problems from `problems.KINDS`."""
    rows = "".join(
        f'<tr id="{kind.slug}"><td>{kind.status}</td><td><code>{kind.slug}</code></td>'
        f"<td>{html.escape(kind.title)}</td><td>{html.escape(kind.mend)}</td></tr>"
        for kind in KINDS
    )
    return HTMLResponse(_read("docs.html").replace("<!-- problems -->", rows), headers=_HEADERS)
