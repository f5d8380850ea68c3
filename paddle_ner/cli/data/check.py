"""``paddle-ner data check``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

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
from paddle_ner.data.checking import FileCheck, check_file
from paddle_ner.data.findings import SEVERITIES, Finding, Severity
from paddle_ner.data.inspection import File, Vocabulary, inspect, page, training_file
from paddle_ner.data.reading import left_out
from paddle_ner.data.records import Rejected
from paddle_ner.data.writing import written
from paddle_ner.errors import InputError, group
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
    read = _keeping_overlaps(reading)
    read_files: list[File] = []
    described: list[Described] = []
    for path, role in paths:
        examples: list[Example] = []
        checked = check_file(path, _kept(records_of(path, read), examples), reading.policy)
        read_files.append(File(checked, examples, role))
        described.append(Described(path, format_of(path, reading), checked.statistics))
        if reading.policy == "strict" and checked.bad:
            break
    training = training_file(read_files)
    findings = inspect(read_files, vocabulary)
    if read.options != reading.options:
        findings = [_refused(finding) for finding in findings]
    findings.sort(key=lambda finding: SEVERITIES.index(finding.severity))
    checks = [file.check for file in read_files]
    skip = reading.policy == "skip"
    refused = any(file.unreadable or (file.bad and (not skip or not file.statistics.examples)) for file in checks)
    breaks = any(finding.severity == "error" for finding in findings)
    if html is not None:
        with written(html) as stream:
            stream.write(page.render(read_files, findings, training))
    if as_json:
        listed = [
            {"format": one.format, "role": file.role, **_checked(file.check)}
            for one, file in zip(described, read_files, strict=True)
        ]
        print_json(
            {
                "ok": not refused and not breaks,
                "training": training.check.path,
                "files": listed,
                "findings": [finding.to_dict() for finding in findings],
            }
        )
    else:
        show(described)
        said = "as --train says" if training.role else "the largest that is annotated; --train names another"
        out.print(Text(f"to train on: {training.check.path}" + (f" ({said})" if len(read_files) > 1 else "")))
        for problem in group([problem for file in checks if not skip or file.unreadable for problem in file.problems]):
            out.print(line_of(problem))
        _tell(findings, shown)
    for file in checks:
        if skip and file.bad:
            warn(left_out(file.path, file.bad, file.statistics.examples))
    if refused:
        refuse(sum(file.bad for file in checks), "bad record", reading)
        return 2
    if not as_json:
        err.print(_summary(findings, sum(file.bad for file in checks)))
    return 1 if breaks else 0


def _kept(found: Iterable[Example | Rejected], examples: list[Example]) -> Iterator[Example | Rejected]:
    """The same records; the good ones are put into `examples` as they pass."""
    for record in found:
        if isinstance(record, Example):
            examples.append(record)
        yield record


def _keeping_overlaps(reading: Reading) -> Reading:
    """How overlapping entities are read: they are told as one finding, instead of a bad record each."""
    if reading.policy != "report":
        return reading
    return replace(reading, options=reading.options.keeping_overlaps())


def _refused(finding: Finding) -> Finding:
    """Overlapping entities, which a training refuses where nobody says how to read them."""
    return replace(finding, severity="error") if finding.check == "overlap" else finding


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
    found = vocabulary_of(model)
    return Vocabulary(model, Tokenizer.wordpiece(found.tokens, found.lowercase), _STARTER_WINDOW)


def _tell(findings: Sequence[Finding], shown: int) -> None:
    """The findings by severity, each with its first places."""
    for severity in SEVERITIES:
        of_it = [finding for finding in findings if finding.severity == severity]
        if of_it:
            title = f"{severity}s" if len(of_it) > 1 else severity
            out.print(Text.assemble("\n", (title, f"bold {_STYLES[severity]}"), (f"  {_MEANS[severity]}", "dim")))
        for finding in of_it:
            out.print(Text.assemble(("• ", _STYLES[severity]), finding.message))
            for place in finding.places[:shown]:
                out.print(Text.assemble(("    ", ""), (place.origin, "dim"), f"  {place.shown}"))
            if shown < len(finding.places):
                more = "--json or --html shows more" if len(finding.places) > shown else ""
                out.print(Text(f"    … ({more})", style="dim"))


def _summary(findings: Sequence[Finding], bad: int) -> Text:
    counts = [
        count_of(number, severity)
        for severity in SEVERITIES
        if (number := sum(finding.severity == severity for finding in findings))
    ]
    good = "no bad record" if not bad else "the rest is good"
    return Text(", ".join([good, *counts]), style="red" if findings and findings[0].severity == "error" else "green")


def _checked(file: FileCheck) -> dict[str, Any]:
    problems = [{"path": one.path, "line": one.line, "message": one.message} for one in file.problems]
    counts = {
        "bad_records": file.bad,
        "repeated_texts": file.repeated,
        "contradicted_texts": len(file.contradicted),
    }
    return {"path": file.path} | file.statistics.to_dict() | counts | {"problems": problems}
