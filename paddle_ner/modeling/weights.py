"""Reading weights from files, and putting them into a model: names and shapes are checked, nothing is guessed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from paddle_ner.errors import InputError

if TYPE_CHECKING:
    from paddle_ner.modeling.model import Model

Tensors = dict[str, npt.NDArray[Any]]

SCALE = ".scale"  # behind a matrix's name: float16, [rows, 1], of its int8 rows
SAFE_FILES = ("model.safetensors", "model.safetensors.index.json")
PICKLE_FILES = ("model_state.pdparams", "pytorch_model.bin", "pytorch_model.bin.index.json")

_SAFE_TYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2", "I64": "<i8", "I32": "<i4", "U8": "u1"}

# Hugging Face's names of a BERT-like encoder, and PaddleNLP's.
_TORCH_NAMES = (
    (r"\bLayerNorm\.gamma$", "LayerNorm.weight"),
    (r"\bLayerNorm\.beta$", "LayerNorm.bias"),
    (r"\bembeddings\.LayerNorm\.", "embeddings.layer_norm."),
    (r"\bencoder\.layer\.(\d+)\.attention\.self\.(query|key|value)\.", r"encoder.layers.\1.self_attn.\2."),
    (r"\bself_attn\.query\.", "self_attn.q_proj."),
    (r"\bself_attn\.key\.", "self_attn.k_proj."),
    (r"\bself_attn\.value\.", "self_attn.v_proj."),
    (r"\bencoder\.layer\.(\d+)\.attention\.output\.dense\.", r"encoder.layers.\1.self_attn.out_proj."),
    (r"\bencoder\.layer\.(\d+)\.attention\.output\.LayerNorm\.", r"encoder.layers.\1.norm1."),
    (r"\bencoder\.layer\.(\d+)\.intermediate\.dense\.", r"encoder.layers.\1.linear1."),
    (r"\bencoder\.layer\.(\d+)\.output\.dense\.", r"encoder.layers.\1.linear2."),
    (r"\bencoder\.layer\.(\d+)\.output\.LayerNorm\.", r"encoder.layers.\1.norm2."),
)


def read_folder(folder: Path, *, allow_pickle: bool, log: Callable[[str], None]) -> Tensors:
    """All tensors of a model's folder, safetensors first.

    Raises:
        InputError: there are no weights, they cannot be read, or they are a pickle and `allow_pickle` is False.
    """
    for name in SAFE_FILES:
        if (folder / name).is_file():
            return read_files(_shards(folder / name))
    for name in PICKLE_FILES:
        path = folder / name
        if not path.is_file():
            continue
        danger = f"{path} is a pickle, which can run any program hidden in it when it is read"
        if not allow_pickle:
            raise InputError(
                f"{danger}: save the model as model.safetensors, or set allow_pickle if you trust where it is from"
            )
        log(f"warning: {danger}; reading it because allow_pickle is set")
        return read_files(_shards(path))
    raise InputError(f"{folder}: no weights of a model; looked for {', '.join(SAFE_FILES + PICKLE_FILES)}")


def read_files(paths: Iterable[Path]) -> Tensors:
    """The tensors of these files together, floats as float32. The caller answers for reading a pickle."""
    tensors: Tensors = {}
    for path in paths:
        if path.suffix == ".safetensors":
            read = read_safetensors(path)
        elif path.suffix == ".bin":
            from paddlenlp.utils.serialization import load_torch

            read = {name: np.asarray(value) for name, value in load_torch(str(path)).items()}
        else:
            import paddle

            read = {name: np.asarray(value) for name, value in paddle.load(str(path), return_numpy=True).items()}
        tensors |= {name: _single(value) for name, value in read.items()}
    return tensors


def read_safetensors(path: Path) -> Tensors:
    """The tensors of one safetensors file, bfloat16 widened to float32. Raises InputError where it is damaged."""
    import safetensors

    try:
        entries = safetensors.deserialize(path.read_bytes())  # type: ignore[no-untyped-call]
    except safetensors.SafetensorError as error:
        raise InputError(f"{path}: damaged, or not a safetensors file: {error}") from error
    tensors: Tensors = {}
    for name, entry in entries:
        kind = entry["dtype"]
        if kind not in _SAFE_TYPES:
            raise InputError(f"{path}: {name} is of type {kind}, expected one of {', '.join(_SAFE_TYPES)}")
        values = np.frombuffer(entry["data"], _SAFE_TYPES[kind])
        if kind == "BF16":
            values = (values.astype(np.uint32) << 16).view(np.float32)
        tensors[name] = values.reshape(entry["shape"])
    return tensors


def is_torch_layout(names: Iterable[str]) -> bool:
    """Whether these are Hugging Face's names of PyTorch weights: one layer, told from ``encoder.layers.N``."""
    return any(re.search(r"\bencoder\.layer\.\d+\.", name) for name in names)


