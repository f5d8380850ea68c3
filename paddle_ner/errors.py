"""One small tree of errors. Each says in one line what is wrong, where, and how to fix it.

The command line prints the message and exits with `exit_status`; a traceback is shown only with ``--debug``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace


class PaddleNerError(Exception):
    """The root of all errors that this package raises on purpose."""

    exit_status = 2


class InputError(PaddleNerError):
    """Wrong use or bad input: an option, a path, a configuration value."""


@dataclass(frozen=True)
class Problem:
    """A bad record of a labelled file: where it is, what is wrong, what was expected."""

    path: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}"


_VARYING = re.compile(r"'[^']*'|\d+|0x[0-9A-F]{2}")
_NUMBER = re.compile(r" \(number [\d,]+ of this line\)$")
"""Tells a later record of a line from the first one."""
_REPEATED = 4


def group(problems: Sequence[Problem]) -> list[Problem]:
    """The problems, where those of a file that say the same at least four times are reported as one.

    The same means except for figures and quoted words. Such a problem is reported at the first of its lines, and says
    how many more there are and on which lines the next ones are.
    """
    groups: dict[tuple[str, str], list[Problem]] = {}
    for problem in problems:
        message = _NUMBER.sub("", problem.message)
        groups.setdefault((problem.path, _VARYING.sub("…", message)), []).append(problem)
    shown: list[Problem] = []
    for same in groups.values():
        first, *others = same
        if len(same) < _REPEATED:
            shown.extend(same)
            continue
        later = list(dict.fromkeys(other.line for other in others if other.line != first.line))
        lines = ", ".join(map(str, later[:_REPEATED])) + (", …" if len(later) > _REPEATED else "")
        where = f": lines {lines}" if later else " on this line"
        shown.append(replace(first, message=f"{first.message} (and {len(others):,} more like it{where})"))
    return shown


class DataError(InputError):
    """One or more bad records in labelled data."""

    SHOWN = 20

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        grouped = group(self.problems)
        lines = [str(problem) for problem in grouped[: self.SHOWN]]
        if len(grouped) > self.SHOWN:
            lines.append(f"… and {len(grouped) - self.SHOWN} more bad records")
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
