"""Parts by name: the package's own and those of other distributions."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from paddle_ner.errors import InputError
from paddle_ner.registry import Registry


@dataclass(frozen=True)
class Part:
    name: str


def make_package(root: Path, name: str, modules: dict[str, str]) -> None:
    folder = root / name
    folder.mkdir()
    for module, source in {"__init__": "", **modules}.items():
        (folder / f"{module}.py").write_text(source)


def add_distribution(root: Path, value: str) -> None:
    """What pip leaves of a distribution with one entry point."""
    folder = root / "stranger-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: stranger\nVersion: 1.0\n")
    (folder / "entry_points.txt").write_text(f"[test_group]\nanything = {value}\n")


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.syspath_prepend(str(tmp_path))
    # The modules under test make parts of this file's class.
    monkeypatch.setitem(sys.modules, "registry_part", sys.modules[__name__])
    known = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - known:
        del sys.modules[name]


def registry(package: str) -> Registry[Part]:
    return Registry("part", package, "PART", "test_group", Part)


ONE = "from registry_part import Part\nPART = Part('{}')\n"


def test_modules_of_the_folder_hold_parts_one_or_several_or_none(root: Path) -> None:
    several = "from registry_part import Part\nPART = (Part('b'), Part('c'))\n"
    make_package(root, "own_parts", {"one": ONE.format("a"), "two": several, "helper": "X = 1\n"})

    parts = registry("own_parts")

    assert sorted(parts) == ["a", "b", "c"]
    assert parts["b"] == Part("b")
    assert "d" not in parts


def test_another_distribution_adds_its_own(root: Path) -> None:
    make_package(root, "own_first", {"one": ONE.format("a")})
    (root / "stranger_module.py").write_text(ONE.format("z"))
    add_distribution(root, "stranger_module:PART")

    assert list(registry("own_first")) == ["a", "z"]


def test_an_unknown_name_lists_those_that_are_known(root: Path) -> None:
    make_package(root, "own_second", {"one": ONE.format("a")})
    with pytest.raises(InputError, match="part 'b' is unknown, expected one of a"):
        registry("own_second")["b"]


def test_the_same_name_twice_names_both_origins(root: Path) -> None:
    make_package(root, "own_third", {"one": ONE.format("a")})
    (root / "stranger_same.py").write_text(ONE.format("a"))
    add_distribution(root, "stranger_same:PART")
    with pytest.raises(InputError, match=r"'a' is brought by own_third.one and by stranger \(stranger_same:PART\)"):
        list(registry("own_third"))


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("raise RuntimeError('no such library')", "cannot be loaded: RuntimeError: no such library"),
        ("PART = 3", "is a int, expected a Part"),
    ],
)
def test_a_broken_addition_is_named_in_one_line(root: Path, source: str, said: str) -> None:
    make_package(root, "own_fourth", {})
    module = f"stranger_{abs(hash(source))}"
    (root / f"{module}.py").write_text(source)
    add_distribution(root, f"{module}:PART")
    with pytest.raises(InputError, match=said) as caught:
        list(registry("own_fourth"))
    assert "\n" not in str(caught.value)
