"""Tokens and tags in one JSON object, as Hugging Face's `datasets` writes them: ``tokens`` and ``ner_tags``.

Tags are names, or numbers whose names are given in order with ``tag_names``. A text whose characters are tagged
(``text`` and as many ``labels`` of the form B-PER) is read in the same way, and so are
strings with spaces between tokens and tags.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any

from paddle_ner.data.beginning import Beginning
from paddle_ner.data.formats.fields import Misfit, id_of, others, shown
from paddle_ner.data.formats.format import Fit, Format
from paddle_ner.data.formats.record_fields import ENTITY_NAMES
from paddle_ner.data.json_source import Record, json_records
from paddle_ner.data.options import ReadOptions
from paddle_ner.data.records import Draft, Rejected, Remark
from paddle_ner.data.tables.names import texts_among
from paddle_ner.data.tagging import Tagging, Token, is_tag
from paddle_ner.data.tokens import JOINED, joined, spaces_are_needed
from paddle_ner.errors import InputError, Problem

TOKENS = ("tokens", "words")
TAGS = ("ner_tags", "tags", "ner", "labels", "bio_tags", "tag")
_HEAD = 500


@dataclass(frozen=True, slots=True)
class _Keys:
    tokens: Sequence[str]
    tags: Sequence[str]
    id: str
    names: Sequence[str] | None

    def parts(self, record: dict[str, Any]) -> tuple[list[str], list[str] | None]:
        """The tokens of a record and their tags by name; None if it has none. Raises Misfit."""
        tokens = next((record[key] for key in self.tokens if key in record), None)
        if not isinstance(tokens, list) or not all(isinstance(token, str) for token in tokens):
            raise Misfit(f'"{self.tokens[0]}" is {shown(tokens)}, expected an array of strings')
        if "" in tokens:
            raise Misfit(f"token {tokens.index('') + 1} is empty, expected at least one character")
        tags = next((record[key] for key in self.tags if record.get(key) is not None), None)
        if tags is None:
            for key in ENTITY_NAMES:
                if isinstance(record.get(key), list) and record[key]:
                    raise Misfit(f'tokens with "{key}", expected a tag for each token, or a text with entities in it')
            return tokens, None
        if not isinstance(tags, list) or len(tags) != len(tokens):
            count = f"{len(tags)} tags" if isinstance(tags, list) else f"tags {shown(tags)}"
            raise Misfit(f"{len(tokens)} tokens and {count}, expected a tag for each token")
        return tokens, [self._name(tag) for tag in tags]

    def _name(self, tag: Any) -> str:
        if isinstance(tag, str):
            return tag
        if not isinstance(tag, int) or isinstance(tag, bool):
            raise Misfit(f"a tag is {shown(tag)}, expected a string or a number")
        if self.names is None or not 0 <= tag < len(self.names):
            known = "no names" if self.names is None else f"names for 0 to {len(self.names) - 1}"
            raise Misfit(f"tag {tag} has no name: {known} in --tag-names")
        return self.names[tag]


def token_drafts(
    path: Path, records: Iterator[Record | Rejected | Remark], options: ReadOptions, names: Sequence[str] | None = None
) -> Iterator[Draft | Rejected | Remark]:
    """The drafts of objects with tokens and tags, whatever the file format.

    Args:
        path: the file, for messages.
        records: its objects.
        options: what the user says of the file.
        names: the names of tags that are numbers, if the file has them; those of the options come first.

    Raises:
        InputError: the tags are numbers without names.
    """
    keys = _Keys(
        TOKENS if options.text_field is None else (str(options.text_field),),
        TAGS if options.label_field is None else (str(options.label_field),),
        str(options.id_field or "id"),
        options.tag_names or names,
    )
    head = list(islice(records, _HEAD))
    if keys.names is None and not options.texts_only:
        _refuse_numbers(path, head, keys)
    sentences = list(_sentences(head, keys))
    tagging = Tagging.of([tags for _, tags in sentences if tags is not None], options.tag_scheme)
    if (message := tagging.remark()) is not None:
        yield Remark(message)
    joiner = options.token_joiner
    if joiner is None and spaces_are_needed([token for tokens, _ in sentences for token in tokens]):
        joiner = " "
        yield Remark(JOINED)
    for record in chain(head, records):
        yield _draft(path, record, keys, tagging, joiner, options) if isinstance(record, Record) else record


def _refuse_numbers(path: Path, head: Iterable[Record | Rejected | Remark], keys: _Keys) -> None:
    for record in head:
        tags = [record.value[key] for key in keys.tags if key in record.value] if isinstance(record, Record) else []
        if isinstance(record, Record) and tags and isinstance(tags[0], list):
            number = next((tag for tag in tags[0] if isinstance(tag, int)), None)
            if number is not None:
                raise InputError(
                    f"{path}:{record.line}: tags are numbers, such as {number}: give their names in order, such as"
                    " --tag-names O,B-PER,I-PER (tag_names in YAML; the data set's card lists them)"
                )


def _sentences(head: Iterable[Record | Rejected | Remark], keys: _Keys) -> Iterator[tuple[list[str], list[str] | None]]:
    for record in head:
        try:
            if isinstance(record, Record):
                yield keys.parts(record.value)
        except Misfit:
            continue  # reported when the record is read


def _draft(
    path: Path, record: Record, keys: _Keys, tagging: Tagging, joiner: str | None, options: ReadOptions
) -> Draft | Rejected:
    try:
        taken = keys.tags[:1] if options.texts_only else keys.tags
        value = {key: item for key, item in record.value.items() if key not in keys.tags or not options.texts_only}
        tokens, tags = keys.parts(value)
        number = id_of(record.value, keys.id)
    except Misfit as error:
        return Rejected.at(path, record.line, str(error))
    text, starts = joined(tokens, joiner)
    rest = others(record.value, *keys.tokens, *taken, keys.id)
    if tags is None:
        return Draft(record.line, text, id=number, fields=rest)
    faults: list[tuple[int, str]] = []
    spans = tuple(tagging.spans([Token(record.line, *pair) for pair in zip(tokens, tags, strict=True)], starts, faults))
    if faults:
        return Rejected(tuple(Problem(str(path), line, message) for line, message in faults))
    return Draft(record.line, text, spans, id=number, fields=rest, by_tokens=True)


def _drafts(path: Path, options: ReadOptions) -> Iterator[Draft | Rejected | Remark]:
    records = json_records(path, options.encoding)
    beginning = Beginning.of(path, options.encoding).records
    keys = next((keys for record in beginning if (keys := tagged_text(record)) is not None), (None, None))
    text, tags = options.text_field or keys[0], options.label_field or keys[1]
    if isinstance(text, str) and isinstance(tags, str):
        options = options.model_copy(update={"text_field": text, "label_field": tags})
        records = (_parted(record, text, tags) if isinstance(record, Record) else record for record in records)
    yield from token_drafts(path, records, options)


def tagged_text(record: dict[str, Any]) -> tuple[str, str] | None:
    """The keys of a text, or of tokens under the name of a text, and of their tags, by name; None if it has none."""
    names = list(record)
    for key in (*TAGS, "label", "bio", "BIO"):
        tags = _split(record.get(key))
        if tags is not None and len(tags) > 1 and all(map(is_tag, tags)) and len(set(tags)) > 1:
            for index in texts_among(names):
                if len(tags) in map(len, _partings(record[names[index]])):
                    return names[index], key
    return None


def _parted(record: Record, text: str, tags: str) -> Record:
    """A record whose text and tags are arrays."""
    value = dict(record.value)
    listed = _split(value.get(tags))
    if listed is not None:
        value[tags] = listed
    ways = _partings(value.get(text))
    if ways:
        value[text] = next((way for way in ways if len(way) == len(listed or ())), ways[0])
    return Record(record.line, value)


def _split(tags: Any) -> list[str] | None:
    """Tags as an array, of one or of a string with spaces between them."""
    if isinstance(tags, str):
        return tags.split()
    return tags if isinstance(tags, list) and all(isinstance(tag, str) for tag in tags) else None


def _partings(text: Any) -> list[list[str]]:
    """The ways to split a text into tokens: characters, or the parts between spaces."""
    if isinstance(text, str):
        return [list(text), text.split()]
    return [text] if isinstance(text, list) and all(isinstance(token, str) for token in text) else []


def are_tokens(record: dict[str, Any]) -> bool:
    """Whether a record has tokens, and a tag for each token if it has tags."""
    tokens = next((record[key] for key in TOKENS if key in record), None)
    if not isinstance(tokens, list) or not all(isinstance(token, str) for token in tokens):
        return False
    return any(isinstance(record.get(key), list) for key in TAGS) or not {"text", "label", "labels"} & record.keys()


def _recognise(beginning: Beginning) -> Fit:
    records = beginning.records
    return Fit.SURE if any(are_tokens(record) or tagged_text(record) is not None for record in records) else Fit.NO


FORMAT = Format(
    "hf-tokens",
    "Hugging Face's tokens and ner_tags, JSON lines or an array; --tag-names for tags that are numbers",
    _drafts,
    _recognise,
    frozenset({"text_field", "label_field", "id_field", "tag_scheme", "tag_names", "token_joiner"}),
)
