from __future__ import annotations

import gzip
from functools import partial
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from paddle_ner.cli.transform_options import Changes, texts_of, transform_options
from paddle_ner.compression.transforms.positions import cut_positions
from paddle_ner.compression.transforms.pruning import Cut, prune
from paddle_ner.compression.transforms.vocabulary import cut_vocabulary
from paddle_ner.errors import InputError
from paddle_ner.types import Example


def asked(*arguments: str) -> Changes:
    found: list[Changes] = []

    @click.command()
    @transform_options
    def command(changes: Changes) -> None:
        found.append(changes)

    result = CliRunner().invoke(command, arguments)
    assert result.exit_code == 0, result.output
    return found[0]


def test_transforms_come_in_an_order_in_which_they_compose(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus.txt"
    corpus.write_text("北京\n上海\n", encoding="utf-8")
    changes = asked("--drop-units", "0.5", "--cut-positions", "--cut-vocabulary", str(corpus))
    transforms = changes.transforms([Example("北京", label="x")])
    functions = [transform.func if isinstance(transform, partial) else transform for transform in transforms]
    assert functions == [cut_vocabulary, cut_positions, prune]
    assert changes.cut == Cut(units=0.5)
    assert asked().transforms([]) == []
    with pytest.raises(InputError, match="--cut-vocabulary"):
        asked("--drop-characters").transforms([])


def test_plain_text_needs_no_ending(tmp_path: Path) -> None:
    (tmp_path / "news").write_text("北京 x\n上海\n", encoding="utf-8")
    assert list(texts_of(tmp_path / "news")) == ["北京 x", "上海"]


def test_a_corpus_is_plain_text_or_labelled(tmp_path: Path) -> None:
    with gzip.open(tmp_path / "plain.txt.gz", "wt", encoding="utf-8") as stream:
        stream.write("北京 x\n\n上海\n")
    assert list(texts_of(tmp_path / "plain.txt.gz")) == ["北京 x", "上海"]
    (tmp_path / "labelled.jsonl").write_text('{"text": "北京", "label": "a"}\n', encoding="utf-8")
    assert list(texts_of(tmp_path / "labelled.jsonl")) == ["北京"]
