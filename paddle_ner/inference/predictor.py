"""Texts to predictions, over any engine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Dict, overload

import numpy as np
from numpy.typing import NDArray

from paddle_ner.errors import InputError, NonFiniteError
from paddle_ner.features import windows
from paddle_ner.features.tokenizer import Tokenizer
from paddle_ner.features.windows import Encoded, Window
from paddle_ner.inference.planning import LENGTHS, pad, padded_length, plan
from paddle_ner.inference.protocols import Engine, EngineInfo, ModelManifest
from paddle_ner.tasks.min_score import keep
from paddle_ner.tasks.terms import Terms
from paddle_ner.types import Prediction

BATCH_TOKENS = 2048  # padded tokens per batch: on CPUs larger batches gain nothing and cost latency and memory
CHUNK = 1024  # texts in memory at a time in `stream`
_SHOWN = 40

Outputs = Dict[str, NDArray[np.float32]]  # of a window, by name


class Predictor:
    """A model ready to label texts.

    `encode` and `decode` need no framework and may run in any thread; `run` is for one thread at a time.

    Args:
        manifest: the model's manifest.
        tokenizer: the model's tokenizer.
        engine: runs the model.
        multiple: windows are padded to a multiple of this; see `paddle_ner.inference.planning.multiple_for`.

    Attributes:
        terms: the terms that are added to what the model finds, if any.
    """

    def __init__(self, manifest: ModelManifest, tokenizer: Tokenizer, engine: Engine, multiple: int = 8) -> None:
        self.terms: Terms | None = None
        self.decoding = manifest.build_decoding()
        self.manifest = manifest
        self._window = manifest.window
        self._tokenizer = tokenizer
        self._engine = engine
        self._multiple = multiple

    @overload
    def __call__(self, texts: str) -> Prediction: ...  # type: ignore[overload-overlap]  # a str is a Sequence[str] too

    @overload
    def __call__(self, texts: Sequence[str]) -> list[Prediction]: ...

    def __call__(self, texts: str | Sequence[str]) -> Prediction | list[Prediction]:
        """Label one text, or several in order. Raises InputError for what is no text."""
        if isinstance(texts, str):
            return self([texts])[0]
        encoded = [self.encode(text) for text in checked(texts)]
        return [self.decode(text, outputs) for text, outputs in zip(encoded, self.outputs(encoded))]

    def outputs(self, encoded: Sequence[Encoded]) -> list[list[Outputs]]:
        """The model's outputs for the windows of each text, computed in batches by length."""
        rows = [window for text in encoded for window in text.windows]
        outputs: list[Outputs] = [{}] * len(rows)
        for batch in plan([row.length for row in rows], BATCH_TOKENS):
            for index, values in zip(batch, self.run([rows[i] for i in batch])):
                outputs[index] = values
        remaining = iter(outputs)
        return [list(islice(remaining, len(text.windows))) for text in encoded]

    @property
    def info(self) -> EngineInfo:
        """The engine, device, precision and threads that run the model."""
        return self._engine.info

    @property
    def version(self) -> str:
        """Twelve digits of the bundle's checksum; empty for a checkpoint."""
        return self.manifest.version

    @property
    def examples(self) -> Sequence[str]:
        """Texts that show what it can do; may be empty."""
        return self.manifest.examples

    def clone(self) -> Predictor:
        """Another predictor over the same weights and tokenizer, whose `run` is for another thread."""
        clone = Predictor(self.manifest, self._tokenizer, self._engine.clone(), self._multiple)
        clone.terms = self.terms
        return clone

    def warm_up(self) -> None:
        """Run a window of every length that batches are padded to: the first run builds what later ones reuse."""
        size = self._window.size
        for length in sorted({self.padded_length(min(length, size)) for length in LENGTHS}):
            self._engine.run(np.full((1, length), self._tokenizer.pad_id, dtype=np.int64))

    def stream(self, texts: Iterable[str], chunk: int = CHUNK) -> Iterator[Prediction]:
        """Label any number of texts in order, holding at most `chunk` of them. Raises InputError for no text."""
        remaining = checked(texts)
        while part := list(islice(remaining, chunk)):
            yield from self(part)

    def encode(self, text: str) -> Encoded:
        """Tokenize `text` and cut it into windows."""
        return windows.encode(text, self._tokenizer, self._window)

    def padded_length(self, length: int) -> int:
        """The tokens that a window of `length` tokens costs: its padded length, at most the window size."""
        return min(padded_length(length, self._multiple), self._window.size)

    def run(self, rows: Sequence[Window]) -> list[Outputs]:
        """Run a padded batch: the outputs of each window by name, in order, without padding."""
        outputs = self._engine.run(
            pad([row.ids for row in rows], self._tokenizer.pad_id, self._window.size, self._multiple)
        )
        return [
            {
                name: values[index, : row.length] if values.ndim == 3 else values[index]
                for name, values in outputs.items()
            }
            for index, row in enumerate(rows)
        ]

    def decode(
        self,
        encoded: Encoded,
        outputs: Sequence[Mapping[str, NDArray[np.float32]]],
        min_score: Mapping[str, float] | None = None,
    ) -> Prediction:
        """The prediction for a text from the outputs of its windows, and the terms in it.

        Entities of the model below `min_score`, the least scores by type, are left out before terms are added.

        Raises:
            NonFiniteError: an output is not finite.
        """
        if not all(np.isfinite(values).all() for window in outputs for values in window.values()):
            raise NonFiniteError(
                f"model {self.manifest.name}: answers NaN or infinity, so its training diverged: train it again with a"
                " lower training.learning_rate"
            )
        prediction = self.decoding.decode(encoded, outputs)
        if min_score:
            prediction = keep(prediction, min_score)
        return prediction if self.terms is None else self.terms.merge(prediction)


def checked(texts: Iterable[str]) -> Iterator[str]:
    """The texts one by one. Raises InputError for what is no text, and for one alone, whose parts are characters."""
    if isinstance(texts, str | bytes | Mapping) or not isinstance(texts, Iterable):
        raise InputError(f"texts is {_shown(texts)}, expected a str or a list of them")
    for number, text in enumerate(texts, start=1):
        if not isinstance(text, str):
            raise InputError(f"text {number} is {_shown(text)}, expected a str")
        yield text


def _shown(value: object) -> str:
    text = repr(value)
    return f"{type(value).__name__} {text if len(text) <= _SHOWN else text[: _SHOWN - 1] + '…'}"
