"""Runs a device's folder on a 64-bit Arm, emulated: Debian's arm64 Python and Arm wheels, under qemu.

    python tests/arm/emulation.py FOLDER

FOLDER is what ``paddle-ner export --target jetson`` wrote. The Python, about 60 MB, is fetched once, from where this
machine's apt and pip fetch what they install. No container, no root and no registered binary format is needed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

QEMU = "qemu-aarch64-static"
# What has to be there, and the package of Debian or Ubuntu that has it.
PROGRAMS = {QEMU: "qemu-user-static", "apt-get": "apt", "dpkg-deb": "dpkg"}
PACKAGES = ("python3-minimal", "libpython3-stdlib", "libstdc++6", "libgomp1")
WHEELS = ("numpy==1.26.4", "tokenizers>=0.20.3", "onnxruntime==1.23.2")
PLATFORMS = ("manylinux2014_aarch64", "manylinux_2_17_aarch64", "manylinux_2_27_aarch64", "manylinux_2_28_aarch64")


class EmulationError(Exception):
    """What is missing here, and how to get it."""


def missing() -> str | None:
    """What to install before a folder can be run; None where all is there."""
    absent = [package for program, package in PROGRAMS.items() if shutil.which(program) is None]
    return f"apt-get install {' '.join(absent)}" if absent else None


def cache_folder() -> Path:
    """Where the Arm Python is kept, by what is in it."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    key = hashlib.sha256(json.dumps([PACKAGES, WHEELS]).encode()).hexdigest()[:12]
    return home / "paddle-ner" / f"arm-{key}"


class ArmPython:
    """A Python for aarch64 in a folder, fetched where it is not there yet. Raises EmulationError."""

    def __init__(self, folder: Path) -> None:
        if hint := missing():
            raise EmulationError(f"something is not installed here: {hint}")
        if not folder.is_dir():
            _fetch(folder)
        self._folder = folder
        (self._python,) = (folder / "root" / "usr" / "bin").glob("python3.[0-9]*")

    def run(self, arguments: Sequence[str], cwd: Path) -> subprocess.CompletedProcess[str]:
        """Run it; what it says is in the result."""
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(self._folder / "site"), "LANG": "C.UTF-8"}
        command = [QEMU, "-L", str(self._folder / "root"), str(self._python), *arguments]
        return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True)


def _fetch(folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as temporary:
        work = Path(temporary)
        _fetch_debian(work / "apt", work / "new" / "root")
        (python,) = (work / "new" / "root" / "usr" / "bin").glob("python3.[0-9]*")
        _fetch_wheels(python.name.removeprefix("python"), work / "wheels", work / "new" / "site")
        (work / "new").rename(folder)


def _fetch_debian(apt: Path, root: Path) -> None:
    """Debian's packages with all that they need, as if nothing were installed, unpacked and not set up."""
    for name in ("state/lists/partial", "cache/archives/partial"):
        (apt / name).mkdir(parents=True)
    (apt / "state" / "status").touch()
    settings = {
        "APT::Architecture": "arm64",
        "APT::Architectures": "arm64",
        "APT::Sandbox::User": "root",
        "APT::Update::Post-Invoke": "",
        "APT::Update::Post-Invoke-Success": "",
        "Acquire::Languages": "none",
        "Debug::NoLocking": "1",
        "Dir::Cache": str(apt / "cache"),
        "Dir::State": str(apt / "state"),
        "Dir::State::status": str(apt / "state" / "status"),
    }
    command = ["apt-get", "-qq", *(part for name, value in settings.items() for part in ("-o", f"{name}={value}"))]
    _call([*command, "update"])
    _call([*command, "-y", "--no-install-recommends", "--download-only", "install", *PACKAGES])
    root.mkdir(parents=True)
    for package in sorted((apt / "cache" / "archives").glob("*.deb")):
        _call(["dpkg-deb", "-x", str(package), str(root)])


def _fetch_wheels(version: str, wheels: Path, site: Path) -> None:
    platforms = [part for platform in PLATFORMS for part in ("--platform", platform)]
    abis = [part for abi in (f"cp{version.replace('.', '')}", "abi3", "none") for part in ("--abi", abi)]
    command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:", *platforms, *abis]
    _call([*command, "--python-version", version, "--implementation", "cp", "-d", str(wheels), *WHEELS])
    for wheel in wheels.glob("*.whl"):
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(site)


def _call(command: Sequence[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise EmulationError(f"{' '.join(command[:2])} … ended with {done.returncode}: {' '.join(said[-3:])}")


def main() -> int:
    parser = argparse.ArgumentParser(description="Run a device's folder on an emulated Arm.")
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder.resolve()
    try:
        python = ArmPython(cache_folder())
        precisions = json.loads((folder / "edge.json").read_text(encoding="utf-8"))["precisions"]
    except (EmulationError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    status = 0
    for precision in precisions:
        done = python.run(["check.py", "--engine", "onnxruntime", "--precision", precision], folder)
        print(f"aarch64: {done.stdout}", end="")
        print(done.stderr, end="", file=sys.stderr)
        status = max(status, done.returncode)
    return status


if __name__ == "__main__":
    sys.exit(main())
