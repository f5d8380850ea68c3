from __future__ import annotations

from pathlib import Path

import pytest

from paddle_ner import processes
from paddle_ner.errors import DeviceError, InputError
from paddle_ner.training.launch import SUPERVISOR, Cluster, Devices, Gpus, check_gpus, command, environment

WORKER = ["paddle_ner.training.worker", "runs/x", "cpu"]
LOGS = Path("logs")
INTEL = "vendor_id : GenuineIntel\nflags : avx2 avx512f"
ZEN4 = "vendor_id : AuthenticAMD\nflags : avx2 avx512f"
ZEN2 = "vendor_id : AuthenticAMD\nflags : avx2"


@pytest.mark.parametrize(
    ("text", "devices"),
    [
        ("cpu", Devices("cpu", 1)),
        ("cpu:2", Devices("cpu", 2)),
        ("gpu", Devices("gpu", 1)),
        ("gpu:1", Devices("gpu", 1, (1,))),
        ("0,1,2,3", Devices("gpu", 4, (0, 1, 2, 3))),
    ],
)
def test_devices_are_read(text: str, devices: Devices) -> None:
    assert Devices.parse(text) == devices


@pytest.mark.parametrize("text", ["", "cpu:0", "tpu", "0,0", "1-3", "cpu,gpu"])
def test_other_devices_are_refused(text: str) -> None:
    with pytest.raises(InputError, match="--devices"):
        Devices.parse(text)


def test_one_device_needs_no_launcher() -> None:
    assert command(WORKER, Devices("cpu", 1), Cluster(), LOGS, {}) == processes.python(*WORKER)


def test_two_cpu_processes_are_counted_not_named() -> None:
    line = command(WORKER, Devices("cpu", 2), Cluster(), LOGS, {})
    launcher = processes.python("paddle.distributed.launch")
    assert line[: len(launcher)] == launcher
    assert line[line.index("--nproc_per_node") + 1] == "2"
    assert "--devices" not in line
    assert line[-len(WORKER) :] == WORKER


def test_gpus_are_named() -> None:
    line = command(WORKER, Devices("gpu", 2, (1, 3)), Cluster(), LOGS, {})
    assert line[line.index("--devices") + 1] == "1,3"


def test_machines_are_passed_through() -> None:
    line = command(WORKER, Devices("gpu", 1), Cluster(2, "10.0.0.1:6170", 1), LOGS, {})
    assert [line[line.index(flag) + 1] for flag in ("--nnodes", "--master", "--rank")] == ["2", "10.0.0.1:6170", "1"]


@pytest.mark.parametrize(
    ("cluster", "message"),
    [
        (Cluster(2), "--master"),
        (Cluster(2, "10.0.0.1:6170"), "--rank"),
        (Cluster(2, "10.0.0.1:6170", 2), "from 0 to 1"),
        (Cluster(1, rank=1), "--nnodes"),
    ],
)
def test_several_machines_need_a_meeting_point_and_numbers(cluster: Cluster, message: str) -> None:
    with pytest.raises(InputError, match=message):
        cluster.check()


@pytest.mark.parametrize(
    ("gpus", "missing"),
    [
        (Gpus(compiled=False, visible=0, driver=True), "built without CUDA"),
        (Gpus(compiled=True, visible=0, driver=False), "no NVIDIA driver"),
        (Gpus(compiled=True, visible=1, driver=True), "1 can be seen"),
        (Gpus(compiled=True, visible=1, driver=False), "1 can be seen"),
    ],
)
def test_what_a_gpu_training_lacks_is_said(gpus: Gpus, missing: str) -> None:
    with pytest.raises(DeviceError, match=missing):
        check_gpus(Devices("gpu", 2, (0, 1)), gpus)


def test_enough_gpus_pass() -> None:
    check_gpus(Devices("gpu", 2, (0, 1)), Gpus(compiled=True, visible=2, driver=True))


@pytest.mark.parametrize(("cpuinfo", "switch"), [(INTEL, None), (ZEN4, "7"), (ZEN2, "5")])
def test_the_switch_of_mkl_is_set_on_amd_alone(cpuinfo: str, switch: str | None) -> None:
    assert environment(Devices("cpu", 1), {}, cpuinfo, 2).get("MKL_DEBUG_CPU_TYPE") == switch


def test_what_the_user_has_set_stays() -> None:
    inherited = {"MKL_DEBUG_CPU_TYPE": "", "OMP_NUM_THREADS": "1", "HOME": "/root"}
    found = environment(Devices("cpu", 1), inherited, ZEN4, 8)
    assert {name: found[name] for name in inherited} == inherited
    assert SUPERVISOR in found


def test_processes_share_the_cores() -> None:
    assert environment(Devices("cpu", 2), {}, INTEL, 8)["OMP_NUM_THREADS"] == "4"


@pytest.mark.parametrize(
    ("devices", "inherited", "labels"),
    [
        ("3", {}, "3"),
        ("3", {"CUDA_VISIBLE_DEVICES": "0,1,2,3"}, "3"),
        ("0,1", {"CUDA_VISIBLE_DEVICES": "4,5"}, "4,5"),
        ("gpu", {"CUDA_VISIBLE_DEVICES": "6,7"}, "6"),
    ],
)
def test_gpus_are_counted_among_the_visible_ones(devices: str, inherited: dict[str, str], labels: str) -> None:
    where = Devices.parse(devices)
    assert environment(where, inherited, INTEL, 8)["CUDA_VISIBLE_DEVICES"] == labels
    if where.count > 1:
        line = command(WORKER, where, Cluster(), LOGS, inherited)
        assert line[line.index("--devices") + 1] == labels


def test_a_gpu_that_is_hidden_is_refused() -> None:
    with pytest.raises(DeviceError, match="CUDA_VISIBLE_DEVICES=4,5 has no such"):
        environment(Devices.parse("4"), {"CUDA_VISIBLE_DEVICES": "4,5"}, INTEL, 8)


def test_a_cpu_training_sees_no_gpus() -> None:
    assert "CUDA_VISIBLE_DEVICES" not in environment(Devices("cpu", 2), {"CUDA_VISIBLE_DEVICES": ""}, INTEL, 8)


def test_no_file_of_the_working_directory_is_imported() -> None:
    assert environment(Devices("cpu", 2), {}, INTEL, 8)["PYTHONSAFEPATH"] == "1"
