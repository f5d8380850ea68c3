"""The search: candidates are made, scored through the engine that will serve, timed, and one is taken or none."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np

from paddle_ner import bundle
from paddle_ner.bundle import MANIFEST, TOKENIZER, Manifest
from paddle_ner.compression import calibration, gate, plans
from paddle_ner.compression.kernels import kernels_of
from paddle_ner.compression.quantizer import CandidateFailed, Quantizer
from paddle_ner.compression.record import Compression, Plan, Speeds, Trial
from paddle_ner.compression.scales import FILE as SCALES
from paddle_ner.compression.scales import read_scales
from paddle_ner.compression.transforms import Transform, apply_all
from paddle_ner.errors import GateError, InputError
from paddle_ner.evaluation.benchmark import in_turns, open_predictors
from paddle_ner.evaluation.metrics import Report
from paddle_ner.evaluation.score import score
from paddle_ner.evaluation.tuning import TIMED_TEXTS
from paddle_ner.inference.engines import Precision
from paddle_ner.inference.engines.open import BF16_FLAGS, device_kind
from paddle_ner.inference.layout import Layout, usable_cores
from paddle_ner.inference.predictor import Predictor
from paddle_ner.machine import cpu_flags, cpu_name
from paddle_ner.types import Example

MAX_DROP = 0.01  # of F1 or accuracy, which go from 0 to 1
MAX_LABEL_DROP = 0.05
BUDGET_MINUTES = 15.0
_SAMPLE = 96  # texts that a candidate is timed on as soon as it is made
_FINALISTS = 3  # int8 candidates that are timed in the last round
_EQUAL = 0.98  # candidates that are this near to the fastest count as fast: the better score decides
_HANG_SECONDS = 60.0  # the least time that a candidate gets

Asked = Literal["auto", "int8", "bf16"]


@dataclass(frozen=True, slots=True)
class Options:
    """What is asked of a compression.

    Attributes:
        precision: ``auto``: int8, bf16 and fp16 as far as the device has them; or one of them alone.
        device: ``cpu``, or ``gpu``, where fp16 is the only candidate.
        budget_minutes: no further candidate is begun after that.
        max_drop: how far below fp32 the score may be.
        max_label_drop: the same for the F1 of any label.
        allow_slower: take the best candidate even where fp32 is faster on this machine.
        plans: quantizations to try in place of `plans.promising`.
    """

    precision: Asked = "auto"
    device: str = "cpu"
    budget_minutes: float = BUDGET_MINUTES
    max_drop: float = MAX_DROP
    max_label_drop: float = MAX_LABEL_DROP
    allow_slower: bool = False
    plans: Sequence[Plan] | None = None


@dataclass(frozen=True, slots=True)
class Compressed:
    """A bundle, and how it came to be."""

    bundle: Path
    record: Compression


class Refused(GateError):
    """No candidate was good enough. `record` holds all that was measured."""

    def __init__(self, message: str, record: Compression) -> None:
        super().__init__(message)
        self.record = record


def rivals(asked: Asked, device: str, flags: frozenset[str]) -> tuple[list[Precision], bool]:
    """Precisions of the fp32 graph to measure beside fp32, and whether int8 graphs are searched.

    Raises:
        InputError: what is asked for by name cannot be had on this device.
    """
    if device_kind(device) == "gpu":
        if asked != "auto":
            raise InputError(
                f"precision {asked} cannot be had on {device} from a bundle; leave --precision out for fp16"
            )
        return ["fp16"], False
    if asked == "bf16" and not flags & BF16_FLAGS:
        raise InputError("precision bf16 needs a CPU with avx512_bf16 or amx_bf16, which this one is not; use int8")
    halves: list[Precision] = ["bf16"] if flags & BF16_FLAGS and asked != "int8" else []
    return halves, asked != "bf16"


@dataclass(slots=True)
class _Entry:
    """A candidate that could be taken: its trial, folder and what it predicted."""

    trial: Trial
    folder: Path
    report: Report
    digest: str


@dataclass(slots=True)
class _Search:
    """One search; `compress` is the way in."""

    work: Path
    plain: Path
    examples: Sequence[Example]
    options: Options
    record: Compression
    tick: Callable[[str], None]
    layout: Layout
    fp32: Predictor
    baseline: Report
    entries: list[_Entry] = field(default_factory=list)
    trials: list[Trial] = field(default_factory=list)

    def halves(self, precisions: Iterable[Precision]) -> None:
        """Measure the fp32 graph at other precisions."""
        for precision in precisions:
            self.tick(precision)
            self._measure(Trial(precision=precision, megabytes=_megabytes(self.plain)), self.plain)

    def int8(self, checkpoint: Path, texts: Sequence[str], deadline: float) -> list[Plan]:
        """Make and measure quantizations until `deadline`; gives those that were left out."""
        card = bundle.read_card(checkpoint)
        tokenizer = bundle.load_tokenizer(checkpoint)
        available = sum(len(one) for one in calibration.batches(texts, tokenizer, card.window, rows=max(plans.SIZES)))
        waiting = iter(self.options.plans or plans.promising(self._best, available))
        with Quantizer(checkpoint, self.work) as quantizer:
            for number, plan in enumerate(waiting):
                left = deadline - time.monotonic()
                if left <= 0:
                    return [plan, *waiting]
                self.tick(str(plan))
                folder = self.work / f"int8-{number}"
                archive = self.work / f"windows-{plan.windows}.npz"
                if not archive.is_file():
                    np.savez(archive, *calibration.batches(texts, tokenizer, card.window, plan.windows))
                try:
                    # One that hangs may take half of what is left, not all.
                    quantizer.quantize(plan, archive, folder, seconds=max(_HANG_SECONDS, left / 2))
                    self._seal(folder, plan)
                    self._measure(Trial(precision="int8", plan=plan, megabytes=_megabytes(folder)), folder)
                except CandidateFailed as error:
                    self.trials.append(Trial(precision="int8", plan=plan, refused=f"failed: {error}"))
        return []

    def finish(self, texts: Sequence[str]) -> _Entry | None:
        """Count the finalists' kernels, time them in turns with fp32, and give the best; None where none is left."""
        finalists = self._finalists()
        for entry in finalists:
            if entry.trial.precision == "int8":
                self.tick(f"kernels of {entry.trial.name}")
                kernels = kernels_of(entry.folder, len(read_scales(entry.folder / SCALES)))
                self._update(entry, kernels=kernels, refused=gate.kernel_refusal(kernels))
        finalists = [entry for entry in finalists if not entry.trial.refused]
        if not finalists:
            return None
        self.tick("last round")
        predictors = {index: [self._open(one.folder, one.trial.precision)] for index, one in enumerate(finalists)}
        paces = in_turns({-1: [self.fp32], **predictors}, texts)
        fp32 = paces[-1]
        speeds = Speeds(
            texts_per_second=fp32.texts_per_second,
            tokens_per_second=fp32.tokens_per_second,
            milliseconds=fp32.milliseconds,
        )
        before = self.record.before.model_copy(update={"speeds": speeds})
        self.record = self.record.model_copy(update={"before": before})
        self.trials[0] = before
        for index, entry in enumerate(finalists):
            pace = paces[index]
            speeds = Speeds(
                texts_per_second=pace.texts_per_second,
                tokens_per_second=pace.tokens_per_second,
                milliseconds=pace.milliseconds,
            )
            self._update(entry, speeds=speeds, speedup=pace.texts_per_second / fp32.texts_per_second)
        return fastest(finalists, lambda entry: entry.trial)

    def manifest(self, entry: _Entry, record: Compression) -> Manifest:
        """Of the candidate's folder."""
        manifest = bundle.read_manifest(entry.folder)
        return manifest.model_copy(update={"precision": entry.trial.precision, "compression": record})

    def _seal(self, folder: Path, plan: Plan) -> None:
        """Make a bundle of a folder that holds an int8 graph."""
        from paddle_ner.compression.worker import GRAPH, WEIGHTS

        shutil.copyfile(self.plain / TOKENIZER, folder / TOKENIZER)
        plain = bundle.read_manifest(self.plain)
        record = self.record.model_copy(update={"operations": plan.engine_operations})
        changes = {"precision": "int8", "graph": GRAPH, "weights": WEIGHTS, "onnx": None, "tuning": None}
        changes |= {"files": bundle.checksums(folder), "compression": record}
        bundle.write_card(folder, plain.model_copy(update=changes))

    def _open(self, folder: Path, precision: Precision) -> Predictor:
        return open_predictors(folder, bundle.verify(folder), precision, self.layout, self.options.device)[0]

    def _measure(self, trial: Trial, folder: Path) -> None:
        predictor = self._open(folder, trial.precision)
        report, predictions = score(predictor, self.examples)
        label, fall = gate.worst_label(self.baseline, report)
        sample = spread([example.text for example in self.examples], _SAMPLE)
        paces = in_turns({"fp32": [self.fp32], "candidate": [predictor]}, sample, rounds=1)
        trial = trial.model_copy(
            update={
                "score": report.value,
                "drop": self.baseline.value - report.value,
                "labels": {name: scores.f1 for name, scores in report.per_label.items()},
                "worst_label": label,
                "worst_drop": fall,
                "speedup": paces["candidate"].texts_per_second / paces["fp32"].texts_per_second,
                "refused": gate.refusal(self.baseline, report, self.options.max_drop, self.options.max_label_drop),
            }
        )
        self.trials.append(trial)
        if trial.refused:
            if folder != self.plain:
                shutil.rmtree(folder)
        else:
            self.entries.append(_Entry(trial, folder, report, gate.digest(predictions)))

    def _update(self, entry: _Entry, **changes: object) -> None:
        place = self.trials.index(entry.trial)
        entry.trial = self.trials[place] = entry.trial.model_copy(update=changes)

    def _best(self, tried: Sequence[Plan]) -> Plan | None:
        scored = [one for one in self.trials if one.plan in tried and one.score is not None]
        return max(scored, key=lambda one: one.score or 0.0).plan if scored else None

    def _finalists(self) -> list[_Entry]:
        """The best score of each graph that differs in speed: by granularity and operations; and every half."""
        best: dict[tuple[str, str], _Entry] = {}
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


