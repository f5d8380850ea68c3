from __future__ import annotations

import asyncio
import gzip
import json
import socket
import zlib
from collections.abc import Callable
from urllib.parse import urlsplit

import httpx
import pytest

from paddle_ner.serving.body import Bodies
from paddle_ner.serving.problems import HTTPProblem
from tests.unit.serving.harness import PATIENCE

Serve = Callable[..., httpx.Client]
BODY = json.dumps({"text": "IBM"}).encode()


def post(client: httpx.Client, body: bytes, encoding: str) -> httpx.Response:
    return client.post("/predict", content=body, headers={"Content-Encoding": encoding})


def slug(response: httpx.Response) -> str:
    return str(response.json()["type"].removeprefix("/docs#"))


# ---------------------------------------------------------------------- encodings


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "x-gzip"])
def test_a_body_may_be_gzip(serve: Serve, encoding: str) -> None:
    response = post(serve(), gzip.compress(BODY), encoding)
    assert response.json()["predictions"][0]["text"] == "IBM"


def test_gzip_of_several_members_is_one_body(serve: Serve) -> None:
    response = post(serve(), gzip.compress(BODY[:5]) + gzip.compress(BODY[5:]), "gzip")
    assert response.status_code == 200


def test_a_bomb_is_refused_at_the_bound(serve: Serve) -> None:
    body = gzip.compress(b'{"text": "' + b" " * 10_000_000 + b'"}')
    assert len(body) < 20_000
    response = post(serve(max_body_bytes=20_000), body, "gzip")
    assert (response.status_code, slug(response)) == (413, "body-too-large")


@pytest.mark.parametrize(
    "body",
    [BODY, gzip.compress(BODY, mtime=0)[:-4], gzip.compress(BODY, mtime=0)[:12], b""],
    ids=["plain", "no trailer", "head", "empty"],
)
def test_a_damaged_gzip_is_answered_422(serve: Serve, body: bytes) -> None:
    response = post(serve(), body, "gzip")
    assert (response.status_code, slug(response)) == (422, "invalid-request")
    assert "gzip" in response.json()["detail"]


@pytest.mark.parametrize("encoding", ["br", "deflate", "gzip, gzip", "zstd"])
def test_another_encoding_is_answered_415_with_those_that_are_read(serve: Serve, encoding: str) -> None:
    response = post(serve(), zlib.compress(BODY), encoding)
    assert (response.status_code, slug(response)) == (415, "unsupported-encoding")
    assert response.headers["accept-encoding"] == "gzip, identity"


def test_identity_is_no_encoding(serve: Serve) -> None:
    assert post(serve(), BODY, "identity").status_code == 200


# ---------------------------------------------------------------------- all bodies together


def test_the_largest_unfinished_body_of_the_client_with_the_most_makes_room() -> None:
    async def run() -> None:
        bodies = Bodies(100)
        small, large, other = bodies.claim("a"), bodies.claim("a"), bodies.claim("b")
        waiting = asyncio.get_running_loop().create_future()

        async def read(size: int) -> None:
            large.task = asyncio.current_task()
            large.grow(size)
            await waiting

        with small, large, other:
            reader = asyncio.create_task(read(60))
            await asyncio.sleep(0)
            small.task = asyncio.current_task()
            small.grow(10)
            other.task = asyncio.current_task()
            other.grow(50)
            assert bodies.held == 60
            with pytest.raises(asyncio.CancelledError):
                await reader

    asyncio.run(run())


def test_where_all_others_are_complete_the_one_that_comes_is_refused() -> None:
    async def run() -> None:
        bodies = Bodies(100)
        with bodies.claim("a") as complete, bodies.claim("b") as claim:
            complete.grow(90)
            claim.task = asyncio.current_task()
            with pytest.raises(HTTPProblem) as refused:
                claim.grow(20)
            assert refused.value.kind.status == 503
            assert bodies.held == 90
        assert bodies.held == 0

    asyncio.run(run())


def test_bodies_that_never_end_are_bounded_together_and_a_small_one_is_read(serve: Serve) -> None:
    client = serve(max_bodies_bytes=400_000, max_body_bytes=200_000)
    url = urlsplit(str(client.base_url))
    peers = [socket.create_connection((url.hostname or "", url.port or 0), PATIENCE) for _ in range(5)]
    head = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 190000\r\n\r\n"
    for peer in peers:
        peer.sendall(head + b" " * 150_000)
    refused = b"".join(peer.recv(12) for peer in peers[:1])  # the first of them is answered, not the whole
    assert refused == b"HTTP/1.1 503"
    assert client.post("/predict", json={"text": "IBM"}).status_code == 200
    for peer in peers:
        peer.close()
