"""The static graph of a checkpoint, checked against the dynamic one on real texts before it becomes a bundle."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paddle_ner import __version__, bundle
from paddle_ner.bundle import BundleManifest, Storage
from paddle_ner.bundle.scales import FILE as SCALES_FILE
from paddle_ner.bundle.scales import MatmulScales, write_scales
from paddle_ner.environment import require
from paddle_ner.errors import BundleError, GateError, InputError
from paddle_ner.evaluation.tuning import MAX_DROP
from paddle_ner.export.embeddings import judge, shrink_embeddings
from paddle_ner.export.graph import INPUTS, save_graph
from paddle_ner.export.onnx_graphs import score_graphs, write_graphs
from paddle_ner.features import windows
from paddle_ner.inference.engines import Engine, EngineName, EngineOptions
from paddle_ner.inference.engines.dynamic import DynamicEngine
from paddle_ner.inference.engines.open import open_engine
from paddle_ner.inference.planning import pad, plan
from paddle_ner.inference.predictor import BATCH_TOKENS
from paddle_ner.modeling import Checkpoint
from paddle_ner.types import Example

TOLERANCE = 1e-4  # largest difference of a logit between the static and the dynamic graph
GRAPH, WEIGHTS = "model.json", "model.pdiparams"

# Short, long, mixed with Latin and digits, rare characters: checked at each export beside the texts that are given.
PROBES = (
    "",
    "好",
    "今天北京天气很好。",
    "2026年11月,张伟在上海浦东机场乘坐CA1858次航班前往London。",
    "ABC-123 ①②③ 😀 ﹏ 𠮷野家 İstanbul",
    "我们在这里写一段比窗口长得多的文字,看看窗口怎样切开,又怎样合在一起。" * 24,
)


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export made.

    Attributes:
        bundle: its folder.
        manifest: its manifest.
        difference: the largest difference of a logit between the static and the dynamic graph.
        texts: how many texts that was measured on.
        max_drop: what smaller embeddings have left of the drop that was allowed.
    """

    bundle: Path
    manifest: BundleManifest
    difference: float
    texts: int
    max_drop: float


