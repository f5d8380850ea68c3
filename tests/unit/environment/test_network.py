"""Downloads are tried against servers of this machine."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from paddle_ner.environment.network import look, network_findings


class Handler(BaseHTTPRequestHandler):
    status = 200

    def do_HEAD(self) -> None:
        self.send_response(self.status)
        self.end_headers()

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[tuple[str, type[Handler]]]:
    class Own(Handler):
        pass

    with HTTPServer(("127.0.0.1", 0), Own) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_address[1]}", Own
        running.shutdown()
        thread.join()


@pytest.mark.parametrize("status", [200, 403, 404])
def test_any_answer_of_the_source_means_that_it_is_reached(server: tuple[str, type[Handler]], status: int) -> None:
    server[1].status = status
    network = look({"PPNLP_ENDPOINT": server[0]})
    assert (network.tried, network.error) == (True, None)
    assert list(network_findings(network)) == []


def test_a_source_that_refuses_is_a_warning() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (finding,) = network_findings(look({"PPNLP_ENDPOINT": f"http://127.0.0.1:{port}"}))
    assert finding.level == "warning"
    assert finding.message.startswith(f"http://127.0.0.1:{port} cannot be reached: Connection refused")
    assert "HTTPS_PROXY" in finding.fix


def test_a_source_that_never_answers_is_given_up() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        network = look({"PPNLP_ENDPOINT": f"http://127.0.0.1:{silent.getsockname()[1]}"}, seconds=0.2)
    assert network.error is not None


def test_a_proxy_that_asks_for_a_password_is_named_without_one(server: tuple[str, type[Handler]]) -> None:
    server[1].status = 407
    address = server[0].replace("http://", "http://me:secret@")
    network = look({"http_proxy": address, "no_proxy": "localhost", "PPNLP_ENDPOINT": "http://models.example"})
    assert network.proxies == {"http": server[0].removeprefix("http://")}
    (finding,) = network_findings(network)
    assert f"through the proxy {network.proxies['http']}: status 407" in finding.message
    assert "secret" not in repr((network, finding))


def test_a_proxy_that_the_own_server_is_asked_through() -> None:
    (finding,) = network_findings(look({"HTTPS_PROXY": "http://proxy.example:3128"}, forbidden=True))
    assert finding.commands == ("export NO_PROXY=localhost,127.0.0.1",)
    variables = {"HTTPS_PROXY": "http://proxy.example:3128", "NO_PROXY": "localhost, .example"}
    assert list(network_findings(look(variables, forbidden=True))) == []


@pytest.mark.parametrize("name", ["AISTUDIO_BOS_OFFLINE", "HF_HUB_OFFLINE"])
def test_settings_that_forbid_downloads_are_obeyed_and_named(name: str) -> None:
    network = look({name: "1"})
    assert not network.tried
    (finding,) = network_findings(network)
    assert finding.message.startswith(f"{name} forbids downloads")
    assert finding.commands == (f"unset {name}",)


def test_the_network_is_left_alone_where_that_is_asked() -> None:
    network = look({}, forbidden=True)
    assert (network.tried, network.error) == (False, None)
    assert network.source == "https://bj.bcebos.com/paddlenlp"
