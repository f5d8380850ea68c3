"""The folder for a device: the server's answers without its packages, whole files, an engine script, HTTP.

Tests `paddle_ner.cli.jetson`, `paddle_ner.edge.check`, `paddle_ner.edge.engines`, `paddle_ner.edge.folder`,
`paddle_ner.edge.run` and `paddle_ner.export.edge.write` too.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

import paddle_ner
from paddle_ner.bundle import load_tokenizer, read_bundle_manifest
from paddle_ner.cli.export import command as export_command
from paddle_ner.edge.engines import OnnxEngine
from paddle_ner.edge.settings import Settings
from paddle_ner.errors import GateError, InputError
from paddle_ner.export.edge import write_edge
from paddle_ner.export.edge.runtime import sources
from paddle_ner.inference.predictor import Predictor
from paddle_ner.serving.schemas import PredictResponse
from paddle_ner.serving.settings import Settings as ServerSettings
from tests.integration.edge_folders import make_folder, run_script, start_script
from tests.integration.tiny_bundles import SEED_TEXT

for package in ("paddle", "paddlenlp", "paddle2onnx", "onnxruntime"):
    pytest.importorskip(package)

KINDS = ("ner", "classification", "multi-label")
HARD = (
    "",
    " ",
    "\t\n",
    "😀",
    "👩‍👩‍👧‍👦是一家",
    "[SEP]王小明[CLS]",
    "\ud800坏",
    "İstanbul北京",
    "①②③﹏",
    "e\u0301è",
    "\u200b",
    "𠮷野家" * 90,
)


def hard_texts(count: int, seed: int = 5) -> list[str]:
    """Texts of characters that the model knows, and of those that it does not, short and over several windows."""
    draw = random.Random(seed)
    strange = "abcXYZ 0129①Ａ１ﬁİßé\u0301\u200d\u00ad\u3000\t😀👩‍👧𠮷龘〇《》[]#\ufeff\ud83d"
    texts = list(HARD)
    while len(texts) < count:
        length = draw.choice((1, 3, 10, 20, 40, 64, 65, 150, 300))
        odd = draw.random() ** 3
        texts.append("".join(draw.choice(strange if draw.random() < odd else SEED_TEXT) for _ in range(length)))
    return texts


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("edge")
    for kind in KINDS:
        make_folder(root / kind, kind, int8=kind == "ner")
    return root


@pytest.fixture
def folder(work: Path, tmp_path: Path) -> Path:
    """A copy to do harm to."""
    return Path(shutil.copytree(work / "ner" / "folder", tmp_path / "folder"))


def predict(folder: Path, texts: list[str], *options: str) -> list[dict[str, Any]]:
    given = "".join(json.dumps({"id": str(n), "text": text}) + "\n" for n, text in enumerate(texts))
    done = run_script(folder, "run.py", "predict", *options, given=given)
    assert done.returncode == 0, done.stderr
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert [int(record.pop("id")) for record in records] == list(range(len(texts)))
    return records


@pytest.mark.parametrize("kind", KINDS)
def test_a_device_answers_thousands_of_texts_as_the_package_does(work: Path, kind: str) -> None:
    folder, bundle = work / kind / "folder", work / kind / "bundle"
    engine = OnnxEngine(folder / "model.fp32.onnx")
    ours = Predictor(read_bundle_manifest(bundle), load_tokenizer(bundle), engine)
    texts = hard_texts(2000)
    found = predict(folder, texts, "--engine", "onnxruntime")
    for text, record, answer in zip(texts, found, ours(texts), strict=True):
        assert record == answer.to_dict(), repr(text)


@pytest.mark.parametrize("kind", KINDS)
def test_a_device_answers_as_the_servers_engine_does(work: Path, kind: str) -> None:
    texts = hard_texts(300, seed=6)
    answers = paddle_ner.load(work / kind / "bundle", engine="paddle", precision="fp32")(texts)
    found = predict(work / kind / "folder", texts)
    for text, record, answer in zip(texts, found, answers, strict=True):
        expected = answer.to_dict()
        assert record.get("label") == expected.get("label") and record.get("labels") == expected.get("labels")
        assert spans(record) == spans(expected), repr(text)
        if expected.get("scores"):
            assert record["scores"] == pytest.approx(expected["scores"], abs=2e-4)


def spans(record: dict[str, Any]) -> list[tuple[int, int, str, str]]:
    return [(one["start"], one["end"], one["label"], one["text"]) for one in record.get("entities", ())]


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_check_finds_the_expected_answers(work: Path, precision: str) -> None:
    done = run_script(work / "ner" / "folder", "check.py", "--precision", precision, "--json")
    report = json.loads(done.stdout)
    assert done.returncode == 0 and report["same"] == report["texts"] > 5
    assert report["precision"] == precision and report["milliseconds"]["p50"] > 0


def test_the_sums_are_those_of_sha256sum_and_leave_nothing_out(work: Path) -> None:
    folder = work / "ner" / "folder"
    done = subprocess.run(["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=folder, capture_output=True)
    assert done.returncode == 0
    listed = {line.partition("  ")[2] for line in (folder / "SHA256SUMS").read_text().splitlines()}
    there = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert there == listed | {"SHA256SUMS"}


@pytest.mark.parametrize("name", ["model.fp32.onnx", "tokenizer.json", "expected.jsonl", "paddle_ner/types.py"])
def test_a_changed_file_is_refused_by_name(folder: Path, name: str) -> None:
    with (folder / name).open("ab") as file:
        file.write(b"\n")
    for script in (["check.py"], ["run.py", "predict"]):
        done = run_script(folder, *script)
        assert done.returncode == 2
        assert done.stderr.startswith("error: ") and f"{name}: its sha256 is not the one in SHA256SUMS" in done.stderr


def test_a_missing_file_is_refused_by_name(folder: Path) -> None:
    (folder / "model.int8.onnx").unlink()
    done = run_script(folder, "check.py")
    assert done.returncode == 2 and "model.int8.onnx: no such file, but SHA256SUMS lists it" in done.stderr


def rewrite_expected(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change what is expected, with the sums that belong to it."""
    path, sums = folder / "expected.jsonl", folder / "SHA256SUMS"
    old = hashlib.sha256(path.read_bytes()).hexdigest()
    records = [json.loads(line) for line in path.read_text().splitlines()]
    for record in records:
        change(record)
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    sums.write_text(sums.read_text().replace(old, hashlib.sha256(path.read_bytes()).hexdigest()))


