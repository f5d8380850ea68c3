"""What the records of a file are annotated with, which must be the same in all of them.

The first record that shows it decides, wherever it is. A record without annotation says nothing, and an empty
annotation (doccano's ``"label": []``) does not say of what kind it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from paddle_ner.data.records import Draft, Rejected
from paddle_ner.types import Example

Judged = Callable[[Draft], Example | Rejected]
"""Makes an Example from a draft, or says what is wrong with it."""
ENTITIES = "entities"
UNANNOTATED = "no annotation"


@dataclass(frozen=True, slots=True)
class Kind:
    """What records are annotated with, and the record (``path:line``) that shows it."""

    name: str
    origin: str

    @classmethod
    def of(cls, example: Example) -> Kind:
        """What one example is annotated with."""
        if example.entities is not None:
            return cls(ENTITIES, example.origin)
        if example.labels is not None:
            return cls("labels", example.origin)
        return cls(UNANNOTATED if example.label is None else "a label", example.origin)

    def fault(self, example: Example) -> str | None:
        """What is wrong with an example among records of this kind; None if it has the same kind."""
        own = Kind.of(example).name
        return (
            None if own == self.name else f"{own}, but {self.origin} has {self.name}: expected the same in every record"
        )

    def fill(self, draft: Draft) -> Draft:
        """A draft with an empty annotation, made one of this kind; any other unchanged."""
        if not draft.empty:
            return draft
        return replace(draft, spans=()) if self.name == ENTITIES else replace(draft, label=())


def kind_of_all(records: Iterable[tuple[Draft, Judged]]) -> Kind | None:
    """The kind of records, by the first record that shows it; None if none does.

    Args:
        records: each as a draft, and the function that makes an Example from it.
    """
    empty: Kind | None = None
    unannotated: Kind | None = None
    for draft, judge in records:
        if draft.empty and empty is not None:
            continue
        example = judge(replace(draft, spans=()) if draft.empty else draft)
        if isinstance(example, Rejected):
            continue
        kind = Kind.of(example)
        if draft.empty:
            empty = kind
        elif kind.name != UNANNOTATED:
            return kind
        else:
            unannotated = unannotated or kind
    return empty or unannotated
