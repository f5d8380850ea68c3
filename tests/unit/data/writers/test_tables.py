from __future__ import annotations

import csv
import json

import pytest

from paddle_ner.errors import InputError
from paddle_ner.types import Entity, Example
from tests.unit.data.writers.conftest import Found, Write


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(text.splitlines(keepends=True)))


def test_entities_of_a_model_are_json_in_a_cell(write: Write, found: Found) -> None:
    (row,) = rows(write("csv", found('他说"好"\n在北京', (7, 9, "LOC", 0.9), id=3, fields={"url": "x", "n": [1]})))
    assert (row["text"], row["id"], row["url"], row["n"]) == ('他说"好"\n在北京', "3", "x", "[1]")
    assert json.loads(row["entities"]) == [{"start": 7, "end": 9, "label": "LOC", "text": "北京", "score": 0.9}]


def test_classes_of_a_model_come_with_their_scores(write: Write, found: Found) -> None:
    (row,) = rows(write("csv", found("好", labels=("物流", "好"), scores={"物流": 0.9, "好": 0.8})))
    assert row["label"] == "物流|好" and json.loads(row["scores"]) == {"物流": 0.9, "好": 0.8}


@pytest.mark.parametrize("name", ["csv", "tsv"])
def test_labelled_entities_are_refused(write: Write, name: str) -> None:
    example = Example("北京", (Entity(0, 2, "LOC", "北京"),), origin="in.jsonl:1")
    with pytest.raises(InputError, match=r"^in\.jsonl:1: entities, which a table of texts and labels cannot hold"):
        write(name, example)


def test_records_of_other_fields_are_refused(write: Write, found: Found) -> None:
    with pytest.raises(
        InputError, match=r"^a:2: has text, entities, b, the first has text, entities, a: write \.jsonl"
    ):
        write("csv", found("好", fields={"a": 1}), found("坏", fields={"b": 1}, origin="a:2"))


@pytest.mark.parametrize("text", ["a\tb", "a\nb", "a\rb"])
def test_tsv_refuses_what_it_cannot_quote(write: Write, text: str) -> None:
    with pytest.raises(InputError, match=r"which tsv cannot hold: write \.csv"):
        write("tsv", Example(text, label="好"))


def test_a_label_with_the_mark_that_parts_labels_is_refused(write: Write) -> None:
    with pytest.raises(InputError, match=r"'\|' in a label, which parts labels in a table"):
        write("csv", Example("好", labels=("a|b",)))
