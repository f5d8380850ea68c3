from __future__ import annotations

import pytest

from paddle_ner.data import ReadOptions, load
from paddle_ner.errors import InputError


def pairs(examples):
    return [(example.text, example.label) for example in examples]


def refusal(path, **options):
    with pytest.raises(InputError) as caught:
        load(path, options=ReadOptions(**options))
    assert "\n" not in str(caught.value)
    return str(caught.value)


REVIEWS = [
    "物流很快包装也好",
    "屏幕碎了还不退",
    "味道很好下次再来",
    "等位太久再也不来",
    "客服很有耐心",
    "电池用了两天就坏",
]


def test_chinese_names_tell_text_label_and_id(make_file, read_all):
    examples, problems = read_all(
        make_file("a.csv", f"编号,评论内容,情感倾向\n1,{REVIEWS[0]},好评\n2,{REVIEWS[1]},差评\n")
    )
    assert pairs(examples) == [(REVIEWS[0], "好评"), (REVIEWS[1], "差评")]
    assert [example.id for example in examples] == ["1", "2"] and not problems


def test_one_known_name_is_enough_for_a_header(make_file, read_all):
    path = make_file("a.tsv", f"x1\tlabel\n{REVIEWS[0]}\t好评\n{REVIEWS[1]}\t差评\n{REVIEWS[2]}\t好评\n")
    assert pairs(read_all(path)[0]) == [(REVIEWS[0], "好评"), (REVIEWS[1], "差评"), (REVIEWS[2], "好评")]


def test_a_first_row_that_may_be_a_header_is_refused(make_file, read_all):
    rows = [(text, "好" if index % 2 else "差") for index, text in enumerate(REVIEWS)]
    path = make_file("a.tsv", "甲乙\t丙丁\n" + "".join(f"{text}\t{label}\n" for text, label in rows))
    assert "--header or --no-header" in refusal(path)
    assert pairs(read_all(path, header=False)[0]) == [("甲乙", "丙丁"), *rows]


def test_the_column_that_repeats_is_the_label(make_file, read_all):
    rows = [(text, str(index % 2)) for index, text in enumerate(REVIEWS)]
    path = make_file("a.tsv", "".join(f"{label}\t{text}\n" for text, label in rows))
    assert pairs(read_all(path)[0]) == rows


def test_columns_without_names_that_fit_two_readings_are_refused(make_file):
    path = make_file("a.csv", "".join(f"{text},{text[::-1]},{text[1:]}\n" for text in REVIEWS))
    message = refusal(path)
    assert all(option in message for option in ("--text-field", "--label-field", "--header"))


def test_two_names_of_a_text_are_refused(make_file, read_all):
    path = make_file("a.csv", f"内容,标题,标签\n{REVIEWS[0]},物流,好评\n")
    assert "--text-field" in refusal(path)
    assert pairs(read_all(path, text_field="标题")[0]) == [("物流", "好评")]


@pytest.mark.parametrize("header", ["Sentence #,Word,Tag\n", "句子编号,字,标注\n", ""])
def test_a_token_a_row_is_refused_by_name(make_file, header):
    message = refusal(make_file("a.csv", f"{header}1,王芳,B-PER\n1,在,O\n1,北京,B-LOC\n2,他,O\n2,去,O\n2,上海,B-LOC\n"))
    assert "a token and its tag a row" in message and "conll" in message
