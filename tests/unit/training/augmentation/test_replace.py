from __future__ import annotations

import pytest

from paddle_ner.config import parse
from paddle_ner.training.augmentation import AUGMENTATIONS, shares_of
from paddle_ner.training.augmentation.replace import replaced
from paddle_ner.types import Entity, Example


def example(text: str, *places: tuple[int, int, str]) -> Example:
    return Example(text, entities=tuple(Entity.of(text, *place) for place in places))


EXAMPLES = [
    example("王明去了北京和上海", (0, 2, "PER"), (4, 6, "LOC"), (7, 9, "LOC")),
    example("李小红在呼和浩特", (0, 3, "PER"), (4, 8, "LOC")),
    example("今天下雨"),
]
SURFACES = {"PER": {"王明", "李小红"}, "LOC": {"北京", "上海", "呼和浩特"}}


def test_each_entity_is_another_one_of_its_type_and_the_rest_stays() -> None:
    made = replaced(EXAMPLES, 4.0, seed=1)
    frames = {"{}去了{}和{}", "{}在{}"}
    seen = set()
    for one in made:
        frame = one.text
        for entity in reversed(one.entities or ()):
            assert one.text[entity.start : entity.end] == entity.text
            assert entity.text in SURFACES[entity.label]
            frame = frame[: entity.start] + "{}" + frame[entity.end :]
        seen.add(frame)
        assert [entity.label for entity in one.entities or ()] in (["PER", "LOC", "LOC"], ["PER", "LOC"])
        original = EXAMPLES[0] if "去了" in one.text else EXAMPLES[1]
        assert all(new.text != old.text for new, old in zip(one.entities or (), original.entities or (), strict=True))
    assert seen == frames
    assert {entity.text for one in made for entity in one.entities or ()} == set.union(*SURFACES.values())


def test_what_reads_alike_does_so_afterwards() -> None:
    twice = example("北京人爱北京", (0, 2, "LOC"), (4, 6, "LOC"))
    for one in replaced([twice, *EXAMPLES], 5.0, seed=2):
        if "人爱" in one.text:
            first, second = one.entities or ()
            assert first.text == second.text != "北京"


def test_entities_that_overlap_stay_and_move_with_the_text() -> None:
    nested = example("李小红在北京大学医院", (0, 3, "PER"), (4, 10, "ORG"), (4, 6, "LOC"), (4, 8, "ORG"))
    other = example("王明", (0, 2, "PER"))
    made = [one for one in replaced([nested, other], 2.0, seed=1) if len(one.text) > 3]
    assert made and {one.text for one in made} == {"王明在北京大学医院"}
    assert [entity.text for entity in made[0].entities or ()] == ["王明", "北京大学医院", "北京", "北京大学"]


def test_without_another_surface_nothing_is_made() -> None:
    alone = [example("我在北京", (2, 4, "LOC")), example("去北京", (1, 3, "LOC")), example("好")]
    assert replaced(alone, 10.0, seed=1) == []


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0, 3.0])
def test_as_many_characters_are_made_as_were_asked_for(share: float) -> None:
    characters = sum(len(one.text) for one in EXAMPLES)
    made = sum(len(one.text) for one in replaced(EXAMPLES, share, seed=1))
    assert share * characters <= made < share * characters + 13


def test_the_draw_depends_on_the_seed_alone_and_leaves_what_is_given() -> None:
    before = [one.to_dict() for one in EXAMPLES]
    texts = [[made.text for made in replaced(EXAMPLES, 3.0, seed)] for seed in (1, 1, 2)]
    assert texts[0] == texts[1] != texts[2]
    assert [one.to_dict() for one in EXAMPLES] == before


def test_it_is_taken_where_it_is_asked_for_only() -> None:
    assert not AUGMENTATIONS["replace"].usual
    record = {"name": "x", "task": {"type": "ner"}, "data": {"train": "x"}, "training": {"augment": {"replace": 0.5}}}
    assert shares_of(parse(record, "config").training, "tokens", "ner") == {"replace": 0.5}
