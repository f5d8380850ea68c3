"""What people write to train in PyTorch: transformers' model, AdamW, a loop. Needs torch, transformers and numpy.

``python benchmarks/training_torch.py KIND JSON``, as `training.py` calls it: KIND is ``finetuning`` or ``pretraining``,
JSON the fields of its `Sizes`. Prints the tokens a second. The computation is that of paddle_ner: the same layers,
batches of the same shape, float32, and in pretraining logits of the masked tokens alone.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import numpy as np
import torch
import transformers


def main() -> None:
    """Measure one kind."""
    kind, sizes = sys.argv[1], json.loads(sys.argv[2])
    torch.manual_seed(1)
    torch.set_num_threads(sizes["threads"])
    config = transformers.BertConfig(
        vocab_size=sizes["vocabulary"],
        hidden_size=sizes["width"],
        num_hidden_layers=sizes["layers"],
        num_attention_heads=sizes["heads"],
        intermediate_size=4 * sizes["width"],
        hidden_act="relu",
        max_position_embeddings=sizes["length"],
        hidden_dropout_prob=0.1,
        attention_probs_dropout_prob=0.0,
        num_labels=sizes["tags"],
    )
    labelled = kind == "finetuning"
    kinds: Any = transformers.BertForTokenClassification if labelled else transformers.BertForMaskedLM
    model = kinds(config)
    model.train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-4, weight_decay=0.01)
    random = np.random.default_rng(1)
    shape = (sizes["batch"], sizes["length"])
    masked = round(0.15 * (sizes["length"] - 2))

    def update() -> None:
        ids = torch.from_numpy(random.integers(5, sizes["vocabulary"], shape))
        if labelled:
            logits = model(input_ids=ids).logits
            targets = torch.from_numpy(random.integers(0, sizes["tags"], shape))
        else:
            places = torch.from_numpy(np.sort(random.random(shape).argsort(axis=1)[:, :masked], axis=1))
            states = model.bert(input_ids=ids).last_hidden_state
            logits = model.cls(states.gather(1, places[..., None].expand(-1, -1, sizes["width"])))
            targets = ids.gather(1, places)
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten())
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()

    for _ in range(sizes["warm_up"]):
        update()
    began = time.monotonic()
    for _ in range(sizes["updates"]):
        update()
    print(sizes["updates"] * shape[0] * shape[1] / (time.monotonic() - began))


if __name__ == "__main__":
    main()
