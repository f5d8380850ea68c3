"""Which examples the tasks can be scored on, and what is counted."""

from __future__ import annotations

from typing import Any

import pytest

from paddle_ner import tasks
from paddle_ner.tasks import Task
from paddle_ner.types import Entity, Example, Prediction

LABELS = ("LOC", "PER")
CLASSES = ("体育", "财经", "娱乐")


@pytest.mark.parametrize(
    ("example", "message"),
    [
        (Example("北京"), "no entities"),
        (Example("北京", entities=(Entity.of("北京", 0, 2, "ORG"),)), "unknown entity type 'ORG'"),
        (Example("北京", entities=(Entity.of("北京", 0, 2, "LOC"), Entity.of("北京", 1, 2, "PER"))), "overlaps"),
    ],
)
def test_what_it_cannot_learn_is_said(example: Example, message: str) -> None:
    assert message in str(tasks.create("ner", LABELS).scoring.problem(example))


@pytest.mark.parametrize("task", [tasks.create("classification", CLASSES), tasks.create("multi-label", CLASSES)])
def test_unknown_labels_are_said(task: Task) -> None:
    assert "'军事'" in str(task.scoring.problem(Example("北京", label="军事", labels=("军事",))))


def test_multi_label_takes_an_empty_list() -> None:
    assert tasks.create("multi-label", CLASSES).scoring.problem(Example("北京", labels=())) is None


@pytest.mark.parametrize(
    ("name", "gold", "metric"),
    [
        ("ner", {"entities": (Entity.of("北京", 0, 2, "LOC"),)}, "f1"),
        ("classification", {"label": "LOC"}, "accuracy"),
        ("multi-label", {"labels": ("LOC", "PER")}, "f1"),
    ],
)
def test_counts_add_up_to_a_report_by_the_metric_of_the_task(name: str, gold: dict[str, Any], metric: str) -> None:
    scoring = tasks.create(name, LABELS).scoring
    example = Example("北京", **gold)
    right, wrong = Prediction("北京", **gold), Prediction("北京", entities=(), label="PER", labels=())
    counts = scoring.count([example], [right])
    assert scoring.report(counts, 1).value == 1
    report = scoring.report(counts + scoring.count([example], [wrong]), 2)
    assert report.metric == scoring.metric == metric and 0 < report.value < 1
