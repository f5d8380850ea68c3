from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from paddle_ner.config import Config, parse, portable, shareable
from paddle_ner.errors import InputError

HERE = Path("/home/author/project")


def config(root: str, train: str = "train.jsonl", **sections: Any) -> Config:
    data = {"root": root, "train": train, "dev": {"path": "dev.jsonl", "options": {"label_file": "labels.txt"}}}
    return parse({"name": "a", "task": {"type": "ner"}, "data": data, **sections}, "a.yaml")


@pytest.mark.parametrize(
    ("root", "kept"),
    [(".", "."), ("data", "data"), ("../data", "../data"), ("$MSRA/cut", "$MSRA/cut"), (f"{HERE}/data", "data")],
)
def test_a_root_that_tells_of_no_machine_stays_in_a_bundle(root: str, kept: str) -> None:
    record = shareable(portable(config(root), HERE))
    assert record["data"]["root"] == kept
    assert parse(record, "again").data.train.path == "train.jsonl"


def test_a_checkpoint_finds_its_data_outside_of_the_project() -> None:
    assert portable(config("/srv/corpora"), HERE)["data"]["root"] == "/srv/corpora"


@pytest.mark.parametrize(
    "given",
    [
        config("/home/author/corpora"),
        config(".", train="/home/author/corpora/train.jsonl"),
        config("data", model={"pretrained": "/home/author/models/ernie"}),
        config("data", tokenizer={"type": "wordpiece", "vocabulary": "/home/author/vocab.txt"}),
    ],
)
def test_no_absolute_path_stands_in_a_bundle(given: Config) -> None:
    record = shareable(portable(given, HERE))
    assert "author" not in json.dumps(record)
    assert parse(record, "again").data.train.path == "train.jsonl"


def test_who_has_the_data_names_where_they_are(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    data = parse(shareable(portable(config("/home/author/corpora"), HERE)), "again").data
    with pytest.raises(InputError, match=r"export DATA_ROOT=FOLDER, or name the folder with --set data.root=FOLDER"):
        data.resolve(data.train.path)
    monkeypatch.setenv("DATA_ROOT", str(tmp_path))
    assert data.resolve(data.train.path) == tmp_path / "train.jsonl"


def test_a_checkpoint_without_a_config_has_none_to_share() -> None:
    assert shareable({}) == {}
