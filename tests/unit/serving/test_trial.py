from __future__ import annotations

import asyncio
import json
import threading
from pathlib import Path
from typing import Any

import pytest

from paddle_ner.errors import BundleError
from paddle_ner.serving import Settings, trial
from paddle_ner.serving.metrics import Metrics
from paddle_ner.serving.service import Service
from tests.unit.serving.fakes import FakeModel
from tests.unit.serving.harness import PATIENCE, count, until

# In the place of `main`, in the child: what a bundle can do to its process.
CHILD = "import os, sys, time, signal; {}"
SETTINGS = Settings.create(models={"fake": "."})


def try_with(monkeypatch: pytest.MonkeyPatch, code: str, stopping: threading.Event | None = None) -> None:
    monkeypatch.setattr(trial, "_CODE", CHILD.format(code))
    trial.try_bundle(Path("bundle"), SETTINGS, stopping or threading.Event())


def test_a_bundle_that_answers_is_let_through(monkeypatch: pytest.MonkeyPatch) -> None:
    try_with(monkeypatch, "print('a framework speaks'); sys.exit(0)")


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("os.kill(os.getpid(), signal.SIGSEGV)", "bundle: its process died of SIGSEGV when it was tried on a text"),
        ("os.abort()", "bundle: its process died of SIGABRT when it was tried on a text"),
        ("sys.exit(9)", "bundle: its process ended with status 9 when it was tried on a text"),
        ("print('trial: weights: no such file'); sys.exit(1)", "weights: no such file"),
        ("print('x' * 1000000); print('trial: wrong'); sys.exit(1)", "wrong"),
    ],
)
def test_what_ends_the_process_is_one_line(monkeypatch: pytest.MonkeyPatch, code: str, message: str) -> None:
    with pytest.raises(BundleError) as refused:
        try_with(monkeypatch, code)
    assert str(refused.value) == message


def test_a_trial_asks_for_the_same_signature_as_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial, "_CODE", "import json, sys; sys.exit(json.loads(sys.argv[1])['verify_key'] != 'a/key')")
    settings = Settings.create(models={"fake": "."}, verify_key="a/key")
    trial.try_bundle(Path("bundle"), settings, threading.Event())


def test_a_bundle_that_does_not_answer_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial, "LIMIT_SECONDS", 0.0)
    with pytest.raises(BundleError, match="no answer to a first text within 0 s"):
        try_with(monkeypatch, "time.sleep(600)")


def test_the_end_of_the_server_ends_a_trial(monkeypatch: pytest.MonkeyPatch) -> None:
    stopping = threading.Event()
    stopping.set()
    with pytest.raises(BundleError, match="the server stopped"):
        try_with(monkeypatch, "time.sleep(600)", stopping)


def test_the_child_names_the_file_that_is_missing_and_runs_nothing_of_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "json.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BundleError) as refused:
        trial.try_bundle(tmp_path / "absent", SETTINGS, threading.Event())
    assert str(tmp_path / "absent") in str(refused.value) and "\n" not in str(refused.value)
    assert not (tmp_path / "ran").exists()


def test_a_bundle_is_tried_before_it_is_loaded_beside_the_old_one(tmp_path: Path) -> None:
    tried: list[str] = []
    loaded: list[str] = []

    def write(version: str) -> None:
        (tmp_path / ".new").write_text(json.dumps({"checksum": version * 64, "files": {}}))
        (tmp_path / ".new").rename(tmp_path / "manifest.json")

    def version() -> str:
        return str(json.loads((tmp_path / "manifest.json").read_text())["checksum"][:12])

    def load(path: Path, settings: Settings) -> list[FakeModel]:
        loaded.append(version()[0])
        return [FakeModel(version())]

    def try_out(path: Path, settings: Settings, stopping: threading.Event) -> None:
        tried.append(version()[0])
        if version().startswith("B"):
            raise BundleError("its process died of SIGSEGV")

    async def run() -> None:
        settings = Settings.create(models={"fake": tmp_path}, reload_seconds=0.005, deadline_seconds=PATIENCE)
        service = Service(settings, load, Metrics(), lambda line: None, try_out)
        service.start()
        try:
            await service.loaded()
            write("B")
            await until(lambda: count(service, "reloads_total", result="refused") == 1)
            write("C")
            await until(lambda: (service.models["fake"].version or "").startswith("C"))
        finally:
            await service.stop()

    write("A")
    asyncio.run(run())
    assert (tried, loaded) == (["B", "C"], ["A", "C"])


def test_a_bundle_that_hangs_on_disk_does_not_hold_the_end_of_the_server(tmp_path: Path) -> None:
    from paddle_ner.serving import upkeep

    held = threading.Event()

    async def run(monkeypatch: Any) -> None:
        settings = Settings.create(models={"fake": tmp_path}, reload_seconds=0.005)
        service = Service(settings, lambda *_: [FakeModel()], Metrics(), lambda line: None)
        service.start()
        await service.loaded()
        hanging = threading.Event()
        monkeypatch.setattr(upkeep, "fingerprint", lambda folder: (hanging.set(), held.wait(PATIENCE))[1])
        await until(hanging.is_set)
        await service.stop()

    with pytest.MonkeyPatch.context() as monkeypatch:
        asyncio.run(run(monkeypatch))
    assert not held.is_set()
    held.set()
