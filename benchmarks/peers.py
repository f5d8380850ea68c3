"""What people write instead of a server: FastAPI around a model, one text a request.

``python benchmarks/peers.py KIND CHECKPOINT PORT`` serves `POST /predict` with the weights of a checkpoint of
`models.py`, as tutorials do it: the handler tokenizes, runs the model and decodes, one request at a time. `POST /tags`
answers with the best tag of each token, to compare precisions by.

Kinds: ``paddle`` (dynamic graph under no_grad, PaddleNLP's tokenizer), ``torch`` (PyTorch and transformers),
``onnx`` and ``onnx-int8`` (ONNX Runtime, fp32 and dynamically quantized, Hugging Face tokenizers).
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

Offsets = list[tuple[int, int]]
Runner = Callable[[str], tuple[Any, Offsets]]  # logits [tokens, tags] and offsets, special tokens left out
LONGEST = 512


class Body(BaseModel):
    """A request."""

    text: str


def paddle_runner(checkpoint: Path) -> Runner:
    """The wrapper of the tutorials."""
    import paddle
    from paddlenlp.transformers import ErnieTokenizer

    from paddle_ner.modeling import Checkpoint

    model = Checkpoint.open(checkpoint).model
    model.eval()
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "vocab.txt").write_text("\n".join(vocabulary_of(checkpoint)), encoding="utf-8")
        tokenizer = ErnieTokenizer(f"{folder}/vocab.txt")

    def run(text: str) -> tuple[Any, Offsets]:
        encoded = tokenizer(list(text), is_split_into_words=True, max_length=LONGEST, truncation=True)
        with paddle.no_grad():
            outputs = model(
                input_ids=paddle.to_tensor([encoded["input_ids"]]),
                token_type_ids=paddle.to_tensor([encoded["token_type_ids"]]),
            )
        return outputs["logits"].numpy()[0, 1:-1], [(index, index + 1) for index in range(len(text))]

    return run


def torch_runner(checkpoint: Path) -> Runner:
    """PyTorch and transformers, with the same weights."""
    import torch
    from safetensors.numpy import load_file
    from transformers import BertTokenizerFast, ErnieConfig, ErnieForTokenClassification

    config = json.loads((checkpoint / "config.json").read_text(encoding="utf-8"))
    fields = {name: config[name] for name in ErnieConfig().to_dict() if name in config}
    for name in ("architectures", "dtype", "id2label", "label2id", "model_type", "use_task_id", "num_labels"):
        fields.pop(name, None)
    model = ErnieForTokenClassification(ErnieConfig(**fields, num_labels=len(tags_of(checkpoint)), use_task_id=False))
    weights = {}
    for name, value in load_file(checkpoint / "model.safetensors").items():
        linear = value.ndim == 2 and "embeddings" not in name
        weights[torch_name(name)] = torch.from_numpy(np.ascontiguousarray(value.T if linear else value))
    missing, unexpected = model.load_state_dict(weights, strict=False)
    left = [name for name in missing if not name.endswith("_ids")]
    assert not left and not [name for name in unexpected if "pooler" not in name], (left, unexpected)
    model.eval()
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "vocab.txt").write_text("\n".join(vocabulary_of(checkpoint)), encoding="utf-8")
        tokenizer = BertTokenizerFast(f"{folder}/vocab.txt")

    def run(text: str) -> tuple[Any, Offsets]:
        encoded = tokenizer(text, return_tensors="pt", return_offsets_mapping=True, truncation=True, max_length=LONGEST)
        offsets = encoded.pop("offset_mapping")[0, 1:-1].tolist()
        with torch.inference_mode():
            logits = model(**encoded).logits
        return logits[0, 1:-1].numpy(), [(start, end) for start, end in offsets]

    return run


def torch_name(name: str) -> str:
    """PaddleNLP's name of a parameter in transformers' words."""
    for ours, theirs in (
        ("encoder.layers.", "encoder.layer."),
        ("self_attn.q_proj", "attention.self.query"),
        ("self_attn.k_proj", "attention.self.key"),
        ("self_attn.v_proj", "attention.self.value"),
        ("self_attn.out_proj", "attention.output.dense"),
        ("linear1", "intermediate.dense"),
        ("linear2", "output.dense"),
        ("norm1", "attention.output.LayerNorm"),
        ("norm2", "output.LayerNorm"),
        ("embeddings.layer_norm", "embeddings.LayerNorm"),
    ):
        name = name.replace(ours, theirs)
    return name


def onnx_runner(checkpoint: Path, int8: bool) -> Runner:
    """ONNX Runtime over the graph that `export --target onnx` makes of the same checkpoint."""
    import onnxruntime
    import tokenizers

    path = checkpoint.parent / "bundle" / "model.onnx"
    if int8:
        from onnxruntime.quantization import QuantType, quantize_dynamic

        target = path.with_name("model.dynamic-int8.onnx")
        target = checkpoint.parent / target.name
        if not target.exists():
            quantize_dynamic(str(path), str(target), weight_type=QuantType.QInt8)
        path = target
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    tokenizer = tokenizers.Tokenizer.from_file(str(checkpoint / "tokenizer.json"))
    cls, sep = tokenizer.token_to_id("[CLS]"), tokenizer.token_to_id("[SEP]")

    def run(text: str) -> tuple[Any, Offsets]:
        encoded = tokenizer.encode(text, add_special_tokens=False)
        ids = np.array([[cls, *encoded.ids[: LONGEST - 2], sep]], dtype=np.int64)
        logits = session.run(None, {"input_ids": ids, "token_type_ids": np.zeros_like(ids)})[0]
        return logits[0, 1:-1], encoded.offsets

    return run


def manifest(checkpoint: Path) -> dict[str, Any]:
    """The checkpoint's paddle_ner.json; read by hand, since the PyTorch environment has no paddle_ner."""
    record: dict[str, Any] = json.loads((checkpoint / "paddle_ner.json").read_text(encoding="utf-8"))
    return record


