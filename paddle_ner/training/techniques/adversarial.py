"""Adversarial training: each update also learns from word embeddings moved to where the loss grows fastest."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import paddle
import paddle.distributed as dist

from paddle_ner.errors import InputError


@contextmanager
def moved_embeddings(model: Any, size: float, processes: int) -> Iterator[None]:
    """The model with its word embeddings moved along their gradient (the fast gradient method, Miyato et al. 2017).

    All processes move them equally, by the gradient of all. Afterwards they are as before, bit for bit.

    Args:
        model: after a backward pass, whose gradients are this process's own.
        size: Euclidean norm of what is added to the whole table of embeddings.
        processes: that train.

    Raises:
        InputError: the encoder has no word embeddings with a gradient.
    """
    table = model.encoder.get_input_embeddings().weight
    if table.grad is None:
        raise InputError("training.adversarial: the encoder learns no word embeddings: leave it out")
    gradient = table.grad.detach().clone()
    if processes > 1:
        dist.all_reduce(gradient)
    own = table.detach().clone()
    with paddle.no_grad():
        norm = gradient.astype("float32").norm()
        # Without a gradient there is no direction, and nothing moves.
        table.set_value(own + gradient * (size / paddle.clip(norm, min=1e-30)))
    try:
        yield
    finally:
        with paddle.no_grad():
            table.set_value(own)
