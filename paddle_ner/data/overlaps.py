"""Entities that overlap: what is wrong with them, and which of them a flat model can learn.

Crossing and nested entities are treated alike. Of those that overlap, ``outermost`` keeps the longest and ``innermost``
the shortest; of equally long entities the one that begins first, and of those with the same range the first in
the record.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from paddle_ner.types import Entity

Keep = Literal["outermost", "innermost"]


@dataclass(slots=True)
class LeftOut:
    """What was left out of all records so far, for one line to the user.

    Attributes:
        keep: the rule that says which are kept.
        records: how many records lost an entity.
        entities: how many entities were left out.
        same_range: how many of these have the range of the one that was kept, with another label.
        seen: how many entities there were in all.
    """

    keep: Keep
    records: int = 0
    entities: int = 0
    same_range: int = 0
    seen: int = 0

    def remark(self) -> str | None:
        """The line; None if nothing was left out."""
        if not self.entities:
            return None
        records = f"{self.records:,} record{'s' * (self.records != 1)}"
        same = f", {self.same_range:,} of them with the range of the kept one" if self.same_range else ""
        return (
            f"left out {self.entities:,} of {self.seen:,} entities, in {records}, that overlap one that is kept"
            f"{same} (--overlaps {self.keep})"
        )

    def flat(self, entities: Sequence[Entity]) -> list[Entity]:
        """The entities of a record that are kept, in order of their start; the others are counted.

        Args:
            entities: in the order of the record.
        """
        sign = -1 if self.keep == "outermost" else 1
        kept: list[Entity] = []
        same_range = 0
        for entity in sorted(
            entities, key=lambda candidate: (sign * (candidate.end - candidate.start), candidate.start)
        ):
            if any(entity.start < other.end and other.start < entity.end for other in kept):
                same_range += any((entity.start, entity.end) == (other.start, other.end) for other in kept)
            else:
                kept.append(entity)
        self.seen += len(entities)
        self.entities += len(entities) - len(kept)
        self.records += len(kept) < len(entities)
        self.same_range += same_range
        return sorted(kept, key=lambda entity: entity.start)


def faults(entities: Sequence[tuple[Entity, int]]) -> Iterator[tuple[int, str]]:
    """What is wrong, and on which line, with entities (in order of their start) that begin before another ends."""
    widest: Entity | None = None
    for entity, line in entities:
        if widest is not None and entity.start < widest.end:
            yield (
                line,
                f"overlapping entities {widest.label} {widest.start}..{widest.end} {widest.text!r} and {entity.label}"
                f" {entity.start}..{entity.end} {entity.text!r}, expected flat entities (--overlaps outermost or"
                " innermost keeps one of them, allow keeps all)",
            )
        if widest is None or entity.end > widest.end:
            widest = entity


def do_overlap(entities: Sequence[Entity]) -> bool:
    """Whether any two of the entities share a character."""
    ordered = sorted(entities, key=lambda entity: entity.start)
    return any(after.start < before.end for before, after in pairwise(ordered))
