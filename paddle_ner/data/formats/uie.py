"""UIE's training data, JSON lines: a text, a prompt, and in `result_list` what the prompt asks for.

Each record asks for one type, so the records of one text, wherever they are in the file, become one Example; the file
is read whole for that. A prompt such as 情感[正向,负向] asks for a class, and its results lie in the prompt. A prompt
about an entity of the text (王小明的出生地) asks for a relation, which is not part of an Example: those are counted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from paddle_ner.data.beginning import Beginning
from paddle_ner.data.formats.fields import Misfit, offset_of, others, shown, text_of
from paddle_ner.data.formats.format import Fit, Format
from paddle_ner.data.json_source import Record, json_records
from paddle_ner.data.options import ReadOptions
from paddle_ner.data.records import Draft, Rejected, Remark, Span
from paddle_ner.errors import Problem

_CHOICE = re.compile(r"(.*)\[(.+)\]", re.DOTALL)
_RELATION = re.compile("(.+)的.+", re.DOTALL)


@dataclass(slots=True)
class _Text:
    """What the records of a text say: the results of each prompt, and its line."""

    line: int
    fields: dict[str, Any]
    prompts: dict[str, tuple[int, list[Span]]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def _drafts(path: Path, options: ReadOptions) -> Iterator[Draft | Rejected | Remark]:
    names = ("content", "text") if options.text_field is None else (str(options.text_field),)
    texts: dict[str, _Text] = {}
    repeated = 0
    for record in json_records(path, options.encoding):
        if not isinstance(record, Record):
            yield record
            continue
        try:
            content = text_of(record.value, names)
        except Misfit as error:
            yield Rejected.at(path, record.line, str(error))
            continue
        rest = others(record.value, *names, "prompt", "result_list")
        text = texts.setdefault(content, _Text(record.line, rest))
        try:
            repeated += not options.texts_only and _add(text, record)
        except Misfit as error:
            text.problems.append(Problem(str(path), record.line, str(error)))
    relations = 0
    asking = _relations(texts)
    for content, text in texts.items():
        if options.texts_only:
            yield Draft(text.line, content, fields=text.fields)
            continue
        draft, left_out = _draft(path, content, text, asking)
        relations += left_out
        yield draft
    if repeated:
        yield Remark(f"{repeated:,} record{'s' * (repeated != 1)} with the text, prompt and results of another")
    if relations:
        yield Remark(f"{relations:,} record{'s' * (relations != 1)} left out that ask for a relation of an entity")


def _add(text: _Text, record: Record) -> bool:
    """Add the results of a record; return whether they were there already. Raises Misfit."""
    prompt, results = record.value.get("prompt"), record.value.get("result_list")
    if not isinstance(prompt, str) or not prompt.strip():
        raise Misfit(f'"prompt" is {shown(prompt)}, expected the name of a type')
    if not isinstance(results, list):
        raise Misfit(f'"result_list" is {shown(results)}, expected an array of objects with "text", "start" and "end"')
    spans = [_span(result, prompt, record.line) for result in results]
    line, before = text.prompts.setdefault(prompt, (record.line, spans))
    if line == record.line:
        return False
    if {(span.start, span.end) for span in before} != {(span.start, span.end) for span in spans}:
        raise Misfit(f"prompt {prompt!r} of this text has other results on line {line}, expected each prompt once")
    return True


def _span(result: Any, prompt: str, line: int) -> Span:
    if not isinstance(result, dict):
        raise Misfit(f'a result is {shown(result)}, expected an object with "text", "start" and "end"')
    surface = result.get("text")
    if not isinstance(surface, str):
        raise Misfit(f'"text" of a result is {shown(surface)}, expected a string')
    absent = 0 if _CHOICE.fullmatch(prompt) else None  # the offsets of a class have no meaning
    start, end = result.get("start", absent), result.get("end", absent)
    return Span(offset_of(start, "start"), offset_of(end, "end"), prompt, surface, line)


def _relations(texts: Mapping[str, _Text]) -> frozenset[str]:
    """The prompts that ask for a relation: 王小明的出生地, where every text with results of it holds 王小明."""
    asking: dict[str, bool] = {}
    for content, text in texts.items():
        for prompt, (_, spans) in text.prompts.items():
            match = _RELATION.fullmatch(prompt)
            if match is not None and spans and not _CHOICE.fullmatch(prompt):
                asking[prompt] = asking.get(prompt, True) and match[1] in content
    return frozenset(prompt for prompt, is_relation in asking.items() if is_relation)


def _draft(path: Path, content: str, text: _Text, asking: frozenset[str]) -> tuple[Draft | Rejected, int]:
    """The draft of a text, and how many of its records ask for relations, as the prompts of `asking` do."""
    if text.problems:
        return Rejected(tuple(text.problems)), 0
    choices = [prompt for prompt in text.prompts if _CHOICE.fullmatch(prompt)]
    types = [prompt for prompt in text.prompts if prompt not in choices]
    if choices and types:
        line = text.prompts[types[0]][0]
        message = (
            f"{types[0]!r} asks for entities, {choices[0]!r} for a class of one text: expected entities or classes"
        )
        return Rejected.at(path, line, message), 0
    if choices:
        try:
            labels = tuple(_class(span) for prompt in choices for span in text.prompts[prompt][1])
        except Misfit as error:
            return Rejected.at(path, text.line, str(error)), 0
        return Draft(text.line, content, label=labels, fields=text.fields), 0
    relations = asking.intersection(types)
    spans = [span for prompt in types if prompt not in relations for span in text.prompts[prompt][1]]
    return Draft(text.line, content, spans, fields=text.fields), len(relations)


def _class(span: Span) -> str:
    match = _CHOICE.fullmatch(span.label)
    known = re.split("[,\uff0c]", match[2]) if match else []
    if span.surface not in known:
        raise Misfit(f"result {span.surface!r} is none of the prompt {span.label!r}, expected {' or '.join(known)}")
    return str(span.surface)


def _recognise(beginning: Beginning) -> Fit:
    return Fit.SURE if any("result_list" in record for record in beginning.records) else Fit.NO


FORMAT = Format(
    "uie",
    "UIE's and PaddleNLP's JSON lines: content, prompt and result_list; the records of a text are joined",
    _drafts,
    _recognise,
    frozenset({"offsets", "text_field"}),
)
