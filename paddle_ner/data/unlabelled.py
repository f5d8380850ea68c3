"""Only the texts of a file in any format, labelled or not, or of plain text."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

from paddle_ner.data.detection import EmptyFile, UnknownFormat, detect
from paddle_ner.data.options import ReadOptions
from paddle_ner.data.packing import unpacked_name
from paddle_ner.data.reading import records
from paddle_ner.data.records import Rejected
from paddle_ner.data.source import expand
from paddle_ner.errors import InputError
from paddle_ner.types import Example

_PLAIN = ("", ".txt", ".text", ".log")
"""Suffixes of names that do not name a format, or that mean plain text."""
_LOGGER = logging.getLogger(__name__)
_DEFAULTS = ReadOptions()


def unlabelled(
    path: str | Path,
    format: str | None = None,
    *,
    options: ReadOptions = _DEFAULTS,
    log: Callable[[str], None] = _LOGGER.warning,
) -> Iterator[Example | Rejected]:
    """Every record of a file as an Example with its text, id and other fields, without labels, or with what is wrong.

    Texts may be empty. The format is recognised by the content; if it is not a known one, a file whose name does not
    say otherwise is read as plain text, one text per line, and `log` is told.

    Args:
        path: as `paddle_ner.data.read` takes it.
        format: its format; None: recognised by content and suffix.
        options: what else the file itself does not say.
        log: called with a line for each thing that was recognised about the file.

    Raises:
        InputError: as `paddle_ner.data.read` does.
    """
    path = Path(path)
    options = options.model_copy(update={"texts_only": True})
    try:
        if format is None and all(_may_be_plain(file) for file in expand(path)):
            try:
                detect(path, options.encoding)
            except UnknownFormat:
                format = "text"
                if str(path) != "-":
                    log(f"{path}: in no format of labelled data, so it is read as plain text, one a line")
        return records(path, format, options=options, log=log)
    except EmptyFile as error:
        raise InputError(f"{path}: empty, expected texts, one a line, or records of any format") from error


def _may_be_plain(path: Path) -> bool:
    return not path.is_dir() and Path(unpacked_name(path.name)).suffix in _PLAIN
