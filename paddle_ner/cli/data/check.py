"""``paddle-ner data check``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import click
from rich.text import Text

from paddle_ner.cli.console import err, out, print_json, warn
from paddle_ner.cli.data.common import (
    PATH,
    WithFormats,
    count_of,
    expanded,
    format_of,
    json_option,
    line_of,
    records_of,
    refuse,
)
from paddle_ner.cli.data.stats import Described, show
from paddle_ner.cli.reader_options import Reading, reader_options
from paddle_ner.data.checking import check_file
from paddle_ner.data.findings import SEVERITIES, Finding, Severity, by_severity
from paddle_ner.data.inspection import File, Inspection, Vocabulary, inspect, page
from paddle_ner.data.reading import left_out
from paddle_ner.data.records import Rejected
from paddle_ner.data.writing import written
from paddle_ner.errors import InputError, Problem, group
from paddle_ner.types import Example

_STYLES: dict[Severity, str] = {"error": "red", "warning": "yellow", "note": "cyan"}
_MEANS: dict[Severity, str] = {
    "error": "a training would fail, or learn something else",
    "warning": "likely to cost score",
    "note": "good to know",
}
_STARTER = "starter"
_STARTER_WINDOW = 512


@click.command(cls=WithFormats)
@click.argument("files", nargs=-1, type=PATH)
@click.option("--train", type=PATH, help="File to train on; by default the largest of FILES that is annotated.")
@click.option("--dev", type=PATH, help="File that chooses the checkpoint.")
@click.option("--test", type=PATH, help="File that is scored in the end.")
@click.option(
    "--model",
    default=_STARTER,
    show_default=True,
    metavar="NAME",
    help="Whose vocabulary and window texts are compared with: a checkpoint, a bundle, or pretrained weights.",
)
@click.option(
    "--suspects",
    is_flag=True,
    help="Run --model, a checkpoint or a bundle that learned from none of them, on the files but the one to train on:"
    " where it is sure of something else than the annotation.",
)
@click.option("--show", "shown", default=3, show_default=True, type=click.IntRange(0, 20), help="Places a finding.")
@click.option("--html", type=PATH, help="One page with all of it and histograms, to look at in a browser.")
@json_option
@reader_options
def check(
    files: tuple[Path, ...],
    train: Path | None,
    dev: Path | None,
    test: Path | None,
    model: str,
    suspects: bool,
    shown: int,
    html: Path | None,
    as_json: bool,
    reading: Reading,
) -> int:
    """Say what is in labelled FILES and what is wrong with them, the worst first.

    Bad records are listed as path:line, and the exit status is then 2. What would break a training though each record
    can be read, such as labels that the training data lack, makes it 1. What is likely to cost score is told with
    places that show it: texts in two files, a string labelled differently, odd borders of entities, rare labels and
    more.
    """
    paths = [(path, "") for path in expanded(files)]
    paths += [(path, role) for path, role in ((train, "train"), (dev, "dev"), (test, "test")) if path is not None]
    if not paths:
        raise InputError("no file to check: name some, or --train FILE")
    vocabulary = _vocabulary(model)
    # Where nobody says how to read them, overlapping entities are told as one finding, instead of a bad record each.
    keeps = reading.policy == "report" and reading.options.overlaps == "report"
    read = replace(reading, options=reading.options.keeping_overlaps()) if keeps else reading
    inspection = inspect(list(_read(paths, read)), vocabulary, takes_overlaps=not keeps)
    if suspects:
        inspection = replace(
            inspection, findings=tuple(by_severity([*_suspects(inspection, model), *inspection.findings]))
        )
    if html is not None:
        with written(html) as stream:
            stream.write(page.render(inspection))
    checks = [file.check for file in inspection.files]
    skips = reading.policy == "skip"
    refused = any(file.unreadable or (file.bad and (not skips or not file.statistics.examples)) for file in checks)
    if as_json:
        print_json(
            {
                "ok": not refused and not inspection.breaks_training,
                "training": inspection.training.check.path,
                "files": [file.to_dict() for file in inspection.files],
                "findings": [finding.to_dict() for finding in inspection.findings],
            }
        )
    else:
        _tell(
            inspection, [problem for file in checks if not skips or file.unreadable for problem in file.problems], shown
        )
    for file in checks:
        if skips and file.bad:
            warn(left_out(file.path, file.bad, file.statistics.examples))
    if refused:
        refuse(inspection.bad, "bad record", reading)
        return 2
    if not as_json:
        err.print(_summary(inspection))
    return 1 if inspection.breaks_training else 0


def _read(paths: Sequence[tuple[Path, str]], reading: Reading) -> Iterator[File]:
    """The files with their roles; none after the first bad record where that is to end it."""
    for path, role in paths:
        examples: list[Example] = []
        checked = check_file(path, _kept(records_of(path, reading), examples), reading.policy)
        yield File(checked, examples, role, format_of(path, reading))
        if reading.policy == "strict" and checked.bad:
            return


def _kept(source: Iterable[Example | Rejected], examples: list[Example]) -> Iterator[Example | Rejected]:
    """The same records; the good ones are put into `examples` as they pass."""
    for record in source:
        if isinstance(record, Example):
            examples.append(record)
        yield record


def _vocabulary(model: str) -> Vocabulary:
    """The vocabulary and the window of a model. Raises InputError or BundleError where it has none."""
    from paddle_ner.bundle import (
        is_bundle,
        is_checkpoint,
        load_tokenizer,
        read_bundle_manifest,
        read_checkpoint_manifest,
    )
    from paddle_ner.features.tokenizer import Tokenizer
    from paddle_ner.inference.default import resolved
    from paddle_ner.modeling import vocabulary_of

    folder = resolved(Path(model), warn)
    if is_bundle(folder) or is_checkpoint(folder):
        manifest = read_bundle_manifest(folder) if is_bundle(folder) else read_checkpoint_manifest(folder)
        return Vocabulary(model, load_tokenizer(folder), manifest.window.size)
    vocabulary = vocabulary_of(model)
    return Vocabulary(model, Tokenizer.wordpiece(vocabulary.tokens, vocabulary.lowercase), _STARTER_WINDOW)


def _tell(inspection: Inspection, problems: Sequence[Problem], shown: int) -> None:
    """The figures of the files, the bad records, then the findings by severity, each with its first places."""
    show([Described(Path(file.check.path), file.format, file.check.statistics) for file in inspection.files])
    said = "as --train says" if inspection.training.role else "the largest that is annotated; --train names another"
    reason = f" ({said})" if len(inspection.files) > 1 else ""
    out.print(Text(f"to train on: {inspection.training.check.path}{reason}"))
    for problem in group(problems):
        out.print(line_of(problem))
    for severity in SEVERITIES:
        of_it = [finding for finding in inspection.findings if finding.severity == severity]
        if of_it:
            title = f"{severity}s" if len(of_it) > 1 else severity
            out.print(Text.assemble("\n", (title, f"bold {_STYLES[severity]}"), (f"  {_MEANS[severity]}", "dim")))
        for finding in of_it:
            out.print(Text.assemble(("• ", _STYLES[severity]), finding.message))
            for place in finding.places[:shown]:
                out.print(Text.assemble("    ", (place.origin, "dim"), f"  {place.shown}"))
            if shown < len(finding.places):
                out.print(Text("    … (--json or --html shows more)", style="dim"))


def _suspects(inspection: Inspection, model: str) -> list[Finding]:
    """What a model contradicts in the files but the one to train on; in that one where it is alone."""
    from paddle_ner.evaluation.suspects import suspects
    from paddle_ner.inference import load
    from paddle_ner.inference.default import resolved

    if model == _STARTER:
        raise InputError("--suspects runs a model: name a checkpoint or a bundle with --model")
    examples = [
        example
        for file in inspection.files
        if file is not inspection.training or len(inspection.files) == 1
        for example in file.examples
    ]
    return suspects(load(resolved(Path(model), warn)), examples, model)


def _summary(inspection: Inspection) -> Text:
    counts = [
        count_of(number, severity)
        for severity in SEVERITIES
        if (number := sum(finding.severity == severity for finding in inspection.findings))
    ]
    good = "the rest is good" if inspection.bad else "no bad record"
    return Text(", ".join([good, *counts]), style="red" if inspection.breaks_training else "green")
