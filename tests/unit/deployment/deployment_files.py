"""What the tests of compose.yaml, the Dockerfiles and the Kubernetes objects share."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import yaml

from paddle_ner.cli.serve import command as serve

ROOT = Path(__file__).parents[3]
PORT = 8000


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def options_of_serve(arguments: Sequence[str]) -> dict[str, Any]:
    """The options that `paddle-ner serve` reads from `arguments`; fails where it has none of that name."""
    found, left, _ = serve.make_parser(click.Context(serve)).parse_args(args=list(arguments))
    assert not [one for one in left if one.startswith("-")], left
    return found


def instructions(dockerfile: Path) -> list[tuple[str, str]]:
    """Instruction and its text, continued lines joined, comments left out."""
    lines = [line for line in dockerfile.read_text(encoding="utf-8").splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    return [(head, text.strip()) for head, text in re.findall(r"^([A-Z]+)\s+(.*)$", joined, flags=re.M)]


def last_stage(dockerfile: Path) -> list[tuple[str, str]]:
    """The instructions from the last FROM on."""
    found = instructions(dockerfile)
    return found[max(index for index, (head, _) in enumerate(found) if head == "FROM") :]
