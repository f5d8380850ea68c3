"""Writes the folder for a device: under a temporary name, then run in the way of the device, then renamed."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from paddle_ner import __version__, bundle
from paddle_ner.bundle import BundleManifest
from paddle_ner.bundle.scales import MatmulScales
from paddle_ner.edge.engines import OnnxEngine, onnx_file
from paddle_ner.edge.folder import DESCRIPTION, EXPECTED, SCHEMA_VERSION, SUMS, TOKENIZER
from paddle_ner.environment import require
from paddle_ner.errors import GateError, InputError
from paddle_ner.evaluation.gate import agreement
from paddle_ner.evaluation.score import score
from paddle_ner.export.comparison import PROBES
from paddle_ner.export.edge.runtime import PACKAGE, sources
from paddle_ner.export.edge.shapes import Profile, option, profile
from paddle_ner.export.edge.tensorrt import fit, name_outputs
from paddle_ner.export.export import export
from paddle_ner.export.onnx.convert import TENSORRT_OPSET, convert
from paddle_ner.export.onnx.qdq import quantize
from paddle_ner.files import sha256, whole_folder
from paddle_ner.inference import load_bundle
from paddle_ner.inference.engines import EngineOptions
from paddle_ner.inference.predictor import Predictor
from paddle_ner.machine import cpu_name
from paddle_ner.types import Example, Prediction

_SCRIPT = '''"""{summary}"""

import sys
from pathlib import Path

sys.dont_write_bytecode = True  # the folder may be mounted read-only, and holds what SHA256SUMS lists

from {package}.edge.{module} import main

sys.exit(main(Path(__file__).resolve().parent))
'''
_SCRIPTS = {
    "run": "Label texts: python3 run.py predict FILE, or answer over HTTP: python3 run.py serve.",
    "check": "Compare this device's answers with expected.jsonl, and print latency: python3 check.py.",
}
# Files that build_engine.sh writes on a device; a folder with them is still ours.
_BUILT = (".engine", ".log", ".cache")
_MEANING = {
    "model.fp32.onnx": f"the model, opset {TENSORRT_OPSET}, dynamic batch and length",
    "model.int8.onnx": "the same with symmetric int8 products, as QuantizeLinear and DequantizeLinear",
    TOKENIZER: "its tokenizer",
    DESCRIPTION: "its task, labels and window",
    f"{PACKAGE}/": "what runs it, copied from paddle-ner",
    "run.py": "labels files, and serves",
    "check.py": "verifies, compares, measures",
    EXPECTED: "texts with the answers of the server's engine",
    "build_engine.sh": "makes TensorRT engines on the device",
    "requirements.txt": "for pip",
    SUMS: "for `sha256sum -c`",
}


@dataclass(frozen=True, slots=True)
class Written:
    """The result.

    Attributes:
        folder: the folder to copy to a device.
        precisions: precisions of its ONNX files.
        texts: number of expected answers in it.
        same: share of the texts with the same answer at int8 and fp32; None without an int8 file.
        scores: by precision, the dev set's score in ONNX Runtime; empty without labelled examples.
        files: sha256 by name.
    """

    folder: Path
    precisions: tuple[str, ...]
    texts: int
    same: float | None
    scores: dict[str, float]
    files: dict[str, str]


def write_edge(
    checkpoint: Path,
    target: Path,
    texts: Sequence[str] = (),
    *,
    scales: Sequence[MatmulScales] | None = None,
    examples: Sequence[Example] = (),
    max_drop: float = 0.0,
) -> Written:
    """Write the folder of `checkpoint` to `target`.

    Args:
        checkpoint: folder of a checkpoint.
        target: an older folder of this kind there is replaced when the new one is complete.
        texts: texts whose answers are shipped, in addition to the built-in probes; engines are tuned for their length.
        scales: scales of a calibration of this checkpoint, for an additional int8 file.
        examples: labelled; the ONNX files are scored on them. Needed for an int8 file.
        max_drop: how much lower than at fp32 the score at int8 may be.

    Raises:
        MissingPackageError: Paddle2ONNX, ONNX or ONNX Runtime is not installed.
        InputError: `checkpoint` is not a checkpoint, `target` is another kind of folder, or int8 cannot be scored.
        GateError: a graph cannot be converted, TensorRT has no such operator, int8 scores too low, or the folder does
            not answer as the server does.
    """
    require("paddle2onnx", "onnx", "onnxruntime", needed_for="export --target jetson")
    if scales is not None and not examples:
        raise InputError("an int8 file is scored before it is kept: name a labelled file")
    precisions = ("fp32",) if scales is None else ("fp32", "int8")
    with tempfile.TemporaryDirectory() as temporary, whole_folder(target, SUMS, "folder", _ours) as folder:
        manifest = export(checkpoint, Path(temporary) / "bundle", texts).manifest
        made = Path(temporary) / "bundle"
        exact = onnx_file(folder, "fp32")
        convert(made / manifest.graph, made / manifest.weights, exact, TENSORRT_OPSET)
        name_outputs(exact, manifest.outputs)
        fit(exact)
        if scales is not None:
            quantize(exact, scales, onnx_file(folder, "int8"), "tensorrt")
            fit(onnx_file(folder, "int8"))
        shutil.copyfile(made / bundle.TOKENIZER, folder / TOKENIZER)
        predictors = {precision: _predictor(folder, manifest, made, precision) for precision in precisions}
        scores = _scores(predictors, examples, max_drop) if examples else {}
        asked = list(dict.fromkeys([*PROBES, *texts]))
        exact_answers = load_bundle(made, EngineOptions("paddle", precision="fp32"))(asked)
        answers = {"fp32": exact_answers}
        if "int8" in predictors:
            answers["int8"] = predictors["int8"](asked)
        _write_expected(folder / EXPECTED, asked, answers)
        lengths = [window.length for text in texts or PROBES for window in predictors["fp32"].encode(text).windows]
        _write_rest(folder, manifest, precisions, profile(manifest.window.size, lengths))
        files = {str(path.relative_to(folder)): sha256(path) for path in _files(folder)}
        (folder / SUMS).write_text("".join(f"{digest}  {name}\n" for name, digest in files.items()), encoding="utf-8")
        for precision in precisions:
            _run_check(folder, precision)
    same = agreement(answers["fp32"], answers["int8"]) if "int8" in answers else None
    return Written(target, precisions, len(asked), same, scores, files)


def _predictor(folder: Path, manifest: BundleManifest, made: Path, precision: str) -> Predictor:
    return Predictor(manifest, bundle.load_tokenizer(made), OnnxEngine(onnx_file(folder, precision), None, precision))


def _scores(predictors: Mapping[str, Predictor], examples: Sequence[Example], max_drop: float) -> dict[str, float]:
    """The score at each precision. Raises GateError if int8 is too far below fp32."""
    scores = {precision: score(predictor, examples)[0].value for precision, predictor in predictors.items()}
    drop = scores["fp32"] - scores.get("int8", scores["fp32"])
    if drop > max_drop:
        raise GateError(
            f"int8 scores {100 * scores['int8']:.2f} on {len(examples)} examples, {100 * drop:.2f} points below fp32,"
            f" allowed are {100 * max_drop:g}; nothing was written"
        )
    return scores


def _write_expected(path: Path, texts: Sequence[str], answers: Mapping[str, Sequence[Prediction]]) -> None:
    with path.open("w", encoding="utf-8") as file:
        for index, text in enumerate(texts):
            record: dict[str, Any] = {"text": text}
            for precision, predictions in answers.items():
                answer = predictions[index].to_dict()
                record[precision] = {name: value for name, value in answer.items() if name != "text"}
            file.write(json.dumps(record) + "\n")


def _write_rest(folder: Path, manifest: BundleManifest, precisions: Sequence[str], shapes: Profile) -> None:
    description = {
        "schema_version": SCHEMA_VERSION,
        "name": manifest.name,
        "task": manifest.task,
        "window": manifest.window.model_dump(),
        "precisions": list(precisions),
        "versions": manifest.versions,
    }
    text = json.dumps(description, ensure_ascii=False, indent=2)
    (folder / DESCRIPTION).write_text(text + "\n", encoding="utf-8")
    for name, source in sources().items():
        path = folder / PACKAGE / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source, encoding="utf-8")
    for module, summary in _SCRIPTS.items():
        script = _SCRIPT.format(summary=summary, package=PACKAGE, module=module)
        (folder / f"{module}.py").write_text(script, encoding="utf-8")
    present = {path.name + ("/" if path.is_dir() else "") for path in folder.iterdir()}
    values = {
        "NAME": manifest.name,
        "VERSION": __version__,
        "MACHINE": cpu_name() or "an x86 CPU",
        "MIN": option(shapes.smallest, manifest.inputs),
        "OPT": option(shapes.best, manifest.inputs),
        "MAX": option(shapes.largest, manifest.inputs),
        "ROWS": str(shapes.largest[0]),
        "SHORTEST": str(shapes.smallest[1]),
        "LONGEST": str(shapes.largest[1]),
    }
    listed = {*present, "README.md", "build_engine.sh", "requirements.txt", SUMS}
    values["FILES"] = "\n".join(f"- `{name}`: {meaning}" for name, meaning in _MEANING.items() if name in listed)
    for source_file in resources.files(__package__).joinpath("files").iterdir():
        content = re.sub("@([A-Z]+)@", lambda match: values[match[1]], source_file.read_text(encoding="utf-8"))
        (folder / source_file.name).write_text(content, encoding="utf-8")
    (folder / "build_engine.sh").chmod(0o755)


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _run_check(folder: Path, precision: str) -> None:
    """Run the folder's own check in a process without this package. Raises GateError with its message."""
    options = ["--engine", "onnxruntime", "--precision", precision, "--agreement", "1"]
    command = [sys.executable, "check.py", *options]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()
        raise GateError(f"the folder's own check.py refuses it at {precision}: {said[-1] if said else done.returncode}")


def _ours(folder: Path) -> set[str]:
    """The names in a folder of this kind that may be replaced."""
    listed = {line.partition("  ")[2].split("/")[0] for line in (folder / SUMS).read_text("utf-8").splitlines()}
    if DESCRIPTION not in listed:
        return set()
    built = {path.name for path in folder.iterdir() if path.suffix in _BUILT}
    return listed | built | {SUMS}
