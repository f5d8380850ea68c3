"""Errors as RFC 9457 problems. Each kind is defined once, here; the documentation page lists them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from starlette.responses import Response

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of problem.

    Attributes:
        slug: its name in the `type` of the answer, an anchor of the documentation page.
        status: HTTP status of the answer.
        title: the same for every problem of the kind.
        fix: what the caller can do.
    """

    slug: str
    status: int
    title: str
    fix: str


BAD_REQUEST = Kind("bad-request", 400, "Bad request", "Send a request of HTTP/1.1.")
UNAUTHORIZED = Kind("unauthorized", 401, "Unauthorized", "Send `Authorization: Bearer KEY` with a key of this server.")
UNPROTECTED = Kind(
    "unprotected", 403, "Unprotected server", "The operator must give the server API keys, or say that it needs none."
)
NOT_FOUND = Kind("not-found", 404, "Not found", "See /docs for the routes.")
UNKNOWN_MODEL = Kind("unknown-model", 404, "Unknown model", "GET /models lists the names.")
METHOD = Kind("method-not-allowed", 405, "Method not allowed", "See the header Allow.")
TIMEOUT = Kind("timeout", 408, "Request timeout", "Send the request's head and body without pauses.")
TOO_LARGE = Kind("body-too-large", 413, "Body too large", "Send fewer or shorter texts in one request.")
ENCODING = Kind(
    "unsupported-encoding", 415, "Unsupported encoding", "Send the body as it is, or with `Content-Encoding: gzip`."
)
INVALID = Kind("invalid-request", 422, "Invalid request", "`errors` points at each place in the body.")
QUEUE_FULL = Kind("queue-full", 429, "Queue full", "Try again after the seconds of the header Retry-After.")
RATE_LIMITED = Kind("rate-limited", 429, "Rate limited", "Send fewer requests per second; see the header Retry-After.")
HEAD_TOO_LARGE = Kind("head-too-large", 431, "Request head too large", "Send fewer or shorter headers.")
FAILED_TEXT = Kind(
    "text-failed",
    500,
    "Text failed",
    "`errors` names the texts; `predictions` has the answers of the others, and null for these.",
)
INTERNAL = Kind("internal-error", 500, "Internal error", "The server's log has the reason.")
BODIES_FULL = Kind(
    "bodies-full", 503, "No memory for the body", "Try again after the seconds of the header Retry-After."
)
TOO_MANY_CONNECTIONS = Kind(
    "too-many-connections", 503, "Too many connections", "Keep one connection and send the next request on it."
)
LOADING = Kind("loading", 503, "Loading", "Try again after the seconds of the header Retry-After.")
UNAVAILABLE = Kind("unavailable", 503, "Model unavailable", "The server's log has the reason; it must be restarted.")
DRAINING = Kind("draining", 503, "Draining", "The server is stopping; use another one.")
DEADLINE = Kind("deadline-passed", 504, "Deadline passed", "Send fewer texts, or try when the server is less busy.")

KINDS = (
    BAD_REQUEST,
    UNAUTHORIZED,
    UNPROTECTED,
    NOT_FOUND,
    UNKNOWN_MODEL,
    METHOD,
    TIMEOUT,
    TOO_LARGE,
    ENCODING,
    INVALID,
    QUEUE_FULL,
    RATE_LIMITED,
    HEAD_TOO_LARGE,
    FAILED_TEXT,
    INTERNAL,
    BODIES_FULL,
    TOO_MANY_CONNECTIONS,
    LOADING,
    UNAVAILABLE,
    DRAINING,
    DEADLINE,
)


class HTTPProblem(Exception):
    """Raised anywhere below a route; answered as ``application/problem+json``.

    Args:
        kind: what is wrong.
        detail: what is wrong this time.
        headers: of the answer.
        extensions: further members of the body, such as ``errors``.
    """

    def __init__(self, kind: Kind, detail: str, headers: Mapping[str, str] | None = None, **extensions: Any) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.headers = dict(headers or {})
        self.extensions = extensions

    def response(self) -> Response:
        """The answer."""
        body = {
            "type": f"/docs#{self.kind.slug}",
            "title": self.kind.title,
            "status": self.kind.status,
            "detail": self.detail,
            **self.extensions,
        }
        content = json.dumps(body, ensure_ascii=False).encode("utf-8")
        return Response(content, self.kind.status, self.headers, MEDIA_TYPE)


def of_status(status: int, detail: str, headers: Mapping[str, str] | None = None) -> HTTPProblem:
    """The problem for a status that the framework itself raised."""
    kind = {400: BAD_REQUEST, 404: NOT_FOUND, 405: METHOD}.get(status)
    if kind is None:
        kind = Kind("about", status, HTTPStatus(status).phrase, "")
    return HTTPProblem(kind, detail, headers)
