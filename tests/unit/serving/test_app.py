"""The routes: what they answer, and what they refuse with which problem.

Tests `paddle_ner.serving.information`, `paddle_ner.serving.pages`, `paddle_ner.serving.problems`,
`paddle_ner.serving.schemas` and `paddle_ner.serving.service` too.
"""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.routing import Route

from paddle_ner.errors import BundleError
from paddle_ner.serving import Settings, create_app, pages
from tests.unit.serving.fakes import POISON, FakeModel
from tests.unit.serving.harness import PATIENCE, ThreadServer

Serve = Callable[..., httpx.Client]


def problem(response: httpx.Response, status: int, slug: str) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert (body["type"], body["status"]) == (f"/docs#{slug}", status)
    assert body["title"] and body["detail"]
    return body


# ---------------------------------------------------------------------- answers


def test_one_text_gives_one_prediction(serve: Serve) -> None:
    response = serve().post("/predict", json={"text": "我😀在IBM"})
    assert response.status_code == 200
    assert response.json()["model"] == "fake"
    (prediction,) = response.json()["predictions"]
    assert prediction["text"] == "我😀在IBM"
    (entity,) = prediction["entities"]
    assert (entity["start"], entity["end"], entity["label"], entity["text"]) == (3, 6, "X", "IBM")
    assert 0.9 < entity["score"] <= 1


def test_many_texts_are_answered_in_their_order(serve: Serve) -> None:
    texts = ["x" * (index * 41 % 97) + str(index) for index in range(200)]
    response = serve(batch_tokens=512).post("/predict", json={"texts": texts})
    assert [prediction["text"] for prediction in response.json()["predictions"]] == texts


def test_requests_at_the_same_time_share_batches_and_get_their_own_answers(serve: Serve, model: FakeModel) -> None:
    client = serve()
    texts = [f"{'y' * index}A{'B' * (index % 3)}" for index in range(40)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda text: client.post("/predict", json={"text": text}).json(), texts))
    assert [answer["predictions"][0]["text"] for answer in answers] == texts
    assert [answer["predictions"][0]["entities"][0]["start"] for answer in answers] == list(range(40))


def test_a_model_is_asked_by_its_name(serve: Serve) -> None:
    client = serve(models={"first": "a", "second": "b"})
    assert client.post("/predict", json={"text": "A"}).json()["model"] == "first"
    assert client.post("/models/second/predict", json={"text": "A"}).json()["model"] == "second"
    body = problem(client.post("/models/third/predict", json={"text": "A"}), 404, "unknown-model")
    assert "first, second" in body["detail"]


def test_models_are_listed_with_what_they_are_and_what_runs_them(serve: Serve, model: FakeModel) -> None:
    model.version = "0123456789ab"
    model.examples = ["王小明在北京"]
    assert serve().get("/models").json() == {
        "default": "fake",
        "models": [
            {
                "name": "fake",
                "state": "ready",
                "task": "ner",
                "labels": ["X"],
                "version": "0123456789ab",
                "engine": "fake",
                "device": "cpu",
                "precision": "fp32",
                "threads": 1,
                "replicas": 1,
                "examples": ["王小明在北京"],
            }
        ],
    }


def test_entities_below_the_min_score_of_a_request_are_left_out(serve: Serve) -> None:
    client = serve()
    (entity,) = found(client)
    assert 0.99 < entity["score"] < 0.9999
    for kept in (0.99, 0, {"X": 0.99}, {"*": 0.99}, {"X": 0.99, "*": 1}, {}):
        assert found(client, min_score=kept) == [entity], kept
    for above in (0.9999, {"X": 0.9999}, {"*": 0.9999}, {"X": 0.9999, "*": 0}):
        assert found(client, min_score=above) == [], above
    lines = client.get("/metrics").text.splitlines()
    assert 'paddle_ner_texts_total{label="X",model="fake"} 7.0' in lines
    assert 'paddle_ner_texts_without_label_total{model="fake"} 4.0' in lines


def test_the_min_score_of_the_server_is_for_requests_without_one(serve: Serve) -> None:
    client = serve(min_score={"X": 0.9999})
    assert client.get("/models").json()["models"][0]["min_score"] == {"X": 0.9999}
    assert found(client) == []
    assert found(client, min_score=0) == found(client, min_score={"*": 0.5}) != []


