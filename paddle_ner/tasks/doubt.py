"""How unsure a model is of its answer to a text, from 0 (sure) to 1: what to label next is what it doubts most.

A text with entities is as doubtful as its least sure token, whether the model finds an entity there or not, so that a
missed one counts too (least confidence, Lewis and Gale 1994). Of classes, the margin between the two most probable
counts (Scheffer et al. 2001).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from paddle_ner.features.windows import Encoded, join
from paddle_ner.tasks import spans
from paddle_ner.tasks.crf import TRANSITIONS, Chain
from paddle_ner.tasks.decoding import Decoding, SpanDecoding, TagDecoding
from paddle_ner.types import Prediction


def doubt(
    decoding: Decoding,
    encoded: Encoded,
    outputs: Sequence[Mapping[str, NDArray[np.float32]]],
    prediction: Prediction,
) -> float:
    """The doubt in [0, 1] about one text.

    Args:
        decoding: of the model's task.
        encoded: the text.
        outputs: of each of its windows.
        prediction: the model's answer, which is made of them.
    """
    if isinstance(decoding, TagDecoding):
        return _of_tags(decoding, encoded, outputs)
    if isinstance(decoding, SpanDecoding):
        return _of_spans(decoding, encoded, outputs)
    probabilities = sorted((prediction.scores or {}).values(), reverse=True)
    if prediction.label is not None:
        return 1.0 - (probabilities[0] - probabilities[1])
    return max((1.0 - abs(2.0 * probability - 1.0) for probability in probabilities), default=0.0)


def _of_tags(decoding: TagDecoding, encoded: Encoded, outputs: Sequence[Mapping[str, NDArray[np.float32]]]) -> float:
    """One minus the probability of the best tag of the least sure token."""
    logits = join(encoded.windows, [window["logits"] for window in outputs])
    if len(logits) == 0:
        return 0.0
    transitions = outputs[0].get(TRANSITIONS)
    if transitions is not None:
        best = Chain(decoding.scheme, transitions).marginals(logits, decoding.temperature).max(axis=1)
    else:
        softened = (logits - logits.max(axis=1, keepdims=True)) / np.float32(decoding.temperature)
        best = 1.0 / np.exp(softened).sum(axis=1)
    return 1.0 - float(best.min())


def _of_spans(decoding: SpanDecoding, encoded: Encoded, outputs: Sequence[Mapping[str, NDArray[np.float32]]]) -> float:
    """How near to one half the probability of the least sure span is."""
    least = 0.0
    for window, answer in zip(encoded.windows, outputs, strict=True):
        scores = spans.scores(answer["logits"], window.owned_rows, len(decoding.labels))
        if scores.size:
            nearest = float(np.abs(scores).min()) / decoding.temperature
            least = max(least, 2.0 / (1.0 + float(np.exp(nearest))))
    return least
