"""The search: candidates are made, scored through the engine that will serve, timed, and one is taken or none."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from paddle_ner import bundle
from paddle_ner.bundle import BUNDLE_MANIFEST
from paddle_ner.bundle.compression import Compression, Plan, Trial
from paddle_ner.compression import calibration, gate, plans
from paddle_ner.compression.options import Options, rivals
from paddle_ner.compression.transforms import Transform, apply_all
from paddle_ner.compression.trials import Search, megabytes
from paddle_ner.errors import GateError, InputError
from paddle_ner.evaluation.benchmark import open_predictors, spread
from paddle_ner.evaluation.score import score
from paddle_ner.evaluation.tuning import TIMED_TEXTS
from paddle_ner.inference.layout import Layout
from paddle_ner.machine import cpu_flags, cpu_name, usable_cores
from paddle_ner.types import Example


@dataclass(frozen=True, slots=True)
class Compressed:
    """A bundle, and how it came to be."""

    bundle: Path
    record: Compression


class Refused(GateError):
    """No candidate was good enough, or none that is served as it was scored. `record` holds all that was measured."""

    def __init__(self, message: str, record: Compression) -> None:
        super().__init__(message)
        self.record = record


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
        transforms: of the checkpoint, before anything else. What all is compared with stays `checkpoint` at fp32.
        advance: called with the share of the work done, from 0 to 1, and with what is being done.

    Raises:
        InputError: there is nothing to calibrate or to score with, or `target` is something else's folder.
        Refused: no candidate is good enough, or the finished bundle does not predict what was scored; nothing was
            written.
    """
    from paddle_ner.export import export

    options = options or Options()
    started = time.monotonic()
    if not calibration_set or not evaluation_set:
        what = "to calibrate with" if not calibration_set else "to score"
        raise InputError(f"{checkpoint}: no examples {what}; name a file that holds some")
    halves, search_int8 = rivals(options.precision, options.device, cpu_flags())
    steps = _steps(3 + len(halves) + (search_int8 * (len(options.plans or ()) or plans.COUNT)), advance)
    with (
        tempfile.TemporaryDirectory(prefix="paddle-ner-compress-") as temporary,
        bundle.new_folder(target, BUNDLE_MANIFEST) as folder,
    ):
        work = Path(temporary)
        steps("exporting")
        original = plain = export(checkpoint, work / "original").bundle
        changed = apply_all(checkpoint, transforms, work)
        if transforms or options.embeddings != "fp32":
            plain = export(changed, work / "plain", embeddings=options.embeddings, judged=False).bundle
            if options.precision == "auto":
                halves.insert(0, "fp32")
        layout = Layout(1, usable_cores())
        steps("fp32")
        fp32 = open_predictors(original, bundle.verify(original), "fp32", layout, options.device)[0]
        report, _ = score(fp32, evaluation_set)
        labels = {name: scores.f1 for name, scores in report.per_label.items()}
        before = Trial(
            precision="fp32", score=report.value, drop=0.0, labels=labels, speedup=1.0, megabytes=megabytes(original)
        )
        texts = spread([example.text for example in evaluation_set], TIMED_TEXTS)
        record = Compression(
            transforms=bundle.read_bundle_manifest(plain).transforms,
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
        search = Search(work, plain, evaluation_set, options, record, steps, layout, fp32, report, trials=[before])
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
        for name in bundle.read_bundle_manifest(best.folder).files:
            shutil.copyfile(best.folder / name, folder / name)
        bundle.write_manifest(folder, search.manifest(best, record))
        try:
            gate.check_served(folder, evaluation_set, best.report, best.digest, options.device)
        except GateError as error:
            raise Refused(str(error), record) from None
    advance(1.0, "done")
    return Compressed(target, record)


def _steps(total: int, advance: Callable[[float, str], None]) -> Callable[[str], None]:
    """Counts what is begun; `total` is an estimate, so the share stays below 1."""
    counter: Iterator[int] = iter(range(total * 100))
    return lambda note: advance(min(0.99, next(counter) / total), note)
