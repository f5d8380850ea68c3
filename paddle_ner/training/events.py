"""What a training says while it runs: one JSON object a line in ``events.jsonl``.

The process that trains writes, the process that a person looks at reads; so the two need not share a terminal, and a
launcher may stand between them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FILE = "events.jsonl"


def file_of(rank: int) -> str:
    """The events file of a machine: each has its own, as several may share a disk."""
    return f"events-{rank}.jsonl" if rank else FILE


class EventWriter:
    """Appends events to the file `name` of a run."""

    def __init__(self, output: Path, name: str = FILE) -> None:
        self._file = (output / name).open("a", encoding="utf-8", buffering=1)

    def write(self, event: str, **values: Any) -> None:
        """Append one event; readers see whole lines only."""
        self._file.write(json.dumps({"event": event, **values}, ensure_ascii=False) + "\n")


class EventReader:
    """Reads what is new since the last call."""

    def __init__(self, output: Path, name: str = FILE) -> None:
        self._path = output / name
        self._position = self._path.stat().st_size if self._path.exists() else 0

    def read(self) -> Iterator[dict[str, Any]]:
        """The whole lines that came since."""
        if not self._path.exists():
            return
        with self._path.open("rb") as file:
            file.seek(self._position)
            for line in file:
                if not line.endswith(b"\n"):
                    break
                self._position += len(line)
                try:
                    yield json.loads(line)
                except ValueError:  # cut off where the disk was full
                    continue
