"""The options of commands that first change a checkpoint: what is cut and dropped, as transforms."""

from __future__ import annotations

import functools
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import click

from paddle_ner import data
from paddle_ner.cli import console
from paddle_ner.cli.model_options import FiniteRange
from paddle_ner.compression.transforms import Transform
from paddle_ner.compression.transforms.positions import cut_positions
from paddle_ner.compression.transforms.pruning import NOTHING, Cut, prune
from paddle_ner.compression.transforms.vocabulary import cut_vocabulary
from paddle_ner.errors import InputError
from paddle_ner.types import Example

_MEASURED = 512  # examples that importance is measured on

_SHARE = FiniteRange(0, 1, max_open=True)
_PRUNING = (
    click.option("--drop-layers", default=0, type=click.IntRange(0), metavar="N", help="Number of layers to remove."),
    click.option(
        "--drop-heads", default=0.0, type=_SHARE, metavar="SHARE", help="Share of all attention heads to remove."
    ),
    click.option(
        "--drop-units", default=0.0, type=_SHARE, metavar="SHARE", help="Share of all feed-forward units to remove."
    ),
)
_CUTTING = (
    click.option(
        "--cut-vocabulary",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Leave out tokens that this file does not use: labelled data, or .txt with one text per line.",
    ),
    click.option(
        "--drop-characters", is_flag=True, help="With --cut-vocabulary: single characters that it does not use too."
    ),
    click.option("--cut-positions", is_flag=True, help="Leave out positions beyond the window."),
)


@dataclass(frozen=True, slots=True)
class Changes:
    """What is changed in a checkpoint first.

    Attributes:
        vocabulary: the file to whose tokens the vocabulary is cut.
        drop_characters: whether single characters that it does not use are cut too.
        positions: whether positions are cut to the window.
        cut: layers, heads and units to remove.
    """

    vocabulary: Path | None = None
    drop_characters: bool = False
    positions: bool = False
    cut: Cut = NOTHING

    def transforms(self, calibration: Sequence[Example]) -> list[Transform]:
        """The transforms in the order in which they compose; importance is measured on `calibration`."""
        transforms: list[Transform] = []
        if self.drop_characters and self.vocabulary is None:
            raise InputError("--drop-characters is for --cut-vocabulary FILE")
        if self.vocabulary is not None:
            texts = list(texts_of(self.vocabulary))
            transforms.append(partial(cut_vocabulary, texts=texts, characters=not self.drop_characters))
        if self.positions:
            transforms.append(cut_positions)
        if self.cut != NOTHING:
            transforms.append(partial(prune, examples=measured(calibration), cut=self.cut))
        return transforms


def pruning_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a click command the options of pruning; it receives them as `cut: Cut`."""

    @functools.wraps(command)
    def wrapper(*arguments: Any, drop_layers: int, drop_heads: float, drop_units: float, **values: Any) -> Any:
        return command(*arguments, cut=Cut(drop_layers, drop_heads, drop_units), **values)

    for option in reversed(_PRUNING):
        wrapper = option(wrapper)
    return wrapper


def transform_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a click command the options of all transforms; it receives them as `changes: Changes`."""

    @functools.wraps(command)
    def wrapper(
        *arguments: Any,
        cut_vocabulary: Path | None,
        drop_characters: bool,
        cut_positions: bool,
        cut: Cut,
        **values: Any,
    ) -> Any:
        return command(*arguments, changes=Changes(cut_vocabulary, drop_characters, cut_positions, cut), **values)

    decorated: Callable[..., Any] = pruning_options(wrapper)
    for option in reversed(_CUTTING):
        decorated = option(decorated)
    return decorated


def measured(examples: Sequence[Example], count: int = _MEASURED) -> list[Example]:
    """A random sample of the examples, the same each time."""
    return random.Random(0).sample(list(examples), min(count, len(examples)))


def texts_of(path: Path) -> Iterator[str]:
    """The texts of a labelled or plain file, without empty ones. Raises InputError if it is missing or empty."""
    examples = data.follow(path, data.unlabelled(path, log=console.log), "strict")
    return (example.text for example in examples if example.text.strip())
