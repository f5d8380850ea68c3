"""The folder of a run: one training at a time uses it, and a new training does not mix with an earlier one."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

import yaml

from paddle_ner import config as configs
from paddle_ner.config import BaseConfig, Config, PretrainConfig
from paddle_ner.errors import InputError
from paddle_ner.files import whole_file
from paddle_ner.training import state
from paddle_ner.training.events import FILE

CHECKPOINT = "checkpoint"
ENCODER = "encoder"  # of a pretraining
CONFIG = "config.yaml"
CURVES = "curves.html"
LOGS = "logs"
STATES = "state"
_START = "start.json"
# Their names depend on the model and the data: a new training may use them again.
_KNOWN = (state.ANSWERS, state.STATES_OF_ENCODER, state.TOKENS)
_ALL = (CONFIG, _START, STATES, LOGS, "visualdl", FILE, CURVES, *_KNOWN, CHECKPOINT, ENCODER)


@dataclass(frozen=True, slots=True)
class Start:
    """How a run was first started, which `--resume` repeats.

    Attributes:
        devices: as `Devices.parse` reads them.
        overrides: the values of ``--set``.
    """

    devices: str
    overrides: tuple[str, ...] = ()


def first_start(output: Path) -> Start | None:
    """How the run in `output` was started; None if that is not known."""
    try:
        record = json.loads((output / _START).read_text(encoding="utf-8"))
        return Start(str(record["devices"]), tuple(record["overrides"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def asked_config(
    given: BaseConfig | Mapping[str, Any] | str | Path | None,
    output: Path,
    overrides: Sequence[str],
    resume: bool,
    kind: type[BaseConfig] = Config,
) -> BaseConfig:
    """The config of a training, from a file, a content or an earlier run.

    Args:
        given: the config, its file or its content; None continues with that of the run.
        output: folder of the run.
        overrides: ``key.path=value``; with `resume`, none means those of the run's first start.
        resume: whether an earlier run is continued.
        kind: the kind of config as which a file or content is read.

    Raises:
        InputError: the config is wrong, or there is none.
    """
    if resume:
        if not (output / CONFIG).is_file():
            raise InputError(f"{output}: nothing to resume here")
        if type(configs.load_dumped(output / CONFIG)) is not kind:
            command = "train or distill" if kind is PretrainConfig else "pretrain"
            raise InputError(f"{output}: was begun by paddle-ner {command}: go on with it by that command")
    if given is None:
        if not resume:
            raise InputError("nothing to train: name a CONFIG, or go on with a run by --resume")
        given = output / CONFIG
    elif resume and not overrides and (start := first_start(output)):
        overrides = start.overrides
    if isinstance(given, (str, Path)):
        return configs.parse_as(kind, configs.read(Path(given)), str(given), overrides)
    if isinstance(given, BaseConfig):
        if not overrides:
            return given
        given = given.model_dump(mode="json")
    return configs.parse_as(kind, dict(given), "config", overrides)


@contextmanager
def locked(output: Path, machine: int) -> Iterator[None]:
    """Hold the run's folder, making it if it is missing. Raises InputError if another training holds it."""
    made = not output.exists()
    path = output / _lock_name(machine)
    try:
        output.mkdir(parents=True, exist_ok=True)
        file = _open_locked(path, output)
    except OSError as error:
        raise InputError(f"{output}: cannot be locked: {error.strerror or error}; name another --output") from error
    with file:
        try:
            yield
        finally:
            path.unlink(missing_ok=True)
            if made:
                with suppress(OSError):  # it is not empty
                    output.rmdir()


def join_lock(output: Path, machine: int) -> IO[str] | None:
    """Hold the folder as well, while the file is open; None if the training that started this process is gone."""
    try:
        file = (output / _lock_name(machine)).open("r")
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return None
    return file


def _lock_name(machine: int) -> str:
    """Each machine has its own: several may share a disk."""
    return f".lock-{machine}" if machine else ".lock"


def _open_locked(path: Path, output: Path) -> IO[str]:
    """Take the lock for this process, and then share it with the processes that train.

    So it is not released before the last of them has ended.
    """
    while True:
        file = path.open("a+", encoding="utf-8")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if path.exists() and path.stat().st_ino == os.fstat(file.fileno()).st_ino:
                file.truncate(0)
                file.write(str(os.getpid()))
                file.flush()
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                return file
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.EACCES):
                file.close()
                raise
            file.seek(0)
            holder = file.read().strip()
            file.close()
            raise InputError(f"{output}: {_held_by(holder)}") from None
        file.close()  # the training that held it has ended in the meantime and removed the file


def _held_by(pid: str) -> str:
    if pid.isdigit() and Path(f"/proc/{pid}").exists():
        return f"another training runs in this folder (process {pid}): wait for it, or stop it with kill {pid}"
    return "the processes of a training that was killed are still ending in this folder: try again in a moment"


def prepare(config: BaseConfig, output: Path, start: Start, *, resume: bool, overwrite: bool, leads: bool) -> None:
    """Write the config into the run's folder. Raises InputError rather than mix two trainings in it.

    Args:
        config: the config of the training.
        output: the folder, which exists.
        start: how it is started.
        resume: whether it continues what is there.
        overwrite: whether the files of an earlier training are deleted.
        leads: whether this is the first of the machines.
    """
    written, text = output / CONFIG, configs.dump(config)
    if not leads:  # the disk may be shared with the first machine
        if not written.exists():
            written.write_text(text, encoding="utf-8")
        return
    if resume:
        if difference := _difference(yaml.safe_load(written.read_text(encoding="utf-8")), yaml.safe_load(text)):
            raise InputError(f"{output}: --resume with another config: {difference}")
        state.clean(output / STATES)
        return
    _make_room(output, overwrite)
    (output / FILE).touch()  # identifies the folder as one of ours
    written.write_text(text, encoding="utf-8")
    (output / _START).write_text(json.dumps(asdict(start), ensure_ascii=False) + "\n", encoding="utf-8")


def rewrite(config: BaseConfig, output: Path) -> None:
    """Replace the config of a run that is to go on with another one, from which it learns the same."""
    with whole_file(output / CONFIG) as temporary:
        temporary.write_text(configs.dump(config), encoding="utf-8")


def _make_room(output: Path, overwrite: bool) -> None:
    """Delete the files of an earlier start; its states and results only with `overwrite`."""
    present = [output / name for name in _ALL if (output / name).exists()]
    if not [path for path in present if path.name != CONFIG]:
        return
    if not (output / FILE).exists():
        raise InputError(f"{output}: holds files that no training of paddle-ner left; name another --output")
    learned = (output / CHECKPOINT).exists() or (output / ENCODER).exists() or state.steps(output / STATES)
    if learned and not overwrite:
        raise InputError(f"{output}: holds a training already: --resume goes on with it, --overwrite deletes it")
    for path in present:
        if path.name not in _KNOWN or overwrite:
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def _difference(old: Any, new: Any, place: str = "") -> str | None:
    """The first place where two configs differ, in words."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in [*old, *(key for key in new if key not in old)]:
            if difference := _difference(old.get(key), new.get(key), f"{place}.{key}".lstrip(".")):
                return difference
        return None
    return None if old == new else f"{place} was {old}, now it is {new}"
