"""A small HTTP server with the routes, bodies and answers of `paddle_ner.serving`, in the standard library alone.

One prediction runs at a time, since there is one engine. Waiting requests, connections, bodies and pauses are limited.
A request that can be read in two ways is refused and its connection closed.
"""

from __future__ import annotations

import hmac
import json
import re
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from paddle_ner.edge.body import ProblemError, parse
from paddle_ner.edge.settings import Settings, names_loopback
from paddle_ner.inference.predictor import Predictor

_ROUTE = re.compile(r"/predict|/models/(?P<name>[^/]+)/predict")
_FORWARDING = ("forwarded", "via", "x-real-ip")
_PAUSE = 0.1  # seconds between checks of whether to stop
_PATIENCE = 16  # up to this many times the limit of a body is read and discarded before the connection is closed
_BLOCK = 1 << 16


def serve(predictor: Predictor, name: str, settings: Settings) -> None:
    """Answer until SIGTERM or Ctrl-C; requests in progress are then finished."""
    server = make_server(predictor, name, settings)
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    listener = threading.Thread(target=server.serve_forever, args=(_PAUSE,), daemon=True)
    listener.start()
    host, port = server.server_address[:2]
    shown = f"[{host!s}]" if ":" in str(host) else str(host)
    print(f"listening on http://{shown}:{port}", file=sys.stderr, flush=True)
    stopping.wait()
    server.shutdown()
    server.drain()
    server.server_close()


def make_server(predictor: Predictor, name: str, settings: Settings) -> EdgeServer:
    """A server that listens; it answers once `serve_forever` runs. Raises OSError where the port is taken."""
    return EdgeServer(predictor, name, settings)


