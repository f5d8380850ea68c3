"""serving/compose.yaml: valid, and in agreement with the images, the server and Prometheus."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from paddle_ner.serving import Settings
from tests.unit.deployment.deployment_files import PORT, ROOT, load, options_of_serve

FOLDER = ROOT / "serving"
COMPOSE = load(FOLDER / "compose.yaml")
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
CONFINED = [name for name in SERVICES if name != "dcgm-exporter"]


def arguments(service: dict[str, Any]) -> list[str]:
    """The command, with the defaults of its variables."""
    return [re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", word) for word in service["command"]]


@pytest.mark.parametrize("name", ["compose.yaml", "compose.gpu.yaml"])
def test_it_keeps_to_the_compose_specification(name: str) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(FOLDER / name)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", CONFINED)
def test_a_service_runs_confined(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    # The server's user is its image's: test_docker.py.
    assert name == "paddle-ner" or int(service["user"].split(":")[0]) > 0


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_has_limits_and_listens_on_the_loopback_only(name: str) -> None:
    service = SERVICES[name]
    assert {"cpus", "memory"} <= service["deploy"]["resources"]["limits"].keys()
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))


@pytest.mark.parametrize("name", SERVICES)
def test_what_is_mounted_from_here_exists_and_is_read_only(name: str) -> None:
    for volume in SERVICES[name].get("volumes", []):
        if isinstance(volume, dict):
            assert volume["read_only"] is True
        elif volume.startswith("."):
            source, _, mode = volume.split(":")
            assert (FOLDER / source).exists()
            assert mode == "ro"


def test_the_server_is_given_options_that_it_has() -> None:
    options = options_of_serve(arguments(SERVICES["paddle-ner"]))
    assert [Path(one.split("=")[1]).parts[:2] for one in options["models"]] == [("/", "models")]
    assert options["api_keys"] == "/run/secrets/api_keys"


def test_it_uses_as_many_threads_as_it_may_have_cores() -> None:
    server = SERVICES["paddle-ner"]
    threads = options_of_serve(arguments(server))["threads"]
    assert float(threads) == float(server["deploy"]["resources"]["limits"]["cpus"])


def test_there_is_time_to_drain() -> None:
    server = SERVICES["paddle-ner"]
    assert int(server["stop_grace_period"].removesuffix("s")) > float(
        options_of_serve(arguments(server))["drain_timeout"]
    )


def test_each_secret_that_a_service_reads_is_given_to_it_and_kept_out_of_the_repository() -> None:
    declared = COMPOSE["secrets"]
    prometheus = (FOLDER / "prometheus" / "prometheus.yml").read_text("utf-8")
    for name, service in SERVICES.items():
        asked = str(service.get("command")) + str(service.get("environment")) + prometheus * (name == "prometheus")
        assert sorted(re.findall(r"/run/secrets/(\w+)", asked)) == sorted(service.get("secrets", []))
    assert all(secret["file"].startswith("./secrets/") for secret in declared.values())
    assert "*" in (FOLDER / "secrets" / ".gitignore").read_text("utf-8").splitlines()


def test_prometheus_asks_the_services_where_they_listen() -> None:
    jobs = {job["job_name"]: job for job in load(FOLDER / "prometheus" / "prometheus.yml")["scrape_configs"]}
    targets = {name: job["static_configs"][0]["targets"] for name, job in jobs.items()}
    assert targets == {"paddle-ner": [f"paddle-ner:{PORT}"], "dcgm": ["dcgm-exporter:9400"]}
    assert SERVICES["paddle-ner"]["ports"][0].endswith(f":{PORT}")


def test_grafana_asks_prometheus_and_finds_its_dashboards() -> None:
    provisioning = FOLDER / "grafana" / "provisioning"
    (source,) = load(provisioning / "datasources" / "prometheus.yaml")["datasources"]
    assert source["url"] == "http://prometheus:9090"
    interval = load(FOLDER / "prometheus" / "prometheus.yml")["global"]["scrape_interval"]
    assert source["jsonData"]["timeInterval"] == interval
    (provider,) = load(provisioning / "dashboards" / "dashboards.yaml")["providers"]
    assert f"./grafana/dashboards:{provider['options']['path']}:ro" in SERVICES["grafana"]["volumes"]


def test_the_gpu_files_change_a_service_that_there_is() -> None:
    changes = load(FOLDER / "compose.gpu.yaml")["services"]
    assert changes.keys() <= SERVICES.keys()
    assert (ROOT / changes["paddle-ner"]["build"]["dockerfile"]).exists()
    assert (ROOT / SERVICES["paddle-ner"]["build"]["dockerfile"]).exists()


def test_the_alert_on_the_queue_knows_its_bound() -> None:
    rules = (FOLDER / "prometheus" / "rules.yml").read_text("utf-8")
    (bound,) = re.findall(r"paddle_ner_queue_texts > 0\.8 \* (\d+)", rules)
    assert int(bound) == Settings.model_fields["max_queue"].default
    assert "max_queue" not in {
        name for name, value in options_of_serve(arguments(SERVICES["paddle-ner"])).items() if value
    }
