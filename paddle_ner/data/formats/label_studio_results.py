"""What the results of one annotation of Label Studio say of one text: its entities, its classes, and what is left out.

Read are labels (entities), choices and taxonomies (classes); a taxonomy's path is one class, its steps joined by ``/``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from paddle_ner.data.formats.fields import Misfit, label_of, labels_of, offset_of, shown
from paddle_ner.data.json_source import Record
from paddle_ner.data.records import Draft, Rejected, Remark, Span

ENTITY_KINDS = ("labels", "hypertextlabels")
CLASS_KINDS = ("choices", "taxonomy")
_MARKUP = re.compile(r"</?[A-Za-z][^<>]*>|&(\w+|#\d+);")
READ = (*ENTITY_KINDS, *CLASS_KINDS)


@dataclass(slots=True)
class LeftOut:
    """Counts of the results that were not read, for a line each to the user.

    Attributes:
        kinds: results of kinds that are neither entities nor classes, by kind.
        attributes: choices about an entity, not about the text.
        other_texts: results about another text of their task.
        unlabelled: tasks without labels, but with predictions or drafts.
        controls: entities that were read, by the control that marked them.
        links: texts that are only an address.
    """

    kinds: Counter[str] = field(default_factory=Counter)
    attributes: int = 0
    other_texts: int = 0
    unlabelled: int = 0
    controls: Counter[str] = field(default_factory=Counter)
    links: int = 0

    def remarks(self) -> Iterator[str]:
        """The lines; none if everything was read."""
        if self.kinds:
            shown_kinds = ", ".join(f"{kind} {count:,}" for kind, count in self.kinds.most_common())
            yield f"left out results that are neither entities nor classes: {shown_kinds}"
        if self.attributes:
            plural = "s" * (self.attributes != 1)
            yield f"left out {self.attributes:,} choice{plural} about an entity, not about the text"
        if self.other_texts:
            yield f"left out {self.other_texts:,} result{'s' * (self.other_texts != 1)} about another text of the task"
        if self.unlabelled:
            tasks = "1 task has" if self.unlabelled == 1 else f"{self.unlabelled:,} tasks have"
            yield f"{tasks} no annotation, but predictions or drafts, which are not read"
        if self.links:
            texts = "1 text is an address" if self.links == 1 else f"{self.links:,} texts are addresses"
            yield f'{texts} and nothing else: where the labeling config says valueType="url", the export has no texts'
        if len(self.controls) > 1:
            shown_controls = ", ".join(f"{name} {count:,}" for name, count in self.controls.most_common())
            yield f"the entities of several controls are read together: {shown_controls} (--label-field names one)"


@dataclass(frozen=True, slots=True)
class Annotated:
    """What one annotation says. Without a readable result, `spans` and `classes` are None.

    `control` is the control of the classes.
    """

    spans: tuple[Span, ...] | None = None
    classes: tuple[str, ...] | None = None
    control: str | None = None


def drafts_of(
    path: Path,
    records: Callable[[], Iterator[Record | Rejected | Remark]],
    draft: Callable[[Record], tuple[Draft, str | None, str]],
    is_read: Callable[[Any], bool],
    kind: str = "",
) -> Iterator[Draft | Rejected | Remark]:
    """The drafts of an export; each record is judged with regard to the whole file.

    Args:
        path: the file, for messages.
        records: a function that reads it from its beginning.
        draft: the draft of a record; with it the question whose classes it has, and what is wrong with it if no record
            of the file has anything that is read.
        is_read: whether a record has something that is read.
        kind: the name of such a question in messages.
    """
    asked: tuple[str, int] | None = None

    @cache
    def any_is_read() -> bool:
        return any(is_read(record.value) for record in records() if isinstance(record, Record))

    for record in records():
        if not isinstance(record, Record):
            yield record
            continue
        try:
            made, question, unread = draft(record)
            if unread and not any_is_read():
                raise Misfit(unread)
            if question is not None and asked is not None and question != asked[0]:
                raise Misfit(
                    f"classes of {kind}{question}, but {path}:{asked[1]} has those of {asked[0]}: name one with"
                    " --label-field"
                )
            asked = asked or (None if question is None else (question, record.line))
            yield made
        except Misfit as error:
            yield Rejected.at(path, record.line, str(error))


def annotated(
    results: Sequence[Mapping[str, Any]],
    texts: Mapping[str, Any],
    text_name: str,
    control: str | None,
    left_out: LeftOut,
) -> Annotated:
    """The entities or classes of a text.

    Args:
        results: the results of one annotation.
        texts: the data of the task.
        text_name: the key of the text among them.
        control: the name of the control (``from_name``) to read alone; None reads all.
        left_out: counts what is not read.

    Raises:
        Misfit: entities and classes of one text, or classes of two questions, and no `control` says which to read.
    """
    spans: list[Span] = []
    classes: list[str] = []
    asked: dict[Any, None] = {}
    for result in _of_text(results, texts, text_name, left_out):
        kind, value = result.get("type"), result.get("value")
        if kind not in READ or (control is not None and result.get("from_name") != control):
            left_out.kinds[str(kind) if kind not in READ else f"{kind} of {result.get('from_name')}"] += 1
            continue
        if not isinstance(value, Mapping):
            raise Misfit(f'"value" of a result is {shown(value)}, expected an object')
        if kind in ENTITY_KINDS:
            if kind == "hypertextlabels" and _MARKUP.search(str(texts.get(text_name))):
                raise Misfit("entities in HTML, whose offsets count the text without its tags: expected plain text")
            region = tuple(spans_of_region(value))
            left_out.controls[str(result.get("from_name"))] += len(region)
            spans.extend(region)
        elif "start" in value:
            left_out.attributes += 1
        else:
            asked[result.get("from_name")] = None
            classes.extend(classes_of(value))
    if asked and spans:
        raise Misfit("labels and choices in one task, expected entities or classes (--label-field names one control)")
    if len(asked) > 1:
        names = ", ".join(map(str, asked))
        raise Misfit(f"classes of {len(asked)} controls ({names}), expected one: name it with --label-field")
    return Annotated(tuple(spans) or None, tuple(classes) if asked else None, next(map(str, asked), None))


def _of_text(
    results: Sequence[Mapping[str, Any]], texts: Mapping[str, Any], text_name: str, left_out: LeftOut
) -> Iterator[Mapping[str, Any]]:
    """The results about one text of a task; `to_name` says which text, and usually has its name."""
    targets = {result.get("to_name") for result in results if result.get("type") in READ}
    unknown = {name for name in targets if name not in texts and name is not None}
    if len(unknown) > 1:
        names = ", ".join(sorted(map(str, unknown)))
        raise Misfit(f"results of {len(unknown)} texts ({names}) in one task, and none is called {text_name!r}")
    own = {None, text_name} if text_name in targets else {None, *unknown}
    for result in results:
        if result.get("type") not in READ or result.get("to_name") in own:
            yield result
        else:
            left_out.other_texts += 1


def spans_of_region(value: Any) -> Iterator[Span]:
    """The entities of a marked range, one for each of its labels."""
    if not isinstance(value, Mapping):
        raise Misfit(f"an entity is {shown(value)}, expected an object")
    labels = labels_of(value.get("labels", value.get("hypertextlabels")), "labels")
    if not labels:
        raise Misfit("an entity has no label, expected one")
    surface = value.get("text")
    if surface is not None and not isinstance(surface, str):
        raise Misfit(f'"text" of an entity is {shown(surface)}, expected a string')
    within = value.get("globalOffsets")
    place = within if isinstance(within, Mapping) else value
    start, end = offset_of(place.get("start"), "start"), offset_of(place.get("end"), "end")
    return (Span(start, end, label, surface) for label in labels)


def classes_of(value: Mapping[str, Any]) -> tuple[str, ...]:
    """The classes in the answer to a question about the whole text."""
    if "taxonomy" not in value:
        return labels_of(value.get("choices"), "choices")
    paths = value["taxonomy"]
    if not isinstance(paths, list) or not all(isinstance(path, list) and path for path in paths):
        raise Misfit(f'"taxonomy" is {shown(paths)}, expected an array of paths, such as [["家电", "手机"]]')
    return tuple("/".join(label_of(step, "taxonomy") for step in path) for path in paths)
