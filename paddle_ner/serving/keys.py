"""API keys: how they are made, and the file with their salted hashes.

A key is ``NAME.SECRET``, where the secret is 256 random bits. The server's file has a line for each,
``NAME:SALT:HASH``: the hash is HMAC-SHA256 of the secret under the salt, from which the key cannot be recovered. Slow
hashes are for passwords that people choose; for a random secret they would only add work to each request.
"""

from __future__ import annotations

import hmac
import logging
import os
import re
import secrets
import stat
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from paddle_ner.errors import InputError

logger = logging.getLogger(__name__)

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_LINE = re.compile(rf"({_NAME.pattern}):([0-9a-f]{{32}}):([0-9a-f]{{64}})")
_EXPECTED = "expected NAME:SALT:HASH as `paddle-ner api-key NAME` prints it"
_LOOK_SECONDS = 1.0  # between checks of the file
_MOST_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class HashedKey:
    """The stored part of a key."""

    name: str
    salt: bytes
    digest: bytes

    @property
    def line(self) -> str:
        """Of the file."""
        return f"{self.name}:{self.salt.hex()}:{self.digest.hex()}"


def create(name: str) -> tuple[str, HashedKey]:
    """A new key, which is not stored, and its stored part. Raises InputError for an invalid name."""
    if not _NAME.fullmatch(name):
        raise InputError(f"key name {name!r}: expected 1 to 64 ASCII letters, digits, _ and -, the first no sign")
    secret, salt = secrets.token_urlsafe(32), secrets.token_bytes(16)
    return f"{name}.{secret}", HashedKey(name, salt, _digest(salt, secret))


def _digest(salt: bytes, secret: str) -> bytes:
    return hmac.digest(salt, secret.encode("utf-8", "surrogatepass"), "sha256")


class Keys:
    """The keys of a server."""

    def __init__(self, keys: Mapping[str, HashedKey]) -> None:
        self._keys = keys
        # An unknown name takes as long as a wrong secret.
        self._nobody = HashedKey("", secrets.token_bytes(16), secrets.token_bytes(32))

    def __len__(self) -> int:
        return len(self._keys)

    @property
    def names(self) -> list[str]:
        """The names of the keys."""
        return list(self._keys)

    def name_of(self, key: str) -> str | None:
        """The name of a valid key; None for any other."""
        name, _, secret = key.partition(".")
        known = self._keys.get(name, self._nobody)
        return known.name if hmac.compare_digest(_digest(known.salt, secret), known.digest) else None


def parse(content: str, source: str) -> Keys:
    """The keys in the content of a file: one per line, with blank lines and comments that begin with ``#``.

    Raises InputError, with `source` and the line, if a line is not a hashed key or a name is repeated.
    """
    keys: dict[str, HashedKey] = {}
    for number, line in enumerate(content.removeprefix("\ufeff").splitlines(), start=1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            raise InputError(f"{source}:{number}: not a hashed key, {_EXPECTED}")  # the line may be a key: not shown
        name, salt, digest = match.groups()
        if name in keys:
            raise InputError(f"{source}:{number}: key {name} is there twice; give each its own name")
        keys[name] = HashedKey(name, bytes.fromhex(salt), bytes.fromhex(digest))
    return Keys(keys)


def read(path: Path) -> Keys:
    """The keys of a file. Raises InputError, in one line, if it cannot be read or a line is invalid."""
    try:
        # A FIFO would make us wait for its writer, a device might never end.
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise InputError(f"{path}: it is no regular file, {_EXPECTED} on each line of one")
            content = file.read(_MOST_BYTES + 1)
        if len(content) > _MOST_BYTES:
            raise InputError(f"{path}: it has more than {_MOST_BYTES} bytes, {_EXPECTED} on each line")
        return parse(content.decode("utf-8"), str(path))
    except UnicodeDecodeError:
        raise InputError(f"{path}: not UTF-8, {_EXPECTED} on each line") from None
    except OSError as error:
        raise InputError(
            f"{path}: {error.strerror or error}; `paddle-ner api-key NAME --file {path}` makes it with a first key"
        ) from None


class KeyFile:
    """The keys of a file, read again when it changes. If it becomes invalid, the log says so and the old keys stay.

    Args:
        path: the file. Raises InputError if it cannot be read or a line is invalid.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._state = self._stamp()
        self._keys = read(path)
        self._ended = threading.Event()
        self._warn_of_none()

    def current(self) -> Keys:
        """The keys as they were last read: reading them here would make every request wait for the disk."""
        return self._keys

    def watch(self) -> None:
        """Check the file every second, in a separate thread, until `close`."""
        self._ended.clear()
        threading.Thread(target=self._watch, name="keys", daemon=True).start()

    def close(self) -> None:
        """Look no more."""
        self._ended.set()

    def look(self) -> None:
        """Read the file again if it has changed."""
        state = self._stamp()
        if state == self._state:
            return
        self._state = state
        try:
            self._keys = read(self._path)
        except InputError as error:
            logger.error("the API keys have changed but stay as they were: %s", error)
            return
        logger.info("the API keys were read again: %s holds %d", self._path, len(self._keys))
        self._warn_of_none()

    def _watch(self) -> None:
        while not self._ended.wait(_LOOK_SECONDS):
            try:
                self.look()
            except Exception:  # a bug must not end the watch
                logger.exception("the API keys could not be looked at")

    def _warn_of_none(self) -> None:
        if not self._keys:
            logger.warning("%s holds no API key: every request that needs one is refused", self._path)

    def _stamp(self) -> tuple[int, int, int] | None:
        try:
            status = self._path.stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_size, status.st_ino
