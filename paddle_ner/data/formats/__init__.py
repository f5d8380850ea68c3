"""The formats that can be read, one module each.

A module holds one ``FORMAT``, or a tuple of several. Other distributions add theirs through an entry point of the
group ``paddle_ner.formats``.
"""

from __future__ import annotations

from paddle_ner.data.formats.format import Fit, Format
from paddle_ner.registry import Registry

FORMATS: Registry[Format] = Registry("format", __name__, "FORMAT", "paddle_ner.formats", Format)
"""Every format by its name."""

__all__ = ["FORMATS", "Fit", "Format"]
