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
        windows: rows of the calibration set.
        operations: ``weights``: products with a weight; ``values``: those and the product of attention and values;
            ``every``: all that PaddleSlim found a scale for, the addition of the attention mask among it.
    """

    algorithm: Literal["avg", "hist", "mse", "emd", "KL", "abs_max"] = "avg"
    granularity: Literal["tensor", "channel"] = "tensor"
    windows: int = 128
    operations: Literal["weights", "values", "every"] = "weights"

    @property
    def engine_operations(self) -> list[str]:
        """Types of operations that oneDNN is told to run in int8; none tells it to run all that it can."""
        return {"weights": ["fc"], "values": ["fc", "fused_matmul"], "every": []}[self.operations]

    def __str__(self) -> str:
        return f"{self.algorithm}, per {self.granularity}, {self.windows} windows, {self.operations}"


class DataSet(_Record):
    """What was calibrated or scored with.

    Attributes:
        sha256: of the examples' canonical JSON lines.
        examples: how many.
    """

    sha256: str
    examples: int


class Kernels(_Record):
    """Products with a weight that oneDNN ran in one pass of the bundle.

    Attributes:
        int8: those whose input and weight were int8.
        total: how many the graph has.
        others: further products that ran in int8: of attention.
        implementations: oneDNN's names of what ran the int8 ones.
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
        score: of the evaluation set, from 0 to 1; None where it failed.
        drop: how far `score` is below that of fp32.
        labels: F1 by label.
        worst_label: the label whose F1 fell most.
        worst_drop: by how much; 0 where none fell.
        speedup: how many times faster than fp32, timed in turns with it.
        speed: in the last round, of those that came to it, in the layout that is best for it.
        replicas: of that layout: engines side by side.
        threads: of each of them.
        kernels: which int8 kernels ran.
        megabytes: of graph and weights.
        refused: why it cannot be taken; empty where it can.
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
        """What a table calls it."""
        return self.precision if self.plan is None else f"{self.precision} {self.plan}"


class Compression(_Record):
    """How a bundle was compressed, and what it cost.

    Attributes:
        method: what was done to the graph; empty where every candidate was refused.
        operations: types of operations that oneDNN is told to run in int8; none tells it to run all that it can.
        transforms: what was done to the checkpoint before, in order.
        calibration: the texts that activations were observed on.
        evaluation: the examples that were scored.
        metric: what the scores are.
        cpu: name of the processor that was measured.
        threads: CPU threads of all engines together.
        texts: how many texts were timed in the last round.
        max_drop: of the score, as allowed.
        max_label_drop: of any label's F1, as allowed.
        budget_minutes: for the search, as allowed.
        minutes: that it took, the measuring of fp32 and the last round included.
        before: fp32.
        after: what was taken.
        candidates: all that was measured.
        left_out: plans that the budget did not suffice for.
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
