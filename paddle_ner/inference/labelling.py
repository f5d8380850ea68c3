"""Turns the texts of a file into records that can be written, with the model's answer for each."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import replace

from paddle_ner.data import Record
from paddle_ner.inference.predictor import CHUNK, Predictor
from paddle_ner.types import Example


def label(
    predictor: Predictor, examples: Iterable[Example], fields: Iterable[str] = (), chunk: int = CHUNK
) -> Iterator[Record]:
    """A record for each example, in order: the model's answer with the example's id and fields.

    Args:
        predictor: labels the texts.
        examples: any number of examples.
        fields: names that each record has, with None if its example does not have the field.
        chunk: how many examples are held at a time.
    """
    waiting: deque[Example] = deque()
    model = " ".join(filter(None, (predictor.manifest.name, predictor.version)))
    names = tuple(fields)

    def texts() -> Iterator[str]:
        for example in examples:
            waiting.append(example)
            yield example.text

    for answer in predictor.stream(texts(), chunk):
        example = waiting.popleft()
        held = {**dict.fromkeys(names), **example.fields}
        yield Record(replace(answer, id=example.id), example.origin, held, model)
