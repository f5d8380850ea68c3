"""Figures equal to seqeval (strict) and scikit-learn on anything that hypothesis can think of."""

from __future__ import annotations

import json
import warnings
from typing import Any

import numpy as np
import pytest
import sklearn.metrics
from hypothesis import given
from hypothesis import strategies as st
from seqeval.metrics import classification_report as seqeval_report
from seqeval.scheme import IOB2

from paddle_ner.errors import InputError
from paddle_ner.tasks.metrics import (
    Report,
    Scores,
    class_counts,
    class_report,
    entity_counts,
    entity_report,
    multilabel_counts,
    multilabel_report,
)
from paddle_ner.types import Entity

LABELS = ("PER", "LOC", "ORG", "TIME")


def entity(start: int, end: int, label: str) -> Entity:
    return Entity(start, end, label, "字" * (end - start))


@st.composite
def flat(draw: st.DrawFn, length: int) -> tuple[Entity, ...]:
    """Entities of one text, in order and apart, often side by side."""
    found, position = [], 0
    while position < length:
        end = draw(st.integers(position + 1, length))
        label = draw(st.sampled_from((*LABELS, None)))
        if label is not None:
            found.append(entity(position, end, label))
        position = end
    return tuple(found)


@st.composite
def corpora(draw: st.DrawFn) -> list[tuple[int, tuple[Entity, ...], tuple[Entity, ...]]]:
    """Texts as (length, gold entities, predicted entities), with predictions that are right, close and wild."""
    corpus = []
    for length in draw(st.lists(st.integers(1, 8), min_size=1, max_size=6)):
        gold = draw(flat(length))
        kept = tuple(e for e in gold if draw(st.booleans()))
        corpus.append((length, gold, draw(st.one_of(st.just(gold), st.just(kept), flat(length)))))
    return corpus


def tags(length: int, entities: tuple[Entity, ...]) -> list[str]:
    sequence = ["O"] * length
    for e in entities:
        sequence[e.start : e.end] = [f"B-{e.label}"] + [f"I-{e.label}"] * (e.end - e.start - 1)
    return sequence


def same(ours: Scores, theirs: dict[str, Any]) -> bool:
    figures = theirs["precision"], theirs["recall"], theirs["f1-score"], theirs["support"]
    return (ours.precision, ours.recall, ours.f1, ours.support) == pytest.approx(figures, abs=1e-12)


def check_against(report: Report, theirs: dict[str, Any], labels: list[str]) -> None:
    for label in labels:
        assert same(report.per_label[label], theirs[label])
    assert same(report.macro, theirs["macro avg"])
    assert same(report.weighted, theirs["weighted avg"])
    if "micro avg" in theirs:
        assert same(report.micro, theirs["micro avg"])


@given(corpora())
def test_entity_figures_equal_seqeval_strict(corpus: list[tuple[int, tuple[Entity, ...], tuple[Entity, ...]]]) -> None:
    gold, predicted = [c[1] for c in corpus], [c[2] for c in corpus]
    report = entity_report(entity_counts(gold, predicted, LABELS), LABELS, len(corpus))
    occurring = [label for label in LABELS if any(e.label == label for _, g, p in corpus for e in (*g, *p))]
    if not occurring:  # seqeval fails with an error where there is no entity at all
        assert (report.value, report.macro.f1, report.examples) == (0.0, 0.0, len(corpus))
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = seqeval_report(
            [tags(length, g) for length, g, _ in corpus],
            [tags(length, p) for length, _, p in corpus],
            mode="strict",
            scheme=IOB2,
            output_dict=True,
            zero_division=0,
        )
    check_against(report, theirs, occurring)
    assert report.metric == "f1"
    assert report.value == pytest.approx(theirs["micro avg"]["f1-score"])


@given(st.lists(st.tuples(st.sampled_from(LABELS), st.sampled_from(LABELS)), min_size=1, max_size=30))
def test_class_figures_equal_scikit_learn(pairs: list[tuple[str, str]]) -> None:
    gold, predicted = [g for g, _ in pairs], [p for _, p in pairs]
    report = class_report(class_counts(gold, predicted, LABELS), LABELS)
    theirs = sklearn.metrics.classification_report(gold, predicted, output_dict=True, zero_division=0)
    check_against(report, theirs, sorted(set(gold) | set(predicted)))
    assert report.metric == "accuracy"
    assert report.value == report.accuracy == pytest.approx(sklearn.metrics.accuracy_score(gold, predicted))
    matrix = sklearn.metrics.confusion_matrix(gold, predicted, labels=LABELS)
    assert np.array_equal(np.array(report.confusion), matrix)


