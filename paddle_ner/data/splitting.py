"""Cutting one set into parts, such as train, dev and test, without a text that stands in two of them."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Sequence

from paddle_ner.errors import InputError
from paddle_ner.types import Example


def split(examples: Iterable[Example], fractions: Sequence[float], seed: int) -> list[list[Example]]:
    """Cut examples at random into one part a fraction; each part keeps the order of the file.

    Examples with the same text come into the same part, so a part can be off its fraction by the length of such a
    group. The same examples, fractions and seed give the same parts.

    Raises:
        InputError: the fractions are not positive or do not add up to 1, or a part would be empty.
    """
    if not fractions or any(not fraction > 0 for fraction in fractions) or not math.isclose(sum(fractions), 1):
        shown = ", ".join(f"{fraction:g}" for fraction in fractions)
        raise InputError(f"fractions {shown} add up to {sum(fractions):g}, expected positive numbers that add up to 1")
    groups: dict[str, list[int]] = {}
    kept = list(examples)
    for index, example in enumerate(kept):
        groups.setdefault(example.text, []).append(index)
    shuffled = list(groups.values())
    random.Random(seed).shuffle(shuffled)
    parts: list[list[int]] = [[] for _ in fractions]
    bounds = [round(len(kept) * sum(fractions[: part + 1])) for part in range(len(fractions))]
    bounds[-1] = len(kept)
    part = taken = 0
    for group in shuffled:
        while taken >= bounds[part]:
            part += 1
        parts[part].extend(group)
        taken += len(group)
    if not all(parts):
        raise InputError(f"{len(groups)} different texts are too few for {len(fractions)} parts, expected one for each")
    return [[kept[index] for index in sorted(part)] for part in parts]
