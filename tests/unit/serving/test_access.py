from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from paddle_ner.errors import InputError
from paddle_ner.serving import Settings, create_app, keys
from tests.unit.serving.fakes import FakeModel
from tests.unit.serving.harness import PATIENCE

Serve = Callable[..., httpx.Client]
OPEN = ["/", "/docs", "/page/main.js", "/openapi.json", "/health/live", "/health/ready"]
CLOSED = [
    "/models",
    "/stats",
    "/metrics",
    "/nothing",
    "/page/nothing",
    "/health",
    "/health/live/",
    "/docs/../metrics",
]


@pytest.fixture
def key_file(tmp_path: Path) -> tuple[Path, str]:
    key, hashed = keys.create("web")
    path = tmp_path / "keys"
    path.write_text(hashed.line + "\n")
    return path, key


def slug(response: httpx.Response) -> str:
    assert response.headers["content-type"] == "application/problem+json"
    return str(response.json()["type"].removeprefix("/docs#"))


# ---------------------------------------------------------------------- keys


@pytest.mark.parametrize("path", CLOSED)
def test_without_a_key_a_route_that_needs_one_answers_401(serve: Serve, key_file: tuple[Path, str], path: str) -> None:
    response = serve(api_keys=key_file[0]).get(path)
    assert (response.status_code, slug(response)) == (401, "unauthorized")
    assert response.headers["www-authenticate"] == "Bearer"
    assert "Authorization: Bearer KEY" in response.json()["detail"]


@pytest.mark.parametrize("path", OPEN)
def test_pages_description_and_health_need_no_key(serve: Serve, key_file: tuple[Path, str], path: str) -> None:
    assert serve(api_keys=key_file[0]).get(path).status_code == 200


@pytest.mark.parametrize("path", OPEN)
def test_only_reading_is_open(serve: Serve, key_file: tuple[Path, str], path: str) -> None:
    assert serve(api_keys=key_file[0]).post(path).status_code == 405


def test_a_key_is_taken_from_either_header(serve: Serve, key_file: tuple[Path, str]) -> None:
    path, key = key_file
    client = serve(api_keys=path)
    for headers in (
        {"Authorization": f"Bearer {key}"},
        {"authorization": f"bearer  {key}"},
        {"X-API-Key": key},
        {"Authorization": "Basic cHJveHk6", "X-API-Key": key},
    ):
        assert client.post("/predict", json={"text": "A"}, headers=headers).status_code == 200


def test_a_wrong_key_is_refused_and_not_shown(serve: Serve, key_file: tuple[Path, str]) -> None:
    client = serve(api_keys=key_file[0])
    for sent in ("web.wrong", "nobody", key_file[1] + "x", key_file[0].read_text().strip(), "\xff\xfe"):
        response = client.get("/models", headers={b"X-API-Key": sent.encode("latin-1")})
        assert (response.status_code, slug(response)) == (401, "unauthorized")
        assert sent not in response.text


def test_the_keys_of_the_environment_are_lines_separated_by_commas(serve: Serve) -> None:
    (first, a), (second, b) = keys.create("a"), keys.create("b")
    client = serve(api_key_hashes=f"{a.line},{b.line}")
    assert client.get("/models").status_code == 401
    for key in (first, second):
        assert client.get("/models", headers={"X-API-Key": key}).status_code == 200


@pytest.mark.parametrize(("path", "status"), [("/ner/health/live", 200), ("/ner/docs", 200), ("/ner/models", 401)])
def test_below_a_path_of_a_proxy_the_same_routes_are_open(key_file: tuple[Path, str], path: str, status: int) -> None:
    app = create_app(Settings.create(models={"fake": "."}, api_keys=key_file[0]))

    async def ask() -> int:
        transport = httpx.ASGITransport(app, root_path="/ner")
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            return (await client.get(path)).status_code

    assert asyncio.run(ask()) == status


