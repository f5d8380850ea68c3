"""What a training on labelled texts says, warns of and writes.

Tests `paddle_ner.training.jobs.base` and `paddle_ner.training.augmentation.augmentation` too.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from paddle_ner import modeling, tasks
from paddle_ner.bundle import Manifest
from paddle_ner.config import Config, TrainingConfig, parse
from paddle_ner.errors import InputError
from paddle_ner.evaluation import temperature
from paddle_ner.features.tokenizer import Tokenizer
from paddle_ner.inference.predictor import Predictor
from paddle_ner.training import batches
from paddle_ner.training.augmentation import shares_of
from paddle_ner.training.corpus import Corpus
from paddle_ner.training.jobs.base import Prepared, Run
from paddle_ner.training.jobs.labelled import Encoded, TaskScorer, encode, labels_loss, prepared, warn_of
from paddle_ner.types import Entity, Example

TEXT = "北京很大。我在上海！"  # sentences of five characters
TASK = tasks.create("ner", ["LOC"])
ENCODER = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}


def config_of(**window: Any) -> Config:
    record = {"name": "x", "task": {"type": "ner"}, "data": {"train": "x.jsonl", "dev": "d.jsonl"}, "window": window}
    return parse(record, "config")


def trained(config: Config) -> tuple[Manifest, list[str]]:
    """The manifest of a training on TEXT, and what was said."""
    job, said = job_of(config)
    manifest = predictor_of(job).manifest
    assert isinstance(manifest, Manifest)
    return manifest, said


def predictor_of(job: Prepared) -> Predictor:
    """What its dev examples are scored with."""
    assert isinstance(job.scorer, TaskScorer)
    return job.scorer._predictor


def job_of(config: Config) -> tuple[Prepared, list[str]]:
    """A training on TEXT, and what was said."""
    said: list[str] = []
    tokenizer = Tokenizer.characters([TEXT])
    examples = [Example(TEXT, entities=(Entity.of(TEXT, 0, 2, "LOC"),))]
    features, misaligned = batches.encode(examples, TASK, tokenizer, config.window)
    model = modeling.build(
        TASK.head, TASK.num_outputs, config=ENCODER, vocab_size=tokenizer.vocabulary_size, pad_token_id=0
    )
    run = Run(config, Path("unused"), lambda: False, said.append)
    encoded = Encoded(tokenizer, model, features, misaligned)
    return prepared(run, config, Corpus(examples, examples, TASK), encoded, labels_loss(TASK)), said


@pytest.mark.parametrize("fitted", [2.5, 1.0])
def test_the_checkpoint_has_the_temperature_that_was_fitted_to_its_dev_examples(
    fitted: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(temperature, "fit", lambda *arguments: asked.append(arguments) or fitted)
    job, _ = job_of(config_of())
    job.write(tmp_path / "checkpoint", {"dev": {}})
    ((predictor, dev),) = asked
    assert predictor is predictor_of(job) and [one.text for one in dev] == [TEXT]
    task = modeling.Checkpoint.open(tmp_path / "checkpoint").manifest.task
    assert task == {**TASK.spec(), **({} if fitted == 1 else {"temperature": 2.5})}


@pytest.mark.parametrize(("unit", "longest"), [("sentence", 7), ("text", 12), ("tokens", 12)])
def test_the_manifest_knows_the_longest_window_that_was_trained_on(unit: str, longest: int) -> None:
    manifest, _ = trained(config_of(size=64, overlap=8, unit=unit))
    assert (manifest.window.unit, manifest.window.size, manifest.window.longest) == (unit, 64, longest)


def test_a_window_that_no_text_fills_is_said_where_texts_are_put_together() -> None:
    assert "of at most 12" in " ".join(trained(config_of(size=64, overlap=8, unit="text"))[1])
    assert trained(config_of(size=12, overlap=2, unit="text"))[1] == []
    assert trained(config_of(size=64, overlap=8))[1] == []


def warned(config: Config, *entities: Entity) -> list[str]:
    """What of the windows is warned of, where `entities` are in the training data."""
    said: list[str] = []
    examples = [Example(TEXT, entities=entities, origin="x.jsonl:7")]
    warn_of(config, Corpus(examples, examples, TASK), said.append)
    return [line for line in said if "end of a sentence" in line]


def test_entities_across_the_end_of_a_sentence_are_counted_and_one_is_named() -> None:
    across = Entity.of(TEXT, 2, 6, "LOC")
    (warning,) = warned(config_of(), Entity.of(TEXT, 0, 2, "LOC"), across)
    assert "x.jsonl: 1 entity reaches across" in warning
    assert "'很大。我' of x.jsonl:7" in warning and "--set window.unit=text" in warning


def test_an_entity_that_ends_with_its_sentence_is_not_across() -> None:
    assert warned(config_of(), Entity.of(TEXT, 0, 5, "LOC"), Entity.of(TEXT, 5, 10, "LOC")) == []


def test_texts_that_are_not_cut_at_sentences_are_not_warned_of() -> None:
    assert warned(config_of(unit="text"), Entity.of(TEXT, 2, 6, "LOC")) == []


@pytest.mark.parametrize(
    ("unit", "augment", "rows"),
    [
        ("sentence", {"join": 1.0}, 3),
        ("sentence", {}, 2),
        ("sentence", {"join": 0.0}, 2),
        ("sentence", None, 3),
        ("tokens", None, 2),
    ],
)
def test_sentences_that_run_into_one_another_are_learned_where_sentences_are_read_alone(
    unit: str, augment: dict[str, float] | None, rows: int
) -> None:
    examples = [Example(text, entities=(Entity.of(text, 0, 2, "LOC"),)) for text in ("北京大。", "上海小！")]
    config = config_of(unit=unit).model_copy(update={"training": TrainingConfig(augment=augment)})
    tokenizer = Tokenizer.characters([TEXT])
    features, misaligned = encode(config, Corpus(examples, examples, TASK), tokenizer, lambda _: None)
    assert (len(features), misaligned) == (rows, 0)


@pytest.mark.parametrize(
    ("augment", "task", "message"),
    [
        ({"jion": 0.4}, "ner", "training.augment: augmentation 'jion' is unknown, expected of join"),
        ({"join": 0.4}, "classification", "training.augment.join: it is for ner, and this is classification"),
        (
            {"join": 0.4},
            "ner",
            "training.augment.join: it is for window.unit sentence, and this is tokens: leave",
        ),
    ],
)
def test_an_augmentation_that_does_not_fit_is_refused(augment: dict[str, float], task: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        shares_of(TrainingConfig(augment=augment), "tokens", task)
