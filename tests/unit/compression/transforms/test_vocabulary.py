"""Vocabulary and positions are cut without a change of any answer.

Tests `paddle_ner.compression.transforms.positions` too.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import paddle
import pytest
from numpy.typing import NDArray

from paddle_ner import bundle, modeling, tasks
from paddle_ner.bundle import Manifest, WindowSpec
from paddle_ner.compression.transforms import Transform
from paddle_ner.compression.transforms.positions import cut_positions
from paddle_ner.compression.transforms.vocabulary import cut_vocabulary
from paddle_ner.errors import InputError
from paddle_ner.features.tokenizer import Tokenizer
from paddle_ner.inference.engines.dynamic import DynamicEngine
from paddle_ner.inference.predictor import Predictor
from paddle_ner.modeling import Checkpoint

TASK = tasks.create("ner", ["PER", "LOC"])
CORPUS = ["王小明在北京playing chess", "上海的unbelievable天气", "xyz", "", "北京" * 40]
# [PAD] is not first and there are holes of meaning between: pieces that no text of the corpus needs.
WORDPIECE = [
    "[CLS]", "[PAD]", "天", "play", "##ing", "##s", "chess", "walk", "[UNK]", "王", "小", "明", "在", "北", "京", "上",
    "海", "的", "气", "un", "##believ", "##able", "##a", "xy", "##yz", "river", "[SEP]", "x", "##y", "好", "[MASK]",
]  # fmt: skip


def make(folder: Path, tokenizer: Tokenizer) -> Path:
    paddle.seed(11)
    model = modeling.build(
        "token",
        TASK.num_outputs,
        config={
            "hidden_size": 16,
            "num_hidden_layers": 1,
            "num_attention_heads": 2,
            "intermediate_size": 16,
            "max_position_embeddings": 64,
            "initializer_range": 0.8,
        },
        vocab_size=tokenizer.vocabulary_size + 3,  # as published models have: rows that no token uses
        pad_token_id=tokenizer.pad_id,
    )
    manifest = Manifest(name="x", task=TASK.spec(), window=WindowSpec(size=24, overlap=6), metrics={"dev": {"f1": 0.5}})
    modeling.write_checkpoint(folder, model, tokenizer, manifest)
    return folder


def logits(folder: Path, text: str) -> NDArray[np.float32]:
    checkpoint = Checkpoint.open(folder)
    tokenizer, engine = checkpoint.tokenizer, DynamicEngine(checkpoint.model)
    encoded = Predictor(checkpoint.manifest, tokenizer, engine).encode(text)
    width = min(24, max(window.length for window in encoded.windows) + 2)
    ids = np.full((len(encoded.windows), width), tokenizer.pad_id, dtype=np.int64)
    for row, window in zip(ids, encoded.windows, strict=True):
        row[: window.length] = window.ids
    found = engine.run(ids)["logits"]
    return np.concatenate([values[: window.length] for values, window in zip(found, encoded.windows, strict=True)])


def written(transform: Transform, old: Path, new: Path) -> dict[str, Any]:
    """What the transform says that it did to the checkpoint `old`, which it writes to `new`."""
    changed = transform(Checkpoint.open(old))
    changed.write(new)
    return changed.manifest.transforms[-1]


def cut(old: Path, new: Path, texts: list[str], **options: Any) -> dict[str, Any]:
    return written(partial(cut_vocabulary, texts=texts, **options), old, new)


PIECES = [
    "▁", "▁王", "王", "小明", "在北京", "北京", "京", "▁play", "play", "ing", "上海", "的", "天气", "river", "好", "s",
]  # fmt: skip
WHOLE = {
    "wordpiece": Tokenizer.wordpiece(WORDPIECE),
    "characters": Tokenizer.characters(["".join(CORPUS), "江河湖海"]),
    "unigram": Tokenizer.unigram(dict.fromkeys(PIECES, -5.0)),
}


@pytest.mark.parametrize("kind", [*WHOLE])
@pytest.mark.parametrize("characters", [True, False])
def test_a_cut_vocabulary_answers_the_same_on_its_corpus(tmp_path: Path, kind: str, characters: bool) -> None:
    old = make(tmp_path / "old", WHOLE[kind])
    record = cut(old, tmp_path / "new", CORPUS, characters=characters)
    new = bundle.load_tokenizer(tmp_path / "new")
    assert record["tokens"]["after"] == new.vocabulary_size < record["tokens"]["before"]
    for text in CORPUS:
        np.testing.assert_allclose(logits(tmp_path / "new", text), logits(old, text), atol=1e-6)
    manifest = bundle.read_checkpoint_manifest(tmp_path / "new")
    assert manifest.transforms == [record]
    assert manifest.metrics == {}, "of texts that are not in the corpus nobody knows"


def test_unused_words_go_and_unused_characters_stay(tmp_path: Path) -> None:
    old = make(tmp_path / "old", Tokenizer.wordpiece(WORDPIECE))
    cut(old, tmp_path / "new", CORPUS)
    left = bundle.load_tokenizer(tmp_path / "new").vocabulary
    assert "river" not in left and "walk" not in left
    assert {"好", "##s", "[MASK]"} <= set(left)
    cut(old, tmp_path / "used", CORPUS, characters=False)
    assert "好" not in bundle.load_tokenizer(tmp_path / "used").vocabulary


def test_a_word_that_was_unknown_stays_unknown(tmp_path: Path) -> None:
    """xyz is [UNK]: xy is found and nothing goes on from there. Without xy it would be read as x ##yz."""
    old = make(tmp_path / "old", Tokenizer.wordpiece(WORDPIECE))
    corpus = ["xyz", "ayz 北 x##yz"]
    texts = [*corpus, "x y"]
    tokens = ["##yz", "x"]
    whole = bundle.load_tokenizer(old)
    naive = whole.reduced([whole.vocabulary[token] for token in tokens])
    assert naive.unk_id not in naive.encode("xyz").ids
    cut(old, tmp_path / "new", texts)
    new = bundle.load_tokenizer(tmp_path / "new")
    assert [*new.encode("xyz").ids] == [new.unk_id]


def test_positions_behind_the_window_go_and_answers_stay(tmp_path: Path) -> None:
    old = make(tmp_path / "old", Tokenizer.characters(CORPUS))
    record = written(cut_positions, old, tmp_path / "new")
    assert record["positions"] == {"before": 64, "after": 24}
    for text in CORPUS:
        np.testing.assert_allclose(logits(tmp_path / "new", text), logits(old, text), atol=1e-6)


def test_a_checkpoint_is_not_cut_onto_itself(tmp_path: Path) -> None:
    old = make(tmp_path / "old", Tokenizer.characters(CORPUS))
    with pytest.raises(InputError, match="is the checkpoint itself"):
        written(cut_positions, old, old)
    with pytest.raises(InputError, match="no texts"):
        cut(old, tmp_path / "new", [])
