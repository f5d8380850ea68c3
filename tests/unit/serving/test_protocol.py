"""HTTP as it comes over a socket: heads, bodies and connections, whole, broken, slow and too many.

Tests `paddle_ner.serving.connections` and `paddle_ner.serving.heads` too.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.unit.serving.fakes import FakeModel
from tests.unit.serving.harness import PATIENCE

BODY = json.dumps({"text": "IBM"}).encode()
POST = b"POST /predict HTTP/1.1\r\nHost: localhost\r\n"
GET = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"
Connect = Callable[[httpx.Client], socket.socket]


@pytest.fixture
def connect() -> Iterator[Connect]:
    opened: list[socket.socket] = []

    def open_one(client: httpx.Client) -> socket.socket:
        url = urlsplit(str(client.base_url))
        opened.append(socket.create_connection((url.hostname or "", url.port or 0), PATIENCE))
        return opened[-1]

    yield open_one
    for one in opened:
        one.close()


def read_all(peer: socket.socket) -> bytes:
    """What comes until the server ends the connection."""
    received = bytearray()
    try:
        while block := peer.recv(65536):
            received += block
    except ConnectionResetError:
        pass
    return bytes(received)


def read_answer(peer: socket.socket) -> tuple[int, Any]:
    """Status and body of the next answer."""
    received = bytearray()
    while b"\r\n\r\n" not in received:
        received += (block := peer.recv(1))
        assert block, "the server ended the connection"
    head = bytes(received).lower()
    length = int(head.split(b"content-length: ")[1].split(b"\r\n")[0])
    content = b""
    while len(content) < length:
        content += peer.recv(length - len(content))
    return int(head.split()[1]), json.loads(content)


def problem(received: bytes) -> tuple[int, str]:
    """Status and type of an answer that is a problem."""
    head, _, body = received.partition(b"\r\n\r\n")
    assert b"content-type: application/problem+json" in head and b"connection: close" in head
    record = json.loads(body)
    assert record["status"] == int(head.split()[1])
    return record["status"], record["type"].removeprefix("/docs#")


def ended(client: httpx.Client, reason: str) -> float:
    lines = client.get("/metrics").text.splitlines()
    prefix = f'paddle_ner_connections_ended_total{{reason="{reason}"}} '
    return float(next(line for line in lines if line.startswith(prefix)).removeprefix(prefix))


# ---------------------------------------------------------------------- heads


@pytest.mark.parametrize(
    "head",
    [
        GET[:-2] + b"X-A: " + b"a" * 2000,
        GET[:-2] + b"".join(b"X-%d: y\r\n" % number for number in range(300)),
        b"GET /" + b"a" * 2000,
        GET[:-2] + b"a" * 2000,
    ],
    ids=["a long header", "many headers", "a long path", "a long name"],
)
def test_a_head_over_its_bound_is_refused_and_the_connection_ends(
    serve: Callable[..., httpx.Client], connect: Connect, head: bytes
) -> None:
    client = serve(max_head_bytes=1024)
    peer = connect(client)
    for start in range(0, len(head), 500):
        peer.sendall(head[start : start + 500])
    assert problem(read_all(peer)) == (431, "head-too-large")
    assert ended(client, "head_too_large") == 1


def test_a_whole_head_that_is_over_its_bound_is_refused(serve: Callable[..., httpx.Client], connect: Connect) -> None:
    peer = connect(serve(max_head_bytes=1024))
    peer.sendall(GET[:-2] + b"X-A: " + b"a" * 2000 + b"\r\n\r\n")
    assert problem(read_all(peer)) == (431, "head-too-large")


@pytest.mark.parametrize("extra", [b"5;" + b"x" * 3000, b"0\r\n" + b"X-T: y\r\n" * 400], ids=["extension", "trailers"])
def test_what_a_chunked_body_has_beside_its_bytes_is_bounded(
    serve: Callable[..., httpx.Client], connect: Connect, extra: bytes
) -> None:
    peer = connect(serve(max_head_bytes=1024))
    peer.sendall(POST + b"Transfer-Encoding: chunked\r\n\r\n")
    for start in range(0, len(extra), 100):
        try:
            peer.sendall(extra[start : start + 100])
        except OSError:
            break
    assert problem(read_all(peer))[0] == 431


def test_a_body_in_chunks_of_one_byte_is_read(serve: Callable[..., httpx.Client], connect: Connect) -> None:
    peer = connect(serve(max_head_bytes=512))
    body = b'{"text": "' + b"A" * 2000 + b'"}'
    peer.sendall(POST + b"Transfer-Encoding: chunked\r\n\r\n")
    for byte in body:
        peer.sendall(b"1\r\n%c\r\n" % byte)
    peer.sendall(b"0\r\n\r\n")
    assert read_answer(peer)[0] == 200


def test_a_head_that_comes_byte_by_byte_is_read(serve: Callable[..., httpx.Client], connect: Connect) -> None:
    peer = connect(serve(max_head_bytes=256))
    for byte in GET:
        peer.sendall(bytes([byte]))
    assert read_answer(peer) == (200, {"status": "alive"})


def test_what_is_no_http_is_answered_as_a_problem(serve: Callable[..., httpx.Client], connect: Connect) -> None:
    client = serve()
    peer = connect(client)
    peer.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
    assert problem(read_all(peer)) == (400, "bad-request")
    assert ended(client, "malformed") == 1


@pytest.mark.parametrize(
    "lengths",
    [
        b"Content-Length: 5\r\nContent-Length: 6\r\n",
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        b"Content-Length: +5\r\n",
        b"Content-Length: 5, 5\r\n",
        b"Content-Length: 0x5\r\n",
        b"Content-Length: 5\r\nContent-Length: 5\r\n",
        b"Transfer-Encoding: gzip, chunked\r\n",
        b"Transfer-Encoding: chunked, gzip\r\n",
        b"Transfer-Encoding: chunked, chunked\r\n",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: identity\r\n",
        b"Transfer-Encoding: xchunked\r\n",
        b"Transfer-Encoding:\r\n",
        b"Transfer-Encoding : chunked\r\n",
    ],
)
def test_a_length_that_can_be_read_in_two_ways_is_refused(
    serve: Callable[..., httpx.Client], connect: Connect, lengths: bytes
) -> None:
    peer = connect(serve())
    peer.sendall(POST + lengths + b"\r\n" + GET)
    received = read_all(peer)
    assert received.count(b"HTTP/1.1 ") == 1 and problem(received)[0] == 400


@pytest.mark.parametrize(
    ("head", "detail"),
    [
        (b"GET /health/live HTTP/1.1\r\n", "Host is missing"),
        (b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n", "Host is there twice"),
        (b"GET /health/live HTTP/1.0\r\nHost: localhost\r\nHost: example.org\r\n", "Host is there twice"),
        (b"GET /health/live HTTP/1.1\r\nHost: evil.example@127.0.0.1\r\n", "Host is neither NAME nor NAME:PORT"),
        (b"GET /health/live HTTP/1.1\r\nHost: 127.0.0.1/../x\r\n", "Host is neither"),
        (b"GET /health/live HTTP/1.1\r\nHost: localhost#evil\r\n", "Host is neither"),
        (b"GET /health/live HTTP/1.1\r\nHost: [::1\r\n", "Host is neither"),
        (b"GET http://evil.example/health/live HTTP/1.1\r\nHost: localhost\r\n", "another host than the header Host"),
        (b"GET http://localhost:1/health/live HTTP/1.1\r\nHost: localhost:2\r\n", "another host"),
        (b"GET http://a@localhost/health/live HTTP/1.1\r\nHost: localhost\r\n", "another host"),
        (b"GET http://localhost/health/live HTTP/1.0\r\n", "another host"),
        (b"GET ftp://localhost/health/live HTTP/1.1\r\nHost: localhost\r\n", "target is no path"),
        (b"GET /health/live HTTP/2.0\r\nHost: localhost\r\n", "HTTP/2.0"),
        (b"GET /health/live\r\n", "HTTP/0.9"),
        (b"POST /predict HTTP/1.0\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n", "HTTP/1.0, which has none"),
    ],
)
def test_a_head_that_others_read_otherwise_is_refused(
    serve: Callable[..., httpx.Client], connect: Connect, head: bytes, detail: str
) -> None:
    client = serve()
    peer = connect(client)
    peer.sendall(head + b"\r\n" + GET)
    received = read_all(peer)
    assert received.count(b"HTTP/1.1 ") == 1 and problem(received) == (400, "bad-request")
    assert detail in json.loads(received.partition(b"\r\n\r\n")[2])["detail"]
    assert ended(client, "malformed") == 1


@pytest.mark.parametrize(
    "head",
    [
        b"GET http://localhost:80/health/live?x HTTP/1.1\r\nHost: LOCALHOST:80\r\n",
        b"GET /health/live HTTP/1.0\r\n",
        b"GET /health/live HTTP/1.1\r\nHost:\r\n",
        b"GET /health/live HTTP/1.1\r\nHost: [2001:db8::1]:80\r\n",
    ],
)
def test_other_heads_that_are_read_in_one_way_are_answered(
    serve: Callable[..., httpx.Client], connect: Connect, head: bytes
) -> None:
    peer = connect(serve())
    peer.sendall(head + b"\r\n")
    assert read_answer(peer) == (200, {"status": "alive"})


def test_an_upgrade_does_not_lead_past_the_checks(serve: Callable[..., httpx.Client], connect: Connect) -> None:
    peer = connect(serve())
    peer.sendall(b"GET /health/live HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n")
    assert problem(read_all(peer)) == (400, "bad-request")


def test_a_wrong_request_behind_another_does_not_take_its_answer(
    serve: Callable[..., httpx.Client], connect: Connect, model: FakeModel
) -> None:
    client = serve()
    peer = connect(client)
    model.free.clear()
    peer.sendall(POST + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY)
    assert model.entered.acquire(timeout=PATIENCE)
    peer.sendall(b"nonsense\r\n\r\n")
    client.get("/health/live")
    model.free.set()
    received = read_all(peer)
    assert received.startswith(b"HTTP/1.1 200") and received.count(b"HTTP/1.1 ") == 1


def test_more_requests_on_one_connection_than_may_wait_end_it(
    serve: Callable[..., httpx.Client], connect: Connect, model: FakeModel
) -> None:
    client = serve()
    peer = connect(client)
    model.free.clear()
    peer.sendall(POST + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY + GET * 200)
    assert model.entered.acquire(timeout=PATIENCE)
    model.free.set()
    assert 1 <= read_all(peer).count(b"HTTP/1.1 200") <= 66


# ---------------------------------------------------------------------- upgrades


@pytest.mark.parametrize("upgrade", [b"h2c", b"websocket"])
def test_an_upgrade_is_ignored_and_the_body_is_the_requests_own(
    serve: Callable[..., httpx.Client], connect: Connect, model: FakeModel, upgrade: bytes
) -> None:
    peer = connect(serve())
    peer.sendall(
        POST + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: " + upgrade + b"\r\nHTTP2-Settings: AAMAAABk\r\n"
        b"X-API-Key: k\r\nContent-Length: %d\r\n\r\n" % len(BODY)
    )
    peer.sendall(BODY + GET)
    status, answer = read_answer(peer)
    assert status == 200 and answer["predictions"][0]["text"] == "IBM"
    assert read_answer(peer) == (200, {"status": "alive"})


def test_a_body_behind_an_upgrade_is_not_read_as_a_request(
    serve: Callable[..., httpx.Client], connect: Connect
) -> None:
    peer = connect(serve())
    peer.sendall(POST + b"Connection: Upgrade, close\r\nUpgrade: h2c\r\nContent-Length: %d\r\n\r\n" % len(GET))
    peer.sendall(GET)
    received = read_all(peer)
    assert received.count(b"HTTP/1.1 ") == 1 and received.startswith(b"HTTP/1.1 422")


def test_the_server_is_no_proxy(serve: Callable[..., httpx.Client], connect: Connect) -> None:
    peer = connect(serve())
    peer.sendall(b"CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\n")
    assert problem(read_all(peer)) == (400, "bad-request")


# ---------------------------------------------------------------------- silence


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (GET[:-2], "head_late"),
        (POST + b"Content-Length: 100\r\n\r\n{", "body_late"),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n", "body_late"),
    ],
    ids=["half a head", "half a body", "no chunk"],
)
def test_a_request_that_does_not_come_to_its_end_is_answered_408(
    serve: Callable[..., httpx.Client], connect: Connect, sent: bytes, reason: str
) -> None:
    client = serve(head_timeout=0.2, body_timeout=0.2)
    peer = connect(client)
    peer.sendall(sent)
    assert problem(read_all(peer)) == (408, "timeout")
    assert ended(client, reason) == 1


def test_a_connection_that_says_nothing_is_closed(serve: Callable[..., httpx.Client], connect: Connect) -> None:
    assert read_all(connect(serve(head_timeout=0.2))) == b""


def test_line_ends_in_place_of_a_request_keep_no_connection(
    serve: Callable[..., httpx.Client], connect: Connect
) -> None:
    peer = connect(serve(head_timeout=0.2))
    peer.sendall(b"\r\n" * 100)
    assert read_all(peer) == b""


def test_a_refused_request_whose_body_does_not_come_is_closed(
    serve: Callable[..., httpx.Client], connect: Connect
) -> None:
    peer = connect(serve(body_timeout=0.2))
    peer.sendall(b"POST /nowhere HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{")
    assert read_all(peer).startswith(b"HTTP/1.1 404")


def test_the_model_may_take_longer_than_a_head_and_a_body(
    serve: Callable[..., httpx.Client], connect: Connect, model: FakeModel
) -> None:
    client = serve(head_timeout=0.1, body_timeout=0.1)
    silent, peer = connect(client), connect(client)
    model.free.clear()
    peer.sendall(POST + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY)
    assert model.entered.acquire(timeout=PATIENCE)
    assert read_all(silent) == b""  # a sweep has seen both
    model.free.set()
    assert read_answer(peer)[0] == 200


def test_an_answer_that_nobody_reads_is_given_up(serve: Callable[..., httpx.Client], connect: Connect) -> None:
    client = serve(send_timeout=0.01, max_bodies_bytes=100_000, max_body_bytes=100_000)
    peer = connect(client)
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    body = json.dumps({"texts": ["A b " * 400] * 60}).encode()  # some 3 MB of answer
    peer.sendall((POST + b"Content-Length: %d\r\n\r\n" % len(body) + body) * 4)
    while not ended(client, "answer_unread"):
        pass
    assert client.get("/health/live").status_code == 200


# ---------------------------------------------------------------------- many connections


def test_probes_are_answered_when_all_connections_are_taken(
    serve: Callable[..., httpx.Client], connect: Connect, model: FakeModel
) -> None:
    client = serve(max_connections=3)
    model.free.clear()
    taken = [connect(client) for _ in range(3)]
    for peer in taken:
        peer.sendall(POST + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY)
    assert model.entered.acquire(timeout=PATIENCE)
    with httpx.Client(base_url=client.base_url) as probe:
        while len(taken) == 3 and probe.get("/models").status_code == 200:  # until all three are at work
            pass
        refused = probe.get("/models")
        assert refused.status_code == 503 and refused.json()["type"] == "/docs#too-many-connections"
        assert probe.get("/health/live").json() == {"status": "alive"}
    model.free.set()
    assert [read_answer(peer)[0] for peer in taken] == [200] * 3


def test_silent_connections_make_room_for_one_that_asks(serve: Callable[..., httpx.Client], connect: Connect) -> None:
    client = serve(max_connections=3)
    silent = [connect(client) for _ in range(10)]
    for peer in silent[::2]:
        peer.sendall(GET[:20])
    peer = connect(client)
    peer.sendall(POST + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY)
    assert read_answer(peer)[0] == 200
    assert read_all(silent[0]) == b""


def test_one_address_has_a_bound_of_its_own(
    serve: Callable[..., httpx.Client], connect: Connect, model: FakeModel
) -> None:
    client = serve(max_client_connections=1)
    model.free.clear()
    peer = connect(client)
    peer.sendall(POST + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY)
    assert model.entered.acquire(timeout=PATIENCE)
    second = connect(client)
    second.sendall(b"GET /models HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert problem(read_all(second)) == (503, "too-many-connections")
    model.free.set()
