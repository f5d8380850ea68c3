"""The folder on the device: its description, and the verification of its files."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paddle_ner.errors import BundleError, InputError
from paddle_ner.files import sha256
from paddle_ner.tasks import decoding

SCHEMA_VERSION = 1
DESCRIPTION = "edge.json"
SUMS = "SHA256SUMS"
TOKENIZER = "tokenizer.json"
EXPECTED = "expected.jsonl"


@dataclass(frozen=True)
class Window:
    """How texts are cut: see `paddle_ner.features.windows.Layout`."""

    size: int
    overlap: int
    unit: str
    longest: int | None


@dataclass(frozen=True)
class Description:
    """The ``edge.json`` of a folder.

    Attributes:
        name: name of the model.
        task: the spec that `paddle_ner.tasks.decoding.from_spec` reads.
        window: how texts are cut.
        precisions: precisions of the ONNX files, ``model.PRECISION.onnx``.
        version: empty, since this is not a bundle.
        examples: empty, since a device has no page.
    """

    name: str
    task: dict[str, Any]
    window: Window
    precisions: tuple[str, ...]
    version: str = ""
    examples: tuple[str, ...] = ()

    def build_decoding(self) -> decoding.Decoding:
        """How the model's outputs become predictions."""
        return decoding.from_spec(self.task)


def verify(folder: Path) -> None:
    """Check that every file of SHA256SUMS has its sha256. Raises BundleError that names the first that does not."""
    try:
        lines = (folder / SUMS).read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise BundleError(f"{folder / SUMS}: cannot be read: {error.strerror}; copy the folder again") from None
    listed = set()
    for line in lines:
        expected, _, name = line.partition("  ")
        listed.add(name)
        path = folder / name
        if not path.is_file():
            raise BundleError(f"{path}: no such file, but {SUMS} lists it; copy the folder again")
        if sha256(path) != expected:
            raise BundleError(f"{path}: its sha256 is not the one in {SUMS}; copy the folder again")
    for name in (DESCRIPTION, TOKENIZER):
        if name not in listed:
            raise BundleError(f"{folder / SUMS}: does not list {name}; copy the folder again")


def read(folder: Path) -> Description:
    """The description of a folder. Raises BundleError, naming the file, if this version cannot read it."""
    path = folder / DESCRIPTION
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        version = record["schema_version"]
        if version != SCHEMA_VERSION:
            raise BundleError(f"{path}: schema version {version}, expected {SCHEMA_VERSION}; export the folder again")
        description = Description(
            record["name"], record["task"], Window(**record["window"]), tuple(record["precisions"])
        )
        description.build_decoding()
    except (OSError, ValueError, KeyError, TypeError, InputError) as error:
        raise BundleError(f"{path}: cannot be read: {error}; export the folder again") from None
    return description