def export(
    checkpoint: Path,
    target: Path,
    texts: Sequence[str] = (),
    *,
    onnx: bool = False,
    embeddings: Storage = "fp32",
    judged: bool = True,
    scales: Sequence[MatmulScales] | None = None,
    examples: Sequence[Example] = (),
    max_drop: float = MAX_DROP,
    advance: Callable[[float], None] = lambda _: None,
) -> Exported:
    """Write the bundle of `checkpoint` to `target`.

    Args:
        checkpoint: folder of a checkpoint.
        target: folder of the bundle; an older bundle there is replaced when the new one is whole.
        texts: to compare the graphs on, beside the built-in probes.
        onnx: whether the bundle gets the graph for ONNX Runtime too, compared in the same way.
        embeddings: how their tables are stored. Where it is not fp32, the graphs are compared with a dynamic one over
            the same tables, and what rounding them costs is measured on `examples`.
        judged: whether that is measured here; where it is not, the caller scores the bundle.
        scales: of a calibration of this checkpoint: the bundle gets an int8 graph for ONNX Runtime too.
        examples: labelled; the ONNX graphs are scored on them beside Paddle's. Needed for smaller embeddings and for an
            int8 graph.
        max_drop: how far the score may fall by smaller embeddings, and that of an ONNX graph below Paddle's at fp32.
        advance: called with the share of the scoring that is done, from 0 to 1.

    Raises:
        InputError: `checkpoint` is no checkpoint, `target` is something else's folder, scales are given without ONNX,
            or examples are needed.
        GateError: a graph differs from the dynamic one by more than `TOLERANCE`, cannot be converted, drops too far, or
            is not int8 in all of its products with a weight; or the score falls too far by smaller embeddings.
    """
    require("paddle", "paddlenlp", needed_for="export")
    opened = Checkpoint.open(checkpoint)
    if target.resolve() == checkpoint.resolve():
        raise InputError(f"{target}: is the checkpoint itself; name another folder for the bundle")
    manifest, tokenizer = opened.manifest, opened.tokenizer
    if scales is not None and not (onnx and examples):
        raise InputError(
            "an int8 ONNX graph is scored before it is kept: name ONNX as the target, and labelled examples"
        )
    model = opened.new_model()
    if tokenizer.vocabulary_size > model.config.vocab_size:
        raise BundleError(
            f"{checkpoint / bundle.TOKENIZER}: {tokenizer.vocabulary_size} tokens,"
            f" but the encoder embeds {model.config.vocab_size}"
        )
    # The graph is made of a model of its own, since that changes it: compared is the checkpoint as it stands.
    reference = opened.new_model()
    dynamic = DynamicEngine(reference)
    if embeddings != "fp32":
        shrink_embeddings(reference, embeddings)
        record: dict[str, Any] = {"name": "embeddings", "storage": embeddings}
        if judged:
            record |= judge(embeddings, manifest, tokenizer, DynamicEngine(model), dynamic, examples, max_drop)
            max_drop -= max(0.0, record["drop"])  # what follows is compared with the rounded embeddings
        shrink_embeddings(model, embeddings)
        manifest = manifest.model_copy(update={"transforms": [*manifest.transforms, record]})
    with bundle.new_folder(target, bundle.BUNDLE_MANIFEST) as folder:
        save_graph(model, folder)
        graphs = write_graphs(folder / GRAPH, folder / WEIGHTS, folder, scales) if onnx else None
        if scales is not None:
            write_scales(folder / SCALES_FILE, scales)
        tokenizer.save(folder / bundle.TOKENIZER)
        manifest = BundleManifest(
            **manifest.model_dump(),
            graph=GRAPH,
            weights=WEIGHTS,
            onnx=graphs,
            inputs=list(INPUTS),
            versions=versions(),
            files=bundle.checksums(folder),
        )
        probes = [*PROBES, *texts]
        rows = [
            window.ids
            for text in probes
            for window in windows.encode(text, tokenizer, manifest.window.size, manifest.window.overlap).windows
        ]
        batches = [
            pad([rows[index] for index in batch], tokenizer.pad_id, manifest.window.size)
            for batch in plan([len(row) for row in rows], BATCH_TOKENS)
        ]
        names: tuple[EngineName, ...] = ("paddle", "onnxruntime") if onnx else ("paddle",)
        difference = 0.0
        for name in names:
            engine = open_engine(folder, manifest, EngineOptions(name, precision="fp32"))
            apart = largest_difference(engine, dynamic, batches, tokenizer.pad_id)
            if not apart <= TOLERANCE:
                raise GateError(
                    f"{checkpoint}: the exported graph in {name} and the dynamic one differ by {apart:.2e} on"
                    f" {len(probes)} texts, allowed is {TOLERANCE:.0e}; nothing was written"
                )
            difference = max(difference, apart)
        if graphs and examples:
            scored = score_graphs(folder, manifest, graphs, examples, max_drop, advance)
            manifest = manifest.model_copy(update={"onnx": scored})
        bundle.write_manifest(folder, manifest)
    return Exported(target, bundle.verify(target), difference, len(probes), max_drop)


def largest_difference(one: Engine, other: Engine, batches: Sequence[NDArray[np.int64]], pad_id: int) -> float:
    """The largest difference of a logit, padding left out; NaN where one of them is."""
    difference = 0.0
    for ids in batches:
        apart = np.abs(one.run(ids) - other.run(ids))
        # np.maximum keeps a NaN, which max() would drop.
        difference = float(np.maximum(difference, (apart[ids != pad_id] if apart.ndim == 3 else apart).max()))
    return difference


def versions() -> dict[str, str]:
    """Of the packages that make a bundle, as far as they are installed."""
    found = {"paddle_ner": __version__}
    for name in ("paddlepaddle", "paddlepaddle-gpu", "paddlenlp", "paddleslim"):
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