def tags_of(checkpoint: Path) -> list[str]:
    """The tags in the order of the outputs."""
    return ["O", *(f"{prefix}-{label}" for label in manifest(checkpoint)["task"]["labels"] for prefix in "BI")]


def vocabulary_of(checkpoint: Path) -> list[str]:
    """The tokens in the order of their ids."""
    ids: dict[str, int] = json.loads((checkpoint / "tokenizer.json").read_text("utf-8"))["model"]["vocab"]
    return sorted(ids, key=ids.__getitem__)


def entities(text: str, offsets: Offsets, tags: list[str]) -> list[dict[str, Any]]:
    """Entities as tutorials put them together: a B opens one, an I of the same type goes on."""
    found: list[dict[str, Any]] = []
    previous = "O"
    for (start, end), tag in zip(offsets, tags, strict=False):
        if tag.startswith("I-") and previous[2:] == tag[2:]:
            found[-1]["end"] = end
        elif tag != "O":
            found.append({"start": start, "end": end, "label": tag[2:]})
        previous = tag
    for entity in found:
        entity["text"] = text[entity["start"] : entity["end"]]
    return found


def application(checkpoint: Path, run: Runner) -> FastAPI:
    """The wrapper: everything in the handler."""
    app = FastAPI()
    names = tags_of(checkpoint)

    @app.post("/predict")
    async def predict(body: Body) -> dict[str, Any]:
        logits, offsets = run(body.text)
        tags = [names[index] for index in logits.argmax(-1).tolist()]
        return {"text": body.text, "entities": entities(body.text, offsets, tags)}

    @app.post("/tags")
    async def tags(body: Body) -> list[int]:
        logits, _ = run(body.text)
        best: list[int] = logits.argmax(-1).tolist()
        return best

    return app


def main() -> None:
    """Serve one kind."""
    kind, checkpoint, port = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    if kind == "paddle":
        run = paddle_runner(checkpoint)
    elif kind == "torch":
        run = torch_runner(checkpoint)
    else:
        run = onnx_runner(checkpoint, int8=kind == "onnx-int8")
    run("预热")
    uvicorn.run(application(checkpoint, run), port=port, log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
