"""serving/prometheus and serving/grafana: a real Prometheus watches a real server over a trained model."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from tests.integration import promql

pytest.importorskip("paddle")
pytest.importorskip("paddlenlp")

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "serving" / "prometheus"
RULES = [
    rule for group in yaml.safe_load((FOLDER / "rules.yml").read_text("utf-8"))["groups"] for rule in group["rules"]
]
PATIENCE = 60  # seconds until a series must be there
INTERVAL = "500ms"


def program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        reason = f"{name} is not installed: apt-get install prometheus"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return found


def targets() -> list[tuple[str, str, str]]:
    """Panel, legend and expression of every query of the dashboard, its variables filled in."""
    dashboard = json.loads((ROOT / "serving" / "grafana" / "dashboards" / "paddle_ner.json").read_text("utf-8"))
    panels = [inner for panel in dashboard["panels"] for inner in (panel, *panel.get("panels", []))]
    found = [(one["title"], target) for one in panels for target in one.get("targets", [])]
    return [(title, target["legendFormat"], _filled(target["expr"])) for title, target in found]


def _filled(expression: str) -> str:
    filled = expression.replace("$__rate_interval", "1m")
    return re.sub(r"\$(instance|model)\b", ".*", filled)


TARGETS = targets()
OURS = [target for target in TARGETS if "DCGM_" not in target[2]]
# The exporter's own list of what it gives where it is told nothing else.
DCGM_DEFAULTS = {"DCGM_FI_DEV_GPU_UTIL", "DCGM_FI_DEV_FB_USED", "DCGM_FI_DEV_POWER_USAGE", "DCGM_FI_DEV_GPU_TEMP"}


@dataclass(frozen=True)
class Watched:
    """A server, and the Prometheus that watches it."""

    server: httpx.Client
    prometheus: httpx.Client

    def ask(self, path: str, **parameters: str) -> Any:
        answer = self.prometheus.get(f"/api/v1/{path}", params=parameters).json()
        assert answer["status"] == "success", answer
        return answer["data"]

    def series(self, expression: str) -> list[dict[str, str]]:
        """The labels of the series that `expression` gives, as soon as it gives one, while texts keep coming."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            self.server.post("/predict", json={"texts": ["王小明昨天去了北京。", "今天天气不错"]}).raise_for_status()
            if found := self.ask("query", query=expression)["result"]:
                return [one["metric"] for one in found]
            time.sleep(0.1)
        pytest.fail(f"no series in {PATIENCE} s: {expression}")


