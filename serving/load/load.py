"""Load on a running server: a closed loop of clients, or an open loop at a fixed rate. Needs only Python.

python serving/load/load.py http://127.0.0.1:8000 --clients 32 --duration 10
python serving/load/load.py http://127.0.0.1:8000 --rate 200 --texts-a-request 8 --file texts.txt --json

A closed loop's client sends its next request when it has the answer to the last one: it shows what the server can do.
An open loop sends at its rate whatever comes back, as users do: it shows how long they wait.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import resource
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from connection import Answer, Connection, Target

PATIENCE = 60.0  # seconds after which a request counts as unanswered; longer than any deadline in use
MOST_CONNECTIONS = 8000
_CHARACTERS = (
    "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动"
    "同工也能下过子说产种面而方后多定行学法所民得经十三之进着等部度家电力里如水化高自"
)


@dataclass
class Result:
    """What a run of requests came to, from the first request to the last answer.

    A latency is that of an answer with status 200.
    """

    seconds: float = 0.0
    texts_a_request: int = 1
    statuses: Counter[int] = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)
    peak_rss: int | None = None

    def add(self, answer: Answer) -> None:
        """Count one answer."""
        self.statuses[answer.status] += 1
        if answer.status == 200:
            self.latencies.append(answer.seconds)

    @property
    def throughput(self) -> float:
        """Texts answered with 200, a second."""
        return self.statuses[200] * self.texts_a_request / self.seconds if self.seconds else 0.0

    def percentile(self, share: float) -> float | None:
        """Seconds within which this share of the answers came; None where there was none."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else None

    def to_dict(self) -> dict[str, Any]:
        """JSON form. Status 0 stands for requests without an answer."""
        milliseconds = {
            f"p{round(share * 100)}": None if (found := self.percentile(share)) is None else round(found * 1000, 2)
            for share in (0.5, 0.95, 0.99)
        }
        return {
            "seconds": round(self.seconds, 2),
            "texts_per_second": round(self.throughput, 1),
            "requests_per_second": round(self.throughput / self.texts_a_request, 1),
            "latency_ms": milliseconds,
            "statuses": {str(status): self.statuses[status] for status in sorted(self.statuses)},
            "peak_rss_bytes": self.peak_rss,
        }

    def __str__(self) -> str:
        record = self.to_dict()
        latency = "  ".join(f"{name} {value} ms" for name, value in record["latency_ms"].items())
        statuses = "  ".join(f"{status}: {number}" for status, number in record["statuses"].items())
        memory = f"\npeak memory  {self.peak_rss / 2**20:.0f} MiB" if self.peak_rss else ""
        return (
            f"throughput   {record['texts_per_second']} texts/s, {record['requests_per_second']} requests/s"
            f" over {record['seconds']} s\nlatency      {latency}\nstatuses     {statuses}{memory}"
        )


def make_texts(count: int, shortest: int, longest: int, seed: int = 1) -> list[str]:
    """Texts of random lengths in characters, the same for the same seed."""
    draw = random.Random(seed)
    return ["".join(draw.choices(_CHARACTERS, k=draw.randint(shortest, longest))) for _ in range(count)]


def make_bodies(texts: Sequence[str], texts_a_request: int) -> list[bytes]:
    """Request bodies over `texts`, each used once; the last ones wrap round."""
    size = texts_a_request
    groups = -(-len(texts) // size)
    return [
        json.dumps({"texts": [texts[i % len(texts)] for i in range(group * size, (group + 1) * size)]}).encode()
        for group in range(groups)
    ]


async def closed_loop(target: Target, bodies: Sequence[bytes], clients: int, duration: float, result: Result) -> Result:
    """`clients` at the same time, each one request after the other, for `duration` seconds."""
    started = time.monotonic()
    end = started + duration

    async def client(number: int) -> None:
        connection = Connection(target)
        step = number
        while time.monotonic() < end:
            answer = await connection.post(bodies[step % len(bodies)], PATIENCE)
            result.add(answer)
            step += clients
            if answer.status != 200:
                await asyncio.sleep(0.01)  # a client that is refused does not spin
        connection.close()

    await asyncio.gather(*(client(number) for number in range(clients)))
    result.seconds = time.monotonic() - started
    return result


async def open_loop(target: Target, bodies: Sequence[bytes], rate: float, duration: float, result: Result) -> Result:
    """`rate` requests a second for `duration` seconds, whatever comes back; then the last answers are waited for."""
    idle: list[Connection] = []
    under_way: set[asyncio.Task[None]] = set()
    started = time.monotonic()

    async def one(body: bytes) -> None:
        connection = idle.pop() if idle else Connection(target)
        answer = await connection.post(body, PATIENCE)
        result.add(answer)
        idle.append(connection)

    sent = 0
    while (now := time.monotonic()) < started + duration:
        while sent < (now - started) * rate:
            if len(under_way) >= MOST_CONNECTIONS:
                raise SystemExit(
                    f"load: {MOST_CONNECTIONS} requests are waiting at once; the rate is out of all bounds"
                )
            task = asyncio.create_task(one(bodies[sent % len(bodies)]))
            under_way.add(task)
            task.add_done_callback(under_way.discard)
            sent += 1
        await asyncio.sleep(max(0.0, min(sent / rate - (now - started), 0.05)))
    if under_way:
        await asyncio.wait(under_way)
    result.seconds = time.monotonic() - started
    for connection in idle:
        connection.close()
    return result


def raise_file_limit() -> None:
    """Allow as many open connections as the system lets us; a server that is started afterwards inherits it."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def memory(pid: int, what: str = "VmRSS") -> int:
    """Bytes of memory of a process: ``VmRSS`` now, ``VmHWM`` at its peak."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{what}:"):
            return int(line.split()[1]) * 1024
    raise SystemExit(f"load: process {pid} has no {what}")


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url", help="of the server, such as http://127.0.0.1:8000")
    parser.add_argument("--model", help="name of the model; the default one where not given")
    parser.add_argument("--key", help="API key")
    parser.add_argument("--duration", type=float, default=10.0, help="seconds")
    loop = parser.add_mutually_exclusive_group()
    loop.add_argument("--clients", type=int, default=32, help="closed loop: clients at the same time")
    loop.add_argument("--rate", type=float, help="open loop: requests a second")
    parser.add_argument("--texts-a-request", type=int, default=1)
    parser.add_argument("--file", type=Path, help="texts, one a line; made up where not given")
    parser.add_argument("--shortest", type=int, default=10, help="characters of a text that is made up")
    parser.add_argument("--longest", type=int, default=120)
    parser.add_argument("--pid", type=int, help="of the server, to show its peak memory")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    if options.file:
        texts = [line for line in options.file.read_text(encoding="utf-8").splitlines() if line.strip()]
        if not texts:
            parser.error(f"{options.file}: it has no text")
    else:
        texts = make_texts(1000, options.shortest, options.longest)
    bodies = make_bodies(texts, options.texts_a_request)
    target = Target.of(options.url, options.model, options.key)
    result = Result(texts_a_request=options.texts_a_request)
    raise_file_limit()
    if options.rate:
        asyncio.run(open_loop(target, bodies, options.rate, options.duration, result))
    else:
        asyncio.run(closed_loop(target, bodies, options.clients, options.duration, result))
    if options.pid:
        result.peak_rss = memory(options.pid, "VmHWM")
    print(json.dumps(result.to_dict()) if options.json else result)
    return 0 if set(result.statuses) == {200} else 1


if __name__ == "__main__":
    sys.exit(main())
