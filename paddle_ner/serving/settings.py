"""The settings of a server: its models, where to listen, and every limit."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from paddle_ner.errors import InputError
from paddle_ner.inference.engines import EngineChoice, Precision
from paddle_ner.tasks.min_score import by_type, faults, parse
from paddle_ner.tasks.terms import Mode

ModelName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
Origin = Annotated[str, StringConstraints(pattern=r"^(\*|https?://[^/?#\s]+)$")]


def _network(value: object) -> object:
    try:
        return ipaddress.ip_network(str(value))
    except ValueError as error:
        raise ValueError(f"{error}; expected an address or a network, such as 127.0.0.1 or 10.0.0.0/8") from None


def _scores(value: object) -> object:
    try:
        value = parse(value) if isinstance(value, str) else value
    except InputError as error:
        raise ValueError(str(error)) from None
    for label, fault in faults(value) if value is not None else ():
        raise ValueError(f"{label}: {fault}" if label else fault)
    return by_type(value)


Network = Annotated[ipaddress.IPv4Network | ipaddress.IPv6Network, BeforeValidator(_network)]
LogFormat = Literal["text", "json"]
LogLevel = Literal["debug", "info", "warning", "error"]
ENVIRONMENT_PREFIX = "PADDLE_NER_SERVE_"
_FILE: dict[str, Any] = {"cli": {"metavar": "FILE"}}


class Settings(BaseModel):
    """The settings of one server, each with its default, limits and help: `paddle-ner serve` has an option for each."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    models: dict[ModelName, Path] = Field(
        min_length=1, description="Folder of a bundle or a checkpoint by name; the first answers POST /predict."
    )
    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8000, ge=0, le=65535, description="0 takes a free port.")
    ready_file: Path | None = Field(
        None, description="Write {url, port, pid} here once ready; removed at exit.", json_schema_extra=_FILE
    )
    engine: EngineChoice = Field("auto", description="What runs the graph; auto takes the bundle's.")
    device: str = Field("cpu", description="cpu, gpu or gpu:N.")
    precision: Precision | Literal["auto"] = Field(
        "auto", description="Precision of the arithmetic; auto takes the bundle's."
    )
    threads: int | None = Field(
        None, ge=1, description="CPU threads of each engine; None takes the best layout measured."
    )
    min_score: Annotated[dict[str, float] | None, BeforeValidator(_scores)] = Field(
        None,
        description="Leave out entities with a lower score, if a request has no min_score.",
    )
    terms: Path | None = Field(
        None,
        description="Terms that are added to what the models find, one per line: a term, a tab, its type; see"
        " docs/terms.md. By default those of the bundle.",
        json_schema_extra=_FILE,
    )
    terms_mode: Mode | None = Field(
        None,
        description="before: a term replaces what the model finds there; after: it does not. By default the"
        " bundle's, or before.",
    )
    replicas: int | None = Field(
        None,
        ge=1,
        description="Engines of each model. Without it and --threads: the layout that the bundle was measured best in.",
    )
    verify_key: Path | None = Field(
        None,
        description="Load only bundles that the key in this file signed, see export --sign-key; at each swap too.",
        json_schema_extra=_FILE,
    )
    reload_seconds: float = Field(
        2.0, ge=0, allow_inf_nan=False, description="How often to check for newer bundles on disk; 0 never."
    )
    max_queue: int = Field(
        1024, ge=1, description="Texts of a model that wait; then 429. Each client still has its share of them."
    )
    max_queue_tokens: int = Field(1 << 20, ge=1, description="Characters of the texts waiting; then 429.")
    max_texts: int = Field(256, ge=1, description="Texts a request; then 422.")
    max_characters: int = Field(20_000, ge=1, description="Characters (code points) a text; then 422.")
    max_body_bytes: int = Field(4 << 20, ge=1, description="Bytes a body; then 413.")
    max_bodies_bytes: int = Field(
        64 << 20,
        ge=1,
        description="Bytes of all bodies that are read or not yet answered; then 503.",
    )
    max_head_bytes: int = Field(32 << 10, ge=256, description="Bytes a head; then 431.")
    max_connections: int = Field(1024, ge=1, description="Open connections; then 503, but for /health/*.")
    max_client_connections: int = Field(512, ge=1, description="Open connections of one address.")
    head_timeout: float = Field(
        10.0, gt=0, allow_inf_nan=False, description="Seconds for a request's head, or until there is one; then 408."
    )
    body_timeout: float = Field(30.0, gt=0, allow_inf_nan=False, description="Seconds for a request's body; then 408.")
    send_timeout: float = Field(
        30.0,
        gt=0,
        allow_inf_nan=False,
        description="Seconds that a client may leave its answer unread, beside 1 for each 64 KiB.",
    )
    deadline_seconds: float = Field(
        10.0,
        gt=0,
        allow_inf_nan=False,
        description="Seconds from the body's last byte to the answer; then 504.",
        json_schema_extra={"cli": {"flag": "--deadline"}},
    )
    drain_timeout: float = Field(
        30.0, ge=0, allow_inf_nan=False, description="Seconds that SIGTERM waits for requests in progress."
    )
    batch_tokens: int = Field(2048, ge=1, description="Padded tokens a batch at most.")
    batch_delay: float = Field(
        0.0, ge=0, allow_inf_nan=False, description="Seconds that a text waits for others while the engine is free."
    )
    api_keys: Path | None = Field(
        None,
        description="File of hashed API keys, from `paddle-ner api-key`; read again when it changes.",
        json_schema_extra=_FILE,
    )
    api_key_hashes: str | None = Field(
        None,
        min_length=1,
        description="The lines of such a file themselves, separated by commas.",
        json_schema_extra={"cli": {"envvar": "PADDLE_NER_SERVE_API_KEY_HASHES", "metavar": "LINES"}},
    )
    insecure: bool = Field(False, description="Listen without keys on an address that other machines can reach.")
    rate_limit: float | None = Field(
        None,
        gt=0,
        allow_inf_nan=False,
        description="Requests a second of each key, or without keys of each client address; then 429.",
    )
    trusted_proxies: tuple[Network, ...] = Field(
        (),
        description="Addresses and networks of proxies whose header X-Forwarded-For is believed, such as"
        " 127.0.0.1,10.0.0.0/8.",
        json_schema_extra={"cli": {"split": True, "metavar": "ADDRESSES"}},
    )
    cors_origins: tuple[Origin, ...] = Field(
        (),
        description="Allow requests from pages of this origin, such as https://example.org; may be repeated.",
        json_schema_extra={"cli": {"flag": "--cors-origin", "metavar": "ORIGIN"}},
    )
    metrics_public: bool = Field(False, description="/metrics needs no key.")
    log_format: LogFormat = Field("text", description="Of the lines on stderr; json is one object a line.")
    log_level: LogLevel | None = Field(
        None,
        description="Least level written; info has a line a request. warning for text, info for json where not given.",
    )

    @model_validator(mode="after")
    def _one_request_fits_the_queue(self) -> Settings:
        if self.max_texts > self.max_queue:
            raise ValueError(
                f"max_texts is {self.max_texts} and max_queue {self.max_queue}, expected max_texts <= max_queue:"
                " a request that fills the queue alone could never be accepted"
            )
        return self

    @model_validator(mode="after")
    def _one_body_fits_the_memory(self) -> Settings:
        if self.max_body_bytes > self.max_bodies_bytes:
            raise ValueError(
                f"max_body_bytes is {self.max_body_bytes} and max_bodies_bytes {self.max_bodies_bytes}, expected"
                " max_body_bytes <= max_bodies_bytes: a body of that size could never be read"
            )
        return self

    @model_validator(mode="after")
    def _keys_or_loopback(self) -> Settings:
        if self.api_keys and self.api_key_hashes:
            raise ValueError("api_keys and api_key_hashes are both given, expected one of them")
        if not (self.api_keys or self.api_key_hashes or self.insecure or is_loopback(self.host)):
            raise ValueError(
                f"host is {self.host}, which other machines reach, and there are no API keys: give --api-keys FILE,"
                " which `paddle-ner api-key NAME --file FILE` makes, or --insecure where something in front checks"
                " who asks"
            )
        return self

    @property
    def default_model(self) -> str:
        """The model that ``POST /predict`` asks."""
        return next(iter(self.models))

    @classmethod
    def create(cls, **values: Any) -> Settings:
        """Settings from `values`. Raises InputError, in one line, where one of them is wrong."""
        try:
            return cls(**values)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"] if part != "[key]")
            message = first["msg"].removeprefix("Value error, ")
            raise InputError(f"{place}: {message}" if place else message) from None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        """Settings from ``PADDLE_NER_SERVE_*``: each field in capitals, such as ``PADDLE_NER_SERVE_MAX_QUEUE=512``.

        ``PADDLE_NER_SERVE_MODELS`` is ``NAME=PATH``, several separated by commas. Raises InputError for a variable
        that no field has.
        """
        values: dict[str, Any] = {}
        for variable, value in environment.items():
            if not variable.startswith(ENVIRONMENT_PREFIX):
                continue
            field = variable.removeprefix(ENVIRONMENT_PREFIX).lower()
            if field not in cls.model_fields:
                raise InputError(
                    f"{variable}: no such setting, expected one of "
                    + ", ".join(ENVIRONMENT_PREFIX + name.upper() for name in cls.model_fields)
                )
            values[field] = _PARSERS[field](value.split(",")) if field in _PARSERS else value
        if "models" not in values:
            raise InputError(f"{ENVIRONMENT_PREFIX}MODELS is not set, expected NAME=PATH of a bundle")
        return cls.create(**values)


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches `host`."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost"
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def parse_models(pairs: list[str]) -> dict[str, Path]:
    """Paths by name, from ``NAME=PATH``. Raises InputError where one is not of that form or a name comes twice."""
    models: dict[str, Path] = {}
    for pair in pairs:
        name, separator, path = pair.strip().partition("=")
        if not separator or not name or not path:
            raise InputError(f"model {pair!r}: expected NAME=PATH, such as ner=runs/msra/bundle")
        if name in models:
            raise InputError(f"model {name!r} is named twice; give each its own name")
        models[name] = Path(path)
    return models


_PARSERS: dict[str, Callable[[list[str]], Any]] = {
    "models": parse_models,
    "cors_origins": lambda origins: [origin.strip() for origin in origins],
    "trusted_proxies": lambda proxies: [proxy.strip() for proxy in proxies],
}
