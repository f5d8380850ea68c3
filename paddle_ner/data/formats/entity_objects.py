"""Entities as JSON objects, under the keys that people and tools give them, or as triples.

A surface in the record proves what its offsets count: from 0 or from 1, the end exclusive or inclusive.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from paddle_ner.data.formats.fields import Misfit, label_of, labels_of, offset_of, shown
from paddle_ner.data.records import Span, same_surface
from paddle_ner.data.tables.names import normal

_STARTS = """
start begin start_offset start_idx start_index start_pos start_position start_char char_start startindex startoffset
startpos from offset beginoffset
开始 起始 开始位置 起始位置 起点
""".split()  # noqa: SIM905
_ENDS = """
end stop end_offset end_idx end_index end_pos end_position end_char char_end endindex endoffset endpos to
结束 终止 结束位置 终止位置 终点
""".split()  # noqa: SIM905
_LENGTHS = ("length", "len", "长度")
_PAIRS = "span range offset offsets position pos loc location 位置".split()  # noqa: SIM905
_LABELS = """
label type tag entity_group entity_type entity_label label_type ner_label category class labels
类型 标签 类别 实体类型 实体类别
""".split()  # noqa: SIM905
_SURFACES = """
text word mention surface value span entity_text entity_name phrase string 文本 实体 词 词语 名称 实体名 实体名称 原文
""".split()  # noqa: SIM905
_EXCLUSIVE = frozenset(
    {("start", "end"), ("start_offset", "end_offset"), ("begin", "end"), ("start_char", "end_char")}
    | {("char_start", "char_end")}
)
"""Keys whose end is always exclusive. The end of other keys is exclusive only if surfaces prove it."""
_CANONICAL = frozenset({"start", "end", "label"})
_ASCII = re.compile(r"[\x00-\x7f]")
_HEAD = 20_000
_SHARE = 0.9
_EXPECTED = '"start", "end" and "label"'


@dataclass(frozen=True, slots=True)
class Counting:
    """How offsets are counted: `first` is the offset of the first character."""

    first: int
    is_inclusive: bool

    def place(self, start: int, end: int) -> tuple[int, int]:
        """A range as stated, from 0 and end-exclusive."""
        return start - self.first, end - self.first + self.is_inclusive

    def __str__(self) -> str:
        ends = "ends are inclusive" if self.is_inclusive else "ends are exclusive"
        return f"offsets count from {self.first} and {ends}" if self.first else ends


_USUAL = Counting(0, False)
_COUNTINGS = (_USUAL, Counting(0, True), Counting(1, False), Counting(1, True))
_PROOFS = {
    frozenset({"first", "last"}): _USUAL,
    frozenset({"first", "single"}): _COUNTINGS[1],
}
"""How offsets count, by what entities show without a surface: an entity at 0 is not counted from 1; an end that equals
the text's length is not inclusive; an end that equals the start is not exclusive."""


@dataclass(frozen=True, slots=True)
class _Stated:
    """An entity as its object states it; `is_sure`: its keys say that the end is exclusive."""

    start: int
    end: int
    labels: tuple[str, ...]
    surface: str | None
    end_name: str
    is_sure: bool


