"""The names under which tables hold texts, labels and ids, in Chinese and in English."""

from __future__ import annotations

import re
from collections.abc import Sequence

_FIRST_TEXTS = ("text", "文本", "text_a", "texta", "sentence", "sentence1", "sentence_a", "句子", "句子1")
_TEXTS = """
content contents query title review reviews comment comments review_text comment_text comment_content review_body
review_content text1 utterance question question1 body document doc message msg tweet post input abstract headline
passage description summary news ask raw_text full_text originaltext original_text sent sentences texts tokens words
内容 评论 评论内容 评价 评价内容 评论文本 评价文本 句 语句 标题 题目 正文 问题 提问 问句 文字 原文 短文本 新闻 新闻标题
新闻内容 微博 微博内容 微博中文内容 留言 留言内容 描述 摘要 病情描述 用户评论 用户评价 弹幕 话术 输入
商品评论 语料 待分类文本
""".split()  # noqa: SIM905
_FIRST_LABELS = ("label", "labels", "标签", "label_name", "labelname")
_LABELS = """
class classes category categories cat sentiment polarity emotion intent intention target targets y tag tags type topic
rating star stars score stance class_name category_name sentiment_label class_label label_id gold label1 output
ner ner_tag ner_tags bio bio_tag bio_tags iob iob_tags slots
类别 类 分类 类型 种类 情感 情感倾向 情感极性 情感标签 情感类别 情绪 倾向 极性 意图 主题 话题 评分 打分 星级 标注 标记
标签名 所属类别 类别标签 分类标签 一级分类 结果 目标 输出 立场 领域
实体标签 标签序列 标注序列
""".split()  # noqa: SIM905
_IDS = """
id idx index no no. num number nr row rowid row_id uid guid uuid qid sid pid tid docid doc_id sample_id example_id
text_id sentence_id sent_id question_id query_id comment_id review_id news_id key pk #
sentence_#
编号 序号 号 行号 索引 标识 主键 序列号 样本编号 样本id 评论id 微博id 数据id 文本id 问题id 新闻id 文本编号 问题编号
""".split()  # noqa: SIM905
_SECOND_TEXTS = re.compile(
    r"(text|sentence|question|query|sent|文本|句子|问题|标题)[_ -]?(b|2|two|二|乙)|premise|hypothesis|text_pair"
)
_ANSWERS = "answer answers reply response context 回答 答案 回复 答复 上下文".split()  # noqa: SIM905
_ENTITIES = """
entity entities mention span start begin end start_offset end_offset start_pos end_pos start_idx end_idx offset
实体 实体名 实体名称 起始 起始位置 开始位置 结束位置 终止位置
""".split()  # noqa: SIM905

TOKEN_NAMES = frozenset(
    "token tokens word words form char chars character text sentence 字 词 字符 单词 词语 汉字 文本".split()  # noqa: SIM905
)
"""Names of a column of tokens, in a file with a token and its tag on each line."""
TEXT_NAMES = (*_FIRST_TEXTS, *_TEXTS)
"""Names of a column or field of texts, the least ambiguous first."""
LABEL_NAMES = (*_FIRST_LABELS, *_LABELS)
"""Names of a column or field of labels, the least ambiguous first."""


def normal(name: str) -> str:
    """A name as this module lists it: lower case, underscores for spaces, without quotes or a note in brackets."""
    bare = re.sub(r"(?<=.)\s*[(（][^()（）]*[)）]$", "", name.strip("\"'\ufeff \t"))
    return re.sub(r"\s+", "_", bare.lower())


def texts_among(names: Sequence[str]) -> list[int]:
    """The columns that are named like a text; only those with an unambiguous name if there are any."""
    return _among(names, _FIRST_TEXTS, _TEXTS)


def labels_among(names: Sequence[str]) -> list[int]:
    """The columns that are named like a label; only those with an unambiguous name if there are any."""
    return _among(names, _FIRST_LABELS, _LABELS)


def ids_among(names: Sequence[str]) -> list[int]:
    """The columns that are named like an id; only ``id`` if there is one."""
    return _among(names, ("id",), _IDS)


def second_texts_among(names: Sequence[str]) -> list[int]:
    """The columns that are named like the second text of a pair."""
    return [index for index, name in enumerate(names) if _SECOND_TEXTS.fullmatch(normal(name))]


def answers_among(names: Sequence[str]) -> list[int]:
    """The columns that are named like the answer to another text."""
    return [index for index, name in enumerate(names) if normal(name) in _ANSWERS]


def entities_among(names: Sequence[str]) -> list[int]:
    """The columns that are named like an entity or one of its offsets."""
    return [index for index, name in enumerate(names) if normal(name) in _ENTITIES]


def is_known(name: str) -> bool:
    """Whether a cell is a usual name of a column of texts, labels or ids."""
    return bool(texts_among([name]) or labels_among([name]) or ids_among([name]))


def _among(names: Sequence[str], first: Sequence[str], others: Sequence[str]) -> list[int]:
    normals = [normal(name) for name in names]
    for known in (first, others):
        columns = [index for index, name in enumerate(normals) if name in known]
        if columns:
            return columns
    return []
