"""What columns are for, told by their names alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from paddle_ner.data.tables import names as column_names

Among = Callable[[Sequence[str]], list[int]]


@pytest.mark.parametrize(
    ("name", "plain"),
    [("Text", "text"), (' "评论"', "评论"), ("review  body", "review_body"), ("标签(0或1)", "标签"), ("(注)", "(注)")],
)
def test_case_quotes_spaces_and_notes_are_no_part_of_a_name(name: str, plain: str) -> None:
    assert column_names.normal(name) == plain


@pytest.mark.parametrize(
    ("among", "names", "columns"),
    [
        (column_names.texts_among, ["id", "评论", "标题"], [1, 2]),
        (column_names.texts_among, ["title", "text", "review"], [1]),  # beyond doubt
        (column_names.labels_among, ["text", "Sentiment", "label"], [2]),
        (column_names.labels_among, ["内容", "类别", "情感"], [1, 2]),
        (column_names.ids_among, ["编号", "ID", "text"], [1]),
        (column_names.second_texts_among, ["sentence1", "sentence2", "text_b", "premise"], [1, 2, 3]),
        (column_names.answers_among, ["question", "回答"], [1]),
        (column_names.entities_among, ["text", "实体", "start"], [1, 2]),
        (column_names.labels_among, ["甲", "乙"], []),
    ],
)
def test_columns_are_found_by_name(among: Among, names: list[str], columns: list[int]) -> None:
    assert among(names) == columns


def test_a_cell_that_is_called_like_a_column_is_known() -> None:
    assert column_names.is_known("文本") and column_names.is_known("Label") and column_names.is_known("序号")
    assert not column_names.is_known("今天天气很好")
