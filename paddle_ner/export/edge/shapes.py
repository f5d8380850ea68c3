"""The shapes for which a TensorRT engine is built: those that a predictor on the device may need, and no more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median_low

from paddle_ner.inference.planning import LENGTHS, padded_length
from paddle_ner.inference.predictor import BATCH_TOKENS

Shape = tuple[int, int]  # windows, tokens


@dataclass(frozen=True, slots=True)
class Profile:
    """The shapes of every input: the smallest, the one to tune for, the largest."""

    smallest: Shape
    best: Shape
    largest: Shape


def profile(window: int, lengths: Sequence[int]) -> Profile:
    """The profile for windows of at most `window` tokens, of which `lengths` are examples.

    The largest shape is a batch of the predictor at full length. More short windows than that go through the engine in
    parts, which costs less than the memory of a profile for the most windows at the greatest length.
    """
    rows = max(1, BATCH_TOKENS // window)
    usual = min(padded_length(median_low(lengths)), window)
    return Profile((1, min(LENGTHS[0], window)), (max(1, rows // 2), usual), (rows, window))


def option(shape: Shape, inputs: Sequence[str]) -> str:
    """A shape as ``trtexec`` takes it, the same for each input."""
    rows, tokens = shape
    return ",".join(f"{name}:{rows}x{tokens}" for name in inputs)
