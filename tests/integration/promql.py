"""What a PromQL expression asks for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import promql_parser as ast

# Prometheus itself adds the first two; the third is a histogram's own.
ADDED = frozenset({"job", "instance", "le"})


@dataclass(frozen=True)
class Selector:
    """One metric of an expression, with the labels that it is narrowed to, grouped or joined by."""

    metric: str
    labels: frozenset[str]
    matchers: tuple[tuple[str, str, str], ...] = field(default=())

    def takes(self, labels: Mapping[str, str]) -> bool:
        """Whether a series with `labels` is among those asked for. A status depends on the traffic: any will do."""
        return self.labels - ADDED <= labels.keys() and all(
            _matches(operator, value, labels.get(name, ""))
            for name, operator, value in self.matchers
            if name not in ADDED | {"status"}
        )


def selectors(expression: str) -> list[Selector]:
    """Every metric that `expression` names. Raises ValueError where it is not PromQL."""
    found: list[Selector] = []
    grouped: list[frozenset[str]] = []

    def enter(node: object) -> None:
        if isinstance(node, ast.AggregateExpr):
            grouped.append(frozenset(node.modifier.labels if node.modifier else ()))
        elif isinstance(node, ast.VectorSelector):
            matchers = tuple((one.name, str(one.op).split(".")[-1], one.value) for one in node.matchers.matchers)
            labels = frozenset(name for name, _, _ in matchers).union(*grouped)
            found.append(Selector(str(node.name), labels, matchers))

    def leave(node: object) -> None:
        if isinstance(node, ast.AggregateExpr):
            grouped.pop()

    ast.walk(ast.parse(expression), enter, leave)
    return found


def _matches(operator: str, wanted: str, value: str) -> bool:
    equal = re.fullmatch(wanted, value) is not None if operator in ("Re", "NotRe") else wanted == value
    return equal != operator.startswith("Not")
