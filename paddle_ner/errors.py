"""One small tree of errors. Each says in one line what is wrong, where, and how to mend it.

The command line prints the message and exits with `exit_status`; a traceback is shown only with ``--debug``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class PaddleNerError(Exception):
    """The root of all errors that this package raises on purpose."""

    exit_status = 2


class InputError(PaddleNerError):
    """Wrong use or bad input: an option, a path, a configuration value."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A bad record of a labelled file: where it stands, what is wrong, what was expected."""

    path: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}"


class DataError(InputError):
    """One or more bad records in labelled data."""

    SHOWN = 20

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        lines = [str(problem) for problem in self.problems[: self.SHOWN]]
        if len(self.problems) > self.SHOWN:
            lines.append(f"… and {len(self.problems) - self.SHOWN} more bad records")
        super().__init__("\n".join(lines))


class MissingPackageError(PaddleNerError):
    """A package of one of the extras is not installed; the message names the extra."""


class DeviceError(PaddleNerError):
    """The device that was asked for cannot be used; the message names what is missing."""


class BundleError(PaddleNerError):
    """A checkpoint or a bundle is incomplete, damaged or from a newer version; the message names the file."""


class NonFiniteError(BundleError):
    """A model answers NaN or infinity: its training diverged, or its weights are damaged."""


class ResourceError(PaddleNerError):
    """Disk or memory ran out."""


class GateError(PaddleNerError):
    """A quality gate refused a result."""

    exit_status = 1


class InterruptedRun(PaddleNerError):
    """Stopped by a signal; what was finished is kept."""

    exit_status = 130
