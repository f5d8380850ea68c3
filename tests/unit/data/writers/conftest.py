from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest

from paddle_ner.data import WRITERS, Record
from paddle_ner.types import Entity, Example, Prediction

Write = Callable[..., str]
Found = Callable[..., Record]


@pytest.fixture
def write() -> Write:
    """What a writer makes of examples, or of records."""

    def written(name: str, *labelled: Example | Record) -> str:
        stream = io.StringIO()
        records = [one if isinstance(one, Record) else next(Record.of([one])) for one in labelled]
        assert WRITERS[name].write(records, stream) == len(records)
        return stream.getvalue()

    return written


@pytest.fixture
def found() -> Found:
    """What a model says of a text: entities as (start, end, label, score), or scores of classes."""

    def record(text: str, *entities: tuple[int, int, str, float], origin: str = "a:1", **more: Any) -> Record:
        fields, number = more.pop("fields", {}), more.pop("id", None)
        spans = None if more else tuple(Entity.of(text, *entity) for entity in entities)
        return Record(Prediction(text, spans, id=number, **more), origin, fields, "ner 1234")

    return record
