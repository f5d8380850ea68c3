"""The findings and histograms of labelled files as one page that loads nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from html import escape

from paddle_ner.data.findings import SEVERITIES, Finding, plural
from paddle_ner.data.inspection import File, Inspection
from paddle_ner.errors import Problem, group

_BINS = 24
_WIDTH, _HEIGHT, _AXIS = 360, 120, 18  # of a histogram, in units of the drawing
_CUT = 0.995  # share of the values that a histogram shows; the few longest would flatten the rest
_PROBLEMS = 50  # kinds of problems that are shown
_TITLES = {
    "error": ("Errors", "a training would fail, or learn something else"),
    "warning": ("Warnings", "likely to cost score"),
    "note": ("Notes", "good to know"),
}
_HEAD = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Data check</title>
<style>
:root { color-scheme: light dark; --ink: #1a1d21; --soft: #5c6570; --line: #d9dee3; --card: #f6f8fa; --page: #fff;
  --bar: #2f6fba; --error: #c0362c; --warning: #9a6700; --note: #2f6fba }
@media (prefers-color-scheme: dark) { :root { --ink: #e7eaee; --soft: #9aa4af; --line: #343a41; --card: #1d2126;
  --page: #14171a; --bar: #6ea8e8; --error: #ff8a80; --warning: #e3b341; --note: #6ea8e8 } }
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 72rem; padding: 1.5rem 1rem 4rem; background: var(--page); color: var(--ink);
  font: 1rem/1.55 system-ui, "Noto Sans CJK SC", sans-serif; overflow-wrap: anywhere }
h1 { font-size: 1.5rem; margin: 0 0 .25rem } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem }
h3 { font-size: .9rem; margin: 0 0 .25rem; color: var(--soft); font-weight: 600 }
p { margin: .25rem 0 } small, .soft { color: var(--soft) }
.scroll { overflow-x: auto }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; overflow-wrap: normal }
th, td { padding: .25rem .75rem; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap }
th:first-child, td:first-child { text-align: left; padding-left: 0; white-space: normal; min-width: 9rem;
  overflow-wrap: anywhere }
thead th { color: var(--soft); font-weight: 600 }
details { background: var(--card); border-left: .25rem solid var(--tone); border-radius: .25rem; margin: .5rem 0;
  padding: .5rem .75rem }
summary { cursor: pointer } details:not(:has(ul)) summary { list-style: none; cursor: default }
details ul { margin: .5rem 0 .25rem; padding-left: 1rem; font-size: .9rem } li { margin: .15rem 0 }
li small { display: block }
.grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(20rem, 100%), 1fr)); gap: 1rem }
figure { margin: 0; background: var(--card); border-radius: .25rem; padding: .75rem }
svg { display: block; width: 100%; height: auto } svg rect { fill: var(--bar) }
svg text { fill: var(--soft); font: 11px system-ui, sans-serif } svg line { stroke: var(--line) }
td.bar { width: 40%; min-width: 8rem; padding-right: 0 }
td.bar i { display: block; height: .7rem; background: var(--bar); border-radius: .15rem; min-width: 1px }
</style>
</head>
<body>
"""


def render(inspection: Inspection) -> str:
    """The page."""
    files, findings = inspection.files, inspection.findings
    parts = [
        _HEAD,
        "<h1>Data check</h1>\n",
        f'<p class="soft">{_summary(files, findings)}</p>\n',
        _table(files, inspection.training),
    ]
    parts += _bad([problem for file in files for problem in file.check.problems])
    for severity in SEVERITIES:
        of_it = [finding for finding in findings if finding.severity == severity]
        if of_it:
            title, means = _TITLES[severity]
            parts.append(f'<section style="--tone: var(--{severity})">\n<h2>{title} <small>{means}</small></h2>\n')
            parts += [_finding(finding) for finding in of_it]
            parts.append("</section>\n")
    parts += _histograms("Length of texts, in characters", {file.check.path: _lengths(file) for file in files})
    parts += _histograms("Length of entities, in characters", {file.check.path: _spans(file) for file in files})
    parts += _histograms("Entities of a text", {file.check.path: _densities(file) for file in files})
    parts += _labels("Entity types", {file.check.path: file.check.statistics.entities for file in files})
    parts += _labels("Labels", {file.check.path: file.check.statistics.labels for file in files})
    return "".join([*parts, "</body>\n</html>\n"])


def _summary(files: Sequence[File], findings: Sequence[Finding]) -> str:
    bad = sum(file.check.bad for file in files)
    said = [plural(len(files), "file"), plural(sum(file.check.statistics.examples for file in files), "good record")]
    said += [plural(bad, "bad record")] if bad else []
    said += [
        plural(number, severity)
        for severity in SEVERITIES
        if (number := sum(finding.severity == severity for finding in findings))
    ]
    return ", ".join(said)


