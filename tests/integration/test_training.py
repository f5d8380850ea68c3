"""Training for real, in processes of its own: on one and on two of them, interrupted, killed, resumed.

Tests `paddle_ner.cli.training_options`, `paddle_ner.training.callbacks`, `paddle_ner.training.resuming`,
`paddle_ner.training.run_folder`, `paddle_ner.training.supervisor`, `paddle_ner.training.watching` and
`paddle_ner.training.jobs.supervised` too.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

from paddle_ner import data
from paddle_ner.bundle import read_checkpoint_manifest
from paddle_ner.errors import DeviceError, InputError, PaddleNerError
from paddle_ner.training import state, train
from tests.integration.small_models import config_file, small_config

UPDATES = 40
PACE = {"max_steps": UPDATES, "epochs": 50, "evaluate_every": 5, "log_every": 1}


def events(output: Path) -> list[dict[str, Any]]:
    path = output / "events.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True) if path.exists() else []
    return [json.loads(line) for line in lines if line.endswith("\n")]


def start(config: Path, output: Path, *options: str) -> subprocess.Popen[str]:
    line = [sys.executable, "-m", "paddle_ner", "train", str(config), "-o", str(output), *options]
    return subprocess.Popen(line, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def until_step(process: subprocess.Popen[str], output: Path, step: int) -> None:
    """Wait until the training has done `step` updates."""
    while not any(event["event"] == "step" and event["step"] >= step for event in events(output)):
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)


def workers(output: Path) -> list[int]:
    """Process ids of the training processes of a run."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().split(b"\0")
        except OSError:
            continue
        if (
            b"paddle_ner.training.worker" in line
            and str(output).encode() in line
            and b"paddle.distributed.launch" not in line
        ):
            found.append(int(path.parent.name))
    return sorted(found)


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("uninterrupted")
    train(small_config(folder, **PACE), folder / "run")
    return folder / "run"


def test_interrupted_and_killed_and_resumed_it_ends_with_the_same_weights(uninterrupted: Path, tmp_path: Path) -> None:
    config, output = config_file(tmp_path, small_config(tmp_path, **PACE)), tmp_path / "run"
    interrupted = start(config, output)
    until_step(interrupted, output, 7)
    interrupted.send_signal(signal.SIGTERM)
    _, said = interrupted.communicate()
    assert interrupted.returncode == 130
    assert "go on with --resume" in said
    reached = max(event["step"] for event in events(output) if event["event"] == "step")
    assert state.steps(output / "state")[-1].name == f"step-{reached}"

    killed = start(config, output, "--resume")
    until_step(killed, output, reached + 8)
    (worker,) = workers(output)
    os.kill(worker, signal.SIGKILL)
    _, said = killed.communicate()
    assert killed.returncode == 2
    assert "--resume goes on from the last saved state" in said
    assert not (output / "checkpoint").exists()

    resumed = start(config, output, "--resume")
    resumed.communicate()
    assert resumed.returncode == 0
    assert "<svg" in (output / "curves.html").read_text(encoding="utf-8")
    for name in ("checkpoint/model", f"state/step-{UPDATES}/model", f"state/step-{UPDATES}/optimizer"):
        expected, found = load_file(uninterrupted / f"{name}.safetensors"), load_file(output / f"{name}.safetensors")
        assert set(found) == set(expected)
        assert all(np.array_equal(found[key], expected[key]) for key in expected)


def test_two_processes_train_as_one_and_survive_the_loss_of_one(tmp_path: Path) -> None:
    pace = {**PACE, "max_steps": 20}
    quiet = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}

    def config(name: str, batch: int) -> tuple[Path, Any]:
        folder = tmp_path / name
        folder.mkdir()
        whole = small_config(folder, **pace, batch_size=batch).model_dump(mode="json")
        whole["model"]["encoder"].update(quiet)
        whole["training"].update(max_grad_norm=0.0, accumulation=2)
        from paddle_ner.config import parse

        return folder, parse(whole, name)

    folder, one = config("one", 16)
    train(one, folder / "run")
    one_run = folder / "run"
    alone = events(one_run)

    folder, two = config("two", 8)
    output = folder / "run"
    process = start(config_file(folder, two), output, "--devices", "cpu:2", "--max-restarts", "1")
    until_step(process, output, 7)
    pids = workers(output)
    assert len(pids) == 2
    os.kill(pids[1], signal.SIGKILL)
    _, said = process.communicate()
    assert process.returncode == 0, said
    assert "start 1 of 1 again" in said
    assert "resuming from step-5" in said

    together = events(output)
    done = next(event for event in together if event["event"] == "done")
    assert len(done["checksums"]) == 2
    assert len(set(done["checksums"])) == 1
    losses = {event["step"]: event["loss"] for event in together if event["event"] == "log"}
    expected = {event["step"]: event["loss"] for event in alone if event["event"] == "log"}
    assert set(losses) == set(expected)
    # Adam divides by the root of small second moments: sums in another order drift apart a little.
    assert [losses[step] for step in sorted(losses)] == pytest.approx(
        [expected[step] for step in sorted(expected)], rel=2e-3
    )
    # Adam's first moment is a mean of gradients: a lost or doubled factor between the processes would show in it.
    first = load_file(one_run / "state" / "step-20" / "optimizer.safetensors")
    second = load_file(output / "state" / "step-20" / "optimizer.safetensors")
    moments = [name for name in first if "moment1" in name]
    assert moments
    for name in moments:
        assert np.linalg.norm(second[name] - first[name]) <= 0.05 * np.linalg.norm(first[name]) + 1e-6
    # Gathered over ragged shares, every dev example was scored once.
    entities = sum(len(example.entities or ()) for example in data.read(folder / "dev.jsonl"))
    assert read_checkpoint_manifest(output / "checkpoint").metrics["dev"]["micro"]["support"] == entities


def test_a_run_is_not_mixed_with_another(run_folder: Path) -> None:
    with pytest.raises(InputError, match="--resume goes on with it, --overwrite deletes it"):
        train(small_config(run_folder.parent), run_folder)
    with pytest.raises(InputError, match=r"training\.seed was 42, now it is 43"):
        train(small_config(run_folder.parent, seed=43), run_folder, resume=True)


def test_a_gpu_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match="GPU"):
        train(small_config(tmp_path), tmp_path / "run", devices="0,1")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("precision", ["fp16", "bf16"])
def test_half_precision_on_a_cpu_is_refused(tmp_path: Path, precision: str) -> None:
    with pytest.raises(DeviceError, match="needs a GPU"):
        train(small_config(tmp_path, precision=precision), tmp_path / "run")


def test_a_bad_config_deletes_nothing(run_folder: Path, tmp_path: Path) -> None:
    config = small_config(tmp_path)
    (tmp_path / "train.jsonl").write_text("{}\n")
    with pytest.raises(InputError, match=r"train\.jsonl:1"):
        train(config, run_folder, overwrite=True)
    assert (run_folder / "checkpoint" / "model.safetensors").exists()


def test_overwrite_deletes_no_folder_of_yours(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    with pytest.raises(InputError, match="no training of paddle-ner"):
        train(small_config(tmp_path), tmp_path, overwrite=True)
    assert (tmp_path / "logs").exists()


def test_changed_data_are_not_resumed_on(tmp_path: Path) -> None:
    config, output = small_config(tmp_path, **{**PACE, "max_steps": 4}), tmp_path / "run"
    train(config, output)
    data.write(tmp_path / "train.jsonl", data.load(tmp_path / "dev.jsonl"))
    with pytest.raises(PaddleNerError, match="put the old data back"):
        train(config, output, resume=True)
