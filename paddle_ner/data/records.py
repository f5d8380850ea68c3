"""From what a reader yields to an Example: the only place where a record is judged."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from paddle_ner.data import overlaps
from paddle_ner.data.encoding import guess
from paddle_ner.data.options import ReadOptions
from paddle_ner.data.overlaps import LeftOut
from paddle_ner.data.source import DecodingFault, whole
from paddle_ner.errors import InputError, Problem
from paddle_ner.types import Entity, Example, hidden_character

MAX_LABEL = 64
OUTSIDE = "O"
"""The tag of tokens outside all entities: no entity type can have this name."""
_SHOWN = 8
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Span:
    """An entity as the file states it. `surface` is checked against the text where the file repeats it."""

    start: int
    end: int
    label: str
    surface: str | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """One record as the file states it, not yet judged.

    Attributes:
        line: the line on which it begins.
        text: its text.
        spans: its entities; None if the record says nothing of entities.
        label: one class (str), several (a sequence), or None if the record names none.
        id: its own id.
        empty: whether its annotation is empty, and does not say its kind: no entity if the other records have
            entities, no class if they have classes. `spans` and `label` are None then.
        path: the file it is in, if that is not the path that was asked for (a file of a folder).
        spans_path: the file that the lines of `spans` count in, if that is another again (brat's .ann).
        fields: the other fields of the record, by name.
        by_tokens: whether `spans` were made from tokens, so that their offsets are always code points.
    """

    line: int
    text: str
    spans: Sequence[Span] | None = None
    label: str | Sequence[str] | None = None
    id: str | int | None = None
    empty: bool = False
    path: Path | None = None
    spans_path: Path | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)
    by_tokens: bool = False


@dataclass(frozen=True, slots=True)
class Remark:
    """Something about the file as a whole that the user should know, in one line without the path."""

    message: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """A bad record with everything that is wrong with it. After a fatal one the rest of the file cannot be read."""

    problems: tuple[Problem, ...]
    fatal: bool = False

    @classmethod
    def at(cls, path: Path | str, line: int, message: str, *, fatal: bool = False) -> Rejected:
        """A record with one thing wrong."""
        return cls((Problem(str(path), line, message),), fatal)


class Judge:
    """Turns drafts into examples with the options of all formats: labels, overlaps, one label or many."""

    def __init__(self, path: Path, options: ReadOptions) -> None:
        self.path = path
        self.options = options
        self._file_names = None if options.label_file is None else label_names(options.label_file)
        self._left_out: LeftOut | None = None
        if options.overlaps == "outermost" or options.overlaps == "innermost":
            self._left_out = LeftOut(options.overlaps)
        self._trimmed = 0
        self._first_trimmed = ""
        self._repeated = 0
        self._unkept: Counter[str] = Counter()
        self._kept: set[str] = set()

    def remarks(self) -> Iterator[str]:
        """What was changed in the records judged so far, one line for each change."""
        if self._trimmed:
            count = f"{self._trimmed:,} label{'s' * (self._trimmed != 1)}"
            yield f"{count} with space around the name, such as {self._first_trimmed!r}, read without it"
        if self._repeated:
            entities = "1 entity stands" if self._repeated == 1 else f"{self._repeated:,} entities stand"
            yield f"{entities} twice in a record, with the same range and label: read once"
        if self._unkept:
            shown = ", ".join(f"{label} {count:,}" for label, count in self._unkept.most_common(_SHOWN))
            more = f" and {len(self._unkept) - _SHOWN} more" if len(self._unkept) > _SHOWN else ""
            yield f"left out {self._unkept.total():,} annotations of other labels (--keep-labels): {shown}{more}"
        named = () if self.options.texts_only else self.options.keep_labels or ()
        if absent := [label for label in named if label not in self._kept]:
            yield f"no annotation of {', '.join(absent)}, which --keep-labels names"
        if self._left_out is not None and (remark := self._left_out.remark()) is not None:
            yield remark

    def __call__(self, draft: Draft) -> Example | Rejected:
        """The example, or everything that is wrong with the record."""
        path = str(draft.path or self.path)
        origin = f"{path}:{draft.line}"
        if self.options.texts_only:
            return Example(draft.text, id=draft.id, fields=draft.fields, origin=origin)
        problems = [Problem(path, draft.line, message) for message in _text_faults(draft.text)]
        entities = None if draft.spans is None else self._entities(draft, problems)
        label: str | None = None
        labels: tuple[str, ...] | None = None
        try:
            label, labels = self._classes(draft.label)
        except ValueError as error:
            problems.append(Problem(path, draft.line, str(error)))
        if problems:
            return Rejected(tuple(problems))
        number = None if draft.id is None else str(draft.id)
        fields = draft.fields if self.options.keep_fields else {}
        return Example(draft.text, entities, label, labels, number, origin, fields)

    def _entities(self, draft: Draft, problems: list[Problem]) -> tuple[Entity, ...]:
        assert draft.spans is not None
        path = str(draft.spans_path or draft.path or self.path)
        placed: list[tuple[Entity, int]] = []
        seen: set[Entity] = set()
        for span in draft.spans:
            line = span.line or draft.line
            try:
                entity = Entity.of(draft.text, span.start, span.end, self._name(span.label))
                if not self._keeps(entity.label):
                    continue
                if entity.label == OUTSIDE:
                    raise ValueError("an entity is called O, the tag of what is no entity: rename it with --label-map")
                if span.surface is not None and not same_surface(span.surface, entity.text):
                    raise ValueError(
                        f"entity {entity.label} at {span.start}..{span.end} is {entity.text!r} in the text,"
                        f" but the record says {span.surface!r}: expected offsets in code points of the text"
                        " (--offsets names another unit)"
                    )
            except ValueError as error:
                problems.append(Problem(path, line, str(error)))
                continue
            if entity in seen:
                self._repeated += 1
            else:
                seen.add(entity)
                placed.append((entity, line))
        if self._left_out is not None:
            return () if problems else tuple(self._left_out.flat([entity for entity, _ in placed]))
        placed.sort(key=lambda pair: (pair[0].start, pair[0].end))
        if self.options.overlaps == "report":
            problems.extend(Problem(path, line, message) for line, message in overlaps.faults(placed))
        return tuple(entity for entity, _ in placed)

    def _classes(self, given: str | Sequence[str] | None) -> tuple[str | None, tuple[str, ...] | None]:
        if given is None:
            return None, None
        names = (self._name(given),) if isinstance(given, str) else tuple(self._name(name) for name in given)
        if len(set(names)) < len(names):
            raise ValueError(f"a label stands twice in {', '.join(names)}, expected each once")
        as_many = not isinstance(given, str) if self.options.multi_label is None else self.options.multi_label
        if as_many:
            return None, tuple(name for name in names if self._keeps(name))
        if len(names) != 1:
            raise ValueError(f"{len(names)} labels ({', '.join(names)}), expected exactly 1 (--single-label)")
        if not self._keeps(names[0]):
            raise ValueError(f"label {names[0]!r}, which --keep-labels does not name: it is the only one of the text")
        return names[0], None

    def _keeps(self, label: str) -> bool:
        """Whether an annotation of this name is read; the others are counted."""
        if self.options.keep_labels is None:
            return True
        kept = label in self.options.keep_labels
        if kept:
            self._kept.add(label)
        else:
            self._unkept[label] += 1
        return kept

    def _name(self, label: str) -> str:
        """The label's final name. Raises ValueError for one that is empty or not in the label set."""
        if not label.strip():
            raise ValueError("empty label, expected a name")
        if label != label.strip():
            self._trimmed += 1
            self._first_trimmed = self._first_trimmed or label
            label = label.strip()
        if _SURROGATE.search(label):
            raise ValueError(f"label {label!r} holds a lone surrogate, expected valid Unicode")
        if unseen := _unseen(label):
            raise ValueError(unseen)
        if len(label) > MAX_LABEL:
            raise ValueError(
                f"label of {len(label)} characters ({label[:20]}…), expected at most {MAX_LABEL}:"
                " are text and label the right way round? (--text-field, --label-field)"
            )
        names = self._file_names
        if names is not None and label not in names:
            if not (label.isascii() and label.isdigit() and int(label) < len(names)):
                raise ValueError(
                    f"unknown label {label!r}, expected an index from 0 to {len(names) - 1}"
                    f" or a name of {self.options.label_file}"
                )
            label = names[int(label)]
        label = self.options.label_map.get(label, label)
        if unseen := _unseen(label):
            raise ValueError(f"{unseen} (--label-map)")
        allowed = self.options.allowed_labels
        kept = self.options.keep_labels is None or label in self.options.keep_labels
        if allowed is not None and kept and label not in allowed:
            raise ValueError(f"unknown label {label!r}, expected one of {', '.join(allowed)}")
        return label


def same_surface(stated: str, surface: str) -> bool:
    """Whether an entity's text in a record is the same as in the text, which may have CRLF line ends instead of LF.

    Label Studio writes a line end in it as a backslash and an n.
    """
    if stated == surface:
        return True
    unified = surface.replace("\r\n", "\n")
    return "\n" in unified and stated in (unified, unified.replace("\n", "\\n"), re.sub("[\r\n]", r"\\n", surface))


def label_names(path: Path) -> tuple[str, ...]:
    """The label names of a file with one per line, in UTF-8 or GB18030 whatever the data are in.

    Raises InputError for an empty or a repeated name, and for characters in one that cannot be seen.
    """
    try:
        names = [name.strip() for name in whole(path, guess(path)).rstrip().split("\n")]
    except DecodingFault as error:
        raise InputError(f"{path}:{error.line}: {error}") from error
    for number, name in enumerate(names, start=1):
        if not name:
            raise InputError(f"{path}:{number}: empty line, expected one label name a line")
        if unseen := _unseen(name):
            raise InputError(f"{path}:{number}: {unseen}")
        if name in names[: number - 1]:
            raise InputError(f"{path}:{number}: label {name!r} stands twice, expected each name once")
    return tuple(names)


def _unseen(label: str) -> str | None:
    """What is wrong with a label with invisible characters, which no task accepts."""
    hidden = hidden_character(label)
    if hidden is None:
        return None
    return f"label {label!r} holds the character U+{ord(hidden):04X}, which cannot be seen: expected a name without"


def _text_faults(text: str) -> list[str]:
    if not text.strip():
        return ["empty text, expected at least one character that is not white space"]
    match = _SURROGATE.search(text)
    if match is not None:
        return [
            f"lone surrogate U+{ord(match[0]):04X} at character {match.start()} of the text, expected valid Unicode"
        ]
    return []