label_sets = st.sets(st.sampled_from(LABELS))


@given(st.lists(st.tuples(label_sets, label_sets), min_size=1, max_size=20))
def test_multilabel_figures_equal_scikit_learn(pairs: list[tuple[set[str], set[str]]]) -> None:
    gold, predicted = [g for g, _ in pairs], [p for _, p in pairs]
    report = multilabel_report(multilabel_counts(gold, predicted, LABELS), LABELS)
    gold_matrix = np.array([[label in g for label in LABELS] for g in gold], int)
    predicted_matrix = np.array([[label in p for label in LABELS] for p in predicted], int)
    theirs = sklearn.metrics.classification_report(
        gold_matrix, predicted_matrix, target_names=LABELS, output_dict=True, zero_division=0
    )
    check_against(report, theirs, list(LABELS))
    assert report.value == pytest.approx(theirs["micro avg"]["f1-score"])
    assert report.accuracy == pytest.approx(sklearn.metrics.accuracy_score(gold_matrix, predicted_matrix))
    assert report.examples == len(pairs)


@given(corpora(), st.integers(0, 6))
def test_counts_of_parts_add_up_to_the_counts_of_the_whole(
    corpus: list[tuple[int, tuple[Entity, ...], tuple[Entity, ...]]], cut: int
) -> None:
    gold, predicted = [c[1] for c in corpus], [c[2] for c in corpus]
    parts = entity_counts(gold[:cut], predicted[:cut], LABELS) + entity_counts(gold[cut:], predicted[cut:], LABELS)
    assert np.array_equal(parts, entity_counts(gold, predicted, LABELS))


@pytest.mark.parametrize("guess", [entity(0, 3, "PER"), entity(1, 2, "PER"), entity(0, 2, "LOC")])
def test_an_entity_counts_only_when_start_end_and_label_are_right(guess: Entity) -> None:
    counts = entity_counts([[entity(0, 2, "PER")]], [[guess]], LABELS)
    assert counts[:, 0].sum() == 0
    assert counts[:, 1].sum() == counts[:, 2].sum() == 1


def test_scores_and_text_of_an_entity_do_not_matter() -> None:
    counts = entity_counts([[Entity(0, 2, "PER", "张三")]], [[Entity(0, 2, "PER", "张三", score=0.4)]], LABELS)
    assert counts.tolist() == [[1, 1, 1], [0, 0, 0], [0, 0, 0], [0, 0, 0]]


def test_an_unknown_label_is_named() -> None:
    with pytest.raises(InputError, match=r"'GPE' is not one of the model's labels \(PER, LOC"):
        entity_counts([[entity(0, 2, "GPE")]], [[]], LABELS)
    with pytest.raises(InputError, match="'体育'"):
        class_counts(["体育"], ["财经"], ["财经"])


def test_lists_of_different_length_are_refused() -> None:
    with pytest.raises(ValueError, match="argument 2"):
        class_counts(["PER"], [], LABELS)


def test_a_report_is_json() -> None:
    confusion = class_counts(["PER", "LOC", "LOC"], ["PER", "PER", "LOC"], LABELS)
    record = json.loads(json.dumps(class_report(confusion, LABELS).to_dict()))
    assert record["metric"] == "accuracy"
    assert record["value"] == record["accuracy"] == pytest.approx(2 / 3)
    assert record["per_label"]["PER"] == {"precision": 0.5, "recall": 1.0, "f1": pytest.approx(2 / 3), "support": 1}
    assert record["confusion"] == {"labels": list(LABELS), "rows": [[1, 0, 0, 0], [1, 1, 0, 0], [0] * 4, [0] * 4]}


def test_nothing_evaluated_is_all_zero() -> None:
    report = multilabel_report(multilabel_counts([], [], LABELS), LABELS)
    assert (report.value, report.accuracy, report.examples) == (0.0, 0.0, 0)
