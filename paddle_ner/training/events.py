"""What a training says while it runs: one JSON object per line in ``events.jsonl``.

The process that trains writes them, the process in front of a person reads them, so the two do not need to share a
terminal, and a launcher can be between them. Each start of a run has an identity, which is in its events, so that
events of an earlier start in the same file are not read as new ones.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, ClassVar

FILE = "events.jsonl"
LOG_LIKELIHOOD = "log-likelihood"  # the metric of a pretraining: not a share, but a number below 0


@dataclass(frozen=True, slots=True)
class Event:
    """Anything that a training reports. A subclass is a kind of event; `name` is its name in the file."""

    name: ClassVar[str]

    def to_dict(self) -> dict[str, Any]:
        """JSON form, without the identity of the run."""
        return {"event": self.name, **asdict(self)}


@dataclass(frozen=True, slots=True)
class WorkerStarted(Event):
    """A training process runs.

    Attributes:
        pid: its number.
    """

    pid: int

    name = "worker"


@dataclass(frozen=True, slots=True)
class Info(Event):
    """Something to know.

    Attributes:
        message: one line.
    """

    message: str

    name = "info"


@dataclass(frozen=True, slots=True)
class Warned(Event):
    """Something that may be wrong.

    Attributes:
        message: one line.
    """

    message: str

    name = "warning"


@dataclass(frozen=True, slots=True)
class Begun(Event):
    """The first update comes next.

    Attributes:
        step: updates done before, in a run that is resumed.
        steps: the steps of the whole training.
    """

    step: int
    steps: int

    name = "begin"


@dataclass(frozen=True, slots=True)
class Updated(Event):
    """An update is done.

    Attributes:
        step: its number, from 1.
        epoch: passes over the training data so far.
    """

    step: int
    epoch: float

    name = "step"


@dataclass(frozen=True, slots=True)
class Logged(Event):
    """Figures since the last such event.

    Attributes:
        step: updates done.
        loss: the mean over the updates.
        rate: the learning rate.
        windows_per_second: windows trained on, by all processes together.
    """

    step: int
    loss: float
    rate: float
    windows_per_second: float | None = None

    name = "log"


@dataclass(frozen=True, slots=True)
class Evaluated(Event):
    """The model was scored on the dev data.

    Attributes:
        step: updates done.
        epoch: passes over the training data so far.
        metric: f1 or accuracy; of a pretraining, log-likelihood.
        score: from 0 to 1; a log-likelihood is below 0.
    """

    step: int
    epoch: float
    metric: str
    score: float

    name = "evaluated"


@dataclass(frozen=True, slots=True)
class Done(Event):
    """The checkpoint, or what else the job leaves, is written.

    Attributes:
        step: updates done.
        metric: as of `Evaluated`.
        score: the score of the checkpoint on the dev data.
        checksums: the checksums of the weights that each process ended with; all are equal.
    """

    step: int
    metric: str
    score: float
    checksums: tuple[int, ...] = ()

    name = "done"


@dataclass(frozen=True, slots=True)
class Interrupted(Event):
    """A signal ended the run; its state is saved.

    Attributes:
        step: updates done.
    """

    step: int

    name = "interrupted"


@dataclass(frozen=True, slots=True)
class Failed(Event):
    """An error of the user or of the machine ended the run.

    Attributes:
        message: what it was and what to do, in one line.
        memory: whether memory ran out.
    """

    message: str
    memory: bool = False

    name = "error"


@dataclass(frozen=True, slots=True)
class Crashed(Event):
    """A defect ended the run.

    Attributes:
        message: the exception.
    """

    message: str

    name = "crash"


_KINDS: dict[str, type[Event]] = {
    kind.name: kind
    for kind in (
        WorkerStarted, Info, Warned, Begun, Updated, Logged, Evaluated, Done, Interrupted, Failed, Crashed
    )
}  # fmt: skip


def from_dict(record: dict[str, Any]) -> Event:
    """The event that `Event.to_dict` described. Raises ValueError if this version does not know it."""
    kind = _KINDS.get(record.get("event", ""))
    if kind is None:
        raise ValueError(f"no such event: {record}")
    names = {field.name for field in fields(kind)}
    values = {name: tuple(value) if isinstance(value, list) else value for name, value in record.items()}
    try:
        return kind(**{name: value for name, value in values.items() if name in names})
    except TypeError as error:
        raise ValueError(f"not a whole event: {record}") from error


def file_of(rank: int) -> str:
    """The events file of a machine: each has its own, since several may share a disk."""
    return f"events-{rank}.jsonl" if rank else FILE


class EventWriter:
    """Appends the events of one start of a run to the file `name` in its folder.

    Args:
        output: folder of the run.
        run: the identity of this start.
        name: the name of the file.
    """

    def __init__(self, output: Path, run: str, name: str = FILE) -> None:
        self._file = (output / name).open("a", encoding="utf-8", buffering=1)
        self._run = run

    def write(self, event: Event) -> None:
        """Append one event; readers see whole lines only."""
        record = event.to_dict()
        kind = record.pop("event")
        line = json.dumps({"event": kind, "run": self._run, **record}, ensure_ascii=False)
        self._file.write(line + "\n")


def all_of(output: Path) -> Iterator[Event]:
    """The events of every start of a run, in their order; lines that were cut off are left out."""
    with (output / FILE).open("rb") as file:
        for line in file:
            try:
                yield from_dict(json.loads(line))
            except (ValueError, TypeError):  # cut off because the disk was full
                continue


class EventReader:
    """Reads what one start of a run has written since the last call.

    Args:
        output: folder of the run.
        run: the identity of that start.
        name: the name of the file.
    """

    def __init__(self, output: Path, run: str, name: str = FILE) -> None:
        self._path, self._run = output / name, run
        self._position = self._path.stat().st_size if self._path.exists() else 0

    def read(self) -> Iterator[Event]:
        """The events since the last call, in whole lines."""
        if not self._path.exists():
            return
        with self._path.open("rb") as file:
            file.seek(self._position)
            for line in file:
                if not line.endswith(b"\n"):
                    break
                self._position += len(line)
                try:
                    record = json.loads(line)
                    if record["run"] == self._run:
                        yield from_dict(record)
                except (ValueError, KeyError, TypeError):  # cut off because the disk was full
                    continue
