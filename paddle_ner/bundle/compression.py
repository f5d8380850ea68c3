"""What a compression did, as the manifest and the report hold it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel

from paddle_ner.bundle.measurements import STRICT, Precision, Speed


class _Record(BaseModel):
    model_config = STRICT


class Plan(_Record):
    """How PaddleSlim is asked to quantize.

    Attributes:
        algorithm: how the threshold of an activation is found.
        granularity: one threshold for a weight (``tensor``) or one for each of its output columns (``channel``).
        windows: number of windows of the calibration set.
        operations: ``weights``: products with a weight; ``values``: those and the product of attention and values;
            ``every``: all that PaddleSlim found a scale for, including the addition of the attention mask.
    """

    algorithm: Literal["avg", "hist", "mse", "emd", "KL", "abs_max"] = "avg"
    granularity: Literal["tensor", "channel"] = "tensor"
    windows: int = 128
    operations: Literal["weights", "values", "every"] = "weights"

    @property
    def engine_operations(self) -> list[str]:
        """Types of operations that oneDNN should run in int8; none lets it run all that it can."""
        return {"weights": ["fc"], "values": ["fc", "fused_matmul"], "every": []}[self.operations]

    def __str__(self) -> str:
        return f"{self.algorithm}, per {self.granularity}, {self.windows} windows, {self.operations}"


class DataSet(_Record):
    """The data that were used to calibrate or score.

    Attributes:
        sha256: of the examples' canonical JSON lines.
        examples: how many.
    """

    sha256: str
    examples: int


class Kernels(_Record):
    """The products that oneDNN ran in one pass of the bundle.

    Attributes:
        int8: products with a weight whose input and weight were int8.
        total: products with a weight in the graph.
        others: further products that ran in int8, those of attention.
        implementations: oneDNN's names of the kernels that ran the int8 products.
    """

    int8: int
    total: int
    others: int
    implementations: list[str]


class CompressionCandidate(_Record):
    """A way to make the model faster or smaller, as it was measured.

    Attributes:
        precision: of the arithmetic.
        plan: of an int8 candidate.
        score: on the evaluation set, from 0 to 1; None if the candidate failed.
        drop: how far `score` is below that of fp32.
        labels: F1 by label.
        worst_label: the label whose F1 fell most.
        worst_drop: by how much; 0 if none fell.
        speedup: how many times faster than fp32, timed in turns with it.
        speed: in its best layout, if it came to the last round.
        replicas: engines side by side in that layout.
        threads: CPU threads of each engine.
        kernels: which int8 kernels ran.
        megabytes: of graph and weights.
        refused: why it cannot be accepted; empty if it can.
    """

    precision: Precision
    plan: Plan | None = None
    score: float | None = None
    drop: float | None = None
    labels: dict[str, float] = {}
    worst_label: str | None = None
    worst_drop: float = 0.0
    speedup: float | None = None
    speed: Speed | None = None
    replicas: int | None = None
    threads: int | None = None
    kernels: Kernels | None = None
    megabytes: float | None = None
    refused: str = ""

    @property
    def name(self) -> str:
        """Its name in tables."""
        return self.precision if self.plan is None else f"{self.precision} {self.plan}"


class Compression(_Record):
    """How a bundle was compressed, and what it cost.

    Attributes:
        method: what was done to the graph; empty if every candidate was refused.
        operations: types of operations that oneDNN should run in int8; none lets it run all that it can.
        transforms: what was done to the checkpoint before, in order.
        calibration: the texts that activations were observed on.
        evaluation: the examples that were scored.
        metric: what the scores are.
        cpu: name of the processor that was measured.
        threads: CPU threads of all engines together.
        texts: how many texts were timed in the last round.
        max_drop: the allowed drop of the score.
        max_label_drop: the allowed drop of any label's F1.
        budget_minutes: the time allowed for the search.
        minutes: the time that it took, including the measurement of fp32 and the last round.
        before: fp32.
        after: the candidate that was accepted.
        candidates: all candidates that were measured.
        left_out: plans for which the budget was too short.
        predictions_sha256: of what `after` predicted for the evaluation set.
    """

    method: str = ""
    operations: list[str] = []
    transforms: list[dict[str, Any]] = []
    calibration: DataSet
    evaluation: DataSet
    metric: str
    cpu: str
    threads: int
    texts: int
    max_drop: float
    max_label_drop: float
    budget_minutes: float
    minutes: float = 0.0
    before: CompressionCandidate
    after: CompressionCandidate | None = None
    candidates: list[CompressionCandidate] = []
    left_out: list[Plan] = []
    predictions_sha256: str = ""