@pytest.fixture(scope="module")
def server(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A server with an API key; the client sends it."""
    folder = tmp_path_factory.mktemp("server")
    ours = [sys.executable, "-m", "paddle_ner"]
    made = subprocess.run(
        [*ours, "api-key", "tests", "--file", folder / "keys"], capture_output=True, text=True, check=True
    )
    options = ["--port", "0", "--api-keys", str(folder / "keys")]
    process = subprocess.Popen([*ours, "serve", bundle, *options], stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    heard = []
    while line := process.stderr.readline():
        heard.append(line)
        if line.startswith("serving "):
            break
    else:
        pytest.fail("the server ended: " + "".join(heard))
    headers = {"Authorization": f"Bearer {made.stdout.strip()}"}
    with httpx.Client(base_url=line.split()[-1], headers=headers, timeout=PATIENCE) as client:
        yield client
    process.terminate()
    process.communicate()


@pytest.fixture(scope="module")
def watched(server: httpx.Client, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """Prometheus with the committed configuration, but for addresses, the place of the key, and the pace."""
    binary = program("prometheus")
    folder = tmp_path_factory.mktemp("prometheus")
    (folder / "key").write_text(server.headers["Authorization"].removeprefix("Bearer ") + "\n", "utf-8")
    config = yaml.safe_load((FOLDER / "prometheus.yml").read_text("utf-8"))
    config["global"] = {"scrape_interval": INTERVAL, "scrape_timeout": INTERVAL, "evaluation_interval": INTERVAL}
    config["rule_files"] = [str(FOLDER / "rules.yml")]
    (ours,) = (job for job in config["scrape_configs"] if job["job_name"] == "paddle-ner")
    ours["authorization"]["credentials_file"] = str(folder / "key")
    ours["static_configs"] = [{"targets": [server.base_url.netloc.decode()]}]
    config["scrape_configs"] = [ours]
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config), "utf-8")
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    process = subprocess.Popen(
        [
            binary,
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address={address}",
        ],
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    heard = []
    while line := process.stderr.readline():
        heard.append(line)
        if "Server is ready to receive web requests" in line:
            break
    else:
        pytest.fail("Prometheus ended: " + "".join(heard[-5:]))
    with httpx.Client(base_url=f"http://{address}", timeout=PATIENCE) as client:
        yield Watched(server, client)
    process.terminate()
    process.communicate()


def test_promtool_accepts_the_configuration_and_the_rules() -> None:
    tool = program("promtool")
    # Only the syntax: the key's file is there in its container alone.
    for words in (["config", "--syntax-only", "prometheus.yml"], ["rules", "rules.yml"]):
        done = subprocess.run([tool, "check", *words], cwd=FOLDER, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_is_tested_and_every_test_passes() -> None:
    tests = (FOLDER / "rules_test.yml").read_text("utf-8")
    alerts = [rule["alert"] for rule in RULES if "alert" in rule]
    # Once where it is silent, once where it fires.
    assert [name for name in alerts if len(re.findall(rf"alertname: {name}\b", tests)) < 2] == []
    done = subprocess.run(
        [program("promtool"), "test", "rules", "rules_test.yml"], cwd=FOLDER, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_metric_that_rules_and_dashboard_name_is_one_of_a_server_that_answered(server: httpx.Client) -> None:
    server.post("/predict", json={"texts": ["王小明昨天去了北京。", "今天天气不错"]}).raise_for_status()
    server.get("/health/ready")
    exposed: dict[str, list[dict[str, str]]] = {}
    for family in text_string_to_metric_families(server.get("/metrics").raise_for_status().text):
        for sample in family.samples:
            exposed.setdefault(sample.name, []).append(sample.labels)
    recorded = {rule["record"] for rule in RULES if "record" in rule}
    asked = [
        one
        for expression in (*(rule["expr"] for rule in RULES), *(target[2] for target in TARGETS))
        for one in promql.selectors(expression)
    ]
    missing = {
        one
        for one in asked
        if one.metric not in recorded | DCGM_DEFAULTS | {"up"}
        and not any(one.takes(labels) for labels in exposed.get(one.metric, []))
    }
    assert missing == set()
    assert len({one.metric for one in asked}) > 20


def test_prometheus_reaches_the_server_with_its_key(watched: Watched) -> None:
    assert watched.series('up{job="paddle-ner"} == 1')
    (target,) = watched.ask("targets")["activeTargets"]
    assert httpx.get(target["scrapeUrl"]).status_code == 401


@pytest.mark.parametrize(("panel", "legend", "expression"), OURS, ids=[f"{one[0]}-{one[1]}" for one in OURS])
def test_a_query_of_the_dashboard_gives_series_with_the_labels_of_its_legend(
    watched: Watched, panel: str, legend: str, expression: str
) -> None:
    for labels in watched.series(expression):
        assert set(re.findall(r"\{\{(\w+)\}\}", legend)) <= labels.keys()


@pytest.mark.parametrize(
    "record", [rule["record"] for rule in RULES if "record" in rule and "status" not in rule["expr"]]
)
def test_a_rule_records_its_series(watched: Watched, record: str) -> None:
    assert watched.series(record)


def test_every_rule_can_be_evaluated_and_a_server_that_is_well_fires_no_alert(watched: Watched) -> None:
    for rule in RULES:
        if "record" in rule and "status" not in rule["expr"]:
            watched.series(rule["record"])
    rules = [rule for group in watched.ask("rules")["groups"] for rule in group["rules"]]
    assert {rule["name"]: rule.get("lastError") for rule in rules} == dict.fromkeys(
        rule.get("record") or rule["alert"] for rule in RULES
    )
    assert watched.ask("alerts")["alerts"] == []


def test_the_health_check_of_the_compose_file_asks_what_prometheus_answers(watched: Watched) -> None:
    services = yaml.safe_load((ROOT / "serving" / "compose.yaml").read_text("utf-8"))["services"]
    url = httpx.URL(services["prometheus"]["healthcheck"]["test"][-1])
    assert watched.prometheus.get(url.path).status_code == 200
