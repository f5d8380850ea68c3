"""The card of the worst examples: what is right beside what the model says, with a search and filters."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable

from paddle_ner.drawing import cards
from paddle_ner.drawing.marks import JOINER, Palette, marked, safe, said, scored
from paddle_ner.drawing.page import say
from paddle_ner.evaluation.diagnosis.diagnose import Diagnosis
from paddle_ner.evaluation.diagnosis.items import Item, Judged
from paddle_ner.evaluation.pages.words import KINDS
from paddle_ner.types import Entity

SHOWN = 200
_CHARACTERS = 400_000  # of all texts together, so that a browser can hold the page
_SCORES = 3  # classes shown with their scores


def worst(diagnosis: Diagnosis, other: str) -> str:
    """The examples with errors, the worst first; `other` is the name of the model to compare with."""
    title = ("The worst examples", "错误最严重的样本")
    if not diagnosis.worst:
        return cards.card(*title, f"<p>{say('Everything is right.', '全部正确。')}</p>")
    palette = Palette(figures.label for figures in diagnosis.labels)
    shown: list[str] = []
    kinds: Counter[str] = Counter()
    size = 0
    for place in diagnosis.worst[:SHOWN]:
        size += len(diagnosis.judged[place].example.text)
        if shown and size > _CHARACTERS:
            break
        its = _kinds(diagnosis, place)
        kinds.update(set(its))
        shown.append(_example(diagnosis, place, its, palette, other))
    more = '<button class="quiet more" id="more" data-en="show more" data-zh="显示更多" hidden></button>'
    return cards.card(*title, _filters(kinds, diagnosis, len(shown)), *shown, more)


def _kinds(diagnosis: Diagnosis, place: int) -> Counter[str]:
    """The kinds of errors of an example, and whether the other model has it right."""
    if diagnosis.pairs is None:
        its = Counter({"wrong": 1})
    else:
        its = Counter(str(pair.kind) for pair in diagnosis.pairs[place] if pair.kind != "right")
    if diagnosis.other is not None:
        its["other right" if diagnosis.other[place].is_right else "other wrong"] = 1
    return its


def _filters(kinds: Counter[str], diagnosis: Diagnosis, shown: int) -> str:
    def option(value: str, english: str, chinese: str) -> str:
        words = f'data-en="{safe(english)}" data-zh="{safe(chinese)}"'
        return f'<option value="{safe(value)}" {words}>{safe(english)}</option>'

    all_kinds = option("", "all kinds", "所有错误类型")
    by_kind = "".join(
        option(name.replace(" ", "-"), f"{KINDS[name][0]} ({kinds[name]})", f"{KINDS[name][1]}（{kinds[name]}）")
        for name in KINDS
        if kinds[name]
    )
    all_labels = option("", "all labels", "所有标签")
    by_label = "".join(
        option(figures.label, figures.label, figures.label) for figures in diagnosis.labels if figures.errors
    )
    total = len(diagnosis.worst)
    count = f'<b class="shown">{shown}</b>'
    counted = say(f"{count} shown of {total:,} with errors", f"显示 {count} 条，共 {total:,} 条有错误")
    key = (
        f"<mark class='lost' style='--hue:258'>{say('not found', '漏掉')}</mark> "
        f"<mark class='wrong' style='--hue:258'>{say('invented or wrong', '误报或出错')}</mark>"
    )
    return (
        '<div class="filters">'
        '<input type="search" id="search" data-en="search texts" data-zh="搜索文本" aria-label="search texts">'
        f"<label>{say('kind', '类型')} <select id='kind'>{all_kinds}{by_kind}</select></label>"
        f"<label>{say('label', '标签')} <select id='label'>{all_labels}{by_label}</select></label>"
        f"<span class='soft'>{counted}</span></div><p class='soft'>{key}</p>"
    )


def _example(diagnosis: Diagnosis, place: int, kinds: Counter[str], palette: Palette, other: str) -> str:
    judgement = diagnosis.judged[place]
    labels = sorted({item.label for item in judgement.gold ^ judgement.predicted.keys()})
    sides = [(say("gold", "标准答案"), _side(judgement, judgement.gold, palette, "lost", judgement.predicted.keys()))]
    sides.append((say("predicted", "预测"), _answered(judgement, palette)))
    if diagnosis.other is not None:
        sides.append((safe(other), _answered(diagnosis.other[place], palette)))
    name = judgement.example.id if judgement.example.id is not None else judgement.example.origin or str(place + 1)
    about = "".join(
        f"<span>{say(*KINDS[kind])}{f' {times}' if times > 1 else ''}</span>" for kind, times in kinds.items()
    )
    text = "" if judgement.answer.entities is not None else f'<p class="text">{safe(judgement.example.text)}</p>'
    three = " three" if len(sides) > 2 else ""
    drawn = "".join(f"<div><h4>{title}</h4>{side}</div>" for title, side in sides)
    named = " ".join(kind.replace(" ", "-") for kind in kinds)
    return (
        f'<article class="example" data-kinds="{named}" data-labels="{safe(json.dumps(labels, ensure_ascii=False))}">'
        f'<div class="about"><span>{safe(name)}</span>{about}</div>{text}'
        f'<div class="sides{three}">{drawn}</div></article>'
    )


def _answered(judgement: Judged, palette: Palette) -> str:
    """A model's answer, with errors outlined."""
    return _side(judgement, judgement.predicted, palette, "wrong", judgement.gold)


def _side(judgement: Judged, items: Iterable[Item], palette: Palette, style: str, right: Iterable[Item]) -> str:
    """Items of an example, those that are not `right` in the style."""
    agreed = set(right)
    if judgement.answer.entities is None:
        return _classes(judgement, sorted(items), palette, style, agreed)
    scores = {Item(*entity.span): entity for entity in judgement.answer.entities}

    def attributes(entity: Entity) -> str:
        item = Item(*entity.span)
        title = said(scores[item]) if style == "wrong" and item in scores else ""
        return _mark(entity.label, palette, "" if item in agreed else style, title)

    entities = [Entity.of(judgement.example.text, *item) for item in items]
    return f'<p class="text">{marked(judgement.example.text, entities, attributes, _tag)}</p>'


def _classes(judgement: Judged, items: list[Item], palette: Palette, style: str, agreed: set[Item]) -> str:
    scores = judgement.answer.scores or {}
    marks = " ".join(
        f"<mark {_mark(item.label, palette, '' if item in agreed else style)}>{safe(item.label)}</mark>"
        f" <span class='soft'>{scored(scores.get(item.label))}</span>"
        for item in items
    )
    return f"<p>{marks or '∅'}</p>"


def _mark(label: str, palette: Palette, style: str, title: str = "") -> str:
    named = f'class="{style}" ' if style else ""
    return f'{named}style="--hue:{palette.hue(label)}"' + (f' title="{safe(title)}"' if title else "")


def _tag(entity: Entity) -> str:
    return f"<small>{JOINER}{safe(entity.label)}</small>"
