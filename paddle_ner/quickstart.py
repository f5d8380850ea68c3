"""What only the quickstart needs: its config, evaluation, and an answer over HTTP.

Training and export are the library's own functions; the command calls them between these.
"""

from __future__ import annotations

import json
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paddle_ner import config as configs
from paddle_ner import data, processes
from paddle_ner.config import Config
from paddle_ner.errors import InputError, PaddleNerError
from paddle_ner.files import whole_file

if TYPE_CHECKING:
    from paddle_ner.tasks.metrics import Report

# A small ERNIE with random weights. They are spread wider than ERNIE's own 0.02, which is meant for encoders six times
# as wide: with that value this encoder learns half as fast.
CONFIG = """\
# Written by paddle-ner quickstart. The same again: paddle-ner train quickstart.yaml --output FOLDER
name: quickstart
task:
  type: ner
  labels: [PER, LOC, ORG]
data:
  root: ROOT
  train: train.jsonl
  dev: dev.jsonl
  test: test.jsonl
model:
  encoder:
    hidden_size: 128
    num_hidden_layers: 2
    num_attention_heads: 4
    intermediate_size: 512
    hidden_act: relu
    hidden_dropout_prob: 0.1
    attention_probs_dropout_prob: 0.0
    initializer_range: 0.08
tokenizer:
  type: characters
  min_frequency: 2
window:
  size: 128
  overlap: 32
training:
  epochs: 6
  batch_size: 16
  learning_rate: 2.0e-3
"""

_START = 120.0  # seconds that a server may take until it is ready
_STOP = 40.0  # and until it has stopped


def write_config(folder: Path, overrides: Sequence[str] = ()) -> Config:
    """Write the config to ``folder/quickstart.yaml``, for its data in ``folder/data``, and read it with the overrides.

    Raises InputError for a wrong ``key=value``.
    """
    path = folder / "quickstart.yaml"
    root = json.dumps(str(folder / "data"), ensure_ascii=False)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder}: cannot be made: {error.strerror}") from error
    with whole_file(path) as temporary:
        temporary.write_text(CONFIG.replace("ROOT", root), "utf-8")
    return configs.load(path, overrides)


def evaluate(model: Path, file: Path, advance: Callable[[int], None]) -> Report:
    """The metrics of a checkpoint or a bundle on a labelled file; `advance` is called with the examples done."""
    from paddle_ner.evaluation.score import score
    from paddle_ner.inference import load

    report, _ = score(load(model), data.load(file), advance)
    return report


@contextmanager
def serving(model: Path, log: Path) -> Iterator[str]:
    """Run ``paddle-ner serve`` on a free port, in a separate process, while the block runs.

    Args:
        model: a bundle or a checkpoint.
        log: file for the server's output.

    Yields:
        Its URL, once it is ready.

    Raises:
        PaddleNerError: it did not start; the message ends with the last lines of its log.
    """
    ready = log.with_suffix(".ready")
    ready.unlink(missing_ok=True)
    command = processes.python("paddle_ner", "serve", str(model), "--port", "0", "--ready-file", str(ready))
    with log.open("wb") as output:
        server = subprocess.Popen(
            command,
            env=processes.environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield _ready_url(server, ready, log)
    finally:
        server.terminate()
        try:
            server.wait(_STOP)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _ready_url(server: subprocess.Popen[bytes], ready: Path, log: Path) -> str:
    deadline = time.monotonic() + _START
    while time.monotonic() < deadline:
        if ready.exists():
            url = json.loads(ready.read_text("utf-8"))["url"]
            return str(url)
        if server.poll() is not None:
            break
        time.sleep(0.1)
    said = processes.last_words(log.read_text("utf-8", errors="replace")) or "it said nothing"
    raise PaddleNerError(f"the server did not start ({log}): {said}")


def ask(url: str, text: str) -> dict[str, Any]:
    """``POST /predict`` with a text, and return the answer's JSON. Raises PaddleNerError without an answer."""
    body = json.dumps({"text": text}, ensure_ascii=False).encode()
    request = urllib.request.Request(f"{url}/predict", data=body, headers={"Content-Type": "application/json"})
    # The user's proxy is for the internet, not for this machine.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=60) as response:
            answer: dict[str, Any] = json.load(response)
    except OSError as error:
        raise PaddleNerError(f"POST {url}/predict: {error}") from error
    return answer
