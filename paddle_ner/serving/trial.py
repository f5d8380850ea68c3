"""A new bundle answers a text in a process of its own before it takes the place of the one that is served.

A graph is a program of the framework: one that crashes takes its process along, and that must not be the server's.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from paddle_ner.errors import BundleError, PaddleNerError
from paddle_ner.serving.model import load_model, probe
from paddle_ner.serving.settings import Settings

LIMIT_SECONDS = 120.0
_PAUSE = 0.2  # seconds between looks at whether the server stops
_MARK = "trial: "  # begins the line of the child that is for us: frameworks write to stdout too
# `python -c` looks for modules in the working directory first; what lies there is not ours to run.
_CODE = "import sys; sys.path[:] = [p for p in sys.path if p]; from paddle_ner.serving.trial import main; main()"

# Tries the bundle at a path until the event is set. Raises BundleError.
Trial = Callable[[Path, Settings, threading.Event], None]


def try_bundle(path: Path, settings: Settings, stopping: threading.Event) -> None:
    """Load the bundle in a process of its own and have it answer a text. Raises BundleError where that fails."""
    included = {"engine", "device", "precision", "threads", "verify_key", "min_score", "terms", "terms_mode"}
    chosen = settings.model_dump(mode="json", include=included)
    command = [sys.executable, "-c", _CODE, json.dumps({"path": str(path), **chosen})]
    end = time.monotonic() + LIMIT_SECONDS
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, errors="replace"
    )
    try:
        while True:
            try:
                output = process.communicate(timeout=_PAUSE)[0]
                break
            except subprocess.TimeoutExpired:
                if stopping.is_set():
                    raise BundleError(f"{path}: the server stopped while the bundle was tried") from None
                if time.monotonic() > end:
                    raise BundleError(
                        f"{path}: no answer to a first text within {LIMIT_SECONDS:g} s, in a process of its own"
                    ) from None
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()
    if process.returncode != 0:
        said = [line.removeprefix(_MARK) for line in output.splitlines() if line.startswith(_MARK)]
        raise BundleError(said[-1] if said else f"{path}: {_death(process.returncode)} when it was tried on a text")


def _death(status: int) -> str:
    if status >= 0:
        return f"its process ended with status {status}"
    try:
        return f"its process died of {signal.Signals(-status).name}"
    except ValueError:
        return f"its process died of signal {-status}"


def main() -> None:
    """The child's: exits with 0 where the bundle answers."""
    os.nice(5)  # the server's engines come first
    options = json.loads(sys.argv[1])
    path = Path(options.pop("path"))
    try:
        (model,) = load_model(path, Settings.create(models={"trial": path}, replicas=1, **options))
        model.warm_up()
        probe(model)
    except BaseException as error:
        said = str(error) if isinstance(error, PaddleNerError) else f"{path}: {type(error).__name__}: {error}"
        print(_MARK + " ".join(said.split()), flush=True)
        os._exit(1)
    os._exit(0)  # the framework's own end may crash, and says nothing of the bundle
