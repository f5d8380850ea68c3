"""Augmentations: they make more examples from the labelled ones. One module each.

A module holds one ``AUGMENTATION``, or a tuple of several. Other distributions add theirs through an entry point of the
group ``paddle_ner.augmentations``. A training uses those that ``training.augment`` names, each with its share.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from paddle_ner.config import TrainingConfig
from paddle_ner.errors import InputError
from paddle_ner.registry import Registry
from paddle_ner.training.augmentation.augmentation import Augmentation
from paddle_ner.types import Example

AUGMENTATIONS: Registry[Augmentation] = Registry(
    "augmentation", __name__, "AUGMENTATION", "paddle_ner.augmentations", Augmentation
)
"""Every augmentation by its name."""

_SHARE = 0.4  # of the usual ones if a config names none; docs/results.md says what it is worth

__all__ = ["AUGMENTATIONS", "Augmentation", "augmented", "shares_of"]


def shares_of(training: TrainingConfig, unit: str, task: str) -> dict[str, float]:
    """The augmentations of a training, and how much each adds: characters, as a share of those of the training data.

    Args:
        training: names them in `augment`; if that is None, those that are `usual` and fit are taken.
        unit: `window.unit`.
        task: its name, of `tasks.TASKS`.

    Raises:
        InputError: an augmentation is unknown, or does not fit the task or the windows.
    """
    if training.augment is None:
        usual = (part for part in AUGMENTATIONS.values() if part.usual and part.misfit(task, unit) is None)
        return {part.name: _SHARE for part in usual}
    for name in training.augment:
        if name not in AUGMENTATIONS:
            raise InputError(
                f"training.augment: augmentation {name!r} is unknown, expected of {', '.join(AUGMENTATIONS)}"
            )
        misfit = AUGMENTATIONS[name].misfit(task, unit)
        if misfit is not None and training.augment[name]:
            raise InputError(f"training.augment.{name}: {misfit}: leave it out")
    return {name: share for name, share in training.augment.items() if share}


def augmented(examples: Sequence[Example], shares: Mapping[str, float], seed: int) -> dict[str, list[Example]]:
    """The new examples of each augmentation.

    Args:
        examples: the originals.
        shares: as `shares_of` returns them.
        seed: the seed of each draw.
    """
    return {name: AUGMENTATIONS[name].make(examples, share, seed) for name, share in shares.items()}
