"""More to learn entities from: the same sentences with other entities of the same types in place of theirs."""

from __future__ import annotations

from collections.abc import Sequence

from paddle_ner.data.augmenting import make, other_entities
from paddle_ner.training.augmentation.augmentation import Augmentation
from paddle_ner.types import Example


def replaced(examples: Sequence[Example], share: float, seed: int) -> list[Example]:
    """Examples that are drawn at random, their entities replaced by others of their types in `examples`.

    See `other_entities`. No example is drawn again before all that can be changed were.

    Args:
        examples: with entities.
        share: characters to make, as a share of those of all examples.
        seed: the seed of the draw.
    """
    return [made for _, made in make(examples, other_entities(examples), share, seed, repeats=True)]


AUGMENTATION = Augmentation("replace", "with other entities of the same types", replaced, tasks=("ner",))
