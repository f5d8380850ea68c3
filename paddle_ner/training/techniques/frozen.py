"""Learning on frozen weights: the embeddings of an encoder, or all of it, whose states are then computed once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import paddle
from numpy.typing import NDArray

from paddle_ner.errors import InputError
from paddle_ner.inference.planning import pad, plan
from paddle_ner.inference.predictor import BATCH_TOKENS
from paddle_ner.modeling.heads import Tensor, has_pooler
from paddle_ner.training.batches import Features
from paddle_ner.training.kept import kept
from paddle_ner.training.state import STATES_OF_ENCODER

States = NDArray[np.float32]  # what the head reads of a window, [tokens, hidden], or [1, size] if it pools them
_POOLER = "encoder_pooler"


def freeze_embeddings(model: Any) -> None:
    """Keep the embeddings of the encoder as they are. Raises InputError if it has none by that name."""
    embeddings = getattr(model.encoder, "embeddings", None)
    if embeddings is None:
        raise InputError("training.freeze: embeddings: this encoder has none by that name: leave it out")
    for parameter in embeddings.parameters():
        parameter.stop_gradient = True


class OnFrozenEncoder(paddle.nn.Layer):  # type: ignore[misc]
    """The layers of a model that learn if its encoder does not.

    They are the model's own, so that it has what they learn. The encoder reads each window once, without dropout; what
    it says is remembered by the window's tokens. A pooler between the two is not learned either: see `spread`.

    Args:
        model: an encoder with a head.
        pad_id: the id of padding.

    Attributes:
        config, head: the model's.
    """

    def __init__(self, model: Any, pad_id: int) -> None:
        super().__init__()
        self.config, self.head = model.config, model.head
        for name, layer in model.named_children():
            if name != model.base_model_prefix:
                self.add_sublayer(name, layer)
        if has_pooler(model.encoder):
            self.add_sublayer(_POOLER, model.encoder.pooler)
        model.encoder.eval()
        self._encoder = (model.encoder,)  # within a tuple it is no layer of this one, and its weights are not learned
        self._pad_id = pad_id
        self._states: dict[bytes, States] = {}

    def remember(
        self,
        features: Sequence[Features],
        size: int,
        output: Path,
        *,
        stop: Callable[[], bool],
        log: Callable[[str], None],
    ) -> None:
        """Compute the states of windows that are learned from, or read them where an earlier start has.

        Args:
            features: the windows.
            size: the size of the longest, in tokens.
            output: the run's folder; the states are in ``encoder-states/`` there.
            stop: asked regularly whether to end.
            log: called with lines about the progress.

        Raises:
            InterruptedRun: `stop` said so; what is computed is kept.
        """
        states = kept(
            features,
            output / STATES_OF_ENCODER / self._fingerprint(features),
            lambda block: np.concatenate(self._read([window.ids for window in block], size)),
            lambda window: self._rows(window.ids),
            done="the encoder has read",
            stop=stop,
            log=log,
        )
        self._states.update(zip(map(self._key, (window.ids for window in features)), states, strict=True))
        pooler = getattr(getattr(self, _POOLER, None), "dense", None) or getattr(self, "pooler", None)
        if self.head.reads == "first" and isinstance(pooler, paddle.nn.Linear):
            spread(pooler, np.concatenate(states))

    def forward(self, input_ids: Tensor, token_type_ids: Tensor | None = None) -> dict[str, Tensor]:
        """The outputs of the head. Arguments as `Model.forward` has them; all token types are zero."""
        ids = input_ids.numpy()
        keys = [self._key(row) for row in ids]
        unknown = {key: row for key, row in zip(keys, ids, strict=True) if key not in self._states}
        if unknown:
            rows = [np.frombuffer(key, dtype=np.int64) for key in unknown]
            self._states.update(zip(unknown, self._read(rows, ids.shape[1]), strict=True))
        known = [self._states[key] for key in keys]
        tokens = np.zeros((len(ids), self._rows(ids[0]), known[0].shape[1]), dtype=np.float32)
        for row, values in zip(tokens, known, strict=True):
            row[: len(values)] = values
        states = paddle.to_tensor(tokens)
        if self.head.pool is not None:
            pooled = states[:, 0]
        else:
            pooled = getattr(self, _POOLER)(states) if hasattr(self, _POOLER) else None
        outputs: dict[str, Tensor] = self.head.forward(self, states, pooled)
        return outputs

    def _read(self, rows: Sequence[NDArray[np.int64]], size: int) -> list[States]:
        """The states of windows, from the encoder."""
        states: list[States] = [np.empty((0, 0), dtype=np.float32)] * len(rows)
        for batch in plan([len(row) for row in rows], BATCH_TOKENS):
            ids = paddle.to_tensor(pad([rows[index] for index in batch], self._pad_id, size))
            with paddle.no_grad():
                given = self._encoder[0](ids, token_type_ids=paddle.zeros_like(ids))
                values = (given[0] if isinstance(given, (tuple, list)) else given).astype("float32")
                if self.head.pool is not None:
                    values = self.head.pool(values, (ids != self._pad_id).astype("float32")).unsqueeze(1)
            for index, tokens in zip(batch, values.numpy(), strict=True):
                states[index] = tokens[: self._rows(rows[index])].copy()
        return states

    def _rows(self, ids: NDArray[np.int64]) -> int:
        """How many of the states of a window the head reads; one if it pools them."""
        return 1 if self.head.reads == "first" or self.head.pool is not None else len(ids)

    def _key(self, ids: NDArray[np.int64]) -> bytes:
        """A window without its padding, as bytes."""
        return ids[: int(np.flatnonzero(ids != self._pad_id)[-1]) + 1].tobytes()

    def _fingerprint(self, features: Iterable[Features]) -> str:
        """The fingerprint of the encoder and of the windows."""
        digest = hashlib.sha256(f"{self.head.name if self.head.pool else self.head.reads}".encode())
        for name, value in sorted(self._encoder[0].state_dict().items()):
            digest.update(name.encode())
            digest.update(value.numpy().tobytes())
        for window in features:
            digest.update(f"{len(window.ids)};".encode())
            digest.update(window.ids.tobytes())
        return digest.hexdigest()[:16]


def spread(pooler: Any, states: States) -> None:
    """Set a pooler, a linear layer before tanh, so that it gives each number of the states it reads, spread out.

    What an encoder says of the first tokens of texts may hardly differ between them, and a head would not learn from
    it. Each number is given with mean 0 and deviation 1/2 over `states`, where tanh is nearly linear; the pooler is not
    learned then.

    Args:
        pooler: from hidden to hidden.
        states: the states of the windows to learn from, [windows, hidden].
    """
    mean, deviation = states.mean(axis=0, dtype=np.float64), states.std(axis=0, dtype=np.float64)
    scale = 0.5 / np.maximum(deviation, 1e-2 * deviation.mean() + 1e-9)
    pooler.weight.set_value(paddle.to_tensor(np.diag(scale).astype(np.float32)))
    pooler.bias.set_value(paddle.to_tensor((-mean * scale).astype(np.float32)))
    pooler.weight.stop_gradient = pooler.bias.stop_gradient = True
