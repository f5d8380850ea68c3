"""What is done to a checkpoint before its graph is quantized: a cut vocabulary, cut positions, pruned layers.

Each transform makes a checkpoint of a checkpoint, so they compose, and everything after them sees a plain checkpoint.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol


class Transform(Protocol):
    """Checkpoint to checkpoint."""

    @property
    def name(self) -> str:
        """What the manifest calls it."""
        ...

    def apply(self, checkpoint: Path, target: Path) -> dict[str, Any]:
        """Write the changed checkpoint to `target`; returns what the manifest should say of it, as JSON has it."""
        ...


def apply_all(checkpoint: Path, transforms: Sequence[Transform], work: Path) -> Path:
    """Run `transforms` in order, in folders of `work`. Gives the last checkpoint, whose manifest says what was done."""
    for number, transform in enumerate(transforms):
        target = work / f"checkpoint-{number}"
        transform.apply(checkpoint, target)
        checkpoint = target
    return checkpoint
