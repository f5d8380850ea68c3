"""What all trainings on labelled data have: a task, a scorer over the dev examples, and a checkpoint for it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paddle_ner.bundle import Manifest
from paddle_ner.config import Config, TrainingConfig, portable
from paddle_ner.data.checking import check_file, warnings
from paddle_ner.evaluation import temperature
from paddle_ner.features.sentences import sentence_ends
from paddle_ner.features.tokenizer import Tokenizer
from paddle_ner.inference.predictor import Predictor
from paddle_ner.modeling import head_for, write_checkpoint
from paddle_ner.tasks import Scoring, Task
from paddle_ner.tasks.metrics import Report
from paddle_ner.training import batches
from paddle_ner.training.augmentation import AUGMENTATIONS, augmented, shares_of
from paddle_ner.training.batches import Features
from paddle_ner.training.corpus import Corpus, read_corpus
from paddle_ner.training.examples import chosen
from paddle_ner.training.jobs.base import Loss, Prepared, Run, Say
from paddle_ner.training.techniques import checks as techniques
from paddle_ner.training.techniques.r_drop import COPIES, r_drop
from paddle_ner.training.techniques.weighting import weighted_loss
from paddle_ner.types import Entity, Example

FINE_TUNING_RATE = 3e-4  # with a higher one from pretrained weights a warning is given


@dataclass(frozen=True, slots=True)
class Encoded:
    """A model and what it learns from.

    Attributes:
        tokenizer: the tokenizer of the model.
        model: with its first weights.
        features: the features of all windows.
        misaligned: annotations that do not fall on token boundaries.
    """

    tokenizer: Tokenizer
    model: Any
    features: list[Features]
    misaligned: int


class TaskScorer:
    """A task's metrics on the dev examples, by the predictor that will answer with the checkpoint.

    Args:
        scoring: the scoring of the task.
        predictor: over the model in training.
        examples: the dev examples.
    """

    def __init__(self, scoring: Scoring, predictor: Predictor, examples: Sequence[Example]) -> None:
        self._predictor, self._examples = predictor, examples
        self._scoring = scoring

    @property
    def metric(self) -> str:
        """f1 or accuracy."""
        return self._scoring.metric

    def count(self, rank: int, world: int) -> NDArray[np.int64]:
        """Over every `world`-th example: together, the processes count each example once."""
        mine = self._examples[rank::world]
        return self._scoring.count(mine, list(self._predictor.stream(example.text for example in mine)))

    def report(self, counts: NDArray[np.int64]) -> Report:
        """The task's report."""
        return self._scoring.report(counts, len(self._examples))


def check(config: Config, log: Say, warn: Say) -> Corpus:
    """Read the data, and refuse what cannot be trained before the training starts."""
    corpus = read_corpus(config, log)
    techniques.check(config, head_for(corpus.task, config.model.head))
    shares_of(config.training, config.window.unit, corpus.task.name)
    log(f"data checked: {', '.join(corpus.task.labels)}")
    warn_of(config, corpus, warn)
    return corpus


def warn_of(config: Config, corpus: Corpus, warn: Say) -> None:
    """Warn about data and config: about the data what `paddle-ner data check` and `init` say."""
    named, train = config.data.dev, config.data.train.path
    training = check_file(train if named else f"{train} (without dev)", corpus.train)
    dev = check_file(named.path if named else f"{train} (the dev set cut from it)", corpus.dev)
    for warning in warnings([training, dev], training):
        warn(warning)
    if config.window.unit == "sentence":
        across = [(example, entity) for example in corpus.train for entity in _across_sentences(example)]
        if across:
            example, entity = across[0]
            count = "1 entity reaches" if len(across) == 1 else f"{len(across):,} entities reach"
            warn(
                f"{train}: {count} across the end of a sentence, where texts are cut, and will hardly be found, such as"
                f" {entity.text!r} of {example.origin}: --set window.unit=text keeps neighbouring sentences together"
            )
    rate, learns = config.training.learning_rate, config.training.freeze != "encoder"
    if config.model.pretrained is not None and learns and rate > FINE_TUNING_RATE:
        warn(
            f"learning rate {rate:g} is meant for random weights and destroys what {config.model.pretrained} has"
            " learned: 5e-5 is usual from pretrained weights, --set training.learning_rate=5e-5"
        )


