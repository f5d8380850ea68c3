"""Each module has a test of its name in the mirrored folder, or is named in the docstring of the test that has it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import paddle_ner

PACKAGE = Path(paddle_ner.__file__).parent
TESTS = Path(__file__).parents[1]
SHORT = 30  # lines; a module that is no longer is tested with what uses it


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)


MODULES = {module_name(path): path for path in sorted(PACKAGE.rglob("*.py")) if path.name != "__init__.py"}
LONG = [name for name, path in MODULES.items() if path.read_text("utf-8").count("\n") > SHORT]


def named(test: Path) -> set[str]:
    """The modules that the docstring of a test file names."""
    docstring = ast.get_docstring(ast.parse(test.read_text("utf-8"))) or ""
    return set(re.findall(r"\bpaddle_ner(?:\.\w+)+", docstring))


NAMED = {test.relative_to(TESTS): named(test) for test in sorted(TESTS.rglob("test_*.py"))}


@pytest.mark.parametrize("module", LONG)
def test_every_module_has_its_test(module: str) -> None:
    path = MODULES[module].relative_to(PACKAGE)
    own = Path("unit", path.parent, f"test_{path.name}")
    tested = own in NAMED or any(module in modules for modules in NAMED.values())
    assert tested, f"write tests/{own}, or name {module} in the docstring of the test file where it is tested"


def test_every_module_that_is_named_is_there() -> None:
    absent = [f"{test}: {module}" for test, modules in NAMED.items() for module in sorted(modules - MODULES.keys())]
    assert not absent
