"""The temperature of a model that finds entities: divided by it, outputs give scores that match how often it is right.

Guo et al. 2017, "On Calibration of Modern Neural Networks". The entities found stay the same, see `tasks.decoding`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from paddle_ner.inference.predictor import Predictor
from paddle_ner.tasks.decoding import SpanDecoding, TagDecoding
from paddle_ner.types import Example

_EXAMPLES = 500  # examples used at most: a single number needs no more
_FEWEST_ENTITIES = 50  # entities found in them, below which they say too little
_BOUNDS = (0.25, 8.0)
_STEPS = 14  # each narrows the bounds to 0.62 of their distance, finally to half a percent
_CLIP = 1e-6  # scores are kept this far from 0 and 1
_GOLDEN = (5**0.5 - 1) / 2


def fit(predictor: Predictor, examples: Sequence[Example]) -> float:
    """The temperature with the least negative log-likelihood of found entities being right or wrong, with two decimals.

    It is 1, which changes nothing, if the model does not find entities, too few are found in the examples, or all found
    entities are right, or all are wrong.

    Args:
        predictor: its own temperature is ignored.
        examples: labelled, preferably the dev set.
    """
    decoding = predictor.decoding
    if not isinstance(decoding, TagDecoding | SpanDecoding):
        return 1.0
    sample = examples[:: -(-len(examples) // _EXAMPLES) or 1]
    encoded = [predictor.encode(example.text) for example in sample]
    answers = list(zip(encoded, predictor.outputs(encoded), strict=True))
    gold = [{entity.span for entity in example.entities or ()} for example in sample]
    predicted = [decoding.decode(*answer).entities or () for answer in answers]
    right = np.array([entity.span in wanted for ours, wanted in zip(predicted, gold, strict=True) for entity in ours])
    if len(right) < _FEWEST_ENTITIES or right.all() or not right.any():
        return 1.0

    def loss(log: float) -> float:
        softened = replace(decoding, temperature=float(np.exp(log)))
        scores = [entity.score or 0.0 for answer in answers for entity in softened.decode(*answer).entities or ()]
        likely = np.clip(np.where(right, scores, 1 - np.array(scores)), _CLIP, 1 - _CLIP)
        return -float(np.log(likely).mean())

    return round(float(np.exp(_least(loss, *np.log(_BOUNDS)))), 2)


def _least(function: Callable[[float], float], low: float, high: float) -> float:
    """The minimum of a function with a single minimum between two bounds: golden-section search (Kiefer 1953)."""
    left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
    at_left, at_right = function(left), function(right)
    for _ in range(_STEPS):
        if at_left < at_right:
            high, right, at_right = right, left, at_left
            left = high - _GOLDEN * (high - low)
            at_left = function(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + _GOLDEN * (high - low)
            at_right = function(right)
    return (low + high) / 2
