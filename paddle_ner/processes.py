"""Child processes: started without the working directory on their import path, their abort reported in one line."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_LAST_LINES = 3
_LAST_CHARACTERS = 300
# The same as `-m`, without the working directory at the head of the import path.
_RUN_MODULE = (
    "import runpy, sys; sys.path.pop(0); del sys.argv[0];"
    " runpy.run_module(sys.argv[0], run_name='__main__', alter_sys=True)"
)


def python(module: str, *arguments: str) -> list[str]:
    """The command line that runs a module. A file in the working directory, such as random.py, is not imported.

    From Python 3.11 on, `environment` keeps it out of the child's own children too.
    """
    if sys.version_info >= (3, 11):
        return [sys.executable, "-P", "-m", module, *arguments]
    return [sys.executable, "-c", _RUN_MODULE, module, *arguments]


def environment(added: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a child: this process's, with `added`, and without imports from the working directory."""
    return {**os.environ, "PYTHONSAFEPATH": "1", **(added or {})}


@dataclass(frozen=True, slots=True)
class Finished:
    """A child that has ended.

    Attributes:
        status: its exit status, negative for a signal; None if it took too long and was killed.
        output: what it wrote to standard output.
        errors: what it wrote to standard error.
        seconds: its time limit; None for no limit.
    """

    status: int | None
    output: str
    errors: str
    seconds: float | None = None

    @property
    def reason(self) -> str:
        """Why it failed, in one line: its status and its last output."""
        if self.status is None:
            return f"it did not end within {self.seconds:.0f} s"
        said = last_words(self.errors) or last_words(self.output)
        return f"{ending(self.status)}: {said}" if said else ending(self.status)


def run(
    command: Sequence[str],
    *,
    seconds: float | None = None,
    folder: Path | None = None,
    variables: Mapping[str, str] | None = None,
) -> Finished:
    """Run a command to its end, without standard input.

    Args:
        command: the program and its arguments; for our modules see `python`.
        seconds: the time after which it is killed; None waits as long as it takes.
        folder: where it runs; None is the working directory.
        variables: environment variables in addition to those of this process.
    """
    try:
        done = subprocess.run(
            command,
            env=environment(variables),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            timeout=seconds,
        )
    except subprocess.TimeoutExpired:
        return Finished(None, "", "", seconds)
    return Finished(done.returncode, done.stdout, done.stderr, seconds)


def ending(status: int) -> str:
    """An exit status in words: ``exit status 1``, or ``killed by SIGSEGV``."""
    if status >= 0:
        return f"exit status {status}"
    try:
        return f"killed by {signal.Signals(-status).name}"
    except ValueError:
        return f"killed by signal {-status}"


def last_words(text: str) -> str:
    """The last lines of what a process wrote, as one line."""
    lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
    return " ".join(lines[-_LAST_LINES:])[-_LAST_CHARACTERS:]
