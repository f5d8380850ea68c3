"""Encoders with a head: from a config with random weights, from pretrained weights, from a checkpoint.

Nothing here imports a framework before it is called: PaddleNLP alone takes nine seconds to import.
"""

from __future__ import annotations

from paddle_ner.modeling.build import build
from paddle_ner.modeling.checkpoint import Checkpoint, write_checkpoint
from paddle_ner.modeling.heads import HEADS, Head, head_for, takes_overlaps
from paddle_ner.modeling.pretrained import from_pretrained
from paddle_ner.modeling.vocabulary import Vocabulary, tokenizer_of, vocabulary_of

__all__ = [
    "HEADS",
    "Checkpoint",
    "Head",
    "Vocabulary",
    "build",
    "from_pretrained",
    "head_for",
    "takes_overlaps",
    "tokenizer_of",
    "vocabulary_of",
    "write_checkpoint",
]
