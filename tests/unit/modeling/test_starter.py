"""The encoder that comes with the package."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from paddle_ner import modeling
from paddle_ner.errors import BundleError
from paddle_ner.features.tokenizer import SPECIAL_TOKENS, Tokenizer
from paddle_ner.modeling import starter
from paddle_ner.modeling.pretrained import local_folder


def test_its_weights_are_single_precision_and_fit_its_vocabulary() -> None:
    weights = starter.read_weights()
    tokens = modeling.vocabulary_of(starter.NAME).tokens
    assert {value.dtype for value in weights.values()} == {np.dtype("float32")}
    assert weights["bert.embeddings.word_embeddings.weight"].shape == (len(tokens), 384)
    assert tokens[:5] == SPECIAL_TOKENS


def test_a_damaged_file_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    content = bytearray((starter.FOLDER / starter.WEIGHTS).read_bytes())
    content[-1] ^= 1
    (tmp_path / starter.WEIGHTS).write_bytes(content)
    monkeypatch.setattr(starter, "FOLDER", tmp_path)
    with pytest.raises(BundleError, match="missing or damaged: install paddle-ner again"):
        starter.read_weights()


def test_its_name_is_the_packages_folder_and_a_path_is_another(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "starter").mkdir()
    monkeypatch.chdir(tmp_path)
    assert local_folder("starter") == starter.FOLDER
    assert local_folder("./starter") == Path("starter")


def test_han_characters_are_single_tokens_and_case_is_kept() -> None:
    vocabulary = modeling.vocabulary_of(starter.NAME)
    tokenizer = Tokenizer.wordpiece(vocabulary.tokens, vocabulary.lowercase)
    text = "龘王小明，NBA"
    encoded = tokenizer.encode(text)
    assert encoded.offsets[:5].tolist() == [[n, n + 1] for n in range(5)]
    assert tokenizer.encode("nba").ids.tolist() != encoded.ids[5:].tolist()


def test_it_tells_what_stands_at_a_place_better_than_random_weights_could() -> None:
    import paddle

    model = modeling.from_pretrained("token", 3, starter.NAME)
    model.eval()
    vocabulary = modeling.vocabulary_of(starter.NAME)
    tokenizer = Tokenizer.wordpiece(vocabulary.tokens, vocabulary.lowercase)

    def state(text: str, at: int) -> NDArray[np.float32]:
        ids = [tokenizer.cls_id, *tokenizer.encode(text).ids.tolist(), tokenizer.sep_id]
        with paddle.no_grad():
            states = model.encoder(paddle.to_tensor([ids]))[0]
        vector: NDArray[np.float32] = states[0, at + 1].numpy()
        return vector / np.linalg.norm(vector)

    # The same character in two senses: 花 as a flower and as spending.
    flower, other, spent = state("花园里的花开了", 4), state("一朵红色的花很香", 5), state("他把钱都花光了", 4)
    assert flower @ other > flower @ spent