class EntityReader:
    """Reads the entities of a file's records.

    Args:
        counting: how all of its offsets count; None: as the keys of each entity say; if they do not say, an entity
            needs a surface that proves it.
    """

    def __init__(self, counting: Counting | None = None) -> None:
        self.counting = counting

    @classmethod
    def of(cls, records: Iterable[tuple[str, Any]]) -> EntityReader:
        """The reader that fits the surfaces in some records, each a text and its entities as the file has them."""
        fitting = dict.fromkeys(_COUNTINGS, 0)
        total = unsure = 0
        edges: set[str] = set()
        for text, value in records:
            if not isinstance(value, list) or total > _HEAD or "\r" in text or (text and max(text) > "\uffff"):
                continue
            for entity in value:
                try:
                    stated = _stated(entity, text)
                except Misfit:
                    continue  # reported when the record is read
                if not stated.is_sure:
                    edges |= _edges(stated, text)
                if stated.surface:
                    total += 1
                    unsure += not stated.is_sure
                    for counting in _COUNTINGS:
                        fitting[counting] += _fits(counting, stated, text)
        if not total and (proof := _PROOFS.get(frozenset(edges))) is not None:
            return cls(proof)
        best = max(_COUNTINGS, key=lambda counting: fitting[counting])  # the usual one wins a tie
        least = 1 if unsure else 2
        others = [counting for counting in _COUNTINGS if fitting[counting] == fitting[best] and counting != best]
        proved = fitting[best] >= max(least, _SHARE * total) and (best == _USUAL or not others)
        return cls(best if proved and not (others and unsure) else None)

    def remark(self) -> str | None:
        """What the user should know about the chosen counting."""
        if self.counting is None or self.counting == _USUAL:
            return None
        return f"its entities fit their texts only where {self.counting}: read so"

    def spans(self, value: Any, name: str, text: str) -> tuple[Span, ...]:
        """The entities of an array that is under `name` beside a text. Raises Misfit."""
        if not isinstance(value, list):
            raise Misfit(f'"{name}" is {shown(value)}, expected an array of entities')
        return tuple(span for entity in value for span in self._spans(entity, text))

    def _spans(self, entity: Any, text: str) -> Sequence[Span]:
        stated = _stated(entity, text)
        counting = self.counting
        if counting is None:
            if not stated.is_sure:
                raise Misfit(
                    f'nothing proves whether "{stated.end_name}" is inclusive: expected "start" and "end"'
                    ' (end-exclusive), or the surface of each entity beside its offsets, as "text"'
                )
            counting = _USUAL
        start, end = counting.place(stated.start, stated.end)
        return [Span(start, end, label, stated.surface) for label in stated.labels]


def role_of(name: str) -> str | None:
    """What a column of this name says of an entity: start, end, length, label or surface; None for another name."""
    roles = {"start": _STARTS, "end": _ENDS, "length": _LENGTHS, "label": _LABELS, "surface": (*_SURFACES, "entity")}
    return next((role for role, names in roles.items() if normal(name) in names), None)


def are_entities(value: Any) -> bool:
    """Whether a value is an array of objects with offsets, or of triples."""
    if not isinstance(value, list) or not value:
        return False
    first = value[0]
    if isinstance(first, list):
        return len(first) == 3 and isinstance(first[0], int) and isinstance(first[1], int)
    return isinstance(first, dict) and bool({*_STARTS, *_PAIRS} & set(map(str.lower, first)))


def _stated(entity: Any, text: str) -> _Stated:
    if isinstance(entity, list):
        if len(entity) != 3:
            raise Misfit(f"an entity is {shown(entity)}, expected [start, end, label]")
        start, end, label = entity
        if isinstance(start, str) and not start.strip("-").isdigit():
            raise Misfit(f"an entity is {shown(entity)}, expected [start, end, label] in this order")
        return _Stated(
            offset_of(start, "start"), offset_of(end, "end"), (label_of(label, "label"),), None, "end", True
        )  # fmt: skip
    if not isinstance(entity, dict):
        raise Misfit(f"an entity is {shown(entity)}, expected an object with {_EXPECTED}")
    if entity.keys() >= _CANONICAL and isinstance(entity["label"], str) and isinstance(entity.get("text"), str):
        start, end = offset_of(entity["start"], "start"), offset_of(entity["end"], "end")
        return _Stated(start, end, (label_of(entity["label"], "label"),), entity["text"], "end", True)
    keys = {key.lower(): key for key in entity}
    start, end, end_name, is_sure = _range(entity, keys)
    surface_name, surface = _surface(entity, keys)
    if surface_name is None and isinstance(entity.get("entity"), str) and _label_keys(entity, keys):
        surface = entity["entity"]
    labels = _labels(entity, keys, surface_name, text[max(start, 0) :])
    return _Stated(start, end, labels, surface, end_name, is_sure)


