"""The FastAPI application: its parts put together, and the routes that predict."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from paddle_ner import __version__
from paddle_ner.serving import pages, schemas, tracing
from paddle_ner.serving.access import Guard, fixed_keys
from paddle_ner.serving.body import Bodies, json_response, while_connected
from paddle_ner.serving.caller import caller_of
from paddle_ner.serving.description import describe
from paddle_ner.serving.information import add_information
from paddle_ner.serving.keys import KeyFile
from paddle_ner.serving.metrics import Metrics
from paddle_ner.serving.model import Loader, load_model
from paddle_ner.serving.observe import Observe
from paddle_ner.serving.problems import FAILED_TEXT, HTTPProblem, of_status
from paddle_ner.serving.service import Service
from paddle_ner.serving.settings import Settings
from paddle_ner.serving.trial import try_bundle
from paddle_ner.types import Prediction

logger = logging.getLogger(__name__)

CLIENT_LEFT = 499  # nobody reads this answer; it is only for the metrics


class _Direct(APIRoute):
    """A route whose endpoint takes the request and the path's parameters, and returns the response.

    FastAPI converts nothing here: that would take a tenth of the time that a small model needs for a text.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler of the path."""

        async def handle(request: Request) -> Response:
            response: Response = await self.endpoint(request, **request.path_params)
            return response

        return handle


def create_app(
    settings: Settings, load: Loader = load_model, *, report: Callable[[str], None] = logger.error
) -> FastAPI:
    """The application over the models of `settings`, which `load` begins to load when the server starts.

    `report` is called with the reason why a model could not be loaded. ``app.state.service`` is the Service. Raises
    InputError if the API keys are invalid.
    """
    key_file = KeyFile(settings.api_keys) if settings.api_keys else None
    fixed = fixed_keys(settings)
    keys = key_file.current if key_file else (lambda: fixed) if fixed is not None else None
    metrics = Metrics()
    # Models of other loaders are not files that could be tried in another process.
    service = Service(settings, load, metrics, report, try_bundle if load is load_model else None)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        tracing.start()
        service.start()
        if key_file:
            key_file.watch()
        yield
        if key_file:
            key_file.close()
        await service.stop()

    app = FastAPI(
        title="paddle-ner",
        version=__version__,
        summary="Chinese named entity recognition and text classification",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
        # FastAPI's own traces (0.165) contain the query string and messages of exceptions, which may quote the text.
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )
    app.state.service = service
    # The middleware that is added last is the outermost.
    app.add_middleware(Guard, settings=settings, keys=keys, routes=app.routes)
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=["GET", "POST"],
            allow_headers=["Authorization", "Content-Type", "X-API-Key", "X-Request-ID", "traceparent", "tracestate"],
            expose_headers=["X-Request-ID", "Retry-After"],
        )
    app.add_middleware(Observe, metrics=metrics, trusted=settings.trusted_proxies)
    _add_problems(app)
    describe(app, service, keyed=keys is not None)
    _add_predict(app, service, metrics)
    app.include_router(pages.router)
    add_information(app, service, metrics)
    return app


def _add_predict(app: FastAPI, service: Service, metrics: Metrics) -> None:
    documented: dict[str, Any] = {
        "responses": {
            200: {"model": schemas.PredictResponse},
            **schemas.problem_responses(400, 401, 403, 404, 408, 413, 415, 422, 429, 431, 500, 503, 504),
        },
        "openapi_extra": {"requestBody": schemas.request_body(service.settings)},
        "tags": ["predict"],
    }

    bodies = Bodies(service.settings.max_bodies_bytes)

    async def answer(request: Request, name: str) -> Response:
        with bodies.claim(caller_of(request.scope).client) as claim:
            return await answer_body(request, name, await claim.read(request, service.settings.max_body_bytes))

    async def answer_body(request: Request, name: str, body: bytes) -> Response:
        started = time.monotonic()
        asked = schemas.parse(body, service.settings, service.find(name).decoding)
        caller = caller_of(request.scope)
        caller.texts, caller.characters = len(asked.texts), sum(map(len, asked.texts))
        answers = await while_connected(request, service.predict(name, asked.texts, caller.client, asked.min_score))
        predictions = [answer.to_dict() if isinstance(answer, Prediction) else None for answer in answers]
        if failed := [index for index, prediction in enumerate(predictions) if prediction is None]:
            raise HTTPProblem(
                FAILED_TEXT,
                f"{len(failed)} of {len(answers)} texts made the model fail; the log has the reason",
                errors=[asked.error(index, type(answers[index]).__name__) for index in failed],
                predictions=predictions,
            )
        metrics.model(name).recent.answered(len(predictions), time.monotonic() - started)
        return json_response({"model": name, "predictions": predictions})

    async def predict(request: Request) -> Response:
        return await answer(request, service.settings.default_model)

    async def predict_with(request: Request, name: str) -> Response:
        return await answer(request, name)

    for path, endpoint, summary in (
        ("/predict", predict, "Label texts with the default model"),
        ("/models/{name}/predict", predict_with, "Label texts with a model by name"),
    ):
        app.router.add_api_route(
            path, endpoint, methods=["POST"], summary=summary, route_class_override=_Direct, **documented
        )


def _add_problems(app: FastAPI) -> None:
    async def problem(request: Request, error: Exception) -> Response:
        if isinstance(error, HTTPProblem):
            return error.response()
        if isinstance(error, HTTPException):
            return of_status(error.status_code, str(error.detail), error.headers).response()
        assert isinstance(error, ClientDisconnect)
        return Response(status_code=CLIENT_LEFT)

    for kind in (HTTPProblem, HTTPException, ClientDisconnect):
        app.add_exception_handler(kind, problem)
