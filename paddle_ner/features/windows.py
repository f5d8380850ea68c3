"""Texts as windows, of which batches consist, and which window answers for which token.

Exactly one window *owns* each token. Windows overlap only if a sentence, or a text that is not cut at sentence ends, is
longer than a window: then the window in which a token has the most context on its poorer side owns it. Training counts
a token's loss, and prediction reads its logits, only in the window that owns it, so nothing is lost or doubled where
windows meet.
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

SPECIALS = 2  # [CLS] before the tokens and [SEP] after them
_CLAUSE_ENDS = frozenset("，,、：:；;—")


class Layout(Protocol):
    """How texts are cut, as manifests say it."""

    @property
    def size(self) -> int:
        """The most tokens in a window, including special tokens."""

    @property
    def overlap(self) -> int:
        """The least number of tokens that two windows over the same sentence share."""

    @property
    def unit(self) -> str:
        """What a window contains: a ``sentence``, as many whole ones of a ``text`` as fit, or as many ``tokens``."""

    @property
    def longest(self) -> int | None:
        """Tokens of the longest window in training; None if unknown."""


@dataclass(frozen=True)
class Window:
    """A window: an element of a batch.

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
        """Its tokens, including special tokens."""
        return len(self.ids)

    @property
    def owned_rows(self) -> slice:
        """The positions of this window's logits that belong to its owned tokens."""
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

    `size` counts the special tokens; neighbours share at least `overlap` tokens. The last window is moved back until it
    is full, so that the end of a text has context too.
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

    Windows of whole sentences are at most as long as the longest in training, so that no token is at a position that an
    encoder trained from random weights has never seen.
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
    """The token ranges [first, last) of the sentences that have tokens; one empty range for an empty text."""
    ends = np.searchsorted(offsets[:, 0], sentence_ends(text)[:-1]).tolist()
    bounds = [0, *ends, len(offsets)]
    return [(first, last) for first, last in zip(bounds, bounds[1:]) if first < last] or [(0, 0)]


def _packed(sentences: Sequence[tuple[int, int]], content: int) -> Iterator[tuple[int, int]]:
    """Neighbouring sentences joined, as many as fit into `content` tokens; a longer one stays alone."""
    start, end = sentences[0]
    for first, last in sentences[1:]:
        if last - start > content:
            yield start, end
            start = first
        end = last
    yield start, end


def _seam(text: str, offsets: NDArray[np.int64], first: int, last: int) -> int:
    """Where two windows that share the tokens [first, last) meet: at the end of a clause near the middle, or there."""
    middle, reach = (first + last) // 2, (last - first) // 4
    for distance in range(reach + 1):
        for seam in (middle - distance, middle + distance):
            if seam > first and text[offsets[seam - 1][1] - 1] in _CLAUSE_ENDS:
                return seam
    return middle


def join(windows: Sequence[Window], logits: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """Join token logits: from [length, outputs] for each window to [tokens, outputs] for the text."""
    if len(logits) != len(windows):
        raise ValueError(f"logits of {len(logits)} windows, expected {len(windows)}")
    return np.concatenate([rows[window.owned_rows] for window, rows in zip(windows, logits)])
