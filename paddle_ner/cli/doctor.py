"""``paddle-ner doctor``: what this machine has, what is missing, and the command that fixes it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict

import click
from rich.markup import escape
from rich.table import Table

import paddle_ner
from paddle_ner.cli.console import err, out, print_json
from paddle_ner.environment import Package, checkup, is_installed
from paddle_ner.environment.checkup import Checkup
from paddle_ner.environment.dependencies import Dependency
from paddle_ner.environment.finding import Finding, commands_of
from paddle_ner.environment.framework import Framework
from paddle_ner.environment.host import size

_MARKS = {"problem": "[red]problem[/]", "warning": "[yellow]warning[/]"}


@click.command("doctor")
@click.option("--gpu", is_flag=True, help="Count what keeps a GPU from being used as a problem.")
@click.option("--offline", is_flag=True, help="Do not try whether encoders can be downloaded.")
@click.option("--json", "form", flag_value="json", help="One JSON object on stdout.")
@click.option("--markdown", "form", flag_value="markdown", help="Markdown on stdout, for an issue.")
@click.option("--fix-it", "form", flag_value="commands", help="Only the commands that fix what was found; runs none.")
def command(gpu: bool, offline: bool, form: str | None) -> int:
    """Show what this machine has and what is missing, with the command that fixes it.

    Exits with 0 if models can predict and be served on this CPU, with 1 if not; with --gpu, if a GPU can be used too.
    """
    with err.status("asking PaddlePaddle, the driver and the system"):
        seen = checkup.look(offline)
        report = checkup.findings(seen, _other_engines(), gpu=gpu)
    healthy = not any(finding.level == "problem" for finding in report)
    if form == "json":
        print_json(_record(seen, report, healthy))
    elif form == "markdown":
        click.echo(_markdown(seen, report))
    elif form == "commands":
        for line in commands_of(report):
            click.echo(line)
    else:
        _print(seen, report)
        if healthy:
            out.print(f"[green]ok[/]  ready to predict and serve on this {'CPU and on GPUs' if gpu else 'CPU'}")
    return 0 if healthy else 1


def _other_engines() -> list[Package]:
    """The packages of the engines that run without PaddlePaddle."""
    if not is_installed("numpy"):  # they need it, and its absence is a finding itself
        return []
    from paddle_ner.inference.engines import ENGINES

    return [engine.package for engine in ENGINES.values() if engine.graph == "onnx"]


def _record(seen: Checkup, report: list[Finding], healthy: bool) -> dict[str, object]:
    return {
        "version": paddle_ner.__version__,
        "machine": asdict(seen.machine),
        "framework": asdict(seen.framework) if isinstance(seen.framework, Framework) else None,
        "gpus": asdict(seen.gpus),
        "host": {**asdict(seen.host), "folders": [{**asdict(one), "path": str(one.path)} for one in seen.host.folders]},
        "network": asdict(seen.network),
        "packages": [asdict(dependency) for dependency in seen.installation],
        "findings": [finding.record() for finding in report],
        "healthy": healthy,
    }


def _print(seen: Checkup, report: list[Finding]) -> None:
    rows = _rows(seen)
    width = max(len(name) for name, _ in rows)
    for name, value in rows:  # not a table, which would break long lines where stdout is a file
        out.print(f"[bold]{name:<{width}}[/]  {escape(value)}")
    out.print()
    packages = Table.grid(padding=(0, 2))
    for package in _installed(seen):
        state = "[green]ok[/]" if package.fits else "[yellow]untested[/]"
        packages.add_row(
            package.name, package.installed or "", escape(package.wanted), f"[dim]{package.extra}[/]", state
        )
    out.print(packages)
    out.print()
    for finding in report:
        out.print(f"{_MARKS[finding.level]}  {escape(finding.message)}")
        out.print(f"         [dim]fix:[/] {escape(finding.fix)}")


def _installed(seen: Checkup) -> list[Dependency]:
    return [package for package in seen.installation if package.installed is not None]


def _markdown(seen: Checkup, report: list[Finding]) -> str:
    """The same as `_print`, with tables that GitHub draws."""
    packages = [
        (package.name, package.installed or "", package.wanted, package.extra, "ok" if package.fits else "untested")
        for package in _installed(seen)
    ]
    parts = [
        _table(("what", "found"), _rows(seen)),
        "\n".join(f"- **{one.level}**: {one.message}\n  - fix: {one.fix}" for one in report) or "Nothing was found.",
        "<details><summary>packages</summary>\n",
        _table(("package", "installed", "tested", "extra", ""), packages),
        "\n</details>",
    ]
    return "\n\n".join(parts)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _rows(seen: Checkup) -> list[tuple[str, ...]]:
    here, host, framework = seen.machine, seen.host, seen.framework
    rows = [
        ("paddle-ner", paddle_ner.__version__),
        ("Python", here.python),
        ("system", here.system),
        ("processor", f"{here.processor}, {host.cores} of {host.installed_cores} cores"),
        ("instructions", " ".join(here.flags) or "none of those that speed up inference"),
        *_engines(frozenset(here.flags)),
        ("memory", _memory(seen)),
        ("shared memory", "no /dev/shm" if host.shared_memory is None else size(host.shared_memory)),
        *((f"disk for {one.purpose}", _disk(one.path, one.free, one.error)) for one in host.folders),
        ("NVIDIA", _nvidia(seen)),
        ("PaddlePaddle", _framework(framework)),
    ]
    if isinstance(framework, Framework):
        rows += [(f"  on {device}", f"{rate:,.0f} GFLOP/s, matrix product in fp32") for device, rate in framework.rates]
    return [*rows, ("network", _network(seen))]


def _engines(flags: frozenset[str]) -> list[tuple[str, str]]:
    if not is_installed("numpy"):
        return []
    from paddle_ner.inference.engines.abilities import abilities

    return [(f"  {ability.engine}", str(ability)) for ability in abilities(flags)]


def _memory(seen: Checkup) -> str:
    memory, installed = seen.host.memory, seen.host.installed_memory
    if memory is None or installed is None:
        return "unknown"
    return size(memory) if memory == installed else f"{size(memory)} of {size(installed)}: a limit of the container"


def _disk(path: object, free: int | None, error: str | None) -> str:
    return f"{path}: {error if free is None else f'{size(free)} free'}"


def _nvidia(seen: Checkup) -> str:
    if seen.gpus.cards:
        return "; ".join(map(str, seen.gpus.cards))
    return seen.gpus.message or ("a card without a driver" if seen.gpus.on_bus else "none found")


def _framework(framework: Framework | str | None) -> str:
    if not isinstance(framework, Framework):
        return framework or "not installed"
    if framework.cuda is None:
        return f"{framework.version}, CPU build"
    compiled = ", ".join(map(str, framework.architectures)) or "unknown"
    devices = ", ".join(framework.devices) or "none"
    cudnn = f", cuDNN {framework.cudnn}" if framework.cudnn else ""
    return f"{framework.version}, CUDA {framework.cuda}{cudnn}, compiled for {compiled}, GPUs it can use: {devices}"


def _network(seen: Checkup) -> str:
    network = seen.network
    state = "not tried" if not network.tried else network.error or "reached"
    proxies = ", ".join(f"{scheme} through {address}" for scheme, address in network.proxies.items())
    return "; ".join(filter(None, (f"{network.source}: {state}", proxies)))
