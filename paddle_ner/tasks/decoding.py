"""What a task predicts: its label space, and how the named outputs of a model become a `Prediction`.

Inference, the server and devices need no other part of a task. Devices get a copy of this file: it is written for
Python 3.8 and NumPy, see `paddle_ner.export.edge.runtime`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from paddle_ner.errors import InputError
from paddle_ner.features.schemes import TagScheme
from paddle_ner.features.windows import Encoded, join
from paddle_ner.tasks import spans
from paddle_ner.tasks.crf import TRANSITIONS, Chain
from paddle_ner.tasks.labels import check_labels
from paddle_ner.types import Entity, Prediction


@dataclass(frozen=True)
class Decoding(ABC):
    """A label space, and how a model's outputs become answers in it. Two are equal if their specs are.

    Attributes:
        labels: entity types or classes, in the order of the model's outputs.
        name: name of the task.
        head: name of the default head.
        fewest_labels: the least number of labels.
        overlapping: whether entities may overlap.
    """

    labels: tuple[str, ...]

    name: ClassVar[str]
    head: ClassVar[str]
    fewest_labels: ClassVar[int] = 1
    overlapping: ClassVar[bool] = False

    @property
    @abstractmethod
    def num_outputs(self) -> int:
        """Columns of the logits."""

    @abstractmethod
    def spec(self) -> dict[str, Any]:
        """The task in ``paddle_ner.json`` and ``manifest.json``; `from_spec` reads it back."""

    @abstractmethod
    def decode(self, encoded: Encoded, outputs: Sequence[Mapping[str, NDArray[np.float32]]]) -> Prediction:
        """The answer for a text, from the outputs of the model's head for each of its windows, by name."""


@dataclass(frozen=True)
class TagDecoding(Decoding):
    """Flat entities, as a tag for each token.

    Attributes:
        scheme_name: BIO or BIOES.
        temperature: divides the outputs for the scores of entities; which entities are found does not depend on it.
    """

    scheme_name: str = "BIO"
    temperature: float = field(default=1.0, compare=False)

    name = "ner"
    head = "token"

    @cached_property
    def scheme(self) -> TagScheme:
        """The tags of the label set."""
        return TagScheme(self.scheme_name, self.labels)

    @property
    def num_outputs(self) -> int:
        """One column for each tag."""
        return len(self.scheme.tags)

    def spec(self) -> dict[str, Any]:
        """Name, labels, tag scheme, and the temperature if it is not 1."""
        spec = {"name": self.name, "labels": list(self.labels), "tag_scheme": self.scheme_name}
        return {**spec, **_temperature(self.temperature)}

    def decode(self, encoded: Encoded, outputs: Sequence[Mapping[str, NDArray[np.float32]]]) -> Prediction:
        """The best valid tag sequence over the whole text. A score is the mean probability of the entity's tags.

        If the head outputs transitions, both are those of a CRF.
        """
        joined = join(encoded.windows, [window["logits"] for window in outputs])
        if len(joined) == 0:
            return Prediction(encoded.text, entities=())
        transitions = outputs[0].get(TRANSITIONS)
        if transitions is None:
            tags = self.scheme.best(joined)
            softened = joined / np.float32(self.temperature)
            chosen = softened[np.arange(len(tags)), tags][:, None]
            probabilities = (1.0 / np.exp(softened - chosen).sum(axis=1)).tolist()
        else:
            chain = Chain(self.scheme, transitions)
            tags = chain.best(joined)
            marginals = chain.marginals(joined, self.temperature) if tags.any() else np.ones_like(joined)
            probabilities = marginals[np.arange(len(tags)), tags].tolist()
        offsets = encoded.offsets.tolist()
        entities: list[Entity] = []
        for first, last, label in self.scheme.decode(tags.tolist()):
            start, end = offsets[first][0], offsets[last - 1][1]
            score = sum(probabilities[first:last]) / (last - first)
            # Normalization can turn one character into two tokens; it belongs to the first entity that contains it.
            if start < end and (not entities or entities[-1].end <= start):
                entities.append(Entity.of(encoded.text, start, end, self.labels[label], score))
        return Prediction(encoded.text, entities=tuple(entities))


@dataclass(frozen=True)
class SpanDecoding(Decoding):
    """Entities that may overlap or be nested, where each span of a window is judged by itself.

    Attributes:
        threshold: a span is an entity if its probability, at a temperature of 1, is at least this.
        temperature: divides the outputs for the scores of entities; which entities are found does not depend on it.
    """

    threshold: float = 0.5
    temperature: float = field(default=1.0, compare=False)

    name = "ner"
    head = "span"
    overlapping = True

    @property
    def num_outputs(self) -> int:
        """Query, key, and two columns for each label."""
        return spans.num_outputs(len(self.labels))

    def spec(self) -> dict[str, Any]:
        """Name, labels, threshold, that entities may overlap, and the temperature if it is not 1."""
        spec = {"name": self.name, "labels": list(self.labels), "overlapping": True, "threshold": self.threshold}
        return {**spec, **_temperature(self.temperature)}

    def decode(self, encoded: Encoded, outputs: Sequence[Mapping[str, NDArray[np.float32]]]) -> Prediction:
        """The spans whose probability reaches the threshold, read in the window that owns their first token."""
        least = np.log(self.threshold / (1 - self.threshold))
        offsets = encoded.offsets
        scored: dict[tuple[int, int, int], float] = {}
        for window, answer in zip(encoded.windows, outputs):
            scores = spans.scores(answer["logits"], window.owned_rows, len(self.labels))
            for first, last, label in np.argwhere(scores >= least).tolist():
                start = int(offsets[window.owned[0] + first, 0])
                end = int(offsets[window.start + last - 1, 1])
                # Normalization can turn one character into two tokens, so two spans of tokens may be one span of the
                # text.
                place = (start, end, label)
                score = 1.0 / (1.0 + np.exp(-float(scores[first, last, label]) / self.temperature))
                if start < end and score > scored.get(place, 0.0):
                    scored[place] = float(score)
        entities = [
            Entity.of(encoded.text, *place[:2], self.labels[place[2]], scored[place]) for place in sorted(scored)
        ]
        return Prediction(encoded.text, entities=tuple(entities))


