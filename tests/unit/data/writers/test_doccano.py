from __future__ import annotations

import json

from tests.unit.data.writers.conftest import Found, Write


def test_entities_are_triples_in_utf16_units(write: Write, found: Found) -> None:
    record = found("😀王芳在北京", (1, 3, "PER", 0.9), (4, 6, "LOC", 0.8), id=5, fields={"source": "x"})
    assert json.loads(write("doccano", record)) == {
        "id": 5,
        "text": "😀王芳在北京",
        "label": [[2, 4, "PER"], [5, 7, "LOC"]],
        "source": "x",
    }


def test_classes_are_names(write: Write, found: Found) -> None:
    assert json.loads(write("doccano", found("好", label="好", scores={"好": 1.0})))["label"] == ["好"]
