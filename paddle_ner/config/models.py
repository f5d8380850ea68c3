"""The YAML of ``configs/``, as pydantic models: the one source of truth of a training."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from paddle_ner.bundle import WindowSpec
from paddle_ner.config.files import DataConfig, FileConfig, FilesConfig, Section


class TaskConfig(Section):
    """What is learned.

    Attributes:
        type: ner, classification or multi-label.
        labels: the label space in the order of the outputs; None takes what occurs in the training data.
        tag_scheme: BIO or BIOES (ner).
        threshold: the least probability of a class (multi-label) or of an entity (head span).
    """

    type: Literal["ner", "classification", "multi-label"]
    labels: tuple[str, ...] | None = None
    tag_scheme: Literal["BIO", "BIOES"] = "BIO"
    threshold: float = Field(default=0.5, gt=0, lt=1)


class TokenizerConfig(Section):
    """How text becomes tokens if the model does not have its own vocabulary.

    Attributes:
        type: characters (a token per code point, vocabulary from the training data) or wordpiece (from `vocabulary`).
        vocabulary: file with a token per line, or a tokenizer.json.
        min_frequency: characters that occur less often are unknown (characters).
        lowercase: fold case.
    """

    type: Literal["characters", "wordpiece"] = "characters"
    vocabulary: str | None = None
    min_frequency: int = Field(default=2, ge=1)
    lowercase: bool = True

    @model_validator(mode="after")
    def _vocabulary(self) -> TokenizerConfig:
        if self.type == "wordpiece" and self.vocabulary is None:
            raise ValueError("type wordpiece needs a vocabulary file; a pretrained model brings its own")
        return self


# An encoder of `paddle_ner.modeling.starter`, and the message if it is to learn entities.
STARTER_WORDS = "starter-words"
NO_PIECES = (
    "model.pretrained: {} reads words as its tokens, in which borders of entities would be lost: for task ner take"
    " starter or starter-large"
)


class ModelConfig(Section):
    """The encoder and the head on it.

    Attributes:
        head: one of `paddle_ner.modeling.HEADS` with the outputs that the task reads; None takes the task's own.
        pretrained: a PaddleNLP name (ernie-3.0-medium-zh), or a local folder in PaddleNLP's or Hugging Face's layout.
        encoder: fields of PaddleNLP's ErnieConfig for an encoder with random weights; not used with `pretrained`.
        allow_pickle: read .pdparams or .bin files, which can run code; only for files that you trust.
    """

    head: str | None = None
    pretrained: str | None = None
    encoder: dict[str, Any] = Field(default_factory=dict)
    allow_pickle: bool = False


class TrainingConfig(Section):
    """How it is learned.

    Attributes:
        epochs: passes over the training data.
        max_steps: stop after this many updates, whatever `epochs` says; None for no limit.
        batch_size: windows in an update, on each device.
        accumulation: micro-batches per update: the result is the same with less memory.
        learning_rate: peak, reached after `warmup_ratio` of all updates.
        layer_decay: what the peak is multiplied by from each layer of the encoder to the one below, and to the
            embeddings; None is the same peak for all. For encoders that start with trained weights.
        head_rate: what the peak is multiplied by for the weights of the head; None is the peak itself.
        scale_learning_rate: what to multiply it by when training on N devices: none (1), linear (N), sqrt.
        schedule: how it falls to zero afterwards.
        ema: decay of an exponential moving average of the weights, such as 0.999, which is scored and kept in their
            place; None keeps the weights themselves.
        adversarial: each update also learns from word embeddings moved to where the loss grows fastest, by this
            Euclidean norm over the whole table, such as 1.0; an update takes twice as long. None does not.
        r_drop: read each window twice with different dropout, and add to the loss the divergence of the two answers
            with this weight, such as 4.0; an update takes twice as long. None reads it once.
        freeze: what does not learn of an encoder that starts with trained weights: embeddings, or encoder, which then
            reads each window once, without dropout, so that a head learns in seconds, with a learning rate such as
            5e-3. None: everything learns.
        class_weights: balanced gives each label the same total weight, however rare it is; None does not.
        focal: a position answered correctly with probability p counts (1 - p) to this power, such as 2.0; None counts
            all alike.
        augment: further examples made from the training data, by the name of the augmentation, such as ``{join: 0.4}``:
            their characters as a share of those of the training data. None takes what fits: `join` at 0.4 if windows
            are single sentences. ``{}`` takes none.
        evaluate_every: epoch, or a number of updates, and at the end; the training can be resumed from each.
        patience: stop after this many evaluations without a better score, not counting those at 0; None never does.
        precision: fp32, or fp16 or bf16 (GPU only).
        recompute: gradient checkpointing: less memory, more time.
        bucket: put texts of similar length into a batch.
        log_every: updates between two lines of the log.
        visualdl: also write the curves for VisualDL, which must be installed; events.jsonl always has them.
    """

    epochs: float = Field(default=3, gt=0)
    max_steps: int | None = Field(default=None, ge=1)
    batch_size: int = Field(default=32, ge=1)
    accumulation: int = Field(default=1, ge=1)
    learning_rate: float = Field(default=5e-4, gt=0)
    layer_decay: float | None = Field(default=None, gt=0, le=1)
    head_rate: float | None = Field(default=None, gt=0)
    scale_learning_rate: Literal["none", "linear", "sqrt"] = "none"
    schedule: Literal["linear", "cosine"] = "linear"
    warmup_ratio: float = Field(default=0.1, ge=0, lt=1)
    weight_decay: float = Field(default=0.01, ge=0)
    max_grad_norm: float = Field(default=1.0, ge=0)
    ema: float | None = Field(default=None, gt=0, lt=1)
    adversarial: float | None = Field(default=None, gt=0)
    r_drop: float | None = Field(default=None, gt=0)
    freeze: Literal["embeddings", "encoder"] | None = None
    class_weights: Literal["balanced"] | None = None
    focal: float | None = Field(default=None, gt=0)
    augment: dict[str, Annotated[float, Field(ge=0, le=10)]] | None = None
    evaluate_every: Literal["epoch"] | Annotated[int, Field(ge=1)] = "epoch"
    patience: int | None = Field(default=None, ge=1)
    precision: Literal["fp32", "fp16", "bf16"] = "fp32"
    recompute: bool = False
    bucket: bool = True
    seed: int = Field(default=42, ge=0)
    log_every: int = Field(default=20, ge=1)
    visualdl: bool = False

    def rate_on(self, devices: int) -> float:
        """The peak learning rate on `devices` devices.

        Linear scaling: Goyal et al. 2017; with the square root: Krizhevsky 2014.
        """
        factor = {"none": 1.0, "linear": float(devices), "sqrt": math.sqrt(devices)}[self.scale_learning_rate]
        return self.learning_rate * factor


class DistillationConfig(Section):
    """How a student learns from a teacher: Hinton et al. 2015.

    The loss of a position is `weight` times the cross entropy between the answers of teacher and student, both softened
    by `temperature`, plus, if the text is labelled, 1 - `weight` times the loss of the label.

    Attributes:
        teacher: folder of a checkpoint of the same task; its tokenizer is the student's.
        teacher_sha256: of the teacher's model.safetensors; None takes what is there.
        start: what the student starts from. random: random weights. teacher: `layers` of the teacher, with the
            intermediate_size of model.encoder or the teacher's. Anything else: folder of a checkpoint, such as a pruned
            one; weights that are exactly zero in it stay zero.
        layers: the teacher's layers, from 0, that the student starts from; only for start: teacher.
        weight: share of the teacher's answers in the loss.
        temperature: the higher, the more the student learns about what the teacher finds unlikely.
        texts: files without labels that the student learns from too.
        max_texts: take at most this many of them, at random; None takes all.
    """

    teacher: str
    teacher_sha256: str | None = None
    start: str = "random"
    layers: tuple[Annotated[int, Field(ge=0)], ...] = ()
    weight: float = Field(default=0.8, gt=0, le=1)
    temperature: float = Field(default=2.0, gt=0)
    texts: tuple[FileConfig, ...] = ()
    max_texts: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _layers(self) -> DistillationConfig:
        if (self.start == "teacher") != bool(self.layers):
            raise ValueError("start: teacher and layers belong together: name the teacher's layers to start from")
        return self


def unit_of(task: Any) -> Literal["sentence", "tokens"]:
    """What a window contains if the config of a task does not say."""
    return "sentence" if task == "ner" else "tokens"


class BaseConfig(Section):
    """The config of any training, whatever is learned.

    Attributes:
        name: of the model, for people and for routes.
        data: the labelled files.
        model: the encoder and the head on it.
        tokenizer: if the encoder does not have its own.
        window: how texts are cut.
        training: how it is learned.
    """

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    data: FilesConfig
    model: ModelConfig = ModelConfig()
    tokenizer: TokenizerConfig = TokenizerConfig()
    window: WindowSpec = WindowSpec()
    training: TrainingConfig = TrainingConfig()


class Config(BaseConfig):
    """The config of `paddle-ner train` and `paddle-ner distill`: a training on labelled data.

    Attributes:
        data: labelled files.
        task: what is learned from the labels.
        distillation: the teacher, if there is one.
        examples: texts that the page of a server offers; by default a few of the dev set that it labels correctly.
            They become part of the model: ``[]`` for none.
    """

    data: DataConfig
    task: TaskConfig
    distillation: DistillationConfig | None = None
    examples: tuple[str, ...] | None = None

    @model_validator(mode="before")
    @classmethod
    def _unit(cls, value: Any) -> Any:
        """Fill in what a window contains if the config does not say: a sentence for ner, otherwise tokens."""
        task, window = (value.get(name, {}) for name in ("task", "window")) if isinstance(value, dict) else (None, None)
        if isinstance(task, dict) and isinstance(window, dict):
            return {**value, "window": {"unit": unit_of(task.get("type")), **window}}
        return value

    @model_validator(mode="after")
    def _pretrained(self) -> Config:
        if self.task.type == "ner" and self.model.pretrained == STARTER_WORDS:
            raise ValueError(NO_PIECES.format(STARTER_WORDS))
        return self

    @model_validator(mode="after")
    def _window(self) -> Config:
        if self.window.unit == "sentence" and self.task.type != "ner":
            raise ValueError(f"window.unit sentence is for ner: a label of task {self.task.type} is of the whole text")
        if self.window.longest is not None:
            raise ValueError("window.longest is what the training measures: leave it out")
        return self
