"""The bodies of requests and answers, and their descriptions in the OpenAPI document."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from json import JSONDecoder
from typing import Any, Literal

from pydantic import BaseModel
from pydantic_core import from_json

from paddle_ner.serving.problems import INVALID, KINDS, MEDIA_TYPE, HTTPProblem
from paddle_ner.serving.settings import Settings
from paddle_ner.tasks import Decoding
from paddle_ner.tasks.min_score import OTHERS, by_type, faults

_EXPECTED = 'expected {"text": "…"} or {"texts": ["…", …]}'
_SHOWN = 20  # places in an invalid body that the answer points at
# Returns an object as a tuple of names with values, including repeated names. Numbers are kept as they are.
_PAIRING = JSONDecoder(object_pairs_hook=tuple, parse_int=str, parse_float=str, parse_constant=str)
MIN_SCORE = "MinScore"  # the component of the OpenAPI document


@dataclass(frozen=True, slots=True)
class Asked:
    """The texts of a request, whether it had the form with one text, and the min scores by type that it asks for."""

    texts: list[str]
    single: bool
    min_score: dict[str, float] | None = None

    def error(self, index: int, detail: str) -> dict[str, str]:
        """A member of a problem's `errors` that points at a text."""
        return _error(("text",) if self.single else ("texts", index), detail)


def parse(body: bytes, settings: Settings, decoding: Decoding | None) -> Asked:
    """The request in a body, for a model with this decoding. Raises HTTPProblem 422 that points at what is wrong.

    Validated by hand, so that it costs the same whatever is wrong: a validator that collects every error takes a second
    for a list of 100,000.
    """
    try:
        content = from_json(body)
    except ValueError as error:
        message = f"the body is not JSON in UTF-8: {error}; {_EXPECTED}"
        raise HTTPProblem(INVALID, message, errors=[_error((), str(error))]) from None
    if errors := list(islice(_wrong_shape(content), _SHOWN)):
        raise HTTPProblem(INVALID, f"the body has the wrong shape, {_EXPECTED}", errors=errors)
    if ("text" in content) == ("texts" in content):
        raise HTTPProblem(INVALID, f"the body has neither or both of text and texts, {_EXPECTED}", errors=[])
    single = "text" in content
    if place := _named_twice(body, content):
        message = f"the body has {'/'.join(place)} more than once, {_EXPECTED}"
        raise HTTPProblem(INVALID, message, errors=[_error(place, "expected once")])
    min_score = content.get("min_score")
    if "min_score" in content:
        wrong = (_error(("min_score", *filter(None, [label])), fault) for label, fault in faults(min_score, decoding))
        if errors := list(islice(wrong, _SHOWN)):
            raise HTTPProblem(INVALID, f"{errors[0]['pointer']}: {errors[0]['detail']}", errors=errors)
    asked = Asked([content["text"]] if single else content["texts"], single, by_type(min_score))
    count = len(asked.texts)
    if not 1 <= count <= settings.max_texts:
        message = f"{count} texts, expected 1 to {settings.max_texts} in one request"
        raise HTTPProblem(INVALID, message, errors=[_error(("texts",), message)])
    objections = ((index, _objection(text, settings.max_characters)) for index, text in enumerate(asked.texts))
    errors = list(islice((asked.error(index, objection) for index, objection in objections if objection), _SHOWN))
    if errors:
        raise HTTPProblem(INVALID, f"{errors[0]['pointer']}: {errors[0]['detail']}", errors=errors)
    return asked


def _named_twice(body: bytes, content: dict[str, Any]) -> tuple[str, ...]:
    """The place of a repeated name, of which `from_json` keeps the last value; empty if no name is repeated."""
    scores = content.get("min_score")
    if body.count(b":") == len(content) + (len(scores) if isinstance(scores, dict) else 0):
        return ()
    pairs = _PAIRING.decode(body.decode("utf-8"))
    for outer, entries in ((), pairs), (("min_score",), dict(pairs).get("min_score")):
        names = [name for name, _ in entries] if isinstance(entries, tuple) else []
        if len(set(names)) < len(names):
            return (*outer, next(name for index, name in enumerate(names) if name in names[:index]))
    return ()


def _wrong_shape(content: Any) -> Iterator[dict[str, str]]:
    """What is wrong with a body, before the limits of the server are applied."""
    if not isinstance(content, dict):
        yield _error((), "expected an object")
        return
    for name, value in content.items():
        if name == "text":
            if not isinstance(value, str):
                yield _error((name,), "expected a string")
        elif name == "texts":
            if not isinstance(value, list):
                yield _error((name,), "expected a list of strings")
                continue
            for index, text in enumerate(value):
                if not isinstance(text, str):
                    yield _error((name, index), "expected a string")
        elif name != "min_score":
            yield _error((name,), "there is no such name, expected text, texts or min_score")


def _objection(text: str, max_characters: int) -> str | None:
    if len(text) > max_characters:
        return f"{len(text)} characters, expected at most {max_characters}; split the text"
    return None