class EdgeServer(ThreadingHTTPServer):
    """The listening socket, the model, and the limits of the work."""

    daemon_threads = True

    def __init__(self, predictor: Predictor, name: str, settings: Settings) -> None:
        if ":" in settings.host:
            self.address_family = socket.AF_INET6
        self.predictor = predictor
        self.name = name
        self.settings = settings
        self.engine = threading.Lock()
        self.places = threading.BoundedSemaphore(settings.max_waiting)
        self._connections = threading.BoundedSemaphore(settings.max_connections)
        self._held = 0  # bytes of bodies
        self._lock = threading.Lock()
        self._reading: dict[socket.socket, float] = {}  # the deadline of the request on each
        super().__init__((settings.host, settings.port), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Give the connection its own thread, or close it where there are too many."""
        if self._connections.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Answer one connection until it ends."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._connections.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print in one line why a connection broke, unless the client just left."""
        error = sys.exc_info()[1]
        if not isinstance(error, (ConnectionError, TimeoutError)):
            print(f"{client_address[0]}: {type(error).__name__}: {error}", file=sys.stderr, flush=True)

    def reading(self, connection: socket.socket, reads: bool) -> None:
        """Note that a connection starts to wait for a request, or has received it."""
        with self._lock:
            if reads:
                self._reading[connection] = time.monotonic() + self.settings.request_seconds
            else:
                self._reading.pop(connection, None)

    def service_actions(self) -> None:
        """End the connections whose request takes too long; called several times a second."""
        now = time.monotonic()
        with self._lock:
            late = [connection for connection, until in self._reading.items() if now > until]
            for connection in late:
                del self._reading[connection]
        for connection in late:
            with suppress(OSError):  # it has just ended
                connection.shutdown(socket.SHUT_RDWR)

    def hold(self, size: int) -> bool:
        """Reserve bytes for a body, and say whether they were free; a negative size releases them."""
        with self._lock:
            if size > 0 and self._held + size > self.settings.max_bodies_bytes:
                return False
            self._held += size
            return True

    def drain(self) -> None:
        """Wait for the requests in progress."""
        for _ in range(self.settings.max_waiting):
            self.places.acquire(timeout=self.settings.silence_seconds)


class _Handler(BaseHTTPRequestHandler):
    server: EdgeServer
    protocol_version = "HTTP/1.1"
    server_version = "paddle-ner-edge"
    sys_version = ""

    def setup(self) -> None:
        self.request.settimeout(self.server.settings.silence_seconds)
        super().setup()

    def log_message(self, format: str, *args: Any) -> None:
        """Log no requests: they hold texts, and a device's disk is small."""

    def handle_one_request(self) -> None:
        self.server.reading(self.connection, True)
        try:
            super().handle_one_request()
        finally:
            self.server.reading(self.connection, False)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer a request that the base class cannot read."""
        self.request_version = (
            self.protocol_version
        )  # without one it would answer as HTTP/0.9 does: no status, no headers
        self._send_problem(ProblemError(code, message or HTTPStatus(code).phrase))

    def do_GET(self) -> None:
        self._answer(self._get)

    do_HEAD = do_GET  # `_send` leaves the body out

    def do_POST(self) -> None:
        self._answer(self._post)

    def _answer(self, route: Callable[[], dict[str, Any]]) -> None:
        try:
            self._check_framing()
            answer = route()
        except ProblemError as problem:
            self._send_problem(problem)
            return
        except (ConnectionError, TimeoutError):
            raise
        except BaseException as error:  # a panic in the tokenizer's Rust is not an Exception
            print(f"a request failed: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
            self._send_problem(ProblemError(500, "the model failed; the server's standard error has the reason"))
            return
        self._send(HTTPStatus.OK, answer, "application/json", {})

    def _send_problem(self, problem: ProblemError) -> None:
        title = HTTPStatus(problem.status).phrase
        body = {"type": "about:blank", "title": title, "status": problem.status, "detail": problem.detail}
        # The body may not have been read to its end, so nothing more can be read from this connection.
        self._send(problem.status, body, "application/problem+json", {**problem.headers, "Connection": "close"})

    def _check_framing(self) -> None:
        """Refuse a request whose end is ambiguous: the rest of it would be read as the next request."""
        if self.headers.get_payload() or any("\n" in value for value in self.headers.values()):
            raise ProblemError(400, "a line of the request's head is no header")
        lengths = self.headers.get_all("Content-Length", [])
        if len(self.headers.get_all("Host", [])) > 1:
            raise ProblemError(400, "the header Host is there twice, expected it once")
        if "Transfer-Encoding" in self.headers:
            raise ProblemError(411, "expected a Content-Length, since this server reads no chunked body")
        if len(lengths) > 1 or not all(
            length.isascii() and length.isdigit() and len(length) < 20 for length in lengths
        ):
            raise ProblemError(400, "expected one Content-Length, in digits")
        if self.command != "POST" and lengths and int(lengths[0]):
            raise ProblemError(400, f"expected no body with {self.command}")

    def _check_local(self) -> None:
        """Without keys, answer this machine only: no proxy, and no page under a name that resolves to this machine."""
        if self.server.settings.keys or self.server.settings.insecure:
            return
        if not names_loopback(self.headers.get("Host", "localhost")):
            raise ProblemError(
                403, "the server has no keys and was asked under a name other than localhost: give it --keys"
            )
        if any(name.lower() in _FORWARDING or name.lower().startswith("x-forwarded-") for name in self.headers):
            raise ProblemError(403, "the server has no keys and was asked through a proxy: give it --keys")

    def _send(self, status: int, body: dict[str, Any], media: str, headers: dict[str, str]) -> None:
        content = json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode("utf-8")
        self.send_response(status)
        for name, value in {"Content-Type": media, "Content-Length": str(len(content)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _get(self) -> dict[str, Any]:
        if self.path == "/health/live":
            return {"status": "alive"}
        if self.path == "/health/ready":
            return {"status": "ready"}
        if _ROUTE.fullmatch(self.path):
            raise ProblemError(405, "expected POST", {"Allow": "POST"})
        raise ProblemError(404, f"there is no {self.path}; POST /predict labels texts")

    def _post(self) -> dict[str, Any]:
        route = _ROUTE.fullmatch(self.path)
        if route is None:
            raise ProblemError(404, f"there is no {self.path} to POST to; POST /predict labels texts")
        server = self.server
        self._check_key()
        self._check_local()
        if route["name"] not in (None, server.name):
            raise ProblemError(404, f"there is no model {route['name']!r}; this server has {server.name}")
        size = self._declared()
        if not server.hold(size):
            raise ProblemError(503, "no memory for the body; try again in 1 s", {"Retry-After": "1"})
        try:
            return self._predict(parse(self._body(size), server.settings))
        finally:
            server.hold(-size)

    def _predict(self, texts: list[str]) -> dict[str, Any]:
        server = self.server
        if not server.places.acquire(blocking=False):
            waiting = server.settings.max_waiting
            raise ProblemError(429, f"{waiting} requests are in progress; try again in 1 s", {"Retry-After": "1"})
        try:
            with server.engine:
                answers = server.predictor(texts)
        finally:
            server.places.release()
        return {"model": server.name, "predictions": [answer.to_dict() for answer in answers]}

    def _check_key(self) -> None:
        keys = self.server.settings.keys
        scheme, _, given = (self.headers.get("Authorization") or "").partition(" ")
        sent = given.strip().encode("utf-8", "replace")
        known = [hmac.compare_digest(sent, key.encode("utf-8")) for key in keys]
        if keys and not (scheme.lower() == "bearer" and any(known)):
            raise ProblemError(401, "expected Authorization: Bearer KEY", {"WWW-Authenticate": "Bearer"})

    def _declared(self) -> int:
        declared = self.headers.get("Content-Length")
        if declared is None:
            raise ProblemError(411, "expected a Content-Length, since this server reads no chunked body")
        limit = self.server.settings.max_body_bytes
        if int(declared) > limit:
            # A client that is still sending cannot read the answer.
            left = min(int(declared), _PATIENCE * limit)
            while left > 0 and (block := self.rfile.read(min(left, _BLOCK))):
                left -= len(block)
            raise ProblemError(413, f"the body has more than {limit} bytes")
        return int(declared)

    def _body(self, size: int) -> bytes:
        body = self.rfile.read(size)
        if len(body) < size:
            raise ConnectionError("the client left in the middle of its body")
        self.server.reading(self.connection, False)
        return body
