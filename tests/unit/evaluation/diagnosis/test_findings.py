"""What is said of a diagnosis, in both languages, and what is done first.

Tests `paddle_ner.evaluation.diagnosis.diagnose`, `paddle_ner.evaluation.diagnosis.labels` and
`paddle_ner.evaluation.pages.words` too.
"""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from paddle_ner.evaluation.diagnosis.diagnose import Diagnosis, diagnose
from paddle_ner.evaluation.diagnosis.findings import findings, order_to_label
from paddle_ner.evaluation.diagnosis.training import Training
from paddle_ner.evaluation.pages.words import _FINDINGS, worded
from paddle_ner.tasks.scoring import ClassScoring, EntityScoring, MultiLabelScoring, Scoring
from paddle_ner.types import Example, Prediction
from tests.unit.evaluation.diagnosis.diagnosis_builders import TEXT, answer, example


def diagnosed(
    gold: list[Example],
    answers: list[Prediction],
    scoring: Scoring = EntityScoring(("PER", "LOC", "ORG")),  # noqa: B008  # it is frozen
    **more: Any,
) -> Diagnosis:
    return diagnose(scoring.report(scoring.count(gold, answers), len(gold)), gold, answers, **more)


def found(diagnosis: Diagnosis) -> dict[str, Any]:
    return {one.name: dict(one.values) for one in findings(diagnosis)}


RIGHT = (example((0, 3, "PER"), (4, 8, "ORG")), answer((0, 3, "PER", 0.9), (4, 8, "ORG", 0.9)))


def test_where_everything_is_right_there_is_nothing_to_do() -> None:
    assert found(diagnosed([RIGHT[0]] * 100, [RIGHT[1]] * 100)) == {}


def test_missed_entities_of_a_type_come_first() -> None:
    gold, answers = [RIGHT[0]] * 100, [RIGHT[1]] * 70 + [answer((0, 3, "PER", 0.9))] * 30
    diagnosis = diagnosed(gold, answers)
    said = found(diagnosis)
    assert said["worst type"] == {"label": "ORG", "share": 1.0, "f1": pytest.approx(140 / 170)}
    assert said["missed"] == {"share": 1.0} and "low" not in said
    (org,) = order_to_label(diagnosis)
    assert (org.errors, org.kinds, org.lost_names) == (30, {"missed": 30}, (("北京大学", 30),))
    assert diagnosis.worst == tuple(range(70, 100))


def test_wrong_types_are_named() -> None:
    gold, answers = [RIGHT[0]] * 40, [answer((0, 3, "PER", 0.9), (4, 8, "LOC", 0.9))] * 40
    said = found(diagnosed(gold, answers))
    assert said["type"] == {"share": 1.0, "gold": "ORG", "found": "LOC", "count": 40}
    assert said["low"] == {"value": 0.5} and said["calibration"] == {"error": pytest.approx(0.4)}


def test_borders_and_what_is_invented() -> None:
    gold, answers = [RIGHT[0]] * 30, [answer((0, 2, "PER", 0.9), (4, 8, "ORG", 0.9), (8, 9, "LOC", 0.9))] * 30
    said = found(diagnosed(gold, answers))
    assert said["borders"] == {"share": 0.5} == said["invented"]


def test_what_training_held() -> None:
    training = Training.of([example((0, 3, "PER"))] * 60)
    gold, answers = [RIGHT[0]] * 40, [answer((0, 3, "PER", 0.9))] * 40
    said = found(diagnosed(gold, answers, training=training))
    assert said["unseen"] == {"seen": 1.0, "unseen": 0.0}
    assert said["few"] == {"labels": "LOC (0), ORG (0)", "least": 50} and said["repeated"] == {"count": 40}


def test_a_length_that_is_weak() -> None:
    long = TEXT + "字" * 30
    gold = [RIGHT[0]] * 50 + [example((0, 3, "PER"), text=long)] * 50
    said = found(diagnosed(gold, [RIGHT[1]] * 50 + [answer(text=long)] * 50))
    assert said["length"] == {"worst": "21-50", "f1": 0.0, "best": 1.0}


def test_a_small_test_set() -> None:
    gold = [RIGHT[0]] * 20
    said = found(diagnosed(gold, [RIGHT[1]] * 12 + [answer()] * 8))
    assert said["wide"]["high"] - said["wide"]["low"] > 0.2 and said["wide"]["examples"] > 300


def test_a_least_score_that_helps() -> None:
    scores = [0.1 + 0.02 * step for step in range(30)]
    answers = [answer((0, 3, "PER", 0.95), (4, 8, "ORG", 0.95), (8, 9, "LOC", score / 2)) for score in scores]
    said = found(diagnosed([RIGHT[0]] * 30, answers))
    assert said["least score"]["f1"] == 1.0 and 0.34 < said["least score"]["score"] < 0.95


def test_classes_that_are_confused() -> None:
    gold = [Example(TEXT, label="a")] * 60 + [Example(TEXT, label="b")] * 40
    answers = [Prediction(TEXT, label="a", scores={"a": 0.6, "b": 0.4})] * 100
    diagnosis = diagnosed(gold, answers, ClassScoring(("a", "b")))
    assert found(diagnosis)["worst class"] == {
        "label": "a", "share": 0.5, "f1": 0.75, "gold": "b", "found": "a", "count": 40
    }  # fmt: skip
    assert diagnosis.confusion == ((60, 0), (40, 0)) and diagnosis.interval.low < 0.6 < diagnosis.interval.high


def test_several_classes_have_no_confusion() -> None:
    gold = [Example(TEXT, labels=("a",))] * 30
    answers = [Prediction(TEXT, labels=(), scores={"a": 0.4, "b": 0.1})] * 30
    diagnosis = diagnosed(gold, answers, MultiLabelScoring(("a", "b")))
    assert diagnosis.confusion is None and "worst label" in found(diagnosis)
    assert [(one.min_score, one.scores.f1) for one in diagnosis.choices] == [(0.0, pytest.approx(2 / 3)), (0.2, 1.0)]


def test_the_figures_are_json() -> None:
    diagnosis = diagnosed([RIGHT[0]] * 5, [answer((0, 3, "LOC", 0.9))] * 5, other=[RIGHT[1]] * 5)
    record = json.loads(json.dumps(diagnosis.to_dict()))
    assert record["comparison"]["overall"]["other"] == 1.0 and record["labels"][2]["kinds"] == {"missed": 5}


@pytest.mark.parametrize("name", _FINDINGS)
def test_both_languages_have_the_same_figures(name: str) -> None:
    english, chinese = (sorted(re.findall(r"{[^}]*}", words)) for words in _FINDINGS[name])
    assert set(english) == set(chinese) and english


def test_names_from_the_data_are_text() -> None:
    diagnosis = diagnosed([RIGHT[0]] * 30, [answer()] * 30, training=Training.of([]))
    assert all("<script" not in worded(one) for one in findings(diagnosis))
