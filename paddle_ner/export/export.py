"""The static graph of a checkpoint, checked against the dynamic one on real texts before it becomes a bundle."""

from __future__ import annotations

import importlib.metadata
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paddle_ner import __version__, bundle
from paddle_ner.bundle import BundledTerms, BundleManifest, Storage
from paddle_ner.bundle.scales import FILE as SCALES_FILE
from paddle_ner.bundle.scales import MatmulScales, write_scales
from paddle_ner.config import shareable
from paddle_ner.data.source import open_bytes
from paddle_ner.environment import require
from paddle_ner.errors import BundleError, GateError, InputError
from paddle_ner.evaluation.tuning.choice import MAX_DROP
from paddle_ner.evaluation.tuning.timing import open_predictors
from paddle_ner.export.comparison import PROBES, TOLERANCE, largest_difference
from paddle_ner.export.embeddings import judge, shrink_embeddings
from paddle_ner.export.graph import INPUTS, save_graph
from paddle_ner.export.onnx.graphs import score_graphs, write_graphs
from paddle_ner.inference.engines import EngineName, EngineOptions
from paddle_ner.inference.engines.dynamic import DynamicEngine
from paddle_ner.inference.predictor import Predictor
from paddle_ner.modeling import Checkpoint
from paddle_ner.tasks import terms_file
from paddle_ner.tasks.terms import Mode
from paddle_ner.types import Example

GRAPH, WEIGHTS = "model.json", "model.pdiparams"


@dataclass(frozen=True, slots=True)
class Exported:
    """The result of an export.

    Attributes:
        bundle: its folder.
        manifest: its manifest.
        difference: the largest difference of a logit between the static and the dynamic graph.
        texts: how many texts that was measured on.
        max_drop: the rest of the allowed drop, after smaller embeddings.
    """

    bundle: Path
    manifest: BundleManifest
    difference: float
    texts: int
    max_drop: float


