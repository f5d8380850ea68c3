"""More to learn entities from: the same sentences with other entities of the same types in place of theirs."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from itertools import accumulate

import numpy as np

from paddle_ner.training.augmentation.augmentation import Augmentation
from paddle_ner.types import Entity, Example

Surfaces = Mapping[str, Sequence[str]]  # the texts of entities, each once and sorted, by type


def replaced(examples: Sequence[Example], share: float, seed: int) -> list[Example]:
    """Examples that are drawn at random, each entity replaced by another one of its type in `examples`.

    All surfaces of a type are as likely, however often they occur, and two entities of an example that read alike do so
    afterwards. Entities that overlap others stay, and so do those whose type has no other surface; an example in which
    nothing can be replaced is not drawn. No example is drawn again before all were.

    Args:
        examples: with entities.
        share: characters to make, as a share of those of all examples.
        seed: of the draw.
    """
    draw = np.random.default_rng(seed)
    surfaces = _surfaces(examples)
    candidates = [example for example in examples if _replaceable(example, surfaces)]
    wanted = share * sum(len(example.text) for example in examples)
    order: list[int] = []
    made: list[Example] = []
    while wanted > 0 and candidates:
        order = order or draw.permutation(len(candidates)).tolist()
        made.append(_replace(candidates[order.pop()], surfaces, draw))
        wanted -= len(made[-1].text)
    return made


def _surfaces(examples: Sequence[Example]) -> Surfaces:
    surfaces: dict[str, list[str]] = {}
    for label, text in sorted({(one.label, one.text) for example in examples for one in example.entities or ()}):
        surfaces.setdefault(label, []).append(text)
    return surfaces


def _replaceable(example: Example, surfaces: Surfaces) -> list[Entity]:
    """The entities of an example that overlap no other one and whose type has another surface, in order."""
    entities = sorted(example.entities or (), key=lambda entity: entity.start)
    ends = accumulate((entity.end for entity in entities[:-1]), max, initial=0)  # of all entities before each
    starts = [*(entity.start for entity in entities[1:]), len(example.text)]  # of the one behind each
    return [
        entity
        for entity, end, start in zip(entities, ends, starts, strict=False)
        if end <= entity.start and entity.end <= start and len(surfaces[entity.label]) > 1
    ]


def _replace(example: Example, surfaces: Surfaces, draw: np.random.Generator) -> Example:
    others: dict[tuple[str, str], str] = {}
    text, read = "", 0
    ends: list[tuple[int, int]] = [(0, 0)]  # of what is replaced: before and afterwards
    for entity in _replaceable(example, surfaces):
        key = entity.label, entity.text
        if key not in others:
            others[key] = _another(surfaces[entity.label], entity.text, draw)
        text += example.text[read : entity.start] + others[key]
        read = entity.end
        ends.append((entity.end, len(text)))
    text += example.text[read:]

    def moved(place: int) -> int:
        before, after = ends[bisect_left(ends, (place + 1, 0)) - 1]
        return place - before + after

    places = [(moved(entity.start), moved(entity.end), entity.label) for entity in example.entities or ()]
    return Example(text, entities=tuple(Entity.of(text, *place) for place in places))


def _another(surfaces: Sequence[str], text: str, draw: np.random.Generator) -> str:
    index = int(draw.integers(len(surfaces) - 1))
    return surfaces[index + (index >= bisect_left(surfaces, text))]


AUGMENTATION = Augmentation("replace", "with other entities of the same types", replaced, tasks=("ner",))
