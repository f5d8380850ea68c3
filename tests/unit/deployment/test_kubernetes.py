"""serving/kubernetes: valid by Kubernetes' own schemas, and in agreement with the server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest

from paddle_ner.serving import Settings, create_app
from paddle_ner.serving.metrics import Metrics
from tests.unit.deployment.deployment_files import PORT, ROOT, load, options_of_serve

FOLDER = ROOT / "serving" / "kubernetes"
OBJECTS = [path for path in sorted(FOLDER.glob("*.yaml")) if path.name != "kustomization.yaml"]
# sleep in preStop needs 1.30; the other is the newest that the validator knows.
VERSIONS = ["1.30", kubernetes_validate.latest_version()]

DEPLOYMENT = load(FOLDER / "deployment.yaml")["spec"]
POD = DEPLOYMENT["template"]["spec"]
(CONTAINER,) = POD["containers"]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("path", OBJECTS, ids=lambda path: path.name)
def test_an_object_keeps_to_the_schema(path: Path, version: str) -> None:
    kubernetes_validate.validate(load(path), version, strict=True)


def test_the_kustomization_names_every_object_but_the_example_of_a_secret() -> None:
    named = load(FOLDER / "kustomization.yaml")["resources"]
    assert sorted(named) == [path.name for path in OBJECTS if path.name != "secret.example.yaml"]


def test_the_example_of_a_secret_holds_no_key_and_has_those_that_are_read() -> None:
    secret = load(FOLDER / "secret.example.yaml")
    assert set(secret["stringData"].values()) == {"REPLACE-ME"}
    (volume,) = [one["secret"] for one in POD["volumes"] if "secret" in one]
    credentials = load(FOLDER / "monitoring" / "servicemonitor.yaml")["spec"]["endpoints"][0]["authorization"]
    assert {volume["secretName"], credentials["credentials"]["name"]} == {secret["metadata"]["name"]}
    assert {*(one["key"] for one in volume["items"]), credentials["credentials"]["key"]} == set(secret["stringData"])


def test_the_server_is_given_options_that_it_has_and_files_that_are_mounted() -> None:
    options = options_of_serve(CONTAINER["args"])
    mounted = {one["mountPath"] for one in CONTAINER["volumeMounts"]}
    (model,) = options["models"]
    assert str(Path(model.partition("=")[2]).parent) in mounted
    assert str(Path(options["api_keys"]).parent) in mounted
    assert float(options["threads"]) == float(CONTAINER["resources"]["limits"]["cpu"])


@pytest.mark.parametrize("probe", ["startupProbe", "readinessProbe", "livenessProbe"])
def test_a_probe_asks_a_route_that_there_is(probe: str) -> None:
    app = create_app(Settings.create(models={"ner": "."}))
    get = CONTAINER[probe]["httpGet"]
    assert get["path"] in {getattr(route, "path", None) for route in app.routes}
    assert get["port"] in {port["name"] for port in CONTAINER["ports"]}


def test_the_ports_agree() -> None:
    (port,) = CONTAINER["ports"]
    assert port["containerPort"] == PORT  # of the image: test_docker.py
    (exposed,) = load(FOLDER / "service.yaml")["spec"]["ports"]
    assert exposed["targetPort"] == port["name"]
    (endpoint,) = load(FOLDER / "monitoring" / "servicemonitor.yaml")["spec"]["endpoints"]
    assert endpoint["port"] == exposed["name"]


def test_there_is_time_to_drain_after_the_pause() -> None:
    pause = CONTAINER["lifecycle"]["preStop"]["sleep"]["seconds"]
    drain = float(options_of_serve(CONTAINER["args"])["drain_timeout"])
    assert POD["terminationGracePeriodSeconds"] > pause + drain


def test_the_container_is_confined() -> None:
    assert POD["securityContext"]["runAsNonRoot"] is True
    assert POD["securityContext"]["runAsUser"] == 10001  # of the image: test_docker.py
    assert POD["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert POD["automountServiceAccountToken"] is False
    assert CONTAINER["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert all(mount["readOnly"] for mount in CONTAINER["volumeMounts"] if mount["mountPath"] != "/tmp")


def test_everything_selects_the_pods_of_the_deployment() -> None:
    labels: dict[str, Any] = DEPLOYMENT["template"]["metadata"]["labels"]
    assert DEPLOYMENT["selector"]["matchLabels"] == labels
    assert load(FOLDER / "service.yaml")["spec"]["selector"] == labels
    assert load(FOLDER / "poddisruptionbudget.yaml")["spec"]["selector"]["matchLabels"] == labels
    assert load(FOLDER / "service.yaml")["metadata"]["labels"] == labels
    assert load(FOLDER / "monitoring" / "servicemonitor.yaml")["spec"]["selector"]["matchLabels"] == labels


def test_the_autoscaler_scales_the_deployment_on_the_queue_before_it_is_full() -> None:
    scaler = load(FOLDER / "horizontalpodautoscaler.yaml")["spec"]
    assert scaler["scaleTargetRef"]["name"] == load(FOLDER / "deployment.yaml")["metadata"]["name"]
    assert "replicas" not in DEPLOYMENT  # or each `kubectl apply` would undo what the autoscaler did
    (metric,) = scaler["metrics"]
    name = metric["pods"]["metric"]["name"]
    assert f"# TYPE {name} gauge" in Metrics().render().decode()
    assert int(metric["pods"]["target"]["averageValue"]) < Settings.model_fields["max_queue"].default
