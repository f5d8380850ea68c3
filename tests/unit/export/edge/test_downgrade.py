"""Modules of the package as Python 3.8."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from paddle_ner.export.edge import runtime
from paddle_ner.export.edge.downgrade import TARGET, DowngradeError, device_name, downgrade, render

# Of the standard library and of built-in types, what is newer than Python 3.8.
NEWER_MODULES = {"zoneinfo", "graphlib", "tomllib"}
NEWER_NAMES = {
    *("pairwise", "batched", "cache", "lcm", "nextafter", "bisect_key", "is_relative_to", "readlink", "removeprefix"),
    *("removesuffix", "bit_count", "to_thread", "timeout_at", "TaskGroup", "ExceptionGroup", "StrEnum", "chdir", "UTC"),
    *("TypeAlias", "ParamSpec", "Annotated", "Self", "override", "file_digest", "randbytes", "hardlink_to", "walk"),
}
GENERIC = {"tuple", "list", "dict", "set", "frozenset", "type", "deque", "Counter", "Callable", "Mapping", "Sequence"}


def older(source: str, **options) -> str:
    return render(downgrade(dedent(source), "paddle_ner.made_up", **options), "paddle_ner.made_up")


@pytest.fixture(scope="module")
def sources() -> dict[str, str]:
    return runtime.sources()


def nodes(sources: dict[str, str]) -> Iterator[tuple[str, ast.AST]]:
    for name, text in sources.items():
        for node in ast.walk(ast.parse(text)):
            yield f"{name}:{getattr(node, 'lineno', 0)}", node


def evaluated(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes that Python evaluates: all but the annotations of fields."""
    yield node
    for name, value in ast.iter_fields(node):
        if isinstance(node, ast.AnnAssign) and name == "annotation":
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from evaluated(child)


def test_a_strict_zip_stays_strict() -> None:
    text = older("print(*zip([1], [2], strict=True), *zip([1], [2]))")
    assert "zip_strict([1], [2])" in text and "zip([1], [2])" in text
    assert f"from {TARGET}.compat import zip_strict" in text


def test_what_is_newer_in_itertools_comes_from_compat() -> None:
    text = older("from itertools import chain, pairwise\nprint(chain(pairwise([1])))")
    assert f"from {TARGET}.compat import pairwise" in text and "from itertools import chain\n" in text


def test_slots_and_unions_take_their_older_form() -> None:
    text = older("""
        @dataclass(frozen=True, slots=True)
        class One:
            value: int | None = None
        def is_number(x: int | str) -> bool:
            return isinstance(x, int | float | complex)
    """)
    assert "@dataclass(frozen=True)" in text and "isinstance(x, (int, float, complex))" in text
    assert "value: int | None = None" in text, "dataclasses need the annotations of fields"
    assert "def is_number(x):" in text


def test_a_text_inside_an_f_string_needs_no_newer_quotes() -> None:
    text = older("""
        name, many = "n", ["a", "b"]
        said = f"{name!r:>5} {{of}} {', '.join(many)}: {f'{len(many)}x' if many else 'none'} {0.5:.0%}"
        plain = f"{name} stays"
    """)
    found: dict[str, str] = {}
    exec(text, found)
    assert found["said"] == "  'n' {of} a, b: 2x 50%" and found["plain"] == "n stays"
    assert "{name} stays" in text and "', '" in text


def test_what_only_annotations_name_is_not_imported() -> None:
    text = older("""
        from typing import Any, ClassVar
        from numpy.typing import NDArray
        from paddle_ner.types import Entity, Prediction
        Span = tuple[int, int]
        class One:
            kind: ClassVar[str]
            def run(self, ids: NDArray[Any], spans: list[Span]) -> Prediction:
                found: list[Entity] = []
                return Prediction(ids, found)
    """)
    assert "NDArray" not in text and "Any" not in text and "Entity" not in text and "Span" not in text
    assert f"from {TARGET}.types import Prediction" in text and "from typing import ClassVar" in text


