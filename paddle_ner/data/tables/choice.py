"""The choice among the columns of a table: which one is the text, which the label, which the id."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from paddle_ner.data.beginning import SEPARATORS, separator_of
from paddle_ner.data.options import ReadOptions
from paddle_ner.data.tables.cells import FEW, Column
from paddle_ner.data.tables.columns import Columns
from paddle_ner.data.tables.names import (
    answers_among,
    entities_among,
    ids_among,
    labels_among,
    second_texts_among,
    texts_among,
)
from paddle_ner.data.tag_cells import agree
from paddle_ner.errors import InputError

_LONG_LABEL = 6
"""From this many characters on, values that each occur once may be texts and not labels."""
_NAME_THEM = "name them with --text-field and --label-field (column names, or numbers from 1)"


@dataclass(slots=True)
class ColumnChooser:
    """Chooses the columns of a table; those that the user named are already set."""

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
            self.text = self._unambiguous(texts_among(self.names), "the text", "--text-field")
        if self.text is not None and options.text_field is None and (pair := second_texts_among(self.names)):
            raise InputError(
                f"{self.where}: {self.names[self.text]} and {self.names[pair[0]]} are a pair of texts, expected one:"
                " --text-field names the one to read"
            )
        classes: tuple[int, ...] = ()
        if self.label is None and not (options.texts_only and len(labels_among(self.names)) > 1):
            self.label = self._unambiguous(labels_among(self.names), "the label", "--label-field")
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
        """Without a header: by the content of the columns; empty columns do not count."""
        filled = [index for index, column in enumerate(self.table) if column.filled]
        given = [column for column in (self.text, self.label, self.number) if column is not None]
        if filled and len(filled) < len(self.table) and set(given) <= set(filled):
            return self._only_columns(filled).by_content(options).spread(filled, len(self.table))
        if options.texts_only and (self.text is not None or len(self.names) == 1):
            return Columns(len(self.names), self.text or 0, self.label, self.number, None)
        if len(self.names) < 2:
            raise InputError(
                f"{self.where}: one column{self._delimiter_hint()}, expected a text and a label (format text reads"
                " one text a line)"
            )
        named = self.text is not None and self.label is not None
        guessed = False
        if not named and self._tags_by_content():
            return Columns(len(self.names), self.text or 0, self.label, self.number, None, guessed=self.text != 0)
        if not named and len(self.names) == 2 and self.number is None:
            self._choose_of_two()
        elif not named and self.text is not None and len(self._rest()) == 1:
            self.label = self._rest()[0]
        elif not named and self.label is not None and len(self._rest()) == 1:
            self.text = self._rest()[0]
        elif not named:
            self._choose_of_three()
            guessed = True
        assert self.text is not None
        return Columns(len(self.names), self.text, self.label, self.number, None, guessed=guessed)

    def _refuse_answers(self, rest: Sequence[int]) -> None:
        """Raise InputError if a column is named like an answer to the text: the label may belong to that instead."""
        answers = [index for index in answers_among(self.names) if index in rest and self.table[index].is_text]
        if answers and self.text is not None:
            raise InputError(
                f"{self.where}: {self.names[self.text]} and {self.names[answers[0]]} may be a pair of texts, expected"
                " one: --text-field names the one to read"
            )

    def _refuse_entities(self, rest: Sequence[int]) -> None:
        """Raise InputError if other columns describe an entity: the label is then the type of that entity."""
        named = [self.names[index] for index in entities_among(self.names) if index in rest]
        if named:
            raise InputError(
                f"{self.where}: an entity a row ({', '.join(named)}), which is read if its start and end are in columns"
                " with such names (start, end; 开始, 结束): name them (--text-field and --label-field read a text and"
                " its class)"
            )

    def _take_tags(self, options: ReadOptions) -> None:
        """Take the column that holds the tags of tokens as the label.

        Raises:
            InputError: more than one column does, or there is a label of another kind.
        """
        tagged = [index for index, column in enumerate(self.table) if column.is_tag_cells and index != self.text]
        if not tagged or self.label in tagged:
            return
        if not options.texts_only:
            self._refuse_other_labels(tagged, "the tags of tokens")
        self.label = tagged[0]

    def _take_entities(self, options: ReadOptions) -> None:
        """The label, where one column holds lists of entities.

        Raises:
            InputError: more than one does, or there is a label of another kind.
        """
        held = [index for index, column in enumerate(self.table) if column.is_entities and index != self.text]
        if not held or self.label in held or options.texts_only:
            return
        self._refuse_other_labels(held, "entities")
        self.label = held[0]

    def _refuse_other_labels(self, columns: Sequence[int], content: str) -> None:
        """Raise InputError if the label may be another column than the only one of `columns`, which hold `content`."""
        if self.label is None and len(columns) == 1:
            return
        places = sorted({*columns, *(() if self.label is None else (self.label,))})
        names = " or ".join(self.names[index] for index in places)
        raise InputError(
            f"{self.where}: the label may be {names} ({self.names[columns[0]]} holds {content}), expected one:"
            " --label-field names it"
        )

    def _take_tokens(self) -> None:
        """Take the text, where the label is a tag for each token and exactly one column has as many tokens."""
        if self.label is None or not self.table[self.label].is_tag_cells:
            return
        cells = self.table[self.label].cells
        others = [index for index in range(len(self.names)) if index not in (self.label, self.number)]
        fitting = [index for index in others if agree(self.table[index].cells, cells)]
        if self.text not in fitting and len(fitting) == 1:
            self.text = fitting[0]

    def _tags_by_content(self) -> bool:
        """Take a column of tags, a column of as many tokens, and at most one of ids; whether that is all columns."""
        tagged = [index for index, column in enumerate(self.table) if column.is_tag_cells]
        if len(tagged) != 1 or self.label not in (None, tagged[0]):
            return False
        self.label = tagged[0]
        if self.text is None:
            self._take_tokens()
        if self.text is None and len(self._rest()) == 1:
            self.text = self._rest()[0]
        rest = self._rest()
        if self.number is None and len(rest) == 1 and self.table[rest[0]].is_id:
            self.number = rest.pop()
        if self.text is None or rest:
            self.label = None
            return False
        return True

    def _only_columns(self, columns: Sequence[int]) -> ColumnChooser:
        """A chooser among these columns alone, numbered from 0 again."""
        names, table = [self.names[index] for index in columns], [self.table[index] for index in columns]
        places = (None if place is None else columns.index(place) for place in (self.text, self.label, self.number))
        return ColumnChooser(self.where, names, table, *places)

    def _delimiter_hint(self) -> str:
        """What the only column seems to be delimited by, in words; empty if nothing is."""
        cells = self.table[0].filled
        if len(cells) > 1 and all("\t" in cell for cell in cells):
            return ", which tabs part (--delimiter tab)"
        mark = separator_of(cells) if len(cells) > 1 else None
        return "" if mark is None else f", which {SEPARATORS[mark]} part (--delimiter '{mark}')"

    def _choose_of_two(self) -> None:
        """A text and its label, the text first unless the content says otherwise."""
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
        always_shorter = right.length >= _LONG_LABEL and all(
            2 * len(cell) <= len(other) for cell, other in zip(left.cells, right.cells, strict=True)
        )
        if len(left.filled) < FEW and (right.is_numeric or not (left.is_numeric or always_shorter)):
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

    def _choose_of_three(self) -> None:
        """A text, a label and an id, where each column fits only one of them. Raises InputError for anything else."""
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
        """The columns of 0 and 1, one for each class, if there are at least two."""
        binary = [index for index in self._rest() if self.table[index].is_binary and self.names[index]]
        return tuple(binary) if len(binary) > 1 else ()

    def _unambiguous(self, candidates: Sequence[int], what: str, option: str) -> int | None:
        free = [index for index in candidates if index not in (self.text, self.label, self.number)]
        if len(free) > 1:
            names = " or ".join(self.names[index] for index in free)
            raise InputError(f"{self.where}: {what} may be {names}, expected one: {option} names it")
        return free[0] if free else None

    def _rest(self, classes: Sequence[int] = ()) -> list[int]:
        taken = {self.text, self.label, self.number, *classes}
        return [index for index in range(len(self.names)) if index not in taken]

    def _listed(self) -> str:
        return ", ".join(name if len(name) <= 20 else f"{name[:19]}…" for name in self.names)
