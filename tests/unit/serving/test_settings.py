"""The settings of a server, from options, variables and Python, and what is refused."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from paddle_ner.cli.serve import command
from paddle_ner.errors import InputError
from paddle_ner.serving import Settings
from paddle_ner.serving.problems import KINDS
from tests.unit.serving.harness import PATIENCE


def test_the_first_model_is_the_default() -> None:
    assert Settings.create(models={"b": "x", "a": "y"}).default_model == "b"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"models": {}}, "models: "),
        ({"models": {"a/b": "x"}}, "models.a/b: "),
        ({"models": {"a": "x"}, "port": 70000}, "port: "),
        ({"models": {"a": "x"}, "max_queue": 10, "max_texts": 11}, "max_texts is 11 and max_queue 10"),
        ({"models": {"a": "x"}, "deadline_seconds": float("inf")}, "deadline_seconds: "),
        ({"models": {"a": "x"}, "colour": "red"}, "colour: "),
        ({"models": {"a": "x"}, "cors_origins": ["example.org"]}, "cors_origins.0: "),
        ({"models": {"a": "x"}, "rate_limit": 0}, "rate_limit: "),
        ({"models": {"a": "x"}, "api_key_hashes": ""}, "api_key_hashes: "),
        ({"models": {"a": "x"}, "api_keys": "k", "api_key_hashes": "n:s:h"}, "api_keys and api_key_hashes are both"),
    ],
)
def test_a_wrong_setting_is_named_in_one_line(values: dict[str, object], message: str) -> None:
    with pytest.raises(InputError) as error:
        Settings.create(**values)
    assert str(error.value).startswith(message) and "\n" not in str(error.value)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "", "server.example", "::ffff:192.168.1.5"])
def test_an_address_that_others_reach_is_refused_without_keys(host: str) -> None:
    with pytest.raises(InputError, match=r"there are no API keys: give --api-keys FILE.*, or --insecure"):
        Settings.create(models={"a": "x"}, host=host)
    Settings.create(models={"a": "x"}, host=host, insecure=True)
    Settings.create(models={"a": "x"}, host=host, api_keys="keys")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost", "::ffff:127.0.0.1"])
def test_the_loopback_needs_no_keys(host: str) -> None:
    Settings.create(models={"a": "x"}, host=host)


def test_settings_come_from_the_environment() -> None:
    settings = Settings.from_environment(
        {
            "PADDLE_NER_SERVE_MODELS": "ner=runs/a, intent=runs/b",
            "PADDLE_NER_SERVE_MAX_QUEUE": "512",
            "PADDLE_NER_SERVE_DEADLINE_SECONDS": "2.5",
            "PADDLE_NER_SERVE_CORS_ORIGINS": "https://a.example, https://b.example:8443",
            "PADDLE_NER_SERVE_INSECURE": "true",
            "PADDLE_NER_SERVE_MIN_SCORE": "0.5,LOC=0.4",
            "HOME": "/root",
        }
    )
    assert settings.models == {"ner": Path("runs/a"), "intent": Path("runs/b")}
    assert (settings.max_queue, settings.deadline_seconds, settings.insecure) == (512, 2.5, True)
    assert settings.cors_origins == ("https://a.example", "https://b.example:8443")
    assert settings.min_score == {"*": 0.5, "LOC": 0.4}


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({}, "PADDLE_NER_SERVE_MODELS is not set"),
        ({"PADDLE_NER_SERVE_MODELS": "runs/a"}, "expected NAME=PATH"),
        ({"PADDLE_NER_SERVE_MODELS": "a=x,a=y"}, "named twice"),
        ({"PADDLE_NER_SERVE_MODELS": "a=x", "PADDLE_NER_SERVE_MAX_QEUE": "1"}, "PADDLE_NER_SERVE_MAX_QEUE: no such"),
        ({"PADDLE_NER_SERVE_MODELS": "a=x", "PADDLE_NER_SERVE_PORT": "http"}, "port: "),
        ({"PADDLE_NER_SERVE_MODELS": "a=x", "PADDLE_NER_SERVE_MIN_SCORE": "LOC=2"}, "min_score: 'LOC=2', expected"),
        (
            {"PADDLE_NER_SERVE_MODELS": "a=x", "PADDLE_NER_SERVE_TRUSTED_PROXIES": ""},
            r"trusted_proxies\.0: .*expected an address or a network",
        ),
    ],
)
def test_a_wrong_environment_is_refused(environment: dict[str, str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Settings.from_environment(environment)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--name", "x", "--model", "a=absent"], "there is no BUNDLE to name"),
        (["absent"], "absent: no such folder"),
        (["--model", "a=absent"], "absent: no such folder"),
        (["--model", "absent"], "expected NAME=PATH"),
    ],
)
def test_the_command_says_what_is_wrong_before_it_listens(arguments: list[str], message: str) -> None:
    error = CliRunner().invoke(command, arguments).exception
    assert isinstance(error, InputError)
    assert message in str(error)


@pytest.mark.parametrize("proxies", ["", "127.0.0.1,", "127.0.0.1,,10.0.0.0/8"])
def test_an_empty_list_of_trusted_proxies_is_refused(tmp_path: Path, proxies: str) -> None:
    refused = CliRunner().invoke(command, [str(tmp_path), "--trusted-proxies", proxies])
    assert refused.exit_code == 2
    assert f"Invalid value for '--trusted-proxies': {proxies!r} has an empty part" in refused.output


def test_every_setting_has_an_option_with_the_same_default() -> None:
    options = {option.name: option for option in command.params if isinstance(option, click.Option)}
    for name, field in Settings.model_fields.items():
        assert name in options
        if field.default is False:
            assert options[name].is_flag
        elif name != "models" and field.default not in (None, ()):  # what is not given is left to the model
            assert options[name].default == field.default or f"[default: {field.default}]" in str(options[name].help)


def test_the_documentation_names_every_option_with_its_default() -> None:
    text = (Path(__file__).parents[3] / "docs" / "serving.md").read_text("utf-8")
    documented = dict(re.findall(r"^\| `(--[a-z-]+)[^`]*` \| ([^|]*?) \|", text, re.MULTILINE))
    defaults = {name: field.default for name, field in Settings.model_fields.items()}
    options = {
        option.opts[0]: defaults.get(option.name or "") for option in command.params if option.opts[0].startswith("--")
    }
    assert set(documented) == set(options)
    for name, default in options.items():
        if isinstance(default, int | float | str) and not isinstance(default, bool) and default != "auto":
            assert documented[name] == f"{default:g}" if isinstance(default, float) else str(default), name


def test_the_documentation_names_every_problem() -> None:
    text = (Path(__file__).parents[3] / "docs" / "serving.md").read_text("utf-8")
    assert set(re.findall(r"^\| (\d+) \| `([a-z-]+)` \|", text, re.MULTILINE)) == {
        (str(kind.status), kind.slug) for kind in KINDS
    }


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--host", "0.0.0.0"], "error: host is 0.0.0.0, which other machines reach, and there are no API keys: give"),
        (["--host", "0.0.0.0", "--api-keys", "KEYS"], "error: KEYS:2: not a hashed key, expected NAME:SALT:HASH"),
        (["--api-keys", "absent"], "error: absent: No such file or directory; `paddle-ner api-key NAME --file absent`"),
        (["--cors-origin", "example.org"], "error: cors_origins.0: "),
    ],
)
def test_wrong_access_ends_the_command_with_2_and_one_line(tmp_path: Path, options: list[str], message: str) -> None:
    (tmp_path / "bundle").mkdir()
    (tmp_path / "bundle" / "manifest.json").write_text("{}")
    (tmp_path / "KEYS").write_text("# ours\nnonsense\n")
    command = [sys.executable, "-m", "paddle_ner", "serve", "--model", "a=bundle", "--port", "0", *options]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith(message)
