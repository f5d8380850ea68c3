"""The CRF against all tag sequences written out: the best one, the probability of each tag, and the loss.

Tests `paddle_ner.tasks.crf_loss` too.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise, product

import numpy as np
import pytest
from numpy.typing import NDArray

from paddle_ner import tasks
from paddle_ner.bundle import WindowSpec
from paddle_ner.features import windows
from paddle_ner.features.schemes import TagScheme
from paddle_ner.features.tokenizer import Tokenizer
from paddle_ner.tasks import IGNORED
from paddle_ner.tasks.crf import TRANSITIONS, Chain

SCHEMES = [TagScheme(name, ("LOC", "PER")) for name in ("BIO", "BIOES")]
CASES = [(scheme, tokens, seed) for scheme in SCHEMES for tokens in (1, 2, 3, 4) for seed in range(3)]


def drawn(scheme: TagScheme, tokens: int, seed: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Logits and transitions."""
    draw, tags = np.random.default_rng(seed), len(scheme.tags)
    return draw.normal(size=(tokens, tags)) * 2, draw.normal(size=(tags, tags)) * 2


def score(path: Sequence[int], logits: NDArray[np.float64], transitions: NDArray[np.float64]) -> float:
    tags = sum(float(logits[at, tag]) for at, tag in enumerate(path))
    return tags + sum(float(transitions[pair]) for pair in pairwise(path))


def log_sum(values: Sequence[float]) -> float:
    return float(np.logaddexp.reduce(values))


@pytest.mark.parametrize(("scheme", "tokens", "seed"), CASES)
def test_the_best_tags_are_those_of_a_search_through_all(scheme: TagScheme, tokens: int, seed: int) -> None:
    logits, transitions = drawn(scheme, tokens, seed)
    valid = [path for path in product(range(len(scheme.tags)), repeat=tokens) if scheme.is_valid(np.array(path))]
    expected = max(valid, key=lambda path: score(path, logits, transitions))
    assert tuple(Chain(scheme, transitions).best(logits)) == expected


@pytest.mark.parametrize(("scheme", "tokens", "seed"), CASES)
def test_the_marginals_are_the_shares_of_all_valid_sequences(scheme: TagScheme, tokens: int, seed: int) -> None:
    logits, transitions = drawn(scheme, tokens, seed)
    valid = [path for path in product(range(len(scheme.tags)), repeat=tokens) if scheme.is_valid(np.array(path))]
    scores = [score(path, logits, transitions) for path in valid]
    expected = np.zeros_like(logits)
    for path, share in zip(valid, np.exp(np.array(scores) - log_sum(scores)), strict=True):
        expected[np.arange(tokens), path] += share
    assert np.allclose(Chain(scheme, transitions).marginals(logits), expected, atol=1e-12)
    hotter = Chain(scheme, transitions * 3).marginals(logits * 3, temperature=3)
    assert np.allclose(hotter, expected, atol=1e-12)


def test_logits_far_apart_give_numbers() -> None:
    scheme = SCHEMES[0]
    logits = np.zeros((40, len(scheme.tags)), dtype=np.float32)
    logits[:, 2] = 3e4  # I-LOC everywhere, which cannot begin a text
    logits[20] *= -1
    chain = Chain(scheme, np.full(len(scheme.tags) ** 2, -5e3))
    marginals = chain.marginals(logits)
    assert scheme.is_valid(chain.best(logits))
    assert np.isfinite(marginals).all()
    assert np.allclose(marginals.sum(axis=1), 1)


@pytest.mark.parametrize(("scheme", "tokens", "seed"), CASES)
def test_the_loss_is_the_log_partition_less_the_score_of_the_right_tags(
    scheme: TagScheme, tokens: int, seed: int
) -> None:
    import paddle

    logits, transitions = drawn(scheme, tokens, seed)
    may = [
        path
        for path in product(range(len(scheme.tags)), repeat=tokens)
        if all(scheme.transitions[pair] for pair in pairwise(path))
    ]
    right = may[seed * 7 % len(may)]
    expected = log_sum([score(path, logits, transitions) for path in may]) - score(right, logits, transitions)

    # Two windows with the chain at another place of each, wild numbers around it, and one where nothing counts.
    batch = np.random.default_rng(9).normal(size=(3, tokens + 3, len(scheme.tags))).astype(np.float32) * 50
    targets = np.full(batch.shape[:2], IGNORED)
    for row, first in ((0, 1), (1, 3)):
        batch[row, first : first + tokens], targets[row, first : first + tokens] = logits, right
    task = tasks.create("ner", scheme.labels, tag_scheme=scheme.name)
    given = paddle.to_tensor(batch, stop_gradient=False)
    learned = paddle.to_tensor(transitions.reshape(1, -1).astype(np.float32), stop_gradient=False)
    outputs = {"logits": given, TRANSITIONS: learned.expand([3, learned.shape[1]])}
    loss = task.learning.loss_sum(outputs, paddle.to_tensor(targets))
    assert float(loss) == pytest.approx(2 * expected, abs=1e-3)
    loss.backward()
    assert (given.grad.numpy()[targets == IGNORED] == 0).all(), "what does not count has a gradient"
    assert np.isfinite(given.grad.numpy()).all() and np.isfinite(learned.grad.numpy()).all()


def test_the_gradient_is_the_marginals_less_the_right_tags() -> None:
    """So loss and scores are those of one distribution; a text's end is free in one and in the other (BIO)."""
    import paddle

    scheme = SCHEMES[0]
    logits, transitions = drawn(scheme, 5, 1)
    logits[0] = [0, 0, -1e4, 0, -1e4]  # the loss lets a chain begin with I-, a text cannot
    right = np.array([0, 1, 2, 0, 3])
    given = paddle.to_tensor(logits[None].astype(np.float32), stop_gradient=False)
    outputs = {"logits": given, TRANSITIONS: paddle.to_tensor(transitions.reshape(1, -1).astype(np.float32))}
    tasks.create("ner", scheme.labels).learning.loss_sum(outputs, paddle.to_tensor(right[None])).backward()
    expected = Chain(scheme, transitions).marginals(logits) - np.eye(len(scheme.tags))[right]
    assert np.allclose(given.grad.numpy()[0], expected, atol=1e-5)


def test_transitions_change_the_answer_and_its_scores() -> None:
    task = tasks.create("ner", ["PER"])
    encoded = windows.encode("北京", Tokenizer.characters(["北京"]), WindowSpec(size=8, overlap=2))
    logits = np.zeros((4, 3), dtype=np.float32)
    logits[1] = [0.0, 1.0, 0.0]  # B-PER
    alone = task.decoding.decode(encoded, [{"logits": logits}])
    forced = np.zeros((3, 3), dtype=np.float32)
    forced[1, 2] = 4.0  # I-PER behind B-PER
    chained = task.decoding.decode(encoded, [{"logits": logits, TRANSITIONS: forced.reshape(-1)}])
    assert [entity.text for entity in alone.entities or ()] == ["北"]
    assert [entity.text for entity in chained.entities or ()] == ["北京"]
    weights = {(0, 0): 1, (0, 1): 1, (1, 0): np.e, (1, 1): np.e, (1, 2): np.exp(5)}
    total = sum(weights.values())
    expected = (sum(w for (first, _), w in weights.items() if first == 1) + weights[1, 2]) / total / 2
    assert (chained.entities or ())[0].score == pytest.approx(expected)
