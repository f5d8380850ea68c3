"""spaCy's DocBin (``.spacy``): the entities of each Doc, or its cats. A problem's line is the number of the Doc."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from paddle_ner.data.beginning import Beginning
from paddle_ner.data.formats.fields import Misfit
from paddle_ner.data.formats.format import Fit, Format
from paddle_ner.data.formats.spacy import classes_of
from paddle_ner.data.options import ReadOptions
from paddle_ner.data.records import Draft, Rejected, Span
from paddle_ner.data.source import open_bytes
from paddle_ner.environment import require
from paddle_ner.errors import InputError


def _drafts(path: Path, options: ReadOptions) -> Iterator[Draft | Rejected]:
    require("spacy", needed_for=f"{path}: reading spaCy's DocBin")
    import spacy
    from spacy.tokens import DocBin

    vocabulary = spacy.blank("zh").vocab
    with open_bytes(path) as stream:
        raw = stream.read()
    try:
        docs = list(DocBin(store_user_data=True).from_bytes(raw).get_docs(vocabulary))
    except Exception as error:  # the errors of zlib, msgpack and spaCy have no common class
        raise InputError(f"{path}: cannot be read as a DocBin of spaCy: {error}") from error
    for number, doc in enumerate(docs, start=1):
        try:
            yield _draft(number, doc, options.texts_only)
        except Misfit as error:
            yield Rejected.at(path, number, str(error))


def _draft(number: int, doc: Any, texts_only: bool) -> Draft:
    own = doc.user_data.get("id")
    id = own if isinstance(own, str | int) else None
    if texts_only:
        return Draft(number, doc.text, id=id)
    has_entities = doc.has_annotation("ENT_IOB")
    if doc.cats and not doc.ents:
        return Draft(number, doc.text, label=classes_of(doc.cats), id=id)
    if doc.cats:
        raise Misfit("entities and cats of one text, expected one of them")
    spans = [Span(entity.start_char, entity.end_char, entity.label_) for entity in doc.ents] if has_entities else None
    return Draft(number, doc.text, spans, id=id)


def _recognise(beginning: Beginning) -> Fit:
    return Fit.SURE if beginning.suffix == ".spacy" and not beginning.is_folder else Fit.NO


FORMAT = Format(
    "docbin",
    "spaCy's DocBin (.spacy); needs paddle-ner[spacy]",
    _drafts,
    _recognise,
    counts_code_points=True,
    is_binary=True,
)
