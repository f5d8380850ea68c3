"""``check.py`` on the device: are the files complete, does the model answer as expected, and how long does it take?"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from paddle_ner.edge.engines import Opened, open_folder
from paddle_ner.edge.folder import EXPECTED
from paddle_ner.edge.run import add_engine_options
from paddle_ner.errors import BundleError, GateError, PaddleNerError

# How far a score may be from the expected score, and the share of texts that must have the expected labels and offsets.
# Another CPU adds floats in another order, which shows in the sixth digit. TensorRT rounds to 16 bits; and if a value
# is between two int8 steps, another version of ONNX Runtime may round it the other way.
TOLERANCE = {"fp32": 0.01, "fp16": 0.05, "int8": 0.05}
AGREEMENT = {"fp32": 1.0, "fp16": 0.98, "int8": 0.98}


@dataclass(frozen=True)
class Checked:
    """The model's answers compared with the expected ones.

    Attributes:
        texts: how many there are.
        different: texts with other labels or offsets.
        difference: the largest difference of a score in the other texts.
        milliseconds: times of each text alone, sorted.
    """

    texts: int
    different: tuple[str, ...]
    difference: float
    milliseconds: tuple[float, ...]


def main(folder: Path, arguments: Sequence[str] | None = None) -> int:
    """Run the command line over `folder`; returns 0, 1 if answers differ, 2 if the model cannot run."""
    parser = argparse.ArgumentParser(prog="check.py", description="Compare the answers with expected.jsonl.")
    add_engine_options(parser)
    parser.add_argument("--tolerance", type=float, help=f"of a score, by default {TOLERANCE}")
    parser.add_argument("--agreement", type=float, help=f"share of texts with the same labels, by default {AGREEMENT}")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args(arguments)
    try:
        started = time.perf_counter()
        opened = open_folder(folder, options.engine, options.precision, options.threads)
        loaded = time.perf_counter() - started
        checked = check(opened, read_expected(folder, opened.predictor.info.precision))
        _show(opened, checked, loaded, options.json)
        tolerance = TOLERANCE[opened.predictor.info.precision] if options.tolerance is None else options.tolerance
        agreement = AGREEMENT[opened.predictor.info.precision] if options.agreement is None else options.agreement
        refuse(checked, tolerance, agreement)
    except PaddleNerError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_status
    return 0


def read_expected(folder: Path, precision: str) -> list[dict[str, Any]]:
    """The expected predictions at a precision; those at fp32 also apply to fp16."""
    wanted = "int8" if precision == "int8" else "fp32"
    records = []
    with (folder / EXPECTED).open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            record = json.loads(line)
            if wanted not in record:
                raise BundleError(f"{folder / EXPECTED}:{number}: holds nothing for {wanted}; export the folder again")
            records.append({"text": record["text"], **record[wanted]})
    return records


def check(opened: Opened, expected: Sequence[dict[str, Any]]) -> Checked:
    """Predict each text alone; the first is predicted once before, so that its time does not include the warm-up."""
    different: list[str] = []
    difference = 0.0
    milliseconds: list[float] = []
    opened.predictor.warm_up()
    for record in expected:
        started = time.perf_counter()
        answer = opened.predictor(record["text"]).to_dict()
        milliseconds.append(1000 * (time.perf_counter() - started))
        if _without_scores(answer) != _without_scores(record):
            different.append(record["text"])
        else:
            difference = max([difference, *_differences(answer, record)])
    return Checked(len(expected), tuple(different), difference, tuple(sorted(milliseconds)))


def refuse(checked: Checked, tolerance: float, agreement: float) -> None:
    """Raise GateError if the answers are too far from the expected ones."""
    same = checked.texts - len(checked.different)
    if same < agreement * checked.texts:
        shown = checked.different[0][:40]
        raise GateError(
            f"{same} of {checked.texts} texts have the expected labels and offsets, expected {agreement:.0%};"
            f" the first that has not: {shown!r}"
        )
    if not checked.difference <= tolerance:
        raise GateError(f"a score is {checked.difference:.4f} from the expected one, allowed is {tolerance}")


def _show(opened: Opened, checked: Checked, loaded: float, as_json: bool) -> None:
    p50 = median(checked.milliseconds)
    p95 = checked.milliseconds[int(0.95 * (len(checked.milliseconds) - 1))]
    same = checked.texts - len(checked.different)
    if as_json:
        record = {
            "engine": opened.predictor.info.engine,
            "precision": opened.predictor.info.precision,
            "texts": checked.texts,
            "same": same,
            "difference": checked.difference,
            "load_seconds": loaded,
            "milliseconds": {"p50": p50, "p95": p95},
        }
        print(json.dumps(record))
        return
    print(f"{opened.predictor.info.engine} {opened.predictor.info.precision}: loaded and verified in {loaded:.1f} s")
    print(
        f"{same} of {checked.texts} texts: the expected labels and offsets; scores differ by {checked.difference:.4f}"
    )
    print(f"one text: {p50:.1f} ms at the median, {p95:.1f} ms for 95% of the texts")


def _without_scores(record: dict[str, Any]) -> dict[str, Any]:
    """Only labels and offsets."""
    plain = {name: value for name, value in record.items() if name != "scores"}
    if "entities" in plain:
        plain["entities"] = [{k: v for k, v in entity.items() if k != "score"} for entity in plain["entities"]]
    return plain


def _differences(ours: dict[str, Any], theirs: dict[str, Any]) -> list[float]:
    """The largest difference between the scores of two predictions with the same labels and offsets."""
    pairs = [
        (first["score"], second["score"]) for first, second in zip(ours.get("entities", ()), theirs.get("entities", ()))
    ]
    scores = theirs.get("scores", {})
    pairs += [(score, scores[name]) for name, score in ours.get("scores", {}).items()]
    return [abs(first - second) for first, second in pairs]
