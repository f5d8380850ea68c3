"""What a server is told: which models, where to listen, and every bound."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from paddle_ner.errors import InputError
from paddle_ner.inference.engines import EngineChoice, Precision

ModelName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
Origin = Annotated[str, StringConstraints(pattern=r"^(\*|https?://[^/?#\s]+)$")]


def _network(value: object) -> object:
    try:
        return ipaddress.ip_network(str(value))
    except ValueError as error:
        raise ValueError(f"{error}; expected an address or a network, such as 127.0.0.1 or 10.0.0.0/8") from None


Network = Annotated[ipaddress.IPv4Network | ipaddress.IPv6Network, BeforeValidator(_network)]
LogFormat = Literal["text", "json"]
LogLevel = Literal["debug", "info", "warning", "error"]
ENVIRONMENT_PREFIX = "PADDLE_NER_SERVE_"


class Settings(BaseModel):
    """The settings of one server. Durations are seconds.

    Attributes:
        models: folder of a bundle (or of a checkpoint) by the model's name; the first answers ``POST /predict``.
        host: the address to listen on.
        port: 0 takes a free one.
        ready_file: where to write ``{"url", "port", "pid"}`` once every model is ready; removed at exit.
        engine: ``auto`` is what each bundle says; the others insist.
        device: ``cpu``, ``gpu`` or ``gpu:N``.
        precision: ``auto`` is what each bundle says; fp32, bf16, fp16 and int8 insist.
        threads: CPU threads of each engine; None is the bundle's, else two engines share the cores.
        replicas: engines of each model, over the same weights; None takes what the bundle says, else one.
        verify_key: file of the key that must have signed every bundle, at the start and at each swap.
        reload_seconds: how often the bundles on disk are looked at for a newer one; 0 never.
        max_queue: texts accepted and not yet answered, for each model; past it 429.
        max_queue_tokens: characters of these texts. Where either bound is reached, each key (without keys each address)
            still has its share of it.
        max_texts: texts in one request; past it 422.
        max_characters: characters (code points) in one text; past it 422.
        max_body_bytes: bytes of a request's body; past it 413.
        max_bodies_bytes: bytes of all bodies that are read or not yet answered; past it 503. Answers that nobody has
            read yet have as much again.
        max_head_bytes: bytes of a request's line and headers; past it 431.
        max_connections: open connections; past it 503, but for ``/health/*``.
        max_client_connections: open connections of one address.
        head_timeout: how long the head of a request may take, and a new connection without one; then 408.
        body_timeout: how long a body may take; then 408.
        send_timeout: how long a client may leave its answer unread, beside a second for each 64 KiB.
        trusted_proxies: addresses and networks whose header ``X-Forwarded-For`` is believed.
        deadline_seconds: from the body's last byte to the answer; past it 504.
        drain_timeout: how long SIGTERM waits for the requests that are under way.
        batch_tokens: padded tokens that go through the engine at once.
        batch_delay: how long the oldest text waits for company while the engine is free.
        api_keys: file of the hashed API keys; it is read again when it changes.
        api_key_hashes: the lines of such a file themselves, separated by commas or line ends.
        insecure: listen without keys on an address that other machines reach.
        rate_limit: requests a second of each key, or of each client address where there are no keys; None any number.
        cors_origins: origins whose pages may ask from a browser, such as ``https://example.org``; ``*`` for all.
        metrics_public: ``/metrics`` needs no key.
        log_format: of the lines on stderr: ``text``, or ``json`` with one object a line.
        log_level: None is ``warning`` for text and ``info``, one line a request, for JSON.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    models: dict[ModelName, Path] = Field(min_length=1)
    host: str = "127.0.0.1"
    port: int = Field(8000, ge=0, le=65535)
    ready_file: Path | None = None
    engine: EngineChoice = "auto"
    device: str = "cpu"
    precision: Precision | Literal["auto"] = "auto"
    threads: int | None = Field(None, ge=1)
    replicas: int | None = Field(None, ge=1)
    verify_key: Path | None = None
    reload_seconds: float = Field(2.0, ge=0, allow_inf_nan=False)
    max_queue: int = Field(1024, ge=1)
    max_queue_tokens: int = Field(1 << 20, ge=1)
    max_texts: int = Field(256, ge=1)
    max_characters: int = Field(20_000, ge=1)
    max_body_bytes: int = Field(4 * 1024 * 1024, ge=1)
    max_bodies_bytes: int = Field(64 * 1024 * 1024, ge=1)
    max_head_bytes: int = Field(32 * 1024, ge=256)
    max_connections: int = Field(1024, ge=1)
    max_client_connections: int = Field(512, ge=1)
    head_timeout: float = Field(10.0, gt=0, allow_inf_nan=False)
    body_timeout: float = Field(30.0, gt=0, allow_inf_nan=False)
    send_timeout: float = Field(30.0, gt=0, allow_inf_nan=False)
    trusted_proxies: tuple[Network, ...] = ()
    deadline_seconds: float = Field(10.0, gt=0, allow_inf_nan=False)
    drain_timeout: float = Field(30.0, ge=0, allow_inf_nan=False)
    batch_tokens: int = Field(2048, ge=1)
    batch_delay: float = Field(0.0, ge=0, allow_inf_nan=False)
    api_keys: Path | None = None
    api_key_hashes: str | None = Field(None, min_length=1)
    insecure: bool = False
    rate_limit: float | None = Field(None, gt=0, allow_inf_nan=False)
    cors_origins: tuple[Origin, ...] = ()
    metrics_public: bool = False
    log_format: LogFormat = "text"
    log_level: LogLevel | None = None

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
