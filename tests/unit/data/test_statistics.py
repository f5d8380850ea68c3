"""The figures of examples, counted one by one."""

from __future__ import annotations

from collections.abc import Iterable

from paddle_ner.data.statistics import Statistics
from paddle_ner.types import Entity, Example


def counted(examples: Iterable[Example]) -> Statistics:
    figures = Statistics()
    for example in examples:
        figures.add(example)
    return figures


def test_entities_are_counted_by_type_and_empty_ones_are_annotations() -> None:
    two = (Entity.of("王芳在北京", 0, 2, "PER"), Entity.of("王芳在北京", 3, 5, "LOC"))
    figures = counted([Example("王芳在北京", two), Example("北京", two[1:]), Example("好", ()), Example("谁")])
    assert (figures.examples, figures.annotated, figures.with_entities) == (4, 3, 2)
    assert (figures.characters, figures.entities) == (9, {"LOC": 2, "PER": 1})


def test_an_example_of_several_classes_counts_for_each() -> None:
    figures = counted([Example("好", label="正"), Example("坏", labels=("负", "短")), Example("无", labels=())])
    assert figures.labels == {"正": 1, "负": 1, "短": 1} and figures.annotated == 3


def test_a_percentile_is_the_length_that_so_many_do_not_exceed() -> None:
    figures = counted(Example("字" * length) for length in range(1, 101))
    assert [figures.percentile(percent) for percent in (1, 50, 50.5, 99, 100)] == [1, 50, 51, 99, 100]
    assert (figures.longer_than(97), figures.longer_than(100)) == (3, 0)


def test_of_no_example_every_figure_is_0() -> None:
    assert Statistics().percentile(50) == 0
    assert Statistics().to_dict()["length"] == dict.fromkeys(
        ("p50", "p90", "p95", "p99", "max", "over_126", "over_510"), 0
    )


def test_labels_come_by_frequency() -> None:
    figures = counted([Example("甲", label="少"), *[Example("乙", label="多")] * 2])
    assert list(figures.to_dict()["labels"].items()) == [("多", 2), ("少", 1)]
