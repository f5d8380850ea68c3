"""Which format a file has, by its content first and its suffix second."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from paddle_ner.data.formats.conll import TAG, columns
from paddle_ner.data.options import Format
from paddle_ner.data.source import BYTE_ORDER_MARK, open_bytes
from paddle_ner.errors import InputError

HEAD_BYTES = 1 << 18
_SAMPLE = 200
_SEGMENT = re.compile(r".+/[A-Za-z]{1,4}")


def detect(path: Path, encoding: str = "utf-8") -> Format:
    """The format of a file or folder.

    Raises InputError where the path is absent or empty, or where the content fits no format: there is no fallback.
    """
    if path.is_dir():
        return _of_folder(path)
    with open_bytes(path) as stream:
        head = stream.read(HEAD_BYTES)
    if path.suffix == ".ann" or (path.suffix == ".txt" and path.with_suffix(".ann").exists()):
        return Format.BRAT
    # The last line may be cut in the middle; a file of one line is looked at as it is.
    complete = head[: head.rfind(b"\n")] if len(head) == HEAD_BYTES and b"\n" in head else head
    text = complete.decode(encoding, errors="replace").removeprefix(BYTE_ORDER_MARK)
    sample = [line.removesuffix("\r") for line in text.split("\n") if line.strip()][:_SAMPLE]
    if not sample:
        raise InputError(f"{path}: empty, expected labelled data")
    if _most(sample, _is_columns):
        return Format.CONLL
    if re.match(r"\s*\[\s*(\{|\]|$)", text):
        return _of_array(text)
    if _most(sample, lambda line: line.startswith("{") and '"' in line):
        return _of_json_lines(sample)
    if _most(sample, lambda line: all(_SEGMENT.fullmatch(part) for part in line.split())):
        return Format.SEGMENT_TAG
    by_suffix = {".csv": Format.CSV, ".tsv": Format.TSV}.get(_suffix(path))
    if by_suffix is not None:
        return by_suffix
    if _most(sample, lambda line: "\t" in line.strip("\t")):
        return Format.TSV
    if _suffix(path) in (".jsonl", ".json") and text.lstrip().startswith("{"):
        return Format.JSONL
    raise InputError(
        f"{path}: cannot tell the format from the content, expected one of"
        f" {', '.join(format.value for format in Format)}: name it (--format, or format: in YAML)"
    )


def _of_folder(path: Path) -> Format:
    if next(path.rglob("*.ann"), None) is not None:
        return Format.BRAT
    if next(path.glob("*/*.txt"), None) is not None:
        return Format.FOLDER
    raise InputError(f"{path}: a folder with neither brat's .ann files nor a folder of .txt files for each class")


def _of_json_lines(sample: list[str]) -> Format:
    for line in sample:
        try:
            record = json.loads(line)
        except (json.JSONDecodeError, RecursionError):
            continue
        format = _of_record(record) if isinstance(record, dict) else None
        if format is not None:
            return format
    return Format.JSONL


def _of_record(record: dict[str, Any]) -> Format | None:
    """The format that this record is sure to have, None where it may be of several."""
    if isinstance(record.get("label"), dict):
        return Format.CLUENER
    if isinstance(record.get("label"), list) or {"relations", "Comments", "annotations", "data"} & record.keys():
        return Format.DOCCANO
    labels, entities = record.get("labels"), record.get("entities")
    if isinstance(labels, list) and labels:
        return Format.DOCCANO if isinstance(labels[0], list) else Format.JSONL
    if isinstance(entities, list) and entities and isinstance(entities[0], dict):
        return Format.DOCCANO if "start_offset" in entities[0] else Format.JSONL
    return None


def _of_array(head: str) -> Format:
    tasks = re.search(r'"(annotations|completions)"\s*:\s*\[', head) and re.search(r'"data"\s*:\s*\{', head)
    return Format.LABEL_STUDIO if tasks else Format.JSON_ARRAY


def _is_columns(line: str) -> bool:
    parts = columns(line)
    if line.startswith("-DOCSTART-"):
        return True
    return len(parts) > 1 and any(TAG.fullmatch(tag) is not None for tag in (parts[0], parts[-1]))


def _most(sample: list[str], test: Callable[[str], bool]) -> bool:
    return 2 * sum(map(test, sample)) > len(sample)


def _suffix(path: Path) -> str:
    return Path(path.stem).suffix if path.suffix == ".gz" else path.suffix
