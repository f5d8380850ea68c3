"""Lines of tokens with their tags, as ``韩/B-PER 国/I-PER 在/O``: the text is the joined tokens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from paddle_ner.data.beginning import Beginning
from paddle_ner.data.formats.format import Fit, Format
from paddle_ner.data.options import ReadOptions
from paddle_ner.data.records import OUTSIDE, Draft, Rejected, Remark
from paddle_ner.data.source import Line, lines
from paddle_ner.data.tagging import Tagging, Token, is_tag
from paddle_ner.data.tokens import JOINED, joined, spaces_are_needed
from paddle_ner.errors import Problem

_MARKS = "/|_#"
"""What may be between a token and its tag."""
_HEAD = 500
_SPACES = " \t"


def _drafts(path: Path, options: ReadOptions) -> Iterator[Draft | Rejected | Remark]:
    head = [line.text for line in islice(lines(path, options.encoding), _HEAD) if line.text.strip(_SPACES)]
    mark = _mark(head) or _MARKS[0]
    sentences = [pairs for text in head if (pairs := _pairs(text, mark)) is not None]
    tagging = Tagging.of([[tag for _, tag in pairs] for pairs in sentences], options.tag_scheme)
    if (message := tagging.remark()) is not None:
        yield Remark(message)
    joiner = options.token_joiner
    if joiner is None and spaces_are_needed([token for pairs in sentences for token, _ in pairs]):
        joiner = " "
        yield Remark(JOINED)
    for line in lines(path, options.encoding):
        if line.fault is not None:
            yield Rejected.at(path, line.number, line.fault)
        elif line.text.strip(_SPACES):
            yield _draft(path, line, mark, tagging, joiner)


def _draft(path: Path, line: Line, mark: str, tagging: Tagging, joiner: str | None) -> Draft | Rejected:
    tokens: list[Token] = []
    for part in line.text.split():
        token, _, tag = part.rpartition(mark)
        if not token:
            return Rejected.at(path, line.number, f"{part!r}, expected a token and its tag, such as 北{mark}B-LOC")
        tokens.append(Token(line.number, token, tag))
    faults: list[tuple[int, str]] = []
    text, starts = joined([token.text for token in tokens], joiner)
    spans = tuple(tagging.spans(tokens, starts, faults))
    if faults:
        return Rejected(tuple(Problem(str(path), number, message) for number, message in faults))
    return Draft(line.number, text, spans)


def _pairs(text: str, mark: str) -> list[tuple[str, str]] | None:
    """The tokens of a line and their tags; None if a part of it is not such a pair."""
    pairs = [(token, tag) for token, _, tag in (part.rpartition(mark) for part in text.split())]
    return pairs if all(token and is_tag(tag) for token, tag in pairs) else None


def _mark(texts: Sequence[str]) -> str | None:
    """The mark with which most lines are pairs that include entities; None if there is none."""
    for mark in _MARKS:
        tagged = [pairs for text in texts if (pairs := _pairs(text, mark)) is not None]
        has_entities = any(tag not in (OUTSIDE, "o") for pairs in tagged for _, tag in pairs)
        if has_entities and 2 * len(tagged) > len(texts):
            return mark
    return None


def _recognise(beginning: Beginning) -> Fit:
    several = any(len(line.split()) > 1 for line in beginning.lines)
    return Fit.LIKELY if several and _mark(beginning.lines) is not None else Fit.NO


FORMAT = Format(
    "token-tag",
    "lines of tokens and their tags: 韩/B-PER 国/I-PER 在/O",
    _drafts,
    _recognise,
    frozenset({"tag_scheme", "token_joiner"}),
)
