"""The log has a line a request, in the format that was asked for, and never a text.

Tests `paddle_ner.serving.observe` too.
"""

from __future__ import annotations

import json
import logging
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from paddle_ner.errors import BundleError
from paddle_ner.serving import keys
from paddle_ner.serving.logs import JsonFormatter, TextFormatter, request_id
from tests.unit.serving.fakes import POISON
from tests.unit.serving.harness import PATIENCE

ROOT = Path(__file__).parents[3]
# A server as `paddle-ner serve` runs it, over the fake model; its first line on stdout is its URL.
SERVE = """
import json, sys
sys.path.insert(0, {root!r})
from tests.unit.serving.fakes import load_fake
from paddle_ner.serving import Settings, logs, run
settings = Settings.create(models={{"fake": "."}}, port=0, **json.loads(sys.argv[1]))
logs.configure(settings)
run(settings, load_fake, on_ready=lambda url: print(url, flush=True))
"""


class Running:
    """A server in a process of its own; `stop` gives what it has written to stderr."""

    def __init__(self, options: dict[str, Any]) -> None:
        code = SERVE.format(root=str(ROOT))
        self.process = subprocess.Popen(
            [sys.executable, "-c", code, json.dumps(options)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert self.process.stdout
        self.client = httpx.Client(base_url=self.process.stdout.readline().strip(), timeout=PATIENCE)

    def stop(self) -> list[str]:
        self.client.close()
        self.process.send_signal(signal.SIGTERM)
        return self.process.communicate(timeout=PATIENCE)[1].splitlines()


@pytest.fixture
def start() -> Iterator[Any]:
    started: list[Running] = []

    def begin(**options: Any) -> Running:
        started.append(Running(options))
        return started[-1]

    yield begin
    for one in started:
        one.process.kill()
        one.process.communicate()


def test_json_has_one_line_a_request_with_what_it_was_and_never_the_text(start: Any) -> None:
    key, hashed = keys.create("web")
    server = start(log_format="json", api_key_hashes=hashed.line)
    headers = {"X-API-Key": key, "X-Request-ID": "job-7"}
    server.client.post("/predict?text=secret", json={"texts": ["secret", "机密"]}, headers=headers)
    server.client.get("/secret?text=secret", headers={"X-API-Key": "secret"})
    lines = [json.loads(line) for line in server.stop()]
    assert not any("secret" in json.dumps(line) or "机密" in json.dumps(line, ensure_ascii=False) for line in lines)
    assert key not in json.dumps(lines)
    first, second = (line for line in lines if "route" in line)
    assert first.pop("milliseconds") > 0 and first.pop("time").endswith("+00:00")
    assert first == {
        "level": "info",
        "logger": "paddle_ner.serving.observe",
        "message": "POST /predict 200",
        "request_id": "job-7",
        "method": "POST",
        "route": "/predict",
        "status": 200,
        "texts": 2,
        "characters": 8,
        "key": "web",
        "client": "127.0.0.1",
    }
    assert (second["route"], second["status"], second["key"]) == ("other", 401, "")


def test_json_is_the_format_of_the_web_server_s_lines_too(start: Any) -> None:
    lines = [json.loads(line) for line in start(log_format="json").stop()]
    assert {line["logger"] for line in lines} >= {"uvicorn.error"}


def test_a_failure_of_the_engine_is_logged_with_the_requests_concerned(start: Any) -> None:
    server = start(log_format="json")
    server.client.post("/predict", json={"texts": ["secret", f"secret{POISON}"]}, headers={"X-Request-ID": "job-7"})
    output = server.stop()
    assert "secret" not in "".join(output)
    failures = [line for line in map(json.loads, output) if line["level"] == "error"]
    assert failures and all("job-7" in json.dumps(line) for line in failures)


def test_text_is_quiet_unless_told_otherwise(start: Any) -> None:
    quiet = start()
    quiet.client.post("/predict", json={"text": "A"})
    assert quiet.stop() == []
    told = start(log_level="info")
    told.client.post("/predict", json={"text": "A"}, headers={"X-Request-ID": "job-7"})
    (line,) = [line for line in told.stop() if "POST" in line]
    assert " info POST /predict 200 " in line and "request_id=job-7" in line and "characters=1" in line


def test_json_may_be_quiet(start: Any) -> None:
    server = start(log_format="json", log_level="error")
    server.client.post("/predict", json={"text": "A"})
    assert server.stop() == []


# ---------------------------------------------------------------------- formats


def record(message: str, error: Exception | None = None, **extra: Any) -> logging.LogRecord:
    info = (type(error), error, error.__traceback__) if error else None
    made = logging.LogRecord("a.b", logging.WARNING, "file.py", 1, message, (), info)
    vars(made).update(extra)
    return made


def raised(error: Exception) -> Exception:
    try:
        raise error
    except Exception as caught:
        return caught


@pytest.mark.parametrize("formatter", [JsonFormatter(), TextFormatter()])
def test_an_exception_is_shown_without_what_it_says_unless_it_is_our_own(formatter: logging.Formatter) -> None:
    text = "user's " + "text"
    line = formatter.format(record("it failed", raised(ValueError(text))))
    assert "ValueError" in line and "in raised" in line and text not in line
    assert "manifest.json: no such file" in formatter.format(
        record("it failed", raised(BundleError("manifest.json: no such file")))
    )


def test_json_stays_one_line_and_keeps_every_character() -> None:
    line = JsonFormatter().format(record('two\nlines "quoted" \u2028 \ud800', path=Path("a"), count=3))
    assert "\n" not in line
    read = json.loads(line)
    assert read["message"] == 'two\nlines "quoted" \u2028 \ud800'
    assert (read["path"], read["count"]) == ("a", 3)


def test_a_line_written_during_a_request_has_its_id() -> None:
    token = request_id.set("job-7")
    try:
        assert json.loads(JsonFormatter().format(record("x")))["request_id"] == "job-7"
        assert json.loads(JsonFormatter().format(record("x", request_id="job-8")))["request_id"] == "job-8"
    finally:
        request_id.reset(token)
    assert "request_id" not in json.loads(JsonFormatter().format(record("x")))


# ---------------------------------------------------------------------- under another ASGI server


def test_asgi_py_writes_the_same_lines_under_uvicorn_s_own_command() -> None:
    command = [sys.executable, "-m", "uvicorn", "--app-dir", str(ROOT / "serving"), "--port", "0", "asgi:app"]
    environment = {
        **os.environ,
        "PADDLE_NER_SERVE_MODELS": "ner=absent",
        "PADDLE_NER_SERVE_LOG_FORMAT": "json",
        "PADDLE_NER_SERVE_API_KEY_HASHES": keys.create("web")[1].line,
    }
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr
        lines = []
        awaited = {"Uvicorn running on", "model ner failed to load"}
        while awaited:
            lines.append(process.stderr.readline())
            assert lines[-1], "the server ended: " + "".join(lines)
            awaited = {message for message in awaited if message not in lines[-1]}
        url = re.findall(r"http://[\d.:]+", "".join(lines))[0]
        assert httpx.get(f"{url}/models?text=secret", timeout=PATIENCE).status_code == 401
        process.send_signal(signal.SIGTERM)
        lines += process.communicate(timeout=PATIENCE)[1].splitlines()
    finally:
        process.kill()
        process.communicate()
    records = [json.loads(line) for line in lines]
    assert [record["message"] for record in records if "route" in record] == ["GET /models 401"]
    assert not any("secret" in line for line in lines)
    assert any("model ner failed to load" in record["message"] for record in records)


def test_a_server_whose_log_nobody_reads_goes_on_and_ends_at_sigterm() -> None:
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with suppress(BlockingIOError):  # the pipe is full before the server starts
        while True:
            os.write(writer, b"x" * 1024)
    os.set_blocking(writer, True)
    code = SERVE.format(root=str(ROOT))
    process = subprocess.Popen(
        [sys.executable, "-c", code, json.dumps({"log_level": "info"})],
        stdout=subprocess.PIPE,
        stderr=writer,
        text=True,
    )
    try:
        assert process.stdout
        with httpx.Client(base_url=process.stdout.readline().strip(), timeout=PATIENCE) as client:
            for _ in range(20):
                assert client.post("/predict", json={"text": "IBM"}).status_code == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
    finally:
        process.kill()
        process.communicate()
        os.close(reader)
        os.close(writer)


# ---------------------------------------------------------------------- the command


@pytest.mark.parametrize("arguments", [[], ["--log-format", "json"]])
def test_the_command_says_where_it_serves_in_the_format_of_the_log(tmp_path: Path, arguments: list[str]) -> None:
    (tmp_path / "manifest.json").write_text("{}")
    code = (
        "import sys, paddle_ner.serving\n"
        "paddle_ner.serving.run = lambda settings, on_ready: on_ready('http://127.0.0.1:1')\n"
        "from paddle_ner.cli import main\n"
        "sys.exit(main(['serve', '--model', 'ner=' + sys.argv[1], *sys.argv[2:]]))"
    )
    command = [sys.executable, "-c", code, str(tmp_path), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 0, done.stderr
    (line,) = done.stderr.splitlines()
    said = json.loads(line)["message"] if arguments else line
    assert said == "serving ner on http://127.0.0.1:1"