def test_a_method_that_is_left_out_takes_what_only_it_needs_along() -> None:
    source = """
        from paddle_ner.tasks import metrics
        def _helper(x):
            return metrics.report(x)
        class Task:
            def report(self, x):
                return _helper(x)
            def decode(self, x):
                return x
    """
    text = older(source, left_out=["Task.report"])
    assert "decode" in text and "metrics" not in text and "_helper" not in text
    with pytest.raises(DowngradeError, match=r"made_up: Task\.gone: to be left out"):
        older(source, left_out=["Task.gone"])


def test_syntax_without_an_older_form_is_refused() -> None:
    with pytest.raises(DowngradeError, match=r"paddle_ner\.made_up: line \d+ for a device is no Python 3\.8"):
        older("match 1:\n    case 1:\n        pass")


def test_an_import_that_a_device_has_not_is_refused(monkeypatch) -> None:
    monkeypatch.setattr(runtime, "ROOTS", ("paddle_ner.config.models",))
    with pytest.raises(
        DowngradeError, match=r"paddle_ner\.config\.models: it imports \w+, which paddle_ner_edge cannot"
    ):
        runtime.sources()


def test_names_on_a_device() -> None:
    assert device_name("paddle_ner.edge.run") == "paddle_ner_edge.run"
    assert device_name("paddle_ner.features.windows") == "paddle_ner_edge.features.windows"
    assert device_name("numpy") == "numpy"


def test_the_runtime_is_the_servers_own_code(sources: dict[str, str]) -> None:
    shared = {"features/tokenizer.py", "features/windows.py", "features/schemes.py", "inference/planning.py"}
    assert shared | {"inference/predictor.py", "tasks/decoding.py", "run.py"} <= set(sources)
    assert not [
        name
        for name in sources
        if {"bundle", "evaluation", "training", "learning", "scoring", "metrics"}
        & set(Path(name).with_suffix("").parts)
    ]


def test_the_runtime_parses_as_python_3_8(sources: dict[str, str]) -> None:
    for name, text in sources.items():
        ast.parse(text, name, feature_version=(3, 8))


def test_the_runtime_uses_no_newer_name_of_the_standard_library(sources: dict[str, str]) -> None:
    own = {node.name for _, node in nodes(sources) if isinstance(node, ast.FunctionDef)}
    for place, node in nodes(sources):
        if isinstance(node, ast.ImportFrom | ast.Import):
            modules = {(getattr(node, "module", None) or node.names[0].name).split(".")[0]}
            assert not modules & NEWER_MODULES, place
            if TARGET not in modules:
                assert not {alias.name for alias in node.names} & NEWER_NAMES, place
        if isinstance(node, ast.Attribute):
            assert node.attr not in NEWER_NAMES - own, place
        if isinstance(node, ast.keyword):
            assert node.arg not in ("strict", "slots", "kw_only"), place


def test_the_runtime_evaluates_no_generic_type_and_no_union(sources: dict[str, str]) -> None:
    for name, text in sources.items():
        for node in evaluated(ast.parse(text)):
            if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
                assert node.value.id not in GENERIC, f"{name}:{node.lineno}"
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "isinstance":
                assert not isinstance(node.args[1], ast.BinOp), f"{name}:{node.lineno}"


def test_no_f_string_of_the_runtime_has_a_text_inside(sources: dict[str, str]) -> None:
    for place, node in nodes(sources):
        if isinstance(node, ast.FormattedValue):
            inside = [one.value for one in ast.walk(node.value) if isinstance(one, ast.Constant)]
            assert not [value for value in inside if isinstance(value, str)], place


def test_a_real_python_3_8_reads_it(sources: dict[str, str], tmp_path: Path) -> None:
    python = os.environ.get("PADDLE_NER_PYTHON38") or shutil.which("python3.8")
    if python is None or subprocess.run([python, "--version"], capture_output=True).returncode:
        pytest.skip("there is no python3.8 here: install one, or name it in PADDLE_NER_PYTHON38, to run this")
    for name, text in sources.items():
        path = tmp_path / TARGET / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    command = [
        python,
        "-c",
        f"import compileall, sys; sys.exit(not compileall.compile_dir({str(tmp_path)!r}, quiet=1))",
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
