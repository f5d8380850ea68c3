"""One model and many threads: engines that refuse a second thread, and everything that waits for them.

Tests `paddle_ner.inference.predictor` and `paddle_ner.inference.protocols` too.
"""

from __future__ import annotations

import gc
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from paddle_ner.bundle import Manifest, WindowSpec
from paddle_ner.errors import InputError
from paddle_ner.features.tokenizer import Tokenizer
from paddle_ner.inference.model import Model
from paddle_ner.inference.predictor import Predictor
from paddle_ner.inference.protocols import EngineInfo
from paddle_ner.types import Prediction

CHARACTERS = "王小明在北京大学读书上海"
TEXTS = [CHARACTERS[start:end] for start in range(6) for end in range(start + 1, len(CHARACTERS))]
NER = {"name": "ner", "labels": ["PER", "LOC"], "tag_scheme": "BIO"}
SPANS = {"name": "ner", "labels": ["PER", "LOC"], "overlapping": True, "threshold": 0.5}
MULTI_LABEL = {"name": "multi-label", "labels": ["a", "b", "c"], "threshold": 0.4}
CLASSES = {"name": "classification", "labels": ["a", "b"]}


class OneThreadEngine:
    """Gives outputs that follow from the ids, and fails in any thread but the one that asked first."""

    info = EngineInfo("fake", "cpu", "fp32", 1)

    def __init__(self, columns: int, by_token: bool = True) -> None:
        self.columns, self.by_token = columns, by_token
        self.thread: int | None = None
        self.shapes: list[tuple[int, ...]] = []
        self.busy = threading.Lock()

    def clone(self) -> OneThreadEngine:
        return OneThreadEngine(self.columns, self.by_token)

    def run(self, input_ids: NDArray[np.int64]) -> dict[str, NDArray[np.float32]]:
        self.thread = self.thread or threading.get_ident()
        assert self.thread == threading.get_ident(), "two threads used one engine"
        assert self.busy.acquire(blocking=False)
        self.shapes.append(input_ids.shape)
        waves = np.sin(input_ids[..., None] * np.arange(1, self.columns + 1)).astype(np.float32)
        self.busy.release()
        return {"logits": 4 * waves if self.by_token else 4 * waves[:, 1]}


def make(task: dict[str, Any] = NER, engines: int = 3) -> Model:
    """A model with fake engines; a pickle of it makes it again."""
    manifest = Manifest(name="m", task=task, window=WindowSpec(size=16, overlap=4))
    outputs = manifest.build_decoding().num_outputs
    engine = OneThreadEngine(outputs, by_token=task["name"] == "ner")
    first = Predictor(manifest, Tokenizer.characters([CHARACTERS]), engine)
    return Model([first, *(first.clone() for _ in range(engines - 1))], (make, (task, engines)))


def on_engines(model: Model) -> list[OneThreadEngine]:
    """The engines of a model, each asked by its own thread."""
    all_there = threading.Barrier(model.engines, timeout=60)

    def own(predictor: Predictor) -> OneThreadEngine:
        all_there.wait()
        engine = predictor._engine
        assert isinstance(engine, OneThreadEngine)
        return engine

    return [future.result() for future in [model._submit(own) for _ in range(model.engines)]]


def same(answers: list[Prediction], expected: list[Prediction]) -> bool:
    return [answer.to_dict() for answer in answers] == [answer.to_dict() for answer in expected]


@pytest.mark.parametrize("engines", [1, 3])
def test_threads_get_the_answers_of_a_call_alone(engines: int) -> None:
    model = make(engines=engines)
    alone = [model(text) for text in TEXTS]
    assert any(answer.entities for answer in alone)
    with ThreadPoolExecutor(16) as pool:
        together = list(pool.map(model, TEXTS * 5))
    assert same(together, alone * 5)


def test_a_call_with_many_texts_is_shared_out_among_the_engines() -> None:
    model = make()
    alone = [model(text) for text in TEXTS]
    engines = on_engines(model)
    assert len(set(map(id, engines))) == 3
    gate = threading.Barrier(3, timeout=60)  # passed only if three engines run at the same time
    for engine in engines:
        engine.run = waiting(engine.run, gate)
    assert same(model(TEXTS * 9), alone * 9)


def waiting(run: Callable[..., Any], gate: threading.Barrier) -> Callable[..., Any]:
    """`run`, whose first call waits at the gate."""
    calls = iter([gate.wait])
    return lambda ids: (next(calls, lambda: None)(), run(ids))[1]


def test_no_batch_is_larger_than_was_asked_for() -> None:
    model = make(engines=1)
    (engine,) = on_engines(model)
    model(TEXTS)
    assert max(rows for rows, _ in engine.shapes) > 3
    engine.shapes.clear()
    expected = model(TEXTS, batch_size=3)
    assert max(rows for rows, _ in engine.shapes) == 3
    engine.shapes.clear()
    model.batch_size = 2
    assert same(model(TEXTS), expected)
    assert max(rows for rows, _ in engine.shapes) == 2


