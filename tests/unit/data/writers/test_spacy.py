"""spaCy's files, written and read back.

Tests `paddle_ner.data.formats.docbin` too.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from paddle_ner.data import detect, load
from paddle_ner.data import write as write_file
from paddle_ner.errors import InputError
from paddle_ner.types import Entity, Example
from tests.unit.data.writers.conftest import Write


def test_pairs(write: Write) -> None:
    text = "王芳在北京"
    record = Example(text, (Entity.of(text, 0, 2, "PER"),))
    assert json.loads(write("spacy", record, Example("好", label="正"))) == [
        [text, {"entities": [[0, 2, "PER"]]}],
        ["好", {"cats": {"正": 1}}],
    ]


def test_docs_are_those_that_spacy_reads(tmp_path: Path) -> None:
    spacy = pytest.importorskip("spacy", reason="pip install 'paddle-ner[spacy]'")
    text = "王芳 在\n北京"
    written = [Example(text, (Entity.of(text, 0, 2, "PER"), Entity.of(text, 5, 7, "LOC")), id="7")]
    write_file(tmp_path / "a.spacy", written)
    (doc,) = spacy.tokens.DocBin().from_disk(tmp_path / "a.spacy").get_docs(spacy.blank("zh").vocab)
    assert doc.text == text and [(e.start_char, e.end_char, e.label_) for e in doc.ents] == [
        (0, 2, "PER"),
        (5, 7, "LOC"),
    ]
    assert detect(tmp_path / "a.spacy").name == "docbin"
    assert [(one.text, one.entities, one.id) for one in load(tmp_path / "a.spacy")] == [
        (text, written[0].entities, "7")
    ]


def test_each_class_of_the_file_is_a_cat_of_each_doc(tmp_path: Path) -> None:
    spacy = pytest.importorskip("spacy", reason="pip install 'paddle-ner[spacy]'")
    write_file(tmp_path / "a.spacy", [Example("好", labels=("正",)), Example("坏", labels=())])
    docs = spacy.tokens.DocBin().from_disk(tmp_path / "a.spacy").get_docs(spacy.blank("zh").vocab)
    assert [doc.cats for doc in docs] == [{"正": 1.0}, {"正": 0.0}]


def test_docs_made_of_words_are_read_by_their_characters(tmp_path: Path) -> None:
    spacy = pytest.importorskip("spacy", reason="pip install 'paddle-ner[spacy]'")
    doc = spacy.tokens.Doc(spacy.blank("zh").vocab, words=["New", "York", "市"], spaces=[True, False, False])
    doc.set_ents([spacy.tokens.Span(doc, 0, 2, label="LOC")])
    spacy.tokens.DocBin(docs=[doc]).to_disk(tmp_path / "a.spacy")
    (again,) = load(tmp_path / "a.spacy")
    assert (again.text, again.entities) == ("New York市", (Entity(0, 8, "LOC", "New York"),))


def test_what_is_no_docbin_is_said_in_one_line(tmp_path: Path) -> None:
    pytest.importorskip("spacy", reason="pip install 'paddle-ner[spacy]'")
    (tmp_path / "a.spacy").write_bytes(b"text")
    with pytest.raises(InputError, match=r"a\.spacy: cannot be read as a DocBin of spaCy: "):
        load(tmp_path / "a.spacy")


def test_overlapping_entities_are_refused(tmp_path: Path) -> None:
    pytest.importorskip("spacy", reason="pip install 'paddle-ner[spacy]'")
    nested = Example("北京大学", (Entity.of("北京大学", 0, 4, "ORG"), Entity.of("北京大学", 0, 2, "LOC")), origin="a:3")
    with pytest.raises(InputError, match="a:3: overlapping entities"):
        write_file(tmp_path / "a.spacy", [nested])
