from __future__ import annotations

from paddle_ner.data.inspection.characters import mixed_scripts, unknown, unseen
from paddle_ner.features.tokenizer import Tokenizer
from paddle_ner.types import Example


def texts(*values: str) -> list[Example]:
    return [Example(value, origin=f"a:{line}") for line, value in enumerate(values, start=1)]


def test_characters_that_cannot_be_seen_are_told_by_their_codes() -> None:
    (found,) = unseen(texts("北\u200b京\u200b", "好\ufffd", "行\n行\t　好👨\u200d👩"))
    assert found.count == 2 and "U+200B 2, U+FFFD 1; remove them" in found.message
    assert [str(place) for place in found.places] == ["a:1: 北[\\u200b]京\\u200b", "a:2: 好[�]"]


def test_two_scripts_in_one_text() -> None:
    (found,) = mixed_scripts(texts("我们听说台湾讲國語時間", "我们这里说话", "陶喆们说这里"))
    assert (found.check, found.count) == ("mixed-script", 1)
    assert [place.origin for place in found.places] == ["a:1"] and "[國]" in found.places[0].shown


def test_two_scripts_in_different_texts() -> None:
    (found,) = mixed_scripts(texts(*["我们这里说话"] * 7, *["我們這裡說話"] * 5))
    assert (found.check, found.severity, found.count) == ("two-scripts", "note", 5)
    assert found.message.startswith("7 texts in simplified and 5 in traditional characters")


def test_characters_that_the_vocabulary_lacks() -> None:
    tokenizer = Tokenizer.characters(["在北京的人们"])
    (found,) = unknown(texts("在北京", "垚在京", "垚垚䶮"), tokenizer, "mine")
    assert (found.severity, found.count) == ("warning", 4)
    assert "4 characters (44.44%) in 2 texts that the vocabulary of mine lacks" in found.message
    assert found.message.endswith(": 垚 3, 䶮 1")
    assert list(unknown(texts("在北京"), tokenizer, "mine")) == []
