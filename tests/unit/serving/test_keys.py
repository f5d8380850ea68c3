"""Keys: made, hashed, kept in a file, and read again when it changes.

Tests `paddle_ner.cli.api_key` too.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import os
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from paddle_ner.cli import cli
from paddle_ner.cli.api_key import command
from paddle_ner.errors import InputError
from paddle_ner.serving import keys
from paddle_ner.serving.keys import KeyFile
from tests.unit.serving.harness import PATIENCE


def test_a_key_is_let_in_by_its_line_and_by_nothing_else() -> None:
    key, hashed = keys.create("web")
    other, _ = keys.create("web")
    known = keys.parse(hashed.line, "keys")
    assert known.name_of(key) == "web"
    assert not any(map(known.name_of, ("", ".", "web", "web.", key[:-1], key + "x", key[4:], other, hashed.line)))


def test_a_key_has_256_random_bits_and_its_hash_is_salted() -> None:
    made = [keys.create("web") for _ in range(50)]
    assert len({key for key, _ in made}) == len({hashed.salt for _, hashed in made}) == 50
    key, hashed = made[0]
    name, salt, digest = hashed.line.split(":")
    secret = key.partition(".")[2]
    assert (name, len(secret)) == ("web", 43)
    assert digest == hmac.new(bytes.fromhex(salt), secret.encode(), hashlib.sha256).hexdigest()
    assert secret not in hashed.line


def test_a_wrong_secret_and_an_unknown_name_are_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[int, int]] = []
    compare = hmac.compare_digest

    def watch(one: bytes, other: bytes) -> bool:
        compared.append((len(one), len(other)))
        return compare(one, other)

    monkeypatch.setattr(hmac, "compare_digest", watch)
    known = keys.parse(keys.create("web")[1].line, "keys")
    known.name_of("web.wrong")
    known.name_of("nobody.wrong")
    assert compared == [(32, 32), (32, 32)]


def test_a_file_may_have_comments_blank_lines_and_a_byte_order_mark(tmp_path: Path) -> None:
    (first, a), (second, b) = keys.create("a"), keys.create("b")
    path = tmp_path / "keys"
    path.write_bytes(f"\ufeff# ours\r\n{a.line}\r\n\r\n  # theirs\n {b.line} \n".encode())
    known = keys.read(path)
    assert [known.name_of(first), known.name_of(second)] == ["a", "b"]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["# ok", "{key}"], ":2: not a hashed key, expected NAME:SALT:HASH"),
        (["{line}", "", "{line}"], ":3: key web is there twice"),
        (["{line}:more"], ":1: not a hashed key"),
        (["web:00:11"], ":1: not a hashed key"),
        (["we b{line}"], ":1: not a hashed key"),
    ],
)
def test_a_wrong_line_is_refused_with_its_place_and_not_shown(tmp_path: Path, lines: list[str], message: str) -> None:
    key, hashed = keys.create("web")
    path = tmp_path / "keys"
    path.write_text("\n".join(line.format(key=key, line=hashed.line) for line in lines))
    with pytest.raises(InputError) as error:
        keys.read(path)
    assert str(error.value).startswith(f"{path}{message}")
    assert "\n" not in str(error.value) and key not in str(error.value)


def test_a_file_that_is_not_there_or_not_text_is_said_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"absent: No such file.*paddle-ner api-key NAME --file"):
        keys.read(tmp_path / "absent")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="binary: not UTF-8"):
        keys.read(tmp_path / "binary")


# ---------------------------------------------------------------------- a file that changes


def replace(path: Path, content: str) -> None:
    """As editors, Kubernetes and configuration tools do."""
    temporary = path.with_suffix(".new")
    temporary.write_text(content)
    temporary.replace(path)


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    (old_key, old), (new_key, new) = keys.create("old"), keys.create("new")
    path = tmp_path / "keys"
    path.write_text(old.line)
    file = KeyFile(path)
    replace(path, new.line)
    assert file.current().name_of(old_key) == "old"  # not looked at yet
    file.look()
    assert file.current().name_of(old_key) is None
    assert file.current().name_of(new_key) == "new"


@pytest.mark.parametrize("broken", ["nonsense", None])
def test_a_broken_or_lost_file_is_refused_in_the_log_once_and_the_old_keys_stay(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, broken: str | None
) -> None:
    key, hashed = keys.create("web")
    path = tmp_path / "keys"
    path.write_text(hashed.line)
    file = KeyFile(path)
    if broken is None:
        path.unlink()
    else:
        replace(path, broken)
    for _ in range(3):
        file.look()
        assert file.current().name_of(key) == "web"
    (record,) = caplog.records
    assert record.levelno == logging.ERROR and record.getMessage().startswith("the API keys have changed but stay")
    other, good = keys.create("other")
    replace(path, good.line)
    file.look()
    assert file.current().name_of(other) == "other"


def test_an_emptied_file_lets_nobody_in_and_says_so(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    key, hashed = keys.create("web")
    path = tmp_path / "keys"
    path.write_text(hashed.line)
    file = KeyFile(path)
    replace(path, "# none\n")
    file.look()
    assert file.current().name_of(key) is None
    assert "holds no API key" in caplog.text


# ---------------------------------------------------------------------- the command


def test_the_command_prints_the_key_on_stdout_and_its_line_on_stderr() -> None:
    result = CliRunner().invoke(command, ["web"])
    known = keys.parse(result.stderr, "stderr")
    assert known.name_of(result.stdout.removesuffix("\n")) == "web"


def test_the_command_appends_to_a_file_whatever_its_end(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    first = CliRunner().invoke(command, ["a", "--file", str(path)]).stdout.strip()
    path.write_text(path.read_text().rstrip("\n"))
    second = CliRunner().invoke(command, ["b", "--file", str(path)]).stdout.strip()
    known = keys.read(path)
    assert [known.name_of(first), known.name_of(second)] == ["a", "b"]


def test_the_command_does_not_take_a_name_twice(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    CliRunner().invoke(command, ["a", "--file", str(path)])
    before = path.read_text()
    again = CliRunner().invoke(command, ["a", "--file", str(path)])
    assert isinstance(again.exception, InputError) and "key a is there already" in str(again.exception)
    assert (again.stdout, path.read_text()) == ("", before)


@pytest.mark.parametrize("name", ["", "a.b", "a:b", "-a", "名", "a" * 65])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="key name"):
        keys.create(name)


def test_the_command_is_one_of_the_command_line() -> None:
    assert "api-key" in CliRunner().invoke(cli, ["--help"]).stdout
    assert CliRunner().invoke(cli, ["api-key", "--help"]).exit_code == 0


def test_the_file_is_looked_at_while_it_is_watched(tmp_path: Path) -> None:
    path, (key, hashed) = tmp_path / "keys", keys.create("late")
    path.write_text("")
    file = KeyFile(path)
    file.watch()
    try:
        path.write_text(hashed.line + "\n")
        end = time.monotonic() + PATIENCE
        while file.current().name_of(key) is None:
            assert time.monotonic() < end
    finally:
        file.close()


def test_a_fifo_in_the_place_of_the_file_is_refused_without_waiting(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path, (key, hashed) = tmp_path / "keys", keys.create("web")
    path.write_text(hashed.line + "\n")
    file = KeyFile(path)
    path.unlink()
    os.mkfifo(path)
    file.look()
    assert "it is no regular file" in caplog.text
    assert file.current().name_of(key) == "web"


def test_a_device_and_a_file_without_bounds_are_no_key_files(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="it is no regular file"):
        keys.read(Path("/dev/zero"))
    (tmp_path / "large").write_bytes(b"#" * (2 << 20))
    with pytest.raises(InputError, match="more than 1048576 bytes"):
        keys.read(tmp_path / "large")
