"""Lines of `segment/tag` with spaces between, as MSRA's: the text is the joined segments.

The tags are those of part-of-speech tagging in lower case (nr, ns, nt; o is outside), so they become labels in upper
case: the same as in MSRA's column files. `label_map` may name either form. If every word has a tag, as in the
People's Daily corpus, all tags become labels, which is reported; `keep_labels` keeps the names. Its compounds
``[中央/n 电视台/n]nt`` are entities over their words, and its numbers ``19980101-01-001-001/m`` the ids of the lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from paddle_ner.data.beginning import Beginning
from paddle_ner.data.formats.format import Fit, Format
from paddle_ner.data.options import ReadOptions
from paddle_ner.data.records import Draft, Rejected, Remark, Span
from paddle_ner.data.source import Line, lines

_SEGMENT = re.compile(r".+/[A-Za-z]{1,4}(\]/?[A-Za-z]{1,4})*")
_ANY_TAG = re.compile(r".+/[A-Za-z_-]+")
_CLOSING = re.compile(r"(.+?/[A-Za-z]+)((?:\]/?[A-Za-z]+)+)")
_NUMBER = re.compile(r"(\d{8}-\d+(?:-\d+)*)/m")
_TOKEN_TAG = re.compile("[BIESMLUW][-_].+")
_OUTSIDE = ("o", "O")
_PARTS_OF_SPEECH = frozenset(
    """
    a ad ag an b c d dg e f g h i j k l m mg mq n ng p pba pbei q qv qt r rg rr rz ry s t tg u ud ug uj ul uv uz ude uls
    v vd vf vg vi vl vn vshi vyou vx w wd wj wky wkz wm wp ws wt wyy wyz x y z
    """.split()  # noqa: SIM905
)
"""Tags of the Peking University and ICTCLAS sets that are not names."""
_SHOWN = 5


def _drafts(path: Path, options: ReadOptions) -> Iterator[Draft | Rejected | Remark]:
    parts_of_speech: dict[str, None] = {}
    for line in lines(path, options.encoding):
        if line.fault is not None:
            yield Rejected.at(path, line.number, line.fault)
        elif line.text.strip(" \t"):
            try:
                draft = _draft(line, options)
            except ValueError as error:
                yield Rejected.at(path, line.number, str(error))
            else:
                labels = (span.label for span in draft.spans or ())
                parts_of_speech.update((label, None) for label in labels if label.lower() in _PARTS_OF_SPEECH)
                yield draft
    if parts_of_speech and options.keep_labels is None and not options.texts_only:
        shown = ", ".join(list(parts_of_speech)[:_SHOWN]) + (", …" if len(parts_of_speech) > _SHOWN else "")
        yield Remark(
            f"tags of parts of speech became entity types: {shown} (--keep-labels NR,NS,NT keeps the names of persons,"
            " places and organizations alone)"
        )


def _draft(line: Line, options: ReadOptions) -> Draft:
    parts = line.text.replace("\t", " ").split()
    number = _NUMBER.fullmatch(parts[0])
    if number is not None and len(parts) > 1:
        parts = parts[1:]
    else:
        number = None
    opened, closed = _compounds(parts)
    spans: list[Span] = []
    segments: list[str] = []
    starts: list[int] = []
    length = 0
    for index, part in enumerate(parts):
        word = part[opened[index] :]
        if closed[index] and (match := _CLOSING.fullmatch(word)):
            word = match[1]
        starts += [length] * opened[index]
        segment, slash, tag = word.rpartition("/")
        if not slash or not segment or not tag:
            raise ValueError(
                f"{part!r} at character {length} of the text, expected segment/tag, such as 北京/ns or 的/o"
            )
        if _TOKEN_TAG.fullmatch(tag):
            raise ValueError(
                f"{part!r} has the tag of a token with its position, expected the type of a whole segment, such as"
                " 北京/ns (--format token-tag reads tokens and their tags)"
            )
        segments.append(segment)
        end = length + len(segment)
        tagged = [(length, tag), *((starts.pop(), tag) for tag in closed[index])]
        spans.extend(Span(start, end, _label(tag, options)) for start, tag in tagged if tag not in _OUTSIDE)
        length = end
    return Draft(line.number, "".join(segments), tuple(spans), id=None if number is None else number[1])


def _label(tag: str, options: ReadOptions) -> str:
    return tag if tag in options.label_map else tag.upper()


def _compounds(parts: list[str]) -> tuple[list[int], list[list[str]]]:
    """How many compounds open before each part, and the tags of those that close after it.

    A bracket without a closing ``]tag`` is text. Raises ValueError for a ``]tag`` that closes nothing.
    """
    opened, closed = [0] * len(parts), [list[str]() for _ in parts]
    waiting: list[int] = []
    for index, part in enumerate(parts):
        brackets = len(part) - len(part.lstrip("["))
        waiting += [index] * (brackets - (part[brackets : brackets + 1] == "/"))
        match = _CLOSING.fullmatch(part)
        for tag in re.findall("[A-Za-z]+", match[2]) if match else ():
            if not waiting:
                raise ValueError(f"{part!r} closes a compound that no [ opens, expected [北京/ns 大学/n]nt")
            opened[waiting.pop()] += 1
            closed[index].append(tag)
    return opened, closed


def _recognise(beginning: Beginning) -> Fit:
    if beginning.most(lambda line: all(map(_SEGMENT.fullmatch, line.split()))):
        return Fit.LIKELY
    tagged = beginning.most(lambda line: len(line.split()) > 1 and all(map(_ANY_TAG.fullmatch, line.split())))
    return Fit.NEAR if tagged else Fit.NO


FORMAT = Format("segment-tag", "segment/tag lines: 他/o 在/o 北京/ns, tags o, nr, ns, nt", _drafts, _recognise)