def to_paddle_layout(tensors: Mapping[str, npt.NDArray[Any]]) -> Tensors:
    """A BERT-like model in Hugging Face's layout, as PaddleNLP lays it out: other names, linear weights transposed."""
    converted: Tensors = {}
    for name, value in tensors.items():
        if name.endswith("embeddings.position_ids"):  # a constant that older versions saved, no weight
            continue
        is_linear = value.ndim == 2 and "_embeddings." not in name
        for pattern, replacement in _TORCH_NAMES:
            name = re.sub(pattern, replacement, name)
        converted[name] = value.T if is_linear else value
    return converted


def fill(
    model: Model,
    tensors: Tensors,
    source: str,
    log: Callable[[str], None],
    *,
    with_head: bool | Literal["if there"],
) -> None:
    """Put the weights of an encoder, in PaddleNLP's layout, into a model, and with `with_head` those of a head.

    The encoder's pooler may be missing, since encoders trained on tokens alone have none: to a sequence head it is a
    part of the head, and other heads do not use it. What is new and what is left out is logged.

    Raises:
        InputError: a weight of the encoder or of the head is missing or has another shape.
    """
    prefix = model.base_model_prefix + "."
    parameters = dict(model.named_parameters())
    encoder = {name for name in parameters if name.startswith(prefix)}
    head = set(parameters) - encoder
    tensors = {name if name in head or name.startswith(prefix) else prefix + name: tensors[name] for name in tensors}
    if with_head == "if there":
        with_head = head <= set(tensors)
    needed = {name for name in encoder if not name.startswith(prefix + "pooler.")} | (head if with_head else set())
    if missing := sorted(needed - set(tensors)):
        part = "encoder" if missing[0] in encoder else "head"
        raise InputError(f"{source}: {len(missing)} weights of the {part} are missing, such as {missing[0]}")
    taken = (encoder | head if with_head else encoder) & set(tensors)
    for name in sorted(taken):
        expected, actual = list(parameters[name].shape), list(tensors[name].shape)
        if expected != actual:
            raise InputError(f"{source}: {name} has the shape {actual}, but its config makes it {expected}")
        parameters[name].set_value(np.ascontiguousarray(tensors[name]))
    what = "encoder and the head" if with_head else "encoder"
    head_of = model.head
    unread = set() if head_of.answers == "sequence" and head_of.pool is None else encoder - needed  # a pooler
    new = ", ".join(sorted(set(parameters) - taken - unread)) or "nothing"
    log(f"{source}: read {len(taken)} weights of the {what}; new, to be trained: {new}")
    unused = sorted(name.removeprefix(prefix) for name in set(tensors) - taken)
    if unused:
        shown = ", ".join(unused[:8]) + (f" and {len(unused) - 8} more" if len(unused) > 8 else "")
        log(f"{source}: not used: {shown}")


def _shards(path: Path) -> list[Path]:
    """The weight files that an index names; a weight file itself."""
    if path.suffix != ".json":
        return [path]
    try:
        names = sorted(set(json.loads(path.read_text("utf-8"))["weight_map"].values()))
    except (ValueError, KeyError, AttributeError) as error:
        raise InputError(f"{path}: expected JSON with a weight_map from tensor to file: {error}") from error
    shards = [path.parent / Path(name).name for name in names]
    for shard in shards:
        if not shard.is_file():
            raise InputError(f"{shard}: no such file, though {path.name} names it")
    return shards


def _single(value: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return value.astype(np.float32, copy=False) if value.dtype.kind == "f" else value


def to_int8_rows(name: str, matrix: npt.NDArray[np.float32]) -> Tensors:
    """A matrix stored in a quarter of its bytes: int8, and the float16 scale of each row under a name of its own."""
    scale = np.maximum(np.abs(matrix).max(axis=1, keepdims=True) / 127, 1e-8).astype(np.float16)
    rounded = np.clip(np.rint(matrix / scale.astype(np.float32)), -127, 127).astype(np.int8)
    return {name: rounded, name + SCALE: scale}


def from_int8_rows(stored: Tensors) -> Tensors:
    """What `to_int8_rows` stored, and tensors beside it that have no scale, as float32."""
    tensors: Tensors = {}
    for name, value in stored.items():
        if name.endswith(SCALE):
            continue
        scale = stored.get(name + SCALE)
        single = np.asarray(value, dtype=np.float32)
        tensors[name] = single if scale is None else single * np.asarray(scale, dtype=np.float32)
    return tensors
