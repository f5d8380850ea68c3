"""The FastAPI application: routes, and nothing that a route does not need."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from paddle_ner import __version__
from paddle_ner.serving import pages, schemas
from paddle_ner.serving.body import read_body, while_connected
from paddle_ner.serving.metrics import Metrics
from paddle_ner.serving.model import Loader, load_model
from paddle_ner.serving.problems import FAILED_TEXT, INTERNAL, HTTPProblem, of_status
from paddle_ner.serving.service import Service
from paddle_ner.serving.settings import Settings
from paddle_ner.types import Prediction

logger = logging.getLogger(__name__)

CLIENT_LEFT = 499  # nobody reads this answer; it is for the metrics


def create_app(
    settings: Settings, load: Loader = load_model, *, report: Callable[[str], None] = logger.error
) -> FastAPI:
    """The application over the models of `settings`, which `load` begins to load when the server starts.

    `report` is told why a model could not be loaded. ``app.state.service`` is the Service.
    """
    metrics = Metrics()
    service = Service(settings, load, metrics, report)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        service.start()
        yield
        await service.stop()

    app = FastAPI(
        title="paddle-ner",
        version=__version__,
        summary="Chinese named entity recognition and text classification",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.service = service
    app.add_middleware(_Measure, metrics=metrics)
    app.include_router(pages.router)
    _add_problems(app)
    _add_predict(app, service)
    _add_information(app, service, metrics)
    return app


def _add_predict(app: FastAPI, service: Service) -> None:
    documented: dict[str, Any] = {
        "responses": {
            200: {"model": schemas.PredictResponse},
            **schemas.problem_responses(404, 413, 422, 429, 500, 503, 504),
        },
        "openapi_extra": {"requestBody": schemas.request_body(service.settings)},
        "tags": ["predict"],
    }

    async def answer(request: Request, name: str) -> Response:
        body = await read_body(request, service.settings.max_body_bytes)
        service.batcher(name)
        asked = schemas.parse(body, service.settings)
        answers = await while_connected(request, service.predict(name, asked.texts))
        predictions = [one.to_dict() if isinstance(one, Prediction) else None for one in answers]
        if failed := [index for index, one in enumerate(predictions) if one is None]:
            raise HTTPProblem(
                FAILED_TEXT,
                f"{len(failed)} of {len(answers)} texts made the model fail; the log has the reason",
                errors=[asked.error(index, type(answers[index]).__name__) for index in failed],
                predictions=predictions,
            )
        return _json({"model": name, "predictions": predictions})

    @app.post("/predict", summary="Label texts with the default model", **documented)
    async def predict(request: Request) -> Response:
        return await answer(request, service.settings.default_model)

    @app.post("/models/{name}/predict", summary="Label texts with a model by name", **documented)
    async def predict_with(request: Request, name: str) -> Response:
        return await answer(request, name)


def _add_information(app: FastAPI, service: Service, metrics: Metrics) -> None:
    def responses(model: Any, *problems: int) -> dict[int | str, dict[str, Any]]:
        return {200: {"model": model}, **schemas.problem_responses(*problems)}

    @app.get(
        "/models", summary="The models of this server", tags=["models"], responses=responses(schemas.ModelsResponse)
    )
    async def models() -> Response:
        found = [
            schemas.ModelBody(
                name=served.name,
                state=served.state,
                task=served.task.name if served.task else None,
                labels=list(served.task.labels) if served.task else None,
            )
            for served in service.models.values()
        ]
        answer = schemas.ModelsResponse(default=service.settings.default_model, models=found)
        return _json(answer.model_dump(exclude_none=True))

    @app.get(
        "/health/live",
        summary="Whether a restart is not needed",
        tags=["health"],
        responses=responses(schemas.HealthResponse, 503),
    )
    async def live() -> Response:
        service.check_alive()
        return _json({"status": "alive"})

    @app.get(
        "/health/ready",
        summary="Whether requests should come here",
        tags=["health"],
        responses=responses(schemas.HealthResponse, 503),
    )
    async def ready() -> Response:
        service.check_ready()
        return _json({"status": "ready"})

    @app.get("/metrics", include_in_schema=False)
    async def prometheus() -> Response:
        return Response(metrics.render(), media_type=metrics.content_type)


def _add_problems(app: FastAPI) -> None:
    async def problem(request: Request, error: Exception) -> Response:
        if isinstance(error, HTTPProblem):
            return error.response()
        if isinstance(error, HTTPException):
            return of_status(error.status_code, str(error.detail), error.headers).response()
        if isinstance(error, ClientDisconnect):
            return Response(status_code=CLIENT_LEFT)
        return HTTPProblem(INTERNAL, "the server failed; its log has the reason").response()

    for kind in (HTTPProblem, HTTPException, ClientDisconnect, Exception):
        app.add_exception_handler(kind, problem)

    generate = app.openapi

    def openapi() -> dict[str, Any]:
        document = generate()
        document["components"]["schemas"]["Problem"] = schemas.PROBLEM_SCHEMA
        return document

    app.openapi = openapi  # type: ignore[method-assign]


def _json(content: dict[str, Any]) -> Response:
    encoded = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode("utf-8")
    return Response(encoded, media_type="application/json")


class _Measure:
    """Counts every request by route and status. Plain ASGI: a wrapper of `receive` would hide a client that left."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.monotonic()
        status = 500

        async def watch(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, watch)
        finally:
            # Paths that no route has share one label, so that a scan of the server cannot grow the metrics.
            route = getattr(scope.get("route"), "path", "other")
            self._metrics.answered(route, status, time.monotonic() - started)
