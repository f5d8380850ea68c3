"""What the package uses of Python 3.10 and a device with Python 3.8 has not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import tee, zip_longest
from typing import Any

_MISSING = object()


def zip_strict(*columns: Iterable[Any]) -> Iterator[tuple[Any, ...]]:
    """``zip(*columns, strict=True)``. Raises ValueError where one column is shorter than another."""
    for row in zip_longest(*columns, fillvalue=_MISSING):
        if any(one is _MISSING for one in row):
            raise ValueError("zip_strict() arguments are of different lengths")
        yield row


def pairwise(values: Iterable[Any]) -> Iterator[tuple[Any, Any]]:
    """Each value with the one behind it, as `itertools.pairwise`."""
    first, second = tee(values)
    next(second, None)
    return zip(first, second)  # noqa: B905  # the first has one more
