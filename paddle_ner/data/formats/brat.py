"""brat: a text in NAME.txt and its annotation in NAME.ann; one document is one Example.

Only the text-bound annotations (lines T…) are read; relations, events, attributes and notes are not part of an Example.
brat writes an entity over a line end as fragments: if only white space is between them, they are one range.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from paddle_ner.data.beginning import Beginning
from paddle_ner.data.formats.format import Fit, Format
from paddle_ner.data.options import ReadOptions
from paddle_ner.data.records import Draft, Rejected, Span
from paddle_ner.data.source import DecodingFault, lines, whole
from paddle_ner.errors import Problem

_BOUND = re.compile(r"(T\S+)\t(\S+) (\d+ \d+(?:;\d+ \d+)*)\t(.*)")
_OTHERS = tuple("REAMN#*")


@dataclass(frozen=True, slots=True)
class _Entity:
    """An annotation T…: its label, the ranges of its fragments, its surface on one line, and its own line."""

    key: str
    label: str
    fragments: tuple[tuple[int, int], ...]
    surface: str
    line: int

    def span(self, text: str) -> Span:
        """One range over all fragments, with the surface of the text if the given one is the same."""
        start, end = self.fragments[0][0], self.fragments[-1][1]
        surface = text[start:end]
        flat = surface.replace("\r", " ").replace("\n", " ")
        parts = " ".join(text[first:last] for first, last in self.fragments)
        return Span(start, end, self.label, surface if self.surface in (flat, parts) else self.surface, self.line)

    def fault(self, text: str) -> str | None:
        """What is wrong if more than white space is between two fragments, or they are out of order."""
        for (_, end), (start, _) in pairwise(self.fragments):
            between = text[end:start]
            if start < end or between.strip():
                what = "its parts are out of order" if start < end else f"{between[:20]!r} stands between its parts"
                return f"discontinuous entity {self.key}: {what}, expected one range: start end"
        return None


@dataclass(slots=True)
class _Annotation:
    entities: list[_Entity] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def _drafts(path: Path, options: ReadOptions) -> Iterator[Draft | Rejected]:
    texts = sorted(path.rglob("*.txt")) if path.is_dir() else [path.with_suffix(".txt")]
    for text in texts:
        yield _document(text, text.with_suffix(".ann"), text.relative_to(path) if path.is_dir() else text, options)
    if path.is_dir():
        for annotation in sorted(path.rglob("*.ann")):
            if not annotation.with_suffix(".txt").exists():
                yield Rejected.at(annotation, 1, f"no text, expected {annotation.with_suffix('.txt').name} beside it")


def _document(path: Path, annotation_path: Path, name: Path, options: ReadOptions) -> Draft | Rejected:
    try:
        text = whole(path, options.encoding)
    except DecodingFault as error:
        return Rejected.at(path, error.line, str(error))
    if not annotation_path.exists():
        return Rejected.at(path, 1, f"no annotation, expected {annotation_path.name} beside it, empty if there is none")
    annotation = _read(annotation_path, options.encoding)
    if annotation.problems:
        return Rejected(tuple(annotation.problems))
    # Offsets of a text with CRLF may have been counted with LF. The surfaces decide: only one of the two can fit.
    with_lf = text.replace("\r\n", "\n")
    if with_lf != text and not _fits(text, annotation.entities) and _fits(with_lf, annotation.entities):
        text = with_lf
    faults = [(entity.line, fault) for entity in annotation.entities if (fault := entity.fault(text)) is not None]
    if faults:
        return Rejected(tuple(Problem(str(annotation_path), line, fault) for line, fault in faults))
    spans = [entity.span(text) for entity in annotation.entities]
    return Draft(
        1, text.rstrip("\r\n"), spans, id=name.with_suffix("").as_posix(), path=path,
        spans_path=annotation_path,
    )  # fmt: skip


def _fits(text: str, entities: Sequence[_Entity]) -> bool:
    spans = [entity.span(text) for entity in entities]
    return all(span.surface == text[span.start : span.end] for span in spans)


def _read(path: Path, encoding: str) -> _Annotation:
    annotation = _Annotation()
    seen: dict[str, int] = {}
    for line in lines(path, encoding):
        message = line.fault
        bound = _BOUND.fullmatch(line.text)
        if message is None and bound is not None:
            key, label, ranges, surface = bound.groups()
            if key in seen:
                message = f"{key} stands on line {seen[key]} too, expected each once"
            else:
                seen[key] = line.number
                fragments = tuple((int(start), int(end)) for start, end in map(str.split, ranges.split(";")))
                annotation.entities.append(_Entity(key, label, fragments, surface, line.number))
        elif message is None and line.text.strip() and not line.text.startswith(_OTHERS):
            message = f"{line.text[:40]!r}, expected T1<tab>LABEL start end<tab>surface"
        if message is not None:
            annotation.problems.append(Problem(str(path), line.number, message))
    return annotation


def _recognise(beginning: Beginning) -> Fit:
    path = beginning.path
    if beginning.is_folder:
        return Fit.SURE if next(path.rglob("*.ann"), None) is not None else Fit.NO
    is_pair = path.suffix == ".ann" or (path.suffix == ".txt" and path.with_suffix(".ann").exists())
    return Fit.SURE if is_pair else Fit.NO


FORMAT = Format(
    "brat",
    "brat: NAME.txt with NAME.ann, one file or a folder of them",
    _drafts,
    _recognise,
    frozenset({"offsets"}),
    reads_folders=True,
)
