"""Only Paddle's own pass statistics are left out of stderr."""

from __future__ import annotations

import os

import pytest

from paddle_ner.inference.engines.quiet import without_pass_statistics


def test_other_lines_are_kept(capfd: pytest.CaptureFixture[str]) -> None:
    os.write(2, b"before\n")
    with without_pass_statistics():
        os.write(2, b"\x1b[37m---    quantized 7 fc ops \x1b[0m\nan error\n")
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "before\nan error\nafter\n"


def test_what_is_said_before_an_exception_is_kept(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError), without_pass_statistics():
        os.write(2, b"why\n")
        raise ValueError
    assert capfd.readouterr().err == "why\n"
