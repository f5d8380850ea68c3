"""Imports go downwards, those inside functions and under TYPE_CHECKING too; nothing goes round in a circle."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

import paddle_ner

ROOT = Path(paddle_ner.__file__).parent
# From the bottom. A room may import rooms of lower layers, and of its own layer as far as they form no circle.
LAYERS = (
    ("types", "errors", "machine", "files", "cache", "processes", "registry", "environment", "startup", "drawing"),
    ("data", "features"),
    ("tasks",),
    ("bundle", "config"),
    ("modeling",),
    ("inference", "edge"),
    ("training", "evaluation"),
    ("compression", "export"),
    ("serving",),
    ("quickstart",),
    ("cli",),
    ("__init__", "__main__"),
)
HEIGHT = {room: height for height, rooms in enumerate(LAYERS) for room in rooms}


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 2 else parts)


MODULES = {module_name(path): path for path in sorted(ROOT.rglob("*.py")) if "files" not in path.parts[-2:-1]}


def room(module: str) -> str:
    return module.split(".")[1]


def imported(module: str) -> Iterator[str]:
    """The modules of this package that `module` imports, wherever in it."""
    for node in ast.walk(ast.parse(MODULES[module].read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "paddle_ner":
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                if inner in MODULES:
                    yield inner
                elif node.module in MODULES:
                    yield node.module
                elif alias.name != "__version__":
                    yield "paddle_ner.__init__"
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in MODULES)


ARROWS = {module: sorted(set(imported(module)) - {module}) for module in MODULES}


def circle(arrows: Mapping[str, list[str]]) -> list[str]:
    """A way from a node back to itself; empty where there is none."""
    done: set[str] = set()

    def search(node: str, path: list[str]) -> list[str]:
        if node in path:
            return [*path[path.index(node) :], node]
        if node not in done:
            for target in arrows.get(node, []):
                if found := search(target, [*path, node]):
                    return found
            done.add(node)
        return []

    for node in arrows:
        if found := search(node, []):
            return found
    return []


def test_every_room_has_a_layer() -> None:
    assert {room(module) for module in MODULES} == set(HEIGHT)


@pytest.mark.parametrize("module", MODULES)
def test_imports_go_downwards(module: str) -> None:
    upward = [target for target in ARROWS[module] if HEIGHT[room(target)] > HEIGHT[room(module)]]
    assert not upward, f"{module} imports {', '.join(upward)}, which stand above it"


def test_files_form_no_circle() -> None:
    assert not circle(ARROWS), " -> ".join(circle(ARROWS))


def test_rooms_form_no_circle() -> None:
    between: dict[str, list[str]] = {}
    for module, targets in ARROWS.items():
        between.setdefault(room(module), []).extend(room(target) for target in targets if room(target) != room(module))
    assert not circle(between), " -> ".join(circle(between))


def test_a_circle_is_seen() -> None:
    assert circle({"a": ["b"], "b": ["c"], "c": ["b"]}) == ["b", "c", "b"]
