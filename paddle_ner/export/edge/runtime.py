"""The package that a device runs, gathered from this one: the modules that it starts from, and all that they import."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import paddle_ner
from paddle_ner.export.edge.downgrade import PACKAGE, RUNTIME, TARGET, DowngradeError, device_name, downgrade, render

ROOTS = (f"{RUNTIME}.run", f"{RUNTIME}.check")
# What may be imported on a device beside the standard library; the last two are looked for when they are wanted.
PACKAGES = frozenset(("numpy", "tokenizers", "onnxruntime", "tensorrt"))

# What only the server asks of a predictor.
LEFT_OUT: dict[str, tuple[str, ...]] = {
    f"{PACKAGE}.inference.predictor": tuple(f"Predictor.{name}" for name in ("info", "version", "clone")),
}


def sources() -> dict[str, str]:
    """The files of the device's package: text by path inside it.

    Raises:
        DowngradeError: a module that is needed imports what a device has not, or has no older form.
    """
    trees: dict[str, ast.Module] = {}
    waiting = list(ROOTS)
    while waiting:
        module = waiting.pop()
        if module in trees:
            continue
        path = _path(module)
        assert path is not None
        trees[module] = downgrade(path.read_text("utf-8"), module, LEFT_OUT.get(module, ()))
        waiting += _imports(trees[module], module)
    files = {_file(module): render(tree, module) for module, tree in sorted(trees.items())}
    for name in list(files):
        for folder in Path(name).parents:
            files.setdefault(str(folder / "__init__.py"), "")
    if not files["__init__.py"]:
        files["__init__.py"] = f'"""What this device runs; made by paddle-ner {paddle_ner.__version__}."""\n'
    return files


def _path(module: str) -> Path | None:
    """The source of a module of this package; None where `module` is none."""
    relative = Path(*module.split(".")[1:])
    root = Path(paddle_ner.__file__).parent
    found = (root / relative / "__init__.py", (root / relative).with_suffix(".py"))
    return next((path for path in found if path.is_file()), None) if relative.parts else root / "__init__.py"


def _file(module: str) -> str:
    inside = device_name(module).split(".")[1:]
    path = _path(module)
    assert path is not None
    return "/".join([*inside, "__init__.py"] if path.name == "__init__.py" else [*inside[:-1], f"{inside[-1]}.py"])


def _imports(tree: ast.Module, module: str) -> Iterator[str]:
    """The modules of this package that a module needs."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            name = node.module or ""
            if name.split(".")[0] == PACKAGE:
                for alias in node.names:
                    inner = f"{name}.{alias.name}"
                    yield inner if _path(inner) else name
                continue
            names = [name]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        for name in names:
            if not _is_at_hand(name.split(".")[0]):
                raise DowngradeError(f"{module}: it imports {name}, which {TARGET} cannot count on")


def _is_at_hand(package: str) -> bool:
    return package in PACKAGES or package in sys.stdlib_module_names
