"""Pretrained encoders: by a name that PaddleNLP publishes, or from a local folder without any network."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from paddle_ner.errors import InputError
from paddle_ner.modeling import starter
from paddle_ner.modeling.build import new_model
from paddle_ner.modeling.encoders import encoder_named, encoder_of, transformers
from paddle_ner.modeling.heads import Head
from paddle_ner.modeling.starter import large, words
from paddle_ner.modeling.weights import (
    Tensors,
    fill,
    is_torch_layout,
    read_files,
    read_folder,
    to_paddle_layout,
)

if TYPE_CHECKING:
    from paddlenlp.transformers import PretrainedConfig

    from paddle_ner.modeling.model import Model

_TORCH_MODELS = ("bert", "ernie")  # others differ in more than names: RoBERTa counts positions from two

_logger = logging.getLogger(__name__)


def from_pretrained(
    head: Head | str,
    num_outputs: int,
    source: str | Path,
    *,
    allow_pickle: bool = False,
    with_head: bool | Literal["if there"] = False,
    log: Callable[[str], None] = _logger.warning,
) -> Model:
    """A pretrained encoder with a head, which is new if nothing else is asked for.

    Args:
        head: a head of `HEADS`, or its name.
        num_outputs: columns of the logits.
        source: a local folder in PaddleNLP's layout, or Hugging Face's layout of BERT or ERNIE, with a config.json; or
            a name such as ``ernie-3.0-medium-zh``, which PaddleNLP downloads once from where it publishes its models
            (many of them as pickles, which are read as PaddleNLP reads them); or ``starter``, the encoder that comes
            with this package, or ``starter-large`` or ``starter-words``, the larger ones of an extra. See
            `local_folder`.
        allow_pickle: read a local ``model_state.pdparams`` or ``pytorch_model.bin`` where there is no safetensors file.
            A pickle can run any program when it is read.
        with_head: take the head's weights from there too, such as those of a published model for token classification.
            Its outputs must mean what those of the new model do, in the same order. ``if there`` takes them where all
            of them are there.
        log: is told what was read, what is new and what was left out, one line each.

    Raises:
        InputError: the folder or name cannot be read; a weight of the encoder, or of the head where that is taken from
            there, is missing or has another shape.
    """
    folder = local_folder(source, log)
    if folder is not None:
        config = _read_config(folder)
        family = encoder_of(config).base_model_prefix
        if folder == starter.FOLDER:
            tensors = starter.read_weights()
        else:
            tensors = read_folder(folder, allow_pickle=allow_pickle, log=log)
        if is_torch_layout(tensors):
            if family not in _TORCH_MODELS:
                raise InputError(
                    f"{folder}: Hugging Face's layout of {family} cannot be read, only that of"
                    f" {' and '.join(_TORCH_MODELS)}: convert it to PaddleNLP's layout first"
                )
            tensors = to_paddle_layout(tensors)
    else:
        config, tensors = _download(str(source))
    model = new_model(head, num_outputs, config)
    fill(model, tensors, str(source), log, with_head=with_head)
    return model


def local_folder(source: str | Path, log: Callable[[str], None] = _logger.warning) -> Path | None:
    """The folder that `source` means; None where it is a published name.

    A `Path`, whatever exists, and whatever starts or ends as a path does are paths; ``owner/name`` is one where the
    folder ``owner`` exists. ``starter`` is the folder of the encoder in this package, ``./starter`` one in the working
    directory; ``starter-large`` and ``starter-words`` are folders of the cache, made at first use.

    Args:
        source: the name or path.
        log: told where such a folder is made.

    Raises:
        InputError: it is a path, but not of a folder.
        MissingPackageError, BundleError: see `starter.converted`.
    """
    if source == starter.NAME:
        return starter.FOLDER
    if source == large.NAME:
        return large.folder(log)
    if source == words.NAME:
        return words.folder(log)
    path = Path(source).expanduser()
    is_path = (
        isinstance(source, Path)
        or path.exists()
        or source.startswith((".", "/", "~"))
        or source.endswith("/")
        or source.count("/") > 1
        or ("/" in source and path.parent.is_dir())
    )
    if not is_path:
        return None
    if not path.is_dir():
        what = "a file" if path.exists() else "no such folder"
        raise InputError(f"{source}: {what}, expected a folder with a model, or a name such as ernie-3.0-medium-zh")
    return path


@contextmanager
def downloading(name: str) -> Iterator[None]:
    """Turn what PaddleNLP raises where a name cannot be fetched into one line."""
    try:
        yield
    except (OSError, RuntimeError, AssertionError, ValueError) as error:
        root: BaseException = error  # PaddleNLP wraps it in advice that is too long for a line and names no cause
        while root.__context__ is not None:
            root = root.__context__
        cause = (str(root).strip() or type(root).__name__).splitlines()[0]
        raise InputError(
            f"{name}: there is no such folder, and PaddleNLP could not download a model of this name ({cause}):"
            " check the name and the connection, or give the path of a folder"
        ) from error


def _read_config(folder: Path) -> PretrainedConfig:
    path = next((folder / name for name in ("config.json", "model_config.json") if (folder / name).is_file()), None)
    if path is None:
        raise InputError(f"{folder}: no config.json, expected a folder with a model")
    try:
        record = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise InputError(f"{path}: expected a JSON object: {error}") from error
    if not isinstance(record, dict):
        raise InputError(f"{path}: expected a JSON object")
    try:
        config_class = encoder_named(record).config_class
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    return config_class.from_pretrained(str(folder))


def _download(name: str) -> tuple[PretrainedConfig, Tensors]:
    with downloading(name):
        config = transformers().AutoConfig.from_pretrained(name)
        path, shards, _, is_sharded = encoder_of(config)._resolve_model_file_path(name, config=config)
    return config, read_files(Path(file) for file in (shards if is_sharded else [path]))