def encode(config: Config, corpus: Corpus, tokenizer: Tokenizer, log: Say) -> tuple[list[Features], int]:
    """The features of the training data and of what `training.augment` makes of it, and how many are misaligned."""
    features, misaligned = batches.encode(corpus.train, corpus.task, tokenizer, config.window)
    shares = shares_of(config.training, config.window.unit, corpus.task.name)
    for name, more in augmented(corpus.train, shares, config.training.seed).items():
        features += batches.encode(more, corpus.task, tokenizer, config.window)[0]
        log(f"{len(more):,} more are made of them, {AUGMENTATIONS[name].summary} (training.augment.{name})")
    return features, misaligned


def _across_sentences(example: Example) -> list[Entity]:
    """The entities of an example in which one of its sentences ends."""
    ends = sentence_ends(example.text)
    return [entity for entity in example.entities or () if ends[bisect_right(ends, entity.start)] < entity.end]


def prepared(
    run: Run, config: Config, corpus: Corpus, encoded: Encoded, loss: Loss, callbacks: Sequence[Any] = ()
) -> Prepared:
    """The job of a task, from its data and its model."""
    from paddle_ner.inference.engines.dynamic import DynamicEngine

    task, tokenizer, model = corpus.task, encoded.tokenizer, encoded.model
    if encoded.misaligned:
        run.log(f"{encoded.misaligned:,} entities begin or end inside a token and are learned as the tokens they touch")
    longest = max(len(window.ids) for window in encoded.features)
    if config.window.unit == "text" and longest < config.window.size:
        run.log(
            f"window.size is {config.window.size}, but no text to train on fills more than {longest} tokens: the model"
            f" reads longer texts in windows of whole sentences of at most {longest}"
        )
    window = config.window.model_copy(update={"longest": longest})
    manifest = Manifest(name=config.name, task=task.spec(), window=window, config=portable(config, Path.cwd()))
    learner = _learner(run, config, encoded)
    predictor = Predictor(manifest, tokenizer, DynamicEngine(learner))

    def write(folder: Path, metrics: dict[str, Any]) -> None:
        """The checkpoint of the best weights, with its results on the dev set."""
        softened = temperature.fit(predictor, corpus.dev)
        spec = manifest.task if softened == 1 else {**manifest.task, "temperature": softened}
        examples = chosen(predictor, corpus.dev) if config.examples is None else list(config.examples)
        if config.examples is None and examples:
            count = f"{len(examples)} text{'s' * (len(examples) != 1)} of the dev set"
            run.log(f"for the page of a server, {count} come with the model (examples: [] leaves them out)")
        changes = {"metrics": metrics, "task": spec, "examples": examples}
        write_checkpoint(folder, model, tokenizer, manifest.model_copy(update=changes))

    weight = config.training.r_drop
    return Prepared(
        model=learner,
        features=encoded.features,
        collate=partial(batches.collate, task=task, pad_id=tokenizer.pad_id, limit=config.window.size),
        loss=loss if weight is None else r_drop(loss, task, weight),
        scorer=TaskScorer(task.scoring, predictor, corpus.dev),
        fingerprint=batches.fingerprint(encoded.features, task, corpus.dev),
        write=write,
        callbacks=callbacks,
        copies=1 if weight is None else COPIES,
    )


def _learner(run: Run, config: Config, encoded: Encoded) -> Any:
    """The part of the model that learns, as `training.freeze` says."""
    from paddle_ner.training.techniques import frozen

    if config.training.freeze == "embeddings":
        frozen.freeze_embeddings(encoded.model)
    if config.training.freeze != "encoder":
        return encoded.model
    learner = frozen.OnFrozenEncoder(encoded.model, encoded.tokenizer.pad_id)
    learner.remember(encoded.features, config.window.size, run.output, stop=run.stop, log=run.log)
    return learner


def training_loss(task: Task, training: TrainingConfig, features: Sequence[Features]) -> Loss:
    """The loss of the labels that `training` asks for; `features` are of its data."""
    if training.class_weights is None and training.focal is None:
        return labels_loss(task)
    balanced = training.class_weights == "balanced"
    return weighted_loss(task, features, balanced=balanced, focal=training.focal or 0.0)


def labels_loss(task: Task) -> Loss:
    """The task's own loss."""
    return lambda outputs, batch: task.learning.loss_sum(outputs, batch["labels"])
