"""Long texts: overlapping windows, and which window answers for which token.

Every token is *owned* by exactly one window: the one in which it has the most context on its poorer side. Training
counts a token's loss, and prediction reads its logits, only in the window that owns it; so nothing is lost or doubled
at a seam.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from paddle_ner.errors import InputError
from paddle_ner.features.tokenizer import Tokenizer

SPECIALS = 2  # [CLS] before the tokens and [SEP] behind them


@dataclass(frozen=True, slots=True)
class Window:
    """One row of a batch.

    Attributes:
        ids: int64 array of shape [length]: [CLS], the tokens, [SEP].
        start: index of its first token among the tokens of the text.
        owned: the token indices [first, last) of the text that this window answers for.
    """

    ids: NDArray[np.int64]
    start: int
    owned: tuple[int, int]

    @property
    def length(self) -> int:
        """Tokens in the row, special tokens included."""
        return len(self.ids)

    @property
    def owned_rows(self) -> slice:
        """The rows of this window's logits that belong to its owned tokens."""
        shift = 1 - self.start
        return slice(self.owned[0] + shift, self.owned[1] + shift)


@dataclass(frozen=True, slots=True)
class Encoded:
    """A text ready for the encoder.

    Attributes:
        text: the original text.
        offsets: int64 array of shape [tokens, 2], code points of `text`.
        windows: at least one, in order, owning all tokens between them.
    """

    text: str
    offsets: NDArray[np.int64]
    windows: tuple[Window, ...]


def spans(tokens: int, size: int, overlap: int) -> list[tuple[int, int]]:
    """The token ranges [start, end) of the windows over a text of `tokens` tokens.

    `size` counts the special tokens, `overlap` is what two neighbours share at least. The last window is moved back to
    be full, so that the end of a text has context too.
    """
    content = size - SPECIALS
    if not 0 <= overlap < content:
        raise InputError(f"window.overlap is {overlap}, expected 0 to {content - 1} for window.size {size}")
    if tokens <= content:
        return [(0, tokens)]
    starts = [*range(0, tokens - content, content - overlap), tokens - content]
    return [(start, start + content) for start in starts]


def encode(text: str, tokenizer: Tokenizer, size: int, overlap: int) -> Encoded:
    """Tokenize `text` and cut it into windows of at most `size` tokens."""
    tokens = tokenizer.encode(text)
    ranges = spans(len(tokens.ids), size, overlap)
    middles = ((after[0] + before[1]) // 2 for before, after in pairwise(ranges))
    seams = [0, *middles, len(tokens.ids)]
    windows = tuple(
        Window(
            np.concatenate(([tokenizer.cls_id], tokens.ids[start:end], [tokenizer.sep_id])),
            start,
            (seams[index], seams[index + 1]),
        )
        for index, (start, end) in enumerate(ranges)
    )
    return Encoded(text, tokens.offsets, windows)


def join(windows: Sequence[Window], logits: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """Put token logits together again: [length, outputs] a window to [tokens, outputs] for the text."""
    return np.concatenate([rows[window.owned_rows] for window, rows in zip(windows, logits, strict=True)])
