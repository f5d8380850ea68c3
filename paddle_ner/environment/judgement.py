"""Whether PaddlePaddle, NVIDIA's driver and the cards fit together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from paddle_ner.environment import gpus
from paddle_ner.environment.dependencies import BUILDS, Dependency, difference, install
from paddle_ner.environment.failures import Failed, explain
from paddle_ner.environment.finding import Finding
from paddle_ner.environment.framework import Framework
from paddle_ner.environment.gpus import Build, Card, Gpus
from paddle_ner.environment.packages import Package

_CONTAINER = "see nvidia-smi; in a container the host needs the driver, and docker run needs --gpus all"
# What NVML says, by a part of its message.
_NVML = (
    ("version mismatch", ("sudo reboot",), "the driver was updated while its old module was loaded"),
    (
        "communicate with the NVIDIA driver",
        ("sudo modprobe nvidia",),
        "if that fails, install the driver again: it is not built for this kernel",
    ),
    ("Driver Not Loaded", ("sudo modprobe nvidia",), "if that fails, install the driver again"),
    (
        "Insufficient Permissions",
        ("ls -l /dev/nvidia*",),
        "this user may not open these devices: add it to their group",
    ),
    ("Unknown Error", (), "in a container: restart it, since its devices were taken away by a reload of systemd"),
    ("GPU is lost", ("sudo reboot",), "the card fell off the bus: look for Xid in dmesg"),
    ("unable to determine the device handle", ("sudo reboot",), "a card does not answer: look for Xid in dmesg"),
)


def framework_findings(
    installation: list[Dependency],
    framework: Framework | str | None,
    others: Iterable[Package] = (),
    cuda: str | None = None,
) -> Iterator[Finding]:
    """Judge PaddlePaddle itself.

    Args:
        installation: what `dependencies` returned.
        framework: what `probe_framework` returned; None where PaddlePaddle is not installed.
        others: installed packages of engines that run without PaddlePaddle.
        cuda: that the installed build is for, where it could not be asked.
    """
    builds = [each for each in installation if each.name in BUILDS and each.installed]
    if framework is None:
        if names := [package.module for package in others]:
            message = f"PaddlePaddle is not installed: only bundles with an ONNX graph run, by {' or '.join(names)}"
            yield Finding("warning", message, (install("cpu"),), "for an NVIDIA GPU see docs/installation.md", gpu=True)
        else:
            message = "PaddlePaddle is not installed: nothing can be predicted or served"
            yield Finding("problem", message, (install("cpu"),), "for an NVIDIA GPU see docs/installation.md", gpu=True)
        return
    if len(builds) > 1:
        message = "paddlepaddle and paddlepaddle-gpu are both installed and overwrite each other"
        command = "pip uninstall -y paddlepaddle paddlepaddle-gpu"
        yield Finding("problem", message, (command,), f"then {install('cpu')}, or [gpu]", gpu=True)
    if isinstance(framework, str):
        what, _, error = framework.partition(": ")
        yield explain(Failed(what, error or what, cuda), gpu=False)
        return
    for each in builds:
        if not each.fits:
            yield Finding("warning", difference(each), (f"pip install '{each.name}{each.wanted}'",))
    for what, error in framework.failures:
        yield explain(Failed(f"{what} fails", error, framework.cuda), gpu=not what.endswith(" on cpu"))


def gpu_findings(
    framework: Framework | str | None, found: Gpus, environment: Mapping[str, str], wanted: bool
) -> Iterator[Finding]:
    """Judge driver and cards, and whether the installed build can use them.

    Args:
        framework: what `probe_framework` returned; None where PaddlePaddle is not installed.
        found: what `gpus.survey` returned.
        environment: variables of this process.
        wanted: whether a GPU was asked for, so that its absence is worth a word.
    """
    built = isinstance(framework, Framework) and framework.cuda is not None
    if found.message is not None:
        yield _silent_driver(found.message)
    elif not found.cards:
        yield from _no_cards(framework, found, built or wanted)
    elif isinstance(framework, Framework):
        yield from _fitting(framework, found, environment)


def _silent_driver(message: str) -> Finding:
    for part, commands, advice in _NVML:
        if part.lower() in message.lower():
            return Finding("warning", f"NVIDIA's driver does not answer: {message}", commands, advice, gpu=True)
    return Finding("warning", f"NVIDIA's driver does not answer: {message}", (), _CONTAINER, gpu=True)


def _no_cards(framework: Framework | str | None, found: Gpus, wanted: bool) -> Iterator[Finding]:
    if isinstance(framework, Framework) and framework.devices:
        return  # without nvidia-smi, as on a Jetson, and yet the framework can use it
    if found.module:
        message = "NVIDIA's driver is loaded, but nvidia-smi is not here: the cards cannot be listed"
        advice = "start the container with NVIDIA_DRIVER_CAPABILITIES=compute,utility"
        yield Finding("warning", message, (), advice, gpu=True)
    elif found.on_bus:
        cards = f"{found.on_bus} of NVIDIA's cards {'is' if found.on_bus == 1 else 'are'} on the PCI bus"
        advice = f"install driver {gpus.BUILDS[0].wanted_driver} or newer; {_CONTAINER}"
        yield Finding("warning", f"{cards}, but no driver can be seen", (), advice, gpu=True)
    elif isinstance(framework, Framework) and framework.cuda:
        message = f"this build of PaddlePaddle is for CUDA {framework.cuda} and finds no GPU: it runs on the CPU"
        yield Finding("warning", message, (), _CONTAINER, gpu=True)
    elif wanted:
        yield Finding("warning", "this machine shows no NVIDIA GPU", (), _CONTAINER, gpu=True)


def _fitting(framework: Framework, found: Gpus, environment: Mapping[str, str]) -> Iterator[Finding]:
    card = found.cards[0]
    names = ", ".join(dict.fromkeys(one.name for one in found.cards))
    if framework.cuda is None:
        message = (
            f"{names} is here, but the installed PaddlePaddle {framework.version} is the CPU build: it cannot use it"
        )
        yield _other_build(message, card)
        return
    lowest, wanted = gpus.lowest_driver(framework.cuda), gpus.wanted_driver(framework.cuda)
    if lowest and gpus.is_older(card.driver, lowest):
        message = (
            f"driver {card.driver} is too old for CUDA {framework.cuda}, which needs {lowest}:"
            " “CUDA driver version is insufficient for CUDA runtime version”"
        )
        yield _other_build(message, card, f"or install driver {wanted or lowest} or newer")
        return
    if wanted and gpus.is_older(card.driver, wanted):
        message = f"driver {card.driver} is older than PaddlePaddle asks for with CUDA {framework.cuda}: {wanted}"
        yield Finding("warning", message, (), f"install driver {wanted} or newer if computations fail")
    unknown = False
    for one in dict.fromkeys(found.cards):
        if framework.architectures and one.capability and not gpus.has_kernels(framework.architectures, one.capability):
            compiled = ", ".join(gpus.dotted(divmod(each, 10)) for each in framework.architectures)
            message = (
                f"{one.name} has compute capability {gpus.dotted(one.capability)}, and this build is for {compiled}:"
                " “no kernel image is available for execution on the device” (CUDA error 209)"
            )
            unknown = True
            yield _other_build(message, one)
    if not framework.devices and not unknown:
        yield _hidden(framework, names, environment)


def _hidden(framework: Framework, names: str, environment: Mapping[str, str]) -> Finding:
    visible = environment.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        message = f"CUDA_VISIBLE_DEVICES is {visible!r}, which hides {names}"
        return Finding("warning", message, ("unset CUDA_VISIBLE_DEVICES",), gpu=True)
    message = f"{names} is here, but this build of PaddlePaddle for CUDA {framework.cuda} does not find it"
    return Finding("warning", message, (), _CONTAINER, gpu=True)


def _other_build(message: str, card: Card, also: str = "") -> Finding:
    """A finding that a build which fits the card and its driver fixes, if there is one."""
    build: Build | None = gpus.build_for(card)
    if build is not None:
        return Finding("warning", message, build.commands, also, gpu=True)
    if card.capability is not None and not any(
        build.capabilities[0] <= card.capability <= build.capabilities[1] for build in gpus.BUILDS
    ):
        advice = (
            f"no build of PaddlePaddle {gpus.VERSION} is known to run on {card.name}; 3.2 for CUDA 12.9 runs on newer"
            " cards (compute capability 12.0), but quantization fails with it"
        )
        return Finding("warning", message, (), advice, gpu=True)
    return Finding("warning", message, (), f"install driver {gpus.BUILDS[0].wanted_driver} or newer", gpu=True)
