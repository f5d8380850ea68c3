"""Annotations that a model contradicts although it is sure: likely errors, of the annotation or of the model.

The model must not have learned from them: the dev and test sets, or each fold of ``data split --folds`` by the model of
that fold, which is what confident learning (Northcutt et al. 2021) asks for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from paddle_ner.data.findings import KEPT, Finding, Place, excerpt, plural, span_of
from paddle_ner.errors import InputError
from paddle_ner.inference.predictor import Predictor
from paddle_ner.types import Entity, Example, Prediction

SURE = 0.9
"""The least score with which a model contradicts."""


def suspects(predictor: Predictor, examples: Sequence[Example], name: str) -> list[Finding]:
    """At most one finding, the surest contradictions first.

    Args:
        predictor: that did not learn from the examples.
        examples: annotated ones are compared; of entities, those of types that both know.
        name: of the model, for messages.

    Raises:
        InputError: model and annotation have no label in common.
    """
    annotated = [
        example
        for example in examples
        if not (example.entities is None and example.label is None and example.labels is None)
    ]
    known = set(predictor.decoding.labels)
    own = {label for example in annotated for label in _labels(example)}
    if own and not own & known:
        raise InputError(
            f"{name}: its labels ({_few(known)}) are none of the data's ({_few(own)}): name another --model"
        )
    both = own & known
    answers = predictor.stream(example.text for example in annotated)
    places: list[tuple[float, Place]] = []
    for example, answer in zip(annotated, answers, strict=True):
        places += _contradicted(example, answer, both)
    if not places:
        return []
    places.sort(key=lambda pair: -pair[0])
    message = (
        f"{plural(len(places), 'place')} of {plural(len(annotated), 'text')} where {name} is sure ({SURE:g} or more) of"
        " something else than the annotation"
    )
    return [Finding("suspect", "warning", message, len(places), tuple(place for _, place in places[:KEPT]))]


def _contradicted(example: Example, answer: Prediction, labels: set[str]) -> Iterator[tuple[float, Place]]:
    """Each contradiction with the model's score."""
    if example.entities is not None and answer.entities is not None:
        yield from _entities(example, answer.entities, labels)
        return
    own = set(_labels(example))
    for label, score in (answer.scores or {}).items():
        if label not in labels:
            continue
        if score >= SURE and label not in own:
            yield score, Place(example.origin, f"{excerpt(example.text)}  {_few(own)}, the model {label} {score:.2f}")
        elif example.labels is not None and label in own and 1 - score >= SURE:
            yield 1 - score, Place(example.origin, f"{excerpt(example.text)}  {label}, the model gives it {score:.2f}")


def _entities(example: Example, answer: Iterable[Entity], labels: set[str]) -> Iterator[tuple[float, Place]]:
    gold = example.entities or ()
    right = {entity.span for entity in gold}
    for predicted in answer:
        score = predicted.score or 0.0
        if score < SURE or predicted.label not in labels or predicted.span in right:
            continue
        near = [entity for entity in gold if entity.start < predicted.end and predicted.start < entity.end]
        said = ", ".join(f"{entity.label} {excerpt(entity.text)}" for entity in near) or "not annotated"
        yield score, span_of(example, *predicted.span, f"{score:.2f}; {said}")


def _labels(example: Example) -> list[str]:
    single = [] if example.label is None else [example.label]
    return [*single, *(example.labels or ()), *(entity.label for entity in example.entities or ())]


def _few(names: Iterable[str]) -> str:
    ordered = sorted(names)
    return ", ".join(ordered[:5]) + (" …" if len(ordered) > 5 else "") or "none"
