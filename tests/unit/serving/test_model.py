from __future__ import annotations

from pathlib import Path

import pytest

from paddle_ner import inference
from paddle_ner.errors import InputError
from paddle_ner.serving import Settings
from paddle_ner.serving.model import load_model
from tests.unit.serving.fakes import FakeModel


def test_a_model_without_a_type_of_the_servers_min_score_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    model = FakeModel()
    monkeypatch.setattr(inference, "load_replicas", lambda *_: [model])
    assert load_model(Path(), Settings.create(models={"a": "."}, min_score={"X": 0.5, "*": 0.4})) == [model]
    with pytest.raises(InputError, match="min_score of Y: there is no such entity type, expected one of X"):
        load_model(Path(), Settings.create(models={"a": "."}, min_score="0.4,Y=0.5"))
