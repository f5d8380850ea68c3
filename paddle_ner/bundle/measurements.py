"""Measurements of the ways to run a model: its speed and its scores."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Precision = Literal["fp32", "bf16", "fp16", "int8"]
EngineName = str  # of `paddle_ner.inference.engines.ENGINES`; one that is not installed here may be named too


STRICT = ConfigDict(extra="forbid", frozen=True)  # of every part of a manifest


class Speed(BaseModel):
    """How fast a model runs.

    Attributes:
        texts_per_second: of all replicas together, including tokenization and decoding.
        tokens_per_second: the same in tokens, without padding.
        milliseconds: the median time of a single text in one replica.
    """

    model_config = STRICT

    texts_per_second: float
    tokens_per_second: float
    milliseconds: float


class Candidate(Speed):
    """A way to run a bundle, as it was measured.

    Attributes:
        engine: what ran the graph.
        precision: of the arithmetic.
        replicas: engines side by side, over the same weights.
        threads: CPU threads of each.
        score: on the dev set, from 0 to 1; None without a dev set.
        drop: how much lower `score` is than the score of the first candidate, which is Paddle at fp32, or at int8 if
            its graph is int8. If `compress` wrote it: than the score of the checkpoint at fp32.
    """

    engine: EngineName = "paddle"
    precision: Precision
    replicas: int = Field(ge=1)
    threads: int = Field(ge=1)
    score: float | None = None
    drop: float | None = None


class Tuning(BaseModel):
    """How a bundle runs best, by measurement.

    Attributes:
        cpu: name of the processor that was measured.
        texts: how many texts were timed.
        metric: what `Candidate.score` is.
        examples: how many examples were scored.
        max_drop: the drop that was allowed.
        engine: what was chosen to run the graph.
        precision: what was chosen for it.
        replicas: the layout that was chosen.
        threads: of each replica.
        candidates: all that was measured.
    """

    model_config = STRICT

    cpu: str
    texts: int
    metric: str
    examples: int
    max_drop: float
    engine: EngineName = "paddle"
    precision: Precision
    replicas: int = Field(ge=1)
    threads: int = Field(ge=1)
    candidates: list[Candidate]
