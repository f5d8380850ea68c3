"""Text to token ids with exact offsets: Hugging Face ``tokenizers`` over an ERNIE/BERT vocabulary or over characters.

A text is data, never markup: a literal ``[SEP]`` or ``[MASK]`` in it is tokenized as its characters, so that no text
can end a sequence or look like padding.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import chain, groupby
from pathlib import Path

import numpy as np
import tokenizers
from numpy.typing import NDArray
from tokenizers import Regex, models, normalizers, pre_tokenizers

from paddle_ner.errors import BundleError, InputError

PAD, UNK, CLS, SEP, MASK = SPECIAL_TOKENS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")

CHARACTERS = "WordLevel"  # the type of a model of single characters, in a tokenizer.json
UNIGRAM = "Unigram"  # the type of a model of pieces of words, in a tokenizer.json
WORD = "\u2581"  # before a piece: a space, or the beginning of the text
# Characters that PaddleNLP's ErnieTokenizer separates and BertPreTokenizer does not: symbols, and code points that
# Python's Unicode tables classify differently from those of `tokenizers`. Found by comparing the two on hard strings.
_ERNIE_SPLIT = "\\p{S}|[\u00ad\u00b2\u00ba\u3007\u00b5\u00d8\u014b\u01b1]|[\U0002b820-\U0002b91f]"
# The cost of a call of the backend, in characters that it could tokenize in the same time.
_CHARACTERS_A_CALL = 6
_ONE_CHARACTER = np.array([[0, 1]], dtype=np.int64)
# What SentencePiece's nmt_nfkc does beside NFKC: control characters that it drops, what it makes a space, and the
# full-width tilde, which it keeps.
_DROPPED = "[\x01-\x08\x0b\x0e-\x1f\x7f\x8f\x9f]"
_SPACES = "[\t\n\f\r\u1680\u200b-\u200f\u2028\u2029\u2581\ufeff\ufffd]"
_WAVE, _NO_CHARACTER = "\uff5e", "\ufdd0"
_SURROGATES = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class Tokens:
    """The tokens of a text, without special tokens.

    Attributes:
        ids: int64 array of shape [tokens].
        offsets: int64 array of shape [tokens, 2]: start and end of each token in code points of the original text.
    """

    ids: NDArray[np.int64]
    offsets: NDArray[np.int64]


def _runs_of_none(values: list[int | None]) -> list[tuple[int, int]]:
    """The ranges [start, end) in which every value is None."""
    runs: list[tuple[int, int]] = []
    start = 0
    for is_none, group in groupby(values, key=lambda value: value is None):
        end = start + sum(1 for _ in group)
        if is_none:
            runs.append((start, end))
        start = end
    return runs


class Tokenizer:
    """A tokenizer and the ids of its special tokens. Safe to share between threads."""

    def __init__(self, backend: tokenizers.Tokenizer) -> None:
        ids: dict[str, int] = {}
        for token in (PAD, UNK, CLS, SEP):
            number = backend.token_to_id(token)
            if number is not None:
                ids[token] = number
        missing = [token for token in (PAD, UNK, CLS, SEP) if token not in ids]
        if missing:
            raise InputError(f"the vocabulary lacks {', '.join(missing)}; expected one of the BERT or ERNIE kind")
        self._backend = backend
        self.pad_id, self.unk_id, self.cls_id, self.sep_id = (ids[token] for token in (PAD, UNK, CLS, SEP))

    @classmethod
    def wordpiece(cls, vocabulary: Sequence[str], lowercase: bool = True) -> Tokenizer:
        """WordPiece with the ids of PaddleNLP's ErnieTokenizer. `vocabulary` is in the order of the ids."""
        ids: dict[str, int] = {}
        for number, token in enumerate(vocabulary):
            ids.setdefault(token, number)
        if UNK not in ids:
            raise InputError(f"the vocabulary lacks {UNK}; expected one of the BERT or ERNIE kind")
        backend = tokenizers.Tokenizer(models.WordPiece(ids, unk_token=UNK, max_input_chars_per_word=100))
        backend.normalizer = normalizers.BertNormalizer(
            clean_text=True, handle_chinese_chars=True, strip_accents=None, lowercase=lowercase
        )
        backend.pre_tokenizer = pre_tokenizers.Sequence(
            [pre_tokenizers.Split(Regex(_ERNIE_SPLIT), "isolated"), pre_tokenizers.BertPreTokenizer()]
        )
        return cls(backend)

    @classmethod
    def characters(cls, texts: Iterable[str], min_frequency: int = 1, lowercase: bool = True) -> Tokenizer:
        """One token per code point, including white space and control characters, so that any span can be an entity.

        The vocabulary is the characters that occur at least `min_frequency` times in `texts`, most frequent first.
        """
        counts: Counter[str] = Counter()
        for text in texts:
            counts.update(_SURROGATES.sub("\ufffd", text.lower() if lowercase else text))
        frequent = sorted((c for c, n in counts.items() if n >= min_frequency), key=lambda c: (-counts[c], c))
        ids = {token: number for number, token in enumerate([*SPECIAL_TOKENS, *frequent])}
        backend = tokenizers.Tokenizer(models.WordLevel(ids, unk_token=UNK))
        if lowercase:
            backend.normalizer = normalizers.Lowercase()
        backend.pre_tokenizer = pre_tokenizers.Split(Regex(r"[\s\S]"), "isolated")
        return cls(backend)

    @classmethod
    def unigram(cls, scores: Mapping[str, float]) -> Tokenizer:
        """Pieces of words as SentencePiece cuts them: those whose scores have the greatest sum.

        A text is normalized as SentencePiece's ``nmt_nfkc`` does: NFKC, white space as single spaces, no control
        characters. The mark ``▁`` stands for a space, and for the beginning of the text: a token begins with its
        space, and a mark alone before a text has the place of the first character. The special tokens have the first
        ids.

        Args:
            scores: the logarithm of the probability of each piece, in the order of the ids. Six digits behind the point
                are kept: `tokenizers` reads more of them a little otherwise than it wrote them.
        """
        vocabulary = [
            *((token, 0.0) for token in SPECIAL_TOKENS),
            *((piece, round(score, 6)) for piece, score in scores.items()),
        ]
        backend = tokenizers.Tokenizer(models.Unigram(vocabulary, unk_id=SPECIAL_TOKENS.index(UNK)))
        backend.normalizer = normalizers.Sequence(
            [
                normalizers.Replace(Regex(_DROPPED), ""),
                normalizers.Replace(Regex(_SPACES), " "),
                normalizers.Replace(_WAVE, _NO_CHARACTER),  # which NFKC would make the tilde of ASCII
                normalizers.NFKC(),
                normalizers.Replace(_NO_CHARACTER, _WAVE),
                normalizers.Strip(),
                normalizers.Replace(Regex(" {2,}"), " "),
            ]
        )
        names = "|".join(token.strip("[]") for token in SPECIAL_TOKENS)
        backend.pre_tokenizer = pre_tokenizers.Sequence(
            [
                pre_tokenizers.Metaspace(prepend_scheme="always"),
                # The bracket of a special token that a text spells is set apart, so that no piece is that token.
                pre_tokenizers.Split(Regex(rf"\[(?=(?:{names})\])"), "isolated"),
            ]
        )
        return cls(backend)

    @classmethod
    def load(cls, path: Path) -> Tokenizer:
        """Read a ``tokenizer.json``. Raises BundleError if it does not exist or cannot be read."""
        if not path.is_file():
            raise BundleError(f"{path}: no such file; a checkpoint or a bundle needs its tokenizer.json")
        try:
            return cls(tokenizers.Tokenizer.from_file(str(path)))
        except Exception as error:  # tokenizers raises bare Exception
            raise BundleError(f"{path}: not a tokenizer of Hugging Face tokenizers: {error}") from error

    def save(self, path: Path) -> None:
        """Write ``tokenizer.json``."""
        self._backend.save(str(path))

    def to_json(self) -> str:
        """What `save` writes: equal for tokenizers that make the same ids of any text."""
        return self._backend.to_str()

    @property
    def is_unigram(self) -> bool:
        """Whether its tokens are pieces of words, which may hold several characters of any script."""
        return isinstance(self._backend.model, models.Unigram)

    @property
    def vocabulary(self) -> dict[str, int]:
        """All tokens with their ids."""
        return self._backend.get_vocab()

    def reduced(self, kept: Collection[int]) -> Tokenizer:
        """A tokenizer with only these ids and the special tokens, renumbered in the old order.

        Raises InputError if the vocabulary is not WordPiece, characters or Unigram.
        """
        record = json.loads(self._backend.to_str())
        kind = record["model"]["type"]
        if kind not in ("WordPiece", "WordLevel", UNIGRAM):
            raise InputError(f"a vocabulary of {kind} cannot be cut, only WordPiece, characters and Unigram")
        special = {*SPECIAL_TOKENS, *(token["content"] for token in record["added_tokens"])}
        wanted = {*kept}
        tokens = [token for token, number in self.vocabulary.items() if number in wanted or token in special]
        tokens.sort(key=self.vocabulary.__getitem__)
        numbers = {token: number for number, token in enumerate(tokens)}
        if kind == UNIGRAM:
            record["model"]["vocab"] = [pair for pair in record["model"]["vocab"] if pair[0] in numbers]
            record["model"]["unk_id"] = numbers[UNK]
        else:
            record["model"]["vocab"] = {token: numbers[token] for token in record["model"]["vocab"] if token in numbers}
        for token in record["added_tokens"]:
            token["id"] = numbers[token["content"]]
        record["post_processor"] = None  # it names ids, and `encode` adds no special tokens
        return Tokenizer(tokenizers.Tokenizer.from_str(json.dumps(record)))

    def former_ids(self, other: Tokenizer) -> NDArray[np.int64]:
        """For each id of this tokenizer, the id of the same token in `other`, which has all of them."""
        theirs = other.vocabulary
        former = np.zeros(self.vocabulary_size, dtype=np.int64)
        for token, number in self.vocabulary.items():
            former[number] = theirs[token]
        return former

    def __eq__(self, other: object) -> bool:
        """Whether both make the same ids from any text."""
        return isinstance(other, Tokenizer) and self.to_json() == other.to_json()

    def __hash__(self) -> int:
        return hash(self.to_json())

    @property
    def vocabulary_size(self) -> int:
        """Rows that an embedding table needs: one more than the largest id."""
        return max(self._backend.get_vocab().values()) + 1

    def encode(self, text: str) -> Tokens:
        """Tokenize a text of any length.

        A lone surrogate, which is not a character, is read as U+FFFD; offsets are still those of the original text.
        """
        alone = [self._alone.get(character) for character in text]
        if None not in alone:
            return self._known(alone, 0, len(text))
        gaps = _runs_of_none(alone)
        if len(gaps) * _CHARACTERS_A_CALL > len(text):
            return self._encode_whole(text)
        parts: list[Tokens] = []
        end = 0
        for start, stop in gaps:
            parts += [self._known(alone, end, start), self._encode_whole(text[start:stop], start)]
            end = stop
        parts.append(self._known(alone, end, len(text)))
        return Tokens(np.concatenate([part.ids for part in parts]), np.concatenate([part.offsets for part in parts]))

    def _encode_whole(self, text: str, shift: int = 0) -> Tokens:
        """Tokenize with the backend alone; `shift` is added to the offsets."""
        encoding = self._backend.encode(_SURROGATES.sub("\ufffd", text), add_special_tokens=False)
        ids = encoding.ids
        # np.array takes twice as long over a list of pairs.
        offsets = np.fromiter(chain.from_iterable(encoding.offsets), np.int64, 2 * len(ids)).reshape(-1, 2)
        return Tokens(np.array(ids, dtype=np.int64), offsets + shift)

    @staticmethod
    def _known(alone: list[int | None], start: int, end: int) -> Tokens:
        offsets = np.arange(start, end, dtype=np.int64)[:, None] + _ONE_CHARACTER
        return Tokens(np.array(alone[start:end], dtype=np.int64), offsets)

    @cached_property
    def _alone(self) -> dict[str, int]:
        """Characters that are one token whatever is next to them, such as Han characters and their punctuation.

        Most of a Chinese text consists of them, and looking them up is many times faster than the backend. They are
        found by asking the backend about each character of the vocabulary between letters, digits and itself.
        """
        if not isinstance(self._backend.model, (models.WordPiece, models.WordLevel)):
            return {}  # others may merge neighbours
        if any(not token.special for token in self._backend.get_added_tokens_decoder().values()):
            return {}  # those are found anywhere in a text
        singles = [token for token in self._backend.get_vocab() if len(token) == 1]
        encode = partial(self._backend.encode_batch, add_special_tokens=False)
        letter, digit = encode(["a", "1"])
        between = zip(encode([f"a{c}a" for c in singles]), encode([f"1{c}1{c}{c}" for c in singles]))
        single: dict[str, int] = {}
        for character, (letters, digits) in zip(singles, between):
            number = digits.ids[-1] if digits.ids else self.unk_id
            if (
                number != self.unk_id
                and letters.ids == [*letter.ids, number, *letter.ids]
                and digits.ids == [*digit.ids, number, *digit.ids, number, number]
            ):
                single[character] = number
        return single
