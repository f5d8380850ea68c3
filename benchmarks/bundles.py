"""Bundles side by side on the same texts, in turns in one run: a teacher and its student, before and after compression.

``python benchmarks/bundles.py BUNDLE[=PRECISION] …`` [--json]. The first is what the others are compared with; its
config names the test set that all are scored on. One engine on all cores each, tokenization and decoding included.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any, cast

from paddle_ner import startup
from paddle_ner.bundle import verify
from paddle_ner.evaluation.score import score
from paddle_ner.evaluation.tuning.timing import in_turns, open_predictors, spread
from paddle_ner.inference.engines import EngineOptions, Precision
from paddle_ner.inference.layout import Layout
from paddle_ner.inference.predictor import Predictor
from paddle_ner.machine import cpu_name, usable_cores
from paddle_ner.training.corpus import config_of, read_file

TIMED_TEXTS = 512


def opened(name: str) -> Predictor:
    """The predictor of ``BUNDLE`` at the precision of its manifest, or of ``BUNDLE=PRECISION``."""
    path, _, precision = name.partition("=")
    manifest = verify(Path(path))
    chosen = cast(Precision, precision or manifest.precision)
    options = EngineOptions("paddle", precision=chosen)
    return open_predictors(Path(path), manifest, options, Layout(1, usable_cores()))[0]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bundles", nargs="+", metavar="BUNDLE[=PRECISION]")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    startup.restart_with(startup.ENGINES)
    predictors = {name: opened(name) for name in options.bundles}
    first = options.bundles[0]
    config = config_of(Path(first), verify(Path(first.partition("=")[0])))
    if config.data.test is None:
        raise SystemExit(f"{first}: its config names no test set")
    examples = read_file(config, config.data.test)
    texts = spread([example.text for example in examples], TIMED_TEXTS)
    speeds = in_turns({name: [predictor] for name, predictor in predictors.items()}, texts)
    reports = {name: score(predictor, examples)[0] for name, predictor in predictors.items()}
    rows: dict[str, Any] = {
        name: {
            "precision": predictors[name].info.precision,
            "texts_per_second": speeds[name].texts_per_second,
            "milliseconds": speeds[name].milliseconds,
            "speedup": speeds[name].texts_per_second / speeds[first].texts_per_second,
            "score": reports[name].value,
            "drop": reports[first].value - reports[name].value,
        }
        for name in options.bundles
    }
    if options.json:
        print(json.dumps({"cpu": cpu_name(), "cores": usable_cores(), "texts": len(texts), "bundles": rows}))
        return
    metric = reports[first].metric
    print(f"{cpu_name()}, {usable_cores()} threads, {len(texts)} texts timed, {len(examples):,} examples scored")
    for name, row in rows.items():
        print(
            f"{name}  {row['precision']}  {row['texts_per_second']:,.0f} texts/s, {row['speedup']:.2f} x the first;"
            f" one text {row['milliseconds']:.1f} ms; {metric} {100 * row['score']:.2f},"
            f" {100 * abs(row['drop']):.2f} {'below' if row['drop'] >= 0 else 'above'}"
        )


if __name__ == "__main__":
    main()
