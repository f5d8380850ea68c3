"""Whether published encoders can be downloaded: proxies, settings that forbid it, and a try."""

from __future__ import annotations

import threading
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from paddle_ner.environment.finding import Finding

# Where PaddleNLP 2.8.1 downloads from, and what keeps it from doing so: paddlenlp/utils/download.
_SOURCE = ("PPNLP_ENDPOINT", "https://bj.bcebos.com/paddlenlp")
_OFFLINE = ("AISTUDIO_BOS_OFFLINE", "HF_HUB_OFFLINE")
_LOCAL = ("localhost", "127.0.0.1", "*")


@dataclass(frozen=True, slots=True)
class Network:
    """What lies between this process and the internet.

    Attributes:
        proxies: host and port by scheme, without names and passwords.
        bypassed: hosts that are asked without the proxy.
        offline: the variables that forbid downloads.
        source: where encoders come from.
        error: why it cannot be reached; None if it can, or was not tried.
        tried: whether it was.
    """

    proxies: Mapping[str, str]
    bypassed: tuple[str, ...]
    offline: tuple[str, ...]
    source: str
    error: str | None
    tried: bool


def look(environment: Mapping[str, str], *, seconds: float = 3, forbidden: bool = False) -> Network:
    """Read the settings, and ask for one answer where nothing forbids it.

    Args:
        environment: variables of this process.
        seconds: that an answer may take.
        forbidden: whether to leave the network alone.
    """
    variables = {name.lower(): value for name, value in environment.items() if value}
    addresses = {scheme: variables.get(f"{scheme}_proxy") or variables.get("all_proxy") for scheme in ("http", "https")}
    proxies = {scheme: address for scheme, address in addresses.items() if address}
    offline = tuple(name for name in _OFFLINE if environment.get(name, "").lower() in ("1", "true", "yes", "on"))
    source = environment.get(_SOURCE[0]) or _SOURCE[1]
    tried = not offline and not forbidden
    return Network(
        proxies={scheme: _public(address) for scheme, address in proxies.items()},
        bypassed=tuple(host.strip() for host in variables.get("no_proxy", "").split(",") if host.strip()),
        offline=offline,
        source=source,
        error=_reach(source, proxies, seconds) if tried else None,
        tried=tried,
    )


def _public(address: str) -> str:
    """An address without the name and the password in it."""
    return urlsplit(address if "://" in address else f"http://{address}").netloc.rpartition("@")[2]


def _reach(source: str, proxies: Mapping[str, str], seconds: float) -> str | None:
    """Why `source` gives no answer; None if it gives one, whatever it says."""
    error: list[str | None] = [f"no answer within {seconds:g} s"]

    def ask() -> None:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler(dict(proxies)))
        try:
            with opener.open(urllib.request.Request(source, method="HEAD"), timeout=seconds):
                error[0] = None
        except urllib.error.HTTPError as answer:
            error[0] = f"status {answer.code}" if answer.code in (407, 502, 503, 504) else None
        except (OSError, ValueError) as failure:
            reason = getattr(failure, "reason", failure)
            error[0] = getattr(reason, "strerror", None) or str(reason) or type(failure).__name__

    # A thread, since a name server that does not answer is not bound by the timeout.
    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(seconds)
    return error[0]


def network_findings(network: Network) -> Iterator[Finding]:
    """Judge it: what comes with the package needs no network, so nothing is a problem."""
    if network.offline:
        message = f"{' and '.join(network.offline)} forbids downloads: published encoders cannot be had by name"
        advice = "to download, unset it; the starter and local folders need no network"
        yield Finding("warning", message, tuple(f"unset {name}" for name in network.offline), advice)
    if network.error is not None:
        through = ", ".join(dict.fromkeys(network.proxies.values()))
        way = f" through the proxy {through}" if through else ""
        message = f"{network.source} cannot be reached{way}: {network.error}: published encoders cannot be had by name"
        advice = "check the proxy" if through else "behind a proxy, set HTTPS_PROXY"
        yield Finding("warning", message, (), f"{advice}; the starter and local folders need no network")
    if network.proxies and not set(_LOCAL) & set(network.bypassed):
        message = "a proxy is set, and requests to this machine's own server go through it: NO_PROXY does not name it"
        yield Finding("warning", message, ("export NO_PROXY=localhost,127.0.0.1",))
