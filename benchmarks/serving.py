"""The server beside what people write instead, with the same weights on the same texts, in one run.

``python benchmarks/serving.py`` [--torch PYTHON] [--seconds 10] [--json]. Beside `paddle-ner serve` at each precision:
FastAPI around PaddleNLP, around PyTorch with transformers (--torch names a Python that has them), and around ONNX
Runtime, fp32 and dynamically quantized (`peers.py`). Every server runs alone, one after another, ours in the layout
that its bundle was measured best in; the clients share its cores. Before anything is timed, each server has seen the
texts for a while.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import models
import numpy as np

from paddle_ner import startup
from paddle_ner.bundle import verify
from paddle_ner.evaluation.tuning.choice import engines_of
from paddle_ner.evaluation.tuning.timing import measure
from paddle_ner.inference import EngineOptions, load
from paddle_ner.inference.layout import layouts
from paddle_ner.machine import cpu_flags, cpu_name, usable_cores

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "serving" / "load"))

from connection import Target  # noqa: E402
from load import Result, closed_loop, make_bodies, memory, open_loop, raise_file_limit  # noqa: E402

CLIENTS = (1, 8, 32)
SHARES = (0.25, 0.5, 0.75)  # of the saturating rate, for the open loop
AGREEMENT_TEXTS = 300
START_SECONDS = 120
# Texts in one request when HTTP is held against the engine alone.
TEXTS_A_REQUEST = {"medium": 1, "nano": 32}
MANY_CLIENTS = {"medium": 128, "nano": 16}
SENT = {"medium": 500, "nano": 1000}  # texts, over and over: the same over HTTP and for the engine alone
# Seconds in which a server meets the shapes of the texts, each of which an engine prepares once; with many clients
# batches are larger than before.
WARM_UP_SECONDS = 12
MANY_WARM_UP_SECONDS = 20


@dataclass(frozen=True)
class Server:
    """One server to measure: its name in the table, and its command without the port; of ours what runs and what."""

    name: str
    command: tuple[str, ...]
    ours: EngineOptions | None = None
    bundle: Path = Path()


def servers(bundle: Path, int8_bundle: Path, torch: str | None) -> list[Server]:
    """All that can be measured here."""
    peers, checkpoint = str(HERE / "peers.py"), bundle.parent / "checkpoint"
    found = [Server("FastAPI + PaddleNLP", (sys.executable, peers, "paddle", str(checkpoint)))]
    if torch:
        found.append(Server("FastAPI + PyTorch", (torch, peers, "torch", str(checkpoint))))
    for kind, title in (("onnx", "fp32"), ("onnx-int8", "dynamic int8")):
        found.append(Server(f"FastAPI + ONNX Runtime {title}", (sys.executable, peers, kind, str(checkpoint))))
    for folder in (bundle, int8_bundle):
        for ours in engines_of(verify(folder), cpu_flags(), ["openvino"]):
            flags = ("--engine", ours.engine, "--precision", ours.precision)
            command = (sys.executable, "-m", "paddle_ner", "serve", str(folder), *flags)
            name = f"paddle-ner serve {ours.precision}" + (", OpenVINO" if ours.engine == "openvino" else "")
            found.append(Server(name, command, ours, folder))
    return found


@contextmanager
def running(server: Server, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """The server on `port`, answering."""
    ending = ("--port", str(port)) if server.ours else (str(port),)
    # None has what this process was started again with: ours asks for it, as it does for everyone.
    plain = {name: value for name, value in os.environ.items() if startup.ENGINES.get(name) != value}
    process = subprocess.Popen(
        [*server.command, *ending], env=plain, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                post(port, "/predict", {"text": "预热"})
                break
            except OSError:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise SystemExit(f"{server.name} did not start: {' '.join(server.command)}") from None
                time.sleep(0.2)
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def post(port: int, path: str, record: dict[str, Any]) -> Any:
    """The answer to one request."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}", json.dumps(record).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=60) as response:
        return json.loads(response.read())