def found(client: httpx.Client, **asked: Any) -> list[dict[str, Any]]:
    """The entities of a text that has one."""
    answer = client.post("/predict", json={"text": "在IBM", **asked})
    assert answer.status_code == 200, answer.text
    entities: list[dict[str, Any]] = answer.json()["predictions"][0]["entities"]
    return entities


def test_a_text_that_fails_is_named_and_its_neighbours_are_answered(serve: Serve) -> None:
    client = serve()
    body = problem(client.post("/predict", json={"texts": ["A", POISON, "B"]}), 500, "text-failed")
    assert [error["pointer"] for error in body["errors"]] == ["#/texts/1"]
    assert [one and one["text"] for one in body["predictions"]] == ["A", None, "B"]
    single = problem(client.post("/predict", json={"text": POISON}), 500, "text-failed")
    assert [error["pointer"] for error in single["errors"]] == ["#/text"]
    assert client.post("/predict", json={"text": "A"}).status_code == 200


# ---------------------------------------------------------------------- bad requests


@pytest.fixture(scope="module")
def strict() -> Iterator[httpx.Client]:
    """A server with small bounds that the tests of single bodies share."""
    small = Settings.create(models={"fake": "."}, max_texts=3, max_characters=10)
    server = ThreadServer(small, lambda path, settings: [FakeModel()])
    with server.running(), httpx.Client(base_url=server.url, timeout=PATIENCE) as client:
        assert server.loaded.wait(PATIENCE)
        yield client


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (b"", "#"),
        (b"{", "#"),
        (b"null", "#"),
        (b'["a"]', "#"),
        (b"[" * 100_000, "#"),
        (b'{"text": "\xff"}', "#"),
        (b'{"text": "\xed\xa0\x80"}', "#"),
        (b'{"text": "\\ud800"}', "#"),
        (b'{"texts": ["a", "\\udc00b"]}', "#"),
        (b'{"text": 5}', "#/text"),
        (b'{"text": null}', "#/text"),
        (b'{"texts": "a"}', "#/texts"),
        (b'{"texts": ["a", 1]}', "#/texts/1"),
        (b'{"text": "a", "lang": "zh"}', "#/lang"),
        (b'{"texts": []}', "#/texts"),
        (b'{"texts": ["a", "bbbbbbbbbbb"]}', "#/texts/1"),
        (b'{"texts": ["a", "b", "c", "d"]}', "#/texts"),
        (b'{"text": "a", "min_score": 1.5}', "#/min_score"),
        (b'{"text": "a", "min_score": NaN}', "#/min_score"),
        (b'{"text": "a", "min_score": null}', "#/min_score"),
        (b'{"text": "a", "min_score": true}', "#/min_score"),
        (b'{"text": "a", "min_score": "0.5"}', "#/min_score"),
        (b'{"text": "a", "min_score": [0.5]}', "#/min_score"),
        (b'{"text": "a", "min_score": {"X": "0.5"}}', "#/min_score/X"),
        (b'{"text": "a", "min_score": {"*": {"X": 1}}}', "#/min_score/*"),
        (b'{"text": "a", "min_score": {"Y": 0.5}}', "#/min_score/Y"),
        (b'{"min_score": 0.5}', "#"),
        (b'{"text": 1, "min_score": 0.5}', "#/text"),
    ],
)
def test_a_bad_body_is_refused_with_the_place(strict: httpx.Client, body: bytes, pointer: str) -> None:
    answer = problem(strict.post("/predict", content=body), 422, "invalid-request")
    assert pointer == (answer["errors"][0]["pointer"] if answer["errors"] else "#")


def test_a_type_that_the_model_does_not_have_is_refused_with_those_that_it_has(strict: httpx.Client) -> None:
    answer = problem(strict.post("/predict", json={"text": "a", "min_score": {"Y": 0.5}}), 422, "invalid-request")
    assert answer["detail"] == "#/min_score/Y: there is no such entity type, expected one of X"


def test_an_empty_text_among_others_has_an_empty_answer(strict: httpx.Client) -> None:
    answer = strict.post("/predict", json={"texts": ["a", "", "b"]})
    assert answer.status_code == 200
    assert [one["text"] for one in answer.json()["predictions"]] == ["a", "", "b"]
    assert answer.json()["predictions"][1]["entities"] == []


