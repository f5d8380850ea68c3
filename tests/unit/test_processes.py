"""Child processes: what they may import, and what is said of their end."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest

from paddle_ner import processes


def test_output_errors_and_status_are_kept(tmp_path: Path) -> None:
    code = "import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)"
    done = processes.run([sys.executable, "-c", code], folder=tmp_path)
    assert (done.status, done.output, done.errors) == (3, "out\n", "err\n")
    assert done.reason == "exit status 3: err"


def test_an_abort_is_one_line() -> None:
    code = "import os; print('last\\n words'); print('more'); os.abort()"
    done = processes.run([sys.executable, "-uc", code])
    assert done.reason == "killed by SIGABRT: last words more"


def test_a_child_that_hangs_is_killed() -> None:
    done = processes.run([sys.executable, "-c", "import signal; signal.pause()"], seconds=1)
    assert done.status is None
    assert done.reason == "it did not end within 1 s"


def test_a_signal_without_a_name_has_its_number() -> None:
    assert processes.ending(-signal.SIGKILL) == "killed by SIGKILL"
    assert processes.ending(-99) == "killed by signal 99"


@pytest.mark.parametrize("name", ["json", "random", "paddle_ner"])
def test_files_of_the_working_directory_are_not_imported(tmp_path: Path, name: str) -> None:
    (tmp_path / f"{name}.py").write_text("raise SystemExit('imported from the working directory')")
    done = processes.run([*processes.python("json.tool"), "--help"], folder=tmp_path)
    assert done.status == 0, done.reason
    assert "usage" in done.output


def test_nor_by_the_child_of_a_child(tmp_path: Path) -> None:
    if sys.version_info < (3, 11):
        pytest.skip("Python 3.10 has no PYTHONSAFEPATH")
    (tmp_path / "random.py").write_text("raise SystemExit('imported from the working directory')")
    code = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import random'], check=True)"
    done = processes.run([sys.executable, "-c", code], folder=tmp_path)
    assert done.status == 0, done.reason


def test_variables_are_added() -> None:
    code = "import os; print(os.environ['ADDED'], 'PATH' in os.environ)"
    assert processes.run([sys.executable, "-c", code], variables={"ADDED": "yes"}).output == "yes True\n"
