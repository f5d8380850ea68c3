"""A linear-chain CRF on the host (Lafferty et al. 2001): the best tags for a text, and how probable each of them is.

The head ``crf`` outputs ``logits``, a score of each tag at each token, and ``transitions``, a learned score of each tag
after each other tag; the score of a tag sequence is the sum of both. They are searched here in float64, so that every
engine that computes the same logits gives the same answer. Transitions that the tag scheme forbids are never taken.

Devices get a copy of this file, see `paddle_ner.export.edge.runtime`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from paddle_ner.features.schemes import TagScheme

TRANSITIONS = "transitions"  # the output: [batch, tags * tags], the same row for each window

# A tag that is further below the best tag of a token than this counts as impossible: e to the minus 300th.
_DEEPEST = -300.0
_TINY = float(np.finfo(np.float64).tiny)


class Chain:
    """The CRF of a tag scheme with its learned transitions.

    Args:
        scheme: the tag scheme.
        transitions: [tags * tags] or [tags, tags], from the tag of the row to that of the column.
    """

    def __init__(self, scheme: TagScheme, transitions: NDArray[Any]) -> None:
        tags = len(scheme.tags)
        learned = np.asarray(transitions, dtype=np.float64).reshape(tags, tags)
        self._starts = np.where(scheme.starts, 0.0, -np.inf)
        self._ends = np.where(scheme.ends, 0.0, -np.inf)
        self._transitions = np.where(scheme.transitions, learned, -np.inf)

    def best(self, logits: NDArray[Any]) -> NDArray[np.int64]:
        """The valid tag sequence with the greatest score, int64 of [tokens], from logits of [tokens, tags].

        Viterbi 1967. There must be a token.
        """
        emissions = np.asarray(logits, dtype=np.float64)
        into = np.ascontiguousarray(self._transitions.T)  # [tag, tag before it]
        scores = emissions[0] + self._starts
        steps = np.empty(emissions.shape, dtype=np.int64)
        everywhere = np.arange(len(scores))
        for position in range(1, len(emissions)):
            arriving = into + scores
            before = arriving.argmax(axis=1)
            scores = arriving[everywhere, before] + emissions[position]
            steps[position] = before
        path = np.empty(len(emissions), dtype=np.int64)
        path[-1] = (scores + self._ends).argmax()
        for position in range(len(emissions) - 1, 0, -1):
            path[position - 1] = steps[position, path[position]]
        return path

    def marginals(self, logits: NDArray[Any], temperature: float = 1.0) -> NDArray[np.float64]:
        """The probability of each tag at each token over all valid tag sequences, [tokens, tags] from the same shape.

        Forward-backward (Rabiner 1989), each step scaled to a sum of one, over scores divided by the temperature.
        """
        emissions = np.asarray(logits, dtype=np.float64) / temperature
        weights = np.exp(np.maximum(emissions - emissions.max(axis=1, keepdims=True), _DEEPEST))
        allowed = np.isfinite(self._transitions)
        transitions = self._transitions / temperature
        passing = np.exp(np.maximum(transitions - transitions[allowed].max(), _DEEPEST)) * allowed
        forward = np.empty_like(weights)
        forward[0] = _scaled(weights[0] * np.exp(self._starts))
        for position in range(1, len(weights)):
            forward[position] = _scaled(forward[position - 1] @ passing * weights[position])
        behind = _scaled(np.exp(self._ends))
        probabilities: NDArray[np.float64] = np.empty_like(weights)
        probabilities[-1] = _scaled(forward[-1] * behind)
        for position in range(len(weights) - 1, 0, -1):
            behind = _scaled(passing @ (weights[position] * behind))
            probabilities[position - 1] = _scaled(forward[position - 1] * behind)
        return probabilities


def _scaled(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return values / max(float(values.sum()), _TINY)
