"""The loss of a student that learns from another model's answers."""

from __future__ import annotations

from typing import Any


def soft_cross_entropy(logits: Any, answers: Any, counted: Any, temperature: float) -> Any:
    """Cross entropy between two distributions over the last axis, both softened, summed where `counted` is one.

    Args:
        logits: [..., outputs].
        answers: logits of the distribution to reach, of the same shape.
        counted: [...], ones and zeros.
        temperature: what the logits are divided by; the result is multiplied by its square.
    """
    from paddle.nn.functional import log_softmax, softmax

    losses = -(softmax(answers / temperature) * log_softmax(logits / temperature)).sum(axis=-1)
    return (losses * counted).sum() * temperature**2
