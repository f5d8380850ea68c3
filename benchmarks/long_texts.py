"""How well a model finds entities in longer texts than it was trained on: labelled texts one by one, and joined.

``python benchmarks/long_texts.py MODEL DATA`` [--join 2 5 20] [--separator TEXT] [--json]
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import paddle_ner
from paddle_ner import data
from paddle_ner.evaluation.score import score
from paddle_ner.inference import load
from paddle_ner.types import Entity, Example

JOIN = (2, 5, 20)


def joined(examples: Sequence[Example], count: int, separator: str = "") -> list[Example]:
    """Each `count` neighbours as one example, their entities where they stand in its text."""
    groups = (examples[start : start + count] for start in range(0, len(examples), count))
    return [_one(group, separator) for group in groups]


def _one(examples: Sequence[Example], separator: str) -> Example:
    text = separator.join(example.text for example in examples)
    entities: list[Entity] = []
    start = 0
    for example in examples:
        entities += [
            Entity.of(text, start + entity.start, start + entity.end, entity.label) for entity in example.entities or ()
        ]
        start += len(example.text) + len(separator)
    return Example(text, entities=tuple(entities))


def main(arguments: Sequence[str] | None = None) -> None:
    """Score and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("model", type=Path, help="checkpoint or bundle of task ner")
    parser.add_argument("data", type=Path, help="labelled file")
    parser.add_argument("--join", type=int, nargs="+", default=list(JOIN), help="how many neighbours make a text")
    parser.add_argument("--separator", default="", help="what stands between them")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    model, examples = load(options.model), data.load(options.data)
    rows = []
    for count in (1, *options.join):
        texts = joined(examples, count, options.separator)
        report, _ = score(model, texts, lambda done: None)
        rows.append({"joined": count, "texts": len(texts), "f1": report.value})
    if options.json:
        print(json.dumps({"version": paddle_ner.__version__, "rows": rows}))
        return
    print("joined    texts       F1   to one by one")
    for row in rows:
        apart = 100 * (row["f1"] - rows[0]["f1"])
        print(f"{row['joined']:6,} {row['texts']:8,} {100 * row['f1']:8.2f} {apart:+15.2f}")


if __name__ == "__main__":
    main()
