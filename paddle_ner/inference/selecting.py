"""The texts most worth labelling next: those that a model doubts, unlike each other and unlike what is labelled."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from paddle_ner.inference.predictor import CHUNK, Predictor
from paddle_ner.tasks.doubt import doubt
from paddle_ner.types import Example, Prediction

_CANDIDATES = 20  # for each text that is wanted, the most doubtful ones that are compared with each other
_AT_LEAST = 2000
_WIDTH = 1024  # of the vector of a text: its pairs of characters, hashed


@dataclass(frozen=True, slots=True)
class Chosen:
    """A text to label.

    Attributes:
        example: the text with its id and fields, without labels.
        prediction: what the model says of it.
        doubt: of the model, from 0 (sure) to 1.
    """

    example: Example
    prediction: Prediction
    doubt: float


def select(
    predictor: Predictor, examples: Iterable[Example], count: int, labelled: Collection[str] = ()
) -> list[Chosen]:
    """The texts to label next, the one most worth it first: at most `count`, none twice, and no empty one.

    One after another, the text is taken whose doubt, times one minus its likeness to the nearest of those taken before,
    is greatest. Likeness is the cosine of how often pairs of characters stand in the texts.

    Args:
        predictor: of the task.
        examples: of any number; a bounded number of them is held.
        count: how many are wanted.
        labelled: texts that are labelled already: they are not taken, nor is what is like them.
    """
    wanted = max(_CANDIDATES * count, _AT_LEAST)
    held: list[tuple[float, int, Chosen]] = []
    for number, chosen in enumerate(_doubted(predictor, examples, set(labelled))):
        entry = (chosen.doubt, -number, chosen)
        if len(held) < wanted:
            heapq.heappush(held, entry)
        else:
            heapq.heappushpop(held, entry)
    candidates = [chosen for _, _, chosen in sorted(held, reverse=True)]
    if not candidates:
        return []
    vectors = np.stack([_vector(candidate.example.text) for candidate in candidates])
    doubts = np.array([candidate.doubt for candidate in candidates])
    likeness = np.zeros(len(candidates))
    known = iter(labelled)
    while chunk := list(islice(known, CHUNK)):
        nearest = (vectors @ np.stack([_vector(text) for text in chunk]).T).max(axis=1)
        np.maximum(likeness, nearest, out=likeness)
    taken: list[Chosen] = []
    for _ in range(min(count, len(candidates))):
        worth = doubts * (1.0 - likeness)
        best = int(worth.argmax())
        taken.append(candidates[best])
        doubts[best] = -1.0
        np.maximum(likeness, vectors @ vectors[best], out=likeness)
    return taken


def _doubted(predictor: Predictor, examples: Iterable[Example], known: set[str]) -> Iterator[Chosen]:
    """Each new text with the model's answer and its doubt. `known` grows by the texts that come."""
    remaining = iter(examples)
    while chunk := list(islice(remaining, CHUNK)):
        new = []
        for example in chunk:
            if example.text.strip() and example.text not in known:
                known.add(example.text)
                new.append(example)
        encoded = [predictor.encode(example.text) for example in new]
        for example, windows, outputs in zip(new, encoded, predictor.outputs(encoded), strict=True):
            prediction = predictor.decode(windows, outputs)
            unsure = doubt(predictor.decoding, windows, outputs, prediction)
            yield Chosen(example, replace(prediction, id=example.id), unsure)


def _vector(text: str) -> NDArray[np.float32]:
    """How often each pair of characters stands in a text, of length one, hashed into `_WIDTH` places."""
    counts = np.zeros(_WIDTH, dtype=np.float32)
    for start in range(max(1, len(text) - 1)):
        counts[crc32(text[start : start + 2].encode("utf-8", "surrogatepass")) % _WIDTH] += 1
    counts /= max(float(np.linalg.norm(counts)), 1e-9)
    return counts