def test_an_error_in_an_engine_reaches_the_caller_and_the_next_call_works(monkeypatch: pytest.MonkeyPatch) -> None:
    model = make(engines=1)
    (engine,) = on_engines(model)
    monkeypatch.setattr(engine, "run", lambda ids: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        model(TEXTS, batch_size=1)
    monkeypatch.undo()
    assert model("王小明").text == "王小明"


def test_warming_up_runs_every_length_in_every_engine() -> None:
    model = make()
    model.warm_up()
    assert [engine.shapes for engine in on_engines(model)] == [[(1, 8), (1, 16)]] * 3


def test_the_threads_end_with_the_model() -> None:
    model = make()
    model(TEXTS)
    threads = [thread for thread in threading.enumerate() if thread in model._threads._threads]
    assert threads
    del model
    gc.collect()
    for thread in threads:
        thread.join(timeout=30)
        assert not thread.is_alive()


@pytest.mark.parametrize("task", [NER, SPANS])
def test_entities_below_the_min_score_are_left_out(task: dict[str, Any]) -> None:
    model = make(task)
    entities = [entity for answer in model(TEXTS) for entity in answer.entities or ()]
    middle = sorted(entity.score or 0 for entity in entities)[len(entities) // 2]
    kept = [entity for answer in model(TEXTS, min_score=middle) for entity in answer.entities or ()]
    assert kept == [entity for entity in entities if (entity.score or 0) >= middle] != entities
    places = {"LOC": middle, "PER": 0}
    assert [entity for answer in model(TEXTS, min_score=places) for entity in answer.entities or ()] == [
        entity for entity in entities if entity.label == "PER" or (entity.score or 0) >= middle
    ]
    model.min_score = middle
    assert [entity for answer in model(TEXTS) for entity in answer.entities or ()] == kept
    assert [entity for answer in model(TEXTS, min_score=0) for entity in answer.entities or ()] == entities


def test_the_threshold_of_several_labels_is_the_models_until_another_is_asked_for() -> None:
    model = make(MULTI_LABEL)
    assert (model.labels, model.threshold) == (("a", "b", "c"), 0.4)
    for threshold in (0.4, 0.9, 0.0):
        for answer in model(TEXTS, threshold=threshold):
            scores = answer.scores or {}
            assert answer.labels == tuple(name for name in scores if scores[name] >= threshold)
    assert same(model(TEXTS), model(TEXTS, threshold=0.4))


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (None, "texts is NoneType None, expected a str or a list of them"),
        (3, "texts is int 3, expected a str or a list of them"),
        (b"ab", "texts is bytes b'ab', expected a str or a list of them"),
        ({"text": "a"}, "texts is dict {'text': 'a'}, expected a str or a list of them"),
        (["a", None], "text 2 is NoneType None, expected a str"),
        ([["a"]], r"text 1 is list \['a'\], expected a str"),
    ],
)
def test_what_is_no_text_is_refused(texts: Any, message: str) -> None:
    model = make()
    for ask in (model, lambda given: list(model.stream(given)), Predictor.__call__.__get__(model)):
        with pytest.raises(InputError, match=f"^{message}$"):
            ask(texts)


def test_a_stream_of_one_text_would_be_one_of_its_characters() -> None:
    with pytest.raises(InputError, match="texts is str '王小明', expected a str or a list of them"):
        list(make().stream("王小明"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"batch_size": 0}, "batch_size is 0, expected a whole number from 1 on"),
        ({"batch_size": 2.5}, "batch_size is 2.5"),
        ({"threshold": 0.5}, "threshold: it is for the classes of a multi-label model; min_score leaves out entities"),
        ({"min_score": 1.5}, "min_score: expected a number from 0 to 1"),
        ({"min_score": {"TIME": 0.5}}, "min_score of TIME: there is no such entity type, expected one of PER, LOC"),
    ],
)
def test_arguments_out_of_bounds_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        make()("王小明", **arguments)


@pytest.mark.parametrize(
    ("task", "arguments", "message"),
    [
        (MULTI_LABEL, {"threshold": 1.5}, "threshold is 1.5, expected a number from 0 to 1"),
        (MULTI_LABEL, {"threshold": "high"}, "threshold is 'high'"),
        (MULTI_LABEL, {"min_score": 0.5}, "gives the classes that reach its threshold of 0.4"),
        (CLASSES, {"threshold": 0.5}, "always gives the most probable one"),
        (CLASSES, {"min_score": 0.5}, "this model gives one class"),
    ],
)
def test_what_is_not_for_a_model_of_classes_is_refused(
    task: dict[str, Any], arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        make(task)("王小明", **arguments)


def test_a_pickle_opens_the_model_again_with_its_settings() -> None:
    model = make(MULTI_LABEL)
    model.batch_size, model.threshold = 5, 0.25
    again = pickle.loads(pickle.dumps(model))
    assert (again.batch_size, again.threshold, again.engines) == (5, 0.25, 3)
    model = make()
    model.min_score = {"LOC": 0.9}
    again = pickle.loads(pickle.dumps(model))
    assert again.min_score == {"LOC": 0.9}
    assert same(again(TEXTS), model(TEXTS))


def test_a_pickle_whose_folder_holds_another_model_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Model, "version", property(lambda model: "0123456789ab"))
    pickled = pickle.dumps(make())
    monkeypatch.setattr(Model, "version", property(lambda model: "ba9876543210"))
    with pytest.raises(InputError, match="holds version ba9876543210, but version 0123456789ab was pickled"):
        pickle.loads(pickled)


FORK = """
import os, sys
sys.path.insert(0, sys.argv[1])
from tests.unit.inference.test_model import TEXTS, make
from paddle_ner.errors import InputError
model = make()
model(TEXTS)
reading, writing = os.pipe()
if not (child := os.fork()):
    try:
        answer = str(model("王小明"))
    except InputError as error:
        answer = str(error)
    os.write(writing, answer.encode())
    os._exit(0)
os.close(writing)
print(open(reading, encoding="utf-8").read())
print(os.waitpid(child, 0)[1], model.engines, len(model(TEXTS)) == len(TEXTS))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_fork_is_refused_in_one_line_and_the_parent_goes_on() -> None:
    command = [sys.executable, "-c", FORK, str(Path(__file__).parents[3])]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    refused, ended = done.stdout.splitlines()
    assert "is a fork of it" in refused and "--preload" in refused and "spawn" in refused
    assert ended == "0 3 True"
