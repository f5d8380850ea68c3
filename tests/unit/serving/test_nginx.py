"""The nginx lines of docs/deployment.md: a real nginx with them, but for ports and files, before a real server."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from paddle_ner.serving import Settings, keys
from tests.unit.serving.harness import PATIENCE

DOCUMENT = Path(__file__).parents[3] / "docs" / "deployment.md"
NAME = "ner.example.org"
Serve = Callable[..., httpx.Client]
Proxy = Callable[[int], httpx.Client]


def program(name: str) -> str:
    found = shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin")  # which is not in the path of who is not root
    if found is None:
        reason = f"{name} is not installed: apt-get install {name}"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return found


def documented() -> str:
    blocks = re.findall(r"^```nginx\n(.*?)^```$", DOCUMENT.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert len(blocks) == 1
    return str(blocks[0])


def replaced(text: str, old: str, new: str) -> str:
    assert text.count(old) == 1, old
    return text.replace(old, new)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("certificate")
    cert, key = folder / "cert.pem", folder / "key.pem"
    subject = ["-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}"]
    made = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    subprocess.run([program("openssl"), *made, *subject, "-keyout", key, "-out", cert], check=True, capture_output=True)
    return cert, key


@pytest.fixture
def proxy(certificate: tuple[Path, Path], tmp_path: Path) -> Iterator[Proxy]:
    """nginx before the port that it is given; the client asks it by its name, over TLS."""
    cert, key = certificate
    binary = program("nginx")
    clients: list[httpx.Client] = []

    def start(upstream: int) -> httpx.Client:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        server = replaced(documented(), "listen 443 ssl;", f"listen 127.0.0.1:{port} ssl;")
        server = replaced(server, "/etc/ssl/ner/cert.pem", str(cert))
        server = replaced(server, "/etc/ssl/ner/key.pem", str(key))
        server = replaced(server, "http://127.0.0.1:8000;", f"http://127.0.0.1:{upstream};")
        user = "user root;" if os.geteuid() == 0 else ""
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        paths = "".join(f"{kind}_temp_path {tmp_path}/{kind};" for kind in kinds)
        (tmp_path / "nginx.conf").write_text(
            f"{user} pid {tmp_path}/pid; events {{}} http {{ access_log off; {paths}\n{server}}}\n", "utf-8"
        )
        # It goes to the background once it listens.
        done = subprocess.run(command(), capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        trust = ssl.create_default_context(cafile=str(cert))
        clients.append(asking(port, trust))
        return clients[-1]

    def command(*more: str) -> list[str]:
        return [binary, "-p", str(tmp_path), "-e", str(tmp_path / "errors"), "-c", str(tmp_path / "nginx.conf"), *more]

    yield start
    for client in clients:
        client.close()
        subprocess.run(command("-s", "stop"), check=True)


def asking(port: int, trust: ssl.SSLContext) -> httpx.Client:
    transport = httpx.HTTPTransport(verify=trust, local_address="127.0.0.9")
    return httpx.Client(
        transport=transport,
        base_url=f"https://127.0.0.1:{port}",
        headers={"Host": NAME},
        timeout=PATIENCE,
        event_hooks={"request": [lambda request: request.extensions.update(sni_hostname=NAME)]},
    )


def port_of(client: httpx.Client) -> int:
    assert client.base_url.port
    return client.base_url.port


def test_without_keys_the_server_refuses_what_comes_through_the_proxy(serve: Serve, proxy: Proxy) -> None:
    direct = serve()
    through = proxy(port_of(direct))
    for headers in ({}, {"Host": "localhost"}, {"Host": "127.0.0.1:8000", "X-Forwarded-For": "127.0.0.1"}):
        refused = through.post("/predict", json={"text": "IBM"}, headers=headers)
        assert refused.status_code == 403 and refused.json()["type"] == "/docs#unprotected"
    assert direct.post("/predict", json={"text": "IBM"}).status_code == 200


def test_with_keys_texts_are_answered_and_metrics_stay_inside(serve: Serve, proxy: Proxy, tmp_path: Path) -> None:
    key, hashed = keys.create("web")
    (tmp_path / "keys").write_text(hashed.line + "\n")
    direct = serve(api_keys=tmp_path / "keys")
    through = proxy(port_of(direct))
    ours = {"Authorization": f"Bearer {key}"}
    answer = through.post("/predict", json={"text": "我在IBM"}, headers=ours)
    assert [entity["text"] for entity in answer.json()["predictions"][0]["entities"]] == ["IBM"]
    assert through.post("/predict", json={"text": "IBM"}).status_code == 401
    for path in ("/metrics", "/%6detrics", "//metrics", "/x/../metrics", "/metrics?x"):
        refused = through.get("/", headers=ours, extensions={"target": path.encode()})
        assert refused.status_code == 404 and b"paddle_ner" not in refused.content, path
    assert direct.get("/metrics", headers=ours).status_code == 200
    assert through.get("/health/ready").json() == {"status": "ready"}
    assert through.head("/").status_code == 200


def test_a_body_that_the_server_takes_passes_the_proxy(serve: Serve, proxy: Proxy) -> None:
    through = proxy(port_of(serve(insecure=True)))
    bound = Settings.create(models={"fake": "."}).max_body_bytes
    frame = len(b'{"text": ""}')
    taken = through.post("/predict", content=b'{"text": "' + b"a" * (bound - frame) + b'"}')
    assert (taken.status_code, taken.json()["type"]) == (422, "/docs#invalid-request")  # the text is too long
    assert through.post("/predict", content=b"a" * (bound + 1)).status_code == 413


def test_a_client_is_known_by_its_own_address_whatever_it_claims(serve: Serve, proxy: Proxy) -> None:
    through = proxy(port_of(serve(insecure=True, rate_limit=1, trusted_proxies=("127.0.0.1",))))
    claims = [{"X-Forwarded-For": f"203.0.113.{number}"} for number in range(4)]
    assert [through.get("/models", headers=headers).status_code for headers in claims] == [200, 429, 429, 429]


def test_the_log_has_the_address_of_the_client(serve: Serve, proxy: Proxy, caplog: pytest.LogCaptureFixture) -> None:
    through = proxy(port_of(serve(insecure=True, trusted_proxies=("127.0.0.1",), log_level="info")))
    with caplog.at_level("INFO"):
        through.get("/models", headers={"X-Forwarded-For": "203.0.113.7", "X-Request-ID": "job-7"})
    (record,) = [vars(record) for record in caplog.records if record.name == "paddle_ner.serving.observe"]
    assert (record["request_id"], record["client"]) == ("job-7", "127.0.0.9")


@pytest.fixture
def echo() -> Iterator[int]:
    """The port of a server that answers with the headers that it was asked with."""

    class Echo(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps([*self.headers.items()]).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """No lines."""

    server = HTTPServer(("127.0.0.1", 0), Echo)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    thread.join(PATIENCE)
    server.server_close()


def test_the_proxy_says_who_asked_for_what_and_passes_on_no_claim_of_the_client(proxy: Proxy, echo: int) -> None:
    claims = {"X-Forwarded-For": "127.0.0.1", "X-Forwarded-Proto": "gopher", "X-Request-ID": "job-7"}
    sent = proxy(echo).get("/", headers=claims).json()
    found: dict[str, list[str]] = {}
    for name, value in sent:
        found.setdefault(name.lower(), []).append(value)
    assert found["x-forwarded-for"] == ["127.0.0.9"]
    assert found["x-forwarded-proto"] == ["https"]
    assert found["host"] == [NAME]
    assert found["x-request-id"] == ["job-7"]
    assert "connection" not in found
