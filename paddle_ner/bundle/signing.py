"""Who made a bundle: a signature of its manifest, and so of every file, with a secret key.

A checksum only protects against damage: anyone who changes a file can also update the checksum. The signature is an
HMAC-SHA256: anyone with the key can sign, so keep it from people who must not make bundles for your servers.
"""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path

from paddle_ner.errors import InputError

_SHORTEST = 32
_LONGEST = 4096


def read_key(path: Path) -> bytes:
    """The key in a file, without white space around it. Raises InputError, naming the file, if there is no key."""
    advice = f"make a key with: openssl rand -hex 32 > {path}"
    if not path.is_file():
        raise InputError(f"{path}: no such file, expected a key; {advice}")
    try:
        with path.open("rb") as file:
            key = file.read(_LONGEST + 1).strip()
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None
    if not _SHORTEST <= len(key) <= _LONGEST:
        raise InputError(f"{path}: expected a key of {_SHORTEST} to {_LONGEST:,} bytes, found {len(key):,}; {advice}")
    return key


def signature(checksum: str, key: bytes) -> str:
    """Hexadecimal HMAC-SHA256 of a manifest's checksum, which covers the checksums of all files."""
    return hmac.new(key, b"paddle-ner bundle " + checksum.encode("ascii"), hashlib.sha256).hexdigest()


def is_signed(checksum: str, given: str, key: bytes) -> bool:
    """Whether `given` is the signature, compared in constant time."""
    return hmac.compare_digest(signature(checksum, key).encode(), given.encode("utf-8", "replace"))
