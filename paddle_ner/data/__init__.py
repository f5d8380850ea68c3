"""Labelled files of many formats to Examples, and back to canonical JSON lines."""

from __future__ import annotations

from paddle_ner.data.detection import detect
from paddle_ner.data.formats import FORMATS, Fit, Format
from paddle_ner.data.options import ReadOptions
from paddle_ner.data.reading import Policy, load, read
from paddle_ner.data.splitting import split
from paddle_ner.data.writing import write

__all__ = ["FORMATS", "Fit", "Format", "Policy", "ReadOptions", "detect", "load", "read", "split", "write"]
