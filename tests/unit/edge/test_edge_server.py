"""What bounds the device's HTTP server, over a model that waits and fails as it is told."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from paddle_ner import Prediction
from paddle_ner.edge.server import EdgeServer, Settings, make_server
from paddle_ner.errors import InputError


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
    server = make_server(model, "m", settings)  # type: ignore[arg-type]
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
    server: EdgeServer, model: Model, monkeypatch
) -> None:
    taken = threading.Semaphore(0)
    acquire = server.places.acquire

    def tell(*options, **named) -> bool:
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


def test_a_model_that_fails_is_a_problem_and_the_next_request_is_answered(server: EdgeServer, capsys) -> None:
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
        with pytest.raises(InputError, match=r"it wants --keys FILE, or --insecure"):
            Settings(host=host).check()
    Settings(host=host, insecure=True).check()
    Settings(host=host, keys=("k",)).check()
