"""`paddle-ner data`: check, convert, split and stats, with their exit statuses.

Tests `paddle_ner.cli.reader_options`, `paddle_ner.cli.data.augment`, `paddle_ner.cli.data.check`,
`paddle_ner.cli.data.common`, `paddle_ner.cli.data.convert`, `paddle_ner.cli.data.sample`, `paddle_ner.cli.data.split`
and `paddle_ner.cli.data.stats` too.
"""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from paddle_ner.cli import main

GOOD = '{"text": "雷军在北京", "entities": [{"start": 3, "end": 5, "label": "LOC"}]}\n'
BAD = '{"text": "雷军", "entities": [{"start": 3, "end": 5, "label": "LOC"}]}\n'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a.jsonl"
    path.write_text(GOOD + BAD + '{"text": ""}\n' + GOOD.replace("在", "来"), encoding="utf-8")
    return path


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "good.jsonl"
    path.write_text("".join(GOOD.replace("在", chr(0x4E00 + n)) for n in range(20)), encoding="utf-8")
    return path


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    status = main(["data", *map(str, arguments)])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def problem_lines(text: str, path: Path) -> list[str]:
    return [line.removeprefix(f"{path}:").split(":")[0] for line in text.split("\n") if line.startswith(f"{path}:")]


def test_check_lists_every_bad_record_and_exits_2(capsys: pytest.CaptureFixture[str], file: Path) -> None:
    status, out, err = run(capsys, "check", file)
    assert status == 2
    assert problem_lines(out, file) == ["2", "3"]
    assert f"{file}:2: entity LOC at 3..5 is outside the text of 2 characters" in out
    assert "error: 2 bad records: fix the file, or leave bad records out with --skip-bad" in err


def test_check_stops_at_the_first_when_strict(capsys: pytest.CaptureFixture[str], file: Path) -> None:
    status, out, err = run(capsys, "check", "--strict", file)
    assert status == 2 and problem_lines(out, file) == ["2"]
    assert "error: stopped at the first bad record" in err


def test_check_goes_on_when_skipping_and_says_how_many_were_left_out(
    capsys: pytest.CaptureFixture[str], file: Path
) -> None:
    status, out, err = run(capsys, "check", "--skip-bad", file)
    assert status == 0 and problem_lines(out, file) == []
    assert f"{file}: left out 2 bad records of 4" in err


def test_check_of_good_data_prints_counts_and_exits_0(capsys: pytest.CaptureFixture[str], good: Path) -> None:
    status, out, err = run(capsys, "check", good)
    assert status == 0 and "no bad record" in err
    assert "LOC" in out and "20" in out


def test_check_as_json_is_one_object(capsys: pytest.CaptureFixture[str], file: Path) -> None:
    status, out, _ = run(capsys, "check", "--json", file)
    record = json.loads(out)
    assert status == 2 and record["ok"] is False
    (found,) = record["files"]
    assert (found["format"], found["examples"], found["bad_records"]) == ("jsonl", 2, 2)
    assert [problem["line"] for problem in found["problems"]] == [2, 3]
    assert found["entities"] == {"LOC": 2}


def test_check_warns_of_texts_shared_between_files(
    capsys: pytest.CaptureFixture[str], good: Path, tmp_path: Path
) -> None:
    dev = tmp_path / "dev.jsonl"
    dev.write_text(good.read_text(encoding="utf-8").split("\n")[0] + "\n", encoding="utf-8")
    status, out, err = run(capsys, "check", good, dev)
    assert status == 0 and err == "no bad record, 4 warnings\n"
    assert f"• {dev}: 1 of 1 text also stand in {good}, a score on them shows memory, not skill\n" in out
    assert f"    {dev}:1  '雷军一北京', also in {good}:1\n" in out
    found = json.loads(run(capsys, "check", "--json", good, dev)[1])
    assert found["ok"] and found["training"] == str(good)
    assert [one["check"] for one in found["findings"]] == ["leak", "few-examples", "rare-label", "unknown-character"]
    assert found["findings"][0]["places"] == [{"path": str(dev), "line": 1, "shown": f"'雷军一北京', also in {good}:1"}]


