from __future__ import annotations

import socket
from dataclasses import replace
from pathlib import Path

import pytest

from paddle_ner.environment.host import Folder, Host, host_findings, look, size

GIB = 1 << 30
GOOD = Host(
    cores=8,
    installed_cores=16,
    memory=16 * GIB,
    installed_memory=64 * GIB,
    shared_memory=GIB,
    folders=(Folder("runs", Path("/data"), 100 * GIB, None),),
    port=8000,
    port_error=None,
)


def test_a_roomy_host_has_no_findings() -> None:
    assert list(host_findings(GOOD)) == []


@pytest.mark.parametrize(
    ("host", "message", "fix"),
    [
        (replace(GOOD, cores=1), "may use 1 of 16 cores", "--cpus"),
        (replace(GOOD, memory=GIB), "may use 1.0 GiB of memory", "2.0 GiB or more: docker run --memory"),
        (replace(GOOD, shared_memory=64 << 20), "/dev/shm has 64 MiB", "--shm-size 8g"),
        (
            replace(GOOD, folders=(Folder("runs", Path("/data"), GIB, None),)),
            "/data, for runs, has 1.0 GiB left",
            "another folder",
        ),
        (replace(GOOD, port_error="Address already in use"), "port 8000", "serve --port"),
    ],
)
def test_what_is_short_is_a_warning(host: Host, message: str, fix: str) -> None:
    (finding,) = host_findings(host)
    assert finding.level == "warning"
    assert message in finding.message
    assert fix in finding.fix


def test_a_folder_that_cannot_be_written_is_a_problem_that_names_the_variable() -> None:
    (finding,) = host_findings(replace(GOOD, folders=(Folder("caches", Path("/ro"), None, "Read-only file system"),)))
    assert finding.level == "problem"
    assert finding.message == "/ro, for caches, cannot be written: Read-only file system"
    assert finding.fix == "PADDLE_NER_CACHE names another folder"


def test_folders_are_tried_where_they_would_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    host = look(folders=[("runs", tmp_path / "a/b"), ("caches", tmp_path / "file/c")])
    good, bad = host.folders
    assert good.error is None
    assert good.free is not None and good.free > 0
    assert not (tmp_path / "a").exists()
    assert bad.error == "Not a directory"


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert look(folders=[("runs", tmp_path)], port=port).port_error == "Address already in use"
    assert look(folders=[("runs", tmp_path)], port=port).port_error is None


def test_limits_of_the_container_count(tmp_path: Path) -> None:
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "sys/fs/cgroup").mkdir(parents=True)
    (tmp_path / "proc/self/cgroup").write_text("0::/\n")
    (tmp_path / "proc/self/mountinfo").write_text("30 24 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n")
    (tmp_path / "sys/fs/cgroup/cpu.max").write_text("100000 100000\n")
    (tmp_path / "sys/fs/cgroup/memory.max").write_text(f"{GIB}\n")
    host = look(tmp_path, folders=[])
    assert (host.cores, host.memory) == (1, GIB)
    assert host.shared_memory is None
    assert host.installed_memory is not None and host.installed_memory > GIB


def test_sizes_are_written_for_people() -> None:
    assert (size(64 << 20), size(3 * GIB // 2)) == ("64 MiB", "1.5 GiB")
