"""Writes dashboards/paddle_ner.json: ``python serving/grafana/dashboard.py``.

A panel is a few lines here and forty in Grafana's format. A test holds that the committed file is what this writes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

TARGET = Path(__file__).parent / "dashboards" / "paddle_ner.json"
SOURCE = {"type": "prometheus", "uid": "${source}"}
COLUMNS = 24

# What the choices at the top of the page leave.
INSTANCE = 'instance=~"$instance"'
MODEL = f'{INSTANCE}, model=~"$model"'
PREDICT = f'{INSTANCE}, route=~".*/predict"'
# The names of the process are those of every Python service: the job tells ours.
PROCESS = f'job="paddle-ner", {INSTANCE}'


@dataclass(frozen=True)
class Panel:
    """One panel: its queries by the legend of their lines."""

    title: str
    queries: dict[str, str]
    unit: str = "short"
    kind: Literal["timeseries", "stat", "table"] = "timeseries"
    about: str = ""
    stacked: bool = False
    width: int = 8
    height: int = 8


@dataclass(frozen=True)
class Row:
    """Panels under a title."""

    title: str
    panels: Sequence[Panel]
    folded: bool = False


def rate(metric: str, matchers: str, *by: str) -> str:
    """Increase a second, summed by labels."""
    grouped = f" by ({', '.join(by)})" if by else ""
    return f"sum{grouped} (rate({metric}{{{matchers}}}[$__rate_interval]))"


def hourly(metric: str, *by: str) -> str:
    """Increase in the last hour, summed by labels."""
    return f"sum by ({', '.join(by)}) (increase({metric}{{{MODEL}}}[1h]))"


def quantile(share: float, metric: str, matchers: str, by: str) -> str:
    """A quantile of a histogram, by a label."""
    return f"histogram_quantile({share}, {rate(metric + '_bucket', matchers, by, 'le')})"


def mean(metric: str, matchers: str, by: str) -> str:
    """The mean of what a histogram observed, by a label."""
    return f"{rate(metric + '_sum', matchers, by)} / {rate(metric + '_count', matchers, by)}"


def latency(title: str, metric: str, about: str, matchers: str = MODEL, by: str = "model") -> Panel:
    """Three quantiles of a histogram of seconds."""
    queries = {f"p{round(q * 100)} {{{{{by}}}}}": quantile(q, metric, matchers, by) for q in (0.5, 0.95, 0.99)}
    return Panel(title, queries, "s", about=about)


def batch(title: str, metric: str, about: str) -> Panel:
    """Mean and p95 of what a batch holds."""
    queries = {"mean {{model}}": mean(metric, MODEL, "model"), "p95 {{model}}": quantile(0.95, metric, MODEL, "model")}
    return Panel(title, queries, about=about)


def share(part: str, whole: str) -> str:
    """A part of a whole."""
    return f"{part} / {whole}"


PREDICTIONS = rate("paddle_ner_requests_total", PREDICT)
ERRORS = rate("paddle_ner_requests_total", PREDICT + ', status=~"5.."')
PADDING = rate("paddle_ner_tokens_total", MODEL + ', kind="padding"', "model")

ROWS = (
    Row(
        "Now",
        [
            Panel(
                "Ready",
                {"{{model}}": f"min by (model) (paddle_ner_model_ready{{{MODEL}}})"},
                "bool_yes_no",
                "stat",
                "No where a model is not ready on one of the chosen instances.",
                width=4,
                height=5,
            ),
            Panel("Predictions", {"a second": PREDICTIONS}, "reqps", "stat", width=4, height=5),
            Panel(
                "Failed",
                {"of predictions": share(f"({ERRORS} or vector(0))", PREDICTIONS)},
                "percentunit",
                "stat",
                "Answers of 500, 503 and 504.",
                width=4,
                height=5,
            ),
            Panel(
                "Models",
                {"": f"paddle_ner_model_info{{{MODEL}}}"},
                kind="table",
                about="What each instance serves, and on what.",
                width=12,
                height=5,
            ),
        ],
    ),
    Row(
        "Requests",
        [
            Panel(
                "By status",
                {"{{status}}": rate("paddle_ner_requests_total", PREDICT, "status")},
                "reqps",
                about="Predictions. 429: the queue is full or a key over its limit. 499: the client left.",
                stacked=True,
            ),
            Panel(
                "By route",
                {"{{route}}": rate("paddle_ner_requests_total", INSTANCE, "route")},
                "reqps",
                about="Every route, with probes and scrapes.",
                stacked=True,
            ),
            latency(
                "Latency",
                "paddle_ner_request_seconds",
                "From a request's head to the end of its answer.",
                PREDICT,
                "route",
            ),
        ],
    ),
    Row(
        "Where the time goes",
        [
            latency("Tokenization", "paddle_ner_tokenization_seconds", "Encoding of one text."),
            latency("Queue", "paddle_ner_queue_seconds", "From a window's encoding to the start of its batch."),
            latency("Inference", "paddle_ner_inference_seconds", "One batch through the engine."),
        ],
    ),
    Row(
        "Batches",
        [
            Panel(
                "Queue length",
                {"{{model}} {{instance}}": f"paddle_ner_queue_texts{{{MODEL}}}"},
                about="Texts accepted and not yet answered; at --max-queue requests are refused with 429.",
            ),
            batch("Texts in a batch", "paddle_ner_batch_windows", "Windows: a long text is several."),
            batch("Tokens in a batch", "paddle_ner_batch_tokens", "With padding; --batch-tokens bounds them."),
            Panel(
                "Padding",
                {"{{model}}": share(PADDING, rate("paddle_ner_tokens_total", MODEL, "model"))},
                "percentunit",
                about="The share of computed tokens that are padding.",
            ),
            Panel(
                "Tokens",
                {"{{model}} {{kind}}": rate("paddle_ner_tokens_total", MODEL, "model", "kind")},
                "ops",
                about="Tokens through the engine a second.",
                stacked=True,
            ),
        ],
    ),
    Row(
        "Texts",
        [
            Panel(
                "By label",
                {
                    "{{model}} {{label}}": rate("paddle_ner_texts_total", MODEL, "model", "label"),
                    "{{model}}: no label": rate("paddle_ner_texts_without_label_total", MODEL, "model"),
                },
                "ops",
                about="Texts a second in which a label was found. A change of its share says that the texts changed.",
                width=12,
            ),
            Panel(
                "Not answered",
                {
                    "{{model}} dropped: {{reason}}": rate("paddle_ner_dropped_texts_total", MODEL, "model", "reason"),
                    "{{model}} failed: {{stage}}": rate("paddle_ner_failed_texts_total", MODEL, "model", "stage"),
                },
                "ops",
                about="Dropped before they were computed, or made the model fail.",
            ),
            Panel(
                "Reloads and rebuilds",
                {
                    "{{model}} reload {{result}}": hourly("paddle_ner_reloads_total", "model", "result"),
                    "{{model}} engine rebuilt": hourly("paddle_ner_engine_rebuilds_total", "model"),
                },
                about="In the hour before.",
                width=4,
            ),
        ],
    ),
    Row(
        "Process",
        [
            Panel("Memory", {"{{instance}}": f"process_resident_memory_bytes{{{PROCESS}}}"}, "bytes"),
            Panel(
                "CPU",
                {"{{instance}}": f"rate(process_cpu_seconds_total{{{PROCESS}}}[$__rate_interval])"},
                about="In cores.",
            ),
            Panel("Open files", {"{{instance}}": f"process_open_fds{{{PROCESS}}}"}),
        ],
    ),
    Row(
        "GPU (profile gpu: DCGM exporter)",
        [
            Panel("Utilization", {"GPU {{gpu}}": "DCGM_FI_DEV_GPU_UTIL"}, "percent", width=6),
            Panel("Memory", {"GPU {{gpu}}": "DCGM_FI_DEV_FB_USED"}, "decmbytes", width=6),
            Panel("Power", {"GPU {{gpu}}": "DCGM_FI_DEV_POWER_USAGE"}, "watt", width=6),
            Panel("Temperature", {"GPU {{gpu}}": "DCGM_FI_DEV_GPU_TEMP"}, "celsius", width=6),
        ],
        folded=True,
    ),
)


def dashboard() -> dict[str, Any]:
    """The dashboard as Grafana reads it."""
    return {
        "uid": "paddle-ner",
        "title": "paddle_ner",
        "tags": ["paddle_ner"],
        "schemaVersion": 39,
        "editable": False,
        "refresh": "15s",
        "time": {"from": "now-1h", "to": "now"},
        "timezone": "browser",
        "graphTooltip": 1,
        "annotations": {"list": []},
        "templating": {
            "list": [
                {"name": "source", "label": "Source", "type": "datasource", "query": "prometheus"},
                _choice("instance", "Instance", "label_values(paddle_ner_model_ready, instance)"),
                _choice("model", "Model", 'label_values(paddle_ner_model_ready{instance=~"$instance"}, model)'),
            ]
        },
        "panels": _placed(ROWS),
    }


def _choice(name: str, label: str, query: str) -> dict[str, Any]:
    return {
        "name": name,
        "label": label,
        "type": "query",
        "datasource": SOURCE,
        "query": {"query": query, "refId": name},
        "refresh": 2,
        "includeAll": True,
        "multi": True,
        "allValue": ".*",
        "current": {"text": "All", "value": "$__all"},
        "sort": 1,
    }


def _placed(rows: Sequence[Row]) -> list[dict[str, Any]]:
    panels: list[dict[str, Any]] = []
    top = number = 0
    for row in rows:
        number += 1
        head = {"id": number, "type": "row", "title": row.title, "collapsed": row.folded, "panels": []}
        panels.append({**head, "gridPos": {"x": 0, "y": top, "w": COLUMNS, "h": 1}})
        inside = panels[-1]["panels"] if row.folded else panels
        left, top = 0, top + 1
        for panel in row.panels:
            number += 1
            if left + panel.width > COLUMNS:
                left, top = 0, top + panel.height
            place = {"x": left, "y": top, "w": panel.width, "h": panel.height}
            inside.append({"id": number, "gridPos": place, **_panel(panel)})
            left += panel.width
        top += row.panels[-1].height
    return panels


def _panel(panel: Panel) -> dict[str, Any]:
    defaults: dict[str, Any] = {"unit": panel.unit}
    if panel.unit == "percentunit":
        defaults |= {"min": 0}
    shown: dict[str, Any] = {
        "type": panel.kind,
        "title": panel.title,
        "description": panel.about,
        "datasource": SOURCE,
        "targets": [_target(chr(ord("A") + i), panel.kind, *query) for i, query in enumerate(panel.queries.items())],
    }
    if panel.kind == "timeseries":
        defaults["custom"] = {
            "lineWidth": 1,
            "fillOpacity": 20 if panel.stacked else 0,
            "showPoints": "never",
            "stacking": {"mode": "normal" if panel.stacked else "none"},
        }
        shown["options"] = {"tooltip": {"mode": "multi", "sort": "desc"}, "legend": {"placement": "bottom"}}
    elif panel.kind == "stat":
        shown["options"] = {"reduceOptions": {"calcs": ["lastNotNull"]}, "textMode": "auto"}
    else:
        hidden = ("Time", "Value", "__name__", "job")
        excluded = {"excludeByName": dict.fromkeys(hidden, True)}
        shown["transformations"] = [{"id": "organize", "options": excluded}]
    shown["fieldConfig"] = {"defaults": defaults, "overrides": []}
    return shown


def _target(reference: str, kind: str, legend: str, expression: str) -> dict[str, Any]:
    target = {"refId": reference, "datasource": SOURCE, "expr": expression, "legendFormat": legend}
    return {**target, "instant": True, "format": "table"} if kind == "table" else target


def render() -> str:
    """The file's text."""
    return json.dumps(dashboard(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(render(), encoding="utf-8")
