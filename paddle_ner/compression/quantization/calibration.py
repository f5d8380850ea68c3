"""The batches on which activations are observed: real texts, cut, padded and grouped as in serving."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from paddle_ner.bundle import WindowSpec
from paddle_ner.bundle.compression import DataSet
from paddle_ner.errors import InputError
from paddle_ner.features.tokenizer import Tokenizer
from paddle_ner.features.windows import encode
from paddle_ner.inference.planning import pad, plan
from paddle_ner.types import Example

BATCH_TOKENS = 1024  # padded tokens per batch: every activation of a batch is kept and observed
_SEED = 1


def batches(texts: Sequence[str], tokenizer: Tokenizer, window: WindowSpec, rows: int) -> list[NDArray[np.int64]]:
    """`rows` windows of `texts`, drawn evenly and always the same, in int64 batches of [rows, length].

    Raises:
        InputError: there is no text.
    """
    order = np.random.default_rng(_SEED).permutation(len(texts))
    windows: list[NDArray[np.int64]] = []
    for index in order:
        if len(windows) >= rows:
            break
        windows += [cut.ids for cut in encode(texts[index], tokenizer, window).windows]
    if not windows:
        raise InputError("no texts to calibrate with; name a file that has some")
    windows = windows[:rows]
    grouped = plan([len(window) for window in windows], BATCH_TOKENS)
    return [pad([windows[index] for index in group], tokenizer.pad_id, window.size) for group in grouped]


def describe(examples: Sequence[Example]) -> DataSet:
    """The number of examples, and the sha256 of their canonical form."""
    digest = hashlib.sha256()
    for example in examples:
        digest.update(json.dumps(example.to_dict(), ensure_ascii=False, sort_keys=True).encode("utf-8") + b"\n")
    return DataSet(sha256=digest.hexdigest(), examples=len(examples))
