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


def test_check_lists_every_bad_record_and_exits_2(capsys, file):
    status, out, err = run(capsys, "check", file)
    assert status == 2
    assert problem_lines(out, file) == ["2", "3"]
    assert f"{file}:2: entity LOC at 3..5 is outside the text of 2 characters" in out
    assert "error: 2 bad records: fix the file, or leave bad records out with --skip-bad" in err


def test_check_stops_at_the_first_when_strict(capsys, file):
    status, out, err = run(capsys, "check", "--strict", file)
    assert status == 2 and problem_lines(out, file) == ["2"]
    assert "error: stopped at the first bad record" in err


def test_check_goes_on_when_skipping_and_says_how_many_were_left_out(capsys, file):
    status, out, err = run(capsys, "check", "--skip-bad", file)
    assert status == 0 and problem_lines(out, file) == []
    assert f"{file}: left out 2 bad records of 4" in err


def test_check_of_good_data_prints_counts_and_exits_0(capsys, good):
    status, out, err = run(capsys, "check", good)
    assert status == 0 and "no bad record" in err
    assert "LOC" in out and "20" in out


def test_check_as_json_is_one_object(capsys, file):
    status, out, _ = run(capsys, "check", "--json", file)
    record = json.loads(out)
    assert status == 2 and record["ok"] is False
    (found,) = record["files"]
    assert (found["format"], found["examples"], found["bad_records"]) == ("jsonl", 2, 2)
    assert [problem["line"] for problem in found["problems"]] == [2, 3]
    assert found["entities"] == {"LOC": 2}


def test_check_warns_of_texts_shared_between_files(capsys, good, tmp_path):
    dev = tmp_path / "dev.jsonl"
    dev.write_text(good.read_text(encoding="utf-8").split("\n")[0] + "\n", encoding="utf-8")
    status, _, err = run(capsys, "check", good, dev)
    assert status == 0
    assert f"warning: {dev}: 1 of 1 text also stand in {good}" in err
    shared, few = json.loads(run(capsys, "check", "--json", good, dev)[1])["warnings"]
    assert "also stand in" in shared
    assert few == f"{good}: 20 examples are few to learn from, some hundreds are usual"


def test_nothing_left_is_refused_even_when_skipping(capsys, tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text(BAD, encoding="utf-8")
    assert run(capsys, "check", "--skip-bad", path)[0] == 2


def test_a_broken_array_is_refused_even_when_skipping(capsys, tmp_path):
    path = tmp_path / "a.json"
    path.write_text('[{"text": "好", "label": "正"}, {', encoding="utf-8")
    status, out, _ = run(capsys, "check", "--skip-bad", path)
    assert status == 2 and f"{path}:1: invalid JSON" in out


def test_convert_writes_canonical_json_lines(capsys, tmp_path):
    source, target = tmp_path / "a.txt", tmp_path / "b.jsonl"
    source.write_text("雷军/nr 在/o 北京/ns\n", encoding="gb18030")
    options = ("--encoding", "gb18030", "--label-map", "nr=PER,ns=LOC")
    status, out, _ = run(capsys, "convert", source, target, *options)
    assert status == 0 and out == f"{target}: 1 example\n"
    assert json.loads(target.read_text(encoding="utf-8")) == {
        "text": "雷军在北京",
        "entities": [{"start": 0, "end": 2, "label": "PER"}, {"start": 3, "end": 5, "label": "LOC"}],
    }


def test_convert_writes_what_the_name_of_the_target_says(capsys, good, tmp_path):
    target = tmp_path / "o.conll"
    assert run(capsys, "convert", good, target)[0] == 0
    first, *_ = target.read_text(encoding="utf-8").split("\n\n")
    assert first.splitlines() == ["雷\tO", "军\tO", "一\tO", "北\tB-LOC", "京\tI-LOC"]
    assert run(capsys, "convert", good, tmp_path / "o.data", "--to", "doccano")[0] == 0
    assert json.loads((tmp_path / "o.data").read_text(encoding="utf-8").splitlines()[0])["label"] == [[3, 5, "LOC"]]


def test_convert_refuses_a_name_that_says_no_format(capsys, good, tmp_path):
    status, out, err = run(capsys, "convert", good, tmp_path / "o.txt")
    assert (status, out) == (2, "") and err.count("\n") == 1 and "no format is written to files that end in .txt" in err


def test_convert_of_what_the_target_cannot_hold_leaves_it_as_it_was(capsys, tmp_path):
    source, target = tmp_path / "a.jsonl", tmp_path / "b.conll"
    source.write_text(GOOD + '{"text": "雷\\n军", "entities": []}\n', encoding="utf-8")
    target.write_text("before", encoding="utf-8")
    status, _, err = run(capsys, "convert", source, target)
    assert status == 2 and err.startswith(f"error: {source}:2: ") and target.read_text(encoding="utf-8") == "before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.jsonl", "b.conll"]