def test_other_offsets_than_expected_are_refused(folder: Path) -> None:
    def move(record: dict[str, Any]) -> None:
        for entity in record["fp32"]["entities"][-1:]:
            entity["end"] += 1

    rewrite_expected(folder, move)
    done = run_script(folder, "check.py")
    assert done.returncode == 1 and "texts have the expected labels and offsets, expected 100%" in done.stderr


def test_scores_too_far_from_those_expected_are_refused(folder: Path) -> None:
    def raise_score(record: dict[str, Any]) -> None:
        for entity in record["fp32"]["entities"]:
            entity["score"] += 0.02

    rewrite_expected(folder, raise_score)
    done = run_script(folder, "check.py")
    assert done.returncode == 1 and "from the expected one, allowed is 0.01" in done.stderr
    assert run_script(folder, "check.py", "--tolerance", "0.03").returncode == 0


def test_a_folder_is_replaced_and_a_foreign_one_is_not(work: Path, folder: Path) -> None:
    (folder / "model.fp16.engine").write_bytes(b"built on a device")
    write_edge(work / "ner" / "checkpoint", folder)
    assert not (folder / "model.fp16.engine").exists() and not (folder / "model.int8.onnx").exists()
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match="holds something else than a folder of paddle-ner"):
        write_edge(work / "ner" / "checkpoint", folder)
    assert (folder / "notes.txt").read_text() == "mine" and (folder / "check.py").is_file()


