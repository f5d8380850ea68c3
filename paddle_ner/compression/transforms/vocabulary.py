"""The vocabulary cut to what a corpus uses: most of a small model's file is embeddings of tokens that never occur."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from paddle_ner.errors import GateError, InputError
from paddle_ner.features.tokenizer import WORD, Tokenizer
from paddle_ner.modeling import Checkpoint

_WORDS = "embeddings.word_embeddings.weight"


def cut_vocabulary(checkpoint: Checkpoint, texts: Sequence[str], *, characters: bool = True) -> Checkpoint:
    """The checkpoint without the tokens, and their embeddings, that `texts` do not use.

    On these texts the new checkpoint tokenizes like the old one, which is checked for each, and so gives the same
    answers. Ids are renumbered in the old order.

    Args:
        checkpoint: the checkpoint to cut.
        texts: texts of the domain that the model is for.
        characters: keep every token of one character, used or not, so that no known character becomes unknown
            in other texts. False only keeps used characters: a smaller vocabulary, and worse on other texts.

    Raises:
        InputError: there are no texts, or the tokenizer has no vocabulary that can be cut.
        GateError: a text would be tokenized differently.
    """
    if not texts:
        raise InputError("the vocabulary cannot be cut to no texts: name a file that has some")
    name = checkpoint.table(_WORDS)
    old, before = checkpoint.tokenizer, checkpoint.weights[name]
    if old.vocabulary_size > len(before):
        raise InputError(f"{checkpoint.folder}: {old.vocabulary_size} tokens, but the encoder embeds {len(before)}")
    ids = [old.encode(text).ids for text in texts]
    kept = {int(number) for row in ids for number in row}
    if characters:
        kept |= {number for token, number in old.vocabulary.items() if len(_bare(token)) == 1}
    # A word that is unknown as a whole may have known beginnings: with fewer tokens it could be split differently.
    doubtful = {text for text, row in zip(texts, ids, strict=True) if old.unk_id in row}
    new = old.reduced(kept)
    if wrong := _differing(old, new, doubtful):
        joined = "\n".join(wrong)
        joined += joined.lower()
        kept |= {number for token, number in old.vocabulary.items() if _bare(token) in joined}
        new = old.reduced(kept)
    if wrong := _differing(old, new, texts):
        raise GateError(
            f"{checkpoint.folder}: with the cut vocabulary {wrong[0][:40]!r} is tokenized otherwise; not written"
        )
    order = new.former_ids(old)
    places = {int(number): place for place, number in enumerate(order)}
    special = {
        field: places[value]
        for field, value in checkpoint.config.items()
        if field.endswith("_token_id") and value in places
    }
    smaller = checkpoint.changed(
        tokenizer=new,
        config={"vocab_size": len(order), **special},
        weights={**checkpoint.weights, name: before[order]},
    )
    record = {
        "name": "cut-vocabulary",
        "texts": len(texts),
        "characters": characters,
        "tokens": {"before": len(before), "after": len(order)},
    }
    # The same on these texts; for the set that the checkpoint was scored on, nobody knows.
    return smaller.transformed(record, same_answers=False)


def _bare(token: str) -> str:
    """A token without the mark of WordPiece that it goes on, or that of Unigram that it begins a word."""
    return token.removeprefix("##").removeprefix(WORD)


def _differing(old: Tokenizer, new: Tokenizer, texts: Sequence[str] | set[str]) -> list[str]:
    """The texts that the two tokenize differently."""
    order = new.former_ids(old)
    return [text for text in texts if not np.array_equal(order[new.encode(text).ids], old.encode(text).ids)]
