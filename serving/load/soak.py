"""Soak: ten minutes of texts of 1 to 2,000 characters. Exit status 1 where the server's memory goes on growing.

python serving/load/soak.py runs/quickstart/bundle

What must hold: every request is answered 200, and from minute 2 on memory grows by less than 3 %: neither its peak over
the peak until then, nor its mean in the last minute over its mean in the minute after.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from typing import Any

from connection import Target
from load import Result, closed_loop, make_bodies, make_texts, memory, raise_file_limit
from server import running

GROWTH = 0.03
_CLIENTS = 8
_LONGEST = 2000


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundle")
    parser.add_argument("--duration", type=float, default=600.0, help="seconds")
    parser.add_argument("--settle", type=float, default=120.0, help="seconds until memory must have settled")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    if options.duration <= options.settle:
        parser.error(f"--duration is {options.duration:g} s, expected more than the {options.settle:g} s of --settle")
    raise_file_limit()
    with running(options.bundle, "--deadline", "60") as server:
        outcome = asyncio.run(soak(Target.of(server.url), server.pid, options.duration, options.settle))
    print(json.dumps(outcome) if options.json else _shown(outcome))
    return 1 if outcome["broken"] else 0


async def soak(target: Target, pid: int, duration: float, settle: float) -> dict[str, Any]:
    """Load the server, watch its memory, and say what did not hold."""
    bodies = make_bodies(make_texts(5000, 1, _LONGEST), 1)
    result = Result()
    samples: list[tuple[float, int]] = []
    started = time.monotonic()

    async def watch() -> None:
        while True:
            samples.append((time.monotonic() - started, memory(pid)))
            await asyncio.sleep(1.0)

    watching = asyncio.create_task(watch())
    await closed_loop(target, bodies, _CLIENTS, duration, result)
    watching.cancel()

    span = min(60.0, (duration - settle) / 2)
    peak_before = max(used for second, used in samples if second <= settle)
    peak_after = max(used for second, used in samples if second > settle)
    first = _mean([used for second, used in samples if settle < second <= settle + span])
    last = _mean([used for second, used in samples if second > duration - span])
    growths = {"peak": peak_after / peak_before - 1, "mean": last / first - 1}
    broken = [
        f"the {name} of memory grew by {growth:.1%} after {settle:g} s, expected less than {GROWTH:.0%}"
        for name, growth in growths.items()
        if growth >= GROWTH
    ]
    if set(result.statuses) != {200}:
        broken.append(f"requests were not answered 200: {dict(result.statuses)}")
    result.peak_rss = memory(pid, "VmHWM")
    return {
        **result.to_dict(),
        "memory_bytes": {"peak_before": peak_before, "peak_after": peak_after, "first": first, "last": last},
        "growth": {name: round(growth, 4) for name, growth in growths.items()},
        "broken": broken,
    }


def _mean(values: list[int]) -> int:
    return sum(values) // len(values)


def _shown(outcome: dict[str, Any]) -> str:
    used = {name: f"{value / 2**20:.0f} MiB" for name, value in outcome["memory_bytes"].items()}
    lines = [
        f"{outcome['texts_per_second']} texts/s over {outcome['seconds']} s: {outcome['statuses']}",
        f"peak memory: {used['peak_before']} before it had to settle, {used['peak_after']} after,"
        f" {outcome['growth']['peak']:+.1%}",
        f"mean memory: {used['first']} then, {used['last']} at the end, {outcome['growth']['mean']:+.1%}",
    ]
    return "\n".join([*lines, *(f"broken: {line}" for line in outcome["broken"])])


if __name__ == "__main__":
    sys.exit(main())
