"""A model's metrics on labelled examples, for checkpoints and bundles and every task."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from paddle_ner.errors import GateError, InputError
from paddle_ner.inference.predictor import CHUNK, Predictor
from paddle_ner.tasks import of
from paddle_ner.tasks.metrics import Report
from paddle_ner.types import Example, Prediction


def score(
    predictor: Predictor, examples: Sequence[Example], advance: Callable[[int], None] = lambda _: None
) -> tuple[Report, list[Prediction]]:
    """Metrics of `predictor` on `examples`, and its predictions in their order.

    Args:
        predictor: a predictor over a checkpoint or a bundle.
        examples: labelled for the predictor's task.
        advance: called with the number of examples done since the last call.

    Raises:
        InputError: there is nothing to score, or an example does not fit the task.
        GateError: the model's scores are not numbers, so its predictions mean nothing.
    """
    if not examples:
        raise InputError("no examples to score on")
    scoring = of(predictor.decoding).scoring
    for example in examples:
        if message := scoring.problem(example):
            raise InputError(f"{example.origin or 'example'}: {message}")
    predictions: list[Prediction] = []
    for start in range(0, len(examples), CHUNK):
        part = examples[start : start + CHUNK]
        predictions += predictor([example.text for example in part])
        if not all(map(_is_finite, predictions[start:])):
            raise GateError("the model gives scores that are not numbers: train it again with a lower learning rate")
        advance(len(part))
    counts = scoring.count(examples, predictions)
    return scoring.report(counts, len(examples)), predictions


def _is_finite(prediction: Prediction) -> bool:
    scores = [*(prediction.scores or {}).values(), *(entity.score for entity in prediction.entities or ())]
    return all(score is None or math.isfinite(score) for score in scores)
