"""The loss of spans: for each label, correct spans should score above zero and all others below.

The loss of Su 2020 (https://kexue.fm/archives/7359) for many classes of which few are correct, also called the
multilabel circle loss: ``log(1 + sum of exp(score) of wrong spans) + log(1 + sum of exp(-score) of correct spans)``.
"""

from __future__ import annotations

from typing import Any

from paddle_ner.tasks.spans import WIDTH, rotation

_NEVER = -1e12  # the score of pairs that are not a span of the window


def span_loss(logits: Any, targets: Any, labels: int, ignored: int) -> Any:
    """The loss, averaged over labels and summed over the windows of a batch (paddle tensors in and out).

    Args:
        logits: float32 [batch, length, outputs].
        targets: int64 [batch, 1 + spans, 3]. The first row of a window: the first position that it owns, one past the
            last, and its length without padding. Each other row: first position, last position and label of a correct
            span. The rest is filled with `ignored`.
        labels: the number of labels.
        ignored: see `targets`.
    """
    import paddle
    from paddle.nn.functional import softplus

    batch, length = logits.shape[:2]
    values = span_scores(logits, labels)
    first, last, end = (targets[:, 0, column].reshape([-1, 1, 1]) for column in range(3))
    rows = paddle.arange(length, dtype="int64")
    begins, ends = rows.reshape([1, -1, 1]), rows.reshape([1, 1, -1])
    counted = (begins >= first) & (begins < last) & (ends >= begins) & (ends < end - 1)
    right = paddle.zeros([batch * labels * length * length])
    window, place = paddle.nonzero(targets[:, 1:, 0] != ignored, as_tuple=True)
    if window.shape[0]:
        window = window.reshape([-1])
        start, stop, label = paddle.gather_nd(
            targets[:, 1:], paddle.stack([window, place.reshape([-1])], axis=1)
        ).unbind(axis=1)
        flat = ((window * labels + label) * length + start) * length + stop
        right = paddle.scatter(right, flat, paddle.ones(flat.shape), overwrite=True)
    right = right.reshape(values.shape) > 0
    never = paddle.full_like(values, _NEVER)
    wrong = paddle.logical_and(counted.unsqueeze(1), paddle.logical_not(right))
    of_wrong = softplus(paddle.logsumexp(paddle.where(wrong, values, never), axis=[2, 3]))
    of_right = softplus(paddle.logsumexp(paddle.where(right, -values, never), axis=[2, 3]))
    return (of_wrong + of_right).sum() / labels


def span_scores(logits: Any, labels: int) -> Any:
    """The scores of `paddle_ner.tasks.spans.scores` for all pairs of positions, [batch, labels, length, length]."""
    import paddle

    cosine, sine = (paddle.to_tensor(values) for values in rotation(logits.shape[1]))

    def turned(part: Any) -> Any:
        even, odd = part[:, :, 0::2], part[:, :, 1::2]
        return paddle.concat([even * cosine - odd * sine, even * sine + odd * cosine], axis=-1)

    query, key = turned(logits[:, :, :WIDTH]), turned(logits[:, :, WIDTH : 2 * WIDTH])
    products = paddle.matmul(query, key, transpose_y=True) / WIDTH**0.5
    begins = logits[:, :, 2 * WIDTH : 2 * WIDTH + labels].transpose([0, 2, 1])
    ends = logits[:, :, 2 * WIDTH + labels :].transpose([0, 2, 1])
    return products.unsqueeze(1) + begins.unsqueeze(3) + ends.unsqueeze(2)
