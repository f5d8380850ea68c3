"""Log lines on their way out: a queue and a thread, so that no request waits for the reader of the log."""

from __future__ import annotations

import logging
import os
import select
import threading
import time
from collections import deque

ROOM = 1 << 20  # bytes of lines that wait
_BLOCK = 1 << 16  # bytes that are written at once
_LAST_SECONDS = 1.0  # for lines that wait when the process ends


class LineHandler(logging.Handler):
    """Writes lines to a file descriptor in a separate thread.

    If nobody reads them, lines that do not fit into `room` are dropped and counted, and a line says how many as soon as
    lines are read again.

    Attributes:
        dropped: lines dropped so far.
    """

    def __init__(self, descriptor: int, room: int = ROOM) -> None:
        super().__init__()
        self.dropped = 0
        self._descriptor = descriptor
        self._room = room
        self._waiting: deque[bytes] = deque()
        self._size = 0  # of what waits and what is being written
        self._unsaid = 0  # dropped lines that were not reported yet
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Queue the line of `record`."""
        line = self._line(record)
        with self._changed:
            if line is None or self._size + len(line) > self._room:
                self.dropped += 1
                self._unsaid += 1
                return
            self._waiting.append(line)
            self._size += len(line)
            if self._thread is None:
                self._thread = threading.Thread(target=self._write, name="log", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def flush(self) -> None:
        """Wait until waiting lines are written, at most a second."""
        end = time.monotonic() + _LAST_SECONDS
        with self._changed:
            while self._size and (left := end - time.monotonic()) > 0:
                self._changed.wait(left)

    def _line(self, record: logging.LogRecord) -> bytes | None:
        try:
            return (self.format(record) + "\n").encode("utf-8", "backslashreplace")
        except Exception:  # a message that does not fit its values: a bug, but no request fails because of it
            return None

    def _write(self) -> None:
        while True:
            with self._changed:
                while not self._waiting:
                    self._changed.wait()
                block = b""
                while self._waiting and len(block) < _BLOCK:
                    block += self._waiting.popleft()
            written = self._write_all(block)
            with self._changed:
                self._size -= len(block)
                if not written:
                    lost = block.count(b"\n")
                    self.dropped += lost
                    self._unsaid += lost
                elif self._unsaid and (line := self._line(_notice(self._unsaid))):
                    self._unsaid = 0
                    self._waiting.append(line)
                    self._size += len(line)
                self._changed.notify_all()

    def _write_all(self, block: bytes) -> bool:
        while block:
            try:
                block = block[os.write(self._descriptor, block) :]
            except BlockingIOError:  # its owner made it non-blocking
                select.select([], [self._descriptor], [])
            except OSError:  # its reader is gone
                return False
        return True


def _notice(number: int) -> logging.LogRecord:
    message = f"{number} log lines were dropped, since nobody read them"
    return logging.makeLogRecord({"name": __name__, "levelno": logging.WARNING, "levelname": "WARNING", "msg": message})
