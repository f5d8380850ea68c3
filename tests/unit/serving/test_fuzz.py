"""Bodies that break servers: each gets an answer that is no failure of the server, which then answers as before."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import closing, suppress

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from paddle_ner.serving import Settings
from tests.unit.serving.fakes import FakeModel
from tests.unit.serving.harness import PATIENCE, ThreadServer

MEGABYTE = 1_000_000
ONE_TEXT = b'{"text": "%s"}'


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    """A server with the bounds that it has by default."""
    server = ThreadServer(Settings.create(models={"fake": "."}), lambda path, settings: [FakeModel()])
    with server.running(), httpx.Client(base_url=server.url, timeout=PATIENCE) as client:
        assert server.loaded.wait(PATIENCE)
        yield client


@pytest.fixture(autouse=True)
def _goes_on(client: httpx.Client) -> Iterator[None]:
    yield
    answer = client.post("/predict", json={"text": "IBM"})
    assert answer.json()["predictions"][0]["entities"][0]["text"] == "IBM"
    assert client.get("/health/live").status_code == client.get("/health/ready").status_code == 200


BODIES: dict[str, tuple[bytes, int]] = {
    "invalid UTF-8": (ONE_TEXT % b"\xff\xfe\xc3\x28", 422),
    "overlong UTF-8": (ONE_TEXT % b"\xc0\xaf", 422),
    "UTF-16": ('{"text": "a"}'.encode("utf-16"), 422),
    "GB18030": ('{"text": "中文"}'.encode("gb18030"), 422),
    "a lone high surrogate": (ONE_TEXT % b"\\ud83d", 422),
    "a lone low surrogate": (ONE_TEXT % b"\\ude00 and more", 422),
    "surrogates the wrong way round": (ONE_TEXT % b"\\ude00\\ud83d", 422),
    "surrogates as UTF-8": (ONE_TEXT % b"\xed\xa0\xbd\xed\xb8\x80", 422),
    "a pair of surrogates": (ONE_TEXT % b"\\ud83d\\ude00", 200),
    "a byte order mark": (b"\xef\xbb\xbf" + ONE_TEXT % b"a", 422),
    "10 MB of one text": (ONE_TEXT % (b"a" * 10 * MEGABYTE), 413),
    "10 MB of nothing": (b"\0" * 10 * MEGABYTE, 413),
    "3 MB of one text": (ONE_TEXT % (b"a" * 3 * MEGABYTE), 422),
    "100,000 levels of lists": (b"[" * 100_000 + b"]" * 100_000, 422),
    "100,000 levels of objects": (b'{"text":' * 100_000 + b'"a"' + b"}" * 100_000, 422),
    "100,000 levels that never end": (b'{"texts":' + b"[" * 100_000, 422),
    "NUL in a text": (ONE_TEXT % b"a\\u0000b", 200),
    "NUL in the body": (ONE_TEXT % b"a\0b", 422),
    "NUL only": (b"\0", 422),
    "right to left": (ONE_TEXT % "שלום עולם مرحبا".encode(), 200),
    "marks of direction": (ONE_TEXT % "a\u202eb\u202c\u2066c\u2069\u200f\u061c".encode(), 200),
    "joiners and combining marks": (ONE_TEXT % ("e" + "\u0301" * 5000 + "\u200d" * 100).encode(), 200),
    "noncharacters": (ONE_TEXT % "\ufffe\uffff\U0010ffff".encode(), 200),
    "line separators": (ONE_TEXT % "\u2028\u2029\x85".encode(), 200),
    "100,000 texts": (json.dumps({"texts": ["a"] * 100_000}).encode(), 422),
    "100,000 empty texts": (json.dumps({"texts": [""] * 100_000}).encode(), 422),
    "100,000 wrong texts": (json.dumps({"texts": [1] * 100_000}).encode(), 422),
    "100,000 names": (json.dumps({str(number): "a" for number in range(100_000)}).encode(), 422),
    "a number of 100,000 digits": (b'{"text": ' + b"9" * 100_000 + b"}", 422),
    "a fraction of 100,000 digits": (b'{"text": 0.' + b"9" * 100_000 + b"}", 422),
    "an exponent of 100,000 digits": (b'{"text": 1e' + b"9" * 100_000 + b"}", 422),
    "NaN": (b'{"text": NaN}', 422),
    "Infinity": (b'{"texts": [Infinity]}', 422),
    "the same name twice": (b'{"text": "a", "text": "b"}', 422),
    "the same name twice, once wrong": (b'{"text": "a", "text": 1}', 422),
    "a name of 1 MB": (b'{"' + b"a" * MEGABYTE + b'": 1}', 422),
    "names that JSON Pointer escapes": (b'{"a/b~c": 1}', 422),
    "two documents": (b'{"text": "a"}{"text": "b"}', 422),
    "a comment": (b'{"text": "a"} // b', 422),
    "single quotes": (b"{'text': 'a'}", 422),
    "a form": (b"text=a", 422),
    "a multipart form": (b'--x\r\nContent-Disposition: form-data; name="text"\r\n\r\na\r\n--x--\r\n', 422),
    "XML": (b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><text>&b;</text>', 422),
    "gzip": (b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xab\x56\x2a\x49\xad\x28\x51", 422),
    "white space": (b" \n\t" * 1000, 422),
    "nothing": (b"", 422),
}


@pytest.mark.parametrize(("body", "status"), BODIES.values(), ids=BODIES.keys())
def test_a_body_is_answered_or_refused(client: httpx.Client, body: bytes, status: int) -> None:
    answer = client.post("/predict", content=body)
    assert answer.status_code == status, answer.text[:500]
    assert len(answer.content) < max(20_000, 2 * len(body)), "a refusal does not repeat what was sent"
    if status == 200:
        (prediction,) = answer.json()["predictions"]
        assert prediction["text"] == json.loads(body)["text"]
    else:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["detail"]


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/plain",
        "application/xml",
        "application/json; charset=gb18030",
        "multipart/form-data",
        "\xff",
        "a" * 4000,
    ],
)
@pytest.mark.parametrize(("body", "status"), [('{"text": "中文"}'.encode(), 200), (b"{", 422)])
def test_whatever_the_content_type_says_the_body_decides(
    client: httpx.Client, content_type: str, body: bytes, status: int
) -> None:
    headers = {b"Content-Type": content_type.encode("latin-1")}
    assert client.post("/predict", content=body, headers=headers).status_code == status


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_a_body_in_chunks_is_the_same_body(client: httpx.Client, size: int) -> None:
    body = json.dumps({"texts": ["中文😀IBM"] * 20}, ensure_ascii=False).encode()
    chunks = (body[start : start + size] for start in range(0, len(body), size))
    answer = client.post("/predict", content=chunks)
    assert [one["text"] for one in answer.json()["predictions"]] == ["中文😀IBM"] * 20


def test_a_body_in_chunks_that_never_ends_is_refused(client: httpx.Client) -> None:
    with closing(_connect(client)) as connection:
        connection.sendall(b"POST /predict HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
        chunk = b"%x\r\n%s\r\n" % (MEGABYTE, b"a" * MEGABYTE)
        with suppress(OSError):  # the server may close while we still send
            for _ in range(200):
                connection.sendall(chunk)
        assert _status(connection) in (413, None)


@pytest.mark.parametrize(
    "sent",
    [
        b'POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{"text": ',
        b'POST /predict HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"te',
        b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Le",
        b"POST /pre",
    ],
)
def test_a_request_that_breaks_off_is_let_go(client: httpx.Client, sent: bytes) -> None:
    with closing(_connect(client)) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        assert _status(connection) in (400, None)


@pytest.mark.parametrize(
    "sent",
    [
        b"POST /predict HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n",
        b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n",
        b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 7\r\n\r\n{}",
        b"POST /predict HTTP/9.9\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"\0" * 1000,
    ],
)
def test_what_is_not_http_is_refused(client: httpx.Client, sent: bytes) -> None:
    with closing(_connect(client)) as connection:
        connection.sendall(sent)
        assert _status(connection) in (400, None)


@pytest.mark.parametrize("length", [b"0", b"+5", b"5_0", "５".encode(), b"9" * 5000])
def test_an_odd_content_length_is_no_failure(client: httpx.Client, length: bytes) -> None:
    head = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: %s\r\n\r\n" % length
    with closing(_connect(client)) as connection:
        connection.sendall(head)
        connection.shutdown(socket.SHUT_WR)
        status = _status(connection)
        assert status is None or status == 100 or 400 <= status < 500


@pytest.mark.parametrize(
    "path",
    [
        "/models/%00/predict",
        "/models/%ff%fe/predict",
        "/models/..%2f..%2fetc%2fpasswd/predict",
        "/models/" + "a" * 20_000 + "/predict",
        "/models/%F0%9F%98%80/predict",
        "/models/fake%0d%0aX-Injected:%20yes/predict",
        "/predict/",
        "//predict",
    ],
)
def test_an_odd_path_is_not_found(client: httpx.Client, path: str) -> None:
    answer = client.post(client.base_url.join(path) if not path.startswith("//") else f"{client.base_url}{path}")
    assert answer.status_code in (400, 404)
    assert "x-injected" not in answer.headers


def _connect(client: httpx.Client) -> socket.socket:
    return socket.create_connection((client.base_url.host, client.base_url.port or 80), PATIENCE)


def _status(connection: socket.socket) -> int | None:
    """Of the answer; None where the server closed without one."""
    head = b""
    try:
        while b"\r\n" not in head and (more := connection.recv(4096)):
            head += more
    except ConnectionError:
        return None
    return int(head.split(b" ", 2)[1]) if head else None


_ODD = st.sampled_from(
    ["\0", "\u202e", "\ufeff", "\ud800", "\udfff", "😀", "\u0301", "\uffff", "IBM", "中文", '"', "\\"]
)
_TEXT = st.lists(_ODD | st.text(st.characters(exclude_categories=()), max_size=20), max_size=20).map("".join)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(_TEXT, min_size=1, max_size=8), ascii_only=st.booleans())
def test_any_texts_are_answered_as_they_came_or_refused(
    client: httpx.Client, texts: list[str], ascii_only: bool
) -> None:
    body = json.dumps({"texts": texts}, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    answer = client.post("/predict", content=body)
    # Escaped, two surrogates in a row are one character.
    meant = [json.loads(json.dumps(text)) if ascii_only else text for text in texts]
    sane = not any("\ud800" <= one <= "\udfff" for text in meant for one in text)
    assert answer.status_code == (200 if sane else 422)
    if sane:
        assert [one["text"] for one in answer.json()["predictions"]] == meant


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_sound_body_with_bytes_changed_is_no_failure(client: httpx.Client, data: st.DataObject) -> None:
    body = bytearray(json.dumps({"texts": ["中文IBM", "a"]}, ensure_ascii=False).encode())
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(0, len(body) - 1))
        kind = data.draw(st.sampled_from(["change", "drop", "double"]))
        if kind == "change":
            body[at] = data.draw(st.integers(0, 255))
        elif kind == "drop":
            del body[at]
        else:
            body[at:at] = body[: at + 1]
    assert client.post("/predict", content=bytes(body)).status_code in (200, 422)
