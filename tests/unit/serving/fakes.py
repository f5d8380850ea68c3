"""A model in memory for the server's tests: real tokens, windows, tags and decoding; its engine is a rule.

Every run of ASCII capitals is an entity of type X. The engine can be held, and fails on the texts it is told to.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paddle_ner.errors import BundleError, PaddleNerError
from paddle_ner.features.windows import Encoded, Window
from paddle_ner.inference.engines import EngineInfo
from paddle_ner.inference.planning import padded_length
from paddle_ner.serving import Settings, run
from paddle_ner.serving.batcher import Batcher
from paddle_ner.serving.metrics import Metrics
from paddle_ner.serving.served import Served
from paddle_ner.tasks.decoding import Decoding, create
from paddle_ner.tasks.min_score import keep
from paddle_ner.types import Prediction

SIZE, CONTENT = 34, 32  # tokens a window, with and without [CLS] and [SEP]
POISON = "☠"  # the engine fails on it
BREAKER = "\u2622"  # the engine fails on it, and on everything from then on


class FakeModel:
    """One character a token; windows of at most 32 of them, side by side.

    Attributes:
        free: while it is not set, the engine computes without an end.
        entered: is released when the engine begins a batch.
        batches: the words in each batch.
        threads: names of those in which the engine was used.
        broken: the engine fails on everything.
    """

    def __init__(self, version: str = "", label: str = "X") -> None:
        self.decoding: Decoding = create("ner", [label])
        self.info = EngineInfo("fake", "cpu", "fp32", 1)
        self.version = version
        self.examples: list[str] = []
        self.free = threading.Event()
        self.free.set()
        self.entered = threading.Semaphore(0)
        self.batches: list[list[str]] = []
        self.threads: set[str] = set()
        self.broken = False
        self._own = object()  # the tokenizer that its replicas share

    def clone(self) -> FakeModel:
        """Another replica."""
        twin = FakeModel(self.version, self.decoding.labels[0])
        twin._own = self._own
        return twin

    def warm_up(self) -> None:
        self.threads.add(threading.current_thread().name)

    def forget(self) -> None:
        """Forget what was computed so far."""
        while self.entered.acquire(blocking=False):
            pass
        self.batches.clear()

    def encode(self, text: str) -> Encoded:
        if "encode-fails" in text:
            raise ValueError("encode fails")
        codes = np.array([ord(character) for character in text], dtype=np.int64)
        offsets = np.stack([np.arange(len(text)), np.arange(1, len(text) + 1)], axis=1)
        mark = id(self._own)  # in the place of [CLS]: whose windows they are
        starts = range(0, max(1, len(text)), CONTENT)
        windows = tuple(
            Window(np.concatenate([[mark], codes[s : s + CONTENT], [0]]), s, (s, min(s + CONTENT, len(text))))
            for s in starts
        )
        return Encoded(text, offsets, windows)

    def padded_length(self, length: int) -> int:
        return padded_length(length)

    def run(self, rows: Sequence[Window]) -> list[dict[str, NDArray[np.float32]]]:
        assert all(row.ids[0] == id(self._own) for row in rows), "windows of another tokenizer"
        self.threads.add(threading.current_thread().name)
        words = ["".join(chr(code) for code in row.ids[1:-1]) for row in rows]
        self.batches.append(words)
        self.entered.release()
        self.free.wait()
        self.broken = self.broken or any(BREAKER in word for word in words)
        if self.broken:
            raise RuntimeError("the engine is broken")
        if any(POISON in word for word in words):
            raise RuntimeError("the engine cannot compute this")
        return [{"logits": self._logits(row)} for row in rows]

    def decode(
        self,
        encoded: Encoded,
        outputs: Sequence[Mapping[str, NDArray[np.float32]]],
        min_score: Mapping[str, float] | None = None,
    ) -> Prediction:
        if "decode-fails" in encoded.text:
            raise ValueError("decode fails")
        return keep(self.decoding.decode(encoded, outputs), min_score or {})

    def _logits(self, row: Window) -> NDArray[np.float32]:
        capital = (row.ids >= ord("A")) & (row.ids <= ord("Z"))
        before = np.concatenate([[False], capital[:-1]])
        logits = np.zeros((row.length, 3), dtype=np.float32)
        logits[np.arange(row.length), np.where(~capital, 0, np.where(before, 2, 1))] = 9.0
        # At the seam of two windows only the decoder, which sees both, can tell whether an entity goes on.
        logits[1, 2] = 9.5 if capital[1:2].all() and row.start else logits[1, 2]
        return logits


class Inline(Executor):
    """Encodes and decodes in the calling thread: what was submitted is queued when `submit` returns."""

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        function(*args, **kwargs)
        return Future()


def new_served(replicas: Sequence[FakeModel], pool: Executor, max_queue: int = 1024, **options: Any) -> Served:
    """A served model that answers with `replicas`, which have forgotten their warm-up."""
    metrics = Metrics().model("fake")
    served = Served("fake", Path(), metrics, max_queue)
    served.install(Batcher(replicas, pool, metrics, **options).start())
    for model in replicas:
        model.forget()
    return served


def load_fake(path: Path, settings: Settings) -> list[FakeModel]:
    if path.name == "broken":
        raise BundleError(f"{path / 'manifest.json'}: no such file")
    return [FakeModel()]


def load_held(path: Path, settings: Settings) -> FakeModel:
    """A model whose engine, once warm, says that it computes and waits for SIGUSR1."""
    model = FakeModel()
    compute = model.run
    signal.signal(signal.SIGUSR1, lambda *_: model.free.set())

    def run_held(rows: Sequence[Window]) -> list[dict[str, NDArray[np.float32]]]:
        if model.batches:
            model.free.clear()
            print("computing", flush=True)
        return compute(rows)

    model.run = run_held
    return model


def main(held: bool, options: dict[str, str]) -> int:
    """A server in a process of its own; prints its URL when it is ready."""
    model = load_held(Path(), Settings.create(models={"fake": "."})) if held else None
    settings = Settings.create(**{"models": {"fake": options.pop("path", ".")}, "port": 0, **options})
    load = (lambda *_: [model]) if model else load_fake
    try:
        run(settings, load, on_ready=lambda url: print(url, flush=True))
    except PaddleNerError as error:
        print(f"error: {error}", flush=True)
        return error.exit_status
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":  # python fakes.py [held] [FIELD=VALUE …]
    arguments = sys.argv[1:]
    sys.exit(main("held" in arguments, dict(one.split("=", 1) for one in arguments if "=" in one)))
