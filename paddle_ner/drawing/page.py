"""A self-contained page: its style and its script are in it, and it loads nothing."""

from __future__ import annotations

from functools import cache
from importlib import resources

from paddle_ner.drawing.marks import safe

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"


def head(title: str, *, language: str = "en") -> str:
    """The beginning of a page, up to ``<body>``."""
    return (
        f'<!doctype html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{safe(title)}</title>\n<style>\n{_file('page.css')}</style>\n</head>\n<body>\n"
    )


def page(title: str, heading: str, content: str, footer: str = "") -> str:
    """A page in English and Chinese with buttons for language and theme.

    Args:
        title: the title of the window.
        heading: HTML at the top.
        content: HTML of ``<main>``.
        footer: HTML at the end.
    """
    buttons = (
        '<button class="quiet" data-act="language" data-en="中文" data-zh="English">中文</button>'
        '<button class="quiet" data-act="theme" aria-label="light, dark 明暗" title="light, dark 明暗">◐</button>'
    )
    return (
        f'{head(title)}<header class="top"><div>{heading}</div>{buttons}</header>\n<main>\n{content}\n</main>\n'
        f"<footer>{footer}</footer>\n<script>\n{_file('page.js')}</script>\n</body>\n</html>\n"
    )


def say(english: str, chinese: str, tag: str = "span") -> str:
    """The same HTML in both languages, of which the page shows one."""
    return f'<{tag} class="en" lang="en">{english}</{tag}><{tag} class="zh" lang="zh-CN">{chinese}</{tag}>'


@cache
def _file(name: str) -> str:
    return (resources.files(__package__) / "files" / name).read_text("utf-8")
