"""The OpenAPI document: FastAPI's own, with what FastAPI cannot know about the routes."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from paddle_ner.serving.access import OPEN
from paddle_ner.serving.schemas import MIN_SCORE, PROBLEM_SCHEMA, min_score
from paddle_ner.serving.service import Service

_SECURITY_SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
}


def describe(app: FastAPI, service: Service, *, keyed: bool) -> None:
    """Make `app` describe problems, the models' types of entities, and if it is `keyed`, which routes need a key."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        document = generate()  # the same object each time
        components = document["components"]
        components["schemas"]["Problem"] = PROBLEM_SCHEMA
        components["schemas"][MIN_SCORE] = min_score(service.entity_types())
        if keyed:
            components["securitySchemes"] = _SECURITY_SCHEMES
            for path in document["paths"].keys() - OPEN:
                for operation in document["paths"][path].values():
                    operation["security"] = [{name: []} for name in _SECURITY_SCHEMES]
        return document

    app.openapi = openapi  # type: ignore[method-assign]
