from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from paddle_ner.evaluation.cutoff import best_f1, choices, first_with_precision
from paddle_ner.tasks.metrics import entity_counts, entity_report
from paddle_ner.tasks.min_score import keep
from paddle_ner.types import Entity, Example, Prediction

TEXT = "王小明在北京大学"
LABELS = ("LOC", "PER")


def answer(*places: tuple[int, int, str, float]) -> Prediction:
    return Prediction(TEXT, tuple(Entity.of(TEXT, *place) for place in places))


def example(*places: tuple[int, int, str]) -> Example:
    return Example(TEXT, tuple(Entity.of(TEXT, *place) for place in places))


# One wrong entity among the weakest, one in the middle.
GOLD = [example((0, 3, "PER"), (4, 6, "LOC")), example((4, 8, "LOC"), (0, 3, "PER"))]
PREDICTED = [
    answer((0, 3, "PER", 0.9), (4, 6, "PER", 0.6), (4, 6, "LOC", 0.31)),
    answer((4, 8, "LOC", 0.8), (0, 2, "PER", 0.002)),
]


def test_each_set_of_entities_that_a_score_can_keep_has_a_choice_from_all_on() -> None:
    found = [(one.min_score, one.scores.precision, one.scores.recall) for one in choices(GOLD, PREDICTED)]
    assert found == [(0.0, 3 / 5, 3 / 4), (0.2, 3 / 4, 3 / 4), (0.5, 2 / 3, 1 / 2), (0.7, 1, 1 / 2), (0.85, 1, 1 / 4)]


def test_the_best_f1_leaves_out_no_more_than_it_must() -> None:
    best = best_f1(choices(GOLD, PREDICTED))
    assert (best.min_score, best.scores.f1) == (0.2, 3 / 4)
    assert best_f1(choices(GOLD, [answer(), answer()])).min_score == 0
    right = [answer((0, 3, "PER", 0.1), (4, 6, "LOC", 0.2)), answer((4, 8, "LOC", 0.3), (0, 3, "PER", 0.4))]
    assert (best_f1(choices(GOLD, right)).min_score, best_f1(choices(GOLD, right)).scores.f1) == (0, 1)


def test_a_wanted_precision_is_reached_by_leaving_out_the_least() -> None:
    made = choices(GOLD, PREDICTED)
    wanted = {precision: first_with_precision(made, precision) for precision in (0.6, 0.75, 0.76, 1.0)}
    assert {precision: one and one.min_score for precision, one in wanted.items()} == {
        0.6: 0,
        0.75: 0.2,
        0.76: 0.7,
        1.0: 0.7,
    }
    assert first_with_precision(choices([example()], [answer((0, 3, "PER", 1.0))]), 0.5) is None


@st.composite
def labelled(draw: st.DrawFn) -> tuple[list[Example], list[Prediction]]:
    places = st.tuples(st.integers(0, 3), st.integers(4, 6), st.sampled_from(LABELS))
    scores = st.sampled_from([0.0, 1e-9, 0.3, 0.30000000000000004, 1 / 3, 0.5, 1.0]) | st.floats(0, 1)
    size = draw(st.integers(1, 4))
    gold = [example(*draw(st.sets(places, max_size=4))) for _ in range(size)]
    found = [draw(st.lists(st.tuples(places, scores), max_size=5)) for _ in range(size)]
    return gold, [answer(*((*place, score) for place, score in one)) for one in found]


@given(labelled())
def test_each_choice_has_the_figures_of_the_metric_and_none_is_missing(
    both: tuple[list[Example], list[Prediction]],
) -> None:
    gold, predicted = both

    def micro(least: float) -> object:
        kept = [keep(one, {"*": least}).entities or () for one in predicted]
        return entity_report(entity_counts([one.entities or () for one in gold], kept, LABELS), LABELS, 1).micro

    made = choices(gold, predicted)
    assert [one.scores for one in made] == [micro(one.min_score) for one in made]
    scores = {entity.score or 0.0 for one in predicted for entity in one.entities or ()}
    every = [micro(0.0), *(micro(score) for score in scores)]
    assert {str(one) for one in every} == {str(one.scores) for one in made}
