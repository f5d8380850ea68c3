from __future__ import annotations

import pytest

from paddle_ner.training.augmentation.join import joined
from paddle_ner.types import Entity, Example


def example(text: str, *places: tuple[int, int]) -> Example:
    return Example(text, entities=tuple(Entity.of(text, *place, "LOC") for place in places))


EXAMPLES = [example(f"{number}在北京。", (2, 4)) for number in range(10)]


def test_the_sentences_of_a_joined_example_have_no_mark_between_them_and_keep_their_entities() -> None:
    for made in joined(EXAMPLES, 1.0, seed=1):
        assert len(made.text) in (8, 12) and "。" not in made.text
        assert [(entity.start % 4, entity.text) for entity in made.entities or ()] == [(2, "北京")] * (
            len(made.text) // 4
        )


def test_a_mark_in_an_entity_stays() -> None:
    (made,) = joined([example("看《走！！", (1, 4)), example("看《走！！", (1, 4))], 1.0, seed=1)
    assert made.text == "看《走！看《走！"


@pytest.mark.parametrize(("share", "least", "most"), [(0.0, 0, 0), (0.4, 20, 30), (1.0, 40, 50)])
def test_as_many_characters_are_drawn_as_were_asked_for_each_example_once(share: float, least: int, most: int) -> None:
    drawn = [text[0] for made in joined(EXAMPLES, share, seed=1) for text in made.text.split("北京")[:-1]]
    assert least <= 5 * len(drawn) <= most
    assert len(set(drawn)) == len(drawn)


def test_the_draw_depends_on_the_seed_alone() -> None:
    texts = [[made.text for made in joined(EXAMPLES, 0.6, seed)] for seed in (1, 1, 2)]
    assert texts[0] == texts[1] != texts[2]
