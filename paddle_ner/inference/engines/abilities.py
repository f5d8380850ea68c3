"""What the engines can compute on a CPU, by its instructions: for people who ask why a precision is refused or slow."""

from __future__ import annotations

from collections.abc import Callable, Set
from dataclasses import dataclass

from paddle_ner.environment import is_installed
from paddle_ner.inference.engines import ENGINES, Precision
from paddle_ner.machine import INT8_FLAGS


@dataclass(frozen=True, slots=True)
class Ability:
    """An engine on a CPU.

    Attributes:
        engine: its title.
        installed: whether its package is.
        precisions: of the arithmetic that it can do.
        lacking: the other precisions, with the flags of which the CPU needs one.
        slow: precisions that it can do, without the instructions that make them fast.
    """

    engine: str
    installed: bool
    precisions: tuple[Precision, ...]
    lacking: tuple[tuple[Precision, tuple[str, ...]], ...]
    slow: tuple[Precision, ...]

    def __str__(self) -> str:
        """One line, such as ``fp32, int8 (slow: no VNNI); not bf16 (needs avx512_bf16 or amx_bf16)``."""
        can = ", ".join(f"{one} (slow: no VNNI)" if one in self.slow else one for one in self.precisions)
        cannot = ", ".join(f"not {precision} (needs {' or '.join(flags)})" for precision, flags in self.lacking)
        return "; ".join(filter(None, (can, cannot, "" if self.installed else "not installed")))


def abilities(flags: Set[str], installed: Callable[[str], bool] = is_installed) -> list[Ability]:
    """What each engine that runs on CPUs can do on one with `flags`."""
    found = []
    for engine in ENGINES.values():
        precisions = engine.precisions.get("cpu", ())
        lacking = {one: tuple(engine.lacking(one, "cpu", flags)) for one in precisions}
        can = tuple(one for one in precisions if not lacking[one])
        slow: tuple[Precision, ...] = ("int8",) if "int8" in can and INT8_FLAGS.isdisjoint(flags) else ()
        cannot = tuple((one, needed) for one, needed in lacking.items() if needed)
        if precisions:
            found.append(Ability(engine.title, installed(engine.package.module), can, cannot, slow))
    return found
