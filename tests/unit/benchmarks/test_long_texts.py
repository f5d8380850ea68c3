from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest

from paddle_ner import data, tasks
from paddle_ner.types import Entity, Example, Prediction

FILE = Path(__file__).parents[3] / "benchmarks" / "long_texts.py"
EXAMPLES = [
    Example("雷军在北京。", entities=(Entity.of("雷军在北京。", 0, 2, "PER"), Entity.of("雷军在北京。", 3, 5, "LOC"))),
    Example("上海", entities=(Entity.of("上海", 0, 2, "LOC"),)),
    Example("好", entities=()),
]


@pytest.fixture(scope="module")
def program() -> ModuleType:
    spec = importlib.util.spec_from_file_location("long_texts", FILE)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_joined_examples_have_their_entities_where_they_stand(program: ModuleType) -> None:
    first, second = program.joined(EXAMPLES, 2, "\n")
    assert first.text == "雷军在北京。\n上海"
    assert [(entity.text, entity.start, entity.label) for entity in first.entities] == [
        ("雷军", 0, "PER"),
        ("北京", 3, "LOC"),
        ("上海", 7, "LOC"),
    ]
    assert (second.text, second.entities) == ("好", ())


class FindsInShortTexts:
    """A model that finds everything in the texts of EXAMPLES, and nothing in others."""

    def __init__(self, labels: list[str]) -> None:
        self.decoding = tasks.create("ner", labels).decoding

    def __call__(self, texts: list[str]) -> list[Prediction]:
        known = {example.text: example.entities for example in EXAMPLES}
        return [Prediction(text, entities=known.get(text, ())) for text in texts]


def test_each_join_is_scored(
    program: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data.write(tmp_path / "x.jsonl", EXAMPLES)
    monkeypatch.setattr(program, "load", lambda _: FindsInShortTexts(["PER", "LOC"]))
    program.main(["model", str(tmp_path / "x.jsonl"), "--join", "2", "--json"])
    assert json.loads(capsys.readouterr().out)["rows"] == [
        {"joined": 1, "texts": 3, "f1": 1.0},
        {"joined": 2, "texts": 2, "f1": 0.0},
    ]
    program.main(["model", str(tmp_path / "x.jsonl"), "--join", "2"])
    assert "-100.00" in capsys.readouterr().out
