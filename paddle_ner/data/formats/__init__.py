"""The formats that can be read, one module each."""

from __future__ import annotations

from paddle_ner.data.formats import (
    brat,
    cluener,
    conll,
    csv_tsv,
    doccano,
    folder,
    json_array,
    jsonl,
    label_studio,
    segment_tag,
    text,
)
from paddle_ner.data.formats.reader import Reader
from paddle_ner.data.options import Format

READERS: dict[Format, Reader] = {
    reader.format: reader
    for reader in (
        jsonl.READER,
        conll.READER,
        segment_tag.READER,
        cluener.READER,
        doccano.READER,
        label_studio.READER,
        brat.READER,
        csv_tsv.CSV,
        csv_tsv.TSV,
        json_array.READER,
        folder.READER,
        text.READER,
    )
}
"""Each format's reader."""