def test_metrics_are_open_where_that_is_said(serve: Serve, key_file: tuple[Path, str]) -> None:
    client = serve(api_keys=key_file[0], metrics_public=True)
    assert client.get("/metrics").status_code == 200
    assert client.get("/models").status_code == 401


def test_a_body_of_ten_megabytes_without_a_key_is_not_kept_and_the_connection_goes_on(
    serve: Serve, key_file: tuple[Path, str], model: FakeModel
) -> None:
    path, key = key_file
    client = serve(api_keys=path)
    assert client.post("/predict", content=b"x" * 10_000_000).status_code == 401
    assert client.post("/predict", json={"text": "A"}, headers={"X-API-Key": key}).status_code == 200
    assert model.batches == [["A"]]


def test_refusals_are_counted_under_the_route_that_was_asked_for(serve: Serve, key_file: tuple[Path, str]) -> None:
    client = serve(api_keys=key_file[0], metrics_public=True)
    client.post("/models/any/predict", json={"text": "A"})
    client.get("/nothing")
    lines = client.get("/metrics").text.splitlines()
    assert 'paddle_ner_requests_total{route="/models/{name}/predict",status="401"} 1.0' in lines
    assert 'paddle_ner_requests_total{route="other",status="401"} 1.0' in lines


@pytest.mark.parametrize("values", [{"api_keys": "FILE"}, {"api_key_hashes": "nonsense"}])
def test_wrong_keys_are_refused_before_the_server_starts(tmp_path: Path, values: dict[str, Any]) -> None:
    (tmp_path / "keys").write_text("# one\nnonsense\n")
    values = {name: str(tmp_path / "keys") if value == "FILE" else value for name, value in values.items()}
    with pytest.raises(InputError, match=r"(keys:2|PADDLE_NER_SERVE_API_KEY_HASHES:1): not a hashed key"):
        create_app(Settings.create(models={"fake": "."}, **values))


# ---------------------------------------------------------------------- an address that others reach


def _own_address() -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing
        except OSError:
            pytest.skip("this machine has no address but the loopback")
        return str(probe.getsockname()[0])


@pytest.mark.parametrize(("options", "status"), [({}, 403), ({"insecure": True}, 200)])
def test_under_any_asgi_server_an_open_address_without_keys_is_refused(
    options: dict[str, Any], status: int, serve_anywhere: Serve
) -> None:
    client = serve_anywhere(**options)
    local = httpx.Client(base_url=f"http://127.0.0.1:{client.base_url.port}")
    address = _own_address()
    assert local.get("/models").status_code == 200
    response = httpx.get(f"http://{address}:{client.base_url.port}/models", timeout=PATIENCE)
    assert response.status_code == status
    if status == 403:
        assert slug(response) == "unprotected"


@pytest.mark.parametrize(
    ("host", "options", "status"),
    [
        ("localhost:80", {}, 200),
        ("127.0.0.1", {}, 200),
        ("[::1]:8000", {}, 200),
        ("evil.example", {}, 403),
        ("localhost.evil.example:80", {}, 403),
        ("evil.example", {"insecure": True}, 200),
        ("LOCALHOST:8000", {}, 200),
        ("[::ffff:127.0.0.1]", {}, 200),
        ("127.0.0.1:65535", {}, 200),
        ("127.0.0.1:65536", {}, 403),
        ("127.0.0.1:99999", {}, 403),
        ("localhost.", {}, 403),
        ("127.1", {}, 403),
        ("", {}, 403),
    ],
)
def test_without_keys_a_name_that_only_resolves_to_the_loopback_is_refused(
    host: str, options: dict[str, Any], status: int, serve: Serve
) -> None:
    response = serve(**options).get("/models", headers={"Host": host})
    assert response.status_code == status
    if status == 403:
        assert slug(response) == "unprotected"


