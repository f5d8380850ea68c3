"""A key is a file of its own; a signature is of one checksum and one key."""

from __future__ import annotations

from pathlib import Path

import pytest

from paddle_ner.bundle.signing import is_signed, read_key, signature
from paddle_ner.errors import InputError

KEY, CHECKSUM = b"0123456789abcdef" * 2, "ab" * 32


def test_a_signature_is_of_the_checksum_and_the_key() -> None:
    found = signature(CHECKSUM, KEY)
    assert is_signed(CHECKSUM, found, KEY)
    assert not is_signed(CHECKSUM, found, KEY + b"x")
    assert not is_signed("cd" * 32, found, KEY)
    assert not is_signed(CHECKSUM, "", KEY) and not is_signed(CHECKSUM, "\ud800é", KEY)


def test_white_space_round_a_key_does_not_count(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"\n" + KEY + b"\r\n")
    assert read_key(tmp_path / "key") == KEY


@pytest.mark.parametrize("content", [b"", b"short\n", b"x" * 5000])
def test_a_file_that_holds_no_key_says_how_to_make_one(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "key").write_bytes(content)
    with pytest.raises(InputError, match=r"key: expected a key of 32 to 4,096 bytes.*openssl rand -hex 32"):
        read_key(tmp_path / "key")


def test_a_key_file_that_is_none_is_named(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "absent"):
        with pytest.raises(InputError, match="no such file, expected a key"):
            read_key(path)