def test_split_writes_parts_in_another_format(capsys, good, tmp_path):
    assert run(capsys, "split", good, "-o", tmp_path / "parts", "--to", "conll")[0] == 0
    assert sorted(path.name for path in (tmp_path / "parts").iterdir()) == ["dev.conll", "test.conll", "train.conll"]
    assert run(capsys, "check", *(tmp_path / "parts").iterdir())[0] == 0


def test_convert_of_bad_data_lists_it_and_writes_nothing(capsys, file, tmp_path):
    target = tmp_path / "b.jsonl"
    status, out, err = run(capsys, "convert", file, target)
    assert (status, out, target.exists()) == (2, "", False)
    assert problem_lines(err, file) == ["2", "3"]
    assert run(capsys, "convert", "--skip-bad", file, target)[0] == 0
    assert len(target.read_text(encoding="utf-8").splitlines()) == 2


def test_more_bad_records_than_an_error_shows_are_all_listed(capsys, tmp_path):
    path = tmp_path / "a.jsonl"
    labels = [f"{first}{second}" for first in "ABCDE" for second in "ABCDEFGHIJ"]
    path.write_text("".join(BAD.replace("LOC", label) for label in labels), encoding="utf-8")
    assert len(problem_lines(run(capsys, "convert", path, tmp_path / "b.jsonl")[2], path)) == 50
    assert len(problem_lines(run(capsys, "check", path)[1], path)) == 50


def test_the_same_problem_of_many_records_is_one_line_with_a_count(capsys, tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text(BAD * 600, encoding="utf-8")
    _, out, _ = run(capsys, "check", path)
    assert len(problem_lines(out, path)) == 1 and "(and 599 more like it: lines 2, 3, 4, 5, …)" in " ".join(out.split())


def test_split_writes_named_parts(capsys, good, tmp_path):
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
def test_wrong_use_is_told_in_one_line(capsys, good, tmp_path, options, message):
    status, out, err = run(capsys, "split", good, "-o", tmp_path / "parts", *options)
    assert (status, out) == (2, "") and message in err and "Traceback" not in err
    assert not (tmp_path / "parts").exists()


def test_stats_as_json(capsys, good):
    status, out, _ = run(capsys, "stats", good, "--json")
    (found,) = json.loads(out)["files"]
    assert status == 0
    assert (found["examples"], found["characters"], found["entities"]) == (20, 100, {"LOC": 20})


def test_stats_shows_a_column_a_file(capsys, good, tmp_path):
    other = tmp_path / "other.tsv"
    other.write_text("好\t正[x]\n", encoding="utf-8")
    _, out, _ = run(capsys, "stats", good, other)
    assert all(word in out for word in ("good.jsonl", "other.tsv", "LOC", "正[x]", "tsv"))


def test_stats_of_bad_data_exits_2(capsys, file):
    status, out, err = run(capsys, "stats", file)
    assert (status, out) == (2, "") and problem_lines(err, file) == ["2", "3"]


def test_the_options_of_the_readers_reach_them(capsys, tmp_path):
    path = tmp_path / "a.txt"
    path.write_text('9;正|短;"好"\n', encoding="utf-8")
    target = tmp_path / "b.jsonl"
    options = ["--format", "csv", "--delimiter", ";", "--quotes", "literal", "--no-header"]
    options += ["--text-field", 3, "--label-field", 2, "--id-field", 1, "--label-separator", "|", "--labels", "正,短"]
    assert run(capsys, "convert", path, target, *options)[0] == 0
    assert json.loads(target.read_text(encoding="utf-8")) == {"id": "9", "text": '"好"', "labels": ["正", "短"]}


def test_help_names_every_format(capsys):
    status, out, _ = run(capsys, "check", "--help")
    assert status == 0 and "segment-tag" in out and "a folder per class" in out


def test_convert_from_a_pipe_into_a_pipe(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(GOOD.encode())))
    status, out, err = run(capsys, "convert", "-", "-", "--to", "conll")
    assert (status, err.strip()) == (0, "-: 1 example")
    assert out == "雷\tO\n军\tO\n在\tO\n北\tB-LOC\n京\tI-LOC\n\n"
    assert list(tmp_path.iterdir()) == []


def test_two_results_on_the_standard_output_are_refused(capsys, good):
    status, out, err = run(capsys, "convert", good, "-", "--json")
    assert (status, out) == (2, "")
    assert "leave one out" in err


def test_the_files_of_a_pattern_are_read_as_one(capsys, tmp_path):
    for name in "12":
        (tmp_path / f"{name}.jsonl").write_text(GOOD.replace("在", name), encoding="utf-8")
    assert run(capsys, "convert", tmp_path / "?.jsonl", tmp_path / "all.out.jsonl")[0] == 0
    assert len((tmp_path / "all.out.jsonl").read_text("utf-8").splitlines()) == 2
