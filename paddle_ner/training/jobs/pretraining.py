"""Masked language modelling on text without labels, in ERNIE's manner (Sun et al. 2019): whole units are masked."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from paddle_ner import modeling
from paddle_ner.bundle import BUNDLE_MANIFEST, CHECKPOINT_MANIFEST, is_bundle
from paddle_ner.config import PretrainConfig, portable, shareable
from paddle_ner.data.source import expand
from paddle_ner.environment import require
from paddle_ner.errors import InputError, NonFiniteError
from paddle_ner.features.tokenizer import Tokenizer
from paddle_ner.files import sha256
from paddle_ner.inference import default
from paddle_ner.modeling import masked
from paddle_ner.modeling.pretrained import local_folder
from paddle_ner.tasks import terms_file
from paddle_ner.tasks.learning import IGNORED
from paddle_ner.training.events import LOG_LIKELIHOOD
from paddle_ner.training.jobs.base import Prepared, Run, Say
from paddle_ner.training.jobs.supervised import build_tokenizer, check_positions
from paddle_ner.training.masking import Masking
from paddle_ner.training.run_folder import ENCODER
from paddle_ner.training.tokens import Tokenized, Windows, stream, tokenized

_LOOK = 1000  # records of each file that are checked first
_LARGEST_LOSS = 700.0  # e to the power of more is not a float
_UNITS_OF_LOSS = 1_000_000  # counts of processes are whole numbers: millionths of a nat


@dataclass(frozen=True, slots=True)
class MaskedScores:
    """How well masked tokens of held-out text are predicted.

    Attributes:
        loss: the mean of a masked token, in nats.
        accuracy: share of them that have the highest logit.
        tokens: masked ones.
    """

    loss: float
    accuracy: float
    tokens: int

    metric: ClassVar[str] = LOG_LIKELIHOOD

    @property
    def value(self) -> float:
        """The mean log-likelihood of a masked token: the higher, the lower is the perplexity."""
        return -self.loss

    @property
    def perplexity(self) -> float:
        """e to the loss."""
        return math.exp(min(self.loss, _LARGEST_LOSS))

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        return {"perplexity": self.perplexity, "accuracy": self.accuracy, "masked_tokens": self.tokens}


class MaskedScorer:
    """Scores a model on windows whose masks are the same each time.

    Args:
        model: with the head for masked tokens.
        windows: the windows of held-out text.
        masking: its own, which stays at the same pass over the data.
        batch_size: windows that go through the model at once.
        log: called with the figures.
    """

    metric = MaskedScores.metric

    def __init__(self, model: Any, windows: Windows, masking: Masking, batch_size: int, log: Say) -> None:
        self._model, self._windows, self._masking = model, windows, masking
        self._batch_size, self._log = batch_size, log

    def count(self, rank: int, world: int) -> NDArray[np.int64]:
        """Masked tokens, those predicted right, and their loss, over every `world`-th window."""
        import paddle

        counts = np.zeros(3, dtype=np.int64)
        mine = range(rank, len(self._windows), world)
        self._model.eval()
        with paddle.no_grad():
            for start in range(0, len(mine), self._batch_size):
                batch = self._masking.collate([self._windows[i] for i in mine[start : start + self._batch_size]])
                tensors = {name: paddle.to_tensor(values) for name, values in batch.items()}
                del tensors["counts"]
                labels = tensors.pop("labels")
                logits = self._model(**tensors)["logits"].astype("float32")
                # Paddle 3.1.1 gives a finite loss for logits of NaN where the vocabulary is a multiple of 32.
                if not bool(paddle.isfinite(logits).all()):
                    raise NonFiniteError("the logits on held-out text are not finite")
                loss = float(masked_loss({"logits": logits}, {"labels": labels}))
                right = int((logits.argmax(-1) == labels).astype("int64").sum())
                counts += [int(batch["counts"].sum()), right, round(loss * _UNITS_OF_LOSS)]
        return counts

    def report(self, counts: NDArray[np.int64]) -> MaskedScores:
        """The figures, which are logged too. Raises InputError if nothing was masked."""
        tokens, right, loss = (int(count) for count in counts)
        if not tokens:
            raise InputError("held-out text: no token of it can be masked: name more of it, or a larger window.size")
        scores = MaskedScores(loss / _UNITS_OF_LOSS / tokens, right / tokens, tokens)
        self._log(
            f"held-out text: perplexity {scores.perplexity:,.2f}, {scores.accuracy:.1%} of {tokens:,} masked tokens"
            " right"
        )
        return scores


def masked_loss(outputs: Mapping[str, Any], batch: Mapping[str, Any]) -> Any:
    """Cross entropy, summed over the masked tokens."""
    import paddle.nn.functional as F

    logits, labels = outputs["logits"], batch["labels"]
    return F.cross_entropy(
        logits.reshape([-1, logits.shape[-1]]), labels.reshape([-1]), ignore_index=IGNORED, reduction="sum"
    )


class Pretraining:
    """A training that predicts masked tokens."""

    result: ClassVar[str] = ENCODER

    def check(self, config: PretrainConfig, log: Say, warn: Say) -> PretrainConfig:
        """Check the beginning of each file of text and everything else that the config names; the config stays."""
        if config.masking.units == "words":
            require("jieba", needed_for="masking whole words (masking.units: tokens does without)")
        if config.model.pretrained is not None:
            local_folder(config.model.pretrained, log)
        if config.masking.terms is not None:
            count = len(terms_file.gazetteer(config.data.resolve(config.masking.terms)))
            log(f"{count:,} terms are masked as a whole")
        if config.masking.model is not None and not _manifest(config.masking.model).is_file():
            raise InputError(f"masking.model: {config.masking.model} is no bundle and no checkpoint of paddle-ner")
        for file in (*config.data.train, *config.data.dev):
            if not any(True for _ in islice(stream(config, [file], lambda _: None), _LOOK)):
                raise InputError(f"{config.data.resolve(file.path)}: no text in it")
        return config

    def prepare(self, run: Run) -> Prepared:
        """The rows of tokens, a model with a head for masked ones, and its scorer."""
        import paddle

        from paddle_ner.training.callbacks import EachEpoch

        config = run.config
        assert isinstance(config, PretrainConfig)
        paddle.seed(config.training.seed)
        source, size = config.model.pretrained, config.window.size
        if source is not None:
            tokenizer = modeling.tokenizer_of(source, run.log)
            model = masked.masked_from_pretrained(source, allow_pickle=config.model.allow_pickle, log=run.log)
        else:
            tokenizer = build_tokenizer(config, stream(config, config.data.train, lambda _: None))
            model = masked.build_masked({"max_position_embeddings": size, **config.model.encoder}, tokenizer)
        check_positions(config, model)
        masking, fixed = (Masking(config.masking, tokenizer, config.training.seed) for _ in range(2))
        read = tokenized(config, tokenizer, _fingerprint(config, tokenizer), run.output, stop=run.stop, log=run.log)
        windows = Windows(read.file("train"), size, tokenizer)
        held_out = Windows(read.file("dev"), size, tokenizer, config.data.max_dev_windows)
        if not len(windows) or not len(held_out):
            raise InputError(
                f"no {'text to train on' if len(held_out) else 'held-out text'} is left of {read.texts:,} texts: name"
                " some with data.dev, or set another data.dev_fraction"
            )
        run.log(
            f"{read.texts:,} texts to train on, {read.characters:,} characters, make {len(windows):,} windows of {size}"
            f" tokens; {len(held_out):,} windows of held-out text"
        )

        def write(folder: Path, metrics: dict[str, Any]) -> None:
            """The encoder with the best weights, with a record of what it has seen."""
            record = _record(config, read, tokenizer, metrics)
            masked.write_encoder(folder, model, tokenizer, record, _card(record))

        def begin(epoch: int) -> None:
            masking.epoch = epoch

        return Prepared(
            model=model,
            features=windows,
            collate=masking.collate,
            loss=masked_loss,
            scorer=MaskedScorer(model, held_out, fixed, config.training.batch_size, run.log),
            fingerprint=read.fingerprint,
            write=write,
            callbacks=[EachEpoch(begin)],
            inputs=("positions",),
        )


def _manifest(model: str) -> Path:
    """The manifest of the model that finds entities."""
    folder = default.resolved(model, lambda _: None)
    return folder / (BUNDLE_MANIFEST if is_bundle(folder) else CHECKPOINT_MANIFEST)


def _fingerprint(config: PretrainConfig, tokenizer: Tokenizer) -> str:
    """Of the texts, the tokenizer and the units, as 16 digits."""
    texts, masking = config.data, config.masking
    digest = hashlib.sha256(tokenizer.to_json().encode())
    files = [file for part in (texts.train, texts.dev) for file in part]
    settings = [
        [file.model_dump(mode="json") for file in files],
        [len(texts.train), texts.dev_fraction, texts.skip_bad, masking.units, masking.longest],
    ]
    digest.update(json.dumps(settings).encode())
    named = [path for file in files for path in expand(texts.resolve(file.path))]
    paths = [file for path in named for file in (sorted(path.rglob("*")) if path.is_dir() else [path])]
    if masking.terms is not None:
        paths.append(texts.resolve(masking.terms))
    if masking.model is not None:
        paths.append(_manifest(masking.model))
    for path in filter(Path.is_file, paths):
        digest.update(sha256(path).encode())
    return digest.hexdigest()[:16]


def _record(config: PretrainConfig, read: Tokenized, tokenizer: Tokenizer, metrics: dict[str, Any]) -> dict[str, Any]:
    """How the encoder was made; without the folders of its author."""
    given = shareable(portable(config, Path.cwd()))
    return {
        "name": config.name,
        "started_from": given["model"]["pretrained"] or "random weights",
        "texts": read.texts,
        "characters": read.characters,
        "tokens": read.tokens - read.texts,
        "vocabulary": tokenizer.vocabulary_size,
        "metrics": metrics,
        "versions": {name: metadata.version(name) for name in ("paddle-ner", "paddlenlp")},
        "config": given,
    }


def _card(record: dict[str, Any]) -> str:
    """The record for people."""
    config, dev = record["config"], record["metrics"]["dev"]
    masking, training = config["masking"], config["training"]
    files = "\n".join(f"- `{Path(file['path']).name}`" for file in config["data"]["train"])
    units = ["words of jieba" if masking["units"] == "words" else "single tokens"]
    units += [f"the terms of `{Path(masking['terms']).name}`"] if masking["terms"] else []
    units += [f"the entities that `{Path(masking['model']).name}` finds"] if masking["model"] else []
    length = f"{training['max_steps']:,} updates" if training["max_steps"] else f"{training['epochs']:g} epochs"
    return f"""# {record["name"]}

An encoder of Chinese text, trained by `paddle-ner pretrain` to predict masked tokens. It starts a training on labels:
`model.pretrained: path/to/this/folder`.

- Started from: {record["started_from"]}
- Texts: {record["texts"]:,}, with {record["characters"]:,} characters, {record["tokens"]:,} tokens of a vocabulary of
  {record["vocabulary"]:,}
- Masked: {masking["share"]:.0%} of the tokens, {", ".join(units)} as a whole
- Trained: for at most {length}, in windows of {config["window"]["size"]} tokens, {training["batch_size"]} in an update
  on each device; peak learning rate {training["learning_rate"]:g}
- Held-out text: perplexity {dev["perplexity"]:,.2f}, {dev["accuracy"]:.1%} of {dev["masked_tokens"]:,} tokens right

The files that it has read:

{files}

`pretraining.json` has the same and the whole config. What may be done with the encoder depends on the licences of these
texts and of what it started from.
"""