@pytest.mark.parametrize("body", [b"{}", b'{"text": "a", "texts": ["b"]}'])
def test_a_body_has_exactly_one_of_text_and_texts(strict: httpx.Client, body: bytes) -> None:
    assert "neither or both" in problem(strict.post("/predict", content=body), 422, "invalid-request")["detail"]


@pytest.mark.parametrize(
    ("body", "name"),
    [
        (b'{"text": "a", "text": "b"}', "text"),
        (b'{"text": "a", "te\\u0078t": "a"}', "text"),
        (b'{"texts": ["a"], "texts": ["b"]}', "texts"),
        (b'{"text": {"text": [NaN, 1e999]}, "text": "b"}', "text"),
        (b'{"min_score": 1, "text": "a", "min_score": 0}', "min_score"),
        (b'{"text": "a", "min_score": {"X": 1, "X": 0}}', "min_score/X"),
    ],
)
def test_a_name_that_is_there_twice_is_refused(strict: httpx.Client, body: bytes, name: str) -> None:
    answer = problem(strict.post("/predict", content=body), 422, "invalid-request")
    assert answer["detail"].startswith(f"the body has {name} more than once, expected ")
    assert answer["errors"] == [{"pointer": f"#/{name}", "detail": "expected once"}]


@pytest.mark.parametrize("text", ['"a":"b":', '{":"', '\\:":'])
def test_a_text_may_look_like_names(strict: httpx.Client, text: str) -> None:
    assert strict.post("/predict", json={"text": text}).json()["predictions"][0]["text"] == text


@pytest.mark.parametrize("text", ["\u0000", " ", "\u202e右到左", "👨‍👩‍👧", "e\u0301", "\ufeff", "a" * 10])
def test_odd_but_valid_texts_are_answered_as_they_came(strict: httpx.Client, text: str) -> None:
    response = strict.post("/predict", json={"text": text})
    assert response.json()["predictions"][0]["text"] == text


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=())),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["text", "texts", "min_score", "X", ""]), inner),
)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary() | _VALUES.map(json.dumps).map(str.encode))
def test_no_body_at_all_is_a_failure_of_the_server(strict: httpx.Client, body: bytes) -> None:
    response = strict.post("/predict", content=body)
    assert response.status_code in (200, 422)


def test_a_length_is_counted_in_characters_not_in_bytes_or_utf16(serve: Serve) -> None:
    client = serve(max_characters=3)
    assert client.post("/predict", json={"text": "😀😀😀"}).status_code == 200
    assert client.post("/predict", json={"text": "😀😀😀a"}).status_code == 422


def test_a_body_over_the_bound_is_refused_however_it_is_sent(serve: Serve) -> None:
    client = serve(max_body_bytes=1000)
    big = json.dumps({"text": "a" * 9_000}).encode()
    problem(client.post("/predict", content=big), 413, "body-too-large")
    problem(client.post("/predict", content=iter([big[:500], big[500:]])), 413, "body-too-large")
    assert client.post("/predict", json={"text": "a"}).status_code == 200


def test_a_client_that_asks_first_is_refused_before_it_sends(serve: Serve) -> None:
    client = serve(max_body_bytes=1000)
    head = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000\r\nExpect: 100-continue\r\n\r\n"
    with socket.create_connection((client.base_url.host, client.base_url.port or 80), PATIENCE) as connection:
        connection.sendall(head)
        assert connection.recv(64).startswith(b"HTTP/1.1 413 ")


def test_unknown_paths_and_methods_are_problems_too(serve: Serve) -> None:
    client = serve()
    problem(client.get("/nothing"), 404, "not-found")
    assert problem(client.get("/predict"), 405, "method-not-allowed")
    assert client.get("/predict").headers["allow"] == "POST"


# ---------------------------------------------------------------------- overload


def test_a_full_queue_answers_429_with_retry_after(serve: Serve, model: FakeModel) -> None:
    client = serve(max_queue=2, max_texts=2)
    model.free.clear()
    with ThreadPoolExecutor(1) as pool:
        held = pool.submit(client.post, "/predict", json={"texts": ["a", "b"]})
        assert model.entered.acquire(timeout=PATIENCE)
        refused = client.post("/predict", json={"text": "c"})
        problem(refused, 429, "queue-full")
        assert int(refused.headers["retry-after"]) >= 1
        model.free.set()
        assert held.result(PATIENCE).status_code == 200
    assert client.post("/predict", json={"text": "c"}).status_code == 200


