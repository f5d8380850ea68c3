"""How much memory and time a training takes, estimated from the size of the encoder and of the data.

Memory is ``M + 16 P + B L A``: M for the framework; four numbers of 4 bytes for each of P parameters (weight, gradient
and the two moments of Adam); and, for each of the B x L tokens of a micro-batch, the A bytes that the backward pass
needs. Time is ``3 F T / (S R) + U W``: F operations forward for each of T tokens of all epochs and twice as many
backward, at a share S of the R operations a second of the device; and W seconds for each of U updates, whatever its
size.

Sources: the counts of bytes per layer are those of Korthikanti et al. 2022, "Reducing Activation Recomputation in Large
Transformer Models", at fp32 instead of fp16; the counts of operations those of Kaplan et al. 2020, "Scaling Laws for
Neural Language Models", with attention. Memory and peak fp32 rates of the cards: NVIDIA's data sheets of T4, A10, A100.
"""

from __future__ import annotations

import json
import math
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from paddle_ner import machine
from paddle_ner.data.statistics import Statistics
from paddle_ner.types import Example

GIB = 1 << 30
# What a training of short windows gets of the rate of a large matrix product. For CPUs it follows from the times of
# docs/results.md; for GPUs it is assumed, as are the seconds of an update.
_SHARE = {"cpu": 0.5, "gpu": 0.3}
_UPDATE = {"cpu": 0.005, "gpu": 0.03}
_JOINED = 0.4  # of the characters, that the augmentation `join` adds where windows are sentences
_SINGLE = 4  # bytes of a number in fp32
# Bytes that the framework takes before there is a model; on a GPU assumed.
_PROCESS = {"cpu": int(0.8 * GIB), "gpu": GIB}
# What PaddlePaddle 3.1.1 keeps of a token, by the count of the paper: transposed copies and gradients under way come
# to it. Measured on a CPU: docs/training.md.
_KEPT = 1.75


@dataclass(frozen=True, slots=True)
class Encoder:
    """The size of an encoder.

    Attributes:
        layers: how many.
        hidden: width of a token.
        heads: the heads of attention, in each layer.
        inner: width of the feed-forward part.
        vocabulary: tokens.
        positions: that it has embeddings for.
    """

    layers: int
    hidden: int
    heads: int
    inner: int
    vocabulary: int
    positions: int = 512

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> Encoder:
        """From the fields of a config.json. Raises KeyError if one is missing."""
        hidden = record["hidden_size"]
        return cls(
            record["num_hidden_layers"],
            hidden,
            record["num_attention_heads"],
            record.get("intermediate_size", 4 * hidden),
            record["vocab_size"],
            record.get("max_position_embeddings", 512),
        )

    @property
    def parameters(self) -> int:
        """Weights in all, without the head."""
        attention = 4 * (self.hidden**2 + self.hidden)
        feed_forward = 2 * self.hidden * self.inner + self.inner + self.hidden
        normalizations = 4 * self.hidden
        embeddings = (self.vocabulary + self.positions + 2) * self.hidden + 2 * self.hidden
        return embeddings + self.layers * (attention + feed_forward + normalizations)

    def operations(self, length: int) -> float:
        """Floating-point operations of a token, forward, in a window of `length` tokens."""
        products = 2 * (4 * self.hidden**2 + 2 * self.hidden * self.inner)
        attention = 4 * length * self.hidden
        return float(self.layers * (products + attention))

    def activations(self, length: int) -> int:
        """Bytes that the backward pass needs of a token, in a window of `length` tokens."""
        counted = 34 * self.hidden + 8 * self.inner + 9 * self.heads * length
        return round(_KEPT * self.layers * counted)


STARTER, STARTER_LARGE = "starter", "starter-large"  # encoders of `paddle_ner.modeling.starter`
_KNOWN = {
    STARTER: Encoder(6, 384, 12, 1536, 12467),
    STARTER_LARGE: Encoder(12, 384, 12, 1536, 12467),
    # The families that PaddleNLP 2.8.1 publishes.
    "ernie-3.0-xbase-zh": Encoder(20, 1024, 16, 4096, 40000, 2048),
    "ernie-3.0-base-zh": Encoder(12, 768, 12, 3072, 40000, 2048),
    "ernie-3.0-medium-zh": Encoder(6, 768, 12, 3072, 40000, 2048),
    "ernie-3.0-mini-zh": Encoder(6, 384, 12, 1536, 40000, 2048),
    "ernie-3.0-micro-zh": Encoder(4, 384, 12, 1536, 40000, 2048),
    "ernie-3.0-nano-zh": Encoder(4, 312, 12, 1248, 40000, 2048),
    "bert-base-chinese": Encoder(12, 768, 12, 3072, 21128),
}


