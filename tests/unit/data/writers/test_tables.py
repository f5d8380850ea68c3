from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest

from paddle_ner.data import load
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
    assert json.loads(row["label"]) == ["物流", "好"] and json.loads(row["scores"]) == {"物流": 0.9, "好": 0.8}


@pytest.mark.parametrize("name", ["csv", "tsv"])
def test_labelled_entities_are_read_back(write: Write, tmp_path: Path, name: str) -> None:
    examples = [Example("在北京", (Entity(1, 3, "LOC", "北京"),), id="7"), Example("好😀", (), id="8")]
    path = tmp_path / f"a.{name}"
    path.write_text(write(name, *examples), encoding="utf-8")
    assert [replace(one, origin="") for one in load(path)] == examples


@pytest.mark.parametrize(
    "examples",
    [
        [Example(text, (Entity.of(text, 2, 5, "A|B"),)) for text in ("a\r\nb\rc", '他说"\r\n好,"', "a\r\u2028\nb")],
        [Example("a\rb", label="x|y"), Example("a\r\nb,\n", label='"'), Example("\ufeffa\n\n", label="[1]")],
        [Example("好", labels=("a|b", "c")), Example("坏", labels=()), Example("中\r", labels=("c",))],
        [Example("好", labels=()), Example("坏", labels=())],
    ],
)
def test_what_a_csv_holds_is_read_back_as_it_was(write: Write, tmp_path: Path, examples: list[Example]) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(write("csv", *examples).encode())
    assert [replace(one, origin="") for one in load(path)] == examples


def test_records_of_other_fields_are_refused(write: Write, found: Found) -> None:
    with pytest.raises(
        InputError, match=r"^a:2: has text, entities, b, the first has text, entities, a: write \.jsonl"
    ):
        write("csv", found("好", fields={"a": 1}), found("坏", fields={"b": 1}, origin="a:2"))


@pytest.mark.parametrize("text", ["a\tb", "a\nb", "a\rb"])
def test_tsv_refuses_what_it_cannot_quote(write: Write, text: str) -> None:
    with pytest.raises(InputError, match=r"which tsv cannot hold: write \.csv"):
        write("tsv", Example(text, label="好"))
