"""Tags to entities: what a tag looks like, which scheme a file has, and the spans of a tagged sentence."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import get_args

from paddle_ner.data.options import TagScheme
from paddle_ner.data.records import OUTSIDE, Span

_TYPE = r"[^\s\x00-\x1f]+"
_PREFIXED = re.compile(rf"([BIESMWLU])[-_]({_TYPE})")
_SUFFIXED = re.compile(rf"({_TYPE})[-_]([BIESMWLU])")
_FORMS = (re.compile("[Oo]"), _PREFIXED, _SUFFIXED, re.compile(rf"[biesmwlu][-_]{_TYPE}"))
_BARE = re.compile(r"[^\W\d_][\w.-]*")
_POSITIONS = frozenset("BIESMWLUO")
_INSIDE, _LAST, _SINGLE = "IM", "EL", "SWU"
_ENDING = frozenset(_LAST + _SINGLE + "M")
_ALLOWED = {"BIO": "BI", "BIOES": "BIES", "BMES": "BMES", "BMEWO": "BMEW", "BILOU": "BILU", "IOB1": "BI", "IO": "I"}
_ANY = "".join(dict.fromkeys("".join(_ALLOWED[scheme] for scheme in ("BIO", "BIOES", "BMES", "BMEWO", "BILOU"))))


def is_tag(text: str) -> bool:
    """Whether a text is a tag as the field writes them: O, or a position and a type, in either order and case."""
    return any(form.fullmatch(text) for form in _FORMS)


@dataclass(frozen=True, slots=True)
class Tag:
    """A token's tag, parsed: its position in the entity (``O`` outside) and the entity's type."""

    position: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class Token:
    """A token of a sentence, the line it is on, and its tag as the file writes it."""

    line: int
    text: str
    tag: str


@dataclass(frozen=True, slots=True)
class Tagging:
    """How a file writes its tags.

    Attributes:
        scheme: one of `TagScheme`, or None for any scheme that marks the ends of entities.
        marks_ends: whether an entity of several tokens ends with a tag of its own.
        suffixed: whether the position is after the type, as in ``PER-B``.
        lower: whether the positions are in lower case.
        guessed: whether the scheme was recognised by the tags.
    """

    scheme: TagScheme | None
    marks_ends: bool
    suffixed: bool = False
    lower: bool = False
    guessed: bool = False

    @classmethod
    def of(cls, sentences: Sequence[Sequence[str]], scheme: TagScheme | None) -> Tagging:
        """The tagging that fits the tags at the beginning of a file.

        Ends are marked where at least half as many tags mark one as begin an entity: a stray E- in a BIO file is a bad
        tag, not another scheme. Without them it is BIO, unless an entity begins with I- and each B- follows an entity
        of its own type: only IOB1 does so. Types alone, without a position, are IO.
        """
        tags = Counter(tag for sentence in sentences for tag in sentence if tag != OUTSIDE)
        suffixed = _count(tags, _SUFFIXED) > _count(tags, _PREFIXED)
        form = _SUFFIXED if suffixed else _PREFIXED
        lower = not _count(tags, form) and any(form.fullmatch(_raised(tag, suffixed)) for tag in tags)
        if scheme is not None:
            return cls(scheme, scheme not in ("BIO", "IOB1", "IO"), suffixed, lower)
        trial = cls(None, True, suffixed, lower)
        parsed = [[trial.parse(tag) for tag in sentence] for sentence in sentences]
        positions = Counter(tag.position for sentence in parsed for tag in sentence if tag is not None)
        if not positions.keys() - {OUTSIDE} and tags and all(map(is_bare_type, tags)) and not _are_positioned(tags):
            return cls("IO", False, guessed=True)
        ends = sum(positions[position] for position in _ENDING)
        if ends and 2 * ends >= positions["B"]:
            return trial
        begun_inside, own_begins = _begins(parsed)
        return cls("IOB1" if begun_inside and not own_begins else "BIO", False, suffixed, lower, guessed=True)

    def parse(self, text: str) -> Tag | None:
        """The parts of a tag; None for anything that is not a tag of this form."""
        if text == OUTSIDE or (self.lower and text.upper() == OUTSIDE):
            return Tag(OUTSIDE)
        raised = _raised(text, self.suffixed) if self.lower else text
        match = (_SUFFIXED if self.suffixed else _PREFIXED).fullmatch(raised)
        if match is not None:
            return Tag(*reversed(match.groups())) if self.suffixed else Tag(*match.groups())
        return Tag("I", text) if self.scheme == "IO" and is_bare_type(text) else None

    def checked(self, text: str) -> Tag:
        """The parts of a tag. Raises ValueError for anything that is not a tag of the scheme."""
        tag = self.parse(text)
        if tag is None:
            expected = "O, or a type with -B, -I and so on, such as PER-B" if self.suffixed else _EXPECTED
            raise ValueError(f"{text!r} is not a tag, expected {expected}")
        allowed = _ANY if self.scheme is None else _ALLOWED[self.scheme]
        if tag.position != OUTSIDE and tag.position not in allowed:
            known = ", ".join(self._written(position, "") for position in allowed)
            raise ValueError(f"tag {text!r} is not one of {self.scheme}, expected O, {known}")
        return tag

    def remark(self) -> str | None:
        """What to say about a scheme that was recognised and is not the usual one."""
        if self.guessed and self.scheme == "IO":
            return "tags without a position are read as IO: neighbours of one type are one entity"
        if self.guessed and self.scheme == "IOB1":
            return "tags are read as IOB1, in which I- may begin an entity (--tag-scheme names another)"
        return None

    def spans(self, tokens: Sequence[Token], starts: Sequence[int], faults: list[tuple[int, str]]) -> Iterator[Span]:
        """The entities of a sentence; what is wrong with its tags goes to `faults` as (line, message).

        Args:
            tokens: the tokens in order.
            starts: where each token begins in the text of the sentence.
            faults: receives the faults.
        """
        tags: list[Tag] = []
        for token in tokens:
            try:
                tags.append(self.checked(token.tag))
            except ValueError as error:
                faults.append((token.line, str(error)))
        if faults:
            return
        opened: tuple[int, str, int] | None = None  # start, label, line
        end = 0
        lenient = self.scheme in ("IOB1", "IO")
        for token, tag, start in zip(tokens, tags, starts, strict=True):
            stop = start + len(token.text)
            inside = tag.position in _INSIDE or tag.position in _LAST
            if inside and opened is not None and opened[1] == tag.label:
                if tag.position in _LAST:
                    yield Span(opened[0], stop, opened[1], line=opened[2])
                    opened = None
            else:
                if inside and not lenient:
                    begin = self._written("B", tag.label, token.tag)
                    faults.append(
                        (token.line, f"{token.tag} without {begin} before it, expected {begin} where it begins")
                    )
                if opened is not None:
                    yield self._closed(opened, end, faults)
                    opened = None
                if tag.position == "B" or (inside and lenient):
                    opened = (start, tag.label, token.line)
                elif tag.position in _SINGLE:
                    yield Span(start, stop, tag.label, line=token.line)
            end = stop
        if opened is not None:
            yield self._closed(opened, end, faults)

    def _closed(self, opened: tuple[int, str, int], end: int, faults: list[tuple[int, str]]) -> Span:
        start, label, line = opened
        if self.marks_ends:
            last, single = self._written("E", label), self._written("S", label)
            faults.append(
                (line, f"entity {label} begins here and never ends, expected {last} ({single} for one token)")
            )
        return Span(start, end, label, line=line)

    def _written(self, position: str, label: str, like: str = "") -> str:
        """A tag as this file would write it, with the mark of another."""
        position = position.lower() if self.lower else position
        mark = like[-2] if self.suffixed and len(like) > 1 else like[1:2]
        mark = mark if mark in ("-", "_") else "-"
        return f"{label}{mark}{position}" if self.suffixed else f"{position}{mark}{label}"


_EXPECTED = "O, or B-, I- and so on with a type, such as B-PER"
SCHEMES: tuple[str, ...] = get_args(TagScheme)
"""The names of the tag schemes."""


def _raised(tag: str, suffixed: bool) -> str:
    """The tag with its position in upper case."""
    return tag[:-1] + tag[-1:].upper() if suffixed else tag[:1].upper() + tag[1:]


def _count(tags: Counter[str], form: re.Pattern[str]) -> int:
    return sum(count for tag, count in tags.items() if form.fullmatch(tag))


def is_bare_type(text: str) -> bool:
    """Whether a text may be a type without a position, such as PER."""
    return text.upper() not in _POSITIONS and _BARE.fullmatch(text) is not None


def _are_positioned(tags: Iterable[str]) -> bool:
    """Whether types seem to hold a position without a hyphen, such as BPER and IPER, or B.PER and I.PER."""
    begun = {tag[1:] for tag in tags if tag[:1] in "Bb" and len(tag) > 2}
    return any(tag[:1] in "IiMmEe" and tag[1:] in begun for tag in tags)


def _begins(sentences: Iterable[Sequence[Tag | None]]) -> tuple[int, int]:
    """How many entities begin with I, and how many with a B that does not follow an entity of its type."""
    inside = own = 0
    for sentence in sentences:
        before = Tag(OUTSIDE)
        for tag in sentence:
            current = tag or Tag(OUTSIDE)
            follows = before.position != OUTSIDE and before.label == current.label
            inside += current.position == "I" and not follows
            own += current.position == "B" and not follows
            before = current
    return inside, own
