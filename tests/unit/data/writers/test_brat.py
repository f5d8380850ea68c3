from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from paddle_ner.data import ReadOptions, load, write
from paddle_ner.errors import InputError
from paddle_ner.types import Entity, Example
from tests.labelled import entities_of


def example(text: str, *spans: tuple[int, int, str], **more: Any) -> Example:
    return Example(text, tuple(Entity.of(text, *span) for span in spans), **more)


def test_a_text_and_its_annotation_are_two_files_called_as_the_id(tmp_path: Path) -> None:
    found = [example("王芳在北京", (0, 2, "PER"), (3, 5, "LOC"), id="doc-1"), example("好", id="../x"), example("坏")]
    assert write(tmp_path / "out", found, "brat") == 3
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "000002.ann", "000002.txt", "000003.ann", "000003.txt", "doc-1.ann", "doc-1.txt"]  # fmt: skip
    assert (tmp_path / "out/doc-1.ann").read_text("utf-8") == "T1\tPER 0 2\t王芳\nT2\tLOC 3 5\t北京\n"
    assert (tmp_path / "out/000002.ann").read_text("utf-8") == ""


def test_an_entity_over_a_line_end_is_written_in_parts_and_read_as_one(tmp_path: Path) -> None:
    whole = example("北京\n大学好", (0, 5, "ORG"), (3, 5, "NOUN"), id="a")
    write(tmp_path / "out", [whole], "brat")
    assert (tmp_path / "out/a.ann").read_text("utf-8").startswith("T1\tORG 0 2;3 5\t北京 大学\n")
    (again,) = load(tmp_path / "out", options=ReadOptions(overlaps="allow"))
    assert {(one.start, one.end, one.label) for one in entities_of(again)} == {(0, 5, "ORG"), (3, 5, "NOUN")}


@pytest.mark.parametrize(
    ("refused", "reason"),
    [
        (example("北京\n", origin="a:3"), "a line end at the end of the text"),
        (example("北京", (0, 2, "a place"), origin="a:3"), "space in the label 'a place'"),
        (example("北\n京", (0, 2, "LOC"), origin="a:3"), "entity '北\\\\n' begins or ends with a line end"),
        (Example("好", label="好", origin="a:3"), "no entities"),
    ],
)
def test_what_brat_cannot_hold_is_refused_and_nothing_is_left(tmp_path: Path, refused: Example, reason: str) -> None:
    with pytest.raises(InputError, match=rf"^a:3: {reason}[^\n]*$"):
        write(tmp_path / "out", [example("好"), refused], "brat")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_holds_something_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("x")
    with pytest.raises(InputError, match="exists already, expected the name of a new folder for brat"):
        write(tmp_path, [example("好")], "brat")
    with pytest.raises(InputError, match="format brat cannot go to the standard output"):
        write("-", [example("好")], "brat")
