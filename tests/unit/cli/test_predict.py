"""What is read is labelled and written, by a model that finds two places.

Tests `paddle_ner.cli.engine_options` and `paddle_ner.inference.labelling` too.
"""

from __future__ import annotations

import io
import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from paddle_ner.cli import main, predict
from paddle_ner.types import Entity, Prediction

Link = Callable[[Path, Path], None]
Loaded = list[tuple[Path, dict[str, Any]]]
MODEL = Path(__file__).parent  # a folder: what is loaded is `Places`


class Places:
    """Finds 北京 and 上海 where a real model would be slow; what is tested is all that stands round it."""

    manifest = SimpleNamespace(name="places")
    version = "1234"

    def stream(self, texts: Iterable[str], chunk: int) -> Iterator[Prediction]:
        for text in texts:
            places = (Entity.of(text, *match.span(), "LOC", 0.5) for match in re.finditer("北京|上海", text))
            yield Prediction(text, tuple(places))


@pytest.fixture(autouse=True)
def loaded(monkeypatch: pytest.MonkeyPatch) -> Loaded:
    """The models that were loaded, each with its options."""
    models: Loaded = []

    def load(model: Path, **options: Any) -> Places:
        models.append((model, options))
        return Places()

    monkeypatch.setattr(predict, "load", load)
    return models


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    path = tmp_path / "texts.jsonl"
    path.write_text('{"id": 7, "text": "他在北京", "url": "x"}\n\n{"text": ""}\n', encoding="utf-8")
    return path


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    status = main(["predict", str(MODEL), *map(str, arguments)])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def give(monkeypatch: pytest.MonkeyPatch, raw: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw), "utf-8"))


def test_each_record_gives_one_with_its_id_and_fields(capsys: pytest.CaptureFixture[str], texts: Path) -> None:
    status, out, _ = run(capsys, texts)
    place = {"start": 2, "end": 4, "label": "LOC", "text": "北京", "score": 0.5}
    assert status == 0 and [json.loads(line) for line in out.splitlines()] == [
        {"id": 7, "text": "他在北京", "entities": [place], "url": "x"},
        {"text": "", "entities": []},
    ]


@pytest.mark.parametrize(
    ("name", "beginning"),
    [
        ("o.jsonl", '{"id": 7,'),
        ("o.json", '[\n{"id": 7,'),
        ("o.csv", "text,entities,id,url\n"),
        ("o.tsv", "text\tentities\tid\turl\n"),
        ("o.html", "<!doctype html>"),
    ],
)
def test_the_name_of_the_output_says_the_format(
    capsys: pytest.CaptureFixture[str], texts: Path, tmp_path: Path, name: str, beginning: str
) -> None:
    assert run(capsys, texts, "-o", tmp_path / name)[:2] == (0, "")
    assert (tmp_path / name).read_text(encoding="utf-8").startswith(beginning)


def test_the_least_scores_are_the_models(capsys: pytest.CaptureFixture[str], texts: Path, loaded: Loaded) -> None:
    assert run(capsys, texts, "--min-score", "0.5,LOC=0.4")[0] == 0
    assert loaded[0][1]["min_score"] == {"*": 0.5, "LOC": 0.4}


def test_a_score_that_is_none_is_wrong_use(capsys: pytest.CaptureFixture[str], texts: Path, loaded: Loaded) -> None:
    status, _, error = run(capsys, texts, "--min-score", "LOC=2")
    assert status == 2 and not loaded
    assert "Invalid value for '--min-score': 'LOC=2', expected a number from 0 to 1 or TYPE=NUMBER" in error


@pytest.mark.parametrize(("format", "key"), [("doccano", "label"), ("label-studio", "predictions")])
def test_a_format_can_be_named(capsys: pytest.CaptureFixture[str], texts: Path, format: str, key: str) -> None:
    status, out, _ = run(capsys, texts, "--format", format)
    assert status == 0 and f'"{key}"' in out


def test_the_name_of_the_model_stands_in_the_predictions_of_label_studio(
    capsys: pytest.CaptureFixture[str], texts: Path
) -> None:
    tasks = json.loads(run(capsys, texts, "--format", "label-studio")[1])
    assert tasks[0]["predictions"][0]["model_version"] == "places 1234"


