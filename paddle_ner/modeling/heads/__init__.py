"""Heads turn the states of an encoder into named outputs. Each describes itself in a module of this folder.

Another distribution adds a head through an entry point of the group ``paddle_ner.heads``:

    [project.entry-points."paddle_ner.heads"]
    my-head = "my_package.head:HEAD"

with a module such as this one, which imports Paddle only when a model is built:

    from paddle_ner.modeling.heads import Head

    def layers(encoder, num_outputs):
        import paddle
        size = encoder.config.hidden_size
        return {"hidden": paddle.nn.Linear(size, size), "classifier": paddle.nn.Linear(size, num_outputs)}

    def forward(model, tokens, pooled):
        return {"logits": model.classifier(model.hidden(tokens).tanh())}

    HEAD = Head(name="my-head", answers="token", outputs=("logits",), layers=layers, forward=forward)

``model.head: my-head`` in a config, or ``--set model.head=my-head``, trains with it. A checkpoint needs the package
that brings its head; a bundle does not, since its graph holds the head.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from paddle_ner.errors import InputError
from paddle_ner.registry import Registry
from paddle_ner.tasks import Task

Tensor = Any  # of Paddle, which declares no types
Answers = Literal["token", "span", "sequence"]


@dataclass(frozen=True, slots=True)
class Head:
    """The description of a head: ``HEAD`` in its module, found in `HEADS`.

    Attributes:
        name: its name in options, such as ``model.head: NAME`` in a config.
        answers: whether its outputs are for each token, for spans of tokens or for the whole sequence: a task takes
            heads of one kind, and a task ner whose head answers for spans keeps overlapping entities.
        outputs: names of the outputs of `forward`, in the order of an exported graph. The tasks read ``logits``:
            [batch, length, outputs] if it answers for tokens or spans, [batch, outputs] if for the sequence.
        layers: makes the layers by name, from an encoder of PaddleNLP and the number of outputs. Their weights are
            initialized like the encoder's. A checkpoint holds them as ``NAME.*`` beside the encoder's: with the names
            of PaddleNLP's own models, the weights of these load.
        forward: computes the outputs by name from the model, which has the layers as attributes, from the encoder's
            state of each token, [batch, length, hidden], and from its pooled state of the first token, [batch,
            hidden], or None if the encoder has no pooler.
        pool: makes one state of a sequence, [batch, size], of those of its tokens, [batch, length, hidden], and a mask,
            [batch, length], of ones where there are tokens and zeros where there is padding. It has no weights.
            `forward` gets it in place of the encoder's pooled state. None where the head needs no such state.
        reads: tokens, or first where `forward` reads the states of the first tokens alone: so those of the others need
            not be kept where the encoder does not learn.
    """

    name: str
    answers: Answers
    outputs: tuple[str, ...]
    layers: Callable[[Any, int], Mapping[str, Any]]
    forward: Callable[[Any, Tensor, Tensor | None], dict[str, Tensor]]
    pool: Callable[[Tensor, Tensor], Tensor] | None = None
    reads: Literal["tokens", "first"] = "tokens"


HEADS: Registry[Head] = Registry("head", __name__, "HEAD", "paddle_ner.heads", Head)


def head_for(task: Task, name: str | None = None) -> Head:
    """The head called `name`; None means the task's own.

    Raises:
        InputError: there is no such head, or it lacks the outputs that the task reads.
    """
    own = HEADS[task.head]
    if name is None:
        return own
    try:
        head = HEADS[name]
    except InputError as error:
        raise InputError(f"model.head: {error}") from None
    missing = [output for output in own.outputs if output not in head.outputs]
    if head.answers != own.answers or missing:
        gives = f"gives {', '.join(head.outputs)} for each {head.answers}"
        needs = f"{', '.join(own.outputs)} for each {own.answers}"
        raise InputError(f"model.head: {name} {gives}, but task {task.name} needs {needs}")
    return head


def takes_overlaps(name: str | None) -> bool:
    """Whether the head called `name` answers for spans, so that entities may overlap; None means a task's own head."""
    return name in HEADS and HEADS[str(name)].answers == "span"


def dropout(encoder: Any) -> Any:
    """The dropout between an encoder and its head, as in PaddleNLP's models."""
    import paddle

    config = encoder.config
    own = getattr(config, "classifier_dropout", None)
    return paddle.nn.Dropout(getattr(config, "hidden_dropout_prob", 0.1) if own is None else own)


def has_pooler(encoder: Any) -> bool:
    """Whether the encoder returns a pooled state of the first token in addition to the states of all tokens."""
    return getattr(encoder, "pooler", None) is not None
