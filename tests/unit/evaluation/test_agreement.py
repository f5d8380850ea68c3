from __future__ import annotations

import pytest

from paddle_ner.evaluation.gate import agreement
from paddle_ner.types import Entity, Prediction

TEXT = "王小明在北京"


def found(*spans: tuple[int, int, str], score: float = 0.9) -> Prediction:
    return Prediction(TEXT, entities=tuple(Entity.of(TEXT, *span, score) for span in spans))


def test_scores_do_not_count_but_every_span_and_label_does() -> None:
    one = found((0, 3, "PER"), (4, 6, "LOC"))
    others = [found((0, 3, "PER"), (4, 6, "LOC"), score=0.5), found((0, 3, "PER")), found((0, 3, "PER"), (4, 6, "ORG"))]
    assert agreement([one] * 3, others) == pytest.approx(1 / 3)


def test_classes_agree_in_any_order() -> None:
    one, other = Prediction(TEXT, labels=("a", "b")), Prediction(TEXT, labels=("b", "a"))
    assert agreement([one, Prediction(TEXT, label="a")], [other, Prediction(TEXT, label="b")]) == 0.5


def test_answers_to_other_texts_are_not_compared() -> None:
    with pytest.raises(ValueError, match="shorter"):
        agreement([found()], [])
