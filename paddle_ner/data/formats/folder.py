"""A folder per class, one text per file: LABEL/NAME.txt. Line ends at the end of a file are not part of its text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from paddle_ner.data.beginning import Beginning
from paddle_ner.data.formats.format import Fit, Format
from paddle_ner.data.options import ReadOptions
from paddle_ner.data.records import Draft, Rejected
from paddle_ner.data.source import DecodingFault, whole
from paddle_ner.errors import InputError


def _drafts(path: Path, options: ReadOptions) -> Iterator[Draft | Rejected]:
    if not path.is_dir():
        raise InputError(f"{path}: a file, expected a folder with a folder of .txt files for each class")
    for entry in _visible(path):
        if not entry.is_dir():
            yield Rejected.at(entry, 1, "a file beside the class folders, expected LABEL/NAME.txt")
            continue
        for file in _visible(entry):
            if file.is_dir() or file.suffix != ".txt":
                yield Rejected.at(file, 1, f"not a .txt file, expected one text a file in {entry.name}/")
                continue
            try:
                text = whole(file, options.encoding).rstrip("\r\n")
            except DecodingFault as error:
                yield Rejected.at(file, error.line, str(error))
            else:
                yield Draft(1, text, label=entry.name, id=f"{entry.name}/{file.stem}", path=file)


def _visible(path: Path) -> list[Path]:
    return sorted(entry for entry in path.iterdir() if not entry.name.startswith("."))


def _recognise(beginning: Beginning) -> Fit:
    if not beginning.is_folder:
        return Fit.NO
    return Fit.LIKELY if next(beginning.path.glob("*/*.txt"), None) is not None else Fit.NO


FORMAT = Format("folder", "a folder per class with one text a .txt file", _drafts, _recognise, reads_folders=True)
