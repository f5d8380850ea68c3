"""What a model computes for each window, computed once.

It is kept in the run's folder in blocks of windows, so that an epoch only reads it, and a resumed run uses it again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paddle_ner.errors import InterruptedRun
from paddle_ner.files import shared_file
from paddle_ner.training import shared
from paddle_ner.training.batches import Features

BLOCK = 1024  # windows that are written together: a few seconds of work, the most that an interruption loses


def kept(
    features: Sequence[Features],
    folder: Path,
    compute: Callable[[Sequence[Features]], NDArray[Any]],
    rows: Callable[[Features], int],
    *,
    done: str,
    stop: Callable[[], bool],
    log: Callable[[str], None],
) -> list[NDArray[Any]]:
    """What `compute` returns for each window, [rows, …]. The processes of a machine share the work.

    Args:
        features: the windows.
        folder: the folder of the blocks; its name changes with the windows and with the model.
        compute: returns the rows of all windows of a block, one after the other.
        rows: how many a window has.
        done: the words before the number of windows, such as "the teacher has answered".
        stop: asked after each block whether to end.
        log: called with lines about the progress.

    Raises:
        InterruptedRun: `stop` said so; the blocks that are written are kept.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rank, world = shared.place()
    blocks = [features[start : start + BLOCK] for start in range(0, len(features), BLOCK)]
    files = [folder / f"answers-{index:05}.npy" for index in range(len(blocks))]
    progress = shared.Progress(log)

    def check_stop() -> None:
        if stop():
            raise InterruptedRun(f"stopped before {done} all windows; --resume goes on with what is left")

    for index in range(rank, len(blocks), world):
        if not files[index].exists():
            _write(files[index], compute(blocks[index]))
        check_stop()
        progress(f"{done} {min((index + 1) * BLOCK, len(features)):,} of {len(features):,} windows")
    values: list[NDArray[Any]] = []
    for block, file in zip(blocks, files, strict=True):
        shared.wait_for(file, check_stop)
        cuts = np.cumsum([rows(window) for window in block])
        values += np.split(np.load(file, mmap_mode="r", allow_pickle=False), cuts[:-1])
    return values


def _write(file: Path, values: NDArray[Any]) -> None:
    with shared_file(file) as stream:
        np.save(stream, values, allow_pickle=False)
