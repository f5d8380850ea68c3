"""The loss of a CRF: the negative log-likelihood of the correct tags among all that the tag scheme allows."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_FORBIDDEN = -1e4  # the score of a transition that the scheme forbids; infinity would make gradients NaN


def negative_log_likelihood(
    logits: Any, transitions: Any, targets: Any, allowed: NDArray[np.bool_], ignored: int
) -> Any:
    """The loss summed over the windows of a batch (paddle tensors in and out), by the forward algorithm.

    The tokens of a window that count are contiguous: a chain begins with the first of them and ends with the last.
    Other tokens and padding are not part of it. A chain may begin and end with any tag, since it may be a part of a
    text.

    Args:
        logits: [batch, length, tags], float32.
        transitions: [batch, tags * tags], the same in each row.
        targets: int64 [batch, length]: the correct tags, `ignored` where a token does not count.
        allowed: bool [tags, tags]: may the tag of the column follow that of the row?
        ignored: the target of a token that does not count.
    """
    import paddle
    from paddle.nn.functional import one_hot

    tags = logits.shape[-1]
    forbidden = paddle.to_tensor(np.full_like(allowed, _FORBIDDEN, dtype=np.float32))
    scores = paddle.where(paddle.to_tensor(allowed), transitions[0].reshape([tags, tags]), forbidden)
    counts = targets != ignored
    follows = paddle.logical_and(counts[:, 1:], counts[:, :-1])
    right = one_hot(paddle.where(counts, targets, paddle.zeros_like(targets)), tags)
    of_tokens = (right * logits).sum(axis=-1) * counts.astype("float32")
    of_pairs = (paddle.matmul(right[:, :-1], scores) * right[:, 1:]).sum(axis=-1) * follows.astype("float32")

    reached = logits[:, 0]
    for position in range(1, logits.shape[1]):
        arriving = paddle.logsumexp(reached.unsqueeze(2) + scores, axis=1)
        here = paddle.where(follows[:, position - 1 : position], arriving, paddle.zeros_like(arriving))
        reached = paddle.where(counts[:, position : position + 1], here + logits[:, position], reached)
    total = paddle.logsumexp(reached, axis=1) * counts.any(axis=1).astype("float32")
    return total.sum() - of_tokens.sum() - of_pairs.sum()