def _error(location: tuple[int | str, ...], detail: str) -> dict[str, str]:
    escaped = (str(part).replace("~", "~0").replace("/", "~1") for part in location)
    return {"pointer": "#" + "".join(f"/{part}" for part in escaped), "detail": detail}


class EntityBody(BaseModel):
    """An entity: `text[start:end]`, counted in code points (not UTF-16 units), end-exclusive.

    An entity from the model has a `score`; an entity from the server's terms has none, and the `source` `terms`.
    """

    start: int
    end: int
    label: str
    text: str
    score: float | None = None
    source: Literal["terms"] | None = None


class PredictionBody(BaseModel):
    """The model's answer for a text: `entities`, or `label` or `labels` with `scores`, depending on its task."""

    text: str
    entities: list[EntityBody] | None = None
    label: str | None = None
    labels: list[str] | None = None
    scores: dict[str, float] | None = None


class PredictResponse(BaseModel):
    """The model that answered, and a prediction for each text, in the order of the texts."""

    model: str
    predictions: list[PredictionBody]


class ModelBody(BaseModel):
    """A model of this server; fields other than `name` and `state` are present once it is loaded.

    `version` is 12 digits of the bundle's checksum, absent for a checkpoint; `threads` are CPU threads of each engine,
    absent if the framework takes all cores; `replicas` are the engines over the same weights; `overlapping` is true if
    entities may overlap or be nested, and otherwise absent; `min_score` applies to requests without their own, by type;
    `examples` are texts that show what it can do.
    """

    name: str
    state: Literal["loading", "ready", "rebuilding", "failed"]
    task: str | None = None
    labels: list[str] | None = None
    overlapping: bool | None = None
    min_score: dict[str, float] | None = None
    version: str | None = None
    engine: str | None = None
    device: str | None = None
    precision: str | None = None
    threads: int | None = None
    replicas: int | None = None
    examples: list[str] | None = None


class ModelsResponse(BaseModel):
    """The models, and which of them answers `POST /predict`."""

    default: str
    models: list[ModelBody]


class Latency(BaseModel):
    """Milliseconds from a request's last byte to its answer: the median and the 95th percentile."""

    p50: float | None
    p95: float | None


class ModelStats(BaseModel):
    """The statistics of a model for the last minute; `queue` is the number of texts accepted and not yet answered."""

    texts_per_second: float
    latency_ms: Latency
    queue: int


class StatsResponse(BaseModel):
    """The models of this server by name."""

    models: dict[str, ModelStats]


class HealthResponse(BaseModel):
    """Returned only if all is well."""

    status: Literal["alive", "ready"]


PROBLEM_SCHEMA: dict[str, Any] = {
    "title": "Problem",
    "description": "RFC 9457 problem details.",
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "description": "Anchor of the documentation page."},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "detail"],
                "properties": {
                    "pointer": {"type": "string", "description": "JSON Pointer into the request's body."},
                    "detail": {"type": "string"},
                },
            },
        },
        "predictions": {
            "type": "array",
            "description": "With text-failed: the predictions of the other texts, null for those that failed.",
            "items": {"anyOf": [{"$ref": "#/components/schemas/PredictionBody"}, {"type": "null"}]},
        },
    },
}


def request_body(settings: Settings) -> dict[str, Any]:
    """The OpenAPI request body of the predict routes, with this server's limits."""
    text = {"type": "string", "maxLength": settings.max_characters}
    texts = {"type": "array", "minItems": 1, "maxItems": settings.max_texts, "items": text}
    schema = {
        "oneOf": [
            {
                "type": "object",
                "title": f"{name} of a request",
                "required": [name],
                "properties": {name: value, "min_score": {"$ref": f"#/components/schemas/{MIN_SCORE}"}},
                "additionalProperties": False,
            }
            for name, value in (("text", text), ("texts", texts))
        ],
    }
    examples = {
        "one text": {"value": {"text": "王小明在北京大学读书。"}},
        "several texts": {"value": {"texts": ["王小明在北京大学读书。", "他昨天飞往上海。"]}},
        "entities of a score": {"value": {"text": "王小明在北京大学读书。", "min_score": 0.5}},
    }
    return {"required": True, "content": {"application/json": {"schema": schema, "examples": examples}}}


def min_score(labels: Iterable[str]) -> dict[str, Any]:
    """The OpenAPI schema of the min scores in a request, for models with these types of entities."""
    score = {"type": "number", "minimum": 0, "maximum": 1}
    return {
        "title": MIN_SCORE,
        "description": f"Entities with a lower score are left out. By type, {OTHERS} is for those that are not named.",
        "oneOf": [
            score,
            {"type": "object", "properties": dict.fromkeys([*labels, OTHERS], score), "additionalProperties": False},
        ],
    }


def problem_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The OpenAPI answers for the problems of these statuses."""
    return {
        status: {
            "description": "; ".join(f"{kind.title}. {kind.fix}" for kind in KINDS if kind.status == status),
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in statuses
    }
