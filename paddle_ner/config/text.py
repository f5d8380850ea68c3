"""YAML as people write configs: limited in size, without repeated keys, and 1e-5 is a number."""

from __future__ import annotations

import re
from typing import Any

import yaml

from paddle_ner.errors import InputError

_MAX_NODES = 100_000  # values of a config once its aliases are written out; ours have about a hundred
_MERGE = "<<"


class _Loader(yaml.SafeLoader):
    """Reads 1e-5 as YAML 1.2 does; YAML 1.1, which PyYAML follows, reads it as text."""


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"[-+]?[0-9][0-9_]*(\.[0-9_]*)?[eE][-+]?[0-9]+$"), list("-+0123456789")
)


def parse_yaml(text: str, place: str) -> Any:
    """The value of a YAML document.

    Args:
        text: the document.
        place: where it stands, for messages.

    Raises:
        InputError: it is not YAML, repeats a key, or its aliases make it too large.
    """
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        if _size(node, place, {}) > _MAX_NODES:
            raise InputError(f"{place}: its aliases (*name) stand for more than {_MAX_NODES:,} values; write fewer")
        return loader.construct_document(node)
    except RecursionError:
        raise InputError(f"{place}: is nested too deep for a config") from None
    except (yaml.YAMLError, ValueError) as error:
        raise InputError(f"{place}: cannot be read as YAML: {' '.join(str(error).split())}") from None
    finally:
        loader.dispose()


def _size(node: yaml.Node, place: str, sizes: dict[int, int | None]) -> int:
    """The values in a node with its aliases written out, without writing them out."""
    if id(node) in sizes:
        known = sizes[id(node)]
        if known is None:
            raise InputError(
                f"{place}:{node.start_mark.line + 1}: an alias (*name) is inside the value that it stands for"
            )
        return known
    sizes[id(node)] = None
    total = 1
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value != _MERGE:
                if key.value in seen:
                    raise InputError(f"{place}:{key.start_mark.line + 1}: the key {key.value!r} is there twice")
                seen.add(key.value)
            total += _size(key, place, sizes) + _size(value, place, sizes)
    elif isinstance(node, yaml.SequenceNode):
        total += sum(_size(item, place, sizes) for item in node.value)
    sizes[id(node)] = total
    return total
