"""A checkpoint as a value: opened once, and passed to evaluation, export, compression and distillation.

On disk it is a folder of four files: ``paddle_ner.json`` (the manifest), ``tokenizer.json``, ``config.json`` and
``model.safetensors`` (float32, PaddleNLP's names and layout; never a pickle). If the head has the layers of one of
PaddleNLP's models, PaddleNLP can read the folder too: ``AutoModelForTokenClassification.from_pretrained(folder)``.
"""

from __future__ import annotations

import copy
import json
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from paddle_ner import bundle
from paddle_ner.bundle import ENCODER_CONFIG, WEIGHTS, Manifest
from paddle_ner.errors import BundleError, InputError
from paddle_ner.features.tokenizer import Tokenizer
from paddle_ner.modeling.build import new_model
from paddle_ner.modeling.encoders import encoder_named
from paddle_ner.modeling.heads import HEADS, Head
from paddle_ner.modeling.weights import Tensors, read_safetensors
from paddle_ner.tasks import Task

if TYPE_CHECKING:
    from paddle_ner.modeling.model import Model

HEAD = "head"  # the field of config.json that names the head, in addition to PaddleNLP's


class Checkpoint:
    """The content of a checkpoint, which is immutable: `changed` returns another checkpoint.

    Opening one imports no framework; `model` and `new_model` do.

    Attributes:
        folder: where it was read. A changed checkpoint keeps the folder of the original.
        manifest: its manifest.
        tokenizer: its tokenizer.
        config: the config of the encoder, from config.json.
    """

    def __init__(
        self,
        folder: Path,
        manifest: Manifest,
        tokenizer: Tokenizer,
        config: dict[str, Any],
        weights: Tensors | None = None,
    ) -> None:
        self.folder, self.manifest, self.tokenizer, self.config = folder, manifest, tokenizer, config
        self._weights = weights

    @classmethod
    def open(cls, folder: str | Path) -> Checkpoint:
        """Verify the files, and read all except the weights, which are read when they are first needed.

        Raises:
            InputError: there is no such folder, or it is a bundle.
            BundleError: a file is missing or damaged; the message names it.
        """
        folder = Path(folder)
        if not folder.is_dir():
            raise InputError(f"{folder}: no such folder, expected a checkpoint")
        if bundle.is_bundle(folder):
            raise InputError(f"{folder}: is a bundle already, expected a checkpoint")
        manifest = bundle.verify_checkpoint(folder)
        return cls(folder, manifest, bundle.load_tokenizer(folder), _read_config(folder / ENCODER_CONFIG))

    @cached_property
    def task(self) -> Task:
        """What it was trained for."""
        return self.manifest.build_task()

    @cached_property
    def weights(self) -> Tensors:
        """The weights by name. Raises BundleError if their file is damaged."""
        if self._weights is not None:
            return self._weights
        try:
            return read_safetensors(self.folder / WEIGHTS)
        except InputError as error:
            raise BundleError(str(error)) from None

    @cached_property
    def model(self) -> Model:
        """The model, built once and shared: only to be run, never changed. Raises the errors of `new_model`."""
        return self.new_model()

    def new_model(self) -> Model:
        """A new model for the caller, to train, prune or turn into a graph; every weight is checked by name and shape.

        Raises:
            MissingPackageError: PaddlePaddle or PaddleNLP is not installed.
            BundleError: the config makes no model, or the weights or the labels do not fit it.
        """
        model = self._empty_model()
        parameters = dict(model.named_parameters())
        path = self.folder / WEIGHTS
        for name in sorted(set(parameters) ^ set(self.weights)):
            raise BundleError(f"{path}: the weight {name} is {'missing' if name in parameters else 'unexpected'}")
        for name, parameter in parameters.items():
            values = self.weights[name]
            if list(parameter.shape) != list(values.shape):
                raise BundleError(
                    f"{path}: {name} has the shape {list(values.shape)},"
                    f" but config.json makes it {list(parameter.shape)}"
                )
            parameter.set_value(values)
        return model

    @cached_property
    def head(self) -> Head:
        """The head on the encoder. Raises BundleError if it is not installed, or not for the task."""
        path, name = self.folder / ENCODER_CONFIG, self.config.get(HEAD)
        if name not in HEADS:
            raise BundleError(
                f"{path}: its head is {name!r}, but there are only {', '.join(HEADS)}: install the package that brings"
                " it"
            )
        head = HEADS[str(name)]
        needed = HEADS[self.task.head].answers
        if head.answers != needed:
            raise BundleError(f"{path}: its head is {name}, for each {head.answers}, but the task needs each {needed}")
        return head

    def _empty_model(self) -> Model:
        path = self.folder / ENCODER_CONFIG
        try:
            encoder = encoder_named({"architectures": self.config["architectures"]})
            config = encoder.config_class.from_dict(copy.deepcopy(self.config))
            if config.num_labels != self.task.num_outputs:
                raise InputError(
                    f"its head has {config.num_labels} outputs, but the labels make {self.task.num_outputs}"
                )
            return new_model(self.head, self.task.num_outputs, config)
        except InputError as error:
            raise BundleError(f"{path}: {error}") from error

    def table(self, ending: str) -> str:
        """The name of the only embedding table with this ending. Raises BundleError if there is none."""
        names = [name for name in self.weights if name.endswith(ending)]
        if len(names) != 1:
            raise BundleError(f"{self.folder / WEIGHTS}: has no {ending}, so there is nothing to cut")
        return names[0]

    def changed(
        self,
        *,
        manifest: Manifest | None = None,
        tokenizer: Tokenizer | None = None,
        config: dict[str, Any] | None = None,
        weights: Tensors | None = None,
    ) -> Checkpoint:
        """Another checkpoint, in memory: this one with other parts. `config` only has the fields that change."""
        return Checkpoint(
            self.folder,
            manifest or self.manifest,
            tokenizer or self.tokenizer,
            {**self.config, **(config or {})},
            self.weights if weights is None else weights,
        )

    def transformed(self, record: dict[str, Any], *, same_answers: bool) -> Checkpoint:
        """This checkpoint with `record` at the end of its manifest's transforms.

        Args:
            record: what was done to it.
            same_answers: whether the metrics of the manifest still hold; otherwise they are left out.
        """
        update: dict[str, Any] = {"transforms": [*self.manifest.transforms, record]}
        if not same_answers:
            update["metrics"] = {}
        return self.changed(manifest=self.manifest.model_copy(update=update))

    def write(self, target: Path) -> None:
        """Write the four files to `target`, all or none; an older checkpoint there is replaced.

        Raises:
            InputError: `target` is where the checkpoint was read, holds something else, or cannot be written.
            ResourceError: the disk is full.
        """
        if target.resolve() == self.folder.resolve():
            raise InputError(f"{target}: is the checkpoint itself; name another folder for the new one")
        _write(target, self.manifest, self.tokenizer, self.config, self.weights)