@dataclass(frozen=True)
class _SequenceDecoding(Decoding):
    """Shared by both kinds of text classification."""

    head = "sequence"

    @property
    def num_outputs(self) -> int:
        """One column for each class."""
        return len(self.labels)

    def _scores(self, encoded: Encoded, probabilities: NDArray[np.float32]) -> tuple[NDArray[np.float32], list[int]]:
        """The mean over windows, weighted by the tokens that each owns; and the classes, most probable first."""
        weights = np.array([max(1, window.owned[1] - window.owned[0]) for window in encoded.windows], dtype=np.float64)
        mean = (probabilities * weights[:, None]).sum(axis=0) / weights.sum()
        return mean, [int(index) for index in np.argsort(-mean, kind="stable")]


@dataclass(frozen=True)
class ClassDecoding(_SequenceDecoding):
    """One class for each text."""

    name = "classification"
    fewest_labels = 2

    def spec(self) -> dict[str, Any]:
        """Name and labels."""
        return {"name": self.name, "labels": list(self.labels)}

    def decode(self, encoded: Encoded, outputs: Sequence[Mapping[str, NDArray[np.float32]]]) -> Prediction:
        """The class with the greatest mean probability."""
        values = np.stack([window["logits"] for window in outputs])
        exponentials = np.exp(values - values.max(axis=1, keepdims=True))
        mean, order = self._scores(encoded, exponentials / exponentials.sum(axis=1, keepdims=True))
        return Prediction(
            encoded.text,
            label=self.labels[order[0]],
            scores={self.labels[index]: float(mean[index]) for index in order},
        )


@dataclass(frozen=True)
class MultiLabelDecoding(_SequenceDecoding):
    """Any number of classes for each text.

    Attributes:
        threshold: a class is returned if its probability is at least this.
    """

    threshold: float = 0.5

    name = "multi-label"

    def spec(self) -> dict[str, Any]:
        """Name, labels and threshold."""
        return {"name": self.name, "labels": list(self.labels), "threshold": self.threshold}

    def decode(self, encoded: Encoded, outputs: Sequence[Mapping[str, NDArray[np.float32]]]) -> Prediction:
        """The classes whose mean probability reaches the threshold."""
        logits = np.stack([window["logits"] for window in outputs])
        mean, order = self._scores(encoded, 1.0 / (1.0 + np.exp(-logits)))
        return Prediction(
            encoded.text,
            labels=tuple(self.labels[index] for index in order if mean[index] >= self.threshold),
            scores={self.labels[index]: float(mean[index]) for index in order},
        )


def _temperature(value: float) -> dict[str, float]:
    """The temperature's entry in a spec: none if it changes nothing."""
    return {} if value == 1 else {"temperature": value}


_OPTIONS = ("tag_scheme", "threshold", "overlapping", "temperature")  # of `create`, in specs
TASKS = (TagDecoding.name, ClassDecoding.name, MultiLabelDecoding.name)


def create(
    name: str,
    labels: Sequence[str],
    *,
    tag_scheme: str = "BIO",
    threshold: float = 0.5,
    overlapping: bool = False,
    temperature: float = 1.0,
) -> Decoding:
    """The decoding of the task called `name` over `labels`.

    Args:
        name: one of `TASKS`.
        labels: entity types or classes.
        tag_scheme: for flat entities, BIO or BIOES.
        threshold: for multi-label classification, and for entities that may overlap.
        overlapping: whether entities may overlap.
        temperature: for the scores of entities.

    Raises:
        InputError: the name is unknown, a label cannot be one, or there are too few.
    """
    check_labels(name, labels, spans=name == TagDecoding.name)
    if name == SpanDecoding.name and overlapping:
        decoding: Decoding = SpanDecoding(tuple(labels), threshold=threshold, temperature=temperature)
    elif name == TagDecoding.name:
        decoding = TagDecoding(tuple(labels), scheme_name=tag_scheme, temperature=temperature)
    elif name == ClassDecoding.name:
        decoding = ClassDecoding(tuple(labels))
    elif name == MultiLabelDecoding.name:
        decoding = MultiLabelDecoding(tuple(labels), threshold=threshold)
    else:
        raise InputError(f"task {name!r} is unknown, expected one of {', '.join(TASKS)}")
    if len(labels) < decoding.fewest_labels:
        shown = ", ".join(labels) or "none"
        raise InputError(f"task {name} needs at least {decoding.fewest_labels} labels, found {len(labels)}: {shown}")
    return decoding


def from_spec(spec: Mapping[str, Any]) -> Decoding:
    """The decoding that `Decoding.spec` described. Raises the errors of `create`."""
    options = {key: spec[key] for key in _OPTIONS if key in spec}
    return create(spec["name"], spec["labels"], **options)
