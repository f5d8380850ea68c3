from __future__ import annotations

from typing import Any

import pytest

from paddle_ner import tasks
from paddle_ner.errors import InputError


@pytest.mark.parametrize(
    ("label", "reason"),
    [
        ("A\nB", "cannot be seen"),
        ("\x1b[31mPER", "cannot be seen"),
        ("PER\u202e", "cannot be seen"),
        ("PER\u200b", "cannot be seen"),
        ("A\u3000B", "cannot be seen"),
        ("", "is no label"),
        (" ", "is no label"),
        (5, "is no label"),
        ("PER ", "begins or ends with a space"),
        ("O", "is the tag of no entity"),
        ("o", "is the tag of no entity"),
        ("LOC", "is there twice"),
    ],
)
def test_a_name_that_cannot_be_a_label_is_refused_when_the_task_is_created(label: Any, reason: str) -> None:
    with pytest.raises(InputError, match=f"task ner: .*{reason}") as error:
        tasks.create("ner", ["LOC", label])
    assert str(error.value).isprintable()


def test_a_class_may_be_called_as_the_tag_of_no_entity() -> None:
    assert tasks.create("classification", ["O", "A", "血型 B"]).labels == ("O", "A", "血型 B")


def test_rare_characters_that_no_unicode_of_this_python_knows_may_stand_in_a_label() -> None:
    assert tasks.create("ner", ["\U0003347a", "\ue863"]).labels == ("\U0003347a", "\ue863")