def test_columns_are_labelled_by_sentence(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("在\tO\n北\tB-LOC\n京\tI-LOC\n\n好\tO\n", encoding="utf-8")
    out = run(capsys, path)[1]
    assert [json.loads(line)["text"] for line in out.splitlines()] == ["在北京", "好"]


def test_a_json_array_is_no_plain_text(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text('[{"text": "在北京"}, {"text": "好"}]', encoding="utf-8")
    out = run(capsys, path)[1]
    assert [json.loads(line)["text"] for line in out.splitlines()] == ["在北京", "好"]


def test_the_options_of_reading_reach_the_reader(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("评价;城市\n很好;北京\n".encode("gb18030"))
    options = ("--encoding", "gb18030", "--delimiter", ";", "--text-field", "城市", "--input-format", "csv")
    status, out, _ = run(capsys, path, *options)
    assert status == 0 and json.loads(out)["text"] == "北京" and json.loads(out)["评价"] == "很好"


@pytest.mark.parametrize("arguments", [(), ("-",)])
def test_standard_input_is_labelled(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    give(monkeypatch, "在北京\n\n好".encode())
    status, out, _ = run(capsys, *arguments)
    assert status == 0 and [json.loads(line)["text"] for line in out.splitlines()] == ["在北京", "", "好"]


def test_no_input_is_told(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch, b"")
    status, out, err = run(capsys)
    assert (status, out, err.count("\n")) == (2, "", 1) and "empty" in err


def test_bad_records_are_all_listed_before_the_model_is_loaded(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, loaded: Loaded
) -> None:
    path, output = tmp_path / "a.jsonl", tmp_path / "o.jsonl"
    path.write_text('{"txt": "x"}\n{"text": "好"}\nnot JSON\n', encoding="utf-8")
    output.write_text("before")
    status, _, err = run(capsys, path, "-o", output)
    assert status == 2 and f"{path}:1: " in err and f"{path}:3: " in err
    assert output.read_text() == "before" and not loaded


def test_bad_records_can_be_left_out(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"txt": "x"}\n{"text": "好"}\n', encoding="utf-8")
    status, out, err = run(capsys, path, "--skip-bad")
    assert status == 0 and json.loads(out)["text"] == "好" and err.count("left out 1 bad record of 2") == 1


def test_nothing_left_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"txt": "x"}\n', encoding="utf-8")
    assert run(capsys, path, "--skip-bad", "--input-format", "jsonl")[0] == 2


@pytest.mark.parametrize("link", [None, os.symlink, os.link])
def test_the_input_is_not_written_over(
    capsys: pytest.CaptureFixture[str],
    texts: Path,
    tmp_path: Path,
    link: Callable[[Path, Path], None] | None,
    loaded: Loaded,
) -> None:
    output, before = texts, texts.read_bytes()
    if link is not None:
        output = tmp_path / "other.jsonl"
        link(texts, output)
    status, out, err = run(capsys, texts, "-o", output)
    assert (status, out) == (2, "") and f"{output}: is the file that is read" in err
    assert texts.read_bytes() == before and not loaded


def test_a_pattern_that_names_the_output_too_is_refused(
    capsys: pytest.CaptureFixture[str], texts: Path, tmp_path: Path
) -> None:
    assert run(capsys, tmp_path / "*.jsonl", "-o", texts)[0] == 2
    assert texts.stat().st_size


def test_a_failure_half_way_leaves_the_old_file(
    capsys: pytest.CaptureFixture[str], texts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: Places, texts: Iterable[str], chunk: int) -> Iterator[Prediction]:
        yield Prediction(next(iter(texts)), ())
        raise OSError(5, "Input/output error")

    output = tmp_path / "o.jsonl"
    output.write_text("before")
    monkeypatch.setattr(Places, "stream", fail)
    status, _, err = run(capsys, texts, "-o", output)
    assert status == 2 and "Input/output error" in err
    assert output.read_text() == "before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["o.jsonl", "texts.jsonl"]


@pytest.mark.parametrize(
    ("output", "message"),
    [
        (".", "is a folder, expected the name of a file to write"),
        ("none/o.jsonl", "cannot be written: No such file or directory"),
        ("/dev/full", "/dev/full: cannot be written: No space left on device"),
        ("o.docx", "no format is written to files that end in .docx"),
    ],
)
def test_an_output_that_cannot_be_written_is_one_line(
    capsys: pytest.CaptureFixture[str], texts: Path, monkeypatch: pytest.MonkeyPatch, output: str, message: str
) -> None:
    monkeypatch.chdir(texts.parent)
    status, out, err = run(capsys, texts, "-o", output)
    assert (status, out, err.count("\n")) == (2, "", 1) and message in err


def test_a_format_that_is_only_read_is_told(capsys: pytest.CaptureFixture[str], texts: Path) -> None:
    status, _, err = run(capsys, texts, "--format", "text")
    assert status == 2 and "--input-format text says what FILE is" in err


def test_what_a_format_cannot_hold_is_named(capsys: pytest.CaptureFixture[str], texts: Path, tmp_path: Path) -> None:
    status, _, err = run(capsys, texts, "-o", tmp_path / "o.conll")
    assert status == 2 and f"{texts}:3: an empty text" in err and not (tmp_path / "o.conll").exists()


def test_a_device_is_written_and_stays_one(capsys: pytest.CaptureFixture[str], texts: Path) -> None:
    assert run(capsys, texts, "-o", "/dev/null")[0] == 0
    assert Path("/dev/null").is_char_device()


def test_standard_output_that_is_closed_is_told(
    capsys: pytest.CaptureFixture[str], texts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(sys, "stdout", None)
        status = main(["predict", "model", str(texts)])
    assert status == 2 and "standard output is closed" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [(), ("-",), ("default",), ("default", "-")])
def test_without_a_model_the_default_one_labels_the_standard_input(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, loaded: Loaded, arguments: tuple[str, ...]
) -> None:
    monkeypatch.setattr(predict, "resolved", lambda model, log: Path("cache") / model)
    give(monkeypatch, "在北京".encode())
    assert main(["predict", *arguments]) == 0
    assert json.loads(capsys.readouterr().out)["text"] == "在北京"
    assert loaded[0][0] == Path("cache/default")


def test_a_file_alone_is_labelled_by_the_default_model(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, loaded: Loaded, texts: Path
) -> None:
    monkeypatch.setattr(predict, "resolved", lambda model, log: Path("cache") / model)
    assert main(["predict", str(texts)]) == 0
    assert main(["predict", str(texts.with_name("*.jsonl"))]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 4
    assert [model for model, _ in loaded] == [Path("cache/default")] * 2


def test_what_is_neither_a_model_nor_a_file_is_told(capsys: pytest.CaptureFixture[str], loaded: Loaded) -> None:
    assert main(["predict", "absent"]) == 2
    error = "absent: no such file or folder, expected a model, or a file to label"
    assert error in capsys.readouterr().err and not loaded


def test_a_format_that_is_a_folder_is_written_to_one(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    source, target = tmp_path / "a.jsonl", tmp_path / "out"
    source.write_text('{"id": 7, "text": "他在北京"}\n', encoding="utf-8")
    status, out, _ = run(capsys, source, "-o", target, "--format", "brat")
    assert (status, out) == (0, "")
    assert (target / "7.txt").read_text("utf-8") == "他在北京"
    assert (target / "7.ann").read_text("utf-8") == "T1\tLOC 2 4\t北京\n"
    status, _, err = run(capsys, source, "--format", "brat")
    assert status == 2 and "format brat is written to a folder: name one" in err


@pytest.mark.parametrize(
    ("name", "faults"),
    [
        ("o.conll", {2: "an empty text", 3: "a text of white space", 4: r"'\n' in the text"}),
        ("o.tsv", {4: "a tab or a line end in a cell"}),
        ("o.jsonl", {}),
    ],
)
def test_texts_that_the_target_cannot_hold_are_listed_before_the_model_is_loaded(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, loaded: Loaded, name: str, faults: dict[int, str]
) -> None:
    texts = tmp_path / "t.jsonl"
    texts.write_text(
        "".join(f"{json.dumps({'text': text})}\n" for text in ("在北京", "", "  ", "a\nb")), encoding="utf-8"
    )
    status, _, error = run(capsys, texts, "-o", tmp_path / name)
    assert status == (2 if faults else 0)
    assert bool(loaded) == (not faults) and (tmp_path / name).exists() == (not faults)
    assert all(f"{texts}:{line}: {fault}" in error for line, fault in faults.items())
    assert error.count(f"{texts}:") == len(faults)


def test_texts_that_the_target_cannot_hold_are_left_out_and_counted_on_demand(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    texts = tmp_path / "t.txt"
    texts.write_text("在北京\n\n好\n", encoding="utf-8")
    status, _, error = run(capsys, texts, "-o", tmp_path / "o.conll", "--skip-bad")
    assert status == 0 and "left out 1 bad record of 3" in error
    assert (tmp_path / "o.conll").read_text("utf-8") == "在\tO\n北\tB-LOC\n京\tI-LOC\n\n好\tO\n\n"


def test_a_folder_of_texts_is_answered_with_the_pattern_that_reads_it(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "a.txt").write_text("在北京\n", encoding="utf-8")
    status, out, error = run(capsys, tmp_path)
    assert (status, out) == (2, "") and f"name them by a pattern in quotes: '{tmp_path}/*.txt'" in error
    assert run(capsys, f"{tmp_path}/*.txt")[0] == 0


@pytest.mark.parametrize("raw", [b"", b"\n\n"])
def test_nothing_on_the_standard_input_is_said(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, raw: bytes
) -> None:
    give(monkeypatch, raw)
    assert run(capsys) == (2, "", "error: -: empty, expected texts, one a line, or records of any format\n")
