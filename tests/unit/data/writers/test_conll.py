from __future__ import annotations

import pytest

from paddle_ner.errors import InputError
from paddle_ner.types import Entity, Example
from tests.unit.data.writers.conftest import Write


def example(text: str, *spans: tuple[int, int, str], origin: str = "in.jsonl:3") -> Example:
    return Example(text, tuple(Entity.of(text, *span) for span in spans), origin=origin)


def test_a_character_and_its_tag_a_line(write: Write) -> None:
    assert write("conll", example("王芳 在", (0, 2, "PER"))) == "王\tB-PER\n芳\tI-PER\n \tO\n在\tO\n\n"


def test_tags_of_bioes_say_ends_and_single_characters(write: Write) -> None:
    found = example("王芳在京", (0, 2, "PER"), (3, 4, "LOC"))
    assert write("bioes", found) == "王\tB-PER\n芳\tE-PER\n在\tO\n京\tS-LOC\n\n"
    assert write("bioes", example("在北京市", (1, 4, "LOC"))) == "在\tO\n北\tB-LOC\n京\tI-LOC\n市\tE-LOC\n\n"


@pytest.mark.parametrize(
    ("refused", "reason"),
    [
        (example("北京大学", (0, 4, "ORG"), (0, 2, "LOC")), "overlapping entities"),
        (example("北京\n大学", (0, 2, "LOC")), r"'\\n' in the text"),
        (example("北京\r大学"), r"'\\r' in the text"),
        (example("北京\t大学"), r"'\\t' in the text"),
        (example("北京", (0, 2, "a place")), "space in the label 'a place'"),
        (example(""), "an empty text"),
        (Example("好", label="好", origin="in.jsonl:3"), "no entities"),
    ],
)
def test_what_columns_cannot_hold_is_refused_in_one_line(write: Write, refused: Example, reason: str) -> None:
    with pytest.raises(InputError, match=rf"^in\.jsonl:3: {reason}[^\n]*$"):
        write("conll", refused)
