"""What a job defines: how a config becomes a model, what it learns from, what is minimized, and how it is scored."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from paddle_ner.config import BaseConfig

Say = Callable[[str], None]
# From the model's outputs by name and the rest of a batch to the loss, summed over all positions that count.
Loss = Callable[[Mapping[str, Any], Mapping[str, Any]], Any]


@dataclass(frozen=True, slots=True)
class Run:
    """What a job is given in a process that trains.

    Attributes:
        config: the config of the training.
        output: the run's folder.
        stop: asked regularly during long work whether to end.
        log: called with what a person may want to know.
    """

    config: BaseConfig
    output: Path
    stop: Callable[[], bool]
    log: Say


class TokenIds(Protocol):
    """What is learned from, one window of a text; a job's own class holds more."""

    @property
    def ids(self) -> NDArray[np.int64]:
        """The tokens, [length]."""
        ...


class Scores(Protocol):
    """The figures of one evaluation."""

    @property
    def metric(self) -> str:
        """What `value` is; the higher, the better."""
        ...

    @property
    def value(self) -> float:
        """The value by which the best state is chosen."""
        ...

    def to_dict(self) -> dict[str, Any]:
        """JSON form, for the record of the result."""
        ...


class Scorer(Protocol):
    """Scores the model as it is. Counts add up over processes."""

    @property
    def metric(self) -> str:
        """What `Scores.value` will be."""
        ...

    def count(self, rank: int, world: int) -> NDArray[np.int64]:
        """Counts over this process's share of the dev data."""
        ...

    def report(self, counts: NDArray[np.int64]) -> Scores:
        """The figures, from the counts of all processes."""
        ...


@dataclass(frozen=True, slots=True)
class Prepared:
    """All that the Trainer needs.

    Attributes:
        model: it gives its outputs by name; they go to `loss`.
        features: what it learns from, each a window.
        collate: makes a batch from features: ``input_ids``, ``token_type_ids``, ``counts`` (positions of loss by
            window, int64), and what else `loss` wants.
        loss: what is minimized.
        scorer: over the dev data.
        fingerprint: changes with what is learned from; a state of another one is not resumed from.
        write: makes the folder of the result, once the model has its best weights, with these metrics by name.
        callbacks: more of PaddleNLP's callbacks.
        inputs: further inputs of the model in a batch, besides ``input_ids`` and ``token_type_ids``.
        copies: how often each batch is read at once: `loss` is given the outputs of all readings, one after the other.
    """

    model: Any
    features: Sequence[TokenIds]
    collate: Callable[[Sequence[Any]], dict[str, NDArray[Any]]]
    loss: Loss
    scorer: Scorer
    fingerprint: str
    write: Callable[[Path, dict[str, Any]], None]
    callbacks: Sequence[Any] = ()
    inputs: tuple[str, ...] = ()
    copies: int = 1


class Job(Protocol):
    """A kind of training. Its module holds one, and imports no framework before `prepare` is called.

    Attributes:
        result: name of the folder that it leaves in that of the run.
    """

    result: ClassVar[str]

    def check(self, config: Any, log: Say, warn: Say) -> Any:
        """Read what the config names, without a framework, and return the config with the details filled in.

        Raises:
            InputError, DataError: the config or the data are wrong.
        """
        ...

    def prepare(self, run: Run) -> Prepared:
        """Read the data, and build the model.

        Raises:
            InputError, DataError, BundleError: as `check`, and if the model cannot be built.
            InterruptedRun: `run.stop` said so.
        """
        ...
