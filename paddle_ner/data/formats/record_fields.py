"""Which keys of a file's JSON objects have the text, the annotation and the id, and the drafts made from them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from paddle_ner.data.formats.entity_objects import EntityReader, are_entities
from paddle_ner.data.formats.fields import Misfit, id_of, label_of, labels_of, others, shown, text_of
from paddle_ner.data.options import ReadOptions
from paddle_ner.data.records import Draft, Span
from paddle_ner.data.tables.names import (
    TEXT_NAMES,
    answers_among,
    entities_among,
    labels_among,
    second_texts_among,
    texts_among,
)

ENTITY_NAMES = """
entities entity_list entitylist ents entity spans mentions annotations annotation ner named_entities
实体 实体列表 命名实体 标注 标注结果
""".split()  # noqa: SIM905
"""Keys under which entities are, the surest first."""
RELATIONS = frozenset(
    """
    relations relation relation_list spo spo_list triples triple_list 关系 关系列表 三元组
    """.split()  # noqa: SIM905
)
"""Keys under which relations between entities are, which are not read."""
_ANNOTATIONS = ("entities", "label", "labels")
EXPECTED = "expected entities with their offsets (entities), or label or labels of the text"
_INSTRUCTION = "instruction"
_HALF = 0.5


@dataclass(frozen=True, slots=True)
class Fields:
    """The keys of the records of a file.

    Attributes:
        texts: keys of the text, the first that a record has.
        label: the key of one class, of several or of entities.
        entities: the key of entities.
        id: the key of the id.
        is_named: whether the user named the key of the label, so that no other one counts.
        is_guessed: whether the key of the annotation is not a canonical one.
    """

    texts: tuple[str, ...]
    label: str = "label"
    entities: str = "entities"
    id: str = "id"
    is_named: bool = False
    is_guessed: bool = False

    @classmethod
    def of(cls, records: Sequence[dict[str, Any]], options: ReadOptions) -> Fields:
        """The keys that fit the first records of a file and the options. Raises Misfit if several may be a text."""
        number = str(options.id_field or "id")
        filled = Counter(key for record in records for key, value in record.items() if isinstance(value, str) and value)
        strings = [key for key, count in filled.items() if count >= _HALF * len(records) and key != number]
        texts = (str(options.text_field),) if options.text_field is not None else _texts(strings)
        keys = list(dict.fromkeys(key for record in records for key in record))
        if options.label_field is not None:
            return cls(texts, str(options.label_field), "entities", number, is_named=True)
        if not options.texts_only and records and all(map(_is_entity, records)):
            raise Misfit(f"an entity a record ({', '.join(keys)}), expected a text with its entities")
        if options.texts_only or any(record.get(key) is not None for record in records for key in _ANNOTATIONS):
            held = [key for key in _ANNOTATIONS if any(are_entities(record.get(key)) for record in records)]
            return cls(texts, entities=held[0] if held else "entities", id=number)
        if any(_is_choice(record) for record in records):
            return cls(texts, "accept", id=number, is_guessed=True)
        entities = [key for key in ENTITY_NAMES if any(are_entities(record.get(key)) for record in records)]
        if entities:
            return cls(texts, entities=entities[0], id=number, is_guessed=True)
        _refuse_unknown(records)
        label = _label([key for key in keys if key not in (*texts, number)], records)
        return cls(texts, id=number) if label is None else cls(texts, label, id=number, is_guessed=True)

    def annotations(self) -> tuple[str, ...]:
        """The keys that may hold the annotation."""
        return (self.label,) if self.is_named else tuple(dict.fromkeys((self.entities, self.label, "labels")))

    def entities_in(self, record: dict[str, Any]) -> tuple[str, Any] | None:
        """The text of a record and its entities as they are there; None if it has none."""
        text = next((record[name] for name in self.texts if name in record), None)
        for key in self.annotations():
            if isinstance(text, str) and are_entities(record.get(key)):
                return text, record[key]
        return None

    def draft(self, line: int, record: dict[str, Any], reader: EntityReader, *, texts_only: bool) -> Draft:
        """The draft of a record with a text and at most one of entities, one label, and several. Raises Misfit.

        Under the label's key, a string or a number is one label, an array is several, an array of objects or triples is
        entities, and an empty array is either.
        """
        text = text_of(record, self.texts)
        given = [name for name in self.annotations() if record.get(name) is not None]
        draft = Draft(
            line, text, id=id_of(record, self.id), fields=others(record, *self.texts, *self.annotations(), self.id)
        )
        if texts_only:
            return draft
        if record.get("answer") in ("reject", "ignore"):
            raise Misfit(f'"answer" is {record["answer"]!r}, expected "accept": Prodigy\'s annotator did not take it')
        if len(given) > 1:  # an empty list of classes beside entities says nothing
            given = [name for name in given if name == self.entities or record[name] != []]
        if len(given) > 1:
            raise Misfit(
                f"{' and '.join(given)} in one record, expected one kind of annotation (--label-field names it)"
            )
        if not given:
            return draft
        spans, label, empty = _annotation(given[0], _named(record, given[0]), self, reader, text)
        return Draft(line, text, spans, label, draft.id, empty, fields=draft.fields)


def _annotation(
    name: str, value: Any, fields: Fields, reader: EntityReader, text: str
) -> tuple[tuple[Span, ...] | None, str | tuple[str, ...] | None, bool]:
    """Entities, classes, and whether it is an empty array, which can be either."""
    if name == fields.entities or are_entities(value):
        return reader.spans(value, name, text), None, False
    if name == "labels":
        return None, labels_of(value, name), False
    if not isinstance(value, list):
        return None, label_of(value, name), False
    return None, None if not value else labels_of(value, name), not value


def _named(record: dict[str, Any], name: str) -> Any:
    """The value of a field; labels that are indices of the choices beside them (UTC) become these choices."""
    value, choices = record[name], record.get("choices")
    if not (isinstance(value, list) and isinstance(choices, list) and all(type(index) is int for index in value)):
        return value
    if not all(0 <= index < len(choices) for index in value):
        raise Misfit(f'"{name}" is {shown(value)}, expected numbers of the {len(choices)} choices')
    return [choices[index] for index in value]


def _texts(strings: Sequence[str]) -> tuple[str, ...]:
    """The key of the text among keys of strings; all possible keys if there is none."""
    if "text" in strings:
        if seconds := second_texts_among(strings):
            raise Misfit(f"text and {strings[seconds[0]]} are a pair, expected one: --text-field names the one to read")
        return ("text",)
    texts = [strings[index] for index in texts_among(strings)]
    if not texts:
        return TEXT_NAMES
    pair = [strings[index] for index in (*second_texts_among(strings), *answers_among(strings))]
    several = list(dict.fromkeys((*texts, *pair)))
    if _INSTRUCTION in strings:
        several.append(_INSTRUCTION)
    if len(several) > 1:
        raise Misfit(f"{' and '.join(several)} may be the text, expected one: --text-field names the one to read")
    return (texts[0],)


def _label(keys: Sequence[str], records: Sequence[dict[str, Any]]) -> str | None:
    """The only key with the name and the value of a label; None if there is none or several."""
    if entities_among(keys):
        return None  # the label would be the type of the record's entity
    labels = [keys[index] for index in labels_among(keys)]
    return labels[0] if len(labels) == 1 and any(_may_be_label(record, labels[0]) for record in records) else None


def _is_entity(record: dict[str, Any]) -> bool:
    """Whether a record is an entity itself, with offsets into a text that is elsewhere."""
    starts = [value for key, value in record.items() if key.lower().startswith(("start", "begin"))]
    return type(next(iter(starts), None)) is int and not any(key in record for key in ENTITY_NAMES)


def _is_choice(record: dict[str, Any]) -> bool:
    """Whether a record is of Prodigy's choice interface: the ids of the accepted options are its labels."""
    return isinstance(record.get("options"), list) and isinstance(record.get("accept"), list)


