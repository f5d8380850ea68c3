from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from paddle_ner import environment
from paddle_ner.data import ReadOptions, detect, load, unlabelled
from paddle_ner.errors import InputError, MissingPackageError
from tests.labelled import entities_of, example_of
from tests.unit.data.conftest import ReadAll

pa = pytest.importorskip("pyarrow", reason="pip install 'paddle-ner[tables]'")
parquet = pytest.importorskip("pyarrow.parquet")

MakeTable = Callable[..., Path]


@pytest.fixture
def make_table(tmp_path: Path) -> MakeTable:
    """Write a Parquet file of columns; `features` as Hugging Face's datasets describes them."""

    def make(columns: dict[str, Any], features: object = None, name: str = "a.parquet") -> Path:
        table = pa.table(columns)
        if features is not None:
            metadata = {"huggingface": json.dumps({"info": {"features": features}})}
            table = table.replace_schema_metadata(metadata)
        path = tmp_path / name
        parquet.write_table(table, path)
        return path

    return make


def test_a_text_and_a_label_a_row(make_table: MakeTable, read_all: ReadAll) -> None:
    path = make_table({"id": [7, 8], "text": ["好", "坏"], "label": ["正", "负"]})
    assert detect(path).name == "parquet"
    examples, problems = read_all(path)
    assert [(one.text, one.label, one.id) for one in examples] == [("好", "正", "7"), ("坏", "负", "8")]
    assert problems == []


def test_the_content_tells_the_format_whatever_the_name(make_table: MakeTable) -> None:
    assert detect(make_table({"text": ["好"], "label": ["正"]}, name="a.bin")).name == "parquet"


def test_class_numbers_have_the_names_that_datasets_leaves(make_table: MakeTable, read_all: ReadAll) -> None:
    features = {"text": {"dtype": "string", "_type": "Value"}, "label": {"names": ["负", "正"], "_type": "ClassLabel"}}
    examples, problems = read_all(make_table({"text": ["好", "坏", "?"], "label": [1, 0, -1]}, features))
    assert [(one.text, one.label) for one in examples] == [("好", "正"), ("坏", "负")]
    assert [(one.line, one.message.split(",")[0]) for one in problems] == [(3, "empty label")]


TAGGED = {"tokens": [["北", "京", "好"], ["好"]], "ner_tags": [[1, 2, 0], [0]]}
NAMES = {"names": ["O", "B-LOC", "I-LOC"], "_type": "ClassLabel"}


@pytest.mark.parametrize(
    "feature", [{"feature": NAMES, "_type": "Sequence"}, {"feature": NAMES, "_type": "List"}, [NAMES]]
)
def test_tags_have_the_names_that_datasets_leaves(make_table: MakeTable, read_all: ReadAll, feature: object) -> None:
    examples, problems = read_all(make_table(TAGGED, {"ner_tags": feature}))
    assert [[(e.start, e.end, e.label) for e in entities_of(one)] for one in examples] == [[(0, 2, "LOC")], []]
    assert problems == []


def test_tags_without_names_are_asked_for_and_can_be_given(make_table: MakeTable, read_all: ReadAll) -> None:
    path = make_table(TAGGED)
    with pytest.raises(InputError, match="--tag-names O,B-PER,I-PER"):
        read_all(path)
    examples, _ = read_all(path, tag_names=("O", "B-PER", "I-PER"))
    assert entities_of(examples[0])[0].label == "PER"


def test_given_names_of_tags_come_before_those_of_the_file(make_table: MakeTable, read_all: ReadAll) -> None:
    path = make_table(TAGGED, {"ner_tags": {"feature": NAMES, "_type": "Sequence"}})
    examples, _ = read_all(path, tag_names=("O", "B-PER", "I-PER"))
    assert entities_of(examples[0])[0].label == "PER"


def test_entities_and_lists_of_labels(make_table: MakeTable, read_all: ReadAll) -> None:
    entities = [[{"start": 0, "end": 2, "label": "LOC"}], []]
    (first, second), problems = read_all(make_table({"text": ["北京好", "好"], "entities": entities}))
    assert ([e.text for e in entities_of(first)], second.entities, problems) == (["北京"], (), [])
    features = {"labels": {"feature": {"names": ["A", "B"], "_type": "ClassLabel"}, "_type": "Sequence"}}
    examples, _ = read_all(make_table({"text": ["甲", "乙"], "labels": [[0, 1], []]}, features))
    assert [one.labels for one in examples] == [("A", "B"), ()]


def test_what_pandas_stores_as_missing_is_null(make_table: MakeTable) -> None:
    path = make_table({"text": ["韩梅", "好"], "n": [float("nan"), 0.5], "m": [float("inf"), 1.0]})
    assert [dict(example_of(one).fields) for one in unlabelled(path)] == [
        {"n": "", "m": "inf"},
        {"n": "0.5", "m": "1.0"},
    ]


def test_a_damaged_file_is_one_line(make_table: MakeTable, tmp_path: Path) -> None:
    whole = make_table({"text": ["好"], "label": ["正"]}).read_bytes()
    path = tmp_path / "b.parquet"
    path.write_bytes(whole[:-20])
    with pytest.raises(InputError, match=r"b\.parquet: cannot be read as Parquet: ") as caught:
        load(path)
    assert "\n" not in str(caught.value)


def test_without_pyarrow_the_extra_is_named(make_table: MakeTable, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make_table({"text": ["好"], "label": ["正"]})
    monkeypatch.setattr(environment.packages, "is_installed", lambda module: module != "pyarrow")
    with pytest.raises(MissingPackageError) as caught:
        load(path)
    assert str(caught.value) == (
        f"{path}: reading Parquet needs pyarrow, which is not installed: pip install 'paddle-ner[tables]'"
    )


def test_an_encoding_or_a_delimiter_does_nothing(make_table: MakeTable) -> None:
    with pytest.raises(InputError, match="--delimiter does nothing for format parquet"):
        load(make_table({"text": ["好"], "label": ["正"]}), options=ReadOptions(delimiter=";"))