def test_past_the_deadline_the_answer_is_504_and_the_text_is_dropped(serve: Serve, model: FakeModel) -> None:
    client = serve(deadline_seconds=0.05)
    model.free.clear()
    problem(client.post("/predict", json={"text": "first"}), 504, "deadline-passed")
    problem(client.post("/predict", json={"text": "second"}), 504, "deadline-passed")
    model.free.set()
    served = _until(lambda: client.post("/predict", json={"text": "third"}), lambda r: r.status_code == 200)
    assert served.json()["predictions"][0]["text"] == "third"
    assert ["second"] not in model.batches


def test_the_text_of_a_client_that_left_is_not_computed(serve: Serve, model: FakeModel) -> None:
    client = serve()
    model.free.clear()
    with ThreadPoolExecutor(1) as pool:
        held = pool.submit(client.post, "/predict", json={"text": "held"})
        assert model.entered.acquire(timeout=PATIENCE)
        body = b'{"text": "left"}'
        with socket.create_connection((client.base_url.host, client.base_url.port or 80), PATIENCE) as connection:
            connection.sendall(
                b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
            )
            _until(lambda: client.get("/metrics").text, lambda text: 'queue_texts{model="fake"} 2.0' in text)
        _until(lambda: client.get("/metrics").text, lambda text: 'status="499"} 1.0' in text)
        model.free.set()
        assert held.result(PATIENCE).status_code == 200
    assert client.post("/predict", json={"text": "next"}).status_code == 200
    assert [word for batch in model.batches for word in batch] == ["held", "next"]


def _until(ask: Callable[[], Any], good: Callable[[Any], bool]) -> Any:
    """Ask until the answer is good: each question is a round trip through the server's own loop."""
    for _ in range(5000):
        if good(answer := ask()):
            return answer
    pytest.fail(f"never came: {answer}")


# ---------------------------------------------------------------------- loading


def test_while_loading_it_lives_but_is_not_ready(model: FakeModel) -> None:
    go = threading.Event()

    def load(path: Path, settings: Settings) -> list[FakeModel]:
        assert go.wait(PATIENCE)
        return [model]

    server = ThreadServer(Settings.create(models={"fake": "."}), load)
    with server.running(), httpx.Client(base_url=server.url, timeout=PATIENCE) as client:
        assert client.get("/health/live").json() == {"status": "alive"}
        for refused in (client.get("/health/ready"), client.post("/predict", json={"text": "a"})):
            problem(refused, 503, "loading")
            assert int(refused.headers["retry-after"]) >= 1
        assert client.get("/models").json()["models"] == [{"name": "fake", "state": "loading"}]
        go.set()
        assert server.loaded.wait(PATIENCE)
        assert client.get("/health/ready").json() == {"status": "ready"}
        assert client.post("/predict", json={"text": "a"}).status_code == 200


def test_a_model_that_cannot_load_is_neither_ready_nor_alive(caplog: pytest.LogCaptureFixture) -> None:
    def load(path: Path, settings: Settings) -> list[FakeModel]:
        raise BundleError("manifest.json: no such file")

    server = ThreadServer(Settings.create(models={"fake": "."}), load)
    with server.running(), httpx.Client(base_url=server.url, timeout=PATIENCE) as client:
        assert server.loaded.wait(PATIENCE)
        for route in ("/health/live", "/health/ready"):
            problem(client.get(route), 503, "unavailable")
        problem(client.post("/predict", json={"text": "a"}), 503, "unavailable")
    assert "model fake failed to load: manifest.json: no such file" in caplog.text


def test_a_model_that_cannot_answer_a_text_does_not_become_ready(model: FakeModel) -> None:
    model.broken = True
    server = ThreadServer(Settings.create(models={"fake": "."}), lambda path, settings: [model])
    with server.running(), httpx.Client(base_url=server.url, timeout=PATIENCE) as client:
        assert server.loaded.wait(PATIENCE)
        problem(client.get("/health/ready"), 503, "unavailable")


