"""Columns: one token and its tag a line, a blank line or -DOCSTART- between sentences."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from paddle_ner.data.beginning import Beginning
from paddle_ner.data.formats.format import Fit, Format
from paddle_ner.data.options import ReadOptions
from paddle_ner.data.records import Draft, Rejected, Span
from paddle_ner.data.source import Line, lines
from paddle_ner.errors import Problem

TAG = re.compile(r"O|[BIESMWLU][-_].+")
_OPEN, _INSIDE, _LAST, _SINGLE = "B", "IM", "EL", "SWU"
_PREFIXES = {"BIO": "BI", "BIOES": "BIES", "BMES": "BMES", "BMEWO": "BMEW", "BILOU": "BILU"}
_ENDING = frozenset("ESMWLU")
_HEAD = 2000


def columns(text: str) -> list[str]:
    """The columns of a line, split at tabs or, where there are none, at spaces; a token may itself be a space."""
    if "\t" in text:
        return text.split("\t")
    if text.startswith("  "):
        return [" ", *filter(None, text.split(" "))]
    if text.endswith("  "):
        return [*filter(None, text.split(" ")), " "]
    return [column for column in text.split(" ") if column]


@dataclass(frozen=True, slots=True)
class Layout:
    """What the head of a file says of the rest."""

    tag_first: bool
    marks_ends: bool

    @classmethod
    def of(cls, texts: Iterable[str], options: ReadOptions) -> Layout:
        """Look at the first tag of an entity and the lines that follow it.

        The tags stand last unless more lines begin with one than end with one. A scheme marks the ends of entities
        where at least half as many tags do so as begin one: a stray E- in a BIO file is a bad tag, not another scheme.
        """
        starting: Counter[str] = Counter()
        ending: Counter[str] = Counter()
        last = _HEAD
        for number, text in enumerate(texts, start=1):
            parts = columns(text)
            if len(parts) > 1:
                starting[parts[0][0] if TAG.fullmatch(parts[0]) else ""] += 1
                ending[parts[-1][0] if TAG.fullmatch(parts[-1]) else ""] += 1
            if not (starting.keys() | ending.keys()) - {"O", ""}:
                last = number + _HEAD
            if number >= last:
                break
        tag_first = (
            starting.total() - starting[""] > ending.total() - ending[""]
            if options.tag_column is None
            else options.tag_column == "first"
        )
        prefixes = starting if tag_first else ending
        ends = sum(prefixes[prefix] for prefix in _ENDING)
        marks_ends = ends > 0 and 2 * ends >= prefixes[_OPEN]
        return cls(tag_first, marks_ends if options.tag_scheme is None else options.tag_scheme != "BIO")


def _drafts(path: Path, options: ReadOptions) -> Iterator[Draft | Rejected]:
    layout = Layout.of((line.text for line in lines(path, options.encoding)), options)
    reader = _Sentences(path, options, layout)
    sentence: list[Line] = []
    for line in lines(path, options.encoding):
        if line.text.strip(" \t") and not line.text.startswith("-DOCSTART-"):
            sentence.append(line)
        elif sentence:
            yield reader.draft(sentence)
            sentence = []
    if sentence:
        yield reader.draft(sentence)


class _Sentences:
    """Sentences to drafts."""

    def __init__(self, path: Path, options: ReadOptions, layout: Layout) -> None:
        self.path = path
        self.joiner = options.token_joiner
        self.layout = layout
        self.scheme = options.tag_scheme or ("BIO" if not layout.marks_ends else None)
        self.prefixes = "".join(_PREFIXES.values()) if self.scheme is None else _PREFIXES[self.scheme]

    def draft(self, sentence: list[Line]) -> Draft | Rejected:
        problems: list[Problem] = []
        tokens: list[tuple[int, str, str]] = []
        for line in sentence:
            try:
                tokens.append((line.number, *self._token_and_tag(line)))
            except ValueError as error:
                problems.append(Problem(str(self.path), line.number, str(error)))
        if problems:
            return Rejected(tuple(problems))
        spans = tuple(self._spans(tokens, problems))
        if problems:
            return Rejected(tuple(problems))
        return Draft(sentence[0].number, self.joiner.join(token for _, token, _ in tokens), spans)

    def _token_and_tag(self, line: Line) -> tuple[str, str]:
        if line.fault is not None:
            raise ValueError(line.fault)
        parts = columns(line.text)
        if len(parts) < 2:
            raise ValueError(f"one column {line.text!r}, expected a token and a tag, such as {self._sample()!r}")
        token, tag = (parts[-1], parts[0]) if self.layout.tag_first else (parts[0], parts[-1])
        if not token:
            raise ValueError(f"no token beside the tag {tag!r}, expected {self._sample()!r}")
        if not TAG.fullmatch(tag):
            raise ValueError(f"{tag!r} is not a tag, expected O, or B-, I- and so on with a type, such as B-PER")
        if tag != "O" and tag[0] not in self.prefixes:
            known = ", ".join(f"{prefix}-" for prefix in self.prefixes)
            raise ValueError(f"tag {tag!r} is not one of {self.scheme}, expected O, {known}")
        return token, tag

    def _spans(self, tokens: list[tuple[int, str, str]], problems: list[Problem]) -> Iterator[Span]:
        joiner = len(self.joiner)
        position = 0
        end = 0
        opened: tuple[int, str, int] | None = None  # start, label, line

        def fault(line: int, message: str) -> None:
            problems.append(Problem(str(self.path), line, message))

        def closed_by_next() -> Iterator[Span]:
            if opened is None:
                return
            start, label, line = opened
            if self.layout.marks_ends:
                fault(line, f"entity {label} begins here and never ends, expected E-{label} (S-{label} for one token)")
            yield Span(start, end, label, line=line)

        for line, token, tag in tokens:
            prefix, label = tag[0], tag[2:]
            start, stop = position, position + len(token)
            continues = opened is not None and opened[1] == label
            if prefix in _INSIDE or prefix in _LAST:
                if not continues:
                    fault(line, f"{tag} without {_OPEN}{tag[1:]} before it, expected {_OPEN}{tag[1:]} where it begins")
                    yield from closed_by_next()
                    opened = None
                elif prefix in _LAST:
                    assert opened is not None
                    yield Span(opened[0], stop, label, line=opened[2])
                    opened = None
            else:
                yield from closed_by_next()
                opened = (start, label, line) if prefix == _OPEN else None
                if prefix in _SINGLE:
                    yield Span(start, stop, label, line=line)
            end = stop
            position = stop + joiner
        yield from closed_by_next()

    def _sample(self) -> str:
        return "B-LOC 北" if self.layout.tag_first else "北 B-LOC"


def _recognise(beginning: Beginning) -> Fit:
    return Fit.LIKELY if beginning.most(_is_columns) else Fit.NO


def _is_columns(line: str) -> bool:
    parts = columns(line)
    if line.startswith("-DOCSTART-"):
        return True
    return len(parts) > 1 and any(TAG.fullmatch(tag) is not None for tag in (parts[0], parts[-1]))


FORMAT = Format(
    "conll",
    "columns of token and tag (BIO, BIOES, BMES, BMEWO, BILOU), blank lines between sentences",
    _drafts,
    _recognise,
    frozenset({"tag_column", "tag_scheme", "token_joiner"}),
)
