"""Heads have the layers, the weights and the gradients of PaddleNLP's own models.

Tests `paddle_ner.modeling.heads.sequence` and `paddle_ner.modeling.heads.token` too.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import paddle
import paddlenlp.transformers
import pytest

from paddle_ner import tasks
from paddle_ner.errors import InputError
from paddle_ner.modeling import HEADS, build, head_for
from paddle_ner.modeling.build import new_model
from tests.unit.modeling.conftest import TINY

IDS = np.array([[2, 9, 14, 3, 0], [2, 31, 3, 0, 0]], np.int64)
NER = tasks.create("ner", ["PER"])

# PaddleNLP's own models with a head, and the head that has their layers.
MODELS = [
    ("ErnieForTokenClassification", "token"),
    ("ErnieForSequenceClassification", "sequence"),
    ("BertForTokenClassification", "token"),
    ("BertForSequenceClassification", "sequence"),
]


def config_of(model: Any) -> Any:
    return model.config_class(vocab_size=40, pad_token_id=0, num_labels=5, **TINY)


def pair(architecture: str, head: str) -> tuple[Any, Any]:
    """PaddleNLP's model, and ours with the weights of that one."""
    model = getattr(paddlenlp.transformers, architecture)
    paddle.seed(11)
    theirs = model(config_of(model))
    ours = new_model(head, 5, config_of(model))
    missing, unexpected = ours.set_state_dict(theirs.state_dict())
    assert not missing
    assert not unexpected
    return theirs, ours


@pytest.mark.parametrize(("architecture", "head"), MODELS)
def test_the_weights_of_paddlenlps_model_give_its_logits(architecture: str, head: str) -> None:
    theirs, ours = pair(architecture, head)
    for model in (theirs, ours):
        model.eval()
    ids = paddle.to_tensor(IDS)
    assert np.array_equal(theirs(ids).numpy(), ours(input_ids=ids)["logits"].numpy())


@pytest.mark.parametrize(("architecture", "head"), MODELS)
def test_in_training_they_have_the_same_dropout_and_gradients(architecture: str, head: str) -> None:
    theirs, ours = pair(architecture, head)
    gradients = []
    for model in (theirs, ours):
        model.train()
        paddle.seed(3)
        outputs = model(input_ids=paddle.to_tensor(IDS))
        (outputs["logits"] if model is ours else outputs).square().sum().backward()
        gradients.append({name: p.grad.numpy() for name, p in model.named_parameters() if p.grad is not None})
    assert gradients[0].keys() == gradients[1].keys()
    assert all(np.array_equal(values, gradients[1][name]) for name, values in gradients[0].items())


@pytest.mark.parametrize(("architecture", "head"), MODELS)
def test_a_seed_draws_the_weights_that_paddlenlps_model_draws(architecture: str, head: str) -> None:
    model = getattr(paddlenlp.transformers, architecture)
    paddle.seed(4)
    theirs = {name: value.numpy() for name, value in model(config_of(model)).named_parameters()}
    paddle.seed(4)
    ours = {name: value.numpy() for name, value in new_model(head, 5, config_of(model)).named_parameters()}
    assert [*ours] == [*theirs]
    assert all(np.array_equal(values, theirs[name]) for name, values in ours.items())


def test_a_sequence_head_brings_a_pooler_where_the_encoder_has_none() -> None:
    nlp = paddlenlp.transformers
    model = new_model("sequence", 3, nlp.ElectraConfig(vocab_size=40, embedding_size=16, **TINY))
    assert model.pooler.weight.shape == [16, 16]
    model.eval()
    assert model(input_ids=paddle.to_tensor(IDS))["logits"].shape == [2, 3]


def test_the_mean_is_over_the_tokens_of_each_row_and_no_padding() -> None:
    paddle.seed(2)
    model = build("sequence-mean", 3, config=TINY, vocab_size=40, pad_token_id=0)
    model.eval()
    logits = model(input_ids=paddle.to_tensor(IDS))["logits"].numpy()
    for row, ids in zip(logits, ([2, 9, 14, 3], [2, 31, 3]), strict=True):
        states = model.encoder(paddle.to_tensor([ids]))[0]
        np.testing.assert_allclose(row, model.classifier(states.mean(axis=1))[0].numpy(), atol=1e-6)
    assert np.isfinite(model(input_ids=paddle.to_tensor([[0, 0]]))["logits"].numpy()).all()


@pytest.mark.parametrize("name", ["token", "sequence", "sequence-mean"])
def test_the_outputs_have_the_names_that_the_head_says(name: str) -> None:
    model = build(name, 3, config=TINY, vocab_size=40, pad_token_id=0)
    assert tuple(model(input_ids=paddle.to_tensor(IDS))) == HEADS[name].outputs


def test_a_task_has_a_head_of_its_own() -> None:
    assert head_for(NER).name == "token"
    assert head_for(tasks.create("classification", ["a", "b"])).name == "sequence"
    assert head_for(tasks.create("multi-label", ["a", "b"]), "sequence-mean").name == "sequence-mean"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nothing", "model.head: head 'nothing' is unknown, expected one of crf, sequence, sequence-mean, span, token"),
        ("sequence", "model.head: sequence gives logits for each sequence, but task ner needs logits for each token"),
    ],
)
def test_a_head_that_does_not_give_what_the_task_reads_is_refused(name: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        head_for(NER, name)


def test_a_head_whose_layer_has_a_name_of_the_model_is_refused() -> None:
    head = type(HEADS["token"])("bad", "token", ("logits",), lambda *_: {"config": paddle.nn.Linear(1, 1)}, max)
    with pytest.raises(InputError, match="head bad: a layer cannot be called config, which the model has already"):
        build(head, 3, config=TINY, vocab_size=40, pad_token_id=0)
