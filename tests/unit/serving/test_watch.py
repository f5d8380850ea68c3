from __future__ import annotations

import asyncio
import json
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from paddle_ner.errors import BundleError
from paddle_ner.serving import Settings
from paddle_ner.serving.watch import check_files, checksum, fingerprint
from tests.unit.serving.fakes import FakeModel
from tests.unit.serving.harness import count, running, until


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path / "bundle", "A")
    return tmp_path / "bundle"


def write(folder: Path, version: str) -> None:
    folder.mkdir(exist_ok=True)
    manifest = {"checksum": version * 64, "files": {"weights": ""}}
    (folder / ".new").write_text(json.dumps(manifest))
    (folder / ".new").rename(folder / "manifest.json")


DAMAGED: dict[str, Callable[[Path], Any]] = {
    "deep brackets": lambda path: path.write_text("[" * 100_000),
    "no JSON": lambda path: path.write_bytes(b"\xff\x00"),
    "a NUL in a name": lambda path: path.write_text('{"checksum": "c", "files": {"a\\u0000b": ""}}'),
    "a long name": lambda path: path.write_text(json.dumps({"checksum": "c", "files": {"x" * 5000: ""}})),
    "a FIFO": lambda path: (path.unlink(), os.mkfifo(path)),
    "a device": lambda path: (path.unlink(), path.symlink_to("/dev/zero")),
    "a socket": lambda path: (path.unlink(), socket.socket(socket.AF_UNIX).bind(str(path))),
    "a folder": lambda path: (path.unlink(), path.mkdir()),
    "files of another type": lambda path: path.write_text('{"checksum": "c", "files": 7}'),
}


@pytest.mark.parametrize("damage", DAMAGED)
def test_whatever_stands_in_the_place_of_a_manifest_is_looked_at(
    folder: Path, damage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    DAMAGED[damage](Path("manifest.json"))
    assert fingerprint(folder) is not None
    assert isinstance(checksum(folder), str)


@pytest.mark.parametrize("damage", DAMAGED)
def test_a_damaged_bundle_is_refused_once_and_the_next_one_is_taken(
    folder: Path, damage: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.chdir(folder)

    class Panic(BaseException):
        """As a panic of Rust, no Exception."""

    def load(path: Path, settings: Settings) -> list[FakeModel]:
        try:
            return [FakeModel(json.loads((path / "manifest.json").read_bytes())["checksum"][:12])]
        except (ValueError, RecursionError, OSError, TypeError):
            raise Panic from None

    async def run() -> None:
        async with running(load, models={"fake": folder}, reload_seconds=0.005) as service:
            DAMAGED[damage](Path("manifest.json"))
            if "name" not in damage and "type" not in damage:  # this loader does not look at names
                await until(lambda: count(service, "reloads_total", result="refused") == 1)
            else:
                await until(lambda: service.models["fake"].version == "c")
            if Path("manifest.json").is_dir():
                Path("manifest.json").rmdir()
            write(folder, "B")
            await until(lambda: (service.models["fake"].version or "").startswith("B"))

    asyncio.run(run())
    assert "the upkeep failed" not in caplog.text


def test_a_fifo_among_the_files_is_named(folder: Path) -> None:
    check_files(folder)
    os.mkfifo(folder / "weights")
    with pytest.raises(BundleError, match="weights: it is a FIFO, a socket or a device, expected a regular file"):
        check_files(folder)


def test_a_folder_that_is_not_there_is_for_the_loader_to_name(tmp_path: Path) -> None:
    check_files(tmp_path / "absent")