@pytest.mark.parametrize(
    "host",
    ["[::1", "evil.example@127.0.0.1", "127.0.0.1/../x", "localhost#evil", "localhost?x", "[127.0.0.1]", "localhost:8o",
     "localhost:80:80", "localhost evil"],
)  # fmt: skip
def test_no_asgi_server_makes_a_host_that_is_none_a_local_one(host: str) -> None:
    app = create_app(Settings.create(models={"fake": "."}))

    async def ask() -> int:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            return (await client.get("/models", headers={"Host": host})).status_code

    assert asyncio.run(ask()) == 403


@pytest.fixture
def serve_anywhere(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> Serve:
    """As `serve`, but the socket listens on every address, as that of another ASGI server may."""
    create = socket.create_server
    monkeypatch.setattr(socket, "create_server", lambda address, **options: create(("", address[1]), **options))
    return serve


# ---------------------------------------------------------------------- rate


def test_over_the_rate_the_answer_is_429_and_not_that_of_a_full_queue(serve: Serve, key_file: tuple[Path, str]) -> None:
    path, key = key_file
    other, hashed = keys.create("other")
    path.write_text(path.read_text() + hashed.line)
    client = serve(api_keys=path, rate_limit=0.01)
    mine = {"X-API-Key": key}
    assert client.post("/predict", json={"text": "A"}, headers=mine).status_code == 200
    refused = client.post("/predict", json={"text": "A"}, headers=mine)
    assert (refused.status_code, slug(refused)) == (429, "rate-limited")
    assert 1 <= int(refused.headers["retry-after"]) <= 100
    assert client.post("/predict", json={"text": "A"}, headers={"X-API-Key": other}).status_code == 200
    assert client.get("/health/ready").status_code == 200


def test_without_keys_the_rate_is_that_of_the_client_address(serve: Serve) -> None:
    client = serve(rate_limit=0.01)
    assert [client.get("/models").status_code for _ in range(3)] == [200, 429, 429]


# ---------------------------------------------------------------------- browsers


def test_no_other_origin_may_ask_by_default(serve: Serve) -> None:
    response = serve().get("/models", headers={"Origin": "https://a.example"})
    assert "access-control-allow-origin" not in response.headers


def test_an_origin_that_was_named_may_ask_and_read_refusals_and_ids(serve: Serve, key_file: tuple[Path, str]) -> None:
    client = serve(api_keys=key_file[0], cors_origins=["https://a.example"])
    asks = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type"}
    preflight = client.options("/predict", headers={"Origin": "https://a.example", **asks})
    assert preflight.status_code == 200
    assert preflight.headers["access-control-allow-origin"] == "https://a.example"
    refused = client.get("/models", headers={"Origin": "https://a.example"})
    assert refused.status_code == 401
    assert refused.headers["access-control-allow-origin"] == "https://a.example"
    assert {"X-Request-ID", "Retry-After"} <= set(refused.headers["access-control-expose-headers"].split(", "))
    elsewhere = client.options("/predict", headers={"Origin": "https://b.example", **asks})
    assert "access-control-allow-origin" not in elsewhere.headers


# ---------------------------------------------------------------------- every answer


def answers(client: httpx.Client) -> list[httpx.Response]:
    return [
        client.get("/"),
        client.get("/models"),
        client.get("/nothing"),
        client.get("/predict"),
        client.post("/predict", json={"text": "A"}),
        client.post("/predict", content=b"{"),
    ]


def test_every_answer_has_a_request_id_of_its_own_and_no_sniffing(serve: Serve) -> None:
    found = answers(serve())
    ids = [response.headers["x-request-id"] for response in found]
    assert all(re.fullmatch("[0-9a-f]{32}", one) for one in ids)
    assert len(set(ids)) == len(ids)
    assert all(response.headers.get_list("x-content-type-options") == ["nosniff"] for response in found)


def test_refusals_have_a_request_id_too(serve: Serve, key_file: tuple[Path, str]) -> None:
    response = serve(api_keys=key_file[0]).get("/models", headers={"X-Request-ID": "job-7"})
    assert response.status_code == 401
    assert response.headers["x-request-id"] == "job-7"


@pytest.mark.parametrize("sent", ["job-7", "a" * 128, "00-ab.c_d:e/f+g=h@i"])
def test_a_sane_request_id_is_taken(serve: Serve, sent: str) -> None:
    assert serve().get("/health/live", headers={"X-Request-ID": sent}).headers["x-request-id"] == sent


@pytest.mark.parametrize("sent", ["", "a" * 129, "a b", 'a"b', "名".encode(), "a\tb", "<script>"])
def test_any_other_request_id_is_replaced(serve: Serve, sent: str | bytes) -> None:
    answered = serve().get(
        "/health/live", headers={b"X-Request-ID": sent if isinstance(sent, bytes) else sent.encode()}
    )
    assert re.fullmatch("[0-9a-f]{32}", answered.headers["x-request-id"])


def test_a_defect_is_a_problem_with_an_id_and_the_log_has_the_place_but_not_the_text(
    serve: Serve, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(body: bytes, *_: object) -> None:
        raise ValueError(body.decode())

    client = serve()
    monkeypatch.setattr("paddle_ner.serving.schemas.parse", fails)
    response = client.post("/predict", json={"text": "secret text"}, headers={"X-Request-ID": "job-7"})
    assert (response.status_code, slug(response)) == (500, "internal-error")
    assert response.headers["x-request-id"] == "job-7"
    assert "ValueError" in caplog.text and "in fails" in caplog.text and "secret" not in caplog.text
    monkeypatch.undo()
    assert client.post("/predict", json={"text": "A"}).status_code == 200


# ---------------------------------------------------------------------- statistics


def test_stats_say_what_each_model_did_and_has_waiting(serve: Serve, model: FakeModel) -> None:
    client = serve(models={"first": "a", "second": "b"})
    assert client.get("/stats").json()["models"]["second"] == {
        "texts_per_second": 0.0,
        "latency_ms": {"p50": None, "p95": None},
        "queue": 0,
    }
    client.post("/predict", json={"texts": ["A"] * 30})
    first = client.get("/stats").json()["models"]["first"]
    assert first["texts_per_second"] > 0
    assert 0 < first["latency_ms"]["p50"] <= first["latency_ms"]["p95"]


# ---------------------------------------------------------------------- behind a proxy


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Real-IP", "Forwarded", "Via", "X-Forwarded-Proto"])
def test_without_keys_a_forwarded_request_is_not_local(serve: Serve, header: str) -> None:
    client = serve()
    response = client.get("/models", headers={header: "127.0.0.1"})
    assert (response.status_code, slug(response)) == (403, "unprotected")
    assert "through a proxy" in response.json()["detail"]
    assert client.get("/models").status_code == 200


def test_without_keys_a_forwarded_request_of_a_trusted_proxy_is_not_local_either(serve: Serve) -> None:
    client = serve(trusted_proxies=("127.0.0.1",))
    assert client.get("/models", headers={"X-Forwarded-For": "127.0.0.1"}).status_code == 403


def test_addresses_that_a_client_makes_up_share_its_rate(serve: Serve) -> None:
    client = serve(rate_limit=1, insecure=True)
    statuses = [client.get("/models", headers={"X-Forwarded-For": f"1.2.3.{n}"}).status_code for n in range(5)]
    assert statuses == [200, 429, 429, 429, 429]


def test_clients_of_a_trusted_proxy_have_a_rate_each(serve: Serve) -> None:
    client = serve(rate_limit=1, insecure=True, trusted_proxies=("127.0.0.1",))
    statuses = [client.get("/models", headers={"X-Forwarded-For": f"1.2.3.{n}"}).status_code for n in (1, 2, 1)]
    assert statuses == [200, 200, 429]
