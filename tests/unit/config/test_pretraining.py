from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from paddle_ner.config import Config, PretrainConfig, dump, load_dumped, parse, parse_as, portable, shareable
from paddle_ner.errors import InputError

RECORD: dict[str, Any] = {"name": "x", "data": {"train": "texts.txt"}}


def test_files_are_one_or_several() -> None:
    one = parse_as(PretrainConfig, RECORD, "x.yaml")
    assert [file.path for file in one.data.train] == ["texts.txt"]
    several = [{"path": "a.jsonl", "options": {"text_field": "body"}}, "b/*.txt.gz"]
    more = parse_as(PretrainConfig, {**RECORD, "data": {"train": several, "dev": "c.txt"}}, "x.yaml")
    assert [file.path for file in (*more.data.train, *more.data.dev)] == ["a.jsonl", "b/*.txt.gz", "c.txt"]
    assert more.data.train[0].options.text_field == "body"


@pytest.mark.parametrize(
    ("sections", "message"),
    [
        ({"data": {"train": []}}, r"x\.yaml: data\.train: .*at least 1 item"),
        ({"data": {"dev": "a.txt"}}, r"x\.yaml: data\.train: Field required"),
        ({"masking": {"share": 0}}, r"x\.yaml: masking\.share"),
        ({"masking": {"term": "a.tsv"}}, r"masking\.term: unknown key; did you mean masking\.terms\?"),
        ({"task": {"type": "ner"}}, "x.yaml: has a task, so it is a config for paddle-ner train"),
        ({"model": {"head": "crf"}}, "pretraining has a head of its own"),
        ({"training": {"augment": {"join": 0.4}}}, r"training\.augment: is for a training on labels"),
        ({"training": {"r_drop": 4.0}}, r"^x\.yaml: training\.r_drop: is for a training on labels"),
        ({"training": {"layer_decay": 0.9}}, r"training\.layer_decay: is for an encoder that begins with trained"),
        ({"window": {"size": 64, "unit": "sentence"}}, "give only window.size"),
        ({"window": {"size": 4}}, "window.size is 4, expected at least 8"),
    ],
)
def test_what_cannot_be_is_told(sections: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_as(PretrainConfig, {**RECORD, **sections}, "x.yaml")


def test_a_dump_is_read_as_what_it_was(tmp_path: Path) -> None:
    labelled = parse({**RECORD, "task": {"type": "ner"}}, "x.yaml")
    for config in (parse_as(PretrainConfig, RECORD, "x.yaml"), labelled):
        (tmp_path / "config.yaml").write_text(dump(config), encoding="utf-8")
        assert load_dumped(tmp_path / "config.yaml") == config
    assert isinstance(labelled, Config)


def test_what_is_given_away_names_no_folder_of_the_author() -> None:
    data = {"root": "/home/author/texts", "train": ["a.txt", "/srv/b.txt"], "dev": "/srv/c.txt"}
    masking = {"terms": "/home/author/terms.tsv", "model": "/home/author/model"}
    config = parse_as(PretrainConfig, {"name": "x", "data": data, "masking": masking}, "x.yaml")
    record = shareable(portable(config, Path("/home/author/project")))
    assert not {"author", "srv"} & set(json.dumps(record).replace('"', "/").split("/"))
    assert parse_as(PretrainConfig, record, "again").masking.terms == "terms.tsv"


def test_a_config_for_the_other_command_names_it() -> None:
    texts = {"name": "t", "data": {"train": "a.txt"}, "masking": {"share": 0.2}}
    labels = {"name": "t", "data": {"train": "a.jsonl"}, "task": {"type": "ner"}}
    with pytest.raises(
        InputError, match=r"^t\.yaml: has masking and no task, so .* for paddle-ner pretrain, not for train$"
    ):
        parse(texts, "t.yaml")
    with pytest.raises(InputError, match=r"^l\.yaml: has a task, so it is a config for paddle-ner train"):
        parse_as(PretrainConfig, labels, "l.yaml")
