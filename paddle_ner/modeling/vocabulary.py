"""The vocabulary that a pretrained encoder was trained with, and the tokenizer that it makes."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paddle_ner.errors import InputError
from paddle_ner.features.tokenizer import CHARACTERS, UNIGRAM, Tokenizer
from paddle_ner.modeling.encoders import transformers
from paddle_ner.modeling.pretrained import downloading, local_folder

_TOKENIZER = "tokenizer.json"
_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Tokens in the order of their ids, and whether text is lower-cased before it is looked up."""

    tokens: tuple[str, ...]
    lowercase: bool


def tokenizer_of(source: str | Path, log: Callable[[str], None] = _logger.warning) -> Tokenizer:
    """The tokenizer of a local folder or of a published name: WordPiece, or that of its ``tokenizer.json``.

    The latter is taken as it is if it is one of Unigram, or of single characters, as a training from random weights
    writes it. `vocabulary_of` says what is read of a WordPiece vocabulary, and what `log` is told.

    Raises:
        InputError: there is no vocabulary, or it is of another kind.
        BundleError: such a ``tokenizer.json`` cannot be read.
    """
    folder = local_folder(source, log)
    if folder is not None and _is_taken_whole(folder):
        return Tokenizer.load(folder / _TOKENIZER)
    vocabulary = _download(str(source)) if folder is None else _read(folder)
    return Tokenizer.wordpiece(vocabulary.tokens, vocabulary.lowercase)


def _is_taken_whole(folder: Path) -> bool:
    kind = _json(folder / _TOKENIZER).get("model", {}).get("type")
    return kind == UNIGRAM or (kind == CHARACTERS and not (folder / "vocab.txt").is_file())


def vocabulary_of(source: str | Path, log: Callable[[str], None] = _logger.warning) -> Vocabulary:
    """The WordPiece vocabulary of a local folder (``vocab.txt`` or ``tokenizer.json``) or of a published name.

    Whether text is lower-cased is what ``tokenizer_config.json`` or ``tokenizer.json`` says; where neither does, it is,
    as in PaddleNLP's tokenizers of BERT and ERNIE. A folder is read without any network and without a framework.
    `local_folder` says what `source` may be, and what `log` is told.

    Raises:
        InputError: there is no vocabulary, or it is not one of WordPiece.
    """
    folder = local_folder(source, log)
    return _download(str(source)) if folder is None else _read(folder)


def _read(folder: Path) -> Vocabulary:
    config, tokenizer = (_json(folder / name) for name in ("tokenizer_config.json", _TOKENIZER))
    normalizer = tokenizer.get("normalizer") or {}
    lowercase = bool(config.get("do_lower_case", normalizer.get("lowercase", True)))
    if (folder / "vocab.txt").is_file():
        return Vocabulary(_read_lines(folder / "vocab.txt"), lowercase)
    if tokenizer:
        model = tokenizer.get("model", {})
        if model.get("type", "WordPiece") != "WordPiece" or not isinstance(model.get("vocab"), dict):
            raise InputError(f"{folder / _TOKENIZER}: its model is {model.get('type')}, expected WordPiece")
        return Vocabulary(_by_id(folder / _TOKENIZER, model["vocab"]), lowercase)
    raise InputError(f"{folder}: no vocabulary; looked for vocab.txt and {_TOKENIZER}")


def _download(name: str) -> Vocabulary:
    nlp = transformers()
    with downloading(name):
        from paddlenlp.utils.download import resolve_file_path

        # Asked for first, since a name that does not exist has no config either.
        nlp.AutoConfig.from_pretrained(name)
        tokenizer = _tokenizer_of(name)
        published = tokenizer.pretrained_resource_files_map["vocab_file"][name] if tokenizer else "vocab.txt"
        path = resolve_file_path(name, [published])
        if path is None:
            raise OSError(f"it has no {published}")
    settings = tokenizer.pretrained_init_configuration.get(name, {}) if tokenizer else {}
    return Vocabulary(_read_lines(Path(path)), bool(settings.get("do_lower_case", True)))


def _tokenizer_of(name: str) -> Any:
    """PaddleNLP's tokenizer that is published with a model of this name; None where it knows none."""
    for value in vars(transformers()).values():
        files = getattr(value, "pretrained_resource_files_map", None)
        if isinstance(value, type) and isinstance(files, dict) and name in files.get("vocab_file", {}):
            return value
    return None


def _read_lines(path: Path) -> tuple[str, ...]:
    """Lines of ``token``, or of ``token<TAB>id`` as some of ERNIE's vocabularies have."""
    try:
        # Only line feeds end a line: a vocabulary may hold U+2028 or U+0085 as a token.
        lines = path.read_text("utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8: {error}") from error
    while lines and not lines[-1]:
        lines.pop()
    pairs = [line.rsplit("\t", 1) for line in lines]
    if pairs and all(len(pair) == 2 and pair[1].isdigit() for pair in pairs):
        return _by_id(path, {token: int(number) for token, number in pairs})
    return tuple(lines)


def _by_id(path: Path, ids: dict[str, int]) -> tuple[str, ...]:
    if sorted(ids.values()) != list(range(len(ids))):
        raise InputError(f"{path}: the ids of its {len(ids)} tokens are not 0 to {len(ids) - 1}, each once")
    return tuple(sorted(ids, key=ids.__getitem__))


def _json(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        record = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise InputError(f"{path}: expected JSON: {error}") from error
    if not isinstance(record, dict):
        raise InputError(f"{path}: expected a JSON object")
    return record