def write_checkpoint(target: Path, model: Model, tokenizer: Tokenizer, manifest: Manifest) -> None:
    """Write a model as a checkpoint: its four files, all or none; an older checkpoint there is replaced.

    Raises:
        InputError: `target` holds something else, or cannot be written.
        ResourceError: the disk is full.
    """
    model.config.architectures = [type(model.encoder).__name__]
    config = {**json.loads(model.config.to_json_string()), HEAD: model.head.name}
    weights = {name: parameter.astype("float32").numpy() for name, parameter in model.named_parameters()}
    _write(target, manifest, tokenizer, config, weights)


def _write(target: Path, manifest: Manifest, tokenizer: Tokenizer, config: dict[str, Any], weights: Tensors) -> None:
    import safetensors.numpy

    with bundle.new_folder(target, bundle.CHECKPOINT_MANIFEST) as folder:
        text = json.dumps(config, ensure_ascii=False, indent=2)
        (folder / ENCODER_CONFIG).write_text(text + "\n", encoding="utf-8")
        tensors = {name: np.ascontiguousarray(values) for name, values in weights.items()}
        # PaddleNLP 2.8.1 reads the format "np" and refuses "pd".
        safetensors.numpy.save_file(tensors, folder / WEIGHTS, metadata={"format": "np"})
        tokenizer.save(folder / bundle.TOKENIZER)
        bundle.write_manifest(folder, manifest)


def _read_config(path: Path) -> dict[str, Any]:
    try:
        config: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        (_,) = config["architectures"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BundleError(f"{path}: not the config of a checkpoint: {error}") from error
    return config
