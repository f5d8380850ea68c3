"""Just enough of protobuf's wire format to see which operators a graph contains, without the packages that run it."""

from __future__ import annotations

from collections.abc import Iterator

_VARINT, _EIGHT_BYTES, _LENGTH, _FOUR_BYTES = 0, 1, 2, 5


def fields(message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """The number and the value of each field of a message: an integer, or the bytes of a string, message or float.

    Raises ValueError if the bytes are not a message; messages with groups, which neither Paddle nor ONNX writes, are
    refused too.
    """
    position = 0
    while position < len(message):
        key, position = _varint(message, position)
        kind = key & 7
        if kind == _VARINT:
            number, position = _varint(message, position)
            yield key >> 3, number
            continue
        if kind == _LENGTH:
            size, position = _varint(message, position)
        elif kind in (_EIGHT_BYTES, _FOUR_BYTES):
            size = 8 if kind == _EIGHT_BYTES else 4
        else:
            raise ValueError(f"wire type {kind} at byte {position}")
        if position + size > len(message):
            raise ValueError(f"a field of {size:,} bytes at byte {position} of {len(message):,}")
        yield key >> 3, message[position : position + size]
        position += size


def messages(message: memoryview, number: int) -> Iterator[memoryview]:
    """The values of the field `number`, which are messages or strings."""
    for field, value in fields(message):
        if field == number:
            if isinstance(value, int):
                raise ValueError(f"field {number} is a number")
            yield value


def strings(message: memoryview, number: int) -> list[str]:
    """The values of the field `number`, which are strings. Raises ValueError where they are not UTF-8."""
    return [bytes(value).decode("utf-8") for value in messages(message, number)]


def _varint(message: memoryview, position: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if position >= len(message):
            raise ValueError("the message ends in the middle of a number")
        byte = message[position]
        position += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, position
    raise ValueError(f"a number of more than ten bytes before byte {position}")
