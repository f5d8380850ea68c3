"""Candidates: made, scored through the engine that will serve, and timed."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from paddle_ner import bundle
from paddle_ner.bundle import TOKENIZER, BundleManifest
from paddle_ner.bundle.compression import Compression, Plan, Speeds, Trial
from paddle_ner.bundle.scales import FILE as SCALES
from paddle_ner.bundle.scales import read_scales
from paddle_ner.compression import gate
from paddle_ner.compression.options import Options
from paddle_ner.compression.quantization import calibration, plans
from paddle_ner.compression.quantization.kernels import kernels_of
from paddle_ner.compression.quantization.quantizer import CandidateFailed, Quantizer
from paddle_ner.compression.quantization.worker import GRAPH, WEIGHTS
from paddle_ner.errors import GateError
from paddle_ner.evaluation.score import score
from paddle_ner.evaluation.tuning.timing import Pace, in_turns, open_predictors, spread
from paddle_ner.inference.engines import Precision
from paddle_ner.inference.layout import Layout
from paddle_ner.inference.predictor import Predictor
from paddle_ner.tasks.metrics import Report
from paddle_ner.types import Example

T = TypeVar("T")

_SAMPLE = 96  # texts that a candidate is timed on as soon as it is made
_FINALISTS = 3  # int8 candidates that are timed in the last round
_EQUAL = 0.98  # candidates that are this near to the fastest count as fast: the better score decides
_HANG_SECONDS = 60.0  # the least time that a candidate gets


@dataclass(slots=True)
class Entry:
    """A candidate that could be taken: its trial, folder and what it predicted."""

    trial: Trial
    folder: Path
    report: Report
    digest: str


@dataclass(slots=True)
class Search:
    """All that one search has made and measured; `paddle_ner.compression.search.compress` drives it."""

    work: Path
    plain: Path
    examples: Sequence[Example]
    options: Options
    record: Compression
    tick: Callable[[str], None]
    layout: Layout
    fp32: Predictor
    baseline: Report
    entries: list[Entry] = field(default_factory=list)
    trials: list[Trial] = field(default_factory=list)

    def halves(self, precisions: Iterable[Precision]) -> None:
        """Measure the fp32 graph at other precisions."""
        for precision in precisions:
            self.tick(precision)
            self._measure(Trial(precision=precision, megabytes=megabytes(self.plain)), self.plain)

    def int8(self, checkpoint: Path, texts: Sequence[str], deadline: float) -> list[Plan]:
        """Make and measure quantizations until `deadline`; gives those that were left out."""
        manifest = bundle.read_checkpoint_manifest(checkpoint)
        tokenizer = bundle.load_tokenizer(checkpoint)
        available = sum(
            len(one) for one in calibration.batches(texts, tokenizer, manifest.window, rows=max(plans.SIZES))
        )
        waiting = iter(self.options.plans or plans.promising(self._best, available))
        with Quantizer(checkpoint, self.work, self.options.embeddings) as quantizer:
            for number, plan in enumerate(waiting):
                left = deadline - time.monotonic()
                if left <= 0:
                    return [plan, *waiting]
                self.tick(str(plan))
                folder = self.work / f"int8-{number}"
                archive = self.work / f"windows-{plan.windows}.npz"
                if not archive.is_file():
                    np.savez(archive, *calibration.batches(texts, tokenizer, manifest.window, plan.windows))
                try:
                    # One that hangs may take half of what is left, not all.
                    quantizer.quantize(plan, archive, folder, seconds=max(_HANG_SECONDS, left / 2))
                    self._seal(folder, plan)
                    # Counted before it is opened here: a graph that makes Paddle abort does so in another process.
                    kernels = kernels_of(folder, len(read_scales(folder / SCALES)))
                    trial = Trial(precision="int8", plan=plan, megabytes=megabytes(folder), kernels=kernels)
                    self._measure(trial, folder)
                except (CandidateFailed, GateError) as error:
                    self.trials.append(Trial(precision="int8", plan=plan, refused=f"failed: {error}"))
        return []

    def finish(self, texts: Sequence[str]) -> Entry | None:
        """Time the finalists in turns with fp32 and give the best; None where there is none."""
        finalists = self._finalists()
        if not finalists:
            return None
        self.tick("last round")
        predictors = {index: [self._open(one.folder, one.trial.precision)] for index, one in enumerate(finalists)}
        paces = in_turns({-1: [self.fp32], **predictors}, texts)
        fp32 = paces[-1]
        speeds = _speeds(fp32)
        before = self.record.before.model_copy(update={"speeds": speeds})
        self.record = self.record.model_copy(update={"before": before})
        self.trials[0] = before
        for index, entry in enumerate(finalists):
            pace = paces[index]
            self._update(entry, speeds=_speeds(pace), speedup=pace.texts_per_second / fp32.texts_per_second)
        return fastest(finalists)

    def manifest(self, entry: Entry, record: Compression) -> BundleManifest:
        """Of the candidate's folder."""
        manifest = bundle.read_bundle_manifest(entry.folder)
        return manifest.model_copy(update={"precision": entry.trial.precision, "compression": record})

    def _seal(self, folder: Path, plan: Plan) -> None:
        """Make a bundle of a folder that holds an int8 graph."""
        shutil.copyfile(self.plain / TOKENIZER, folder / TOKENIZER)
        plain = bundle.read_bundle_manifest(self.plain)
        record = self.record.model_copy(update={"operations": plan.engine_operations})
        changes: dict[str, Any] = {"precision": "int8", "graph": GRAPH, "weights": WEIGHTS, "compression": record}
        bundle.write_manifest(folder, plain.model_copy(update={**changes, "files": bundle.checksums(folder)}))

    def _open(self, folder: Path, precision: Precision) -> Predictor:
        return open_predictors(folder, bundle.verify(folder), precision, self.layout, self.options.device)[0]

    def _measure(self, trial: Trial, folder: Path) -> None:
        predictor = self._open(folder, trial.precision)
        report, predictions = score(predictor, self.examples)
        label, fall = gate.worst_label(self.baseline, report)
        sample = spread([example.text for example in self.examples], _SAMPLE)
        paces = in_turns({"fp32": [self.fp32], "candidate": [predictor]}, sample, rounds=1)
        refused = gate.refusal(self.baseline, report, self.options.max_drop, self.options.max_label_drop)
        if trial.kernels is not None:
            refused = gate.kernel_refusal(trial.kernels) or refused
        trial = trial.model_copy(
            update={
                "score": report.value,
                "drop": self.baseline.value - report.value,
                "labels": {name: scores.f1 for name, scores in report.per_label.items()},
                "worst_label": label,
                "worst_drop": fall,
                "speedup": paces["candidate"].texts_per_second / paces["fp32"].texts_per_second,
                "refused": refused,
            }
        )
        self.trials.append(trial)
        if trial.refused:
            if folder != self.plain:
                shutil.rmtree(folder)
        else:
            self.entries.append(Entry(trial, folder, report, gate.digest(predictions)))

    def _update(self, entry: Entry, **changes: object) -> None:
        place = self.trials.index(entry.trial)
        entry.trial = self.trials[place] = entry.trial.model_copy(update=changes)

    def _best(self, tried: Sequence[Plan]) -> Plan | None:
        scored = [one for one in self.trials if one.plan in tried and one.score is not None and _is_int8(one)]
        return max(scored, key=lambda one: one.score or 0.0).plan if scored else None

    def _finalists(self) -> list[Entry]:
        """The best score of each graph that differs in speed: by granularity and operations; and every half."""
        best: dict[tuple[str, str], Entry] = {}
        halves = []
        for entry in self.entries:
            plan = entry.trial.plan
            if plan is None:
                halves.append(entry)
                continue
            key = (plan.granularity, plan.operations)
            if key not in best or (entry.trial.score or 0) > (best[key].trial.score or 0):
                best[key] = entry
        ranked = sorted(best.values(), key=lambda entry: -(entry.trial.speedup or 0))
        return [*halves, *ranked[:_FINALISTS]]


def fastest(entries: Sequence[Entry]) -> Entry:
    """Of those that are as good as fastest, the one with the best score."""
    top = max(one.trial.speedup or 0.0 for one in entries)
    return max(
        (one for one in entries if (one.trial.speedup or 0.0) >= _EQUAL * top), key=lambda one: one.trial.score or 0.0
    )


def _is_int8(trial: Trial) -> bool:
    """Whether it ran as it should: what ran in fp32 instead keeps its score, and is no ground for further choices."""
    return trial.kernels is not None and not gate.kernel_refusal(trial.kernels)


def _speeds(pace: Pace) -> Speeds:
    return Speeds(
        texts_per_second=pace.texts_per_second,
        tokens_per_second=pace.tokens_per_second,
        milliseconds=pace.milliseconds,
    )


def megabytes(folder: Path) -> float:
    """Of graph and weights."""
    manifest = bundle.read_bundle_manifest(folder) if bundle.is_bundle(folder) else None
    names = (manifest.graph, manifest.weights) if manifest else (GRAPH, WEIGHTS)
    return sum((folder / name).stat().st_size for name in names) / 1e6
