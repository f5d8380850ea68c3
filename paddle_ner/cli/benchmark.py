"""``paddle-ner benchmark``: how fast a bundle is on this machine, by precision and layout."""

from __future__ import annotations

from pathlib import Path

import click

from paddle_ner.cli import console
from paddle_ner.cli.model_options import FiniteRange
from paddle_ner.cli.reader_options import Reading, reader_options
from paddle_ner.cli.tuning import show, tune_with_progress
from paddle_ner.errors import InputError
from paddle_ner.evaluation.tuning.choice import MAX_DROP
from paddle_ner.inference.default import resolved
from paddle_ner.training.corpus import dev_examples


@click.command()
@click.argument("bundle", type=click.Path(path_type=Path))
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--tune", is_flag=True, help="Write the best into the bundle's manifest, for serve and predict.")
@click.option(
    "--sign-key", type=click.Path(path_type=Path), help="With --tune: file of the key to sign the new manifest with."
)
@click.option(
    "--max-drop",
    default=MAX_DROP,
    show_default=True,
    type=FiniteRange(0, 1),
    help="How far below fp32 the score of a faster precision may be: F1 or accuracy, from 0 to 1.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the figures as one JSON object.")
@reader_options
def command(
    bundle: Path,
    file: Path | None,
    tune: bool,
    sign_key: Path | None,
    max_drop: float,
    as_json: bool,
    reading: Reading,
) -> None:
    """Time BUNDLE on this machine and score it on the labelled FILE, or on the dev set that its config names.

    Every precision that this CPU has, and the ONNX graphs where the bundle has some and ONNX Runtime is installed, are
    measured in every layout (engines side by side, threads of each), in turns, on the same real texts. The fastest that
    keeps the score is marked.
    """
    from paddle_ner.bundle import is_bundle, read_key, verify

    bundle = resolved(bundle, console.log)
    if not is_bundle(bundle):
        raise InputError(f"{bundle}: is no bundle; `paddle-ner export CHECKPOINT -o BUNDLE` makes one")
    if sign_key is not None and not tune:
        raise InputError("--sign-key signs what --tune writes: add --tune")
    key = None if sign_key is None else read_key(sign_key)
    manifest = verify(bundle)
    if manifest.signature and tune and key is None:
        raise InputError(f"{bundle}: is signed, and a new manifest needs a new signature: add --sign-key FILE")
    if file is not None:
        examples = reading.load(file, overlapping=manifest.build_decoding().overlapping)
    else:
        examples = dev_examples(bundle, manifest, console.log)
    tuned = tune_with_progress(bundle, examples, max_drop, keep=tune, key=key)
    if as_json:
        console.print_json({"best": tuned.best.model_dump(), "kept": tune, **tuned.tuning.model_dump()})
        return
    show(tuned)
    if not tune:
        console.err.print(f"next: with --tune, {bundle} is served and predicts that way", markup=False)
