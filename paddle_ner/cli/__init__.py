"""The command line. Each command is a module: it parses its options, calls a function of the library, and prints.

Command modules are imported when they are called, so that ``paddle-ner --help`` is quick and needs no framework.
"""

from __future__ import annotations

import importlib
import os
import sys
import traceback
import warnings
from collections.abc import Sequence
from typing import Any

import click

from paddle_ner import __version__, startup
from paddle_ner.errors import PaddleNerError, ResourceError

COMMANDS = {
    "doctor": "Show what this machine has and what is missing.",
    "quickstart": "Run everything on a small sample: train, evaluate, export, serve.",
    "init": "Write a config for your own labelled files.",
    "data": "Check, convert, split, augment, sample and describe data.",
    "train": "Train a model from a config.",
    "pretrain": "Train an encoder on text without labels.",
    "distill": "Train a small model on the answers of a large one.",
    "prune": "Remove layers, heads and feed-forward units from a checkpoint.",
    "evaluate": "Score a checkpoint or a bundle on labelled data.",
    "export": "Turn a checkpoint into one verified bundle.",
    "compress": "Turn a checkpoint into the fastest bundle that keeps its scores.",
    "benchmark": "Time a bundle by precision and layout, and keep what is best.",
    "predict": "Label texts from a file or standard input.",
    "serve": "Answer requests over HTTP.",
    "api-key": "Make a key for a server.",
}
_RUN_ENGINES = ("serve", "export", "compress", "benchmark", "quickstart")  # or time them, to choose


class _Lazy(click.Group):
    """A group that knows its commands by name and imports each when it is called."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; exit with 0 if the reader of its output, such as head, closed the pipe."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            # Before click sees the error, which would exit with 1; the rest of the buffer must go somewhere.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command = importlib.import_module(f"paddle_ner.cli.{cmd_name.replace('-', '_')}").command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def cli(debug: bool) -> None:
    """Chinese named entity recognition and text classification on PaddlePaddle."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line. Returns the exit status: 0, 1 (a gate refused), 2 (wrong use or input) or 130 (Ctrl-C)."""
    if arguments is None:
        arguments = sys.argv[1:]
        if next((argument for argument in arguments if not argument.startswith("-")), None) in _RUN_ENGINES:
            startup.restart_with(startup.ENGINES)
    # Anywhere on the command line, since people also put it after the command.
    debug = "--debug" in arguments
    # Paddle and setuptools greet everyone with advice on compiling extensions.
    for greeting in ("No ccache found", "Setuptools is replacing distutils"):
        warnings.filterwarnings("ignore", message=greeting)
    arguments = [argument for argument in arguments if argument != "--debug"]
    try:
        status = cli.main(args=arguments, prog_name="paddle-ner", standalone_mode=False)
        return status if isinstance(status, int) else 0
    except click.exceptions.Abort:
        click.echo("interrupted", err=True)
        return 130
    except KeyboardInterrupt:
        click.echo("interrupted", err=True)
        return 130
    except click.ClickException as error:
        error.show()
        return 2
    except PaddleNerError as error:
        if debug:
            traceback.print_exc()
        click.echo(f"error: {error}", err=True)
        return error.exit_status
    except MemoryError:
        if debug:
            traceback.print_exc()
        click.echo("error: memory ran out: cut long texts into shorter ones, or use a machine with more", err=True)
        return ResourceError.exit_status
    except OSError as error:  # a file that cannot be read or written, a full disk
        if debug:
            traceback.print_exc()
        place = f"{error.filename}: " if error.filename else ""
        click.echo(f"error: {place}{error.strerror or error}", err=True)
        return 2
