"""The last round: times the best candidates in every layout that a server may run, and accepts one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from paddle_ner import bundle
from paddle_ner.bundle import BundleManifest, Candidate, Speed
from paddle_ner.bundle.compression import Compression, CompressionCandidate
from paddle_ner.compression.candidates import CandidateBundle, Search
from paddle_ner.errors import GateError
from paddle_ner.evaluation import gate
from paddle_ner.evaluation.score import score
from paddle_ner.evaluation.tuning.choice import tuning_of
from paddle_ner.inference import load_replicas
from paddle_ner.inference.engines import EngineOptions
from paddle_ner.inference.engines.open import device_kind
from paddle_ner.inference.layout import Layout, layouts, preferred
from paddle_ner.tasks.metrics import Report
from paddle_ner.types import Example

_FINALISTS = 3  # int8 candidates that are timed
_EQUAL = 0.98  # candidates this close to the fastest count as equally fast: the better score decides


def last_round(search: Search, texts: Sequence[str]) -> CandidateBundle | None:
    """Time the finalists in turns with fp32, in every layout, and return the best; None if there is none."""
    finalists = finalists_of(search.bundles)
    if not finalists:
        return None
    fp32: list[Candidate] = []
    for layout in _layouts(search):
        search.tick(f"last round: {layout.replicas} × {layout.threads} threads")
        predictors = {
            index: search.open(finalist.folder, finalist.record.precision, layout)
            for index, finalist in enumerate(finalists)
        }
        timed = search.timed({"fp32": search.open(search.original, "fp32", layout), **predictors}, texts)
        fp32.append(_candidate(search.candidates[0], layout, timed["fp32"]))
        for index, finalist in enumerate(finalists):
            finalist.layouts.append(_candidate(finalist.record, layout, timed[index]))
    baseline = preferred(fp32)
    before = search.record.before.model_copy(update=_in_layout(baseline))
    search.record = search.record.model_copy(update={"before": before})
    search.candidates[0] = before
    for finalist in finalists:
        best = preferred(finalist.layouts)
        speedup = best.texts_per_second / baseline.texts_per_second
        place = search.candidates.index(finalist.record)
        finalist.record = finalist.record.model_copy(update={**_in_layout(best), "speedup": speedup})
        search.candidates[place] = finalist.record
    return fastest(finalists)


def finalists_of(bundles: Sequence[CandidateBundle]) -> list[CandidateBundle]:
    """The best-scoring int8 graph for each granularity and operations, which decide the speed; and all others."""
    best: dict[tuple[str, str], CandidateBundle] = {}
    others = []
    for candidate in bundles:
        plan = candidate.record.plan
        if plan is None:
            others.append(candidate)
            continue
        kind = (plan.granularity, plan.operations)
        if kind not in best or (candidate.record.score or 0) > (best[kind].record.score or 0):
            best[kind] = candidate
    ranked = sorted(best.values(), key=lambda candidate: -(candidate.record.speedup or 0))
    return [*others, *ranked[:_FINALISTS]]


def fastest(finalists: Sequence[CandidateBundle]) -> CandidateBundle:
    """The candidate with the best score among those that are nearly the fastest."""
    top = max(finalist.record.speedup or 0.0 for finalist in finalists)
    fast = [finalist for finalist in finalists if (finalist.record.speedup or 0.0) >= _EQUAL * top]
    return max(fast, key=lambda finalist: finalist.record.score or 0.0)


def taken(best: CandidateBundle, record: Compression) -> Compression:
    """The record of the search with the choice."""
    plan = best.record.plan
    return record.model_copy(
        update={
            "method": "post-training quantization" if plan else f"{best.record.precision} arithmetic",
            "operations": plan.engine_operations if plan else [],
            "after": best.record,
            "predictions_sha256": best.digest,
        }
    )


def manifest_of(best: CandidateBundle, device: str, record: Compression) -> BundleManifest:
    """The manifest of the bundle that is written; it is served in the best layout measured."""
    changes: dict[str, Any] = {"precision": best.record.precision, "compression": record}
    if device_kind(device) == "cpu":
        layout = preferred(best.layouts)
        changes["tuning"] = tuning_of(layout, best.layouts, best.report, record.texts, record.max_drop)
    return bundle.read_bundle_manifest(best.folder).model_copy(update=changes)


def check_served(
    folder: Path, examples: Sequence[Example], scored: Report, predictions: str, device: str = "cpu"
) -> None:
    """Load the finished bundle in the way the server does, and score it again.

    Args:
        folder: the bundle.
        examples: the examples that were scored.
        scored: the report for which the bundle was chosen.
        predictions: `gate.digest` of the predictions then.
        device: the device of these predictions.

    Raises:
        GateError: its predictions differ.
    """
    report, again = score(load_replicas(folder, EngineOptions(device=device))[0], examples)
    if report.to_dict() != scored.to_dict() or gate.digest(again) != predictions:
        raise GateError(
            f"{folder}: loaded as the server loads it, it scores {100 * report.value:.2f} and not the"
            f" {100 * scored.value:.2f} that it was chosen for, or predicts otherwise; nothing was written"
        )


def _layouts(search: Search) -> list[Layout]:
    """The layouts that a server may run; on a GPU one engine."""
    return layouts(search.cores) if device_kind(search.options.device) == "cpu" else [Layout(1, search.cores)]


def _candidate(record: CompressionCandidate, layout: Layout, speed: Speed) -> Candidate:
    return Candidate(
        **speed.model_dump(),
        precision=record.precision,
        replicas=layout.replicas,
        threads=layout.threads,
        score=record.score,
        drop=record.drop,
    )


def _in_layout(best: Candidate) -> dict[str, Any]:
    speed = Speed(
        texts_per_second=best.texts_per_second,
        tokens_per_second=best.tokens_per_second,
        milliseconds=best.milliseconds,
    )
    return {"speed": speed, "replicas": best.replicas, "threads": best.threads}
