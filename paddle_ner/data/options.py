"""How to read a labelled file: its format and everything that the file itself does not say."""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator

Unit = Literal["code-points", "utf-16", "code-points-lf", "utf-16-lf", "graphemes", "utf-8"]
"""What the offsets of a file count; `paddle_ner.data.offsets` turns them into code points."""
TagScheme = Literal["BIO", "BIOES", "BMES", "BMEWO", "BILOU", "IOB1", "IO"]


class ReadOptions(BaseModel):
    """What a reader needs to know besides the path. Every field has the default that fits common files.

    An option that the file's format does not use is refused when the file is opened, so a misplaced option is noticed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    encoding: str = Field(
        default="auto",
        description="Such as gb18030; a byte order mark is accepted and left out. auto: UTF-8, or GB18030 where only"
        " that fits.",
    )
    label_map: Mapping[str, str] = Field(
        default_factory=dict,
        description="New names of labels, such as nr=PER,ns=LOC; labels that are not named keep theirs.",
        json_schema_extra={"cli": {"metavar": "OLD=NEW,…"}},
    )
    allowed_labels: tuple[str, ...] | None = Field(
        default=None,
        description="The label set, after the renaming; a record with any other label is bad.",
        json_schema_extra={"cli": {"flag": "--labels", "metavar": "NAME,…", "split": True}},
    )
    keep_labels: tuple[str, ...] | None = Field(
        default=None,
        description="Only entities, or labels of several, of these names are read, after the renaming; the others are"
        " left out and counted.",
        json_schema_extra={"cli": {"metavar": "NAME,…", "split": True}},
    )
    overlaps: Literal["report", "outermost", "innermost", "allow"] = Field(
        default="report",
        description="Entities that overlap: report: the record is bad; outermost, innermost: the longest, or the"
        " shortest, is kept and the others are counted; allow: all are kept, which model.head: span learns.",
    )
    multi_label: bool | None = Field(
        default=None,
        description="Exactly one label a record, or any number; by default as the file writes it: a text or a list.",
        json_schema_extra={"cli": {"opposite": "--single-label"}},
    )
    texts_only: bool = Field(
        default=False,
        description="Only the texts count: they may be empty, a table needs no label, and annotations are not read.",
    )
    keep_fields: bool = Field(
        default=False, description="What else the records hold is kept, as with texts_only, beside their annotations."
    )

    offsets: Unit | None = Field(
        default=None,
        description="What the offsets of entities count: code-points, utf-16 (JavaScript), graphemes (as seen),"
        " utf-8 (bytes); -lf: a CRLF is one. By default what the surfaces in the file prove, or code points.",
    )

    text_field: str | int | None = Field(
        default=None, description="JSON key, column name, or column number from 1, of the text."
    )
    label_field: str | int | None = Field(default=None, description="The same, of the label.")
    id_field: str | int | None = Field(default=None, description="The same, of the record's id.")

    tag_column: Literal["first", "last"] | None = Field(
        default=None, description="Token columns: where the tag stands; by default where the head of the file has tags."
    )
    tag_scheme: TagScheme | None = Field(
        default=None,
        description="Token columns: the tag scheme; by default the one that the tags of the file fit.",
    )
    token_joiner: str | None = Field(
        default=None,
        description="Token columns: what stands between tokens; by default a space where they are words of Latin"
        " letters.",
    )

    tag_names: tuple[str, ...] | None = Field(
        default=None,
        description="Tokens in JSON: the names of tags that are numbers, in their order, such as O,B-PER,I-PER.",
        json_schema_extra={"cli": {"metavar": "NAME,…", "split": True}},
    )

    header: bool | None = Field(
        default=None,
        description="csv, tsv: whether the first row names the columns; by default if it holds a usual name, or no"
        " number above a column of numbers.",
    )
    delimiter: str | None = Field(
        default=None,
        description="csv, tsv: a character, tab, or several characters, such as ||| (then quotes are text); by default"
        " a comma, or a tab for tsv.",
        json_schema_extra={"cli": {"character": True}},
    )
    quotes: Literal["csv", "literal"] | None = Field(
        default=None,
        description="csv, tsv: quotes enclose cells, or are text; by default csv for csv, literal for tsv.",
    )
    sheet: str | None = Field(default=None, description="excel: the name of the sheet, where several hold rows.")
    label_file: Path | None = Field(default=None, description="Names of the labels, one a line; indices count from 0.")
    label_separator: str | None = Field(
        default=None, description="csv, tsv: what stands between the labels of one cell."
    )

    def keeping_overlaps(self) -> ReadOptions:
        """These options for a model whose entities may overlap: they are kept instead of being reported."""
        return self.model_copy(update={"overlaps": "allow"}) if self.overlaps == "report" else self

    @field_validator("encoding")
    @classmethod
    def _line_based(cls, name: str) -> str:
        if name == "auto":
            return name
        try:
            newline = codecs.lookup(name).incrementalencoder().encode("\n")
        except (LookupError, TypeError) as error:
            raise ValueError(
                f"unknown encoding {name!r}, expected utf-8, gb18030 or another that Python knows"
            ) from error
        if newline != b"\n":
            raise ValueError(
                f"encoding {name!r} cannot be read line by line: convert it to utf-8, for example with iconv"
            )
        return name

    @field_validator("delimiter", "label_separator")
    @classmethod
    def _not_empty(cls, separator: str | None, info: ValidationInfo) -> str | None:
        if separator == "" or (separator is not None and not separator.isprintable() and len(separator) > 1):
            raise ValueError(f"{info.field_name} is {separator!r}, expected at least one character that can be seen")
        return separator

    @model_validator(mode="after")
    def _quotes_fit(self) -> ReadOptions:
        if self.quotes == "csv" and self.delimiter is not None and len(self.delimiter) > 1:
            raise ValueError(f"delimiter {self.delimiter!r} has several characters: quotes are text then, not csv")
        return self

    @field_validator("text_field", "label_field", "id_field")
    @classmethod
    def _from_one(cls, field: str | int | None) -> str | int | None:
        if isinstance(field, int) and field < 1:
            raise ValueError(f"column {field}: columns count from 1")
        return field


def flag_of(name: str) -> str:
    """What an option is called on the command line."""
    return "--labels" if name == "allowed_labels" else f"--{name.replace('_', '-')}"


COMMON = frozenset(
    {
        "encoding",
        "label_map",
        "allowed_labels",
        "keep_labels",
        "overlaps",
        "multi_label",
        "label_file",
        "texts_only",
        "keep_fields",
    }
)
"""The options that have the same meaning for every format."""
