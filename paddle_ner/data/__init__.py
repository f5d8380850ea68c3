"""Labelled files of many formats to Examples, and back to files of several."""

from __future__ import annotations

from paddle_ner.data.detection import detect
from paddle_ner.data.formats import FORMATS, Fit, Format
from paddle_ner.data.options import ReadOptions
from paddle_ner.data.reading import Policy, follow, load, read
from paddle_ner.data.splitting import folds, key_of, split
from paddle_ner.data.unlabelled import unlabelled
from paddle_ner.data.writers import WRITERS, Record, Writer, writer_of
from paddle_ner.data.writing import write

__all__ = [
    "FORMATS",
    "WRITERS",
    "Fit",
    "Format",
    "Policy",
    "ReadOptions",
    "Record",
    "Writer",
    "detect",
    "folds",
    "follow",
    "key_of",
    "load",
    "read",
    "split",
    "unlabelled",
    "write",
    "writer_of",
]