def encoder_of(pretrained: str) -> Encoder | None:
    """The size of an encoder by its name, or by the config.json of its folder; None if neither says it."""
    if pretrained in _KNOWN:
        return _KNOWN[pretrained]
    try:
        return Encoder.of(json.loads((Path(pretrained) / "config.json").read_text("utf-8")))
    except (OSError, ValueError, KeyError, TypeError):
        return None


@dataclass(frozen=True, slots=True)
class Workload:
    """A training on one device.

    Attributes:
        encoder: that learns.
        windows: the windows of one epoch, augmentation included.
        length: tokens of a window, in the mean.
        longest: tokens of the longest window.
        batch_size: windows of an update.
        accumulation: micro-batches of an update.
        epochs: passes over the data.
    """

    encoder: Encoder
    windows: int
    length: int
    longest: int
    batch_size: int
    epochs: float
    accumulation: int = 1

    def memory(self, kind: str) -> int:
        """Bytes on a device of a kind, cpu or gpu, for the longest micro-batch."""
        windows = -(-self.batch_size // self.accumulation)
        activations = windows * self.longest * self.encoder.activations(self.longest)
        return _PROCESS[kind] + 4 * _SINGLE * self.encoder.parameters + activations

    def seconds(self, device: Device, devices: int = 1) -> float:
        """Of all epochs, on one device or on several that share the work."""
        operations = 3 * self.encoder.operations(self.length) * self.windows * self.length * self.epochs
        updates = math.ceil(self.windows / (self.batch_size * devices)) * self.epochs
        return operations / (_SHARE[device.kind] * device.rate * devices) + updates * _UPDATE[device.kind]


def from_scratch(train: Iterable[Example]) -> Encoder:
    """The encoder of `init --pretrained none`; its tokens are the characters that occur twice, and five more."""
    characters = Counter(character for example in train for character in example.text)
    return Encoder(4, 256, 4, 1024, sum(count > 1 for count in characters.values()) + 5)


def workload_of(
    encoder: Encoder, statistics: Statistics, window: int, unit: str, batch_size: int, epochs: float
) -> Workload:
    """The training on texts with `statistics`: long ones make several windows, and `join` adds to sentences."""
    share = 1 + (_JOINED if unit == "sentence" else 0)
    windows = share * max(statistics.examples, statistics.characters / (window - 2))
    length = min(window, round(share * statistics.characters / windows) + 2)
    return Workload(encoder, round(windows), length, window, batch_size, epochs)


@dataclass(frozen=True, slots=True)
class Device:
    """Something to train on.

    Attributes:
        name: for people.
        kind: cpu or gpu.
        memory: bytes; None if unknown.
        rate: operations a second in fp32, at most.
    """

    name: str
    kind: str
    memory: int | None
    rate: float


CARDS = (
    Device("NVIDIA T4", "gpu", 16 * GIB, 8.1e12),
    Device("NVIDIA A10", "gpu", 24 * GIB, 31.2e12),
    Device("NVIDIA A100", "gpu", 40 * GIB, 19.5e12),
)


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a training takes on a device.

    Attributes:
        device: where.
        memory: bytes on each device.
        seconds: the seconds of all epochs.
        fits: whether the memory is there; None if unknown.
    """

    device: Device
    memory: int
    seconds: float
    fits: bool | None


def estimate(workload: Workload, device: Device, devices: int = 1) -> Estimate:
    """What a training takes on one device, or on several of them side by side."""
    memory = workload.memory(device.kind)
    fits = None if device.memory is None else memory <= device.memory
    return Estimate(device, memory, workload.seconds(device, devices), fits)


def this_cpu() -> Device:
    """This machine's CPU, with the best rate of 30 matrix products in NumPy, since others may use the cores too."""
    matrix = np.ones((512, 512), np.float32)
    best = math.inf
    for _ in range(30):
        start = time.perf_counter()
        matrix @ matrix
        best = min(best, time.perf_counter() - start)
    rate = 2 * len(matrix) ** 3 / best
    return Device(f"this CPU, {machine.usable_cores()} cores", "cpu", machine.usable_memory(), rate)
