from __future__ import annotations

import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import suppress

import pytest

from paddle_ner.serving.lines import LineHandler


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reader, writer = os.pipe()
    yield reader, writer
    for descriptor in (reader, writer):
        with suppress(OSError):
            os.close(descriptor)


def record(message: str) -> logging.LogRecord:
    return logging.makeLogRecord({"msg": message, "levelname": "INFO"})


def fill(writer: int) -> int:
    """Write until the pipe is full; how much that was."""
    os.set_blocking(writer, False)
    size = 0
    try:
        while True:
            size += os.write(writer, b"x" * 4096)
    except BlockingIOError:
        os.set_blocking(writer, True)
    return size


def read(reader: int, size: int) -> str:
    received = b""
    while len(received) < size:
        received += os.read(reader, size - len(received))
    return received.decode()


def test_lines_come_in_their_order(pipe: tuple[int, int]) -> None:
    handler = LineHandler(pipe[1])
    for number in range(1000):
        handler.emit(record(f"line {number}"))
    expected = "".join(f"line {number}\n" for number in range(1000))
    assert read(pipe[0], len(expected)) == expected


def test_what_does_not_fit_is_dropped_counted_and_told_of_when_lines_are_read_again(pipe: tuple[int, int]) -> None:
    full = fill(pipe[1])
    handler = LineHandler(pipe[1], room=100)
    for _ in range(50):
        handler.emit(record("x" * 9))
    assert handler.dropped == 40
    os.read(pipe[0], full)
    told = "40 log lines were dropped, since nobody read them\n"
    assert read(pipe[0], 100 + len(told)) == ("x" * 9 + "\n") * 10 + told
    handler.emit(record("on"))
    assert read(pipe[0], 3) == "on\n"


def test_flush_writes_what_waits_and_gives_up_where_nobody_reads(pipe: tuple[int, int]) -> None:
    handler = LineHandler(pipe[1])
    handler.emit(record("last"))
    handler.flush()
    assert os.read(pipe[0], 100) == b"last\n"
    fill(pipe[1])
    handler.emit(record("never"))
    handler.flush()


def test_lines_for_a_reader_that_is_gone_are_counted(pipe: tuple[int, int]) -> None:
    os.close(pipe[0])
    handler = LineHandler(pipe[1])
    handler.emit(record("nobody"))
    handler.flush()
    assert handler.dropped == 1


def test_a_descriptor_that_does_not_block_loses_nothing(pipe: tuple[int, int]) -> None:
    full = fill(pipe[1])
    fcntl.fcntl(pipe[1], fcntl.F_SETFL, fcntl.fcntl(pipe[1], fcntl.F_GETFL) | os.O_NONBLOCK)
    handler = LineHandler(pipe[1])
    handler.emit(record("patient"))
    os.read(pipe[0], full)
    assert read(pipe[0], 8) == "patient\n"


def test_a_message_that_does_not_fit_its_values_is_counted_and_raises_nothing(pipe: tuple[int, int]) -> None:
    handler = LineHandler(pipe[1])
    wrong = record("%d")
    wrong.args = ("no number",)
    handler.emit(wrong)
    assert handler.dropped == 1
