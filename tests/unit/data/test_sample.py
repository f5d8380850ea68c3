from __future__ import annotations

from pathlib import Path

import pytest

from paddle_ner import data
from paddle_ner.data import sample
from paddle_ner.types import Example


@pytest.fixture(scope="module")
def splits() -> dict[str, list[Example]]:
    return sample.make_sample()


def names(examples: list[Example]) -> set[str]:
    return {entity.text for example in examples for entity in example.entities or ()}


def test_sizes_are_as_promised(splits: dict[str, list[Example]]) -> None:
    assert {split: len(examples) for split, examples in splits.items()} == sample.SIZES


def test_no_name_occurs_in_two_splits(splits: dict[str, list[Example]]) -> None:
    train, dev, test = (names(splits[split]) for split in ("train", "dev", "test"))
    assert not train & dev and not train & test and not dev & test


def test_no_text_occurs_twice(splits: dict[str, list[Example]]) -> None:
    texts = [example.text for examples in splits.values() for example in examples]
    assert len(set(texts)) == len(texts)


def test_every_split_has_every_label_and_sentences_without_a_name(splits: dict[str, list[Example]]) -> None:
    for examples in splits.values():
        assert {entity.label for example in examples for entity in example.entities or ()} == set(sample.LABELS)
        assert any(example.entities == () for example in examples)


def test_every_slot_is_filled_and_every_entity_stands_where_it_says(splits: dict[str, list[Example]]) -> None:
    for examples in splits.values():
        for example in examples:
            assert "{" not in example.text and "}" not in example.text
            for entity in example.entities or ():
                assert example.text[entity.start : entity.end] == entity.text


def test_the_seed_decides_the_sample(splits: dict[str, list[Example]]) -> None:
    assert sample.make_sample(13) == splits
    assert sample.make_sample(14)["train"] != splits["train"]


def test_names_to_try_a_model_on_occur_nowhere_in_train(splits: dict[str, list[Example]]) -> None:
    shown = sample.unseen_sentence()
    assert {entity.label for entity in shown.entities or ()} == set(sample.LABELS)
    for name in names([shown]):
        assert not any(name in example.text for example in splits["train"])


def test_what_is_written_reads_back(tmp_path: Path, splits: dict[str, list[Example]]) -> None:
    paths = sample.write_sample(tmp_path / "new" / "folder")
    assert set(paths) == set(splits)
    for split, path in paths.items():
        back = [(example.text, example.entities, example.id) for example in data.read(path)]
        assert back == [(example.text, example.entities, example.id) for example in splits[split]]
