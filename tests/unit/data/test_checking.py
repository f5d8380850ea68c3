from __future__ import annotations

from paddle_ner.data.checking import check_file, findings, warnings
from paddle_ner.data.records import Rejected
from paddle_ner.data.statistics import Statistics
from paddle_ner.types import Entity, Example

FEW = "examples are few to learn from, some hundreds are usual"


def labelled(*pairs: tuple[str, str]) -> list[Example]:
    return [Example(text, label=label) for text, label in pairs]


def test_texts_shared_between_files_are_counted_in_the_smaller() -> None:
    train = check_file("train", labelled(*[(f"文{n}", "正") for n in range(100)]))
    dev = check_file("dev", labelled(("文1", "正"), ("文1", "正"), ("新", "正")))
    assert list(warnings([dev, train])) == [
        "dev: 2 of 3 texts also stand in train, a score on them shows memory, not skill",
        "dev: 1 of 3 texts repeat an earlier one",
    ]


def test_texts_with_two_annotations_are_counted() -> None:
    file = check_file("a", labelled(("好", "正"), ("好", "负"), ("好", "负"), ("坏", "负"), ("坏", "负")))
    assert list(warnings([file])) == [
        "a: 3 of 5 texts repeat an earlier one",
        "a: 1 text with different annotations",
        f"a: 5 {FEW}",
        "a: labels that occur fewer than 50 times are hardly learned: 正 1, 负 4",
    ]


def test_repeated_ids_are_counted() -> None:
    file = check_file("a", [Example("甲", id="1"), Example("乙", id="1"), Example("丙", id="2")])
    assert list(warnings([file])) == ["a: 1 of 3 ids repeat an earlier one"]


def test_labels_and_types_that_the_largest_file_lacks_are_named() -> None:
    train = check_file("train", labelled(*[(f"文{n}", "正负"[n % 2]) for n in range(100)]))
    dev = check_file("dev", labelled(("丙", "中"), ("丁", "正"), ("戊", "负")))
    assert list(warnings([train, dev])) == ["dev: labels that train does not have: 中"]
    ner = check_file("train", [Example(f"{n:03}", (Entity(0, 1, "PER", "0"),)) for n in range(100)])
    test = check_file("test", [Example("丙丁", (Entity(0, 1, "LOC", "丙"), Entity(1, 2, "PER", "丁")))])
    assert list(warnings([ner, test])) == ["test: entity types that train does not have: LOC"]


def test_labels_that_dev_lacks_are_named() -> None:
    train = check_file("train", labelled(*[(f"文{n}", "正负"[n % 2]) for n in range(100)]))
    dev = check_file("dev", labelled(("丙", "正")))
    assert list(warnings([train, dev])) == ["dev: has no 负: its score says nothing of these labels"]


def test_what_is_trained_on_can_be_said() -> None:
    small = check_file("small", labelled(("甲", "正")))
    large = check_file("large", labelled(*[(f"文{n}", "正负"[n % 2]) for n in range(100)]))
    found = list(warnings([small, large], training=small))
    assert f"small: 1 {FEW}" in found
    assert "large: labels that small does not have: 负" in found


def test_a_label_of_its_own_for_each_text_is_doubted() -> None:
    file = check_file("a", labelled(*[(f"文{n}", f"号{n}") for n in range(120)]))
    assert list(warnings([file])) == ["a: 120 labels for 120 texts: is it the label that was read?"]


def test_bad_records_are_counted_and_strict_stops() -> None:
    found: list[Example | Rejected] = [Example("甲"), Rejected.at("a", 2, "x"), Rejected.at("a", 3, "y")]
    assert (check_file("a", found).bad, check_file("a", found, "strict").bad) == (2, 1)


def test_figures_of_lengths() -> None:
    statistics = Statistics()
    for length in range(1, 601):
        statistics.add(Example("长" * length, label="正"))
    record = statistics.to_dict()
    assert record["length"] == {
        "p50": 300, "p90": 540, "p95": 570, "p99": 594, "max": 600, "over_126": 474, "over_510": 90}  # fmt: skip
    assert (record["examples"], record["characters"], record["labels"]) == (600, 180300, {"正": 600})


def test_figures_of_entities() -> None:
    statistics = Statistics()
    statistics.add(Example("甲乙", (Entity(0, 1, "PER", "甲"), Entity(1, 2, "PER", "乙"))))
    statistics.add(Example("丙", ()))
    statistics.add(Example("丁"))
    record = statistics.to_dict()
    assert (record["entities"], record["with_entities"], record["annotated"]) == ({"PER": 2}, 1, 2)


def test_labels_that_read_alike_are_told_with_the_option_that_joins_them() -> None:
    file = check_file("a", labelled(*[(f"文{n}", ("PER", "per", "ＰＥＲ", "LOC")[min(n % 8, 3)]) for n in range(480)]))
    assert list(warnings([file])) == [
        "a: labels that differ in case, width, spaces or how a number is written: PER 60, per 60, ＰＥＲ 60"
        " (--label-map per=PER makes them one)"
    ]


def test_labels_of_programs_are_doubted() -> None:
    file = check_file("a", labelled(*[(f"文{n}", ("1", "1.0", "nan", "None")[n % 4]) for n in range(400)]))
    assert list(warnings([file])) == [
        "a: labels that may stand for a missing value: nan 100, None 100",
        "a: labels that differ in case, width, spaces or how a number is written: 1 100, 1.0 100 (--label-map 1.0=1"
        " makes them one)",
    ]


def test_overlapping_entities_that_were_kept_are_told() -> None:
    text = "北京大学"
    nested = [Example(f"{text}{n}", (Entity.of(text, 0, 4, "ORG"), Entity.of(text, 0, 2, "LOC"))) for n in range(100)]
    assert list(warnings([check_file("a", nested)])) == []
    assert [finding.message for finding in findings([check_file("a", nested)])] == [
        "a: 100 texts with overlapping entities, which model.head: span alone can learn: --overlaps outermost or"
        " innermost keeps one of them"
    ]


def test_a_shared_text_is_shown_with_both_lines_those_annotated_otherwise_first() -> None:
    train = check_file("train", [Example(f"文{n}", label="正负"[n % 2], origin=f"train:{n}") for n in range(300)])
    dev = check_file("dev", [Example("文1", label="负", origin="dev:1"), Example("文2", label="负", origin="dev:2")])
    leak = next(findings([train, dev]))
    assert leak.message.startswith("dev: 2 of 2 texts also stand in train (1 of them annotated otherwise), ")
    assert [str(place) for place in leak.places] == [
        "dev:2: '文2', annotated otherwise in train:2",
        "dev:1: '文1', also in train:1",
    ]


def test_a_text_that_contradicts_itself_is_shown_with_both_lines() -> None:
    found = [Example("好", label="正", origin="a:1"), Example("好", label="负", origin="a:7")]
    contradiction = next(one for one in findings([check_file("a", found)]) if one.check == "contradiction")
    assert [str(place) for place in contradiction.places] == ["a:7: '好', as a:1"]
