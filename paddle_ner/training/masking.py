"""Which tokens of a window are predicted, and what replaces them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from paddle_ner.config import MaskingConfig
from paddle_ner.errors import InputError
from paddle_ner.features.tokenizer import MASK, SPECIAL_TOKENS, Tokenizer
from paddle_ner.tasks.learning import IGNORED
from paddle_ner.training.tokens import Window

_MASKED, _REPLACED = 0.8, 0.1  # shares of the units; the rest is unchanged


class Masking:
    """Draws what is masked: new in each pass over the data, and the same for the same seed, pass and window.

    So neither a resumed run, nor the number of processes, nor the batch that a window is in changes its masks. Units
    that still fit are taken in a random order until the share is reached, so that windows of one length mostly
    have as many masked tokens. The whole of a unit is shown as [MASK], as other tokens, or as it is. Units with a
    special token, such as [UNK], are not taken.

    Args:
        config: how much is masked.
        tokenizer: the tokenizer of the windows.
        seed: the seed of the training.

    Attributes:
        epoch: the pass over the data, from 0.
    """

    def __init__(self, config: MaskingConfig, tokenizer: Tokenizer, seed: int) -> None:
        vocabulary = tokenizer.vocabulary
        if MASK not in vocabulary:
            raise InputError(f"the vocabulary has no {MASK}: start from an encoder that has it")
        self.epoch = 0
        self._share, self._seed = config.share, seed
        self._mask_id, self._pad_id = vocabulary[MASK], tokenizer.pad_id
        self._ordinary = np.zeros(tokenizer.vocabulary_size, dtype=np.bool_)
        self._ordinary[[number for token, number in vocabulary.items() if token not in SPECIAL_TOKENS]] = True
        self._others = np.flatnonzero(self._ordinary)

    def draw(self, window: Window) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The ids with masks, [length], and the positions to predict, [count], in their order."""
        random = np.random.default_rng([self._seed, self.epoch, window.number])
        ids = window.ids.copy()
        ordinary = self._ordinary[ids]
        first = np.flatnonzero(window.starts)
        lengths = np.diff(first, append=len(ids))
        units = random.permutation(np.flatnonzero(np.logical_and.reduceat(ordinary, first)))
        left = max(1, round(self._share * int(ordinary.sum())))
        shown = random.random(len(units))
        positions: list[NDArray[np.int64]] = []
        for unit, how in zip(units, shown, strict=True):
            length = int(lengths[unit])
            if length > left:
                continue
            place = np.arange(first[unit], first[unit] + length)
            if how < _MASKED:
                ids[place] = self._mask_id
            elif how < _MASKED + _REPLACED:
                ids[place] = random.choice(self._others, length)
            positions.append(place)
            left -= length
            if not left:
                break
        return ids, np.sort(np.concatenate(positions)) if positions else np.empty(0, dtype=np.int64)

    def collate(self, windows: Sequence[Window]) -> dict[str, NDArray[np.int64]]:
        """A batch of windows, masked: ``input_ids`` and ``token_type_ids`` of [batch, length], ``positions`` and
        ``labels`` of [batch, most], and ``counts``: masked tokens of each. Labels are IGNORED if there are fewer.
        """
        drawn = [self.draw(window) for window in windows]
        counts = np.array([len(positions) for _, positions in drawn], dtype=np.int64)
        input_ids = np.full((len(windows), max(len(ids) for ids, _ in drawn)), self._pad_id, dtype=np.int64)
        places = np.zeros((len(windows), max(1, counts.max())), dtype=np.int64)
        labels = np.full_like(places, IGNORED)
        for row, (window, (ids, positions)) in enumerate(zip(windows, drawn, strict=True)):
            input_ids[row, : len(ids)] = ids
            places[row, : len(positions)] = positions
            labels[row, : len(positions)] = window.ids[positions]
        return {
            "input_ids": input_ids,
            "token_type_ids": np.zeros_like(input_ids),
            "positions": places,
            "labels": labels,
            "counts": counts,
        }
