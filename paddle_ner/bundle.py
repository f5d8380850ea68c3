"""The exported artefact: a folder that is complete, verified and enough to serve.

``manifest.json``, the static graph, ``tokenizer.json``. It is written to a temporary folder and renamed, so that a
half-written bundle never has a manifest.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from paddle_ner import folders, tasks
from paddle_ner.checksum import sha256
from paddle_ner.compression.record import Compression
from paddle_ner.errors import BundleError, InputError
from paddle_ner.features.tokenizer import Tokenizer

SCHEMA_VERSION = 1
MANIFEST = "manifest.json"
CARD = "paddle_ner.json"
TOKENIZER = "tokenizer.json"
_CHECKPOINT_FILES = {CARD, TOKENIZER, "config.json", "model.safetensors"}

Precision = Literal["fp32", "bf16", "fp16", "int8"]
Storage = Literal["fp32", "fp16", "int8"]  # of embedding tables
EngineName = Literal["paddle", "tensorrt", "onnxruntime", "openvino"]


class WindowSpec(BaseModel):
    """How texts longer than the encoder's input are cut.

    Attributes:
        size: tokens a window, special tokens included.
        overlap: tokens that two neighbouring windows share at least.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    size: int = 128
    overlap: int = 32


class Card(BaseModel):
    """What every trained model says of itself: the ``paddle_ner.json`` of a checkpoint.

    Attributes:
        name: of the model, for people and for routes.
        task: `Task.spec()`.
        window: how long texts are cut.
        metrics: reports by the name of the data that they were measured on.
        recipe: the configuration that it was trained with.
        transforms: what was done to it since, in order: vocabulary or positions cut, layers, heads or units pruned.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    schema_version: int = SCHEMA_VERSION
    name: str
    task: dict[str, Any]
    window: WindowSpec
    metrics: dict[str, Any] = {}
    recipe: dict[str, Any] = {}
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


class Manifest(Card):
    """The ``manifest.json`` of a bundle.

    Attributes:
        precision: of the arithmetic in Paddle where nothing else is asked for; ``int8`` says that its graph itself is
            quantized. Where another engine was measured best, `tuning` says so.
        graph: the file of the static graph.
        weights: the file of its parameters.
        onnx: the same graph for ONNX Runtime and OpenVINO by its precision, where there is one; a name is that of an
            fp32 file, as earlier versions wrote it.
        inputs: names of the graph's inputs, int64 of shape [batch, length] each.
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


def content_checksum(record: dict[str, Any]) -> str:
    """Of a manifest as it stands in its file: fields that a later version adds change nothing in an older bundle."""
    content = {name: value for name, value in record.items() if name != "checksum"}
    text = json.dumps(content, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


C = TypeVar("C", bound=Card)


def is_bundle(folder: Path) -> bool:
    """Whether `folder` holds a manifest."""
    return (folder / MANIFEST).is_file()


def is_checkpoint(folder: Path) -> bool:
    """Whether `folder` holds the card of a checkpoint."""
    return (folder / CARD).is_file()


def read_card(folder: Path) -> Card:
    """The card of a checkpoint. Raises BundleError, naming the file, where it is missing or not ours."""
    return _read(folder / CARD, Card)[0]


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a bundle, its files not yet verified. Raises BundleError, naming the file."""
    return _read(folder / MANIFEST, Manifest)[0]


def _read(path: Path, model: type[C]) -> tuple[C, dict[str, Any]]:
    """The card, and the record in its file."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        kind = "bundle" if model is Manifest else "checkpoint"
        raise BundleError(f"{path}: no such file; {path.parent} is not a {kind} of paddle-ner") from None
    except (OSError, ValueError) as error:
        raise BundleError(f"{path}: cannot be read as JSON: {error}") from None
    version = record.get("schema_version") if isinstance(record, dict) else None
    if isinstance(version, int) and version > SCHEMA_VERSION:
        raise BundleError(
            f"{path}: schema version {version} is newer than {SCHEMA_VERSION}, the newest that this version reads;"
            " upgrade paddle-ner"
        )
    try:
        card = model.model_validate(record)
        card.build_task()
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise BundleError(f"{path}: {place}: {first['msg']}") from None
    except (InputError, KeyError, TypeError) as error:
        raise BundleError(f"{path}: task: {error}") from None
    return card, record


def verify(folder: Path) -> Manifest:
    """The manifest, after every file in it was found with the sha256 it should have.

    Raises BundleError that names the first file that is missing or differs.
    """
    manifest, record = _read(folder / MANIFEST, Manifest)
    if manifest.checksum != content_checksum(record):
        raise BundleError(f"{folder / MANIFEST}: it was changed after it was written; copy or export the bundle again")
    for name, expected in manifest.files.items():
        path = folder / name
        if not path.is_file():
            raise BundleError(f"{path}: no such file, but {MANIFEST} lists it; copy or export the bundle again")
        if sha256(path) != expected:
            raise BundleError(f"{path}: its sha256 is not the one in {MANIFEST}; copy or export the bundle again")
    for name in (manifest.graph, manifest.weights, TOKENIZER, *manifest.onnx_files.values()):
        if name not in manifest.files:
            raise BundleError(f"{folder / MANIFEST}: files: {name} has no sha256; export the bundle again")
    return manifest


def load_tokenizer(folder: Path) -> Tokenizer:
    """The tokenizer of a checkpoint or a bundle."""
    return Tokenizer.load(folder / TOKENIZER)


def checksums(folder: Path) -> dict[str, str]:
    """sha256 of every file in `folder`, by name."""
    return {path.name: sha256(path) for path in sorted(folder.iterdir()) if path.is_file()}


def write_card(folder: Path, card: Card) -> None:
    """Write ``paddle_ner.json`` or, for a Manifest, ``manifest.json``, in the place of an older one."""
    name = CARD
    if isinstance(card, Manifest):
        name = MANIFEST
        card = card.model_copy(update={"checksum": content_checksum(card.model_dump())})
    text = json.dumps(card.model_dump(), ensure_ascii=False, indent=2)
    temporary = folder / f".{name}.new"
    temporary.write_text(text + "\n", encoding="utf-8")
    folders.sync(temporary)
    temporary.replace(folder / name)


def new_folder(target: Path, kind: str) -> AbstractContextManager[Path]:
    """A temporary folder beside `target` that takes its name, and the place of an older one, when the block ends well.

    Args:
        target: the folder to make.
        kind: `MANIFEST` for a bundle, `CARD` for a checkpoint.

    Raises:
        InputError: `target` holds anything else, or files that this package did not write.
    """
    if kind == MANIFEST:
        return folders.replacing(target, MANIFEST, "bundle", _bundle_files)
    return folders.replacing(target, CARD, "checkpoint", lambda folder: _CHECKPOINT_FILES)


def _bundle_files(folder: Path) -> set[str]:
    try:
        return {MANIFEST, *read_manifest(folder).files}
    except BundleError:
        return set()
