"""Which column of a table is the text, the label and the id: by their names, and by what stands in them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from paddle_ner.data.beginning import SEPARATORS, separator_of
from paddle_ner.data.column_cells import FEW, Column
from paddle_ner.data.column_names import (
    answers_among,
    entities_among,
    ids_among,
    is_known,
    labels_among,
    second_texts_among,
    texts_among,
)
from paddle_ner.data.options import ReadOptions
from paddle_ner.data.tag_cells import TagCells, agree, may_be_tags
from paddle_ner.errors import InputError

SAMPLE = 500
"""Rows that are looked at."""
_BEGINNING = 10
"""Rows among which a header may stand behind other lines."""
_NAME = re.compile(r"[A-Za-z][\w.-]{0,30}", re.ASCII)
_LONG_LABEL = 6
"""Characters from which on values that stand once each may be texts, and no labels."""
_NAME_THEM = "name them with --text-field and --label-field (column names, or numbers from 1)"


@dataclass(frozen=True, slots=True)
class Columns:
    """Where things stand in a row, counted from 0.

    Attributes:
        count: how many cells a row has.
        text: the column of the text.
        label: the column of the label or labels; None where there is none.
        id: the column of the id.
        header: the names of the columns; None where the first row is data.
        classes: columns of a class each, with 1 where the text is of that class.
        guessed: whether the columns were told by their content.
        tags: how the cells of text and label hold tokens and their tags; None where they hold a text and its class.
        listed: whether each cell of the label holds a list of labels.
        separator: what seems to part several labels of a cell.
        entities: whether each cell of the label holds a list of entities.
    """

    count: int
    text: int
    label: int | None
    id: int | None
    header: tuple[str, ...] | None
    classes: tuple[int, ...] = ()
    guessed: bool = False
    tags: TagCells | None = None
    listed: bool = False
    separator: str | None = None
    entities: bool = False

    @property
    def places(self) -> tuple[int, int | None, int | None]:
        """The columns of text, label and id."""
        return self.text, self.label, self.id

    def spread(self, columns: Sequence[int], count: int) -> Columns:
        """The same, counted among all `count` columns, of which these are only `columns`."""
        text, label, number = (None if place is None else columns[place] for place in self.places)
        assert text is not None
        return replace(self, count=count, text=text, label=label, id=number, guessed=True)

    def remarks(self, *, all_kept: bool = False) -> Iterator[str]:
        """What the user should know of the choice; `all_kept`: no column is left out."""
        if self.guessed:
            places = (("text", self.text), ("label", self.label), ("id", self.id))
            said = ", ".join(f"{what} {column + 1}" for what, column in places if column is not None)
            yield f"columns by their content: {said} (--text-field, --label-field and --id-field name others)"
        read = {self.text, self.label, self.id, *self.classes}
        unread = [name or "(no name)" for column, name in enumerate(self.header or ()) if column not in read]
        if unread and not all_kept:
            yield f"column{'s' * (len(unread) != 1)} not read: {', '.join(unread)}"
        if self.separator is not None and not all_kept:
            mark = self.separator
            yield f"label cells hold {mark!r} and are read as one label each: --label-separator '{mark}' parts them"
        if self.classes and self.header:
            names = ", ".join(self.header[column] for column in self.classes[:8])
            yield f"{len(self.classes)} columns of 0 and 1 are read as labels: {names}"


def columns_of(where: str, rows: Sequence[Sequence[str]], options: ReadOptions, *, named: bool = False) -> Columns:
    """Where the columns stand, from the first rows and the options.

    Args:
        where: the file and line of the first row, for messages.
        rows: the first rows, a header among them if there is one.
        options: what the user says of the columns.
        named: whether the first row is known to name the columns, as in formats that store names apart.

    Raises:
        InputError: the columns cannot be told, or more than one reading fits.
    """
    first = [cell.strip() for cell in rows[0]]
    data = [row for row in rows[1:] if len(row) == len(first)]
    header = named or _has_header(where, first, data, options)
    body = data if header else [row for row in rows if len(row) == len(first)]
    table = [Column([row[index] for row in body]) for index in range(len(first))]
    fields = (options.text_field, options.label_field, options.id_field)
    text, label, number = (_place(where, field, first, header) for field in fields)
    if not header and options.header is None:
        _refuse_late_names(where, rows)
    chooser = _Chooser(where, first, table, text, label, number)
    columns = chooser.by_name(options) if header else chooser.by_content(options)
    return _with_tags(where, columns, table, options)


def _with_tags(where: str, columns: Columns, table: Sequence[Column], options: ReadOptions) -> Columns:
    """The columns, and how they hold tags if they do. Raises InputError for options that only tags have a use for."""
    tags, listed, separator, entities = None, False, None, False
    if columns.label is not None and table[columns.label].is_entities:
        entities = True
    elif columns.label is not None and options.label_separator is None:
        label = table[columns.label]
        tags = TagCells.of(table[columns.text].cells, label.cells)
        listed = tags is None and label.is_lists
        separator = None if tags is not None or listed else label.separator
        if label.is_objects and not options.texts_only:
            raise InputError(
                f"{where}: label cells hold JSON objects, such as {label.filled[0][:30]!r}, expected names of labels:"
                ' write each row as a JSON line, {"text": …, "entities": [{"start": …, "end": …, "label": …}]}'
            )
    idle = [name for name in ("tag_scheme", "tag_names", "token_joiner") if getattr(options, name) is not None]
    if tags is None and idle:
        raise InputError(
            f"{where}: option {idle[0]} does nothing, since no column holds a tag for each token: leave it out, or name"
            " the column with --label-field"
        )
    return replace(columns, tags=tags, listed=listed, separator=separator, entities=entities)


def _has_header(where: str, first: Sequence[str], data: Sequence[Sequence[str]], options: ReadOptions) -> bool:
    """Whether the first row names the columns. Raises InputError where that cannot be told."""
    if options.header is not None:
        return options.header
    if any(isinstance(field, str) for field in (options.text_field, options.label_field, options.id_field)):
        return True
    if all(is_known(cell) for cell in first if cell):
        data = [row for row in data if [cell.strip() for cell in row] != first]  # names again, of a file put together
    table = [Column([row[index] for row in data]) for index in range(len(first))]
    tagged = [cell for cell, column in zip(first, table, strict=True) if column.is_tag_cells]
    if tagged:
        return not any(map(may_be_tags, tagged))
    if any(is_known(cell) and cell not in column.filled for cell, column in zip(first, table, strict=True)):
        return True
    if any(
        len(column.filled) > 1 and column.is_numeric and cell and not Column([cell]).is_numeric
        for cell, column in zip(first, table, strict=True)
    ):
        return True
    labels = [cell for cell, column in zip(first, table, strict=True) if column.is_label and cell not in column.filled]
    texts = [cell for cell, column in zip(first, table, strict=True) if _may_name(cell, column)]
    if labels and texts:
        raise InputError(
            f"{where}: {', '.join(first)} may be the names of the columns or the first record, say --header or"
            " --no-header"
        )
    return False


def _refuse_late_names(where: str, rows: Sequence[Sequence[str]]) -> None:
    """Raises InputError where a row behind the first names a text and a label."""
    for row in rows[1:_BEGINNING]:
        if len(row) > 1 and texts_among(row) and labels_among(row) and all(is_known(cell) for cell in row if cell):
            raise InputError(
                f"{where}: a row below it names the columns ({', '.join(row)}): remove the lines above that, or say"
                " --no-header"
            )


def _may_name(cell: str, column: Column) -> bool:
    """Whether a cell may be the name of a column of texts: shorter than all, or a single word of ASCII above others."""
    if len(column.filled) < FEW or column.is_label:
        return False
    if len(cell) < 8 and 2 * len(cell) < min(map(len, column.filled)):
        return True
    others = sum(not text.isascii() or " " in text for text in column.filled)
    return _NAME.fullmatch(cell) is not None and 10 * others >= 9 * len(column.filled)


def _place(where: str, field: str | int | None, names: Sequence[str], header: bool) -> int | None:
    if isinstance(field, int):
        if field > len(names):
            raise InputError(f"{where}: no column {field}, the row has {len(names)}")
        return field - 1
    if isinstance(field, str):
        if not header or field not in names:
            known = f"the header has {', '.join(names)}" if header else "the file has no header"
            raise InputError(f"{where}: no column {field!r}, {known}")
        return list(names).index(field)
    return None


@dataclass(slots=True)
class _Chooser:
    """The columns of a table while they are being told apart; those named by the user are set already."""

    where: str
    names: list[str]
    table: list[Column]
    text: int | None
    label: int | None
    number: int | None

    def by_name(self, options: ReadOptions) -> Columns:
        """With a header: by the names, the rest by content."""
        taken = {self.text, self.label, self.number}
        if self.number is None:
            self.number = next((index for index in ids_among(self.names) if index not in taken), None)
            unnamed = [index for index, name in enumerate(self.names) if not name and self.table[index].is_id]
            if self.number is None and unnamed and unnamed[0] not in taken:
                self.number = unnamed[0]  # the index that pandas writes
        if self.text is None:
            self.text = self._only(texts_among(self.names), "the text", "--text-field")
        if self.text is not None and options.text_field is None and (pair := second_texts_among(self.names)):
            raise InputError(
                f"{self.where}: {self.names[self.text]} and {self.names[pair[0]]} are a pair of texts, expected one:"
                " --text-field names the one to read"
            )
        classes: tuple[int, ...] = ()
        if self.label is None and not (options.texts_only and len(labels_among(self.names)) > 1):
            self.label = self._only(labels_among(self.names), "the label", "--label-field")
        if options.label_field is None:
            self._take_tags(options)
            self._take_entities(options)
        if options.text_field is None:
            self._take_tokens()
        if self.label is None:
            classes = self._classes()
        rest = self._rest(classes)
        guessed = False
        if self.text is None:
            texts = [index for index in rest if self.table[index].is_text]
            is_pair = len(rest) == 2 and any(self.table[index].is_label for index in rest)
            if len(texts) != 1 or (self.label is None and not classes and not options.texts_only and not is_pair):
                raise InputError(f"{self.where}: no text among {self._listed()}: {_NAME_THEM}")
            self.text = texts[0]
            rest.remove(self.text)
            guessed = self.label is None
        if self.label is not None and options.text_field is None and not options.texts_only:
            self._refuse_answers(rest)
            if options.label_field is None:
                self._refuse_entities(rest)
        if self.label is None and not classes and rest and not options.texts_only:
            labels = [index for index in rest if self.table[index].is_label]
            if len(rest) != 1 or not labels:
                raise InputError(f"{self.where}: no label among {self._listed()}: {_NAME_THEM}")
            self.label = labels[0]
        return Columns(len(self.names), self.text, self.label, self.number, tuple(self.names), classes, guessed)

    def by_content(self, options: ReadOptions) -> Columns:
        """Without a header: by what stands in the columns; empty ones are none."""
        filled = [index for index, column in enumerate(self.table) if column.filled]
        given = [column for column in (self.text, self.label, self.number) if column is not None]
        if filled and len(filled) < len(self.table) and set(given) <= set(filled):
            return self._among(filled).by_content(options).spread(filled, len(self.table))
        if options.texts_only and (self.text is not None or len(self.names) == 1):
            return Columns(len(self.names), self.text or 0, self.label, self.number, None)
        if len(self.names) < 2:
            raise InputError(
                f"{self.where}: one column{self._parted()}, expected a text and a label (format text reads one text a"
                " line)"
            )
        named = self.text is not None and self.label is not None
        guessed = False
        if not named and self._tags_by_content():
            return Columns(len(self.names), self.text or 0, self.label, self.number, None, guessed=self.text != 0)
        if not named and len(self.names) == 2 and self.number is None:
            self._two()
        elif not named and self.text is not None and len(self._rest(())) == 1:
            self.label = self._rest(())[0]
        elif not named and self.label is not None and len(self._rest(())) == 1:
            self.text = self._rest(())[0]
        elif not named:
            self._three_or_more()
            guessed = True
        assert self.text is not None
        return Columns(len(self.names), self.text, self.label, self.number, None, guessed=guessed)

    def _refuse_answers(self, rest: Sequence[int]) -> None:
        """Raises InputError where a column is called like the answer to the text, which the label may be of as well."""
        answers = [index for index in answers_among(self.names) if index in rest and self.table[index].is_text]
        if answers and self.text is not None:
            raise InputError(
                f"{self.where}: {self.names[self.text]} and {self.names[answers[0]]} may be a pair of texts, expected"
                " one: --text-field names the one to read"
            )

    def _refuse_entities(self, rest: Sequence[int]) -> None:
        """Raises InputError where the other columns are of an entity, whose type the label is then."""
        named = [self.names[index] for index in entities_among(self.names) if index in rest]
        if named:
            raise InputError(
                f"{self.where}: an entity a row ({', '.join(named)}), which is read where its start and end stand in"
                " columns that are called so (start, end; 开始, 结束): name them (--text-field and --label-field read a"
                " text and its class)"
            )

    def _take_tags(self, options: ReadOptions) -> None:
        """The label, where one column holds the tags of tokens.

        Raises:
            InputError: more than one does, or there is a label of another kind.
        """
        tagged = [index for index, column in enumerate(self.table) if column.is_tag_cells and index != self.text]
        if not tagged or self.label in tagged:
            return
        if (self.label is not None or len(tagged) > 1) and not options.texts_only:
            places = sorted({*tagged, *(() if self.label is None else (self.label,))})
            names = " or ".join(self.names[index] for index in places)
            raise InputError(
                f"{self.where}: the label may be {names} ({self.names[tagged[0]]} holds the tags of tokens), expected"
                " one: --label-field names it"
            )
        self.label = tagged[0]

    def _take_entities(self, options: ReadOptions) -> None:
        """The label, where one column holds lists of entities.

        Raises:
            InputError: more than one does, or there is a label of another kind.
        """
        held = [index for index, column in enumerate(self.table) if column.is_entities and index != self.text]
        if not held or self.label in held or options.texts_only:
            return
        if self.label is not None or len(held) > 1:
            places = sorted({*held, *(() if self.label is None else (self.label,))})
            names = " or ".join(self.names[index] for index in places)
            raise InputError(
                f"{self.where}: the label may be {names} ({self.names[held[0]]} holds entities), expected one:"
                " --label-field names it"
            )
        self.label = held[0]

    def _take_tokens(self) -> None:
        """The text, where the label is a tag for each token, and one column alone has as many tokens."""
        if self.label is None or not self.table[self.label].is_tag_cells:
            return
        cells = self.table[self.label].cells
        others = [index for index in range(len(self.names)) if index not in (self.label, self.number)]
        fitting = [index for index in others if agree(self.table[index].cells, cells)]
        if self.text not in fitting and len(fitting) == 1:
            self.text = fitting[0]

    def _tags_by_content(self) -> bool:
        """Takes a column of tags, one of as many tokens, and at most one of ids; whether these are all columns."""
        tagged = [index for index, column in enumerate(self.table) if column.is_tag_cells]
        if len(tagged) != 1 or self.label not in (None, tagged[0]):
            return False
        self.label = tagged[0]
        if self.text is None:
            self._take_tokens()
        if self.text is None and len(self._rest(())) == 1:
            self.text = self._rest(())[0]
        rest = self._rest(())
        if self.number is None and len(rest) == 1 and self.table[rest[0]].is_id:
            self.number = rest.pop()
        if self.text is None or rest:
            self.label = None
            return False
        return True

    def _among(self, columns: Sequence[int]) -> _Chooser:
        """The same for some of the columns, which it counts anew."""
        names, table = [self.names[index] for index in columns], [self.table[index] for index in columns]
        places = (None if place is None else columns.index(place) for place in (self.text, self.label, self.number))
        return _Chooser(self.where, names, table, *places)

    def _parted(self) -> str:
        """The delimiter that would make several columns of the one, in words."""
        cells = self.table[0].filled
        if len(cells) > 1 and all("\t" in cell for cell in cells):
            return ", which tabs part (--delimiter tab)"
        mark = separator_of(cells) if len(cells) > 1 else None
        return "" if mark is None else f", which {SEPARATORS[mark]} part (--delimiter '{mark}')"

    def _two(self) -> None:
        """A text and its label, the text first unless the content says the opposite."""
        if self.text is not None or self.label is not None:
            self.text = 1 - self.label if self.text is None and self.label is not None else self.text
            self.label = 1 - self.text if self.label is None and self.text is not None else self.label
            return
        left, right = self.table
        if right.is_entities:
            self.text, self.label = 0, 1
            return
        shorter = 2 * left.length < right.length
        if left.is_label and not right.is_label and not right.is_id:
            self.text, self.label = 1, 0
            return
        if len(left.filled) < FEW and (right.is_numeric or not left.is_numeric):
            self.text, self.label = 0, 1
            return
        if not right.is_label and (left.is_id or left.is_numeric or shorter) and not (right.is_numeric and shorter):
            raise InputError(
                f"{self.where}: {self._listed()}: the first column may be the text, a label or an id, the second is"
                f" longer: {_NAME_THEM}, --id-field"
            )
        if right.is_once and (right.is_id or right.length >= _LONG_LABEL):
            raise InputError(
                f"{self.where}: {self._listed()}: each value of the second column stands once, so it may be an id or a"
                f" text as well as a label: {_NAME_THEM}, --id-field"
            )
        if right.is_label and left.is_id:
            raise InputError(f"{self.where}: {self._listed()}: an id and a label, and no text: {_NAME_THEM}")
        self.text, self.label = 0, 1

    def _three_or_more(self) -> None:
        """A text, a label and an id, where each column can only be one of them."""
        roles = [
            [role for role, fits in (("text", c.is_text), ("label", c.is_label), ("id", c.is_id)) if fits]
            for c in self.table
        ]
        given = (self.text, self.label, self.number)
        if (
            len(self.names) != 3
            or given != (None, None, None)
            or sorted(map(tuple, roles)) != [("id",), ("label",), ("text",)]
        ):
            raise InputError(
                f"{self.where}: {len(self.names)} columns without names ({self._listed()}), expected a text and a"
                f" label: {_NAME_THEM}, or say --header"
            )
        self.text, self.label, self.number = (roles.index([role]) for role in ("text", "label", "id"))

    def _classes(self) -> tuple[int, ...]:
        """The columns of 0 and 1, one a class, where there are at least two."""
        binary = [index for index in self._rest(()) if self.table[index].is_binary and self.names[index]]
        return tuple(binary) if len(binary) > 1 else ()

    def _only(self, candidates: Sequence[int], what: str, option: str) -> int | None:
        free = [index for index in candidates if index not in (self.text, self.label, self.number)]
        if len(free) > 1:
            names = " or ".join(self.names[index] for index in free)
            raise InputError(f"{self.where}: {what} may be {names}, expected one: {option} names it")
        return free[0] if free else None

    def _rest(self, classes: Sequence[int]) -> list[int]:
        taken = {self.text, self.label, self.number, *classes}
        return [index for index in range(len(self.names)) if index not in taken]

    def _listed(self) -> str:
        return ", ".join(name if len(name) <= 20 else f"{name[:19]}…" for name in self.names)
