"""Candidates: makes them, and scores and times them in the engine that will serve."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from paddle_ner import bundle
from paddle_ner.bundle import TOKENIZER, Candidate, Precision, Speed
from paddle_ner.bundle.compression import Compression, CompressionCandidate, Plan
from paddle_ner.bundle.scales import FILE as SCALES
from paddle_ner.bundle.scales import read_scales
from paddle_ner.compression.options import Options
from paddle_ner.compression.quantization import calibration, kernels, plans
from paddle_ner.compression.quantization.quantizer import CandidateFailed, Quantizer
from paddle_ner.compression.quantization.worker import GRAPH, WEIGHTS
from paddle_ner.errors import GateError
from paddle_ner.evaluation import gate
from paddle_ner.evaluation.score import score
from paddle_ner.evaluation.tuning.timing import SERVED_TOKENS, in_turns, open_predictors, spread
from paddle_ner.inference.engines import EngineOptions
from paddle_ner.inference.layout import Layout
from paddle_ner.inference.predictor import Predictor
from paddle_ner.machine import cpu_name, usable_cores
from paddle_ner.tasks.metrics import Report
from paddle_ner.types import Example

K = TypeVar("K", bound=Hashable)

_SAMPLE = 96  # texts on which a new candidate is timed
_HANG_SECONDS = 60.0  # the least time that a candidate gets


@dataclass(slots=True)
class CandidateBundle:
    """A candidate that could be accepted.

    Attributes:
        record: its measurements.
        folder: its bundle.
        report: its report on the evaluation set.
        digest: digest of its predictions there.
        layouts: its speed in the last round, in every layout.
    """

    record: CompressionCandidate
    folder: Path
    report: Report
    digest: str
    layouts: list[Candidate] = field(default_factory=list)


@dataclass(slots=True)
class Search:
    """The state of a search; `paddle_ner.compression.search.compress` drives it.

    Attributes:
        work: a folder for the bundles.
        original: bundle of the unchanged checkpoint at fp32, with which all candidates are compared.
        plain: bundle at fp32 of the checkpoint that is compressed.
        examples: the examples to score.
        options: the options of the compression.
        record: what the manifest will say.
        tick: called with what is being started.
        cores: CPU cores to share among engines.
        fp32: runs `original`, on all cores.
        baseline: its report.
        bundles: bundles of the candidates that could be accepted.
        candidates: all measured candidates.
    """

    work: Path
    original: Path
    plain: Path
    examples: Sequence[Example]
    options: Options
    record: Compression
    tick: Callable[[str], None]
    cores: int
    fp32: Predictor
    baseline: Report
    bundles: list[CandidateBundle] = field(default_factory=list)
    candidates: list[CompressionCandidate] = field(default_factory=list)

    def arithmetics(self, precisions: Iterable[Precision]) -> None:
        """Measure the fp32 graph at these precisions."""
        for precision in precisions:
            self.tick(precision)
            self._measure(CompressionCandidate(precision=precision, megabytes=megabytes(self.plain)), self.plain)

    def int8(self, checkpoint: Path, texts: Sequence[str], deadline: float) -> list[Plan]:
        """Quantize the checkpoint of `plain` until `deadline`, and measure; returns the plans that were left out."""
        tokenizer, window = bundle.load_tokenizer(self.plain), bundle.read_bundle_manifest(self.plain).window
        largest = calibration.batches(texts, tokenizer, window, rows=max(plans.SIZES))
        available = sum(len(batch) for batch in largest)
        waiting = iter(self.options.plans or plans.promising(self._best, available))
        with Quantizer(checkpoint, self.work, self.options.embeddings) as quantizer:
            for number, plan in enumerate(waiting):
                left = deadline - time.monotonic()
                if number and left <= 0:  # a budget that is too short for any candidate would say nothing
                    return [plan, *waiting]
                self.tick(str(plan))
                folder = self.work / f"int8-{number}"
                archive = self.work / f"windows-{plan.windows}.npz"
                if not archive.is_file():
                    np.savez(archive, *calibration.batches(texts, tokenizer, window, plan.windows))
                try:
                    # A candidate that hangs may take half of the remaining time, not all.
                    quantizer.quantize(plan, archive, folder, seconds=max(_HANG_SECONDS, left / 2))
                    self._seal(folder, plan)
                    # Counted in another process before it is opened here, since a graph may make Paddle abort.
                    counted = kernels.kernels_of(folder, len(read_scales(folder / SCALES)))
                    size = megabytes(folder)
                    self._measure(
                        CompressionCandidate(precision="int8", plan=plan, megabytes=size, kernels=counted), folder
                    )
                except (CandidateFailed, GateError) as error:
                    failed = CompressionCandidate(precision="int8", plan=plan, refused=f"failed: {error}")
                    self.candidates.append(failed)
        return []

    def _seal(self, folder: Path, plan: Plan) -> None:
        """Make a bundle of a folder that holds an int8 graph."""
        shutil.copyfile(self.plain / TOKENIZER, folder / TOKENIZER)
        plain = bundle.read_bundle_manifest(self.plain)
        record = self.record.model_copy(update={"operations": plan.engine_operations})
        changes: dict[str, Any] = {"precision": "int8", "graph": GRAPH, "weights": WEIGHTS, "compression": record}
        bundle.write_manifest(folder, plain.model_copy(update={**changes, "files": bundle.checksums(folder)}))

    def open(self, folder: Path, precision: Precision, layout: Layout) -> list[Predictor]:
        """The replicas of a candidate."""
        options = EngineOptions("paddle", self.options.device, precision)
        return open_predictors(folder, bundle.verify(folder), options, layout)

    def timed(self, predictors: dict[K, list[Predictor]], texts: Sequence[str], rounds: int = 3) -> dict[K, Speed]:
        """Their speeds, timed in turns, in batches like a server's."""
        return in_turns(predictors, texts, rounds=rounds, budget=SERVED_TOKENS)

    def _measure(self, candidate: CompressionCandidate, folder: Path) -> None:
        predictor = self.open(folder, candidate.precision, Layout(1, self.cores))[0]
        report, predictions = score(predictor, self.examples)
        comparison = gate.compare(self.baseline, report, self.options.max_drop, self.options.max_label_drop)
        sample = spread([example.text for example in self.examples], _SAMPLE)
        timed = self.timed({"fp32": [self.fp32], "candidate": [predictor]}, sample, rounds=1)
        refused = comparison.refused
        if candidate.kernels is not None:
            refused = kernels.refusal(candidate.kernels) or refused
        candidate = candidate.model_copy(
            update={
                "score": report.value,
                "drop": comparison.drop,
                "labels": {name: scores.f1 for name, scores in report.per_label.items()},
                "worst_label": comparison.worst_label,
                "worst_drop": comparison.worst_drop,
                "speedup": timed["candidate"].texts_per_second / timed["fp32"].texts_per_second,
                "refused": refused,
            }
        )
        self.candidates.append(candidate)
        if not refused:
            self.bundles.append(CandidateBundle(candidate, folder, report, gate.digest(predictions)))
        elif folder != self.plain:
            shutil.rmtree(folder)

    def _best(self, tried: Sequence[Plan]) -> Plan | None:
        # A candidate that ran in fp32 instead of int8 keeps its score, so no further choices may build on it.
        scored = [
            candidate
            for candidate in self.candidates
            if candidate.plan in tried
            and candidate.score is not None
            and candidate.kernels is not None
            and not kernels.refusal(candidate.kernels)
        ]
        return max(scored, key=lambda candidate: candidate.score or 0.0).plan if scored else None


