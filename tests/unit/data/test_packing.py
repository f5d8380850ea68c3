from __future__ import annotations

import bz2
import gzip
import lzma
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from paddle_ner.data import detect, load, read, write
from paddle_ner.errors import InputError, MissingPackageError
from paddle_ner.types import Example

EXAMPLES = [Example(f"文{number}", label="正负"[number % 2]) for number in range(5000)]


@pytest.fixture(params=["gz", "bz2", "xz", "zst"])
def suffix(request: pytest.FixtureRequest) -> str:
    if request.param == "zst":
        pytest.importorskip("zstandard", reason="pip install 'paddle-ner[zstd]'")
    return str(request.param)


def test_what_is_written_packed_is_read_back(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.csv.{suffix}"
    assert write(path, EXAMPLES) == 5000
    assert path.stat().st_size < 60_000 and detect(path).name == "csv"
    assert [(one.text, one.label) for one in load(path)] == [(one.text, one.label) for one in EXAMPLES]


def test_the_same_examples_are_the_same_bytes(tmp_path: Path, suffix: str) -> None:
    paths = [tmp_path / f"{name}.jsonl.{suffix}" for name in "ab"]
    for path in paths:
        write(path, EXAMPLES)
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_a_packed_file_that_ends_early_is_said_in_one_line(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.jsonl.{suffix}"
    write(path, EXAMPLES)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(InputError, match="cannot be read to its end"):
        list(read(path, "jsonl", encoding="utf-8", on_problem=lambda _: None))


def test_a_packed_file_that_ends_before_its_format_is_known_is_said_too(tmp_path: Path, suffix: str) -> None:
    """A first part so short that already the recognition reaches its end: click takes EOFError for Ctrl-C."""
    path = tmp_path / f"a.jsonl.{suffix}"
    write(path, EXAMPLES[:50])
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(InputError, match=re.escape(f"{path}: cannot be read to its end: ")):
        load(path)


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_packing_is_told_by_the_content_whatever_the_name(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    (tmp_path / "a.csv").write_bytes(pack("text,label\n好,正\n".encode()))
    assert [one.text for one in load(tmp_path / "a.csv")] == ["好"]


def test_frames_of_zstandard_one_after_another_are_one_file(tmp_path: Path) -> None:
    pytest.importorskip("zstandard", reason="pip install 'paddle-ner[zstd]'")
    for number in range(2):
        write(tmp_path / f"{number}.jsonl.zst", EXAMPLES[number : number + 1])
    (tmp_path / "a.jsonl.zst").write_bytes(b"".join((tmp_path / f"{n}.jsonl.zst").read_bytes() for n in range(2)))
    assert [one.text for one in load(tmp_path / "a.jsonl.zst")] == ["文0", "文1"]


def test_files_of_a_pattern_may_be_packed_in_different_ways(tmp_path: Path) -> None:
    for number, suffix in enumerate(("jsonl", "jsonl.gz", "jsonl.xz")):
        write(tmp_path / f"{number}.{suffix}", EXAMPLES[number : number + 1])
    assert [one.text for one in load(tmp_path / "*.jsonl*")] == ["文0", "文1", "文2"]


def test_zstandard_without_its_package_is_said_with_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("paddle_ner.environment.packages.is_installed", lambda module: module != "zstandard")
    (tmp_path / "a.jsonl.zst").write_bytes(b"\x28\xb5\x2f\xfd0000")
    with pytest.raises(MissingPackageError, match=r"reading Zstandard needs zstandard.*paddle-ner\[zstd\]"):
        load(tmp_path / "a.jsonl.zst")
    with pytest.raises(MissingPackageError, match="writing Zstandard needs zstandard"):
        write(tmp_path / "b.jsonl.zst", EXAMPLES)
