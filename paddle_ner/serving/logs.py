"""Log lines, as text or as JSON, with the id of the request that they belong to. Never a user's text.

Fields other than the message come from logging's `extra`. An exception is logged with its type and place but without
its message, which may quote the request; the package's own errors, which never do, are logged completely.
"""

from __future__ import annotations

import json
import logging
import sys
import traceback
from contextvars import ContextVar
from datetime import datetime, timezone
from typing import Any

from paddle_ner.errors import PaddleNerError
from paddle_ner.serving.lines import LineHandler
from paddle_ner.serving.settings import Settings

request_id: ContextVar[str] = ContextVar("request_id", default="")

# Fields that every record has, and those that uvicorn adds for terminals.
_ORDINARY = frozenset({*vars(logging.makeLogRecord({})), "message", "asctime", "taskName", "color_message"})


def configure(settings: Settings) -> None:
    """Write this process's log to stderr in the format of the settings: our lines, uvicorn's, other packages'."""
    handler = _handler()
    handler.setFormatter(JsonFormatter() if settings.log_format == "json" else TextFormatter())
    logging.getLogger().handlers[:] = [handler]
    level = (settings.log_level or ("info" if settings.log_format == "json" else "warning")).upper()
    for name in ("paddle_ner", "uvicorn", "uvicorn.error", "uvicorn.asgi", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
        logger.setLevel(level if name in ("paddle_ner", "uvicorn") else logging.NOTSET)
    # uvicorn's line for a request contains the query string; ours is written instead.
    logging.getLogger("uvicorn.access").propagate = False


def dropped() -> int:
    """Lines of this process that were dropped, since nobody read them."""
    return sum(handler.dropped for handler in logging.getLogger().handlers if isinstance(handler, LineHandler))


def _handler() -> logging.Handler:
    try:
        return LineHandler(sys.stderr.fileno())
    except (AttributeError, OSError):  # not a file of the system
        return logging.StreamHandler(sys.stderr)


class JsonFormatter(logging.Formatter):
    """One JSON object per line."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line: dict[str, Any] = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **_fields(record),
        }
        if error := _error(record):
            line["exception"] = describe(error)
        return json.dumps(line, ensure_ascii=False, default=str)


class TextFormatter(logging.Formatter):
    """A line for people: time, level, message, and the other fields as NAME=VALUE."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        fields = " ".join(f"{name}={value}" for name, value in _fields(record).items() if value != "")
        line = " ".join(filter(None, (_time(record), record.levelname.lower(), record.getMessage(), fields)))
        return f"{line}\n{describe(error)}" if (error := _error(record)) else line


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, timezone.utc).isoformat(timespec="milliseconds")


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    fields = {name: value for name, value in vars(record).items() if name not in _ORDINARY}
    if "request_id" not in fields and (current := request_id.get()):
        fields["request_id"] = current
    return fields


def _error(record: logging.LogRecord) -> BaseException | None:
    return record.exc_info[1] if record.exc_info else None


def describe(error: BaseException) -> str:
    """Type and place of an exception, on several lines; with its message only if it is one of this package's own."""
    name = type(error).__name__
    first = f"{name}: {error}" if isinstance(error, PaddleNerError) else name
    return "\n".join([first, *"".join(traceback.format_tb(error.__traceback__)).splitlines()])
