from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import ArrayLike, NDArray

from paddle_ner.errors import InputError
from paddle_ner.features.schemes import TagScheme

LABELS = ("PER", "LOC")
SCHEMES = st.sampled_from([TagScheme("BIO", LABELS), TagScheme("BIOES", LABELS)])


@st.composite
def spans(draw: st.DrawFn) -> tuple[list[tuple[int, int, int]], int]:
    found, position = [], 0
    for gap, length, label in draw(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 4), st.integers(0, 1)))):
        found.append((position + gap, position + gap + length, label))
        position += gap + length
    return found, position + draw(st.integers(0, 3))


@given(SCHEMES, spans())
def test_spans_come_back_from_their_tags(
    scheme: TagScheme, given_spans: tuple[list[tuple[int, int, int]], int]
) -> None:
    found, tokens = given_spans
    tags = scheme.encode(found, tokens)
    assert scheme.is_valid(tags)
    assert scheme.decode(tags) == found


LOGITS = st.tuples(st.integers(0, 2**32 - 1), st.sampled_from([0.1, 1.0, 3.0]), st.sampled_from([0.0, 2.0]))


def logits_of(seed: int, scale: float, lead: float, tokens: int, tags: int) -> NDArray[np.float32]:
    """Random, and with `lead` those of O ahead, so that what breaks a rule stands alone."""
    logits = np.random.default_rng(seed).normal(size=(tokens, tags)).astype(np.float32) * np.float32(scale)
    logits[:, 0] += lead * scale
    return logits


def total(logits: NDArray[np.float32], tags: ArrayLike) -> float:
    return float(logits[np.arange(len(logits)), np.asarray(tags)].sum())


@given(SCHEMES, st.integers(1, 4), LOGITS)
def test_the_best_sequence_is_the_best_of_all_valid_ones(
    scheme: TagScheme, tokens: int, values: tuple[int, float, float]
) -> None:
    logits = logits_of(*values, tokens, len(scheme.tags))
    valid = [path for path in product(range(len(scheme.tags)), repeat=tokens) if scheme.is_valid(np.array(path))]
    best = scheme.best(logits)
    assert scheme.is_valid(best)
    assert total(logits, best) == pytest.approx(max(total(logits, path) for path in valid))


@given(SCHEMES, st.integers(1, 60), LOGITS)
def test_searching_where_rules_are_broken_finds_what_searching_everywhere_does(
    scheme: TagScheme, tokens: int, values: tuple[int, float, float]
) -> None:
    logits = logits_of(*values, tokens, len(scheme.tags))
    everywhere = scheme._search(logits.tolist(), at_start=True, at_end=True)
    best = scheme.best(logits)
    assert scheme.is_valid(best) and scheme.is_valid(np.array(everywhere))
    assert total(logits, best) == pytest.approx(total(logits, everywhere))


@given(SCHEMES, st.integers(1, 60), st.integers(0, 2**32 - 1))
def test_any_logits_give_a_valid_sequence(scheme: TagScheme, tokens: int, seed: int) -> None:
    logits = np.random.default_rng(seed).normal(size=(tokens, len(scheme.tags))) * 10
    assert scheme.is_valid(scheme.best(logits))


@pytest.mark.parametrize(("scheme", "tags"), [("BIO", "I-PER"), ("BIO", "B-PER I-LOC"), ("BIOES", "B-PER O")])
def test_invalid_sequences_are_told_apart(scheme: str, tags: str) -> None:
    names = TagScheme(scheme, LABELS).tags
    assert not TagScheme(scheme, LABELS).is_valid(np.array([names.index(tag) for tag in tags.split()]))


def test_an_unknown_scheme_is_refused() -> None:
    with pytest.raises(InputError, match="BIOES"):
        TagScheme("IOBES2", LABELS)
