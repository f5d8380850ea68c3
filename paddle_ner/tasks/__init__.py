"""The tasks: token classification (NER), single-label and multi-label classification of texts.

A task has three parts, one for each kind of reader:

- `decoding`: what is predicted, and how the outputs of a model become a `Prediction`. Inference, the server and
  devices need nothing else.
- `learning`: targets, batches of them, losses. Training and pruning need it.
- `scoring`: which examples fit, what is counted, the report. Evaluation needs it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from paddle_ner.tasks import decoding as decodings
from paddle_ner.tasks.class_learning import ClassLearning, MultiLabelLearning
from paddle_ner.tasks.decoding import TASKS, ClassDecoding, Decoding, MultiLabelDecoding, SpanDecoding, TagDecoding
from paddle_ner.tasks.entity_learning import SpanLearning, TagLearning
from paddle_ner.tasks.learning import IGNORED, Learning
from paddle_ner.tasks.scoring import ClassScoring, EntityScoring, MultiLabelScoring, OverlappingScoring, Scoring
from paddle_ner.types import Example

__all__ = ["IGNORED", "TASKS", "Decoding", "Learning", "Scoring", "Task", "create", "from_spec", "labels_of", "of"]


@dataclass(frozen=True)
class Task:
    """A label space with its decoding, learning and scoring. Two tasks are equal if their specs are."""

    decoding: Decoding
    learning: Learning
    scoring: Scoring

    @property
    def name(self) -> str:
        """Of `TASKS`."""
        return self.decoding.name

    @property
    def labels(self) -> tuple[str, ...]:
        """Entity types or classes, in the order of the model's outputs."""
        return self.decoding.labels

    @property
    def head(self) -> str:
        """The name of the model's usual head."""
        return self.decoding.head

    @property
    def num_outputs(self) -> int:
        """Columns of the logits."""
        return self.decoding.num_outputs

    def spec(self) -> dict[str, Any]:
        """The task in manifests; `from_spec` reads it back."""
        return self.decoding.spec()


def of(decoding: Decoding) -> Task:
    """The task that has this decoding."""
    if isinstance(decoding, TagDecoding):
        return Task(decoding, TagLearning(decoding), EntityScoring(decoding.labels))
    if isinstance(decoding, SpanDecoding):
        return Task(decoding, SpanLearning(decoding), OverlappingScoring(decoding.labels))
    if isinstance(decoding, ClassDecoding):
        return Task(decoding, ClassLearning(decoding), ClassScoring(decoding.labels))
    if isinstance(decoding, MultiLabelDecoding):
        return Task(decoding, MultiLabelLearning(decoding), MultiLabelScoring(decoding.labels))
    raise TypeError(f"no task has a {type(decoding).__name__}")


def create(
    name: str, labels: Sequence[str], *, tag_scheme: str = "BIO", threshold: float = 0.5, overlapping: bool = False
) -> Task:
    """The task called `name` over `labels`; see `paddle_ner.tasks.decoding.create`."""
    return of(decodings.create(name, labels, tag_scheme=tag_scheme, threshold=threshold, overlapping=overlapping))


def from_spec(spec: Mapping[str, Any]) -> Task:
    """The task that `Task.spec` described; see `paddle_ner.tasks.decoding.from_spec`."""
    return of(decodings.from_spec(spec))


def labels_of(examples: Iterable[Example]) -> tuple[str, ...]:
    """All entity types and classes that occur, in alphabetical order."""
    labels: set[str] = set()
    for example in examples:
        labels.update(entity.label for entity in example.entities or ())
        labels.update(example.labels or ())
        if example.label is not None:
            labels.add(example.label)
    return tuple(sorted(labels))
