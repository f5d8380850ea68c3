"""An engine that another distribution brings: used by its name from Python, on the command line and by the server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

TEXT = "王小明昨天去了北京。"
# Paddle's engine, with a line of its own for each engine that is opened.
SOURCE = """
import sys
from paddle_ner.environment import Package
from paddle_ner.inference.engines import EngineDescription
from paddle_ner.inference.engines.paddle import PaddleEngine


def open_engine(folder, manifest, options):
    print(f"{options.engine} opens at {options.precision}", file=sys.stderr)
    return PaddleEngine(folder, manifest, options)


ENGINE = EngineDescription(
    name="strange",
    title="Strange",
    package=Package("strange_engine", "Strange", distribution="strange-engine"),
    graph="paddle",
    precisions={"cpu": ("fp32",)},
    open=open_engine,
    replicas=False,
)
"""


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Of a process in which the distribution is installed: a module, and what pip leaves beside it."""
    root = tmp_path_factory.mktemp("site")
    (root / "strange_engine.py").write_text(SOURCE)
    metadata = root / "strange_engine-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: strange-engine\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[paddle_ner.engines]\nstrange = strange_engine:ENGINE\n")
    paths = [str(root), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}


def run(environment: dict[str, str], *arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *arguments]
    return subprocess.run(command, env=environment, input=text, capture_output=True, text=True, timeout=300)


def test_load_opens_it_by_its_name(environment: dict[str, str], bundle: Path) -> None:
    program = (
        "import sys, paddle_ner; ner = paddle_ner.load(sys.argv[1], engine='strange');"
        "print(ner.info.engine, ner.info.precision, ner.engines, ner(sys.argv[2]).to_json())"
    )
    done = run(environment, "-c", program, str(bundle), TEXT)
    assert done.returncode == 0, done.stderr
    engine, precision, engines, answer = done.stdout.split(" ", 3)
    assert (engine, precision, engines) == ("strange", "fp32", "1")  # it has no replicas
    assert [entity["text"] for entity in json.loads(answer)["entities"]] == ["王小明", "北京"]
    assert "strange opens at fp32" in done.stderr


def test_predict_takes_it_on_the_command_line(environment: dict[str, str], bundle: Path) -> None:
    done = run(environment, "-m", "paddle_ner", "predict", str(bundle), "--engine", "strange", text=TEXT + "\n")
    assert done.returncode == 0, done.stderr
    assert [entity["text"] for entity in json.loads(done.stdout)["entities"]] == ["王小明", "北京"]
    assert "strange opens at fp32" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--precision", "int8"], "precision int8 cannot be had with strange on cpu, expected fp32"),
        (["--device", "gpu"], "engine strange does not run on gpu: add --device cpu"),
    ],
)
def test_what_it_does_not_have_is_refused(
    environment: dict[str, str], bundle: Path, arguments: list[str], message: str
) -> None:
    command = ["-m", "paddle_ner", "predict", str(bundle), "--engine", "strange", *arguments]
    done = run(environment, *command, text=TEXT + "\n")
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr


def test_replicas_that_it_does_not_have_are_refused(environment: dict[str, str], bundle: Path) -> None:
    program = "import sys, paddle_ner; paddle_ner.load(sys.argv[1], engine='strange', replicas=2)"
    done = run(environment, "-c", program, str(bundle))
    assert "replicas is 2, but engine strange computes one batch at a time" in done.stderr


def test_without_the_distribution_the_name_is_unknown(bundle: Path) -> None:
    done = run(dict(os.environ), "-m", "paddle_ner", "predict", str(bundle), "--engine", "strange")
    assert done.returncode == 2
    assert "'strange' is not one of 'auto', 'onnxruntime', 'openvino', 'paddle', 'tensorrt'" in done.stderr


@pytest.fixture
def server(environment: dict[str, str], bundle: Path, tmp_path: Path) -> Iterator[dict[str, str]]:
    """The url of a server with that engine, and what it wrote to stderr until then."""
    ready, errors = tmp_path / "ready.json", tmp_path / "stderr"
    command = [sys.executable, "-m", "paddle_ner", "serve", str(bundle), "--engine", "strange", "--port", "0"]
    with errors.open("w") as file:
        process = subprocess.Popen([*command, "--ready-file", str(ready)], env=environment, stderr=file)
    try:
        for _ in range(600):
            if ready.is_file() or process.poll() is not None:
                break
            try:
                process.wait(0.1)
            except subprocess.TimeoutExpired:
                continue
        assert ready.is_file(), errors.read_text()
        yield {"url": json.loads(ready.read_text())["url"], "stderr": errors.read_text()}
    finally:
        process.terminate()
        process.wait(60)


def test_the_server_answers_with_it(server: dict[str, str]) -> None:
    assert server["stderr"].count("strange opens at fp32") >= 1
    body = json.dumps({"text": TEXT}).encode()
    request = urllib.request.Request(f"{server['url']}/predict", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as response:
        answer = json.load(response)
    assert "王小明" in json.dumps(answer, ensure_ascii=False)
    with urllib.request.urlopen(f"{server['url']}/models", timeout=60) as response:
        assert "strange" in response.read().decode()
