"""Who may send requests, and how often: API keys and the rate limit, checked before any route is reached."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache

from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Receive, Scope, Send

from paddle_ner.serving import pages
from paddle_ner.serving.caller import Caller, caller_of
from paddle_ner.serving.keys import Keys, parse
from paddle_ner.serving.problems import RATE_LIMITED, UNAUTHORIZED, UNPROTECTED, HTTPProblem
from paddle_ner.serving.rate import RateLimit
from paddle_ner.serving.settings import ENVIRONMENT_PREFIX, Settings, is_loopback

OPEN = pages.PATHS | {"/openapi.json", "/health/live", "/health/ready"}
"""Paths that need no key: they reveal nothing about texts, and probes and browsers use them before they have a key."""

_CHALLENGE = {"WWW-Authenticate": "Bearer"}
# A complete Host header: with anything more, two readers of the URL might disagree.
_HOST = re.compile(r"(?:\[([0-9a-f]*:[0-9a-f:.]+)\]|(localhost|[0-9.]+))(?::([0-9]{0,5}))?", re.IGNORECASE)
_PORTS = 65535


def fixed_keys(settings: Settings) -> Keys | None:
    """The keys that the settings themselves hold. Raises InputError if one is invalid."""
    if settings.api_key_hashes is None:
        return None
    return parse(settings.api_key_hashes.replace(",", "\n"), f"{ENVIRONMENT_PREFIX}API_KEY_HASHES")


class Guard:
    """ASGI middleware that refuses callers without access; `read_caller` must have run.

    Args:
        app: what is guarded.
        settings: of the server.
        keys: returns the server's current keys; None if it has none.
        routes: the routes of the application; a refused request is counted under the route that it asked for.
    """

    def __init__(
        self, app: ASGIApp, settings: Settings, keys: Callable[[], Keys] | None, routes: Sequence[BaseRoute]
    ) -> None:
        self._app = app
        self._routes = routes
        self._keys = keys
        self._open = OPEN | ({"/metrics"} if settings.metrics_public else set())
        self._insecure = settings.insecure
        self._rate = RateLimit(settings.rate_limit) if settings.rate_limit is not None else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http" and scope["path"].removeprefix(scope.get("root_path", "")) not in self._open:
            try:
                self._admit(scope, caller_of(scope))
            except HTTPProblem as problem:
                self._find_route(scope)
                await problem.response()(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _admit(self, scope: Scope, caller: Caller) -> None:
        if self._keys:
            if not caller.sent_key:
                detail = "there is no API key; send the header Authorization: Bearer KEY, or X-API-Key: KEY"
                raise HTTPProblem(UNAUTHORIZED, detail, _CHALLENGE)
            name = self._keys().name_of(caller.sent_key)
            if name is None:
                raise HTTPProblem(UNAUTHORIZED, "the API key is not one of this server's", _CHALLENGE)
            caller.key = name
        elif not self._insecure and caller.forwarded:
            raise HTTPProblem(
                UNPROTECTED, "the server has no API keys and was asked through a proxy, which others reach"
            )
        elif not self._insecure and not _is_local(scope):
            raise HTTPProblem(
                UNPROTECTED, "the server has no API keys and was asked at an address or by a name that others reach"
            )
        if self._rate is not None:
            wait = self._rate.take(caller.client)
            if wait is not None:
                raise HTTPProblem(
                    RATE_LIMITED, f"too many requests a second; try again in {wait} s", {"Retry-After": str(wait)}
                )

    def _find_route(self, scope: Scope) -> None:
        for route in self._routes:
            if route.matches(scope)[0] is not Match.NONE:
                scope["route"] = route
                return


def _is_local(scope: Scope) -> bool:
    """Whether a request came to this machine's loopback, or a Unix socket, and under a name of the loopback.

    The name matters, since a foreign page in a browser could otherwise send requests under its own name that resolves
    to the loopback (DNS rebinding), and read the answers.
    """
    server = scope.get("server")
    if server is not None and server[1] is not None and not _loopback(server[0]):
        return False
    return all(_names_loopback(value) for name, value in scope["headers"] if name == b"host")


@lru_cache(maxsize=64)
def _names_loopback(host: bytes) -> bool:
    """Whether a Host header is a name or an address of the loopback; nothing is resolved."""
    match = _HOST.fullmatch(host.decode("latin-1"))
    if match is None or int(match[3] or 0) > _PORTS:
        return False
    return is_loopback((match[1] or match[2]).lower())


@lru_cache(maxsize=64)
def _loopback(host: str) -> bool:
    return is_loopback(host)
