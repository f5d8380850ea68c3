"""The manifests of checkpoints and bundles: ``paddle_ner.json`` and ``manifest.json``."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel

from paddle_ner import tasks
from paddle_ner.bundle.compression import Compression
from paddle_ner.bundle.measurements import STRICT, Precision, Tuning
from paddle_ner.tasks import decoding
from paddle_ner.tasks.terms import Mode

SCHEMA_VERSION = 1

Storage = Literal["fp32", "fp16", "int8"]  # of embedding tables


def _file_name(name: str) -> str:
    if name in ("", ".", "..") or not name.isprintable() or "/" in name or "\\" in name:
        raise ValueError(f"{name!r} is not the name of a file in the folder of the manifest")
    return name


FileName = Annotated[str, AfterValidator(_file_name)]


class WindowSpec(BaseModel):
    """How texts are cut into windows, which the encoder reads: see `paddle_ner.features.windows`.

    Attributes:
        size: the most tokens in a window, including special tokens.
        overlap: the least number of tokens that two windows over the same sentence share.
        unit: what a window contains: a sentence, as many whole sentences of a text as fit, or as many tokens as fit.
        longest: tokens of the longest window in training, which the training fills in: no window of whole sentences is
            longer.
    """

    model_config = STRICT

    size: int = 128
    overlap: int = 32
    unit: Literal["sentence", "text", "tokens"] = "tokens"
    longest: int | None = None


class Manifest(BaseModel):
    """The manifest of every trained model: the ``paddle_ner.json`` of a checkpoint.

    Attributes:
        name: of the model, for people and for routes.
        task: `Task.spec()`.
        window: how texts are cut.
        metrics: reports by the name of the data that they were measured on.
        config: the config it was trained with.
        transforms: what was changed since, in order: vocabulary or positions cut, layers, heads or units pruned.
        examples: texts that show what it can do, which the page of a server offers.
    """

    model_config = STRICT

    schema_version: int = SCHEMA_VERSION
    name: str
    task: dict[str, Any]
    window: WindowSpec
    metrics: dict[str, Any] = {}
    config: dict[str, Any] = {}
    transforms: list[dict[str, Any]] = []
    examples: list[str] = []

    def build_task(self) -> tasks.Task:
        """The task object."""
        return tasks.from_spec(self.task)

    def build_decoding(self) -> tasks.Decoding:
        """What the model predicts: the part of the task that is needed to run it."""
        return decoding.from_spec(self.task)

    @property
    def version(self) -> str:
        """Twelve digits of the bundle's checksum; empty for a checkpoint."""
        return ""


class OnnxGraph(BaseModel):
    """An ONNX file of a bundle, with the results of its checks.

    Attributes:
        file: its name.
        opset: the version of ONNX's operators that it is written in.
        runtime: the version of ONNX Runtime that it was checked with.
        matmuls: its matrix products with a weight.
        int8_matmuls: those of them that ONNX Runtime ran in int8 kernels.
        metric: what `score` is; empty if nothing was scored.
        examples: how many examples were scored.
        score: their score in ONNX Runtime, from 0 to 1.
        drop: how much lower `score` is than that of the fp32 graph in Paddle.
        agreement: the share of the examples with the same answer as Paddle at fp32.
    """

    model_config = STRICT

    file: FileName
    opset: int
    runtime: str
    matmuls: int
    int8_matmuls: int = 0
    metric: str = ""
    examples: int = 0
    score: float | None = None
    drop: float | None = None
    agreement: float | None = None


class BundledTerms(BaseModel):
    """The list of terms of a bundle.

    Attributes:
        file: its name.
        mode: whether terms come ``before`` what the model finds, or ``after``: see `paddle_ner.tasks.terms.Terms`.
    """

    model_config = STRICT

    file: FileName
    mode: Mode


class BundleManifest(Manifest):
    """The ``manifest.json`` of a bundle.

    Attributes:
        precision: the default precision in Paddle; ``int8`` means that the graph itself is quantized. If another engine
            was measured to be better, `tuning` says so.
        graph: the file of the static graph.
        weights: the file of its parameters.
        onnx: the same graph for ONNX Runtime and OpenVINO, by precision; may be empty.
        inputs: names of the graph's inputs, int64 of shape [batch, length] each.
        outputs: names of the graph's outputs, in its order.
        tuning: how it runs best, if that was measured.
        compression: how it was made smaller or faster, and at what cost, if it was.
        terms: the terms that are added to what the model finds, if any.
        versions: versions of the packages that made it.
        files: sha256 of every other file in the folder.
        checksum: sha256 of the manifest's own content, without this field and the next.
        signature: signature of the checksum, with the key of the exporter; empty without a key. See
            `paddle_ner.bundle.signing`.
    """

    precision: Precision = "fp32"
    graph: FileName
    weights: FileName
    onnx: dict[Precision, OnnxGraph] = {}
    inputs: list[str]
    outputs: list[str]
    tuning: Tuning | None = None
    compression: Compression | None = None
    terms: BundledTerms | None = None
    versions: dict[str, str] = {}
    files: dict[FileName, str]
    checksum: str = ""
    signature: str = ""

    @property
    def version(self) -> str:
        """Twelve digits of the checksum."""
        return self.checksum[:12]

    @property
    def onnx_files(self) -> dict[Precision, str]:
        """The ONNX files by their precision."""
        return {precision: graph.file for precision, graph in self.onnx.items()}
