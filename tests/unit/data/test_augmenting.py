from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddle_ner.data.augmenting import Edit, edited, make, noise, other_entities, other_words, read_table
from paddle_ner.errors import InputError
from paddle_ner.types import Entity, Example
from tests.labelled import entities_of


def example(text: str, *spans: tuple[int, int, str]) -> Example:
    return Example(text, tuple(Entity.of(text, *span) for span in spans))


def spans(one: Example | None) -> list[tuple[str, str]]:
    return [(entity.label, entity.text) for entity in entities_of(one)]


def text_of(changed: Example | None) -> str:
    """The text of an example that was changed."""
    assert changed is not None
    return changed.text


def all_right(one: Example | None) -> bool:
    return all(text_of(one)[entity.start : entity.end] == entity.text for entity in entities_of(one))


def test_edits_move_what_stands_behind_them() -> None:
    before = example("王芳在北京大学", (0, 2, "PER"), (3, 7, "ORG"))
    after = edited(before, [Edit(0, 2, "欧阳修"), Edit(2, 3, ""), Edit(5, 7, "大")])
    assert after.text == "欧阳修北京大"
    assert [(one.start, one.end) for one in entities_of(after)] == [(0, 3), (3, 6)]


def test_every_entity_becomes_another_one_of_its_type() -> None:
    examples = [
        example("王芳在北京，王芳好", (0, 2, "PER"), (3, 5, "LOC"), (6, 8, "PER")),
        example("李小明", (0, 3, "PER")),
        example("去上海市", (1, 4, "LOC")),
    ]
    after = other_entities(examples)(examples[0], np.random.default_rng(1))
    assert text_of(after) == "李小明在上海市，李小明好"
    assert spans(after) == [("PER", "李小明"), ("LOC", "上海市"), ("PER", "李小明")]
    assert all_right(after)


def test_entities_without_another_of_their_type_and_nested_ones_stay() -> None:
    lonely = [example("在北京", (1, 3, "LOC"))]
    assert other_entities(lonely)(lonely[0], np.random.default_rng(1)) is None
    nested = [example("北京大学在上海", (0, 4, "ORG"), (0, 2, "LOC"), (5, 7, "LOC")), example("天津", (0, 2, "LOC"))]
    after = other_entities(nested)(nested[0], np.random.default_rng(1))
    assert text_of(after) in ("北京大学在天津", "北京大学在北京")


def test_words_of_a_table_are_replaced_inside_and_outside_of_entities_but_not_across_their_borders() -> None:
    change = other_words({"北京大学": ["北大"], "高兴": ["开心"], "在北": ["到北"]})
    one = example("在北京大学高兴", (1, 5, "ORG"))
    made = {text_of(change(one, np.random.default_rng(seed))) for seed in range(30)}
    assert made == {"在北大高兴", "在北京大学开心", "在北大开心"}
    changed = (change(one, np.random.default_rng(seed)) for seed in range(9))
    after = next(found for found in changed if "北大" in text_of(found))
    assert spans(after) == [("ORG", "北大")]
    assert change(example("没有"), np.random.default_rng(1)) is None


def test_a_part_of_a_latin_word_is_no_word_of_the_table() -> None:
    change = other_words({"AI": ["人工智能"]})
    assert change(example("PAID"), np.random.default_rng(1)) is None
    assert text_of(change(example("用AI"), np.random.default_rng(1))) == "用人工智能"


@given(st.integers(0, 10_000), st.floats(0.01, 0.6))
def test_noise_keeps_every_entity(seed: int, rate: float) -> None:
    one = example("王芳昨天在北京大学见了李", (0, 2, "PER"), (5, 9, "ORG"), (5, 7, "LOC"), (11, 12, "PER"))
    after = noise([one], rate)(one, np.random.default_rng(seed))
    if after is not None:
        assert [entity.label for entity in entities_of(after)] == ["PER", "ORG", "LOC", "PER"]
        assert all_right(after)


def test_what_is_made_repeats_nothing_and_is_the_same_for_the_same_seed() -> None:
    examples = [example(f"{name}在{place}", (0, 2, "PER"), (3, 5, "LOC")) for name, place in zip(
        ["王芳", "李明", "赵云", "孙权"], ["北京", "上海", "天津", "重庆"], strict=True)]  # fmt: skip
    made = list(make(examples, other_entities(examples), 2, 7, avoid={"王芳在上海"}))
    texts = [one.text for _, one in made]
    assert sum(map(len, texts)) == 40 and len(set(texts)) == 8
    assert not {*texts} & {*(one.text for one in examples), "王芳在上海"}
    assert made == list(make(examples, other_entities(examples), 2, 7, avoid={"王芳在上海"}))
    assert made != list(make(examples, other_entities(examples), 2, 8, avoid={"王芳在上海"}))


def test_making_ends_where_nothing_new_can_be_made() -> None:
    examples = [example("甲在", (0, 1, "PER")), example("乙在", (0, 1, "PER")), example("丙来", (0, 1, "PER"))]
    texts = {one.text for _, one in make(examples, other_entities(examples), 100, 1)}
    assert texts == {"丙在", "甲来", "乙来"}


def test_words_of_a_line_stand_for_each_other(tmp_path: Path) -> None:
    path = tmp_path / "t.tsv"
    path.write_text("北京大学\t北大\n\n北大\tPKU\n", "utf-8")
    assert read_table(path) == {"北京大学": ["北大"], "北大": ["北京大学", "PKU"], "PKU": ["北大"]}


@pytest.mark.parametrize(
    ("content", "said"), [("甲\t乙\n丙\n", ":2: '丙', expected words"), ("\n", ": no words in it")]
)
def test_a_table_without_pairs_is_refused(tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "t.tsv").write_text(content, "utf-8")
    with pytest.raises(InputError, match=said):
        read_table(tmp_path / "t.tsv")


def test_with_repeats_as_much_is_made_as_was_asked_for() -> None:
    examples = [example("甲在", (0, 1, "PER")), example("乙在", (0, 1, "PER"))]
    made = [one.text for _, one in make(examples, other_entities(examples), 5, 1, repeats=True)]
    assert len(made) == 10 and {*made} == {"甲在", "乙在"}
