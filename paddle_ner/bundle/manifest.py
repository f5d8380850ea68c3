"""What a checkpoint and a bundle say of themselves: ``paddle_ner.json`` and ``manifest.json``."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from paddle_ner import tasks
from paddle_ner.bundle.compression import Compression

SCHEMA_VERSION = 1

Precision = Literal["fp32", "bf16", "fp16", "int8"]
Storage = Literal["fp32", "fp16", "int8"]  # of embedding tables
EngineName = str  # of `paddle_ner.inference.engines.ENGINES`; one that is not installed here may be named too


class WindowSpec(BaseModel):
    """How texts longer than the encoder's input are cut.

    Attributes:
        size: tokens a window, special tokens included.
        overlap: tokens that two neighbouring windows share at least.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    size: int = 128
    overlap: int = 32


class Manifest(BaseModel):
    """What every trained model says of itself: the ``paddle_ner.json`` of a checkpoint.

    Attributes:
        name: of the model, for people and for routes.
        task: `Task.spec()`.
        window: how long texts are cut.
        metrics: reports by the name of the data that they were measured on.
        config: what it was trained with.
        transforms: what was done to it since, in order: vocabulary or positions cut, layers, heads or units pruned.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    schema_version: int = SCHEMA_VERSION
    name: str
    task: dict[str, Any]
    window: WindowSpec
    metrics: dict[str, Any] = {}
    config: dict[str, Any] = {}
    transforms: list[dict[str, Any]] = []

    def build_task(self) -> tasks.Task:
        """The task object."""
        return tasks.from_spec(self.task)


class Candidate(BaseModel):
    """One way to run a bundle, as it was measured.

    Attributes:
        engine: what ran the graph.
        precision: of the arithmetic.
        replicas: engines side by side, over the same weights.
        threads: CPU threads of each.
        texts_per_second: all replicas together, tokenization and decoding included.
        tokens_per_second: the same in tokens, padding left out.
        milliseconds: for one text alone through one replica, the median.
        score: of the dev set, from 0 to 1; None where there was none.
        drop: what `score` is below that of the first candidate: of Paddle at fp32, or at int8 where its graph is int8.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    engine: EngineName = "paddle"
    precision: Precision
    replicas: int
    threads: int
    texts_per_second: float
    tokens_per_second: float
    milliseconds: float
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
        precision: what was chosen for it; None, as earlier versions wrote it, is the manifest's.
        replicas: the layout that was chosen.
        threads: of each replica.
        candidates: all that was measured.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    cpu: str
    texts: int
    metric: str
    examples: int
    max_drop: float
    engine: EngineName = "paddle"
    precision: Precision | None = None
    replicas: int
    threads: int
    candidates: list[Candidate]


class OnnxGraph(BaseModel):
    """One ONNX file of a bundle, as it was checked when it was made.

    Attributes:
        file: its name.
        opset: the version of ONNX's operators that it is written in.
        runtime: the version of ONNX Runtime that it was checked with.
        matmuls: its matrix products with a weight.
        int8_matmuls: those of them that ONNX Runtime ran in int8 kernels.
        metric: what `score` is; empty where nothing was scored.
        examples: how many examples were scored.
        score: of them, from 0 to 1, in ONNX Runtime.
        drop: what `score` is below that of the fp32 graph in Paddle.
        agreement: the share of the examples that are answered as Paddle answers them at fp32.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    file: str
    opset: int
    runtime: str
    matmuls: int
    int8_matmuls: int = 0
    metric: str = ""
    examples: int = 0
    score: float | None = None
    drop: float | None = None
    agreement: float | None = None


class BundleManifest(Manifest):
    """The ``manifest.json`` of a bundle.

    Attributes:
        precision: of the arithmetic in Paddle where nothing else is asked for; ``int8`` says that its graph itself is
            quantized. Where another engine was measured best, `tuning` says so.
        graph: the file of the static graph.
        weights: the file of its parameters.
        onnx: the same graph for ONNX Runtime and OpenVINO by its precision, where there is one; a name is that of an
            fp32 file, as earlier versions wrote it.
        inputs: names of the graph's inputs, int64 of shape [batch, length] each.
        outputs: names of what it gives, in its order.
        tuning: how it runs best, where that was measured.
        compression: how it was made smaller or faster, and what that cost, where it was.
        versions: of the packages that made it.
        files: sha256 of every other file in the folder.
        checksum: sha256 of the manifest's own content without this field.
    """

    precision: Precision = "fp32"
    graph: str
    weights: str
    onnx: str | dict[Precision, OnnxGraph] | None = None
    inputs: list[str]
    outputs: list[str] = ["logits"]
    tuning: Tuning | None = None
    compression: Compression | None = None
    versions: dict[str, str] = {}
    files: dict[str, str]
    checksum: str = ""

    @property
    def onnx_files(self) -> dict[Precision, str]:
        """The ONNX files by their precision."""
        if isinstance(self.onnx, str):
            return {"fp32": self.onnx}
        return {precision: graph.file for precision, graph in (self.onnx or {}).items()}