def _table(files: Sequence[File], training: File) -> str:
    rows = []
    for file in files:
        statistics = file.check.statistics
        role = "train" if file is training else file.role
        cells = (
            statistics.examples,
            file.check.bad,
            statistics.entities.total() or statistics.labels.total(),
            statistics.percentile(50),
            statistics.percentile(99),
            max(statistics.lengths, default=0),
        )
        shown = "".join(f"<td>{cell:,}</td>" for cell in cells)
        rows.append(f"<tr><td>{escape(file.check.path)} <small>{role}</small></td>{shown}</tr>\n")
    names = ("file", "records", "bad", "annotations", "median length", "99%", "longest")
    head = "".join(f"<th>{name}</th>" for name in names)
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead>\n{"".join(rows)}</table></div>\n'


def _bad(problems: Sequence[Problem]) -> list[str]:
    """The bad records, grouped by the kind of problem."""
    if not problems:
        return []
    grouped = group(problems)
    shown = "".join(
        f"<li><small>{escape(problem.path)}:{problem.line}</small>{escape(problem.message)}</li>\n"
        for problem in grouped[:_PROBLEMS]
    )
    more = f"<li>and {len(grouped) - _PROBLEMS:,} more kinds</li>" if len(grouped) > _PROBLEMS else ""
    return [
        '<section style="--tone: var(--error)">\n<h2>Bad records <small>they cannot be read as they are</small></h2>\n',
        f"<details open><summary>{plural(len(problems), 'problem')}</summary><ul>{shown}{more}</ul></details>\n",
        "</section>\n",
    ]


def _finding(finding: Finding) -> str:
    places = "".join(
        f"<li><small>{escape(place.origin)}</small>{escape(place.shown)}</li>\n" for place in finding.places
    )
    return f"<details><summary>{escape(finding.message)}</summary>{places and f'<ul>{places}</ul>'}</details>\n"


def _lengths(file: File) -> Counter[int]:
    return file.check.statistics.lengths


def _spans(file: File) -> Counter[int]:
    return Counter(entity.end - entity.start for example in file.examples for entity in example.entities or ())


def _densities(file: File) -> Counter[int]:
    return Counter(len(example.entities) for example in file.examples if example.entities is not None)


def _histograms(title: str, values: Mapping[str, Counter[int]]) -> list[str]:
    """A histogram per file, all over the same range; nothing if no file has a value."""
    every = sum(values.values(), Counter[int]())
    if not every:
        return []
    limit = max(_percentile(every, _CUT), 1)
    width = -(-(limit + 1) // _BINS)
    figures = [_figure(name, counts, limit, width) for name, counts in values.items() if counts]
    return [f'<h2>{title}</h2>\n<div class="grid">\n', *figures, "</div>\n"]


def _figure(name: str, counts: Counter[int], limit: int, width: int) -> str:
    bins = [0] * (limit // width + 1)
    for value, number in counts.items():
        if value <= limit:
            bins[value // width] += number
    highest = max(*bins, 1)
    step = _WIDTH / len(bins)
    bars = []
    for index, number in enumerate(bins):
        height = (_HEIGHT - _AXIS) * number / highest
        last = (index + 1) * width - 1
        span = f"{index * width}" if width == 1 else f"{index * width} to {last}"
        bars.append(
            f'<rect x="{index * step + 0.5:.1f}" y="{_HEIGHT - _AXIS - height:.1f}" width="{step - 1:.1f}"'
            f' height="{height:.1f}"><title>{span}: {number:,}</title></rect>'
        )
    over = sum(number for value, number in counts.items() if value > limit)
    beyond = f", {over:,} longer ones up to {max(counts):,} left out" if over else ""
    base = _HEIGHT - _AXIS
    return (
        f"<figure><h3>{escape(name)}</h3>\n"
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="histogram of {counts.total():,} values">'
        f'{"".join(bars)}<line x1="0" y1="{base}" x2="{_WIDTH}" y2="{base}"/>'
        f'<text x="0" y="{_HEIGHT - 4}">0</text>'
        f'<text x="{_WIDTH}" y="{_HEIGHT - 4}" text-anchor="end">{limit:,}</text>'
        "</svg>\n"
        f"<small>median {_percentile(counts, 0.5):,}, highest bar {highest:,}{beyond}</small></figure>\n"
    )


def _labels(title: str, counts: Mapping[str, Counter[str]]) -> list[str]:
    """The counts of each label by file, with a bar for the sum."""
    every = sum(counts.values(), Counter[str]())
    if not every:
        return []
    head = "".join(f"<th>{escape(name.rpartition('/')[2])}</th>" for name in counts)
    highest = max(every.values())
    rows = []
    for label, number in every.most_common():
        cells = "".join(f"<td>{counted[label]:,}</td>" for counted in counts.values())
        bar = f'<td class="bar"><i style="width: {100 * number / highest:.1f}%"></i></td>'
        rows.append(f"<tr><td>{escape(label)}</td>{cells}{bar}</tr>\n")
    table = f"<table><thead><tr><th></th>{head}<th></th></tr></thead>\n{''.join(rows)}</table>"
    return [f'<h2>{title}</h2>\n<div class="scroll">{table}</div>\n']


def _percentile(counts: Counter[int], share: float) -> int:
    seen, wanted = 0, share * counts.total()
    for value in sorted(counts):
        seen += counts[value]
        if seen >= wanted:
            return value
    return 0
