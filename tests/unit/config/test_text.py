"""YAML as configs are written; that aliases are bounded is held in test_loading."""

from __future__ import annotations

import pytest

from paddle_ner.config.text import parse_yaml
from paddle_ner.errors import InputError


@pytest.mark.parametrize(
    ("text", "value"),
    [("1e-5", 1e-5), ("2E+3", 2000.0), ("1.5e2", 150.0), ("'1e-5'", "1e-5"), ("e-5", "e-5"), ("", None)],
)
def test_a_number_with_an_exponent_is_a_number(text: str, value: object) -> None:
    found = parse_yaml(text, "a.yaml")
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb:\n  c: 1\n  c: 2\n", r"a\.yaml:4: the key 'c' is there twice"),
        ("a: &x\n  b: *x\n", r"a\.yaml:1: an alias \(\*name\) is inside the value that it stands for"),
        ("a: [1", r"a\.yaml: cannot be read as YAML: .*"),
        ("a: !!python/name:os.system", r"a\.yaml: cannot be read as YAML: could not determine a constructor .*"),
        ("[" * 5000, r"a\.yaml: is nested too deep for a config"),
    ],
)
def test_what_is_no_config_is_one_line(text: str, message: str) -> None:
    with pytest.raises(InputError, match=rf"^{message}$"):
        parse_yaml(text, "a.yaml")


def test_a_merged_section_may_be_written_over() -> None:
    assert parse_yaml("a: &a {x: 1, y: 2}\nb:\n  <<: *a\n  y: 3\n", "a.yaml")["b"] == {"x": 1, "y": 3}
