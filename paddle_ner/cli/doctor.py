"""``paddle-ner doctor``: what this machine has, what is missing, and the command that fixes it."""

from __future__ import annotations

from dataclasses import asdict

import click
from rich.markup import escape
from rich.table import Table

import paddle_ner
from paddle_ner import environment, machine
from paddle_ner.cli.console import err, out, print_json
from paddle_ner.environment import Dependency, Finding, Framework, Package
from paddle_ner.machine import Machine

_MARKS = {"problem": "[red]problem[/]", "warning": "[yellow]warning[/]"}


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
def command(as_json: bool) -> int:
    """Show what this machine has and what is missing, with the command that fixes it.

    Exits with 0 if models can predict and be served on this CPU, with 1 if not.
    """
    dependencies = environment.dependencies()
    framework = None
    with err.status("asking PaddlePaddle"):
        if environment.is_installed("paddle"):
            framework = environment.probe_framework()
        here = machine.survey()
    report = environment.findings(dependencies, framework, _other_engines())
    healthy = not any(finding.level == "problem" for finding in report)
    if as_json:
        print_json(
            {
                "version": paddle_ner.__version__,
                "machine": asdict(here),
                "framework": asdict(framework) if isinstance(framework, Framework) else None,
                "packages": [asdict(dependency) for dependency in dependencies],
                "findings": [asdict(finding) for finding in report],
                "healthy": healthy,
            }
        )
    else:
        _print(here, framework, dependencies, report)
    return 0 if healthy else 1


def _other_engines() -> list[Package]:
    """The packages of the engines that run without PaddlePaddle."""
    if not environment.is_installed("numpy"):  # they need it, and its absence is a finding itself
        return []
    from paddle_ner.inference.engines import ENGINES

    return [engine.package for engine in ENGINES.values() if engine.graph == "onnx"]


def _print(
    here: Machine, framework: Framework | str | None, dependencies: list[Dependency], report: list[Finding]
) -> None:
    table = Table.grid(padding=(0, 2))
    for name, value in _rows(here, framework):
        table.add_row(f"[bold]{name}[/]", escape(value))
    out.print(table)
    out.print()
    packages = Table.grid(padding=(0, 2))
    for package in dependencies:
        if package.installed is not None:
            state = "[green]ok[/]" if package.fits else "[yellow]untested[/]"
            packages.add_row(package.name, package.installed, escape(package.wanted), f"[dim]{package.extra}[/]", state)
    out.print(packages)
    out.print()
    for finding in report:
        out.print(f"{_MARKS[finding.level]}  {escape(finding.message)}")
        out.print(f"         [dim]fix:[/] {escape(finding.fix)}")
    if not any(finding.level == "problem" for finding in report):
        out.print("[green]ok[/]  ready to predict and serve on this CPU")


def _rows(here: Machine, framework: Framework | str | None) -> list[tuple[str, str]]:
    memory = "unknown" if here.memory is None else f"{here.memory / 2**30:.1f} GiB"
    if isinstance(framework, Framework):
        build = f"CUDA {framework.cuda}" if framework.cuda else "CPU build"
        paddle = f"{framework.version}, {build}, GPUs it can use: {', '.join(framework.devices) or 'none'}"
    else:
        paddle = framework or "not installed"
    return [
        ("paddle-ner", paddle_ner.__version__),
        ("Python", here.python),
        ("system", here.system),
        ("processor", f"{here.processor}, {here.cores} cores"),
        ("instructions", " ".join(here.flags) or "none of those that speed up inference"),
        ("memory", memory),
        ("NVIDIA driver", "; ".join(here.gpus) or "none found"),
        ("PaddlePaddle", paddle),
    ]
