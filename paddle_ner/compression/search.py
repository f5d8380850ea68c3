"""The search: makes candidates, scores them in the engine that will serve, times them, and accepts one or none."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from paddle_ner import bundle
from paddle_ner.bundle import BUNDLE_MANIFEST
from paddle_ner.bundle.compression import Compression, Plan
from paddle_ner.compression.candidates import begin
from paddle_ner.compression.last_round import check_served, last_round, manifest_of, taken
from paddle_ner.compression.options import Options, rivals
from paddle_ner.compression.quantization import plans
from paddle_ner.compression.transforms import Transform
from paddle_ner.errors import GateError, InputError
from paddle_ner.evaluation.tuning.choice import TIMED_TEXTS
from paddle_ner.evaluation.tuning.timing import spread
from paddle_ner.export import export
from paddle_ner.machine import cpu_flags
from paddle_ner.modeling import Checkpoint
from paddle_ner.types import Example


@dataclass(frozen=True, slots=True)
class Compressed:
    """A bundle, and the record of its compression."""

    bundle: Path
    record: Compression


class Refused(GateError):
    """No candidate was good enough, or the bundle is not served as it was scored. `record` has all measurements."""

    def __init__(self, message: str, record: Compression) -> None:
        super().__init__(message)
        self.record = record


def compress(
    checkpoint: Path | Checkpoint,
    target: Path,
    calibration_set: Sequence[Example],
    evaluation_set: Sequence[Example],
    options: Options | None = None,
    transforms: Sequence[Transform] = (),
    *,
    key: bytes | None = None,
    advance: Callable[[float, str], None] = lambda share, note: None,
) -> Compressed:
    """Make the fastest bundle of `checkpoint` that keeps its scores.

    Args:
        checkpoint: the opened checkpoint, or its folder.
        target: folder of the bundle; an older bundle there is replaced when the new one is complete.
        calibration_set: texts to observe activations on; their annotations are ignored.
        evaluation_set: labelled examples: all are scored, `TIMED_TEXTS` of them, evenly spread, are timed.
        options: the options.
        transforms: applied to the checkpoint first. Candidates are still compared with `checkpoint` at fp32.
        key: to sign the bundle with.
        advance: called with the share of the work done, from 0 to 1, and with what is being done.

    Raises:
        InputError: there is nothing to calibrate or score with, or `target` is another kind of folder.
        Refused: no candidate is good enough, or the finished bundle does not give the predictions that were scored;
            nothing was written.
    """
    options = options or Options()
    if not isinstance(checkpoint, Checkpoint):
        checkpoint = Checkpoint.open(checkpoint)
    name = checkpoint.folder
    started = time.monotonic()
    if not calibration_set or not evaluation_set:
        what = "to calibrate with" if not calibration_set else "to score"
        raise InputError(f"{name}: no examples {what}; name a file that holds some")
    arithmetics, search_int8 = rivals(options.precision, options.device, cpu_flags())
    steps = _steps(4 + len(arithmetics) + (search_int8 * (len(options.plans or ()) or plans.COUNT)), advance)
    with (
        tempfile.TemporaryDirectory(prefix="paddle-ner-compress-") as temporary,
        bundle.new_folder(target, BUNDLE_MANIFEST) as folder,
    ):
        work = Path(temporary)
        steps("exporting")
        original = plain = export(checkpoint, work / "original").bundle
        for transform in transforms:
            checkpoint = transform(checkpoint)
        if transforms or options.embeddings != "fp32":
            plain = export(checkpoint, work / "plain", embeddings=options.embeddings, judged=False).bundle
            if options.precision == "auto":
                arithmetics.insert(0, "fp32")
        steps("fp32")
        texts = spread([example.text for example in evaluation_set], TIMED_TEXTS)
        search = begin(work, original, plain, calibration_set, evaluation_set, len(texts), options, steps)
        search.arithmetics(arithmetics)
        left: list[Plan] = []
        if search_int8:
            quantized = name
            if transforms:
                quantized = work / "checkpoint"
                checkpoint.write(quantized)
            calibration_texts = [example.text for example in calibration_set]
            left = search.int8(quantized, calibration_texts, started + 60 * options.budget_minutes)
        best = last_round(search, texts)
        record = search.record.model_copy(
            update={"candidates": search.candidates, "left_out": left, "minutes": (time.monotonic() - started) / 60}
        )
        if best is None:
            raise Refused(f"{name}: no candidate is good enough; nothing was written", record)
        if (best.record.speedup or 0.0) <= 1.0 and not options.allow_slower:
            raise Refused(
                f"{name}: fp32 is the fastest on this machine: {best.record.name} runs at {best.record.speedup:.2f}"
                " times its speed; nothing was written (`paddle-ner export` makes the fp32 bundle)",
                record,
            )
        record = taken(best, record)
        steps("checking the bundle as served")
        for file in bundle.read_bundle_manifest(best.folder).files:
            shutil.copyfile(best.folder / file, folder / file)
        bundle.write_manifest(folder, manifest_of(best, options.device, record), key)
        try:
            check_served(folder, evaluation_set, best.report, best.digest, options.device)
        except GateError as error:
            raise Refused(str(error), record) from None
    advance(1.0, "done")
    return Compressed(target, record)


def _steps(total: int, advance: Callable[[float, str], None]) -> Callable[[str], None]:
    """Counts started steps; `total` is an estimate, so the share stays below 1."""
    counter: Iterator[int] = iter(range(total * 100))
    return lambda note: advance(min(0.99, next(counter) / total), note)
