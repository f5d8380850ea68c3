"""What bounds the device's HTTP server, over a model that waits and fails as it is told.

Tests `paddle_ner.edge.body` and `paddle_ner.edge.settings` too.
"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import httpx
import pytest

from paddle_ner import Prediction
from paddle_ner.edge.server import EdgeServer, make_server
from paddle_ner.edge.settings import Settings
from paddle_ner.errors import InputError
from paddle_ner.inference.predictor import Predictor


class Model:
    """Answers once it may."""

    def __init__(self) -> None:
        self.may = threading.Event()
        self.may.set()
        self.at_once = 0
        self.most = 0

    def __call__(self, texts: Sequence[str]) -> list[Prediction]:
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        self.may.wait(30)
        self.at_once -= 1
        if "bad" in texts:
            raise RuntimeError("engine broke")
        return [Prediction(text, entities=()) for text in texts]


@pytest.fixture
def model() -> Model:
    return Model()


@pytest.fixture
def server(model: Model) -> Iterator[EdgeServer]:
    settings = Settings(port=0, max_waiting=2, max_connections=4)
    server = make_server(cast(Predictor, model), "m", settings)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    model.may.set()
    server.shutdown()
    server.server_close()
    thread.join(30)


def url(server: EdgeServer) -> str:
    return f"http://127.0.0.1:{server.server_address[1]}"


def ask(server: EdgeServer, text: str = "a") -> httpx.Response:
    return httpx.post(f"{url(server)}/predict", json={"text": text}, timeout=30)


def test_past_its_places_it_answers_429_and_the_others_are_answered(
    server: EdgeServer, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = threading.Semaphore(0)
    acquire = server.places.acquire

    def tell(*options: Any, **named: bool) -> bool:
        if got := acquire(*options, **named):
            taken.release()
        return got

    monkeypatch.setattr(server.places, "acquire", tell)
    model.may.clear()
    with ThreadPoolExecutor(2) as pool:
        waiting = [pool.submit(ask, server), pool.submit(ask, server)]
        assert taken.acquire(timeout=30) and taken.acquire(timeout=30)
        refused = ask(server)
        assert refused.status_code == 429 and refused.headers["retry-after"] == "1"
        assert httpx.get(f"{url(server)}/health/ready").status_code == 200
        model.may.set()
        assert [one.result().status_code for one in waiting] == [200, 200]
    assert model.most == 1, "one prediction runs at a time"
    assert ask(server).status_code == 200


def test_a_model_that_fails_is_a_problem_and_the_next_request_is_answered(
    server: EdgeServer, capsys: pytest.CaptureFixture[str]
) -> None:
    reply = ask(server, "bad")
    assert reply.status_code == 500 and "engine broke" not in reply.text
    assert "a request failed: RuntimeError: engine broke" in capsys.readouterr().err
    assert ask(server).status_code == 200


def test_connections_past_the_bound_are_closed(server: EdgeServer) -> None:
    clients = [httpx.Client() for _ in range(4)]
    for client in clients:
        assert client.get(f"{url(server)}/health/live").status_code == 200  # and is kept open
    with pytest.raises(httpx.TransportError):
        httpx.get(f"{url(server)}/health/live")
    for client in clients:
        client.close()


@pytest.mark.parametrize(("host", "fine"), [("127.0.0.1", True), ("::1", True), ("localhost", True), ("::", False)])
def test_an_address_that_others_reach_wants_keys(host: str, fine: bool) -> None:
    if fine:
        Settings(host=host).check()
    else:
        with pytest.raises(InputError, match=r"--keys FILE is needed, or --insecure"):
            Settings(host=host).check()
    Settings(host=host, insecure=True).check()
    Settings(host=host, keys=("k",)).check()


# ---------------------------------------------------------------------- where a request ends

SMUGGLED = b"GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n"


def send(server: EdgeServer, request: bytes) -> bytes:
    """What comes back until the server closes the connection."""
    with socket.create_connection(("127.0.0.1", server.server_port), 30) as peer:
        peer.sendall(request)
        received = b""
        while block := peer.recv(65536):
            received += block
        return received


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"POST /predict HTTP/1.1\r\nContent-Length: 4\r\nContent-Length: 40\r\n", 400),
        (b"POST /predict HTTP/1.1\r\nContent-Length: 40\r\nContent-Length: 40\r\n", 400),
        (b"POST /predict HTTP/1.1\r\nContent-Length: +4\r\n", 400),
        (b"POST /predict HTTP/1.1\r\nContent-Length: 4, 4\r\n", 400),
        (b"POST /predict HTTP/1.1\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n", 411),
        (b"POST /predict HTTP/1.1\r\nTransfer-Encoding: chunked\r\n", 411),
        (b"POST /predict HTTP/1.1\r\n", 411),
        (b"GET /health/live HTTP/1.1\r\nContent-Length: 42\r\n", 400),
        (b"GET /health/live HTTP/1.1\r\nTransfer-Encoding: chunked\r\n", 411),
        (b"GET /health/live HTTP/1.1\r\nX : y\r\nContent-Length: 42\r\n", 400),
        (b"GET /health/live HTTP/1.1\r\nX: y\r\n folded: z\r\n", 400),
        (b"POST /nowhere HTTP/1.1\r\nContent-Length: 42\r\n", 404),
        (b"DELETE /predict HTTP/1.1\r\nContent-Length: 42\r\n", 501),
        (b"nonsense\r\n", 400),
        (b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n", 414),
        (b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 200, 431),
    ],
)
def test_a_request_whose_end_can_be_doubted_is_refused_and_what_follows_is_not_read(
    server: EdgeServer, head: bytes, status: int
) -> None:
    received = send(server, head + b"\r\n" + SMUGGLED)
    assert received.startswith(b"HTTP/1.1 %d " % status) and received.count(b"HTTP/1.1 ") == 1
    body = json.loads(received.partition(b"\r\n\r\n")[2])
    assert body["status"] == status and b"application/problem+json" in received


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "localhost:8000"}, 200),
        ({"Host": "[::1]"}, 200),
        ({"Host": "evil.example"}, 403),
        ({"Host": "evil.example@127.0.0.1"}, 403),
        ({"Host": "127.0.0.1/../x"}, 403),
        ({"Host": ""}, 403),
        ({"X-Forwarded-For": "127.0.0.1"}, 403),
        ({"Via": "1.1 proxy"}, 403),
    ],
)
def test_without_keys_only_this_machine_is_answered(server: EdgeServer, headers: dict[str, str], status: int) -> None:
    assert httpx.post(f"{url(server)}/predict", json={"text": "a"}, headers=headers).status_code == status


def test_two_hosts_are_refused(server: EdgeServer) -> None:
    received = send(server, b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n" + SMUGGLED)
    assert received.startswith(b"HTTP/1.1 400 ") and received.count(b"HTTP/1.1 ") == 1


def test_head_answers_as_get_does_without_a_body(server: EdgeServer) -> None:
    with httpx.Client(base_url=url(server)) as client:
        reply = client.head("/health/live")
        assert (reply.status_code, reply.content) == (200, b"")
        assert int(reply.headers["content-length"]) > 0
        assert client.get("/health/live").json() == {"status": "alive"}


@pytest.mark.parametrize("body", [b'{"text": "a", "text": "b"}', b'{"texts": [], "te\\u0078ts": ["b"]}'])
def test_a_name_that_is_there_twice_is_refused(server: EdgeServer, body: bytes) -> None:
    reply = httpx.post(f"{url(server)}/predict", content=body)
    assert reply.status_code == 422 and "more than once" in reply.json()["detail"]


def test_an_empty_text_among_others_is_answered(server: EdgeServer) -> None:
    reply = httpx.post(f"{url(server)}/predict", json={"texts": ["a", "", "b"]}, timeout=30)
    assert [one["text"] for one in reply.json()["predictions"]] == ["a", "", "b"]


# ---------------------------------------------------------------------- time and memory


@pytest.mark.parametrize("start", [b"", b"GET / HT", b"POST /predict HTTP/1.1\r\nContent-Length: 9\r\n\r\n{"])
def test_a_request_that_does_not_come_to_its_end_is_closed(model: Model, start: bytes) -> None:
    server = make_server(cast(Predictor, model), "m", Settings(port=0, request_seconds=0.1))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        assert send(server, start) == b""
    finally:
        server.shutdown()
        server.server_close()
        thread.join(30)


def test_a_model_may_take_longer_than_a_request(model: Model) -> None:
    server = make_server(cast(Predictor, model), "m", Settings(port=0, request_seconds=0.05))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        model.may.clear()
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(ask, server)
            assert send(server, b"") == b""  # which takes as long
            model.may.set()
            assert waiting.result(30).status_code == 200
    finally:
        server.shutdown()
        server.server_close()
        thread.join(30)


def test_bodies_together_are_bounded(server: EdgeServer) -> None:
    assert server.hold(server.settings.max_bodies_bytes - 5)
    reply = ask(server)
    assert (reply.status_code, reply.headers["retry-after"]) == (503, "1")
    server.hold(5 - server.settings.max_bodies_bytes)
    assert ask(server).status_code == 200


def test_a_panic_of_the_tokenizer_is_a_problem(
    model: Model, server: EdgeServer, capsys: pytest.CaptureFixture[str]
) -> None:
    class Panic(BaseException):
        """As a panic of Rust, no Exception."""

    def panic(texts: Sequence[str]) -> list[Prediction]:
        raise Panic("of the tokenizer")

    server.predictor = cast(Predictor, panic)
    assert ask(server).status_code == 500
    assert "a request failed: Panic" in capsys.readouterr().err
