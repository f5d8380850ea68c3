"""The package that a device runs: copies of the modules that it starts from and all that they import.

They are written for NumPy, `tokenizers` and Python 3.8 (``per-file-target-version`` in pyproject.toml), so that a
device runs the server's own tokenization, windows and decoding.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import paddle_ner

PACKAGE = "paddle_ner"
ROOTS = (f"{PACKAGE}.edge.run", f"{PACKAGE}.edge.check")


def sources() -> dict[str, str]:
    """The files of the device's package: text by path inside it.

    A package from which only modules are imported has an empty ``__init__.py`` there.
    """
    root = Path(paddle_ner.__file__).parent
    texts: dict[str, str] = {}
    waiting = list(ROOTS)
    while waiting:
        module = waiting.pop()
        if module not in texts:
            texts[module] = _path(module).read_text("utf-8")
            waiting += _imports(texts[module])
    files = {"__init__.py": f'"""What a device runs of paddle-ner {paddle_ner.__version__}."""\n'}
    for module, text in sorted(texts.items()):
        path = _path(module).relative_to(root)
        files[str(path)] = text
        for folder in path.parents:
            files.setdefault(str(folder / "__init__.py"), "")
    return files


def _path(module: str) -> Path:
    """The path of a module or package of this package, if it exists."""
    path = Path(paddle_ner.__file__).parent.joinpath(*module.split(".")[1:])
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def _imports(text: str) -> Iterator[str]:
    """The modules of this package that a module imports, anywhere in it."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == PACKAGE:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if _path(inner).is_file() else str(node.module)
