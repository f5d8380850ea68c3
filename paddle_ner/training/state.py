"""Training state on disk: what ``--resume`` needs, complete or absent, and no pickle in it.

A state is a folder ``step-N`` with the weights, the optimizer's moments (safetensors), the Trainer's own record (JSON)
and the sha256 of each. It is written under another name and renamed, so that a process that is killed at any moment
leaves no incomplete state, and a damaged one is refused. The random numbers of a step are drawn from a
seed made of the run's seed and the step, so there is no generator to save.
"""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from paddle_ner.errors import BundleError, InputError, ResourceError
from paddle_ner.files import is_full_disk, sha256, sync

WEIGHTS = "model.safetensors"
AVERAGE = "average.safetensors"  # the average of the weights over the updates, if the training keeps one
OPTIMIZER = "optimizer.safetensors"
TRAINER = "trainer_state.json"
SCHEDULE = "schedule.json"
FINGERPRINT = "fingerprint.txt"
CHECKSUMS = "checksums.json"
ANSWERS = "teacher"  # folder beside that of the states, for a teacher's answers
TOKENS = "tokens"  # the same, for what a pretraining reads
STATES_OF_ENCODER = "encoder-states"  # another one, for the states of each window in a frozen encoder
_NAME = re.compile(r"step-(\d+)")
_MASTER = "master_weights."


def steps(folder: Path) -> list[Path]:
    """The complete states in `folder`, oldest first."""
    numbered = [(int(match[1]), path) for path in folder.glob("step-*") if (match := _NAME.fullmatch(path.name))]
    return [path for _, path in sorted(numbered)]


def clean(folder: Path) -> None:
    """Remove incomplete states of killed processes."""
    for path in folder.glob(".step-*"):
        shutil.rmtree(path)


def full_disk(folder: Path) -> str:
    """What to do about it."""
    return (
        f"{folder}: no space left on the disk; the states saved before are whole: free some space and go on with"
        " --resume, or choose another --output"
    )


def save(
    folder: Path,
    step: int,
    weights: dict[str, NDArray[Any]],
    optimizer: dict[str, Any],
    trainer: str,
    fingerprint: str,
    average: dict[str, NDArray[Any]] | None = None,
) -> Path:
    """Write the state of `step`; returns its folder ``step-N``.

    Args:
        folder: the folder of all states.
        step: updates done.
        weights: the model's.
        optimizer: ``state_dict()`` of the optimizer, the learning rate schedule included.
        trainer: the Trainer's state as JSON.
        fingerprint: the fingerprint of what is learned from: data, vocabulary and labels.
        average: the average of the model's weights over the updates, if there is one.

    Raises:
        ResourceError: the disk is full.
    """
    target, temporary = folder / f"step-{step}", folder / f".step-{step}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir()
        save_file(weights, temporary / WEIGHTS, metadata={"format": "np"})
        if average is not None:
            save_file(average, temporary / AVERAGE, metadata={"format": "np"})
        tensors, rest = _flatten(optimizer)
        save_file(tensors, temporary / OPTIMIZER)
        (temporary / SCHEDULE).write_text(json.dumps(rest))
        (temporary / TRAINER).write_text(trainer)
        (temporary / FINGERPRINT).write_text(fingerprint)
        checksums = {path.name: sha256(path) for path in sorted(temporary.iterdir())}
        (temporary / CHECKSUMS).write_text(json.dumps(checksums, indent=2))
        for path in temporary.iterdir():
            sync(path)
        sync(temporary)
        shutil.rmtree(target, ignore_errors=True)
        temporary.rename(target)
        sync(folder)
    except Exception as error:
        shutil.rmtree(temporary, ignore_errors=True)
        if is_full_disk(error):
            raise ResourceError(full_disk(folder)) from error
        raise
    return target


def verify(state: Path) -> None:
    """Raise BundleError if a file of `state` is missing, or is not as it was written."""
    advice = f"remove the folder {state.name} to go on from the state before it, if there is one"
    try:
        expected = json.loads((state / CHECKSUMS).read_text(encoding="utf-8"))
        names = set(expected)
    except (OSError, ValueError, TypeError):
        raise BundleError(f"{state / CHECKSUMS}: cannot be read; {advice}") from None
    for name in sorted({WEIGHTS, OPTIMIZER, SCHEDULE, TRAINER, FINGERPRINT} | names):
        path = state / str(name)
        if not path.is_file():
            raise BundleError(f"{path}: no such file; {advice}")
        if sha256(path) != expected.get(name):
            raise BundleError(f"{path}: is damaged, its sha256 is not the one in {CHECKSUMS}; {advice}")


def check_fingerprint(state: Path, fingerprint: str) -> None:
    """Raise InputError if `state` was learned from other data, another vocabulary or other labels."""
    path = state / FINGERPRINT
    if not path.is_file() or path.read_text() != fingerprint:
        raise InputError(
            f"{state}: the data are not those that this training began with, and token ids depend on them:"
            " put the old data back, or begin anew with --overwrite"
        )


def load_weights(state: Path) -> dict[str, NDArray[Any]]:
    """The model's weights of a state."""
    return _load(state / WEIGHTS)


def load_average(state: Path) -> dict[str, NDArray[Any]]:
    """The average of the model's weights in a state of a training that keeps one."""
    return _load(state / AVERAGE)


def load_optimizer(state: Path) -> dict[str, Any]:
    """The optimizer's ``state_dict()`` of a state, arrays in place of tensors."""
    values: dict[str, Any] = json.loads((state / SCHEDULE).read_text())
    master: dict[str, NDArray[Any]] = {}
    for key, array in _load(state / OPTIMIZER).items():
        if key.startswith(_MASTER):
            master[key.removeprefix(_MASTER)] = array
        else:
            values[key] = array
    if master:
        values["master_weights"] = master
    return values


def rotate(folder: Path, keep: set[Path]) -> None:
    """Delete all states but the newest and those in `keep`."""
    for path in steps(folder)[:-1]:
        if path not in keep:
            shutil.rmtree(path, ignore_errors=True)


def _load(path: Path) -> dict[str, NDArray[Any]]:
    try:
        arrays: dict[str, NDArray[Any]] = load_file(path)
    except Exception as error:  # safetensors raises its own error types and OSError
        raise BundleError(
            f"{path}: cannot be read: {error}; remove this step folder to resume from the one before"
        ) from None
    return arrays


def _flatten(optimizer: dict[str, Any]) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    tensors: dict[str, NDArray[Any]] = {}
    rest: dict[str, Any] = {}
    for key, value in optimizer.items():
        if key == "master_weights":
            tensors.update({_MASTER + name: tensor.numpy() for name, tensor in value.items()})
        elif hasattr(value, "numpy"):
            tensors[key] = value.numpy()
        else:
            rest[key] = value
    return tensors, rest
