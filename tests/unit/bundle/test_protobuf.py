"""The wire format of protobuf: the examples of its documentation, and what is no message."""

from __future__ import annotations

import pytest

from paddle_ner.bundle.protobuf import fields, messages, strings


def read(message: bytes) -> list[tuple[int, int | bytes]]:
    return [
        (number, value if isinstance(value, int) else bytes(value)) for number, value in fields(memoryview(message))
    ]


def test_numbers_strings_and_messages_are_read() -> None:
    assert read(bytes.fromhex("089601")) == [(1, 150)]
    assert read(bytes.fromhex("120774657374696e67")) == [(2, b"testing")]
    assert read(bytes.fromhex("1a03089601")) == [(3, bytes.fromhex("089601"))]


def test_numbers_of_four_and_eight_bytes_are_passed_over() -> None:
    assert read(b"\x0d\1\2\3\4\x11\1\2\3\4\5\6\7\x08\x18\7") == [(1, b"\1\2\3\4"), (2, b"\1\2\3\4\5\6\7\x08"), (3, 7)]


def test_the_fields_of_one_number_are_picked() -> None:
    message = memoryview(b"\x0a\3\xe5\xa5\xbd" + b"\x12\1x" + b"\x0a\1b")
    assert strings(message, 1) == ["好", "b"]
    assert [bytes(value) for value in messages(message, 2)] == [b"x"]
    assert strings(message, 3) == []


@pytest.mark.parametrize(
    ("message", "fault"),
    [
        (b"\x08", "ends in the middle of a number"),
        (b"\x08\x96", "ends in the middle of a number"),
        (b"\x08" + b"\xff" * 11, "a number of more than ten bytes"),
        (b"\x12\x07test", "a field of 7 bytes at byte 2 of 6"),
        (b"\x0d\1\2", "a field of 4 bytes at byte 1 of 3"),
        (b"\x0b", "wire type 3 at byte 1"),
    ],
)
def test_what_is_no_message_is_refused(message: bytes, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        read(message)


def test_a_number_where_a_message_must_be_is_refused() -> None:
    with pytest.raises(ValueError, match="field 1 is a number"):
        list(messages(memoryview(bytes.fromhex("089601")), 1))