def export(
    checkpoint: Path | Checkpoint,
    target: Path,
    texts: Sequence[str] = (),
    *,
    onnx: bool = False,
    embeddings: Storage = "fp32",
    judged: bool = True,
    scales: Sequence[MatmulScales] | None = None,
    examples: Sequence[Example] = (),
    max_drop: float = MAX_DROP,
    terms: Path | None = None,
    terms_mode: Mode = "before",
    key: bytes | None = None,
    advance: Callable[[float], None] = lambda _: None,
) -> Exported:
    """Write the bundle of `checkpoint` to `target`.

    Args:
        checkpoint: the opened checkpoint, or its folder.
        target: folder of the bundle; an older bundle there is replaced when the new one is complete.
        texts: texts to compare the graphs on, in addition to the built-in probes.
        onnx: whether the bundle also gets a graph for ONNX Runtime, compared in the same way.
        embeddings: how embedding tables are stored. Unless it is fp32, the graphs are compared with a dynamic one over
            the same tables, and the cost of rounding is measured on `examples`.
        judged: whether that is measured here; otherwise the caller scores the bundle.
        scales: scales of a calibration of this checkpoint, for an additional int8 graph for ONNX Runtime.
        examples: labelled; the ONNX graphs are scored on them together with Paddle's. Needed for smaller embeddings and
            for an int8 graph.
        max_drop: how far the score may fall with smaller embeddings, and how much lower an ONNX graph may score than
            Paddle at fp32.
        terms: file of terms that are added to what the model finds, which is copied: see
            `paddle_ner.tasks.terms_file`.
        terms_mode: which of the two wins: see `paddle_ner.tasks.terms.Terms`.
        key: to sign the bundle with.
        advance: called with the finished share of the scoring, from 0 to 1.

    Raises:
        InputError: `checkpoint` is not a checkpoint, `target` is another kind of folder, scales are given without ONNX,
            examples are needed, or a line of `terms` is invalid.
        BundleError: a file of the checkpoint is missing or damaged, or its graph has an operator that is not allowed.
        GateError: a graph differs from the dynamic one by more than `TOLERANCE`, cannot be converted, scores too low,
            or is not int8 in all of its products with a weight; or the score falls too far with smaller embeddings.
    """
    require("paddle", "paddlenlp", needed_for="export")
    if not isinstance(checkpoint, Checkpoint):
        checkpoint = Checkpoint.open(checkpoint)
    source = checkpoint.folder
    if target.resolve() == source.resolve():
        raise InputError(f"{target}: is the checkpoint itself; name another folder for the bundle")
    if scales is not None and not (onnx and examples):
        raise InputError(
            "an int8 ONNX graph is scored before it is kept: name ONNX as the target, and labelled examples"
        )
    if terms is not None:
        terms_file.read(terms, checkpoint.manifest.build_decoding())
    embedded = checkpoint.config["vocab_size"]
    if (tokens := checkpoint.tokenizer.vocabulary_size) > embedded:
        raise BundleError(f"{source / bundle.TOKENIZER}: {tokens} tokens, but the encoder embeds {embedded}")
    # The graph is made from a separate model, since that changes the model: it is compared with the checkpoint itself.
    model, reference = checkpoint.new_model(), checkpoint.new_model()
    dynamic = _predictor(checkpoint, reference)
    if embeddings != "fp32":
        shrink_embeddings(reference, embeddings)
        record: dict[str, Any] = {"name": "embeddings", "storage": embeddings}
        if judged:
            record |= judge(embeddings, _predictor(checkpoint, model), dynamic, examples, max_drop)
            max_drop -= max(0.0, record["drop"])  # from here on the comparison is with the rounded embeddings
        shrink_embeddings(model, embeddings)
        checkpoint = checkpoint.transformed(record, same_answers=True)
    probes = [*PROBES, *texts]
    with bundle.new_folder(target, bundle.BUNDLE_MANIFEST) as folder:
        bundled = None if terms is None else _copied(terms, terms_mode, folder)
        _write(folder, checkpoint, model, scales, bundled, onnx=onnx)
        manifest = bundle.verify(folder)
        engines: tuple[EngineName, ...] = ("paddle", "onnxruntime") if onnx else ("paddle",)
        difference = 0.0
        for engine in engines:
            exported = open_predictors(folder, manifest, EngineOptions(engine, precision="fp32"))[0]
            apart = largest_difference(exported, dynamic, probes)
            if not apart <= TOLERANCE:
                raise GateError(
                    f"{source}: the exported graph in {engine} and the dynamic one differ by {apart:.2e} on"
                    f" {len(probes)} texts, allowed is {TOLERANCE:.0e}; nothing was written"
                )
            difference = max(difference, apart)
        if onnx and examples:
            scored = score_graphs(folder, manifest, examples, max_drop, advance)
            manifest = manifest.model_copy(update={"onnx": scored})
        bundle.write_manifest(folder, manifest, key)
    return Exported(target, bundle.read_bundle_manifest(target), difference, len(probes), max_drop)


def _copied(terms: Path, mode: Mode, folder: Path) -> BundledTerms:
    with open_bytes(terms) as source, (folder / bundle.TERMS).open("wb") as copy:
        shutil.copyfileobj(source, copy)
    return BundledTerms(file=bundle.TERMS, mode=mode)


def _write(
    folder: Path,
    checkpoint: Checkpoint,
    model: Any,
    scales: Sequence[MatmulScales] | None,
    terms: BundledTerms | None,
    *,
    onnx: bool,
) -> None:
    """Write the bundle of a checkpoint without measurements; `model` becomes its graph."""
    save_graph(model, folder)
    graphs = write_graphs(folder / GRAPH, folder / WEIGHTS, folder, scales) if onnx else {}
    if scales is not None:
        write_scales(folder / SCALES_FILE, scales)
    checkpoint.tokenizer.save(folder / bundle.TOKENIZER)
    manifest = BundleManifest(
        **{**checkpoint.manifest.model_dump(), "config": shareable(checkpoint.manifest.config)},
        graph=GRAPH,
        weights=WEIGHTS,
        onnx=graphs,
        inputs=list(INPUTS),
        outputs=list(checkpoint.head.outputs),
        terms=terms,
        versions=versions(),
        files=bundle.checksums(folder),
    )
    bundle.write_manifest(folder, manifest)


def _predictor(checkpoint: Checkpoint, model: Any) -> Predictor:
    return Predictor(checkpoint.manifest, checkpoint.tokenizer, DynamicEngine(model))


def versions() -> dict[str, str]:
    """The versions of the installed packages that make a bundle."""
    installed = {"paddle_ner": __version__}
    for name in ("paddlepaddle", "paddlepaddle-gpu", "paddlenlp", "paddleslim"):
        try:
            installed[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return installed
