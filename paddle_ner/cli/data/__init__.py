"""``paddle-ner data``: check, convert, split, augment, sample and describe labelled files. One module a command."""

from __future__ import annotations

import click

from paddle_ner.cli.data.augment import augment
from paddle_ner.cli.data.check import check
from paddle_ner.cli.data.common import WithFormats
from paddle_ner.cli.data.convert import convert
from paddle_ner.cli.data.sample import sample
from paddle_ner.cli.data.split import split
from paddle_ner.cli.data.stats import stats


class _Group(WithFormats, click.Group):
    pass


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
def command() -> None:
    """Check, convert, split, augment, sample and describe data."""


for _part in (check, convert, split, augment, sample, stats):
    command.add_command(_part)
