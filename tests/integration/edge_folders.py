"""Folders for a device, of real small models with random weights, and their scripts run as a device would."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from paddle_ner import Example, tasks
from paddle_ner.export.edge import Written, write_edge
from paddle_ner.export.onnx.convert import convert
from tests.integration.onnx_scales import observed_scales
from tests.integration.tiny_bundles import SEED_TEXT, make_bundle

TASKS = {
    "ner": tasks.create("ner", ["LOC", "ORG", "PER"], tag_scheme="BIOES"),
    "classification": tasks.create("classification", ["体育", "财经", "科技"]),
    "multi-label": tasks.create("multi-label", ["体育", "财经", "科技"]),
}
# A script as on a device: nothing can be imported but the standard library, the folder, and what README.md asks for.
_AS_ON_A_DEVICE = """
import runpy, sys
from importlib.abc import MetaPathFinder

ALLOWED = {"numpy", "tokenizers", "onnxruntime", "paddle_ner"}

class Refuse(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top in ALLOWED or top in sys.stdlib_module_names or top.startswith("_"):
            return None
        raise ModuleNotFoundError(f"a device has no {name}", name=name)

sys.meta_path.insert(0, Refuse())
script = sys.argv[1]
sys.argv = sys.argv[1:]
sys.path.insert(0, script.rpartition("/")[0])
runpy.run_path(script, run_name="__main__")
"""


def make_folder(work: Path, kind: str, *, int8: bool = False) -> Written:
    """The folder of a small model of a task, in ``work/folder``."""
    bundle = make_bundle(work, f"tiny-{kind}", TASKS[kind])
    scales = None
    examples = []
    if int8:
        convert(bundle / "model.json", bundle / "model.pdiparams", work / "exact.onnx")
        draw = np.random.default_rng(1)
        scales = observed_scales(work / "exact.onnx", [draw.integers(5, 60, (4, 32)) for _ in range(8)])
        examples = [Example(SEED_TEXT.strip(), entities=())]
    return write_edge(
        work / "checkpoint", work / "folder", [SEED_TEXT.strip()], scales=scales, examples=examples, max_drop=1.0
    )


def run_script(folder: Path, script: str, *arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    """Run a script of a folder with what a device has."""
    command = [sys.executable, "-I", "-c", _AS_ON_A_DEVICE, str(folder / script), *arguments]
    return subprocess.run(command, input=given, capture_output=True, text=True, encoding="utf-8")


def start_script(folder: Path, script: str, arguments: Sequence[str]) -> subprocess.Popen[str]:
    """Begin to run a script of a folder with what a device has."""
    command = [sys.executable, "-I", "-c", _AS_ON_A_DEVICE, str(folder / script), *arguments]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, encoding="utf-8")
