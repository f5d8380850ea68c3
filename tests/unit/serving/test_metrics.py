from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import httpx

from paddle_ner.serving.metrics import Metrics
from tests.unit.serving.fakes import POISON, FakeModel

Serve = Callable[..., httpx.Client]
DOCUMENTATION = Path(__file__).parents[3] / "docs" / "serving.md"


def lines(metrics: Metrics) -> list[str]:
    return metrics.render().decode().splitlines()


def test_counters_are_there_before_anything_happened() -> None:
    metrics = Metrics()
    metrics.model("ner")
    found = lines(metrics)
    for sample in (
        'paddle_ner_dropped_texts_total{model="ner",reason="deadline"}',
        'paddle_ner_dropped_texts_total{model="ner",reason="client_left"}',
        'paddle_ner_failed_texts_total{model="ner",stage="run"}',
        'paddle_ner_texts_without_label_total{model="ner"}',
        'paddle_ner_engine_rebuilds_total{model="ner"}',
        'paddle_ner_reloads_total{model="ner",result="refused"}',
        'paddle_ner_model_ready{model="ner"}',
    ):
        assert f"{sample} 0.0" in found


def test_what_happens_to_a_model_is_counted() -> None:
    metrics = Metrics()
    model = metrics.model("ner")
    model.answered_texts([["PER", "LOC", "PER"], [], ["LOC"], ["none"], []])
    model.dropped("deadline")
    model.failed("encode")
    model.rebuilt()
    model.reloaded("swapped")
    model.ready(True)
    assert {
        'paddle_ner_texts_total{label="PER",model="ner"} 1.0',
        'paddle_ner_texts_total{label="LOC",model="ner"} 2.0',
        'paddle_ner_texts_total{label="none",model="ner"} 1.0',
        'paddle_ner_texts_without_label_total{model="ner"} 2.0',
        'paddle_ner_dropped_texts_total{model="ner",reason="deadline"} 1.0',
        'paddle_ner_failed_texts_total{model="ner",stage="encode"} 1.0',
        'paddle_ner_engine_rebuilds_total{model="ner"} 1.0',
        'paddle_ner_reloads_total{model="ner",result="swapped"} 1.0',
        'paddle_ner_model_ready{model="ner"} 1.0',
    } <= set(lines(metrics))


def test_the_information_of_a_model_replaces_what_was_said_before() -> None:
    metrics = Metrics()
    for version in ("a", "b"):
        metrics.model("ner").info(
            version=version, engine="paddle", device="cpu", precision="bf16", task="ner", threads=None, replicas=2
        )
    (line,) = [line for line in lines(metrics) if line.startswith("paddle_ner_model_info{")]
    assert 'version="b"' in line and 'threads=""' in line and 'replicas="2"' in line and line.endswith(" 1.0")


def test_the_queue_is_that_of_whoever_watched_last() -> None:
    model = (metrics := Metrics()).model("ner")
    model.watch_queue(lambda: 3, lambda: 30)
    model.watch_queue(lambda: 5, lambda: 50)
    assert 'paddle_ner_queue_texts{model="ner"} 5.0' in lines(metrics)
    assert model.queue_length == 5


def test_a_server_counts_labels_failures_and_what_it_serves(serve: Serve, model: FakeModel) -> None:
    model.version = "0123456789ab"
    client = serve()
    client.post("/predict", json={"texts": ["IBM and SAP", "nothing", POISON]})
    found = client.get("/metrics").text.splitlines()
    assert {
        'paddle_ner_texts_total{label="X",model="fake"} 1.0',
        'paddle_ner_texts_without_label_total{model="fake"} 1.0',
        'paddle_ner_failed_texts_total{model="fake",stage="run"} 1.0',
        'paddle_ner_model_ready{model="fake"} 1.0',
    } <= set(found)
    (info,) = [line for line in found if line.startswith("paddle_ner_model_info{")]
    assert 'version="0123456789ab"' in info and 'engine="fake"' in info and 'task="ner"' in info


def test_the_documentation_names_every_metric_with_its_labels() -> None:
    metrics = Metrics()
    there = {
        family.name + ("_total" if family.type == "counter" else ""): ", ".join(
            getattr(metrics.registry._names_to_collectors.get(family.name), "_labelnames", ())
        )
        for family in metrics.registry.collect()
        if family.name.startswith("paddle_ner_")
    }
    rows = re.findall(r"^\| `(paddle_ner_[a-z_]+)` \| ([a-z, ]*?) \|", DOCUMENTATION.read_text("utf-8"), re.MULTILINE)
    assert dict(rows) == there
