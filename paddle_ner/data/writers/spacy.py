"""What spaCy trains on: its binary DocBin, and the pairs in JSON of its older versions."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any

from paddle_ner.data.overlaps import do_overlap
from paddle_ner.data.writers.writer import Record, Writer, write_array
from paddle_ner.environment import require

_INSTEAD = "write .jsonl instead"


def _write_pairs(records: Iterable[Record], stream: IO[str]) -> None:
    write_array(([record.text, _annotation(record)] for record in records), stream)


def _annotation(record: Record) -> dict[str, Any]:
    if record.classes is not None:
        return {"cats": dict.fromkeys(record.classes, 1)}
    entities = record.labelled.entities
    return {} if entities is None else {"entities": [[entity.start, entity.end, entity.label] for entity in entities]}


def _write_docs(records: Iterable[Record], path: Path) -> None:
    """One Doc per record, a token per character, so that entities fit tokens; each class of the file as a cat."""
    require("spacy", needed_for=f"{path.suffix} files of spaCy")
    import spacy
    from spacy.tokens import Doc, DocBin, Span

    vocabulary = spacy.blank("zh").vocab
    docs: list[Doc] = []
    classes: dict[str, None] = {}
    for record in records:
        if not record.text:
            raise record.refused(f"an empty text, of which spaCy holds nothing: {_INSTEAD}")
        doc = Doc(vocabulary, words=list(record.text), spaces=[False] * len(record.text))
        entities = record.labelled.entities
        if entities is not None:
            if do_overlap(entities):
                raise record.refused(f"overlapping entities, which spaCy's doc.ents cannot hold: {_INSTEAD}")
            doc.set_ents([Span(doc, entity.start, entity.end, label=entity.label) for entity in entities])
        if record.classes is not None:
            doc.cats = dict.fromkeys(record.classes, 1.0)
            classes |= dict.fromkeys(record.classes)
        if record.labelled.id is not None:
            doc.user_data["id"] = record.labelled.id
        docs.append(doc)
    for doc in docs:
        if classes:
            doc.cats = {name: doc.cats.get(name, 0.0) for name in classes}
    DocBin(store_user_data=True, docs=docs).to_disk(path)


WRITER = (
    Writer("docbin", "spaCy's DocBin, a token a character; needs paddle-ner[spacy]", (".spacy",), to_path=_write_docs),
    Writer("spacy", "spaCy's pairs in JSON: a text and its entities or cats", (), _write_pairs, suffix=".json"),
)
