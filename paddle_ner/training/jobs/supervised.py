"""Learning from labels: the model starts from random or from pretrained weights."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from paddle_ner import modeling
from paddle_ner.config import BaseConfig, Config
from paddle_ner.config.models import NO_PIECES
from paddle_ner.errors import InputError
from paddle_ner.features.tokenizer import Tokenizer
from paddle_ner.tasks import Task
from paddle_ner.training.corpus import read_corpus
from paddle_ner.training.jobs.base import Prepared, Run, Say
from paddle_ner.training.jobs.labelled import Encoded, check, encode, prepared, training_loss
from paddle_ner.training.run_folder import CHECKPOINT


class Supervised:
    """A training on labelled data."""

    result: ClassVar[str] = CHECKPOINT

    def check(self, config: Config, log: Say, warn: Say) -> Config:
        """Read the data; the config stays as it is."""
        check(config, log, warn)
        return config

    def prepare(self, run: Run) -> Prepared:
        """The labelled windows, and a model for their task."""
        config = run.config
        assert isinstance(config, Config)
        corpus = read_corpus(config)
        run.log(f"{len(corpus.train):,} examples to train on, {len(corpus.dev):,} to choose by")
        tokenizer, model = build_model(config, corpus.task, [example.text for example in corpus.train], run.log)
        features, misaligned = encode(config, corpus, tokenizer, run.log)
        encoded = Encoded(tokenizer, model, features, misaligned)
        loss = training_loss(corpus.task, config.training, features)
        return prepared(run, config, corpus, encoded, loss)


def build_model(config: Config, task: Task, texts: Sequence[str], log: Say) -> tuple[Tokenizer, Any]:
    """The tokenizer and the model of a config, weights loaded or drawn from the seed.

    Args:
        config: the config of the training.
        task: what the model answers.
        texts: the texts of the training data, for a vocabulary.
        log: told what is loaded.
    """
    import paddle

    paddle.seed(config.training.seed)
    head, source = modeling.head_for(task, config.model.head), config.model.pretrained
    if source is not None:
        tokenizer = modeling.tokenizer_of(source, log)
        if tokenizer.is_unigram and head.answers != "sequence":  # answers have borders, which pieces may cross
            raise InputError(NO_PIECES.format(source))
        model = modeling.from_pretrained(
            head, task.num_outputs, source, allow_pickle=config.model.allow_pickle, log=log
        )
    else:
        tokenizer = build_tokenizer(config, texts)
        model = modeling.build(
            head,
            task.num_outputs,
            config={"max_position_embeddings": config.window.size, **config.model.encoder},
            vocab_size=tokenizer.vocabulary_size,
            pad_token_id=tokenizer.pad_id,
        )
    check_positions(config, model)
    return tokenizer, model


def check_positions(config: BaseConfig, model: Any) -> None:
    """Raise InputError if the encoder has too few positions for the windows."""
    longest = int(model.config.max_position_embeddings)
    if config.window.size > longest:
        raise InputError(
            f"window.size is {config.window.size}, but the encoder has {longest} positions: train with"
            f" --set window.size={longest}"
        )


def build_tokenizer(config: BaseConfig, texts: Iterable[str]) -> Tokenizer:
    """The tokenizer of a config whose model brings none."""
    options = config.tokenizer
    if options.vocabulary is None:
        return Tokenizer.characters(texts, options.min_frequency, options.lowercase)
    path = config.data.resolve(options.vocabulary)
    if path.suffix == ".json":
        return Tokenizer.load(path)
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None
    return Tokenizer.wordpiece([line.split("\t")[0] for line in lines], options.lowercase)
