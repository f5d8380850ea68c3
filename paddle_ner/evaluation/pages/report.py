"""A diagnosis as a folder: one page that needs nothing else, its charts as pictures, its figures as JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paddle_ner import __version__
from paddle_ner.drawing.marks import safe
from paddle_ner.drawing.page import page, say
from paddle_ner.drawing.pictures import has_png, png, svg
from paddle_ner.errors import InputError
from paddle_ner.evaluation.diagnosis.diagnose import Diagnosis
from paddle_ner.evaluation.pages import sections
from paddle_ner.evaluation.pages.comparison import compared
from paddle_ner.evaluation.pages.examples import worst
from paddle_ner.files import whole_folder

PAGE = "index.html"
FIGURES = "report.json"
_PICTURES = (".svg", ".png")
_RULE = ("An entity is right if its span and its type are right. ", "边界和类型都对的实体才算正确。")


@dataclass(frozen=True, slots=True)
class About:
    """What a report is of.

    Attributes:
        model: the name of the model.
        data: the data on which it was scored.
        training: what it was trained on; empty if that is not known.
        other: the name of the model that it is compared with; empty if there is none.
        day: the day of the report, such as 2026-11-29.
    """

    model: str
    data: str
    training: str
    other: str
    day: str


def write(folder: Path, diagnosis: Diagnosis, about: About) -> list[str]:
    """Write a report into a folder, replacing an older one.

    PNG pictures are made if the extra ``report`` is installed, SVG pictures always.

    Returns:
        The names of the files.

    Raises:
        InputError: the folder holds anything else, or cannot be written.
        ResourceError: the disk is full.
    """
    charts: sections.Charts = {}
    files: dict[str, bytes] = {PAGE: html(diagnosis, about, charts).encode("utf-8", "replace")}
    files[FIGURES] = json.dumps(figures(diagnosis, about), ensure_ascii=False, indent=1).encode("utf-8", "replace")
    for name, chart in charts.items():
        files[f"{name}.svg"] = svg(chart).encode("utf-8", "replace")
        if has_png():
            files[f"{name}.png"] = png(chart)
    with whole_folder(folder, FIGURES, "report", _ours) as temporary:
        for name, content in files.items():
            (temporary / name).write_bytes(content)
    return list(files)


def check_place(folder: Path) -> None:
    """Raise InputError if a report cannot be written to a folder, before the work for it is done."""
    if folder.exists() and not (folder.is_dir() and ((folder / FIGURES).is_file() or not any(folder.iterdir()))):
        raise InputError(f"{folder}: holds something else than a report of paddle-ner; name another folder")


def figures(diagnosis: Diagnosis, about: About) -> dict[str, Any]:
    """The content of `FIGURES`."""
    said = {"model": about.model, "data": about.data, "training": about.training, "other": about.other}
    return {**said, "day": about.day, "paddle_ner": __version__, **diagnosis.to_dict()}


def html(diagnosis: Diagnosis, about: About, charts: sections.Charts) -> str:
    """The page; its charts are added to `charts`."""
    drawn = [
        sections.tiles(diagnosis),
        sections.what_next(diagnosis),
        compared(diagnosis.comparison, about.model, about.other),
        sections.scores(diagnosis, charts),
        sections.errors(diagnosis, charts),
    ]
    small = [
        sections.confused(diagnosis, charts),
        sections.thresholds(diagnosis, charts),
        sections.calibration(diagnosis, charts),
        *sections.slices(diagnosis, charts),
    ]
    drawn.append(f'<div class="pair">{"".join(filter(None, small))}</div>')
    drawn.append(worst(diagnosis, about.other))
    title = f"{about.model} · {about.data}"
    beside = say(f"trained on {safe(about.training)}", f"训练数据 {safe(about.training)}") if about.training else ""
    missing = say(
        "The training data are not known: <code>--train FILE</code> adds the scores of names seen and unseen in them.",
        "训练数据未知：用 <code>--train FILE</code> 指定后，报告会按名称是否在训练中出现过给出得分。",
    )
    heading = (
        f"<h1>{safe(about.model)}</h1>"
        f"<p class='soft'>{say('scored on', '评测数据')} {safe(about.data)} · {about.day}</p>"
        f"<p class='soft'>{beside or missing}</p>"
    )
    rule = ("", "") if diagnosis.pairs is None else _RULE
    footer = say(
        f"{rule[0]}Written by paddle-ner {__version__}; the figures are in {FIGURES} beside this page.",
        f"{rule[1]}由 paddle-ner {__version__} 生成；数据见同目录的 {FIGURES}。",
    )
    return page(title, heading, "\n".join(filter(None, drawn)), footer)


def _ours(folder: Path) -> set[str]:
    """The names in a report's folder that this package wrote."""
    return {path.name for path in folder.iterdir() if path.name in (PAGE, FIGURES) or path.suffix in _PICTURES}
