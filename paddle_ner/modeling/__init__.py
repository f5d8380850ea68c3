"""Encoders with a head: from a config with random weights, from pretrained weights, from a checkpoint.

Nothing here imports a framework before it is called: PaddleNLP alone takes nine seconds to import.
"""

from __future__ import annotations

from paddle_ner.modeling.build import build
from paddle_ner.modeling.checkpoint import load_checkpoint_model, save_checkpoint_weights
from paddle_ner.modeling.pretrained import from_pretrained
from paddle_ner.modeling.vocabulary import Vocabulary, vocabulary_of

__all__ = [
    "Vocabulary",
    "build",
    "from_pretrained",
    "load_checkpoint_model",
    "save_checkpoint_weights",
    "vocabulary_of",
]
