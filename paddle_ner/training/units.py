"""The parts of a text that are masked together: words, terms, and entities that a model finds."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paddle_ner import inference
from paddle_ner.config import MaskingConfig, PretrainConfig
from paddle_ner.features.tokenizer import Tokens
from paddle_ner.tasks import terms_file
from paddle_ner.tasks.terms import Terms
from paddle_ner.types import Entity


class Units:
    """Cuts texts into units, none longer than ``masking.longest`` tokens.

    Args:
        config: what the units are.
        terms: each term is a unit.
        model: as `paddle_ner.load` gives it; each of its entities is a unit, if it overlaps no term.
    """

    def __init__(self, config: MaskingConfig, terms: Terms | None = None, model: Any = None) -> None:
        self._config, self._terms, self._model = config, terms, model

    @classmethod
    def of(cls, config: PretrainConfig) -> Units:
        """The units of a config. Raises as `terms_file.gazetteer` and `paddle_ner.load` do."""
        masking = config.masking
        terms = None if masking.terms is None else terms_file.gazetteer(config.data.resolve(masking.terms))
        # One engine: training processes share the machine already.
        model = None if masking.model is None else inference.load(Path(masking.model), replicas=1)
        return cls(masking, terms, model)

    def starts(self, texts: Sequence[str], tokens: Sequence[Tokens]) -> list[NDArray[np.bool_]]:
        """For each text, whether each of its tokens begins a unit."""
        return list(map(self._starts, texts, tokens, self._entities(texts)))

    def _entities(self, texts: Sequence[str]) -> Iterator[list[Entity]]:
        """The terms of each text and the other entities that the model finds, in any order."""
        predictions: Iterable[Any] = [None] * len(texts) if self._model is None else self._model.stream(texts)
        for text, prediction in zip(texts, predictions, strict=True):
            if self._terms is None:
                yield list(prediction.entities or ()) if prediction else []
            else:
                yield list(self._terms.merge(prediction).entities or ()) if prediction else self._terms.find(text)

    def _starts(self, text: str, tokens: Tokens, entities: Sequence[Entity]) -> NDArray[np.bool_]:
        begins = np.ones(len(text) + 1, dtype=np.bool_)
        if self._config.units == "words":
            begins[:] = False
            begins[_word_starts(text)] = True
        for entity in entities:
            begins[entity.start : entity.end] = False
            begins[[entity.start, entity.end]] = True
        starts = begins[tokens.offsets[:, 0]]
        starts[:1] = True
        place = np.arange(len(starts))
        first = np.maximum.accumulate(np.where(starts, place, 0))
        begin: NDArray[np.bool_] = (place - first) % self._config.longest == 0
        return begin


def _word_starts(text: str) -> list[int]:
    """The places where jieba's words begin."""
    import jieba

    jieba.setLogLevel(logging.WARNING)
    starts, at = [], 0
    for word in jieba.cut(text):
        starts.append(at)
        at += len(word)
    return starts