def _refuse_unknown(records: Sequence[dict[str, Any]]) -> None:
    """Raise Misfit if annotations are under a usual key in a form that is not known."""
    for record in records:
        for key in ENTITY_NAMES:
            value = record.get(key)
            if isinstance(value, dict | list) and value:
                held = shown(value[0] if isinstance(value, list) else value)
                raise Misfit(
                    f'{key} holds {held}, expected objects with "start", "end" and "label", or [start, end, label]'
                    " (--label-field names another key)"
                )


def _may_be_label(record: dict[str, Any], name: str) -> bool:
    """Whether a field may hold classes; a list that is as long as another holds tags of words."""
    value = record.get(name)
    if isinstance(value, list):
        lengths = [len(other) for key, other in record.items() if key != name and isinstance(other, list)]
        return all(isinstance(item, str) for item in value) and (len(value) < 2 or len(value) not in lengths)
    return isinstance(value, str | int) and not isinstance(value, bool)


def missing(keys: Sequence[str], fields: Fields) -> str | None:
    """What to say about a file without any annotation, by the keys of its records; None if they have no other keys."""
    known = (*fields.texts, fields.id, fields.label, "meta", "scores", "entities", "labels")
    other = [key for key in keys if key not in known]
    if not other:
        return None
    related = [key for key in other if key in RELATIONS]
    if related:
        return f"{related[0]!r} holds relations, which are not read, and there is no label: {EXPECTED}"
    likely = [other[index] for index in labels_among(other)]
    named = likely[0] if len(likely) == 1 else "NAME"
    listed = ", ".join(keys)
    return f"no label found: the keys are {listed}, expected {fields.label} (--label-field {named} names another)"


def said(fields: Fields, keys: Sequence[str]) -> Iterator[str]:
    """What the user should know about the keys that are read, and about the others."""
    if fields.is_named:
        return
    if fields.is_guessed:
        what, key = ("label is", fields.label) if fields.entities == "entities" else ("entities are", fields.entities)
        yield f"the {what} read from {key!r} (--label-field names another key)"
    if fields.entities in keys:
        rest = [key for key in keys if key not in (*fields.texts, *_ANNOTATIONS, fields.entities, fields.id)]
        unread = [rest[index] for index in labels_among(rest)]
        if unread:
            yield f"the entities are read, not {', '.join(unread)}: --label-field {unread[0]} reads that"