def test_a_folder_that_does_not_answer_as_the_server_is_not_written(
    work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = sources()
    broken = {**real, "inference/planning.py": real["inference/planning.py"].replace("pad_id, dtype", "0, dtype")}
    broken["features/windows.py"] = broken["features/windows.py"].replace(
        "shift = 1 - self.start", "shift = -self.start"
    )
    monkeypatch.setattr("paddle_ner.export.edge.write.sources", lambda: broken)
    with pytest.raises(GateError, match=r"the folder's own check\.py refuses it at fp32: error: \d+ of \d+ texts"):
        write_edge(work / "ner" / "checkpoint", tmp_path / "folder")
    assert not list(tmp_path.iterdir())


def test_int8_is_not_made_without_labelled_examples(work: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="an int8 file is scored before it is kept"):
        write_edge(work / "ner" / "checkpoint", tmp_path / "folder", scales=[])


def test_the_command_writes_the_folder_and_says_what_is_in_it(
    work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # a path as people type it
    options = [str((work / "ner" / "checkpoint").resolve()), "--target", "jetson", "-o", "j", "--json"]
    done = CliRunner().invoke(export_command, options, catch_exceptions=False)
    report = json.loads(done.stdout)
    assert report["precisions"] == ["fp32"] and report["texts"] > 5
    assert set(report["files"]) >= {"README.md", "run.py", "check.py", "build_engine.sh", "edge.json"}


# ------------------------------------------------------------------ TensorRT's script


def build(folder: Path, trtexec: str, *names: str, **environment: str) -> subprocess.CompletedProcess[str]:
    program = folder.parent / "trtexec"
    program.write_text(f"#!/usr/bin/env bash\n{trtexec}\n")
    program.chmod(0o755)
    values = {**os.environ, "TRTEXEC": str(program), **environment}
    return subprocess.run([folder / "build_engine.sh", *names], env=values, capture_output=True, text=True)


# Says what it was asked, and writes the engine that it was asked for.
TRTEXEC = """
if [[ $1 == --help ]]; then echo "  OPTION  what it does"; exit; fi
printf '%s\\n' "$@" >>"$(dirname "$0")/asked"
for word; do [[ $word == --saveEngine=* ]] && echo built >"${word#*=}"; done
exit 0
"""


@pytest.mark.parametrize("option", ["--buildOnly", "--skipInference"])
def test_both_engines_are_built_with_shapes_for_every_input(folder: Path, option: str) -> None:
    done = build(folder, TRTEXEC.replace("OPTION", option), WORKSPACE_MIB="256")
    assert done.returncode == 0, done.stderr
    asked = (folder.parent / "asked").read_text().split()
    assert asked.count(option) == 2 and asked.count("--memPoolSize=workspace:256") == 2
    for shapes in ("min", "opt", "max"):
        (found,) = {word for word in asked if word.startswith(f"--{shapes}Shapes=")}
        assert [one.partition(":")[0] for one in found.partition("=")[2].split(",")] == ["input_ids", "token_type_ids"]
    assert asked.count("--fp16") == 2 and asked.count("--int8") == 1
    assert (folder / "model.fp16.engine").read_text() == (folder / "model.int8.engine").read_text() == "built\n"


def test_a_failed_build_shows_its_log_and_leaves_no_engine(folder: Path) -> None:
    done = build(folder, "[[ $1 == --help ]] || { echo 'out of memory' >&2; exit 1; }", "fp16")
    assert done.returncode == 2
    assert "out of memory" in done.stderr and "WORKSPACE_MIB=256" in done.stderr
    assert not list(folder.glob("*.engine*"))


def test_a_build_of_what_is_not_there_is_refused(folder: Path, work: Path) -> None:
    assert "unknown precision, expected fp16, int8 or fp32" in build(folder, TRTEXEC, "fp8").stderr
    other = Path(shutil.copytree(work / "classification" / "folder", folder.parent / "other"))
    assert "export the folder with --scales for int8" in build(other, TRTEXEC, "int8").stderr
    with (folder / "edge.json").open("a") as file:
        file.write(" ")
    done = build(folder, TRTEXEC)
    assert done.returncode == 2 and "copy the folder again" in done.stderr


def test_an_engine_that_was_not_built_is_not_replaced_by_something_else(folder: Path) -> None:
    done = run_script(folder, "check.py", "--engine", "tensorrt")
    assert done.returncode == 2 and "no such engine was built; run ./build_engine.sh fp16" in done.stderr
    assert build(folder, TRTEXEC, "fp16").returncode == 0
    done = run_script(folder, "check.py")
    assert done.returncode == 2 and "TensorRT cannot be imported" in done.stderr


def test_an_engine_of_another_model_is_refused(folder: Path) -> None:
    (folder / "model.fp16.engine").write_bytes(b"built from what lay here before")
    for noted in ("", f"{'0' * 64}  model.fp32.onnx\n"):
        (folder / "model.fp16.engine.SHA256SUMS").write_text(noted)
        done = run_script(folder, "check.py")
        assert done.returncode == 2 and "run ./build_engine.sh fp16 again" in done.stderr


# ------------------------------------------------------------------ files


def test_plain_texts_and_a_bad_line(work: Path, tmp_path: Path) -> None:
    folder, texts, answers = work / "ner" / "folder", tmp_path / "texts.txt", tmp_path / "answers.jsonl"
    texts.write_text("王小明\n\n北京大学\n", encoding="utf-8")
    assert run_script(folder, "run.py", "predict", str(texts), "-o", str(answers)).returncode == 0
    assert [json.loads(line)["text"] for line in answers.read_text("utf-8").splitlines()] == ["王小明", "", "北京大学"]
    texts.write_bytes("王小明\n".encode("gb18030"))
    done = run_script(folder, "run.py", "predict", str(texts))
    assert done.returncode == 2 and f"{texts}:1: not UTF-8 at byte 1" in done.stderr
    assert run_script(folder, "run.py", "predict", str(tmp_path / "none")).returncode == 2


# ------------------------------------------------------------------ HTTP


def serve(folder: Path, *options: str) -> tuple[subprocess.Popen[str], httpx.Client]:
    process = start_script(folder, "run.py", ["serve", "--port", "0", *options])
    assert process.stderr is not None
    heard = []
    while line := process.stderr.readline():
        heard.append(line)
        if line.startswith("listening on "):
            return process, httpx.Client(base_url=line.split()[-1], timeout=60)
    raise AssertionError("".join(heard))


@pytest.fixture(scope="module")
def client(work: Path) -> Iterator[httpx.Client]:
    process, client = serve(work / "ner" / "folder", "--max-body-bytes", "4000", "--max-texts", "3")
    with client:
        yield client
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0


def test_one_text_and_many_are_answered_as_the_server_answers(client: httpx.Client, work: Path) -> None:
    texts = ["王小明毕业于北京大学", "😀外交部", "上海"]
    answers = paddle_ner.load(work / "ner" / "bundle", engine="paddle", precision="fp32")(texts)
    for body, expected in (({"text": texts[0]}, answers[:1]), ({"texts": texts}, answers)):
        reply = client.post("/predict", json=body)
        assert reply.status_code == 200 and reply.headers["content-type"] == "application/json"
        PredictResponse.model_validate(reply.json())
        assert reply.json()["model"] == "tiny-ner"
        assert [spans(one) for one in reply.json()["predictions"]] == [spans(one.to_dict()) for one in expected]
        assert client.post("/models/tiny-ner/predict", json=body).json() == reply.json()


def test_an_empty_text_has_an_empty_answer(client: httpx.Client) -> None:
    assert client.post("/predict", json={"text": ""}).json()["predictions"] == [{"text": "", "entities": []}]


@pytest.mark.parametrize(
    ("status", "content"),
    [
        (413, b'{"text": "' + b"a" * 4000 + b'"}'),
        (413, b'{"text": "' + b"a" * 60_000 + b'"}'),
        (422, b"not JSON"),
        (422, b"\xff"),
        (422, b"[" * 3000),
        (422, b'{"txt": "a"}'),
        (422, b'{"text": "a", "texts": ["b"]}'),
        (422, b'{"text": "a", "text": "b"}'),
        (422, b'{"texts": "a"}'),
        (422, b'{"texts": [1]}'),
        (422, b'{"texts": []}'),
        (422, b'{"texts": ["a", "b", "c", "d"]}'),
        (422, b'{"text": "\\ud800"}'),
    ],
)
def test_a_wrong_body_is_a_problem(client: httpx.Client, status: int, content: bytes) -> None:
    reply = client.post("/predict", content=content)
    assert reply.status_code == reply.json()["status"] == status
    assert reply.headers["content-type"] == "application/problem+json" and reply.json()["detail"]
    assert client.get("/health/ready").json() == {"status": "ready"}


def test_other_routes(client: httpx.Client) -> None:
    assert client.get("/health/live").json() == {"status": "alive"}
    assert client.get("/").status_code == 404 and client.post("/other", content=b"{}").status_code == 404
    assert client.post("/models/other/predict", json={"text": "a"}).status_code == 404
    refused = client.get("/predict")
    assert refused.status_code == 405 and refused.headers["allow"] == "POST"
    assert client.post("/predict", content=iter([b"{}"])).status_code == 411


def test_keys_are_asked_for(work: Path, tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    keys.write_text("# callers\nsecret-one\n")
    process, client = serve(work / "classification" / "folder", "--keys", str(keys))
    with client:
        body = {"text": "北京"}
        assert client.post("/predict", json=body).status_code == 401
        assert client.post("/predict", json=body, headers={"Authorization": "Bearer other"}).status_code == 401
        reply = client.post("/predict", json=body, headers={"Authorization": "Bearer secret-one"})
        assert reply.status_code == 200 and set(reply.json()["predictions"][0]["scores"]) == {"体育", "财经", "科技"}
        assert client.get("/health/ready").status_code == 200
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0


def test_an_address_that_others_reach_wants_keys(work: Path) -> None:
    done = run_script(work / "ner" / "folder", "run.py", "serve", "--host", "0.0.0.0")
    assert (
        done.returncode == 2 and "--host 0.0.0.0: other machines can reach it, so --keys FILE is needed" in done.stderr
    )


def test_the_bounds_are_those_of_the_server() -> None:
    ours, theirs = Settings(), ServerSettings.create(models={"m": Path("m")})
    for name in ("host", "port", "max_body_bytes", "max_texts", "max_characters"):
        assert getattr(ours, name) == getattr(theirs, name), name
