"""fastText's lines: ``__label__X text``, with one label or several before the text, or after it.

The text is kept as it is, with the spaces of a segmentation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from paddle_ner.data.beginning import Beginning
from paddle_ner.data.formats.format import Fit, Format
from paddle_ner.data.options import ReadOptions
from paddle_ner.data.records import Draft, Rejected
from paddle_ner.data.source import lines

_MARK = "__label__"
_BEFORE = re.compile(r"\s*__label__(\S*)(?:\s+|$)")
_BEHIND = re.compile(r"(?:\s+|^)__label__(\S*)\s*$")


def _parts(line: str) -> tuple[list[str], str]:
    """The labels of a line and its text."""
    labels: list[str] = []
    while match := _BEFORE.match(line):
        labels.append(match[1])
        line = line[match.end() :]
    behind: list[str] = []
    while match := _BEHIND.search(line):
        behind.insert(0, match[1])
        line = line[: match.start()]
    return labels + behind, line.strip()


def _drafts(path: Path, options: ReadOptions) -> Iterator[Draft | Rejected]:
    # A list of labels is another kind than one label, so the whole file decides which it is.
    several = any(len(_parts(line.text)[0]) > 1 for line in lines(path, options.encoding))
    for line in lines(path, options.encoding):
        if line.fault is not None:
            yield Rejected.at(path, line.number, line.fault)
        elif line.text.strip():
            labels, text = _parts(line.text)
            if _MARK in text:
                message = f"{_MARK} inside the text, expected the labels before it: {_MARK}X text"
                yield Rejected.at(path, line.number, message)
            elif not labels and not options.texts_only:
                yield Rejected.at(path, line.number, f"no label, expected {_MARK}X text")
            else:
                yield Draft(line.number, text, label=labels if several or not labels else labels[0])


def _recognise(beginning: Beginning) -> Fit:
    return Fit.SURE if beginning.most(lambda line: _BEFORE.match(line) or _BEHIND.search(line)) else Fit.NO


FORMAT = Format("fasttext", "fastText's lines: __label__X text, one label or several", _drafts, _recognise)
