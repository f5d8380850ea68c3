"""``paddle-ner api-key``: make a key for a server."""

from __future__ import annotations

from pathlib import Path

import click

from paddle_ner.errors import InputError


@click.command("api-key")
@click.argument("name")
@click.option(
    "--file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Append the hashed key to this file, which `paddle-ner serve --api-keys` reads; it may not exist yet.",
)
def command(name: str, file: Path | None) -> None:
    """Make an API key for NAME: print the key once to stdout, and write its hash to FILE or stderr.

    A server that reads FILE accepts the key within a second. To revoke it, delete its line.
    """
    from paddle_ner.serving import keys

    key, hashed = keys.create(name)
    if file is None:
        click.echo(hashed.line, err=True)
    else:
        _append(file, name, hashed.line)
    click.echo(key)


def _append(file: Path, name: str, line: str) -> None:
    from paddle_ner.serving import keys

    before = ""
    if file.exists():
        if name in keys.read(file).names:
            raise InputError(f"{file}: key {name} is there already; delete its line first, or choose another name")
        before = file.read_text(encoding="utf-8")
    with file.open("a", encoding="utf-8") as opened:
        opened.write(("\n" if before and not before.endswith("\n") else "") + line + "\n")
