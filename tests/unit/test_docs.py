"""What README and docs tell people to type exists, and what they link to is there.

tests/integration/test_docs_commands.py runs the commands; which of them it does not run is checked here.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from paddle_ner import config
from paddle_ner.cli import cli
from tests.docs_commands import ADDED, COMMANDS, NOT_RUN, STAND_INS

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("README*.md"), *(ROOT / "docs").glob("*.md")])


def commands() -> list[tuple[str, str]]:
    found = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8").replace("\\\n", " ")
        for block in re.findall(r"```[a-z]*\n(.*?)```", text, flags=re.S):
            for line in block.splitlines():
                # Of a pipe, the part that is ours.
                for part in line.split("  #")[0].split("|"):
                    part = part.strip().removeprefix("$ ")
                    if part.startswith("paddle-ner "):
                        found.append((page.name, part))
    return found


@pytest.mark.parametrize(("page", "line"), commands())
def test_a_command_of_the_docs_exists_with_its_options(page: str, line: str) -> None:
    words = shlex.split(line.split(" >")[0])[1:]
    command: click.Command = cli
    context = click.Context(cli)
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        inner = command.get_command(context, words.pop(0))
        assert inner is not None, f"{page}: {line}"
        command = inner
    known = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
    options = {word.partition("=")[0] for word in words if re.match(r"--?[a-z]", word)}
    assert options <= known | {"--help", "-h"}, f"{page}: {line}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name}: {target}"


@pytest.mark.parametrize("pattern", NOT_RUN)
def test_what_is_not_run_is_in_the_docs(pattern: str) -> None:
    assert any(re.fullmatch(pattern, command.text) for command in COMMANDS)


@pytest.mark.parametrize("pattern", ADDED)
def test_what_is_added_to_is_in_the_docs_and_run(pattern: str) -> None:
    assert any(re.match(pattern, command.text) and command.reason is None for command in COMMANDS)


@pytest.mark.parametrize("model", STAND_INS)
def test_what_has_a_stand_in_is_in_the_docs_and_run(model: str) -> None:
    assert any(model in command.text and command.reason is None for command in COMMANDS)


@pytest.mark.parametrize(
    "path", sorted({path for command in COMMANDS for path in re.findall(r"configs/\S+\.yaml", command.text)})
)
def test_a_config_of_the_docs_can_be_loaded(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PADDLE_NER_DATA", "/data")
    assert config.load(ROOT / path).name


@pytest.mark.parametrize("folder", ["paddle_ner/serving", "serving"])
def test_the_readme_of_a_folder_names_all_that_it_holds(folder: str) -> None:
    text = (ROOT / folder / "README.md").read_text("utf-8")
    held = {path for path in (ROOT / folder).iterdir() if path.name not in ("README.md", "__init__.py", "__pycache__")}
    assert [path.name for path in sorted(held) if f"`{path.name}{'/' * path.is_dir()}`" not in text] == []
    for target in re.findall(r"\]\((\.\.[^)]+)\)", text):
        assert (ROOT / folder / target).exists(), target
