"""What a check of labelled files finds, and the page that shows it.

Tests `paddle_ner.data.findings` and `paddle_ner.data.inspection.page` too.
"""

from __future__ import annotations

from typing import Any

import pytest

from paddle_ner.data.checking import check_file
from paddle_ner.data.findings import Finding, by_severity
from paddle_ner.data.inspection import File, Vocabulary, inspect, page, training_file
from paddle_ner.data.records import Rejected
from paddle_ner.errors import InputError
from paddle_ner.features.tokenizer import Tokenizer
from paddle_ner.types import Entity, Example


def file(path: str, examples: list[Example], role: str = "") -> File:
    return File(check_file(path, examples), examples, role)


def people(count: int, label: str = "PER") -> list[Example]:
    return [Example(f"{n:04}人", (Entity.of(f"{n:04}人", 4, 5, label),), origin=f"a:{n}") for n in range(count)]


def found_in(*files: File, **more: Any) -> tuple[Finding, ...]:
    return inspect(files, **more).findings


def checks(findings: tuple[Finding, ...]) -> list[tuple[str, str]]:
    return [(one.check, one.severity) for one in findings]


def test_the_training_file_is_the_largest_that_is_annotated_or_the_one_said() -> None:
    large, small = file("large", people(9)), file("small", people(3))
    bare = file("bare", [Example(f"{n}") for n in range(20)])
    assert training_file([small, large, bare]) is large
    said = file("said", people(1), "train")
    assert training_file([large, said]) is said
    with pytest.raises(InputError, match="2 files to train on, expected one"):
        training_file([said, said])


def test_labels_that_train_lacks_would_end_a_training() -> None:
    found = found_in(file("train", people(200)), file("dev", people(3, "LOC")))
    assert checks(found)[0] == ("unknown-label", "error")
    assert found[0].message == "dev: entity types that train does not have: LOC"


@pytest.mark.parametrize(
    ("examples", "check"),
    [
        ([Example("甲"), Example("乙")], "no-annotation"),
        ([Example("甲", ()), Example("乙", ())], "no-annotation"),
        ([Example("甲", label="正"), Example("乙", label="正")], "single-label"),
    ],
)
def test_what_nothing_can_be_learned_of(examples: list[Example], check: str) -> None:
    assert (check, "error") in checks(found_in(file("a", examples)))


def test_files_that_are_annotated_with_different_things() -> None:
    found = found_in(file("train", people(200)), file("dev", [Example("好", label="正")]))
    assert found[0].message == "dev: annotated with one label, but train with entities"


def test_an_unannotated_dev_set_is_an_error_and_another_file_a_note() -> None:
    bare = [Example("甲")]
    assert ("no-annotation", "error") in checks(found_in(file("t", people(200)), file("d", bare, "dev")))
    assert ("no-annotation", "note") in checks(found_in(file("t", people(200)), file("d", bare)))


def test_texts_that_need_several_windows_the_longest_first() -> None:
    examples = [Example("人" * length, origin=f"a:{length}") for length in (5, 9, 7)]
    vocabulary = Vocabulary("mine", Tokenizer.characters(["人"]), 8)
    found = next(one for one in found_in(file("a", examples), vocabulary=vocabulary) if one.check == "several-windows")
    assert found.message.startswith("2 of 3 texts have more than 6 tokens and need several windows of 8 (mine)")
    assert [place.origin for place in found.places] == ["a:9", "a:7"]


def test_the_worst_comes_first() -> None:
    mixed = [Finding("a", "note", "", 1), Finding("b", "error", "", 1), Finding("c", "warning", "", 1)]
    assert [one.check for one in by_severity(mixed)] == ["b", "c", "a"]


def test_the_page_shows_findings_places_and_histograms_and_loads_nothing() -> None:
    files = [file("<train>", people(30)), file("dev", [*people(1), *people(2, "<LOC>")])]
    shown = page.render(inspect(files))
    assert "&lt;train&gt; <small>train</small>" in shown and "<train>" not in shown
    assert "entity types that &lt;train&gt; does not have: &lt;LOC&gt;" in shown
    assert shown.count("<svg") == 6 and "<title>1: 30</title>" in shown
    assert "http" not in shown and "<script" not in shown and "<link" not in shown


def test_the_page_lists_bad_records() -> None:
    bad = [Rejected.at("a", line, f"offset {line} is <wrong>") for line in range(1, 9)]
    shown = page.render(inspect([File(check_file("a", [*people(9), *bad]), people(9))]))
    assert "8 problems" in shown and "offset 1 is &lt;wrong&gt; (and 7 more like it: lines 2, 3, 4, 5, …)" in shown


def test_overlapping_entities_are_an_error_where_a_training_would_refuse_them() -> None:
    nested = [Example("北京大学", (Entity.of("北京大学", 0, 4, "ORG"), Entity.of("北京大学", 0, 2, "LOC")))]
    assert ("overlap", "warning") in checks(found_in(file("a", nested)))
    refused = inspect([file("a", nested)], takes_overlaps=False)
    assert ("overlap", "error") in checks(refused.findings) and refused.breaks_training
