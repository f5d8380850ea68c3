"""More to learn entities from: sentences that run into one another, without a mark between them.

A model that reads sentence by sentence, and learned from single ones alone, fails where two are in a window. One in
fourteen of the quickstart's sentences ends without a mark; see ``Long texts`` in docs/results.md for what that costs.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

import numpy as np

from paddle_ner.features.sentences import MARKS
from paddle_ner.training.augmentation.augmentation import Augmentation
from paddle_ner.types import Entity, Example

_COUNTS = (2, 2, 3)  # how many examples are joined, drawn from these


def joined(examples: Sequence[Example], share: float, seed: int) -> list[Example]:
    """Examples that are drawn at random, each at most once, and joined without the marks that end them.

    Args:
        examples: with entities.
        share: characters to draw, as a share of those of all examples.
        seed: the seed of the draw.
    """
    draw = np.random.default_rng(seed)
    order = iter(draw.permutation(len(examples)).tolist())
    wanted = share * sum(len(example.text) for example in examples)
    made: list[Example] = []
    while wanted > 0:
        group = [examples[index] for index in islice(order, int(draw.choice(_COUNTS)))]
        if len(group) < 2:
            break
        wanted -= sum(len(example.text) for example in group)
        made.append(_join(group))
    return made


def _join(examples: Sequence[Example]) -> Example:
    text = ""
    places: list[tuple[int, int, str]] = []
    for example in examples:
        entities = example.entities or ()
        places += [(len(text) + entity.start, len(text) + entity.end, entity.label) for entity in entities]
        end = max([len(example.text.rstrip(MARKS)), *(entity.end for entity in entities)])
        text += example.text[:end]
    return Example(text, entities=tuple(Entity.of(text, *place) for place in places))


AUGMENTATION = Augmentation(
    "join", "sentences that run into one another", joined, tasks=("ner",), units=("sentence",), usual=True
)
