from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddle_ner.features.sentences import sentence_ends


def sentences(text: str) -> list[str]:
    return [text[start:end] for start, end in pairwise([0, *sentence_ends(text)])]


@pytest.mark.parametrize(
    "parts",
    [
        ["雷军在北京。", "他是谁？！", "走！"],
        ["甲；", "乙;", "丙……", "丁?", "戊!", "己｡", "庚"],
        ["第一行\n", "第二行\r\n\r\n　　", "第三行\u2028", "第四行"],
        ["他说：“走吧。”", "（见上。）", '他说"好。"', '"走。"', "「走。」"],
        ["好。 　👍", "好。👍\u200d👍", "坏"],
        ["They left Beijing. ", "He stayed. ", "(It rained.) ", "End"],
        ["It was in 2020. ", "他在北京. ", "End"],
    ],
)
def test_a_sentence_takes_along_what_closes_it(parts: list[str]) -> None:
    assert sentences("".join(parts)) == parts


@pytest.mark.parametrize(
    "text",
    [
        "",
        "圆周率是3.14吗",
        "1. 北京",
        "Mr. Smith of the U.S. Army met St. John and Dr. J. K. Lee, see fig. A",
        "Apple Inc. said",
        "see etc. and vs. Rome",
        "见http://a.cn/?a=1;b=2!c和www.a.cn/?q的页",
        "甲&nbsp;乙&#12290;丙&amp;丁",
        "schu;ller和a?b",
        "《南京！南京！》和《GO！纯情。》的票",
        "他问“好吗？”，没人答（真的！）、再问",
        "……。！？",
        "\n\n  北京",
    ],
)
def test_what_is_no_end_does_not_cut(text: str) -> None:
    assert sentences(text) == [text]


@given(
    st.lists(
        st.sampled_from(["雷军在北京。", "他是谁？！", "走吧!", "第一行\n", "“走。”", "《好！》看。", "It's a dog. "]),
        min_size=1,
    )
)
def test_sentences_are_the_same_in_any_text(parts: list[str]) -> None:
    assert sentences("".join(parts)) == parts


@given(st.text(alphabet="甲a1。！?;.…，\n \"'”》《👍&:/w", max_size=60))
def test_the_sentences_are_the_text(text: str) -> None:
    ends = sentence_ends(text)
    assert ends[-1] == len(text)
    assert ends == sorted(set(ends)) and (ends[0] > 0 or not text)
