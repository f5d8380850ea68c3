from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from paddle_ner.errors import InputError
from paddle_ner.files import shared_file, whole_file, whole_folder

MARK = "mark"


def write(target: Path, content: str, **more: str) -> None:
    with whole_folder(target, MARK, "thing", lambda folder: {MARK, "a"}) as folder:
        for name, text in {MARK: content, **more}.items():
            (folder / name).write_text(text)


def test_an_older_folder_of_the_kind_is_replaced_whole(tmp_path: Path) -> None:
    write(tmp_path / "it", "old", a="1")
    write(tmp_path / "it", "new")
    assert {path.name: path.read_text() for path in (tmp_path / "it").iterdir()} == {MARK: "new"}
    assert [path.name for path in tmp_path.iterdir()] == ["it"]


def test_where_writing_fails_the_older_folder_stays_and_nothing_is_left(tmp_path: Path) -> None:
    write(tmp_path / "it", "old")
    with pytest.raises(OSError, match="full"), whole_folder(tmp_path / "it", MARK, "thing", lambda folder: {MARK}):
        raise OSError("the disk is full")
    assert (tmp_path / "it" / MARK).read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["it"]


@pytest.mark.parametrize("names", [["other"], [MARK, "other"]])
def test_a_folder_with_what_is_not_ours_is_refused(tmp_path: Path, names: list[str]) -> None:
    (tmp_path / "it").mkdir()
    for name in names:
        (tmp_path / "it" / name).write_text("theirs")
    with pytest.raises(InputError, match="it: holds something else than a thing of paddle-ner"):
        write(tmp_path / "it", "new")
    assert sorted(path.name for path in (tmp_path / "it").iterdir()) == sorted(names)


@pytest.fixture(params=[0o022, 0o027, 0o077])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def test_whom_the_umask_lets_read_new_files_can_read_it(tmp_path: Path, umask: int) -> None:
    """safetensors makes its files with mode 0600 whatever the umask is."""
    with whole_folder(tmp_path / "it", MARK, "thing", lambda folder: {MARK}) as folder:
        os.close(os.open(folder / MARK, os.O_CREAT, 0o600))
        (folder / "run.sh").touch()
        (folder / "run.sh").chmod(0o755)
    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "it", *(tmp_path / "it").iterdir())}
    assert modes == {"it": 0o777 & ~umask, MARK: 0o666 & ~umask, "run.sh": 0o755}


def test_two_writers_of_one_file_do_not_disturb_each_other(tmp_path: Path) -> None:
    target = tmp_path / "it"
    with whole_file(target) as first:
        first.write_text("first")
        with whole_file(target) as second:
            second.write_text("second")
        assert target.read_text() == "second" and first.read_text() == "first"
    assert target.read_text() == "first" and [path.name for path in tmp_path.iterdir()] == ["it"]


def test_a_writer_that_fails_leaves_the_file_of_another(tmp_path: Path) -> None:
    target = tmp_path / "it"
    with pytest.raises(ValueError, match="no"), whole_file(target):
        with whole_file(target) as other:
            other.write_text("other")
        raise ValueError("no")
    assert target.read_text() == "other" and [path.name for path in tmp_path.iterdir()] == ["it"]


def test_a_folder_is_no_file_to_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="is a folder, expected the name of a file"), whole_file(Path()):
        pass


def test_what_a_killed_writer_left_is_removed(tmp_path: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    living = tmp_path / f".it.new-{os.getpid()}-{'0' * 32}"
    for path in (living, tmp_path / f".it.new-{ended.pid}-{'0' * 32}"):
        path.touch()
    with whole_file(tmp_path / "it") as file:
        file.write_text("new")
    assert sorted(path.name for path in tmp_path.iterdir()) == [living.name, "it"]


def test_a_shared_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "rows.bin"
    with shared_file(target) as first, shared_file(target) as second:
        first.write(b"rows")
        second.write(b"rows")
        assert not target.exists()
    assert target.read_bytes() == b"rows"
    with pytest.raises(ValueError, match="cut"), shared_file(target) as stream:
        stream.write(b"ro")
        raise ValueError("cut")
    assert [path.name for path in tmp_path.iterdir()] == ["rows.bin"] and target.read_bytes() == b"rows"