def begin(
    work: Path,
    original: Path,
    plain: Path,
    calibration_set: Sequence[Example],
    evaluation_set: Sequence[Example],
    texts: int,
    options: Options,
    tick: Callable[[str], None],
) -> Search:
    """A search whose first candidate is `original` at fp32, scored; see `Search` for the arguments."""
    cores = usable_cores()
    exact = EngineOptions("paddle", options.device, "fp32")
    fp32 = open_predictors(original, bundle.verify(original), exact, Layout(1, cores))[0]
    report, _ = score(fp32, evaluation_set)
    labels = {name: scores.f1 for name, scores in report.per_label.items()}
    before = CompressionCandidate(
        precision="fp32", score=report.value, drop=0.0, labels=labels, speedup=1.0, megabytes=megabytes(original)
    )
    record = Compression(
        transforms=bundle.read_bundle_manifest(plain).transforms,
        calibration=calibration.describe(calibration_set),
        evaluation=calibration.describe(evaluation_set),
        metric=report.metric,
        cpu=cpu_name(),
        threads=cores,
        texts=texts,
        max_drop=options.max_drop,
        max_label_drop=options.max_label_drop,
        budget_minutes=options.budget_minutes,
        before=before,
    )
    return Search(
        work, original, plain, evaluation_set, options, record, tick, cores, fp32, report, candidates=[before]
    )


def megabytes(folder: Path) -> float:
    """The size of graph and weights in MB."""
    manifest = bundle.read_bundle_manifest(folder) if bundle.is_bundle(folder) else None
    names = (manifest.graph, manifest.weights) if manifest else (GRAPH, WEIGHTS)
    return sum((folder / name).stat().st_size for name in names) / 1e6
