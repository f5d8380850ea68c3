from __future__ import annotations

import io

import numpy as np
import pytest
from numpy.typing import NDArray
from rich.console import Console

from paddle_ner.evaluation.cutoff import Choice
from paddle_ner.evaluation.report import min_score_lines, render
from paddle_ner.tasks.metrics import Report, class_report, entity_report, multilabel_report, ratios


def shown(report: Report, width: int = 80) -> list[str]:
    """The lines that a terminal of this width would show; none of them is longer."""
    console = Console(file=io.StringIO(), width=width, soft_wrap=True, highlight=False)
    render(report, console)
    assert isinstance(console.file, io.StringIO)
    return [" ".join(line.split()) for line in console.file.getvalue().splitlines()]


def confusion(size: int, right: int = 900) -> NDArray[np.int64]:
    matrix = np.eye(size, dtype=np.int64) * right
    matrix[0, size - 1] = 7
    return matrix


def test_entities_are_shown_by_label_and_averaged() -> None:
    counts = np.array([[3, 4, 6], [0, 0, 0]])
    lines = shown(entity_report(counts, ["PER", "[LOC]"], 1234))
    assert lines[0] == "F1 60.00 % over 1,234 examples"
    assert "label precision recall F1 support" in lines
    assert "PER 75.00 50.00 60.00 6" in lines
    assert "[LOC] 0.00 0.00 0.00 0" in lines  # square brackets are a label here, not markup
    assert "micro 75.00 50.00 60.00 6" in lines
    assert not any(line.startswith("confusion") for line in lines)


def test_classes_are_shown_with_their_confusion_matrix() -> None:
    lines = shown(class_report(np.array([[8, 2], [0, 10]]), ["负面", "正面"]))
    assert lines[0] == "accuracy 90.00 % over 20 examples"
    assert "gold 负面 正面" in lines
    assert "负面 8 2" in lines
    assert "正面 · 10" in lines


def test_labels_too_wide_for_the_matrix_are_numbered() -> None:
    labels = [f"a rather long class name {i}" for i in range(5)]
    lines = shown(class_report(confusion(5), labels))
    assert "gold 1 2 3 4 5" in lines
    assert f"1 {labels[0]} 900 · · · 7" in lines


@pytest.mark.parametrize(("size", "width"), [(16, 200), (15, 60)])
def test_a_matrix_that_would_not_fit_becomes_a_list_of_confusions(size: int, width: int) -> None:
    lines = shown(class_report(confusion(size), [f"class{i}" for i in range(size)]), width)
    assert "gold predicted examples % of gold" in lines
    assert f"class0 class{size - 1} 7 0.77" in lines


def test_the_list_says_how_much_it_leaves_out() -> None:
    matrix = np.full((20, 20), 1, np.int64)
    lines = shown(class_report(matrix, [f"class{i}" for i in range(20)]))
    assert "and 370 examples in 370 other pairs" in lines


def test_many_classes_without_a_mistake() -> None:
    matrix = np.eye(20, dtype=np.int64)
    assert "no class is taken for another" in shown(class_report(matrix, [f"class{i}" for i in range(20)]))


@pytest.mark.parametrize("size", [2, 10, 14, 15, 16])
@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_line_is_wider_than_the_terminal(size: int, width: int) -> None:
    console = Console(file=io.StringIO(), width=width, soft_wrap=True, highlight=False)
    render(class_report(confusion(size, right=12345), [f"类别{i}" for i in range(size)]), console)
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    assert max(Console().measure(line).maximum for line in text.splitlines()) <= width
    assert "…" not in text


def test_multilabel_shows_the_share_of_examples_that_are_right_as_a_whole() -> None:
    lines = shown(multilabel_report(np.array([[10, 20, 15], [12, 17, 17]]), ["a"]))
    assert lines[0] == "F1 57.14 % over 17 examples, all labels right in 70.59 %"


CHOICES = [Choice(0.0, ratios(3, 5, 4)), Choice(0.123456789, ratios(3, 4, 4)), Choice(0.5, ratios(1, 1, 4))]


@pytest.mark.parametrize(
    ("precision", "said"),
    [
        (None, []),
        (0.9, ["precision of at least 90 %: F1 40.00 %, precision 100.00 %, recall 25.00 %, with --min-score 0.5"]),
        (0.6, ["precision of at least 60 %: F1 66.67 %, precision 60.00 %, recall 75.00 %, with --min-score 0"]),
    ],
)
def test_a_min_score_is_said_with_all_its_digits_and_its_figures(precision: float | None, said: list[str]) -> None:
    best = "best F1 75.00 %, precision 75.00 %, recall 75.00 %, with --min-score 0.123456789"
    assert min_score_lines(CHOICES, precision) == [best, *said]


def test_a_precision_that_no_min_score_has_is_said_with_the_highest() -> None:
    lines = min_score_lines(CHOICES[:2], 0.99)
    assert lines[1] == "no --min-score has a precision of 99 %, the highest is 75.00 %"