def test_nothing_left_is_refused_even_when_skipping(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(BAD, encoding="utf-8")
    assert run(capsys, "check", "--skip-bad", path)[0] == 2


def test_a_broken_array_is_refused_even_when_skipping(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('[{"text": "好", "label": "正"}, {', encoding="utf-8")
    status, out, _ = run(capsys, "check", "--skip-bad", path)
    assert status == 2 and f"{path}:1: invalid JSON" in out


def test_convert_writes_canonical_json_lines(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    source, target = tmp_path / "a.txt", tmp_path / "b.jsonl"
    source.write_text("雷军/nr 在/o 北京/ns\n", encoding="gb18030")
    options = ("--encoding", "gb18030", "--label-map", "nr=PER,ns=LOC")
    status, out, _ = run(capsys, "convert", source, target, *options)
    assert status == 0 and out == f"{target}: 1 example\n"
    assert json.loads(target.read_text(encoding="utf-8")) == {
        "text": "雷军在北京",
        "entities": [{"start": 0, "end": 2, "label": "PER"}, {"start": 3, "end": 5, "label": "LOC"}],
    }


def test_convert_writes_what_the_name_of_the_target_says(
    capsys: pytest.CaptureFixture[str], good: Path, tmp_path: Path
) -> None:
    target = tmp_path / "o.conll"
    assert run(capsys, "convert", good, target)[0] == 0
    first, *_ = target.read_text(encoding="utf-8").split("\n\n")
    assert first.splitlines() == ["雷\tO", "军\tO", "一\tO", "北\tB-LOC", "京\tI-LOC"]
    assert run(capsys, "convert", good, tmp_path / "o.data", "--to", "doccano")[0] == 0
    assert json.loads((tmp_path / "o.data").read_text(encoding="utf-8").splitlines()[0])["label"] == [[3, 5, "LOC"]]


def test_convert_refuses_a_name_that_says_no_format(
    capsys: pytest.CaptureFixture[str], good: Path, tmp_path: Path
) -> None:
    status, out, err = run(capsys, "convert", good, tmp_path / "o.txt")
    assert (status, out) == (2, "") and err.count("\n") == 1 and "no format is written to files that end in .txt" in err


def test_convert_of_what_the_target_cannot_hold_leaves_it_as_it_was(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    source, target = tmp_path / "a.jsonl", tmp_path / "b.conll"
    source.write_text(GOOD + '{"text": "雷\\n军", "entities": []}\n', encoding="utf-8")
    target.write_text("before", encoding="utf-8")
    status, _, err = run(capsys, "convert", source, target)
    assert status == 2 and err.startswith(f"error: {source}:2: ") and target.read_text(encoding="utf-8") == "before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.jsonl", "b.conll"]


def test_split_writes_parts_in_another_format(capsys: pytest.CaptureFixture[str], good: Path, tmp_path: Path) -> None:
    assert run(capsys, "split", good, "-o", tmp_path / "parts", "--to", "conll")[0] == 0
    assert sorted(path.name for path in (tmp_path / "parts").iterdir()) == ["dev.conll", "test.conll", "train.conll"]
    assert run(capsys, "check", *(tmp_path / "parts").iterdir())[0] == 0


def test_the_file_that_is_read_is_not_written_over(
    capsys: pytest.CaptureFixture[str], good: Path, tmp_path: Path
) -> None:
    before = good.read_bytes()
    (tmp_path / "same.jsonl").symlink_to(good)
    for arguments in (
        ("convert", good, good),
        ("convert", good, tmp_path / "same.jsonl"),
        ("split", good, "-o", tmp_path, "--names", "good,dev,test"),
    ):
        status, _, error = run(capsys, *arguments)
        assert status == 2 and "is the file that is read; name another output" in error
    assert good.read_bytes() == before and not (tmp_path / "dev.jsonl").exists()


@pytest.mark.parametrize(
    "arguments",
    [("augment", "--noise", "1", "--dev"), ("augment", "--table"), ("sample", "--labelled")],
    ids=["dev", "table", "labelled"],
)
def test_the_files_beside_the_source_are_not_written_over(
    capsys: pytest.CaptureFixture[str], good: Path, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    beside = tmp_path / "beside.jsonl"
    beside.write_text("北京\t首都\n", encoding="utf-8")
    command, *options = arguments
    status, _, error = run(capsys, command, good, beside, *options, beside)
    assert status == 2 and "is the file that is read; name another output" in error
    assert beside.read_text("utf-8") == "北京\t首都\n"


def test_convert_of_bad_data_lists_it_and_writes_nothing(
    capsys: pytest.CaptureFixture[str], file: Path, tmp_path: Path
) -> None:
    target = tmp_path / "b.jsonl"
    status, out, err = run(capsys, "convert", file, target)
    assert (status, out, target.exists()) == (2, "", False)
    assert problem_lines(err, file) == ["2", "3"]
    assert run(capsys, "convert", "--skip-bad", file, target)[0] == 0
    assert len(target.read_text(encoding="utf-8").splitlines()) == 2


def test_more_bad_records_than_an_error_shows_are_all_listed(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "a.jsonl"
    labels = [f"{first}{second}" for first in "ABCDE" for second in "ABCDEFGHIJ"]
    path.write_text("".join(BAD.replace("LOC", label) for label in labels), encoding="utf-8")
    assert len(problem_lines(run(capsys, "convert", path, tmp_path / "b.jsonl")[2], path)) == 50
    assert len(problem_lines(run(capsys, "check", path)[1], path)) == 50


def test_the_same_problem_of_many_records_is_one_line_with_a_count(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(BAD * 600, encoding="utf-8")
    _, out, _ = run(capsys, "check", path)
    assert len(problem_lines(out, path)) == 1 and "(and 599 more like it: lines 2, 3, 4, 5, …)" in " ".join(out.split())


def test_split_writes_named_parts(capsys: pytest.CaptureFixture[str], good: Path, tmp_path: Path) -> None:
    status, out, _ = run(capsys, "split", good, "-o", tmp_path / "parts", "--fractions", "0.8,0.1,0.1", "--json")
    folder = tmp_path / "parts"
    assert status == 0
    assert json.loads(out) == {
        "seed": 1,
        "parts": {f"{folder}/train.jsonl": 16, f"{folder}/dev.jsonl": 2, f"{folder}/test.jsonl": 2},
    }
    lines = [line for file in folder.iterdir() for line in file.read_text(encoding="utf-8").splitlines()]
    assert sorted(lines) == sorted(good.read_text(encoding="utf-8").splitlines())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--fractions", "a,b"), "fractions 'a,b', expected numbers such as 0.8,0.1,0.1"),
        (("--fractions", "0.8,0.1"), "expected positive numbers that add up to 1"),
        (("--fractions", "0.7,0.1,0.1,0.1"), "for 4 parts, expected one each: --names"),
        (("--names", "a,b"), "2 names (a, b) for 3 parts"),
        (("--names", "a,b,../c"), "for 3 parts"),
        (("--strict", "--skip-bad"), "--strict and --skip-bad exclude each other"),
        (("--delimiter", ""), "delimiter is '', expected at least one character"),
        (("--delimiter", ";;", "--quotes", "csv"), "delimiter ';;' has several characters: quotes are text then"),
        (("--label-map", "a"), "expected OLD=NEW,OLD=NEW"),
        (("--encoding", "utf-16"), "cannot be read line by line"),
    ],
)
def test_wrong_use_is_told_in_one_line(
    capsys: pytest.CaptureFixture[str], good: Path, tmp_path: Path, options: tuple[str, ...], message: str
) -> None:
    status, out, err = run(capsys, "split", good, "-o", tmp_path / "parts", *options)
    assert (status, out) == (2, "") and message in err and "Traceback" not in err
    assert not (tmp_path / "parts").exists()


def test_stats_as_json(capsys: pytest.CaptureFixture[str], good: Path) -> None:
    status, out, _ = run(capsys, "stats", good, "--json")
    (found,) = json.loads(out)["files"]
    assert status == 0
    assert (found["examples"], found["characters"], found["entities"]) == (20, 100, {"LOC": 20})


def test_stats_shows_a_column_a_file(capsys: pytest.CaptureFixture[str], good: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.tsv"
    other.write_text("好\t正[x]\n", encoding="utf-8")
    _, out, _ = run(capsys, "stats", good, other)
    assert all(word in out for word in ("good.jsonl", "other.tsv", "LOC", "正[x]", "tsv"))


def test_stats_of_bad_data_exits_2(capsys: pytest.CaptureFixture[str], file: Path) -> None:
    status, out, err = run(capsys, "stats", file)
    assert (status, out) == (2, "") and problem_lines(err, file) == ["2", "3"]


def test_the_options_of_the_readers_reach_them(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text('9;正|短;"好"\n', encoding="utf-8")
    target = tmp_path / "b.jsonl"
    options: list[object] = ["--format", "csv", "--delimiter", ";", "--quotes", "literal", "--no-header"]
    options += ["--text-field", 3, "--label-field", 2, "--id-field", 1, "--label-separator", "|", "--labels", "正,短"]
    assert run(capsys, "convert", path, target, *options)[0] == 0
    assert json.loads(target.read_text(encoding="utf-8")) == {"id": "9", "text": '"好"', "labels": ["正", "短"]}


def test_help_names_every_format(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "check", "--help")
    assert status == 0 and "segment-tag" in out and "a folder per class" in out


def test_convert_from_a_pipe_into_a_pipe(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(GOOD.encode())))
    status, out, err = run(capsys, "convert", "-", "-", "--to", "conll")
    assert (status, err.strip()) == (0, "-: 1 example")
    assert out == "雷\tO\n军\tO\n在\tO\n北\tB-LOC\n京\tI-LOC\n\n"
    assert list(tmp_path.iterdir()) == []


def test_two_results_on_the_standard_output_are_refused(capsys: pytest.CaptureFixture[str], good: Path) -> None:
    status, out, err = run(capsys, "convert", good, "-", "--json")
    assert (status, out) == (2, "")
    assert "leave one out" in err


def test_the_files_of_a_pattern_are_read_as_one(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for name in "12":
        (tmp_path / f"{name}.jsonl").write_text(GOOD.replace("在", name), encoding="utf-8")
    assert run(capsys, "convert", tmp_path / "?.jsonl", tmp_path / "all.out.jsonl")[0] == 0
    assert len((tmp_path / "all.out.jsonl").read_text("utf-8").splitlines()) == 2


def entity_file(path: Path, label: str, count: int = 3) -> Path:
    path.write_text("".join(GOOD.replace("LOC", label).replace("在", f"{n}") for n in range(count)), encoding="utf-8")
    return path


def test_check_of_what_would_break_a_training_exits_1(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    train, dev = entity_file(tmp_path / "a.jsonl", "LOC", 9), entity_file(tmp_path / "b.jsonl", "GPE")
    status, out, err = run(capsys, "check", train, dev)
    assert status == 1 and err.startswith("no bad record, 1 error, ")
    assert f"to train on: {train} (the largest that is annotated; --train names another)" in out
    assert f"• {dev}: entity types that {train} does not have: GPE" in out
    status, out, _ = run(capsys, "check", "--train", dev, "--dev", train, "--json")
    found = json.loads(out)
    assert status == 1 and not found["ok"] and found["training"] == str(dev)
    assert [one["role"] for one in found["files"]] == ["train", "dev"]


def test_overlapping_entities_are_one_finding_with_places(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    nested = '{"text": "北京大学%d", "entities": [[0, 5, "ORG"], [0, 2, "LOC"]]}\n'
    path.write_text("".join(nested % n for n in range(200)), encoding="utf-8")
    status, out, _ = run(capsys, "check", path)
    assert status == 1 and "200 texts with overlapping entities" in out
    assert f"    {path}:1  ORG '北京大学0' overlaps LOC '北京'\n" in out
    assert run(capsys, "check", path, "--overlaps", "allow")[0] == 0
    assert run(capsys, "check", path, "--overlaps", "outermost")[0] == 0


def test_check_shows_as_many_places_as_wanted(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("".join(GOOD.replace("在", "\\u200b" + chr(0x4E00 + n)) for n in range(9)), encoding="utf-8")
    lines = [line for line in run(capsys, "check", path, "--show", "2")[1].split("\n") if "[\\u200b]" in line]
    assert len(lines) == 2
    assert "… (--json or --html shows more)" in run(capsys, "check", path, "--show", "2")[1]


def test_check_compares_with_the_vocabulary_of_a_model(capsys: pytest.CaptureFixture[str], good: Path) -> None:
    found = json.loads(run(capsys, "check", good, "--model", "default", "--json")[1])["findings"]
    assert not any("starter" in one["message"] for one in found)
    status, _, err = run(capsys, "check", good, "--model", "./absent")
    assert status == 2 and err.startswith("error: ./absent: no such folder")


def test_check_writes_a_page(capsys: pytest.CaptureFixture[str], good: Path, tmp_path: Path) -> None:
    assert run(capsys, "check", good, "--html", tmp_path / "o.html")[0] == 0
    assert "20 examples are few to learn from" in (tmp_path / "o.html").read_text("utf-8")


def test_check_of_no_file_is_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    status, _, err = run(capsys, "check")
    assert status == 2 and "no file to check: name some, or --train FILE" in err


def test_split_by_a_column_into_folds(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    source, folder = tmp_path / "a.csv", tmp_path / "parts"
    source.write_text("text,label,doc\n" + "".join(f"文{n},{'正负'[n % 2]},{n // 4}\n" for n in range(24)), "utf-8")
    status, out, _ = run(capsys, "split", source, "-o", folder, "--folds", "3", "--group-by", "doc", "--json")
    assert status == 0 and json.loads(out)["parts"] == {
        f"{folder}/fold-{n}/{name}.jsonl": size for n in (1, 2, 3) for name, size in (("train", 16), ("dev", 8))
    }
    status, _, err = run(capsys, "split", source, "-o", folder, "--group-by", "title")
    assert status == 2 and f"error: {source}:2: no title to group by, expected one: it has doc" in err
    status, _, err = run(capsys, "split", source, "-o", folder, "--folds", "3", "--fractions", "0.5,0.5")
    assert status == 2 and "leave --fractions and --names out" in err


def test_augment_writes_the_source_and_what_is_made_of_it(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    source, target, table = tmp_path / "a.jsonl", tmp_path / "b.jsonl", tmp_path / "t.tsv"
    source.write_text(GOOD + GOOD.replace("雷军在北京", "李明在上海"), encoding="utf-8")
    table.write_text("在\t位于\n", encoding="utf-8")
    status, out, _ = run(capsys, "augment", source, target, "--entities", 1, "--table", table, "--json")
    assert status == 0 and json.loads(out)["examples"] == {"source": 2, "entities": 2, "words": 1}
    made = [json.loads(line) for line in target.read_text("utf-8").splitlines()][2:]
    assert {one["id"]: one["text"] for one in made if "entities" in one["id"]} == {
        "1+entities": "雷军在上海", "2+entities": "李明在北京"}  # fmt: skip
    assert all(one["entities"][0]["start"] == one["text"].index("上" if "上" in one["text"] else "北") for one in made)
    before = target.read_bytes()
    assert run(capsys, "augment", source, target, "--entities", 1, "--table", table)[0] == 0
    assert target.read_bytes() == before


def test_augment_never_makes_a_text_of_dev(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    source, dev = tmp_path / "a.jsonl", tmp_path / "dev.jsonl"
    source.write_text(GOOD + GOOD.replace("雷军在北京", "李明在上海"), encoding="utf-8")
    dev.write_text(GOOD.replace("雷军在北京", "雷军在上海"), encoding="utf-8")
    options = ("--entities", 9, "--dev", dev, "--only-new")
    assert run(capsys, "augment", source, tmp_path / "b.jsonl", *options)[0] == 0
    (made,) = (tmp_path / "b.jsonl").read_text("utf-8").splitlines()
    assert json.loads(made)["text"] == "李明在北京"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((), "nothing to make"),
        (("--words", 1), "--words needs --table"),
        (("--noise", 0), "not in the range"),
        (("--noise", "nan"), "nan is no finite number"),
    ],
)
def test_augment_of_wrong_options(
    capsys: pytest.CaptureFixture[str], good: Path, tmp_path: Path, options: tuple[int | str, ...], message: str
) -> None:
    status, _, err = run(capsys, "augment", good, tmp_path / "b.jsonl", *options)
    assert status == 2 and message in err


def test_sample_writes_texts_with_the_doubt_of_the_model(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    source, labelled, target = tmp_path / "a.txt", tmp_path / "b.jsonl", tmp_path / "next.jsonl"
    source.write_text("雷军在北京\n甲乙丙丁\n小明去了南山\n", encoding="utf-8")
    labelled.write_text(GOOD, encoding="utf-8")
    status, out, _ = run(capsys, "sample", source, target, "-n", 2, "--labelled", labelled, "--json")
    found = json.loads(out)
    assert status == 0 and found["texts"] == 2 and all(0 <= one <= 1 for one in found["doubt"])
    lines = [json.loads(line) for line in target.read_text("utf-8").splitlines()]
    assert {one["text"] for one in lines} == {"甲乙丙丁", "小明去了南山"} and "entities" not in lines[0]
    assert {one["meta"]["origin"] for one in lines} == {f"{source}:2", f"{source}:3"}
    assert run(capsys, "sample", source, tmp_path / "tasks.json", "--to", "label-studio", "--pre-annotate")[0] == 0
    assert all("predictions" in task for task in json.loads((tmp_path / "tasks.json").read_text("utf-8")))
    status, _, err = run(capsys, "sample", labelled, target, "--labelled", labelled)
    assert status == 2 and "no text in it that is not labelled already" in err


def test_check_lists_what_a_model_contradicts(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "dev.jsonl"
    text = "鲁迅出生于浙江绍兴"
    path.write_text(json.dumps({"text": text, "entities": [[0, 2, "LOC"]]}) + "\n", encoding="utf-8")
    status, out, _ = run(capsys, "check", path, "--model", "default", "--suspects", "--json")
    (found,) = (one for one in json.loads(out)["findings"] if one["check"] == "suspect")
    assert status == 0 and found["count"] == 2
    assert all("not annotated" in place["shown"] for place in found["places"])
    status, _, err = run(capsys, "check", path, "--suspects")
    assert status == 2 and "--suspects runs a model: name a checkpoint or a bundle with --model" in err