def padding_share(port: int) -> float | None:
    """Of the tokens that our server's engine computed."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=60) as response:
        lines = response.read().decode().splitlines()
    tokens = dict.fromkeys(("text", "padding"), 0.0)
    for line in lines:
        for kind in tokens:
            if line.startswith("paddle_ner_tokens_total{") and f'kind="{kind}"' in line:
                tokens[kind] += float(line.rsplit(" ", 1)[1])
    return tokens["padding"] / sum(tokens.values()) if sum(tokens.values()) else None


def reference_tags(bundle: Path, texts: Sequence[str], options: EngineOptions) -> list[list[int]]:
    """The best tag of each token, by our engine."""
    predictor = load(bundle, engine=options.engine, precision=options.precision)
    return [predictor.run(predictor.encode(text).windows)[0]["logits"][1:-1].argmax(-1).tolist() for text in texts]


def agreement(ours: list[list[int]], theirs: list[list[int]]) -> tuple[float, int]:
    """The share of equal tags, over texts that both cut into as many tokens, and how many texts those are."""
    pairs = [(one, other) for one, other in zip(ours, theirs, strict=True) if len(one) == len(other)]
    equal = sum(int((np.array(one) == np.array(other)).sum()) for one, other in pairs)
    return equal / max(1, sum(len(one) for one, _ in pairs)), len(pairs)


def alone(bundle: Path, texts: Sequence[str], options: EngineOptions) -> float:
    """Texts a second of the engine in process, tokenization and decoding left out, in the layout that suits it best."""
    speeds = measure(bundle, texts, [options], layouts(usable_cores()), engine_only=True)
    return max(speed.texts_per_second for speed in speeds.values())


def closed(url: str, bodies: Sequence[bytes], clients: int, seconds: float, texts: int = 1) -> dict[str, Any]:
    """A closed loop, all of whose requests must be answered with 200."""
    result = Result(texts_a_request=texts)
    return _answered(asyncio.run(closed_loop(Target.of(url), bodies, clients, seconds, result)))


def opened(url: str, bodies: Sequence[bytes], rate: float, seconds: float) -> dict[str, Any]:
    """An open loop at `rate` requests a second."""
    return _answered(asyncio.run(open_loop(Target.of(url), bodies, rate, seconds, Result())))


def _answered(result: Result) -> dict[str, Any]:
    if set(result.statuses) != {200}:
        raise SystemExit(f"requests failed: {dict(result.statuses)}")
    return result.to_dict()


def measure_shape(shape: str, texts: list[str], options: argparse.Namespace) -> dict[str, Any]:
    """Every server over one shape."""
    bundle = models.make_bundle(shape, texts, options.folder / shape)
    found = servers(bundle, models.make_int8_bundle(bundle, texts), options.torch)
    texts = texts[: SENT[shape]]
    sample = [text for text in texts if 4 <= len(text) <= 120][:AGREEMENT_TEXTS]
    exact = reference_tags(bundle, sample, EngineOptions("paddle", precision="fp32"))
    single = [json.dumps({"text": text}).encode() for text in texts]
    rows: dict[str, Any] = {}
    for number, server in enumerate(found):
        port = options.port + number
        print(f"{shape}: {server.name}", file=sys.stderr)
        with running(server, port) as process:
            url = f"http://127.0.0.1:{port}"
            for clients in (8, 32):
                closed(url, single, clients, WARM_UP_SECONDS / 2)
            loops = {clients: closed(url, single, clients, options.seconds) for clients in CLIENTS}
            row: dict[str, Any] = {"closed": loops}
            rate = max(one["texts_per_second"] for one in loops.values())
            row["open"] = {share: opened(url, single, share * rate, options.seconds) for share in SHARES}
            row["peak_megabytes"] = memory(process.pid, "VmHWM") / 1e6
            if server.ours:
                count, clients = TEXTS_A_REQUEST[shape], MANY_CLIENTS[shape]
                bodies = make_bodies(texts, count)
                closed(url, bodies, clients, MANY_WARM_UP_SECONDS, count)
                row["many"] = closed(url, bodies, clients, options.seconds, count)
                row["padding"] = padding_share(port)
                row["agreement"] = agreement(exact, reference_tags(server.bundle, sample, server.ours))
            else:
                row["agreement"] = agreement(exact, [post(port, "/tags", {"text": text}) for text in sample])
        rows[server.name] = row
    print(f"{shape}: the engine alone", file=sys.stderr)
    for server in found:
        if server.ours:
            row = rows[server.name]
            row["engine"] = alone(server.bundle, texts, server.ours)
            row["of_engine"] = row["many"]["texts_per_second"] / row["engine"]
    return rows


def show(shape: str, rows: dict[str, Any]) -> None:
    """One table a shape, in Markdown."""
    first = next(iter(rows.values()))["closed"][32]["texts_per_second"]
    print(f"\n### {shape}, one text a request\n")
    waits_of = "p50, p95, p99 at 32 (ms)"
    print(
        f"| server | 1 client | 8 | 32 (texts/s) | × first | {waits_of} | p95 at half rate | MB | agreement (texts) |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    for name, row in rows.items():
        loops, half = row["closed"], row["open"][0.5]["latency_ms"]
        last, waits = loops[32]["texts_per_second"], loops[32]["latency_ms"]
        print(
            f"| {name} | {loops[1]['texts_per_second']:.0f} | {loops[8]['texts_per_second']:.0f}"
            f" | {last:.0f} | {last / first:.1f}"
            f" | {waits['p50']:.0f}, {waits['p95']:.0f}, {waits['p99']:.0f} | {half['p95']:.0f} ms"
            f" | {row['peak_megabytes']:.0f} | {row['agreement'][0]:.4f} ({row['agreement'][1]}) |"
        )
    for name, row in rows.items():
        if "of_engine" in row:
            many = row["many"]["texts_per_second"]
            print(
                f"\n{name}: {many:.0f} texts/s over HTTP from {MANY_CLIENTS[shape]} clients with "
                f"{TEXTS_A_REQUEST[shape]} a request, "
                f"{100 * row['of_engine']:.0f}% of the engine's own {row['engine']:.0f};"
                f" {100 * row['padding']:.0f}% of its tokens were padding"
            )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    models.add_arguments(parser)
    parser.add_argument("--torch", help="a Python with torch, transformers, fastapi and uvicorn")
    parser.add_argument("--seconds", type=float, default=10.0, help="of each measurement")
    parser.add_argument("--port", type=int, default=18300, help="the first of the ports that are used")
    parser.add_argument("--shape", choices=models.SHAPES, help="only this one")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    startup.restart_with(startup.ENGINES)
    raise_file_limit()
    texts = models.read_texts(options.texts)
    report = {
        shape: measure_shape(shape, texts, options) for shape in ([options.shape] if options.shape else models.SHAPES)
    }
    if options.json:
        print(json.dumps({"cpu": cpu_name(), "cores": usable_cores(), **report}))
        return
    print(f"{cpu_name()}, {usable_cores()} cores, {time.strftime('%Y-%m-%d')}")
    for shape, rows in report.items():
        show(shape, rows)


if __name__ == "__main__":
    main()
