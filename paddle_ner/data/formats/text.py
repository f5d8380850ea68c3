"""Plain text, one per line, without labels."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from paddle_ner.data.formats.format import Format
from paddle_ner.data.options import ReadOptions
from paddle_ner.data.records import Draft, Rejected
from paddle_ner.data.source import lines


def _drafts(path: Path, options: ReadOptions) -> Iterator[Draft | Rejected]:
    for line in lines(path, options.encoding):
        if line.fault is not None:
            yield Rejected.at(path, line.number, line.fault)
        elif line.text.strip() or options.texts_only:
            yield Draft(line.number, line.text)


FORMAT = Format("text", "plain text, one a line, without labels (never guessed: name it)", _drafts)
