"""brat: a folder with a text (NAME.txt) and its annotation (NAME.ann) for each record."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from paddle_ner.data.writers.writer import Record, Writer
from paddle_ner.types import Entity

_SAFE = re.compile(r"\w[\w.-]{0,79}")
_BREAK = re.compile("[\r\n]+")
_INSTEAD = "write .jsonl instead"


def _write(records: Iterable[Record], folder: Path) -> None:
    """A pair of files a record, called as its id where that can be a name, or by its number."""
    folder.mkdir()
    for number, record in enumerate(records, start=1):
        name = str(record.labelled.id or "")
        if not _SAFE.fullmatch(name) or (folder / f"{name}.txt").exists():
            name = f"{number:06}"
        if (folder / f"{name}.txt").exists():
            raise record.refused(f"its number {name} is the id of another record: leave the ids out")
        lines = list(_lines(record))
        (folder / f"{name}.txt").write_bytes(record.text.encode("utf-8"))
        (folder / f"{name}.ann").write_bytes("".join(lines).encode("utf-8"))


def _lines(record: Record) -> Iterator[str]:
    """The annotation of one record. Raises InputError for what brat cannot hold."""
    entities = record.labelled.entities
    if entities is None:
        raise record.refused(f"no entities, expected some or [] to write brat: {_INSTEAD}")
    if record.text != record.text.rstrip("\r\n"):
        raise record.refused(f"a line end at the end of the text, which brat's files do not keep: {_INSTEAD}")
    for number, entity in enumerate(entities, start=1):
        if re.search(r"\s", entity.label):
            raise record.refused(f"space in the label {entity.label!r}, expected none in brat (--label-map)")
        if entity.text.strip("\r\n") != entity.text:
            raise record.refused(f"entity {entity.text!r} begins or ends with a line end: {_INSTEAD}")
        yield f"T{number}\t{entity.label} {_ranges(entity)}\t{_BREAK.sub(' ', entity.text)}\n"


def _ranges(entity: Entity) -> str:
    """Start and end of each part between line ends, which brat parts with semicolons."""
    places: list[str] = []
    start = entity.start
    for match in _BREAK.finditer(entity.text):
        places.append(f"{start} {entity.start + match.start()}")
        start = entity.start + match.end()
    return ";".join([*places, f"{start} {entity.end}"])


WRITER = Writer("brat", "a folder with brat's NAME.txt and NAME.ann for each text", (), to_path=_write, is_folder=True)
