"""Tables with a token and its tag per row, as Kaggle's: which columns hold them, and which parts the sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from paddle_ner.data.options import ReadOptions
from paddle_ner.data.tables.cells import FEW, Column
from paddle_ner.data.tables.names import TOKEN_NAMES, labels_among, normal, texts_among
from paddle_ner.data.tagging import is_tag
from paddle_ner.errors import InputError

_SENTENCES = frozenset(
    """
    sentence_# sentence# # sentence sent sentence_id sentenceid sent_id sentid sid sentence_no sentence_num sent_no
    sentence_number sentence_idx sentence_index sent_idx sent_index text_id textid doc doc_id docid document document_id
    paragraph paragraph_id id no
    句子 句子编号 句子序号 句子id 句编号 句序号 句序 句id 编号 序号 文本编号 文本序号 文本id 文档 文档编号 文档id
    段落 段落编号
    """.split()  # noqa: SIM905
)
_OUTSIDES = ("O", "o", "0")
_SHARE = 0.9
_LONG = 20
"""Characters on average from which on cells hold texts, not tokens."""


@dataclass(frozen=True, slots=True)
class TokenColumns:
    """Where things are in a row, counted from 0.

    Attributes:
        count: how many cells a row has.
        token: the column of the tokens.
        tag: the column of their tags; None if only the texts are asked for and there are none.
        sentence: the columns in which another value begins another sentence; none if blank rows part sentences.
        filled: whether the columns of sentences are filled in each row; else in the first of each sentence only.
        header: the names of the columns; None if the first row is data.
    """

    count: int
    token: int
    tag: int | None
    sentence: tuple[int, ...]
    filled: bool
    header: tuple[str, ...] | None

    def remarks(self) -> Iterator[str]:
        """What the user should know about the choice."""
        read = {"tokens": (self.token,), "tags": () if self.tag is None else (self.tag,), "sentences": self.sentence}
        said = ", ".join(f"{what} by {self._named(columns)}" for what, columns in read.items() if columns)
        yield f"a token and its tag a row, put together as sentences: {said}"
        unread = [index for index in range(self.count) if index not in (self.token, self.tag, *self.sentence)]
        if unread and self.header is not None:
            yield f"column{'s' * (len(unread) != 1)} not read: {self._named(unread)}"

    def _named(self, columns: Sequence[int]) -> str:
        if self.header is None:
            return ", ".join(f"column {index + 1}" for index in columns)
        return ", ".join(self.header[index] or "(no name)" for index in columns)


def token_columns_of(
    where: str, rows: Sequence[Sequence[str]], options: ReadOptions, *, is_parted: bool, named: bool = False
) -> TokenColumns | None:
    """The columns of a table with a token per row, from its first rows and the options; None of any other table.

    Args:
        where: the file and line of the first row, for messages.
        rows: the first rows, a header among them if there is one.
        options: what the user says of the columns.
        is_parted: whether blank rows are among them.
        named: whether the first row is known to name the columns.

    Raises:
        InputError: there is a token per row, but it cannot be told which column is what or where a sentence begins.
    """
    first = [cell.strip() for cell in rows[0]]
    body = [row for row in rows[1:] if len(row) == len(first)]
    if len(first) < 2 or not body:
        return None
    chooser = _Chooser(where, first, [Column([row[index] for row in body]) for index in range(len(first))], options)
    return chooser.chosen(is_parted, named)


class _Chooser:
    """Tells the columns of one table apart; `table` leaves out the first row, which may be a header."""

    def __init__(self, where: str, first: Sequence[str], table: Sequence[Column], options: ReadOptions) -> None:
        self.where = where
        self.first = first
        self.table = table
        self.options = options

    def chosen(self, is_parted: bool, named: bool) -> TokenColumns | None:
        """As `token_columns_of`."""
        whole = [Column([cell, *column.cells]) for cell, column in zip(self.first, self.table, strict=True)]
        tagged = [index for index, column in enumerate(self.table) if _are_tags(column) or _are_tags(whole[index])]
        header = named or self._has_header(tagged)
        if not header:
            self.table = whole
        text, label, number = (
            self._place(field, header)
            for field in (self.options.text_field, self.options.label_field, self.options.id_field)
        )
        sentence = self._sentence(number, header, {text, label, *tagged})
        are_named = bool(sentence) and self._are_named(header, sentence)
        tag = self._tag(tagged, header, sentence, are_named) if label is None else label
        if label is not None and not (are_named or label in tagged or self._are_loose(text, label)):
            return None
        if tag is None and not (self.options.texts_only and are_named):
            return None
        token = self._token(text, header, {tag, *sentence})
        if token is None or self.table[token].length > _LONG:
            return None
        if not sentence and not is_parted:
            if self.options.text_field is not None and self.options.label_field is not None:
                return None
            raise InputError(
                f"{self.where}: a token and its tag a row, and nothing says where a sentence begins: expected a column"
                " that numbers the sentences (--id-field names it) or blank lines between them (--text-field and"
                " --label-field together read each row as a text and its class)"
            )
        filled = all(len(self.table[index].filled) == len(self.table[index].cells) for index in sentence)
        return TokenColumns(len(self.first), token, tag, sentence, filled, tuple(self.first) if header else None)

    def _has_header(self, tagged: Sequence[int]) -> bool:
        if self.options.header is not None:
            return self.options.header
        if tagged:
            return not any(is_tag(self.first[index]) or self.first[index] == "0" for index in tagged)
        return any(normal(cell) in TOKEN_NAMES | _SENTENCES or labels_among([cell]) for cell in self.first)

    def _place(self, field: str | int | None, header: bool) -> int | None:
        """The column that an option names; None if it names none, which is reported where other tables are read."""
        if isinstance(field, int):
            return field - 1 if field <= len(self.first) else None
        return self.first.index(field) if header and field in self.first else None

    def _sentence(self, number: int | None, header: bool, taken: set[int | None]) -> tuple[int, ...]:
        """The columns that part the sentences: those that are named so, or else the only one that counts them."""
        if number is not None:
            return (number,)
        parting = [index for index, column in enumerate(self.table) if index not in taken and _parts_rows(column)]
        names = [normal(name) for name in self.first] if header else []
        known = [
            index
            for index, name in enumerate(names)
            if name in _SENTENCES and index not in taken and (index in parting or "sent" in name or "句" in name)
        ]
        if any(self.table[index].filled for index in known):
            return tuple(known)
        counting = [index for index in parting if all(map(_has_digit, self.table[index].filled))]
        return tuple(counting) if len(counting) == 1 and _is_counted_once(self.table[counting[0]]) else ()

    def _tag(self, tagged: Sequence[int], header: bool, sentence: Sequence[int], are_named: bool) -> int | None:
        """The column of tags. Raises InputError if several hold tags and none is named so."""
        known = [index for index in labels_among(self.first) if index not in sentence] if header else []
        if len(tagged) > 1 and len(set(known) & set(tagged)) != 1:
            raise InputError(
                f"{self.where}: a token a row, and the tags may be {self._listed(tagged)}, expected one:"
                " --label-field names it"
            )
        if tagged:
            return next((index for index in tagged if index in known), tagged[0])
        if len(known) == 1 and are_named:
            return known[0]
        last = len(self.table) - 1
        return last if self._are_loose(None, last) else None

    def _are_loose(self, text: int | None, label: int) -> bool:
        """Whether single characters have types without a position beside them, and many have none."""
        cells = self.table[label].filled
        characters = self.table[text or 0].cells
        return (
            label != (text or 0)
            and len(cells) >= 2 * FEW
            and sum(len(cell) < 2 for cell in characters) >= _SHARE * len(characters)
            and 4 * sum(cell in _OUTSIDES for cell in cells) >= len(cells)
            and {"O", "o"} & set(cells) != set()
        )

    def _are_named(self, header: bool, sentence: Sequence[int]) -> bool:
        """Whether a column is called like one of tokens, and not like one of texts."""
        return header and any(
            normal(name) in TOKEN_NAMES and not texts_among([name])
            for index, name in enumerate(self.first)
            if index not in sentence
        )

    def _token(self, text: int | None, header: bool, taken: set[int | None]) -> int | None:
        """The column of tokens. Raises InputError if it may be one of several."""
        if text is not None:
            return text
        rest = [index for index in range(len(self.first)) if index not in taken]
        known = [index for index in rest if header and normal(self.first[index]) in TOKEN_NAMES]
        left = known or [index for index in rest if not self.table[index].is_numeric]
        if len(left) > 1:
            raise InputError(
                f"{self.where}: a token and its tag a row, and the tokens may be {self._listed(left)}, expected one:"
                " --text-field names it"
            )
        return left[0] if left else None

    def _listed(self, columns: Sequence[int]) -> str:
        return " or ".join(self.first[index] for index in columns)


def _are_tags(column: Column) -> bool:
    """Whether a column holds tags of tokens: with their positions, and such that stand outside of entities.

    A few cells may be something else, which is reported when they are read. Without a tag of the outside, all must be
    tags, and some entity must go on over a second token.
    """
    tags = sum(is_tag(cell) or cell == "0" for cell in column.filled)
    outside = sum(cell in _OUTSIDES for cell in column.filled)
    if outside:
        return tags > outside and tags >= _SHARE * len(column.filled)
    inner = {cell[1:] for cell in column.filled if cell[0] in "IME"}
    return tags == len(column.filled) and any(cell[0] == "B" and cell[1:] in inner for cell in column.filled)


def _parts_rows(column: Column) -> bool:
    """Whether values are in several rows one after another, or in the first row of several."""
    cells = column.cells
    return bool(column.filled) and any(not after or before == after for before, after in pairwise(cells))


def _is_counted_once(column: Column) -> bool:
    """Whether there are several values, none of which comes again after another."""
    runs = [cell for before, cell in pairwise(["", *column.filled]) if cell != before]
    return 1 < len(runs) == len(set(runs))


def _has_digit(cell: str) -> bool:
    return any(map(str.isdigit, cell))
