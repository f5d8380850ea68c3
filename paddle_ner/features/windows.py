"""Texts as windows, the rows of a batch, and which window answers for which token.

Every token is *owned* by exactly one window. Windows overlap only where a sentence, or a text that is not cut at
sentence ends, is longer than a window: there a token is owned by the window in which it has the most context on its
poorer side. Training counts a token's loss, and prediction reads its logits, only in the window that owns it; so
nothing is lost or doubled at a seam.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from paddle_ner.errors import InputError
from paddle_ner.features.sentences import sentence_ends
from paddle_ner.features.tokenizer import Tokenizer

SPECIALS = 2  # [CLS] before the tokens and [SEP] behind them
_CLAUSE_ENDS = frozenset("，,、：:；;—")


class Layout(Protocol):
    """How texts are cut: what a manifest says of it."""

    @property
    def size(self) -> int:
        """Tokens a window at most, special tokens included."""

    @property
    def overlap(self) -> int:
        """Tokens that two windows over the same sentence share at least."""

    @property
    def unit(self) -> str:
        """What a window holds: a ``sentence``, as many whole ones of a ``text`` as fit, or ``tokens`` as they come."""

    @property
    def longest(self) -> int | None:
        """Tokens of the longest window that was trained on; None where that is not known."""


@dataclass(frozen=True)
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


@dataclass(frozen=True)
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


def encode(text: str, tokenizer: Tokenizer, layout: Layout) -> Encoded:
    """Tokenize `text` and cut it into windows.

    Windows of whole sentences are at most as long as the longest that was trained on, so that no token stands at a
    position that an encoder trained from random weights has never seen.
    """
    tokens = tokenizer.encode(text)
    size, overlap = layout.size, layout.overlap
    blocks = [(0, len(tokens.ids))]
    if layout.unit != "tokens":
        if layout.longest is not None and layout.longest < size:
            size = max(layout.longest, SPECIALS + 1)
            overlap = min(overlap, (size - SPECIALS) // 4)
        blocks = _sentences(text, tokens.offsets)
    if layout.unit == "text":
        blocks = list(_packed(blocks, size - SPECIALS))
    windows: list[Window] = []
    for first, last in blocks:
        ranges = [(first + start, first + end) for start, end in spans(last - first, size, overlap)]
        seams = [first, *(_seam(text, tokens.offsets, b[0], a[1]) for a, b in zip(ranges, ranges[1:])), last]
        for (start, end), owned in zip(ranges, zip(seams, seams[1:])):
            ids = np.concatenate(([tokenizer.cls_id], tokens.ids[start:end], [tokenizer.sep_id]))
            windows.append(Window(ids, start, owned))
    return Encoded(text, tokens.offsets, tuple(windows))


def _sentences(text: str, offsets: NDArray[np.int64]) -> list[tuple[int, int]]:
    """The token ranges [first, last) of the sentences that have tokens; of an empty text, one empty range."""
    ends = np.searchsorted(offsets[:, 0], sentence_ends(text)[:-1]).tolist()
    bounds = [0, *ends, len(offsets)]
    return [(first, last) for first, last in zip(bounds, bounds[1:]) if first < last] or [(0, 0)]


def _packed(sentences: Sequence[tuple[int, int]], content: int) -> Iterator[tuple[int, int]]:
    """Neighbouring sentences put together, as many as fit into `content` tokens; a longer one stays alone."""
    start, end = sentences[0]
    for first, last in sentences[1:]:
        if last - start > content:
            yield start, end
            start = first
        end = last
    yield start, end


def _seam(text: str, offsets: NDArray[np.int64], first: int, last: int) -> int:
    """Where two windows that share the tokens [first, last) part: at the end of a clause near the middle, or there."""
    middle, reach = (first + last) // 2, (last - first) // 4
    for distance in range(reach + 1):
        for seam in (middle - distance, middle + distance):
            if seam > first and text[offsets[seam - 1][1] - 1] in _CLAUSE_ENDS:
                return seam
    return middle


def join(windows: Sequence[Window], logits: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """Put token logits together again: [length, outputs] a window to [tokens, outputs] for the text."""
    if len(logits) != len(windows):
        raise ValueError(f"logits of {len(logits)} windows, expected {len(windows)}")
    return np.concatenate([rows[window.owned_rows] for window, rows in zip(windows, logits)])
