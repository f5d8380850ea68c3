"""Which column of a table holds what."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from paddle_ner.data.tag_cells import TagCells


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a table, counted from 0.

    Attributes:
        count: how many cells a row has.
        text: the column of the text.
        label: the column of the label or labels; None if there is none.
        id: the column of the id.
        header: the names of the columns; None if the first row is data.
        classes: columns for one class each, with 1 where the text belongs to that class.
        guessed: whether the columns were recognized by their content.
        tags: how the cells of text and label hold tokens and their tags; None if they hold a text and its class.
        listed: whether each cell of the label holds a list of labels.
        separator: what seems to separate several labels in a cell.
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
        """The same columns, counted among all `count` columns of the table, of which these are `columns`."""
        text, label, number = (None if place is None else columns[place] for place in self.places)
        assert text is not None
        return replace(self, count=count, text=text, label=label, id=number, guessed=True)

    def remarks(self, *, all_kept: bool = False) -> Iterator[str]:
        """What the user should know about the choice; `all_kept`: no column is left out."""
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
