"""Overload: three times as much as the server can do, for a minute. Exit status 1 where it does not hold.

python serving/load/overload.py runs/quickstart/bundle

What must hold: every request is answered (200, or 429 at once); what was accepted is answered within the deadline; as
many texts a second are answered as at the peak, less a tenth; and afterwards a request is answered as ever.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from typing import Any

from connection import Connection, Target
from load import PATIENCE, Result, closed_loop, make_bodies, make_texts, open_loop, raise_file_limit
from server import running

TIMES = 3
KEPT = 0.9  # of the peak
_CLIENTS = (8, 32, 64)
_TRANSPORT_SECONDS = 0.5  # between the server's clock, which the deadline is of, and ours


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundle")
    parser.add_argument("--duration", type=float, default=60.0, help="seconds of overload")
    parser.add_argument("--probe", type=float, default=10.0, help="seconds for each number of clients at the peak")
    parser.add_argument("--deadline", type=float, default=10.0, help="of the server, in seconds")
    parser.add_argument(
        "--texts-a-request", type=int, default=16, help="several, so that the engine and not HTTP is what is short"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    raise_file_limit()
    with running(options.bundle, "--deadline", str(options.deadline)) as server:
        outcome = asyncio.run(overload(Target.of(server.url), options))
    print(json.dumps(outcome) if options.json else _shown(outcome))
    return 1 if outcome["broken"] else 0


async def overload(target: Target, options: argparse.Namespace) -> dict[str, Any]:
    """Find the peak, go over it, and say what did not hold."""
    size = options.texts_a_request
    bodies = make_bodies(make_texts(200 * size, 10, 120), size)
    await closed_loop(target, bodies, _CLIENTS[0], 2.0, Result())  # what is slow only once
    peaks = [await closed_loop(target, bodies, n, options.probe, Result(texts_a_request=size)) for n in _CLIENTS]
    peak = max(peaks, key=lambda result: result.throughput)
    rate = TIMES * peak.throughput / size
    over = await open_loop(target, bodies, rate, options.duration, Result(texts_a_request=size))
    afterwards = await Connection(target).post(bodies[0], PATIENCE)

    broken = []
    if over.statuses[0]:
        broken.append(f"{over.statuses[0]} requests got no answer")
    if others := {status: number for status, number in over.statuses.items() if status not in (0, 200, 429)}:
        broken.append(f"accepted requests were not answered within the deadline, or failed: {others}")
    slowest = max(over.latencies, default=0.0)
    if slowest > options.deadline + _TRANSPORT_SECONDS:
        broken.append(f"an accepted request took {slowest:.2f} s, and the deadline is {options.deadline:g} s")
    if over.throughput < KEPT * peak.throughput:
        broken.append(f"{over.throughput:.0f} texts/s are less than {KEPT:.0%} of the peak, {peak.throughput:.0f}")
    if afterwards.status != 200:
        broken.append(f"afterwards a request was answered {afterwards.status}")
    return {
        "peak": peak.to_dict(),
        "rate": round(rate, 1),
        "overload": over.to_dict(),
        "kept": round(over.throughput / peak.throughput, 3) if peak.throughput else 0.0,
        "slowest_seconds": round(slowest, 3),
        "broken": broken,
    }


def _shown(outcome: dict[str, Any]) -> str:
    over = outcome["overload"]
    lines = [
        f"peak       {outcome['peak']['texts_per_second']} texts/s",
        f"overload   {outcome['rate']} requests/s for {over['seconds']} s: {over['statuses']}",
        f"           {over['texts_per_second']} texts/s, {outcome['kept']:.0%} of the peak",
        f"           p50 {over['latency_ms']['p50']} ms, p99 {over['latency_ms']['p99']} ms,"
        f" slowest {outcome['slowest_seconds']} s",
    ]
    return "\n".join([*lines, *(f"broken     {line}" for line in outcome["broken"])])


if __name__ == "__main__":
    sys.exit(main())
