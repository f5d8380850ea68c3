"""The routes about the server itself: models, statistics, health, metrics."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from starlette.responses import Response

from paddle_ner.serving import schemas
from paddle_ner.serving.body import json_response
from paddle_ner.serving.metrics import Metrics, ModelMetrics
from paddle_ner.serving.served import Served
from paddle_ner.serving.service import Service


def add_information(app: FastAPI, service: Service, metrics: Metrics) -> None:
    """Give `app` the routes."""

    def responses(model: Any, *problems: int) -> dict[int | str, dict[str, Any]]:
        return {200: {"model": model}, **schemas.problem_responses(*problems)}

    @app.get(
        "/models",
        summary="The models of this server",
        tags=["models"],
        responses=responses(schemas.ModelsResponse, 401, 403, 429),
    )
    async def models() -> Response:
        described = [_describe(served, service.settings.min_score) for served in service.models.values()]
        answer = schemas.ModelsResponse(default=service.settings.default_model, models=described)
        return json_response(answer.model_dump(exclude_none=True))

    @app.get(
        "/stats",
        summary="Throughput, latency and queue of the last minute",
        tags=["models"],
        responses=responses(schemas.StatsResponse, 401, 403, 429),
    )
    async def stats() -> Response:
        answer = schemas.StatsResponse(models={name: _stats(metrics.model(name)) for name in service.models})
        return json_response(answer.model_dump())

    @app.get(
        "/health/live",
        summary="Whether a restart is not needed",
        tags=["health"],
        responses=responses(schemas.HealthResponse, 503),
    )
    async def live() -> Response:
        service.check_alive()
        return json_response({"status": "alive"})

    @app.get(
        "/health/ready",
        summary="Whether requests should come here",
        tags=["health"],
        responses=responses(schemas.HealthResponse, 503),
    )
    async def ready() -> Response:
        service.check_ready()
        return json_response({"status": "ready"})

    @app.get("/metrics", include_in_schema=False)
    async def prometheus() -> Response:
        return Response(metrics.render(), media_type=metrics.content_type)


def _describe(served: Served, min_score: dict[str, float] | None) -> schemas.ModelBody:
    return schemas.ModelBody(
        name=served.name,
        state=served.state,
        task=served.decoding.name if served.decoding else None,
        labels=list(served.decoding.labels) if served.decoding else None,
        overlapping=(served.decoding.overlapping or None) if served.decoding else None,
        min_score=min_score if served.decoding else None,
        version=served.version or None,
        engine=served.info.engine if served.info else None,
        device=served.info.device if served.info else None,
        precision=served.info.precision if served.info else None,
        threads=served.info.threads if served.info else None,
        replicas=served.replicas,
        examples=list(served.examples) or None,
    )


def _stats(model: ModelMetrics) -> schemas.ModelStats:
    p50, p95 = (model.recent.latency(share) for share in (0.5, 0.95))
    return schemas.ModelStats(
        texts_per_second=round(model.recent.texts_per_second(), 2),
        latency_ms=schemas.Latency(p50=_milliseconds(p50), p95=_milliseconds(p95)),
        queue=model.queue_length,
    )


def _milliseconds(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 2)
