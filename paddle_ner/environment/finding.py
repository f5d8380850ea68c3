"""Something that doctor reports."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

Level = Literal["problem", "warning"]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong, and what to do.

    Attributes:
        level: problem: predicting and serving does not work here; warning: something else does not, or may not.
        message: what is wrong.
        commands: shell commands that fix it, in their order; none where a command cannot.
        advice: what to do where no command does, or what to know before running them.
        gpu: whether this keeps a GPU from being used.
    """

    level: Level
    message: str
    commands: tuple[str, ...] = ()
    advice: str = ""
    gpu: bool = False

    @property
    def fix(self) -> str:
        """The commands and the advice in one line."""
        return "; ".join(filter(None, (" && ".join(self.commands), self.advice)))

    def record(self) -> dict[str, Any]:
        """Its entry in the JSON of doctor."""
        return {
            "level": self.level,
            "message": self.message,
            "fix": self.fix,
            "commands": list(self.commands),
            "gpu": self.gpu,
        }


def commands_of(findings: Iterable[Finding]) -> list[str]:
    """All commands, problems first, each once."""
    ordered = sorted(findings, key=lambda finding: finding.level != "problem")
    return list(dict.fromkeys(command for finding in ordered for command in finding.commands))
