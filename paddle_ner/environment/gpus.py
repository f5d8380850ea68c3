"""NVIDIA's cards and driver: what this machine has, and which build of PaddlePaddle can use it.

Sources: "Minor Version Compatibility" (NVIDIA CUDA Compatibility) for the lowest drivers, "CUDA GPU Compute Capability"
(NVIDIA Developer) for the numbers of the cards, "Installation" of PaddleOCR 3.x for the drivers that PaddlePaddle asks
for. Which cards its builds of 3.1 were compiled for is reported in the issues 73687 and 76037 of PaddlePaddle/Paddle
and 4682 of PaddlePaddle/PaddleX; a build that is installed says it itself.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from paddle_ner import processes

VERSION = "3.1.1"  # of PaddlePaddle, as setup.py asks for
INDEX = "https://www.paddlepaddle.org.cn/packages/stable/"
_NVIDIA = "0x10de"  # in /sys/bus/pci/devices/*/vendor
_DISPLAYS = ("0x0300", "0x0302")  # classes of the PCI bus: VGA and 3D controllers


@dataclass(frozen=True, slots=True)
class Build:
    """A build of PaddlePaddle for GPUs.

    Attributes:
        cuda: that it was built for.
        index: its part of PaddlePaddle's package index.
        lowest_driver: with an older one CUDA does not start.
        wanted_driver: that PaddlePaddle asks for.
        capabilities: the lowest and the highest compute capability that it is known to run on.
    """

    cuda: str
    index: str
    lowest_driver: str
    wanted_driver: str
    capabilities: tuple[tuple[int, int], tuple[int, int]]

    @property
    def commands(self) -> tuple[str, ...]:
        """What replaces the installed PaddlePaddle by this build."""
        return (
            "pip uninstall -y paddlepaddle paddlepaddle-gpu",
            f"pip install paddlepaddle-gpu=={VERSION} -i {INDEX}{self.index}/",
        )


# The preferred ones first.
BUILDS = (
    Build("12.6", "cu126", "525.60.13", "550.54.14", ((7, 5), (9, 0))),
    Build("11.8", "cu118", "450.80.02", "450.80.02", ((6, 0), (8, 9))),
    Build("12.9", "cu129", "525.60.13", "550.54.14", ((7, 5), (9, 0))),
)
_LOWEST_DRIVERS = {11: "450.80.02", 12: "525.60.13", 13: "580.65.06"}  # by the CUDA's first number


@dataclass(frozen=True, slots=True)
class Card:
    """A GPU that the driver shows.

    Attributes:
        name: such as ``NVIDIA A10``.
        driver: its version.
        memory: such as ``24576 MiB``.
        capability: compute capability, such as (8, 6); None where the driver does not say.
    """

    name: str
    driver: str
    memory: str
    capability: tuple[int, int] | None

    def __str__(self) -> str:
        capability = "" if self.capability is None else f", compute capability {dotted(self.capability)}"
        return f"{self.name}, driver {self.driver}, {self.memory}{capability}"


@dataclass(frozen=True, slots=True)
class Gpus:
    """What a machine has of NVIDIA.

    Attributes:
        cards: those that the driver shows.
        message: what nvidia-smi said if it failed, in NVML's words; None if it did not, or is absent.
        on_bus: how many of NVIDIA's cards are on the PCI bus, whether or not there is a driver.
        module: whether the kernel has loaded the driver.
    """

    cards: tuple[Card, ...] = ()
    message: str | None = None
    on_bus: int = 0
    module: bool = False


def survey(root: Path = Path("/"), program: str = "nvidia-smi") -> Gpus:
    """Ask nvidia-smi and the kernel.

    Args:
        root: of the file system that has ``proc`` and ``sys``.
        program: nvidia-smi's name or path.
    """
    devices = (root / "sys/bus/pci/devices").glob("*")
    on_bus = sum(
        _read(device / "vendor") == _NVIDIA and _read(device / "class").startswith(_DISPLAYS) for device in devices
    )
    module = (root / "proc/driver/nvidia/version").exists()
    if shutil.which(program) is None:
        return Gpus(on_bus=on_bus, module=module)
    done = _query(program, "name,driver_version,memory.total,compute_cap")
    if done.status != 0 and "compute_cap" in done.output + done.errors:  # a driver that is too old to know the field
        done = _query(program, "name,driver_version,memory.total")
    if done.status != 0:
        return Gpus(
            message=processes.last_words(done.output + done.errors) or done.reason, on_bus=on_bus, module=module
        )
    return Gpus(tuple(map(_card, done.output.strip().splitlines())), on_bus=on_bus, module=module)


def _query(program: str, fields: str) -> processes.Finished:
    return processes.run([program, f"--query-gpu={fields}", "--format=csv,noheader"], seconds=20)


def _card(line: str) -> Card:
    name, driver, memory, *rest = (field.strip() for field in line.split(","))
    number = re.fullmatch(r"(\d+)\.(\d+)", rest[0]) if rest else None
    return Card(name, driver, memory, (int(number[1]), int(number[2])) if number else None)


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""


def build_for(card: Card) -> Build | None:
    """The build that is known to run on a card with its driver; None if there is none."""
    for build in BUILDS:
        low, high = build.capabilities
        fits = card.capability is None or low <= card.capability <= high
        if fits and not is_older(card.driver, build.wanted_driver):
            return build
    return None


def lowest_driver(cuda: str) -> str | None:
    """The oldest driver that a CUDA version starts with, by minor version compatibility; None if unknown."""
    return _LOWEST_DRIVERS.get(int(cuda.partition(".")[0]))


def wanted_driver(cuda: str) -> str | None:
    """The driver that PaddlePaddle asks for with a CUDA version; None if unknown."""
    return next((build.wanted_driver for build in BUILDS if build.cuda == cuda), None)


def is_older(driver: str, other: str) -> bool:
    """Whether a version of the driver is older than another; the versions are numbers with dots."""
    one, two = ([int(part) for part in re.findall(r"\d+", version)] for version in (driver, other))
    return one < two


def has_kernels(architectures: tuple[int, ...], capability: tuple[int, int]) -> bool:
    """Whether a build has machine code for a card: made for its major capability and at most its minor one.

    Source: "Binary Compatibility" in NVIDIA's CUDA C++ Programming Guide.

    Args:
        architectures: that the build was compiled for, such as (75, 80, 86).
        capability: of the card.
    """
    major, minor = capability
    return any(one // 10 == major and one % 10 <= minor for one in architectures)


def dotted(capability: tuple[int, int]) -> str:
    """A compute capability as NVIDIA writes it, such as 8.6."""
    return f"{capability[0]}.{capability[1]}"