def fastest(entries: Sequence[_Entry], trial: Callable[[_Entry], Trial]) -> _Entry:
    """Of those that are as good as fastest, the one with the best score."""
    top = max(trial(one).speedup or 0.0 for one in entries)
    return max(
        (one for one in entries if (trial(one).speedup or 0.0) >= _EQUAL * top), key=lambda one: trial(one).score or 0.0
    )


def spread(texts: Sequence[str], count: int) -> list[str]:
    """`count` of `texts` at most, evenly."""
    return list(texts[:: max(1, len(texts) // count)][:count])


def compress(
    checkpoint: Path,
    target: Path,
    calibration_set: Sequence[Example],
    evaluation_set: Sequence[Example],
    options: Options | None = None,
    transforms: Sequence[Transform] = (),
    *,
    advance: Callable[[float, str], None] = lambda share, note: None,
) -> Compressed:
    """Make the fastest bundle of `checkpoint` that keeps its scores.

    Args:
        checkpoint: its folder.
        target: folder of the bundle; an older bundle there is replaced when the new one is whole.
        calibration_set: texts to observe activations on; their annotations are not looked at.
        evaluation_set: labelled examples: all are scored, `TIMED_TEXTS` of them, evenly spread, are timed.
        options: what is asked.
        transforms: of the checkpoint, before anything else; fp32 is then what they made.
        advance: called with the share of the work done, from 0 to 1, and with what is being done.

    Raises:
        InputError: there is nothing to calibrate or to score with, or `target` is something else's folder.
        Refused: no candidate is good enough; nothing was written.
        GateError: the finished bundle does not predict what was scored; nothing was written.
    """
    from paddle_ner.export import export

    options = options or Options()
    started = time.monotonic()
    if not calibration_set or not evaluation_set:
        what = "to calibrate with" if not calibration_set else "to score"
        raise InputError(f"{checkpoint}: no examples {what}; name a file that holds some")
    halves, search_int8 = rivals(options.precision, options.device, cpu_flags())
    steps = _steps(3 + len(halves) + (search_int8 * (len(options.plans or ()) or plans.COUNT) + _FINALISTS), advance)
    with (
        tempfile.TemporaryDirectory(prefix="paddle-ner-compress-") as temporary,
        bundle.new_folder(target, MANIFEST) as folder,
    ):
        work = Path(temporary)
        steps("exporting")
        changed, said = apply_all(checkpoint, transforms, work)
        plain = export(changed, work / "plain").bundle
        layout = Layout(1, usable_cores())
        steps("fp32")
        fp32 = open_predictors(plain, bundle.verify(plain), "fp32", layout, options.device)[0]
        report, _ = score(fp32, evaluation_set)
        labels = {name: scores.f1 for name, scores in report.per_label.items()}
        before = Trial(
            precision="fp32", score=report.value, drop=0.0, labels=labels, speedup=1.0, megabytes=_megabytes(plain)
        )
        texts = spread([example.text for example in evaluation_set], TIMED_TEXTS)
        record = Compression(
            transforms=said,
            calibration=calibration.describe(calibration_set),
            evaluation=calibration.describe(evaluation_set),
            metric=report.metric,
            cpu=cpu_name(),
            threads=layout.threads,
            texts=len(texts),
            max_drop=options.max_drop,
            max_label_drop=options.max_label_drop,
            budget_minutes=options.budget_minutes,
            before=before,
        )
        search = _Search(work, plain, evaluation_set, options, record, steps, layout, fp32, report, trials=[before])
        search.halves(halves)
        left: list[Plan] = []
        if search_int8:
            calibration_texts = [example.text for example in calibration_set]
            left = search.int8(changed, calibration_texts, started + 60 * options.budget_minutes)
        best = search.finish(texts)
        record = search.record.model_copy(
            update={"trials": search.trials, "left_out": left, "minutes": (time.monotonic() - started) / 60}
        )
        if best is None:
            raise Refused(f"{checkpoint}: no candidate is good enough; nothing was written", record)
        if (best.trial.speedup or 0.0) <= 1.0 and not options.allow_slower:
            raise Refused(
                f"{checkpoint}: fp32 is the fastest on this machine: {best.trial.name} runs at {best.trial.speedup:.2f}"
                " times its speed; nothing was written (`paddle-ner export` makes the fp32 bundle)",
                record,
            )
        plan = best.trial.plan
        record = record.model_copy(
            update={
                "method": "post-training quantization" if plan else f"{best.trial.precision} arithmetic",
                "operations": plan.engine_operations if plan else [],
                "after": best.trial,
                "predictions_sha256": best.digest,
            }
        )
        steps("checking the bundle as served")
        for name in bundle.read_manifest(best.folder).files:
            shutil.copyfile(best.folder / name, folder / name)
        bundle.write_card(folder, search.manifest(best, record))
        gate.check_served(folder, evaluation_set, best.report, best.digest)
    advance(1.0, "done")
    return Compressed(target, record)


def _steps(total: int, advance: Callable[[float, str], None]) -> Callable[[str], None]:
    """Counts what is begun; `total` is an estimate, so the share stays below 1."""
    counter: Iterator[int] = iter(range(total * 100))
    return lambda note: advance(min(0.99, next(counter) / total), note)


def _megabytes(folder: Path) -> float:
    """Of graph and weights."""
    manifest = bundle.read_manifest(folder) if bundle.is_bundle(folder) else None
    names = (manifest.graph, manifest.weights) if manifest else ("model.pdmodel", "model.pdiparams")
    return sum((folder / name).stat().st_size for name in names) / 1e6
