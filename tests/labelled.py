"""What an example or a prediction must have for a test to go on."""

from __future__ import annotations

from collections.abc import Mapping

from paddle_ner.data.records import Rejected
from paddle_ner.types import Entity, Example, Prediction


def example_of(read: Example | Rejected) -> Example:
    """A record that could be read."""
    assert isinstance(read, Example), read
    return read


def entities_of(labelled: object) -> tuple[Entity, ...]:
    """The entities of an example or a prediction, which has been looked at for some."""
    assert isinstance(labelled, (Example, Prediction)) and labelled.entities is not None, labelled
    return labelled.entities


def scores_of(prediction: Prediction) -> Mapping[str, float]:
    """The scores of the classes of a prediction, which has some."""
    assert prediction.scores is not None, prediction
    return prediction.scores