def _range(entity: dict[str, Any], keys: dict[str, str]) -> tuple[int, int, str, bool]:
    for name in _PAIRS:
        pair = entity.get(keys.get(name, name))
        if isinstance(pair, list):
            if len(pair) != 2:
                raise Misfit(f'"{name}" of an entity is {shown(pair)}, expected [start, end]')
            return offset_of(pair[0], name), offset_of(pair[1], name), name, False
    start_name = _only(keys, _STARTS, "start", entity)
    start = offset_of(entity[keys[start_name]], start_name)
    lengths = [name for name in _LENGTHS if name in keys]
    if lengths and not any(name in keys for name in _ENDS):
        return start, start + offset_of(entity[keys[lengths[0]]], lengths[0]), lengths[0], True
    end_name = _only(keys, _ENDS, "end", entity)
    end = offset_of(entity[keys[end_name]], end_name)
    return start, end, end_name, (start_name, end_name) in _EXCLUSIVE


def _only(keys: dict[str, str], names: Sequence[str], role: str, entity: dict[str, Any]) -> str:
    """The only one of the names that an object has; the first name comes before the others."""
    present = [name for name in names if name in keys]
    if not present:
        raise Misfit(f'an entity has no "{role}", expected {_EXPECTED}: its keys are {", ".join(entity) or "none"}')
    if present[0] != role and len({repr(entity[keys[name]]) for name in present}) > 1:
        raise Misfit(f'an entity has {" and ".join(present)}, expected one of them as "{role}"')
    return present[0]


def _surface(entity: dict[str, Any], keys: dict[str, str]) -> tuple[str | None, str | None]:
    """The key and value of an entity's surface; a tokenizer's `word` only if it must be that of the text."""
    text = entity.get("text")
    if text is not None and not isinstance(text, str):
        raise Misfit(f'"text" of an entity is {shown(text)}, expected a string')
    for name in _SURFACES:
        value = entity.get(keys.get(name, name))
        if isinstance(value, str) and value:
            return name, None if name == "word" and _ASCII.search(value) else value
    return None, None


def _label_keys(entity: dict[str, Any], keys: dict[str, str]) -> list[str]:
    return [name for name in _LABELS if name in keys and entity[keys[name]] is not None]


def _labels(entity: dict[str, Any], keys: dict[str, str], surface_name: str | None, rest: str) -> tuple[str, ...]:
    names = _label_keys(entity, keys)
    if not names:
        label = entity.get("entity")
        is_label = isinstance(label, str) and (surface_name is not None or not rest.startswith(label))
        if not is_label:
            raise Misfit(f'an entity has no "label", expected {_EXPECTED}: its keys are {", ".join(entity) or "none"}')
        if "index" in entity:
            raise Misfit(
                f"{label!r} is the tag of one token, expected whole entities: transformers gives those with"
                " aggregation_strategy='simple'"
            )
        return (str(label),)
    if names[0] != "label" and len({repr(entity[keys[name]]) for name in names}) > 1:
        raise Misfit(f'an entity has {" and ".join(names)}, expected one of them as "label"')
    value = entity[keys[names[0]]]
    if not isinstance(value, list):
        return (label_of(value, names[0]),)
    labels = labels_of(value, names[0])
    if not labels:
        raise Misfit("an entity has no label, expected one")
    return labels


def _edges(stated: _Stated, text: str) -> set[str]:
    """What an entity at an edge of its text, or its length, shows about the counting."""
    shown = {"first" if stated.start == 0 else "", "last" if stated.end == len(text) else ""}
    return (shown | {"single" if stated.start == stated.end else ""}) - {""}


def _fits(counting: Counting, stated: _Stated, text: str) -> bool:
    start, end = counting.place(stated.start, stated.end)
    return 0 <= start < end <= len(text) and same_surface(str(stated.surface), text[start:end])
