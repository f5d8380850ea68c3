"""Which candidates a device has."""

from __future__ import annotations

from typing import Literal

import pytest

from paddle_ner.compression.options import rivals
from paddle_ner.errors import DeviceError, InputError

BF16, PLAIN = frozenset({"avx512_bf16"}), frozenset({"avx2"})


@pytest.mark.parametrize(
    ("asked", "device", "flags", "expected"),
    [
        ("auto", "cpu", BF16, (["bf16"], True)),
        ("auto", "cpu", PLAIN, ([], True)),
        ("int8", "cpu", BF16, ([], True)),
        ("bf16", "cpu", BF16, (["bf16"], False)),
        ("auto", "gpu:1", PLAIN, (["fp16"], False)),
    ],
)
def test_candidates_follow_from_the_device(
    asked: Literal["auto", "int8", "bf16"], device: str, flags: frozenset[str], expected: tuple[list[str], bool]
) -> None:
    assert rivals(asked, device, flags) == expected


def test_bf16_by_name_needs_a_cpu_that_has_it() -> None:
    with pytest.raises(InputError, match="precision bf16 needs a CPU with avx512_bf16 or amx_bf16"):
        rivals("bf16", "cpu", PLAIN)


def test_int8_on_a_gpu_is_refused() -> None:
    with pytest.raises(InputError, match="precision int8 cannot be had on gpu"):
        rivals("int8", "gpu", PLAIN)


def test_an_unknown_device_is_named() -> None:
    with pytest.raises(DeviceError, match="device 'tpu' is unknown"):
        rivals("auto", "tpu", PLAIN)
