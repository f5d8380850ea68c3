"""Lines of `segment/tag` with spaces between, as MSRA's: the text is the segments, put together.

The tags are those of part-of-speech tagging in lower case (nr, ns, nt; o is outside), so they become labels in upper
case: the same as in MSRA's column files. `label_map` may name either form.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from paddle_ner.data.beginning import Beginning
from paddle_ner.data.formats.format import Fit, Format
from paddle_ner.data.options import ReadOptions
from paddle_ner.data.records import Draft, Rejected, Span
from paddle_ner.data.source import Line, lines

_SEGMENT = re.compile(r".+/[A-Za-z]{1,4}")


def _drafts(path: Path, options: ReadOptions) -> Iterator[Draft | Rejected]:
    for line in lines(path, options.encoding):
        if line.fault is not None:
            yield Rejected.at(path, line.number, line.fault)
        elif line.text.strip(" \t"):
            try:
                yield _draft(line, options)
            except ValueError as error:
                yield Rejected.at(path, line.number, str(error))


def _draft(line: Line, options: ReadOptions) -> Draft:
    spans = []
    segments: list[str] = []
    length = 0
    for part in line.text.replace("\t", " ").split(" "):
        if not part:
            continue
        segment, slash, tag = part.rpartition("/")
        if not slash or not segment or not tag:
            raise ValueError(
                f"{part!r} at character {length} of the text, expected segment/tag, such as 北京/ns or 的/o"
            )
        if tag not in ("o", "O"):
            label = tag if tag in options.label_map else tag.upper()
            spans.append(Span(length, length + len(segment), label))
        segments.append(segment)
        length += len(segment)
    return Draft(line.number, "".join(segments), tuple(spans))


def _recognise(beginning: Beginning) -> Fit:
    return Fit.LIKELY if beginning.most(lambda line: all(map(_SEGMENT.fullmatch, line.split()))) else Fit.NO


FORMAT = Format("segment-tag", "segment/tag lines: 他/o 在/o 北京/ns, tags o, nr, ns, nt", _drafts, _recognise)
