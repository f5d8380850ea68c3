"""Everything that doctor looks at, and what is wrong with it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from paddle_ner import machine
from paddle_ner.environment import gpus, host, network
from paddle_ner.environment.dependencies import Dependency, dependencies, dependency_findings
from paddle_ner.environment.finding import Finding
from paddle_ner.environment.framework import Framework, cuda_of_files, probe_framework
from paddle_ner.environment.gpus import Gpus
from paddle_ner.environment.host import Host
from paddle_ner.environment.judgement import framework_findings, gpu_findings
from paddle_ner.environment.network import Network
from paddle_ner.environment.packages import Package, is_installed
from paddle_ner.machine import Machine


@dataclass(frozen=True, slots=True)
class Checkup:
    """What this Python and this machine have.

    Attributes:
        machine: processor and memory.
        installation: what `dependencies` returned.
        framework: what `probe_framework` returned; None where PaddlePaddle is not installed.
        cuda: that the installed build is for, by its files; None for a CPU build.
        gpus: cards and driver.
        host: what the system gives this process.
        network: what lies between this process and the internet.
        environment: variables of this process.
    """

    machine: Machine
    installation: list[Dependency]
    framework: Framework | str | None
    cuda: str | None
    gpus: Gpus
    host: Host
    network: Network
    environment: Mapping[str, str]


def look(offline: bool = False) -> Checkup:
    """Look at everything; takes seconds, most of them in processes that import PaddlePaddle.

    Args:
        offline: leave the network alone.
    """
    environment = dict(os.environ)
    return Checkup(
        machine=machine.survey(),
        installation=dependencies(),
        framework=probe_framework() if is_installed("paddle") else None,
        cuda=cuda_of_files(),
        gpus=gpus.survey(),
        host=host.look(),
        network=network.look(environment, forbidden=offline),
        environment=environment,
    )


def findings(seen: Checkup, engines: Iterable[Package] = (), *, gpu: bool = False) -> list[Finding]:
    """Judge what was seen.

    Args:
        seen: what `look` returned.
        engines: the packages of engines that run without PaddlePaddle.
        gpu: whether a GPU is to be used, so that what keeps it from being used is a problem.
    """
    engines = list(engines)
    listed = [*_findings(seen, engines, gpu)]
    return [replace(each, level="problem") if gpu and each.gpu else each for each in listed]


def _findings(seen: Checkup, engines: list[Package], gpu: bool) -> Iterator[Finding]:
    if seen.installation:
        others = [engine for engine in engines if is_installed(engine.module)]
        yield from framework_findings(seen.installation, seen.framework, others, seen.cuda)
    yield from dependency_findings(seen.installation, engines)
    yield from gpu_findings(seen.framework, seen.gpus, seen.environment, gpu)
    yield from processor_findings(seen.machine)
    yield from host.host_findings(seen.host)
    yield from network.network_findings(seen.network)


def processor_findings(here: Machine) -> Iterator[Finding]:
    """Judge the CPU's instructions; which engines and precisions they allow is not a matter of right and wrong."""
    if here.system.endswith(("x86_64", "AMD64")) and here.flags and "avx2" not in here.flags:
        message = "this CPU shows no AVX2: PaddlePaddle may end with “Illegal instruction”"
        yield Finding("warning", message, (), "in a virtual machine, let it pass the CPU through: cpu host")
