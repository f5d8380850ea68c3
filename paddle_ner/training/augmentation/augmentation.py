"""How an augmentation describes itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from paddle_ner.types import Example


@dataclass(frozen=True)
class Augmentation:
    """``AUGMENTATION`` in its module, found in `AUGMENTATIONS`.

    Attributes:
        name: its name in a config: ``training.augment: {NAME: 0.4}``.
        summary: what its examples are, for the log: "12 more are made of them, …".
        make: the new examples, from those of the training data, their characters to make as a share of those of all
            examples, and the seed of the draw. The same arguments make the same examples; those given stay as they are.
        tasks: names of `tasks.TASKS` that it is for.
        units: the `window.unit`s that it is for; none: for all.
        usual: whether it is used if a config does not say which.
    """

    name: str
    summary: str
    make: Callable[[Sequence[Example], float, int], list[Example]]
    tasks: tuple[str, ...]
    units: tuple[str, ...] = ()
    usual: bool = False

    def misfit(self, task: str, unit: str) -> str | None:
        """Why it is not for this task or these windows; None if it is."""
        if task not in self.tasks:
            return f"it is for {' and '.join(self.tasks)}, and this is {task}"
        if self.units and unit not in self.units:
            return f"it is for window.unit {' or '.join(self.units)}, and this is {unit}"
        return None
