"""Where memory runs out, ``--find-batch-size`` starts again with smaller micro-batches; a short worker stands in."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from paddle_ner import config as configs
from paddle_ner.errors import InputError, ResourceError
from paddle_ner.training import Cluster, Trained, train, watching
from paddle_ner.training.events import Event, Info
from paddle_ner.training.watching import ProcessesFailed

LINES = '{"text": "好看", "label": "a"}\n{"text": "难看", "label": "b"}\n'
# Fits in memory with micro-batches of at most FITS windows; else it ends as END says.
WORKER = """
import os, signal, sys
from pathlib import Path
from paddle_ner import config as configs
from paddle_ner.training import worker
from paddle_ner.training.events import Done, Failed

output = Path(sys.argv[1])
training = configs.load(output / "config.yaml").training
if training.batch_size / training.accumulation <= {fits}:
    worker.events_of(output).write(Done(1, "accuracy", 0.5, ("0",)))
elif {end!r} == "killed":
    os.kill(os.getpid(), signal.SIGKILL)
else:
    worker.events_of(output).write(Failed("out of memory on gpu", memory=True))
    sys.exit(2)
"""


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Trained]:
    """Start a training of batches of 6 windows with the worker."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.jsonl").write_text(LINES * 4, "utf-8")
    (tmp_path / "modules").mkdir()
    root = Path(configs.__file__).parents[2]
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path / 'modules'}:{root}")
    monkeypatch.setattr(watching, "WORKER", "short_worker")

    def start(fits: float, end: str = "told", **options: object) -> Trained:
        worker = textwrap.dedent(WORKER).format(fits=fits, end=end)
        (tmp_path / "modules/short_worker.py").write_text(worker, "utf-8")
        record = {
            "name": "x",
            "task": {"type": "classification", "labels": ["a", "b"]},
            "data": {"train": {"path": "train.jsonl", "format": "jsonl"}, "dev_fraction": 0.25},
            "model": {"pretrained": "starter"},
            "training": {"batch_size": 6, "epochs": 1},
        }
        return train(record, tmp_path / "run", **options)  # type: ignore[arg-type]

    return start


@pytest.mark.parametrize("end", ["told", "killed"])
def test_micro_batches_shrink_until_they_fit_and_the_batch_stays(
    start: Callable[..., Trained], tmp_path: Path, end: str
) -> None:
    said: list[Event] = []
    trained = start(2, end, find_batch_size=True, observe=said.append)
    assert trained.score == 0.5
    found = configs.load(tmp_path / "run/config.yaml").training
    assert (found.batch_size, found.accumulation) == (6, 4)
    told = [event.message for event in said if isinstance(event, Info) and "memory ran out" in event.message]
    assert told == [
        "memory ran out: trying training.accumulation=2, 3 of the 6 windows of an update at a time",
        "memory ran out: trying training.accumulation=4, 2 of the 6 windows of an update at a time",
    ]


def test_where_a_single_window_does_not_fit_it_ends(start: Callable[..., Trained], tmp_path: Path) -> None:
    with pytest.raises(ResourceError, match="out of memory on gpu"):
        start(0.5, find_batch_size=True)
    assert configs.load(tmp_path / "run/config.yaml").training.accumulation == 6


def test_without_the_option_it_ends_at_once(start: Callable[..., Trained], tmp_path: Path) -> None:
    with pytest.raises(ResourceError, match="out of memory on gpu"):
        start(2, max_restarts=3)
    assert configs.load(tmp_path / "run/config.yaml").training.accumulation == 1


def test_a_killed_process_is_no_lack_of_memory_unless_the_option_asks(start: Callable[..., Trained]) -> None:
    with pytest.raises(ProcessesFailed, match="SIGKILL"):
        start(2, "killed")


def test_several_machines_are_refused(start: Callable[..., Trained]) -> None:
    with pytest.raises(InputError, match="--find-batch-size is for one machine"):
        start(2, find_batch_size=True, cluster=Cluster(2, "10.0.0.1:6170", 0))
