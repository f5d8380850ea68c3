from __future__ import annotations

import ipaddress
from typing import Any

import pytest

from paddle_ner.serving.caller import Network, read_caller

PROXIES = [ipaddress.ip_network(network) for network in ("127.0.0.1", "10.0.0.0/8", "fd00::/8")]


def scope(peer: str | None, *headers: tuple[str, str]) -> dict[str, Any]:
    encoded = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers]
    return {"type": "http", "client": (peer, 1234) if peer else None, "headers": encoded}


def address(peer: str | None, *chains: str, trusted: list[Network] | None = None) -> str:
    headers = [("X-Forwarded-For", chain) for chain in chains]
    return read_caller(scope(peer, *headers), PROXIES if trusted is None else trusted).address


@pytest.mark.parametrize(
    ("peer", "chains", "expected"),
    [
        ("127.0.0.1", ["1.2.3.4"], "1.2.3.4"),
        ("127.0.0.1", ["6.6.6.6, 1.2.3.4"], "1.2.3.4"),
        ("127.0.0.1", ["6.6.6.6", "1.2.3.4"], "1.2.3.4"),
        ("127.0.0.1", ["1.2.3.4, 10.0.0.7"], "1.2.3.4"),
        ("127.0.0.1", ["10.0.0.7"], "10.0.0.7"),
        ("127.0.0.1", ["2001:db8::1"], "2001:db8::1"),
        ("::ffff:127.0.0.1", ["1.2.3.4"], "1.2.3.4"),
        ("fd00::1", ["[2001:DB8::1]"], "2001:db8::1"),
    ],
)
def test_a_trusted_proxy_says_for_whom_it_asks(peer: str, chains: list[str], expected: str) -> None:
    assert address(peer, *chains) == expected


@pytest.mark.parametrize(
    "chain", ["1.2.3.4 key=admin", "a\x85FORGED", "unknown", "", "1.2.3.4, nonsense", "::1%eth0\n"]
)
def test_what_is_no_address_is_never_the_address(chain: str) -> None:
    assert address("127.0.0.1", chain) in ("127.0.0.1", "::1")


@pytest.mark.parametrize("trusted", [[], PROXIES])
def test_the_header_of_anybody_else_is_ignored(trusted: list[Network]) -> None:
    assert address("5.6.7.8", "1.2.3.4", trusted=trusted) == "5.6.7.8"


def test_a_client_without_an_address_has_none() -> None:
    assert address(None, "1.2.3.4") == ""
    assert address("not an address", "1.2.3.4") == ""


@pytest.mark.parametrize(
    "name", ["X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Forwarded", "Via"]
)
def test_every_header_of_a_proxy_says_that_the_request_is_forwarded(name: str) -> None:
    assert read_caller(scope("127.0.0.1", (name, "x"))).forwarded
    assert not read_caller(scope("127.0.0.1", ("Accept", "x"))).forwarded


def test_a_subscriber_of_ipv6_is_one_client_whatever_address_it_takes() -> None:
    one, two, other = (read_caller(scope(peer)).client for peer in ("2001:db8::1", "2001:db8::ffff", "2001:db8:1::1"))
    assert one == two != other


def test_with_a_key_the_client_is_the_key() -> None:
    caller = read_caller(scope("1.2.3.4"))
    assert caller.client == "1.2.3.4"
    caller.key = "crawler"
    assert caller.client == "crawler"
