"""Which format a file has: each format says how sure it is, and the surest one reads it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from paddle_ner.data.beginning import Beginning, separator_of
from paddle_ner.data.encoding import AUTO
from paddle_ner.data.formats import FORMATS, Fit, Format
from paddle_ner.data.source import expand
from paddle_ner.errors import InputError


class UnknownFormat(InputError):
    """A file that has the shape of no format, and of no similar one."""


class EmptyFile(InputError):
    """A file with only blank lines."""


_NAME_IT = "name it (--format, for predict --input-format, in YAML format:)"


def detect(path: Path, encoding: str = AUTO) -> Format:
    """The format of a file or folder, or of all files that match a pattern.

    Raises InputError if the path is absent or empty, if no format fits, and if several fit equally well:
    there is no fallback.
    """
    files = expand(path)
    format = _detect(files[0], encoding)
    for other in files[1:]:
        if _detect(other, encoding) is not format:
            raise InputError(f"{path}: {files[0]} is {format.name}, {other} is not: expected one format, or {_NAME_IT}")
    return format


def _detect(path: Path, encoding: str) -> Format:
    beginning = Beginning.of(path, encoding)
    if not beginning.is_folder and not beginning.lines:
        raise EmptyFile(f"{path}: empty, expected labelled data")
    fits = {name: format.recognise(beginning) for name, format in FORMATS.items()}
    best = max(fits.values())
    names = [name for name, fit in fits.items() if fit == best]
    if best < Fit.LIKELY and beginning.binary is not None:
        raise InputError(f"{path}: {beginning.binary}, expected text in one of {', '.join(FORMATS)}: export it as one")
    if best < Fit.POSSIBLE:
        raise InputError(_unknown(beginning, names)) if best == Fit.NEAR else UnknownFormat(_unknown(beginning, []))
    if len(names) > 1:
        raise InputError(f"{path}: {beginning.look()} on the first line may be {' or '.join(names)}: {_NAME_IT}")
    return FORMATS[names[0]]


def _unknown(beginning: Beginning, nearest: list[str]) -> str:
    if beginning.is_folder:
        return (
            f"{beginning.path}: a folder with neither brat's .ann files nor a folder of .txt files for each class"
            f"{_pattern(beginning.path)}"
        )
    near = "".join(f"; the nearest is {name}: {FORMATS[name].summary}" for name in nearest)
    if not nearest and (mark := separator_of(beginning.lines)) is not None:
        delimiter = "" if mark == "," else f" --delimiter '{mark}'"
        near = f"; if it is a table, read it with --format csv{delimiter}"
    return (
        f"{beginning.path}: cannot tell the format from the content: the first line looks like"
        f" {beginning.look()}{near}. Expected one of {', '.join(FORMATS)}: {_NAME_IT}"
    )


def _pattern(folder: Path) -> str:
    """The pattern that names the files of a folder, by the most frequent suffix; empty if it has no file."""
    suffixes = Counter(file.suffix for file in folder.iterdir() if file.is_file() and not file.name.startswith("."))
    if not suffixes:
        return ""
    return f"; to read its files, name them by a pattern in quotes: '{folder}/*{suffixes.most_common(1)[0][0]}'"
