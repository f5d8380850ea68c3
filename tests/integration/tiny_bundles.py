"""Real bundles with random weights, made in seconds."""

from __future__ import annotations

from pathlib import Path

from paddle_ner import tasks
from paddle_ner.bundle import Manifest, WindowSpec
from paddle_ner.features.tokenizer import Tokenizer

SEED_TEXT = (
    "王小明毕业于北京大学，现任职于上海市人民政府。外交部发言人在日内瓦会见了联合国秘书长古特雷斯！ABC-123😀𠮷野家\n"
)
TINY = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 64}


def make_bundle(folder: Path, name: str, task: tasks.Task, seed: int = 3) -> Path:
    """A checkpoint of one small layer, and its bundle, in `folder`."""
    import paddle

    from paddle_ner.export import export
    from paddle_ner.modeling import build, write_checkpoint

    tokenizer = Tokenizer.characters([SEED_TEXT])
    paddle.seed(seed)
    model = build(
        task.head,
        task.num_outputs,
        config={**TINY, "max_position_embeddings": 64, "initializer_range": 0.6},
        vocab_size=tokenizer.vocabulary_size,
        pad_token_id=tokenizer.pad_id,
    )
    manifest = Manifest(name=name, task=task.spec(), window=WindowSpec(size=64, overlap=16))
    write_checkpoint(folder / "checkpoint", model, tokenizer, manifest)
    return export(folder / "checkpoint", folder / "bundle").bundle
