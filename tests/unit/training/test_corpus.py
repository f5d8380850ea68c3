"""The labelled data of a config: read, checked against the task, and cut into train and dev."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from paddle_ner import bundle, tasks
from paddle_ner.config import Config, parse
from paddle_ner.errors import DataError, InputError
from paddle_ner.training.corpus import check, config_of, dev_examples, read_corpus, read_texts
from paddle_ner.types import Example

LINE = '{{"text": "{}在北京", "entities": [{{"start": 2, "end": 4, "label": "{}"}}]}}\n'


def write(path: Path, label: str = "LOC", count: int = 10) -> None:
    path.write_text("".join(LINE.format("一二三四五六七八九十"[at], label) for at in range(count)), "utf-8")


def config_for(folder: Path, *, head: str | None = None, task: dict[str, Any] | None = None, **more: Any) -> Config:
    record: dict[str, Any] = {"name": "x", "task": {"type": "ner", **(task or {})}, **more}
    record.setdefault("data", {"root": str(folder), "train": "train.jsonl", "dev_fraction": 0.2})
    record["model"] = {"head": head} if head else {}
    return parse(record, "config")


def test_without_a_dev_file_a_share_of_train_is_cut_off(tmp_path: Path) -> None:
    write(tmp_path / "train.jsonl")
    corpus = read_corpus(config_for(tmp_path))
    assert (len(corpus.train), len(corpus.dev)) == (8, 2)
    assert not {one.text for one in corpus.train} & {one.text for one in corpus.dev}
    assert corpus.task.labels == ("LOC",)


def test_one_text_is_too_few_to_cut(tmp_path: Path) -> None:
    write(tmp_path / "train.jsonl", count=1)
    with pytest.raises(InputError, match=r"train\.jsonl: too few texts to cut a dev set from; name one with data\.dev"):
        read_corpus(config_for(tmp_path))


def test_a_label_that_only_dev_has_is_told_with_its_line(tmp_path: Path) -> None:
    write(tmp_path / "train.jsonl")
    write(tmp_path / "dev.jsonl", "ORG", count=2)
    files = {"root": str(tmp_path), "train": "train.jsonl", "dev": "dev.jsonl"}
    with pytest.raises(DataError) as raised:
        read_corpus(config_for(tmp_path, data=files))
    assert [problem.line for problem in raised.value.problems] == [1, 2]
    assert str(raised.value.problems[0]).startswith(f"{tmp_path / 'dev.jsonl'}:1: unknown entity type 'ORG'")


def test_an_example_made_in_memory_is_told_as_one() -> None:
    with pytest.raises(DataError) as raised:
        check([Example("北京")], tasks.create("ner", ["LOC"]))
    assert [(problem.path, problem.line) for problem in raised.value.problems] == [("example", 0)]


def test_an_empty_file_and_a_head_without_tags_are_refused(tmp_path: Path) -> None:
    (tmp_path / "train.jsonl").write_text("", "utf-8")
    with pytest.raises(InputError, match=r"^[^\n]*train\.jsonl: [^\n]+$"):
        read_corpus(config_for(tmp_path))
    with pytest.raises(InputError, match=r"task\.tag_scheme: head span has no tags"):
        read_corpus(config_for(tmp_path, head="span", task={"tag_scheme": "BIOES"}))


@pytest.mark.parametrize(("most", "count"), [(None, 10), (99, 10), (4, 4)])
def test_of_the_texts_without_labels_so_many_are_drawn_in_their_order(
    tmp_path: Path, most: int | None, count: int
) -> None:
    (tmp_path / "texts.txt").write_text("".join(f"第{at}句\n" for at in range(10)), "utf-8")
    files = [{"path": "texts.txt", "format": "text"}]
    texts = read_texts(config_for(tmp_path, distillation={"teacher": "t", "texts": files, "max_texts": most}))
    assert len(texts) == count and texts == sorted(texts)
    assert read_texts(config_for(tmp_path)) == []


def test_the_dev_set_of_a_model_is_that_of_its_training(tmp_path: Path) -> None:
    write(tmp_path / "train.jsonl")
    config = config_for(tmp_path)
    task = read_corpus(config).task
    known = bundle.Manifest(name="x", task=task.spec(), window=config.window, config=config.model_dump(mode="json"))
    assert config_of(Path("m"), known) == config
    assert dev_examples(Path("m"), known) == read_corpus(config).dev
    with pytest.raises(InputError, match=r"^m: its manifest holds no config; name a labelled FILE$"):
        config_of(Path("m"), bundle.Manifest(name="x", task=task.spec(), window=config.window))
