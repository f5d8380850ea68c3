"""What this Python has installed, compared with what paddle-ner's metadata requires."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import metadata

from packaging.requirements import Requirement

from paddle_ner.environment.finding import Finding, Level
from paddle_ner.environment.packages import DISTRIBUTION, Package

BUILDS = ("paddlepaddle", "paddlepaddle-gpu")
_PURPOSE = {"train": "train, export and evaluate need it", "onnx": "export to ONNX needs it"}
# What happens with other versions than those that setup.py asks for; constraints.txt has the same.
_MISMATCHES = {
    "paddlepaddle": "3.2 and 3.3: quantization fails with “matmul(): argument (position 1) must be Value, but got"
    " Variable”; 2.6.2: crashes beside current aiohttp and scikit-learn",
    "paddlenlp": "3.0.0b4 clears the history of a training",
    "paddleslim": "only 2.6.0 quantizes on PaddlePaddle 3.1.1",
    "numpy": "2: “only 0-dimensional arrays can be converted to Python scalars” in evaluations; cv2 fails",
    "pyarrow": "26: “pyarrow requires NumPy 2.0 or newer”",
    "huggingface_hub": "1: “cannot import name 'repo_type_and_id_from_hf_id'” when PaddleNLP is imported",
    "aistudio-sdk": "0.3: “cannot import name 'download' from 'aistudio_sdk.hub'” when PaddleNLP is imported",
    "protobuf": "7: “int_value: Expected an int, got a boolean” in trainings; below 6.31: VersionError in onnx",
    "setuptools": "80.9: “No module named 'pkg_resources'”; without it on Python 3.12: “No module named 'setuptools'”",
    "datasets": "below 3 on Python 3.12: “PyExtensionType”",
    "paddle2onnx": "1.3.1 writes an empty file without an error",
    "decorator": "without it PaddleSlim cannot be imported: “No module named 'decorator'”",
    "pip": "without it PaddleNLP cannot be imported: “No module named 'pip'”",
}
_MISMATCHES["paddlepaddle-gpu"] = _MISMATCHES["paddlepaddle"]


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


def dependency_findings(installation: list[Dependency], engines: Iterable[Package] = ()) -> Iterator[Finding]:
    """Judge what is installed, except for PaddlePaddle's builds, which `framework_findings` judges.

    Args:
        installation: what `dependencies` returned.
        engines: the packages of engines that run without PaddlePaddle.
    """
    if not installation:
        message = "paddle-ner runs from its source and is not installed"
        yield Finding("problem", message, ("pip install -e '.[cpu]'",))
        return
    purposes = {**{engine.extra: "that engine needs it" for engine in engines}, **_PURPOSE}
    for extra in dict.fromkeys(each.extra for each in installation):
        group = [each for each in installation if each.extra == extra and each.name not in BUILDS]
        # An extra counts as installed when the package that it is named for is there: the first of its list.
        if extra in purposes and group[0].installed is None:
            yield Finding("warning", f"[{extra}] is not installed: {purposes[extra]}", (install(extra),))
            continue
        for each in group:
            if not each.fits:
                level: Level = "warning" if extra else "problem"
                yield Finding(level, difference(each), (f"pip install '{each.name}{each.wanted}'",))


def difference(dependency: Dependency) -> str:
    """What is installed, what was tested, and the error that another version causes, if one is known."""
    known = f" ({_MISMATCHES[dependency.name]})" if dependency.name in _MISMATCHES else ""
    if dependency.installed is None:
        return f"{dependency.name} is missing{known}"
    return f"{dependency.name} is {dependency.installed}, tested was {dependency.wanted}{known}"


def install(extra: str) -> str:
    """The command that installs an extra."""
    return f"pip install '{DISTRIBUTION}[{extra}]'"