def test_draining_answers_503_and_closes_the_connection(serve: Serve, model: FakeModel) -> None:
    server = ThreadServer(Settings.create(models={"fake": "."}), lambda path, settings: [model])
    with server.running(), httpx.Client(base_url=server.url, timeout=PATIENCE) as client:
        assert server.loaded.wait(PATIENCE)
        server.app.state.service.begin_drain()
        refused = client.post("/predict", json={"text": "a"})
        problem(refused, 503, "draining")
        assert refused.headers["connection"] == "close"
        problem(client.get("/health/ready"), 503, "draining")
        assert client.get("/health/live").status_code == 200


# ---------------------------------------------------------------------- looking into it


def test_metrics_count_what_happened(serve: Serve) -> None:
    client = serve()
    client.post("/predict", json={"texts": ["abc", "x" * 30]})
    client.get("/nothing/here")
    lines = client.get("/metrics").text.splitlines()
    assert 'paddle_ner_requests_total{route="/predict",status="200"} 1.0' in lines
    assert 'paddle_ner_requests_total{route="other",status="404"} 1.0' in lines
    assert 'paddle_ner_tokenization_seconds_count{model="fake"} 2.0' in lines
    assert 'paddle_ner_queue_seconds_count{model="fake"} 2.0' in lines
    assert 'paddle_ner_tokens_total{kind="text",model="fake"} 37.0' in lines
    assert 'paddle_ner_queue_texts{model="fake"} 0.0' in lines
    assert not any("nothing" in line for line in lines)


def test_openapi_describes_every_route_with_its_problems(serve: Serve) -> None:
    document = serve(max_texts=7, max_characters=99).get("/openapi.json").json()
    assert set(document["paths"]) == {
        "/predict",
        "/models/{name}/predict",
        "/models",
        "/stats",
        "/health/live",
        "/health/ready",
    }
    predict = document["paths"]["/predict"]["post"]
    statuses = "200 400 401 403 404 408 413 415 422 429 431 500 503 504"
    assert set(predict["responses"]) == set(statuses.split())
    assert set(predict["responses"]["429"]["content"]) == {"application/problem+json"}
    single, several = predict["requestBody"]["content"]["application/json"]["schema"]["oneOf"]
    assert single["properties"]["text"]["maxLength"] == 99
    assert several["properties"]["texts"]["maxItems"] == 7
    score = {"type": "number", "minimum": 0, "maximum": 1}
    one, by_type = document["components"]["schemas"]["MinScore"]["oneOf"]
    assert one == score and by_type["properties"] == {"X": score, "*": score}
    named = set(re.findall(r"#/components/schemas/(\w+)", json.dumps(document)))
    assert named <= set(document["components"]["schemas"])


@pytest.mark.parametrize("route", ["/", "/docs"])
def test_the_pages_load_nothing_from_elsewhere(serve: Serve, route: str) -> None:
    response = serve().get(route)
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in response.headers["content-security-policy"]
    assert not re.findall(r"""(?:src|href)\s*=\s*["']?(?:https?:)?//|@import|\burl\((?!["']?data:)""", response.text)


def test_the_documentation_has_an_anchor_for_every_problem(serve: Serve) -> None:
    client = serve()
    slug = problem(client.post("/predict", content=b"{"), 422, "invalid-request")["type"].partition("#")[2]
    assert f'id="{slug}"' in client.get("/docs").text


# ---------------------------------------------------------------------- HEAD


def test_head_answers_as_get_does_without_a_body_on_every_route(serve: Callable[..., httpx.Client]) -> None:
    client = serve()
    routes = [*create_app(Settings.create(models={"fake": "."})).routes, *pages.router.routes]
    found = [route for route in routes if isinstance(route, Route) and "GET" in (route.methods or ())]
    paths = [route.path.replace("{name}", "main.js") for route in found]
    assert {"/", "/docs", "/page/main.js", "/models", "/stats", "/metrics", "/health/live", "/health/ready"} < set(
        paths
    )
    for path in paths:
        got, asked = client.get(path), client.head(path)
        assert (got.status_code, asked.status_code, asked.content) == (200, 200, b""), path
        assert asked.headers["content-type"] == got.headers["content-type"]
        assert int(asked.headers["content-length"]) > 0
        assert client.get("/health/live").json() == {"status": "alive"}  # the connection goes on


def test_head_on_a_route_that_takes_post_is_not_allowed(serve: Callable[..., httpx.Client]) -> None:
    response = serve().head("/predict")
    assert (response.status_code, response.headers["allow"]) == (405, "POST")
