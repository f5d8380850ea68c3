"""What a min score must do to the answers of a real model, whatever its head."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import paddle_ner


def check_min_score(model: Path, asked: Sequence[str]) -> None:
    """Entities below the least score are left out, those of another type too, and nothing else."""
    ner = paddle_ner.load(model, min_score={"LOC": 0, "*": 1})
    assert {entity.label for answer in ner(asked) for entity in answer.entities or ()} == {"LOC"}
    every = [entity for answer in ner(asked, min_score=0) for entity in answer.entities or ()]
    middle = sorted(entity.score or 0 for entity in every)[len(every) // 2]
    kept = [entity for answer in ner(asked, min_score=middle) for entity in answer.entities or ()]
    assert kept == [entity for entity in every if (entity.score or 0) >= middle] != every
