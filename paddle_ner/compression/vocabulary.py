"""The vocabulary cut to what a corpus uses: most of a small model's file is embeddings of tokens that never come."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from paddle_ner.errors import GateError, InputError
from paddle_ner.features.tokenizer import Tokenizer
from paddle_ner.modeling import Checkpoint

WORDS = "embeddings.word_embeddings.weight"


def cut_vocabulary(checkpoint: Path, target: Path, texts: Sequence[str], *, characters: bool = True) -> dict[str, Any]:
    """Write `checkpoint` to `target` without the tokens, and their embeddings, that `texts` do not use.

    On these texts the new checkpoint tokenizes as the old one, proven on each, and so answers the same. Ids are
    numbered anew in the old order.

    Args:
        checkpoint: folder of a checkpoint.
        target: folder of the new one.
        texts: of the domain that the model is for.
        characters: keep every token of one character, used or not, so that no known character becomes unknown
            elsewhere. False keeps what is used alone: less, and worse on other texts.

    Returns:
        What was done, for the manifest.

    Raises:
        InputError: `checkpoint` is none, there are no texts, or the tokenizer has no vocabulary that can be cut.
        GateError: a text would be tokenized otherwise; nothing is written.
    """
    if not texts:
        raise InputError("the vocabulary cannot be cut to no texts: name a file that has some")
    found = Checkpoint.open(checkpoint)
    name = found.table(WORDS)
    old, before = found.tokenizer, found.weights[name]
    if old.vocabulary_size > len(before):
        raise InputError(f"{checkpoint}: {old.vocabulary_size} tokens, but the encoder embeds {len(before)}")
    ids = [old.encode(text).ids for text in texts]
    kept = {int(number) for row in ids for number in row}
    if characters:
        kept |= {number for token, number in old.vocabulary.items() if len(token.removeprefix("##")) == 1}
    # A word that is unknown as a whole may have known beginnings: with fewer tokens it could be read otherwise.
    doubtful = {text for text, row in zip(texts, ids, strict=True) if old.unk_id in row}
    new = old.reduced(kept)
    if wrong := _differing(old, new, doubtful):
        joined = "\n".join(wrong)
        joined += joined.lower()
        kept |= {number for token, number in old.vocabulary.items() if token.removeprefix("##") in joined}
        new = old.reduced(kept)
    if wrong := _differing(old, new, texts):
        raise GateError(f"{checkpoint}: with the cut vocabulary {wrong[0][:40]!r} is tokenized otherwise; not written")
    order = new.former_ids(old)
    places = {int(number): place for place, number in enumerate(order)}
    special = {
        field: places[value] for field, value in found.config.items() if field.endswith("_token_id") and value in places
    }
    smaller = found.changed(
        tokenizer=new,
        config={"vocab_size": len(order), **special},
        weights={**found.weights, name: before[order]},
    )
    record = {
        "name": "cut-vocabulary",
        "texts": len(texts),
        "characters": characters,
        "tokens": {"before": len(before), "after": len(order)},
    }
    # The same on these texts; of the set that the checkpoint was scored on, nobody knows.
    smaller.transformed(record, same_answers=False).write(target)
    return record


def _differing(old: Tokenizer, new: Tokenizer, texts: Sequence[str] | set[str]) -> list[str]:
    """The texts that the two tokenize otherwise."""
    order = new.former_ids(old)
    return [text for text in texts if not np.array_equal(order[new.encode(text).ids], old.encode(text).ids)]
