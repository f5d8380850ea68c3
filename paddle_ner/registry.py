"""Named parts that users can add to: engines, heads, formats, augmentations.

A part is a value with a name. The package's own parts are in modules of one folder, each under the same attribute;
other distributions add theirs through an entry point (https://packaging.python.org/specifications/entry-points/):

    [project.entry-points."paddle_ner.engines"]
    my-engine = "my_package.engine:ENGINE"
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from functools import cached_property
from importlib import metadata
from typing import Any, Generic, TypeVar

from paddle_ner.errors import InputError

T = TypeVar("T")


class Registry(Mapping[str, T], Generic[T]):
    """The parts of one kind by name, read when a part is first asked for.

    Args:
        kind: what such a part is called in messages, such as ``engine``.
        package: the folder whose modules hold this package's own parts; a module without `attribute` holds none.
        attribute: the name under which a module holds its part, or a tuple of several.
        group: the entry points through which other distributions add theirs.
        expected: the class of a part; each has a ``name``.
    """

    def __init__(self, kind: str, package: str, attribute: str, group: str, expected: type[T]) -> None:
        self._kind, self._package, self._attribute = kind, package, attribute
        self._group, self._expected = group, expected

    def __getitem__(self, name: str) -> T:
        if name not in self._parts:
            raise InputError(f"{self._kind} {name!r} is unknown, expected one of {', '.join(self._parts)}")
        return self._parts[name]

    def __contains__(self, name: object) -> bool:
        return name in self._parts

    def __iter__(self) -> Iterator[str]:
        return iter(self._parts)

    def __len__(self) -> int:
        return len(self._parts)

    @cached_property
    def _parts(self) -> dict[str, T]:
        parts: dict[str, T] = {}
        origins: dict[str, str] = {}
        for origin, part in (*self._own(), *self._added()):
            name: str = part.name  # type: ignore[attr-defined]  # `expected` has one
            if name in parts:
                raise InputError(
                    f"{self._kind} {name!r} is brought by {origins[name]} and by {origin}: uninstall one of them"
                )
            parts[name], origins[name] = part, origin
        return parts

    def _own(self) -> Iterator[tuple[str, T]]:
        for info in pkgutil.iter_modules(importlib.import_module(self._package).__path__, f"{self._package}."):
            module = importlib.import_module(info.name)
            if hasattr(module, self._attribute):
                yield from self._checked(info.name, getattr(module, self._attribute))

    def _added(self) -> Iterator[tuple[str, T]]:
        for point in metadata.entry_points(group=self._group):
            origin = f"{point.dist.name if point.dist else 'a package'} ({point.value})"
            try:
                value = point.load()
            except Exception as error:  # whatever a stranger's module raises when it is imported
                raise InputError(
                    f"{self._kind} {point.name!r} of {origin} cannot be loaded: {type(error).__name__}: {error};"
                    " upgrade or uninstall that package"
                ) from error
            yield from self._checked(origin, value)

    def _checked(self, origin: str, value: Any) -> Iterator[tuple[str, T]]:
        for part in value if isinstance(value, tuple) else (value,):
            if not isinstance(part, self._expected):
                raise InputError(f"{origin}: is a {type(part).__name__}, expected a {self._expected.__name__}")
            yield origin, part
