"""Cores and memory of a container are those that its control groups allow, in both versions, however deep it stands."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from paddle_ner.machine import survey, usable_cores, usable_memory

V2 = "30 24 0:26 {top} /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
V1 = (
    "31 24 0:27 {top} /sys/fs/cgroup/cpu,cpuacct rw shared:5 - cgroup cgroup rw,cpu,cpuacct\n"
    "32 24 0:28 {top} /sys/fs/cgroup/memory rw shared:6 - cgroup cgroup rw,memory\n"
)
GIB = 1 << 30


@pytest.fixture(autouse=True)
def many_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    """64 cores and 256 GiB, as on a server."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(64)), raising=False)
    sizes = {"SC_PHYS_PAGES": 256 * GIB // 4096, "SC_PAGE_SIZE": 4096}
    monkeypatch.setattr(os, "sysconf", sizes.__getitem__)


def tree(root: Path, groups: str, mounts: str, top: str = "/", **files: str) -> Path:
    """A file system with `files` of control groups, whose names are paths below /sys/fs/cgroup."""
    contents = {"proc/self/cgroup": groups, "proc/self/mountinfo": "22 1 0:1 / / rw - ext4 /dev/vda rw\n" + mounts}
    contents["proc/self/mountinfo"] = contents["proc/self/mountinfo"].format(top=top)
    for name, text in {**contents, **{f"sys/fs/cgroup/{name}": text for name, text in files.items()}}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text + "\n")
    return root


def test_a_quota_of_two_cores_leaves_two_of_64(tmp_path: Path) -> None:
    assert usable_cores(tree(tmp_path, "0::/", V2, **{"cpu.max": "200000 100000"})) == 2


def test_without_a_quota_all_cores_are_usable(tmp_path: Path) -> None:
    assert usable_cores(tree(tmp_path, "0::/", V2, **{"cpu.max": "max 100000"})) == 64


def test_without_control_groups_all_cores_are_usable(tmp_path: Path) -> None:
    assert usable_cores(tmp_path) == 64


@pytest.mark.parametrize(("quota", "cores"), [("250000", 2), ("50000", 1), ("9900000", 64)])
def test_a_part_of_a_core_is_left_out_but_one_core_stays(tmp_path: Path, quota: str, cores: int) -> None:
    assert usable_cores(tree(tmp_path, "0::/", V2, **{"cpu.max": f"{quota} 100000"})) == cores


def test_the_smallest_quota_on_the_way_up_binds(tmp_path: Path) -> None:
    files = {"cpu.max": "max 100000", "a/cpu.max": "300000 100000", "a/b/cpu.max": "800000 100000"}
    assert usable_cores(tree(tmp_path, "0::/a/b", V2, **files)) == 3


def test_the_quota_of_another_group_does_not_bind(tmp_path: Path) -> None:
    files = {"a/cpu.max": "300000 100000", "other/cpu.max": "100000 100000"}
    assert usable_cores(tree(tmp_path, "0::/a", V2, **files)) == 3


def test_version_1_has_quota_and_period_in_files_of_their_own(tmp_path: Path) -> None:
    cpu = "cpu,cpuacct"
    files = {
        f"{cpu}/cpu.cfs_quota_us": "-1",
        f"{cpu}/cpu.cfs_period_us": "100000",
        f"{cpu}/docker/c1/cpu.cfs_quota_us": "400000",
        f"{cpu}/docker/c1/cpu.cfs_period_us": "100000",
    }
    groups = "5:memory:/docker/c1\n4:cpu,cpuacct:/docker/c1\n0::/"
    assert usable_cores(tree(tmp_path, groups, V1, **files)) == 4


def test_a_container_whose_groups_have_the_names_of_its_host_finds_its_own(tmp_path: Path) -> None:
    """Docker without namespaces of control groups: the tree that it sees begins at its own group."""
    cpu = "cpu,cpuacct"
    files = {f"{cpu}/cpu.cfs_quota_us": "200000", f"{cpu}/cpu.cfs_period_us": "100000"}
    groups = "4:cpu,cpuacct:/docker/c1\n5:memory:/docker/c1"
    assert usable_cores(tree(tmp_path, groups, V1, top="/docker/c1", **files)) == 2


def test_a_group_above_the_namespace_is_taken_for_the_whole_tree(tmp_path: Path) -> None:
    files = {"cpu.max": "200000 100000"}
    assert usable_cores(tree(tmp_path, "0::/../../init.scope", V2, **files)) == 2


def test_both_versions_side_by_side_bind_both(tmp_path: Path) -> None:
    unified = V2.replace("/sys/fs/cgroup ", "/sys/fs/cgroup/unified ")
    cpu = "cpu,cpuacct"
    files = {
        f"{cpu}/cpu.cfs_quota_us": "500000",
        f"{cpu}/cpu.cfs_period_us": "100000",
        "unified/cpu.max": "200000 100000",
    }
    assert usable_cores(tree(tmp_path, "4:cpu,cpuacct:/\n0::/", V1 + unified, **files)) == 2


@pytest.mark.parametrize("text", ["", "a b", "100000 0", "100000"])
def test_a_quota_that_cannot_be_read_binds_nothing(tmp_path: Path, text: str) -> None:
    assert usable_cores(tree(tmp_path, "0::/", V2, **{"cpu.max": text})) == 64


def test_memory_is_bound_in_version_2(tmp_path: Path) -> None:
    files = {"memory.max": "max", "a/memory.max": str(3 * GIB), "a/b/memory.max": "max"}
    assert usable_memory(tree(tmp_path, "0::/a/b", V2, **files)) == 3 * GIB


def test_memory_is_bound_in_version_1(tmp_path: Path) -> None:
    files = {"memory/memory.limit_in_bytes": "9223372036854771712", "memory/a/memory.limit_in_bytes": str(2 * GIB)}
    assert usable_memory(tree(tmp_path, "5:memory:/a\n4:cpu,cpuacct:/", V1, **files)) == 2 * GIB


def test_memory_without_a_limit_is_the_machines(tmp_path: Path) -> None:
    assert usable_memory(tree(tmp_path, "0::/", V2, **{"memory.max": "max"})) == 256 * GIB


def test_the_survey_counts_cores_and_memory_that_can_be_used() -> None:
    here = survey()
    assert (here.cores, here.memory) == (usable_cores(), usable_memory())
