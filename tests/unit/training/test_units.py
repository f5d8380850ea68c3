from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

import pytest

from paddle_ner.config import MaskingConfig
from paddle_ner.features.tokenizer import SPECIAL_TOKENS, Tokenizer
from paddle_ner.tasks.terms import Terms
from paddle_ner.training.units import Units
from paddle_ner.types import Entity, Prediction

TEXT = "小明在北京大学读iPhone说明书"
TOKENIZER = Tokenizer.characters([TEXT], lowercase=False)


def units(
    text: str, *, tokenizer: Tokenizer = TOKENIZER, terms: Terms | None = None, model: object = None, **masking: Any
) -> list[str]:
    """The units of a text, as strings."""
    tokens = tokenizer.encode(text)
    (starts,) = Units(MaskingConfig(**masking), terms, model).starts([text], [tokens])
    begins = [int(begin) for begin, first in zip(tokens.offsets[:, 0], starts, strict=True) if first]
    return [text[a:b].strip() for a, b in pairwise([*begins, len(text)])]


def test_the_words_of_jieba_are_units() -> None:
    assert units(TEXT) == ["小明", "在", "北京大学", "读", "iPhone", "说明书"]


def test_the_pieces_of_a_latin_word_are_one_unit() -> None:
    tokenizer = Tokenizer.wordpiece([*SPECIAL_TOKENS, "读", "i", "##phone", "的", "书"])
    assert units("读 iPhone 的书", tokenizer=tokenizer) == ["读", "iPhone", "的", "书"]


def test_without_words_each_token_is_a_unit() -> None:
    assert units("北京大学", units="tokens") == ["北", "京", "大", "学"]


@pytest.mark.parametrize("kind", ["words", "tokens"])
def test_a_term_is_a_unit_whatever_the_words_are(kind: str) -> None:
    terms = Terms({"在北京": "X"}, [(re.compile(r"学读i"), "Y")])
    assert "在北京" in units(TEXT, terms=terms, units=kind)
    assert "学读i" in units(TEXT, terms=terms, units=kind)


def test_an_entity_of_a_model_is_a_unit_unless_it_overlaps_a_term() -> None:
    class Finder:
        def stream(self, texts: list[str]) -> list[Prediction]:
            entities = [Entity.of(TEXT, 0, 3, "PER"), Entity.of(TEXT, 7, 9, "ORG")]
            return [Prediction(text, entities=tuple(entities)) for text in texts]

    found = units(TEXT, model=Finder(), terms=Terms({"读iPhone": "X"}))
    assert found[0] == "小明在"
    assert "读iPhone" in found


def test_a_long_unit_is_several() -> None:
    assert units(TEXT, longest=3) == ["小明", "在", "北京大", "学", "读", "iPh", "one", "说明书"]


def test_a_text_without_tokens_has_no_unit() -> None:
    assert units("") == []
