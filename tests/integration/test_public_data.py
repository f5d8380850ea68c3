"""Every public set is read whole, with exactly the counts of its SOURCE.md. PADDLE_NER_DATA names their folder."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from paddle_ner import data
from paddle_ner.data.checking import check_file, warnings
from paddle_ner.data.reading import records
from paddle_ner.errors import DataError

MSRA = {"NR": "PER", "NS": "LOC", "NT": "ORG"}


@dataclass(frozen=True)
class Source:
    path: str
    format: str
    examples: int
    characters: int | None = None
    entities: dict[str, int] = field(default_factory=dict)
    total: int | None = None
    labels: dict[str, int] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)


def cluener(part: str, examples: int, total: int, **entities: int) -> Source:
    return Source(f"cluener/{part}.json", "cluener", examples, None, entities, total, options={"overlaps": "allow"})


def people_daily(name: str, examples: int, characters: int, loc: int, org: int, per: int) -> Source:
    entities = {"LOC": loc, "ORG": org, "PER": per}
    return Source(f"people_daily/example.{name}", "conll", examples, characters, entities)


def msra_test(name: str, format: str) -> Source:
    entities = {"LOC": 2877, "PER": 1973, "ORG": 1331}
    return Source(f"msra/{name}", format, 4365, 172_601, entities, 6181, options={"label_map": MSRA})


def chnsenticorp(name: str, examples: int, negative: int, positive: int) -> Source:
    labels = {"0": negative, "1": positive}
    return Source(f"chnsenticorp/{name}.tsv", "tsv", examples, labels=labels)


def kuake(name: str, examples: int, **labels: int) -> Source:
    return Source(f"kuake_qic/KUAKE-QIC_{name}.json", "json-array", examples, labels=labels)


SOURCES = [
    Source("msra/train.txt", "segment-tag", 46_364, 2_169_879, {"LOC": 36_517, "ORG": 20_571, "PER": 17_615}, 74_703,
           options={"label_map": MSRA}),
    msra_test("test_label.txt", "segment-tag"),
    msra_test("test.char.bmes", "conll"),
    people_daily("train", 20_864, 979_180, 16_571, 9_277, 8_144),
    people_daily("dev", 2_318, 109_870, 1_951, 984, 884),
    people_daily("test", 4_636, 219_197, 3_658, 2_185, 1_864),
    cluener("train", 10_748, 23_971, name=3755, organization=3210, position=3141, company=2980, address=2891, game=2376,
            government=1835, scene=1521, book=1139, movie=1123),
    cluener("dev", 1_343, 3_072, name=465, position=433, company=378, address=373, organization=367, game=295,
            government=247, scene=209, book=154, movie=151),
    Source("cluener/test.json", "jsonl", 1_345),
    Source("cmedqaner/train.txt", "conll", 1_673, 175_830, {
        "disease": 3890, "body": 2443, "symptom": 2277, "treatment": 1066, "crowd": 735, "drug": 541, "test": 485,
        "physiology": 384, "feature": 311, "time": 212, "department": 146}, 12_490),
    Source("cmedqaner/dev.txt", "conll", 175, total=1_024),
    Source("cmedqaner/test.txt", "conll", 215, total=1_340),
    chnsenticorp("train", 9_600, 4_801, 4_799),
    chnsenticorp("dev", 1_200, 607, 593),
    chnsenticorp("test", 1_200, 592, 608),
    kuake("train", 6_931, 治疗方案=1750, 其他=1617, 病情诊断=877, 注意事项=650, 疾病表述=594, 就医建议=371,
          功效作用=370, 后果表述=235, 医疗费用=177, 病因分析=153, 指标解读=137),
    kuake("dev", 1_955),
    kuake("test", 1_994),
]  # fmt: skip
CLASSES = (
    "finance",
    "realty",
    "stocks",
    "education",
    "science",
    "society",
    "politics",
    "sports",
    "game",
    "entertainment",
)


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.path)
def test_counts_are_those_of_the_source(public_data: Path, source: Source) -> None:
    path = public_data / source.path
    assert data.detect(path).name == source.format
    examples = data.load(path, options=data.ReadOptions(**source.options), policy="strict")
    entities = Counter(entity.label for example in examples for entity in example.entities or ())
    assert len(examples) == source.examples
    assert source.characters in (None, sum(len(example.text) for example in examples))
    assert source.total in (None, entities.total())
    if source.entities or source.total is None:
        assert entities == source.entities
    if source.labels:
        assert Counter(example.label for example in examples) == source.labels
    for example in examples:
        for entity in example.entities or ():
            assert example.text[entity.start : entity.end] == entity.text


@pytest.mark.parametrize("name", ["dev", "test", "train_partial.Mikky-Li"])
def test_thucnews_is_named_by_its_class_file(public_data: Path, name: str) -> None:
    folder = public_data / "thucnews_short"
    options = data.ReadOptions(label_file=folder / "class.txt")
    labels = Counter(example.label for example in data.read(folder / f"{name}.txt", options=options))
    assert set(labels) == set(CLASSES)
    if name.startswith("train"):
        assert labels.total() == 33_590 and (min(labels.values()), max(labels.values())) == (3_304, 3_445)
    else:
        assert set(labels.values()) == {1_000}


def test_files_without_labels_are_unlabelled(public_data: Path) -> None:
    for path in ("cluener/test.json", "kuake_qic/KUAKE-QIC_test.json"):
        assert all(one.entities is None and one.label is None for one in data.read(public_data / path))


def test_both_forms_of_the_msra_test_hold_the_same_entities(public_data: Path) -> None:
    options = data.ReadOptions(label_map=MSRA)
    one, other = (
        data.load(public_data / "msra" / name, options=options) for name in ("test_label.txt", "test.char.bmes")
    )
    assert [(a.text, a.entities) for a in one] == [(b.text, b.entities) for b in other]


def test_the_overlapping_record_of_cluener_is_bad_by_default(public_data: Path) -> None:
    path = public_data / "cluener/train.json"
    with pytest.raises(DataError) as caught:
        data.load(path)
    assert {problem.line for problem in caught.value.problems} == {1507}
    said: list[str] = []
    assert len(data.load(path, policy="skip", log=said.append)) == 10_747
    assert said == [f"{path}: left out 1 bad record of 10,748"]


def test_raw_text_is_read_from_gzip(public_data: Path) -> None:
    files = sorted((public_data / "rawtext").glob("*.txt.gz"))
    assert sum(sum(1 for _ in data.read(path, "text")) for path in files) == 246_822


def test_the_leak_of_chnsenticorp_is_found(public_data: Path) -> None:
    paths = [public_data / "chnsenticorp" / f"{name}.tsv" for name in ("train", "dev", "test")]
    checks = [check_file(path, records(path)) for path in paths]
    found = list(warnings(checks))
    assert checks[0].repeated == 1_351 and len(checks[0].contradicted) == 24
    assert any(f"{paths[1]}: 338 of 1,200 texts also stand in {paths[0]}" in line for line in found)
    assert any(f"{paths[2]}: 331 of 1,200 texts also stand in {paths[0]}" in line for line in found)
