"""Our side of the worker: a process that may crash or hang, one candidate at a time."""

from __future__ import annotations

import json
import queue
import subprocess
import threading
from pathlib import Path
from types import TracebackType
from typing import IO

from paddle_ner import processes
from paddle_ner.bundle import Storage
from paddle_ner.bundle.compression import Plan
from paddle_ner.errors import PaddleNerError

_COMMAND = processes.python("paddle_ner.compression.quantization.worker")
START_SECONDS = 300.0


class CandidateFailed(PaddleNerError):
    """A candidate could not be made; the message says why in one line."""


class Quantizer:
    """Makes int8 graphs of a checkpoint. A context manager: the worker ends with the block.

    Args:
        checkpoint: folder of the checkpoint.
        work: the caller's folder for the fp32 graph and the worker's log.
        embeddings: how embedding tables are stored.
    """

    def __init__(self, checkpoint: Path, work: Path, embeddings: Storage = "fp32") -> None:
        self._checkpoint = checkpoint
        self._work = work
        self._embeddings = embeddings
        self._log = work / "worker.log"
        self._process: subprocess.Popen[str] | None = None
        self._answers: queue.Queue[str] = queue.Queue()

    def __enter__(self) -> Quantizer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def quantize(self, plan: Plan, batches: Path, target: Path, seconds: float) -> None:
        """Write the int8 graph of `plan` to `target`.

        Args:
            plan: how to quantize.
            batches: a .npz file of int64 arrays of [windows, length] to calibrate with.
            target: the folder to create.
            seconds: the time after which the worker counts as hanging and is ended.

        Raises:
            CandidateFailed: it crashed, hung, or said why not. The next call starts a new worker if necessary.
        """
        process = self._process if self._process is not None and self._process.poll() is None else self._start()
        job = {"plan": plan.model_dump(), "batches": str(batches), "target": str(target)}
        assert process.stdin is not None
        try:
            process.stdin.write(json.dumps(job) + "\n")
            process.stdin.flush()
        except OSError:  # it has died in the meantime: the missing answer will show that
            pass
        answer = self._answer(seconds)
        if "error" in answer:
            raise CandidateFailed(answer["error"])

    def _start(self) -> subprocess.Popen[str]:
        self._stop()
        self._answers = queue.Queue()
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                [*_COMMAND, str(self._checkpoint), str(self._work), self._embeddings],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                encoding="utf-8",
                env=processes.environment({"FLAGS_enable_pir_api": "0"}),
            )
        assert self._process.stdout is not None
        threading.Thread(target=_forward, args=(self._process.stdout, self._answers), daemon=True).start()
        self._answer(START_SECONDS)
        return self._process

    def _answer(self, seconds: float) -> dict[str, str]:
        assert self._process is not None
        try:
            line = self._answers.get(timeout=seconds)
        except queue.Empty:
            self._stop()
            raise CandidateFailed(f"no answer within {seconds:.0f} s") from None
        if not line:
            ended = processes.Finished(self._process.wait(), "", self._log.read_text(errors="replace"))
            raise CandidateFailed(f"the worker ended: {ended.reason}")
        answer: dict[str, str] = json.loads(line)
        return answer

    def _stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


def _forward(stream: IO[str], answers: queue.Queue[str]) -> None:
    """Put each line into the queue, and an empty string at the end."""
    for line in stream:
        answers.put(line)
    answers.put("")
