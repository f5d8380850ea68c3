"""Tag schemes (BIO, BIOES): spans to tags, tags to spans, and the best valid tag sequence for given logits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Tuple

import numpy as np
from numpy.typing import NDArray

from paddle_ner.errors import InputError

Span = Tuple[int, int, int]  # first token, one past the last, index of the label

_PREFIXES = {"BIO": "BI", "BIOES": "BIES"}
_FORBIDDEN = -1e9


@dataclass(frozen=True)
class TagScheme:
    """The tags of a label set, ``O`` first.

    Attributes:
        name: BIO or BIOES.
        labels: entity types, in the order of the model's outputs.
    """

    name: str
    labels: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.name not in _PREFIXES:
            raise InputError(f"tag scheme {self.name!r} is unknown, expected one of {', '.join(_PREFIXES)}")

    @cached_property
    def tags(self) -> tuple[str, ...]:
        """All tags in the order of the model's outputs."""
        return ("O", *(f"{prefix}-{label}" for label in self.labels for prefix in _PREFIXES[self.name]))

    def _tag(self, prefix: str, label: int) -> int:
        prefixes = _PREFIXES[self.name]
        return 1 + label * len(prefixes) + prefixes.index(prefix)

    def encode(self, spans: Sequence[Span], tokens: int) -> NDArray[np.int64]:
        """Tags, int64 of shape [tokens], of non-overlapping token spans."""
        tags = np.zeros(tokens, dtype=np.int64)
        for first, last, label in spans:
            tags[first:last] = self._tag("I", label)
            tags[first] = self._tag("B", label)
            if self.name == "BIOES":
                tags[last - 1] = self._tag("S" if last - first == 1 else "E", label)
        return tags

    def decode(self, tags: Sequence[int] | NDArray[np.int64]) -> list[Span]:
        """Token spans of a valid tag sequence."""
        spans: list[Span] = []
        prefixes = _PREFIXES[self.name]
        for position, tag in enumerate(tags):
            if tag == 0:
                continue
            label, which = divmod(int(tag) - 1, len(prefixes))
            if prefixes[which] in "BS":
                spans.append((position, position + 1, label))
            else:
                first, _, label = spans[-1]
                spans[-1] = (first, position + 1, label)
        return spans

    @cached_property
    def transitions(self) -> NDArray[np.bool_]:
        """Bool array of shape [tags, tags]: may the tag of the column follow that of the row?"""
        closed = "BIO" if self.name == "BIO" else "ESO"  # after these an entity may begin, or O follow

        def allowed(before: str, after: str) -> bool:
            if after[0] in "OBS":
                return before[0] in closed
            return before[0] in "BI" and before[2:] == after[2:]

        return np.array([[allowed(before, after) for after in self.tags] for before in self.tags])

    @cached_property
    def groups(self) -> tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]:
        """`transitions` the other way round: the tags that may come before, and all tags that have just these."""
        by_before: dict[tuple[int, ...], list[int]] = {}
        for tag, column in enumerate(self.transitions.T):
            by_before.setdefault(tuple(int(before) for before in np.flatnonzero(column)), []).append(tag)
        return tuple((before, tuple(tags)) for before, tags in by_before.items())

    @cached_property
    def starts(self) -> NDArray[np.bool_]:
        """Bool array of shape [tags]: may a text begin with the tag?"""
        return np.array([tag[0] in "OBS" for tag in self.tags])

    @cached_property
    def ends(self) -> NDArray[np.bool_]:
        """Bool array of shape [tags]: may a text end with the tag?"""
        return np.array([tag[0] in ("OBI" if self.name == "BIO" else "OES") for tag in self.tags])

    def is_valid(self, tags: NDArray[np.int64]) -> bool:
        """Whether a tag sequence follows all rules of the scheme."""
        if len(tags) == 0:
            return True
        return bool(self.starts[tags[0]] and self.ends[tags[-1]] and self.transitions[tags[:-1], tags[1:]].all())

    def best(self, logits: NDArray[np.float32]) -> NDArray[np.int64]:
        """The valid tag sequence with the greatest sum of logits, int64 of shape [tokens].

        `logits` has the shape [tokens, tags]. Each token starts with its greatest logit. If that breaks a rule, only
        the shortest sufficient stretch of tokens is searched (Viterbi 1967): when the best tags of a stretch, whatever
        is around it, fit its neighbours, they are also the best together with them, since these are at their own best.
        """
        greedy = np.asarray(logits.argmax(axis=1), dtype=np.int64)
        if self.is_valid(greedy):
            return greedy
        path, last = greedy.tolist(), len(greedy) - 1
        broken = np.flatnonzero(~self.transitions[greedy[:-1], greedy[1:]]).tolist()
        searched: list[tuple[int, int]] = []  # stretches from left to right, both ends included
        for first, end in [
            *([] if self.starts[greedy[0]] else [(0, 0)]),
            *((at, at + 1) for at in broken),
            *([] if self.ends[greedy[-1]] else [(last, last)]),
        ]:
            if searched and first <= searched[-1][1]:
                continue  # already repaired by the search
            while True:
                while searched and first <= searched[-1][1]:
                    first = min(first, searched.pop()[0])
                path[first : end + 1] = self._search(logits[first : end + 1].tolist(), first == 0, end == last)
                fits_before = first == 0 or self.transitions[path[first - 1], path[first]]
                fits_after = end == last or self.transitions[path[end], greedy[end + 1]]
                if fits_before and fits_after:
                    break
                first, end = first - (not fits_before), end + (not fits_after)
            searched.append((first, end))
        return np.array(path, dtype=np.int64)

    def _search(self, logits: list[list[float]], at_start: bool, at_end: bool) -> list[int]:
        """The best tags for a stretch of tokens, which may begin with any tag but `at_start`, and end but `at_end`, of
        a text.
        """
        # Plain lists: for a few tags a step in numpy costs more than the work in it.
        scores, *rest = logits
        if at_start:
            scores = [score if allowed else _FORBIDDEN for score, allowed in zip(scores, self.starts)]
        steps: list[list[int]] = []
        for row in rest:
            following, before = list(scores), [0] * len(scores)
            for predecessors, tags in self.groups:
                best = max(predecessors, key=scores.__getitem__)
                for tag in tags:
                    following[tag] = scores[best] + row[tag]
                    before[tag] = best
            scores = following
            steps.append(before)
        closing = [tag for tag, allowed in enumerate(self.ends) if allowed] if at_end else range(len(scores))
        path = [max(closing, key=scores.__getitem__)]
        for before in reversed(steps):
            path.append(before[path[-1]])
        return path[::-1]
