"""Every command of README and docs, run as it is written but for what `docs_commands` lists, in one scratch folder.

A command that stands on several pages is run where it stands first.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

from paddle_ner import data
from paddle_ner.data.sample import write_sample
from tests.docs_commands import COMMANDS, ROOT, STAND_INS, Command

FIRST = {command.text: command for command in reversed(COMMANDS)}
RUN = [command for command in COMMANDS if command.reason is None and FIRST[command.text] is command]
_SIZES = {"train": 500, "dev": 40, "test": 40}
# What the page on pretraining has as its config, so small that it takes seconds.
_TEXT = """
name: my-text
data: {train: train.jsonl, dev: dev.jsonl}
masking: {terms: terms.tsv}
model: {encoder: {num_hidden_layers: 1, hidden_size: 32, num_attention_heads: 4, intermediate_size: 64}}
training: {max_steps: 5, batch_size: 8}
"""
_START = 120.0  # seconds that a server may take


class Reader:
    """Who types the commands: in a folder with the files that the pages speak of."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        tools = folder.parent / "tools"
        tools.mkdir()
        for name, program in (("paddle-ner", f"{sys.executable} -m paddle_ner"), ("python", sys.executable)):
            (tools / name).write_text(f'#!/bin/sh\nexec {program} "$@"\n')
            (tools / name).chmod(0o755)
        paths = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
        self.environment = {**os.environ, "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": paths}
        self.server: subprocess.Popen[bytes] | None = None
        self.address = ""
        for name, file in write_sample(folder).items():
            data.write(file, list(islice(data.read(file), _SIZES[name])))
        shutil.copy(folder / "train.jsonl", folder / "all.jsonl")
        (folder / "texts.txt").write_text("据报道，卢和红昨天在浙江省。\n\n今天天气不错\n", encoding="utf-8")
        (folder / "terms.tsv").write_text("浙江省\tLOC\n", encoding="utf-8")
        (folder / "text.yaml").write_text(_TEXT, encoding="utf-8")
        (folder / "serving" / "secrets").mkdir(parents=True)

    def type(self, command: Command) -> subprocess.CompletedProcess[bytes]:
        """Run it to its end; a server is left running until the next one."""
        for name, model in STAND_INS.items():
            if name in command.text and not (self.folder / name).exists():
                shutil.copytree(self.folder / model, self.folder / name)
        if command.text.startswith("paddle-ner serve"):
            return self._serve(command)
        text = command.text.replace("localhost:8000", self.address)
        line = f"set -o pipefail; {text}" + (f" {command.addition}" if command.addition else "")
        if text.startswith("curl"):
            line += " --fail --silent --show-error"
        return subprocess.run(
            ["bash", "-c", line],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=600,
        )

    def _serve(self, command: Command) -> subprocess.CompletedProcess[bytes]:
        self.stop()
        ready = self.folder / "ready"
        ready.unlink(missing_ok=True)
        log = self.folder / "server.log"
        with log.open("wb") as output:
            self.server = subprocess.Popen(
                ["bash", "-c", f"exec {command.text} {command.addition}"],
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + _START
        while time.monotonic() < deadline and self.server.poll() is None and not ready.exists():
            time.sleep(0.1)
        status = self.server.poll() if not ready.exists() else 0
        if ready.exists():
            self.address = f"127.0.0.1:{json.loads(ready.read_text())['port']}"
        return subprocess.CompletedProcess(command.text, 1 if status is None else status, b"", log.read_bytes())

    def stop(self) -> None:
        """Stop the server that runs, which must end well."""
        if self.server is not None:
            self.server.send_signal(signal.SIGTERM)
            assert self.server.wait(60) == 0
            self.server = None


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    folder = tmp_path_factory.mktemp("reader") / "work"
    folder.mkdir()
    found = Reader(folder)
    yield found
    found.stop()


@pytest.mark.parametrize("command", RUN, ids=str)
def test_a_command_of_the_docs_works(command: Command, reader: Reader) -> None:
    done = reader.type(command)
    said = (done.stdout + done.stderr).decode(errors="replace")
    assert done.returncode == 0, f"{command}\nadded: {command.addition}\n{said[-3000:]}"
    assert "Traceback" not in said
