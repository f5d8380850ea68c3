#!/usr/bin/env python3
"""The starter as the package ships it, of what `pretrain.py` and `prepare.py` wrote: int8 by rows, vocabulary, config.

    python configs/starter/pack.py runs/starter/starter.npz runs/starter/input.npz

Writes into paddle_ner/modeling/starter and prints the checksum that its __init__.py must name.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from paddle_ner.files import sha256
from paddle_ner.modeling.starter import FOLDER, WEIGHTS
from paddle_ner.modeling.weights import from_int8_rows, to_int8_rows


def main() -> None:
    """Write the files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("starter", type=Path)
    parser.add_argument("input", type=Path)
    options = parser.parse_args()
    weights = dict(np.load(options.starter))
    vocabulary = np.load(options.input)["vocabulary"].tolist()
    tensors: dict[str, np.ndarray] = {}
    worst = 0.0
    for name, value in weights.items():
        single = value.astype(np.float32)
        if single.ndim == 1 or "token_type" in name:
            tensors[f"bert.{name}"] = single
            continue
        stored = to_int8_rows(f"bert.{name}", single)
        tensors |= stored
        error = np.linalg.norm(from_int8_rows(stored)[f"bert.{name}"] - single) / np.linalg.norm(single)
        worst = max(worst, float(error))
    save_file(tensors, FOLDER / WEIGHTS)
    (FOLDER / "vocab.txt").write_text("\n".join(vocabulary) + "\n", encoding="utf-8")
    layers = 1 + max(int(name.split(".")[2]) for name in weights if name.startswith("encoder."))
    positions, width = weights["embeddings.position_embeddings.weight"].shape
    config = {
        "model_type": "bert",
        "architectures": ["BertModel"],
        "hidden_size": width,
        "num_hidden_layers": layers,
        "num_attention_heads": width // 32,
        "intermediate_size": len(weights["encoder.layer.0.intermediate.dense.bias"]),
        "hidden_act": "gelu",
        "max_position_embeddings": positions,
        "type_vocab_size": 2,
        "vocab_size": len(vocabulary),
        "layer_norm_eps": 1e-12,
        "hidden_dropout_prob": 0.1,
        "attention_probs_dropout_prob": 0.1,
        "initializer_range": 0.02,
        "pad_token_id": 0,
    }
    (FOLDER / "config.json").write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")
    tokenizer = {"do_lower_case": False, "tokenizer_class": "BertTokenizer"}
    (FOLDER / "tokenizer_config.json").write_text(json.dumps(tokenizer) + "\n", encoding="utf-8")
    size = (FOLDER / WEIGHTS).stat().st_size
    print(f"{FOLDER / WEIGHTS}: {size / 1e6:.1f} MB, largest relative error of a matrix {worst:.4f}")
    print(f'SHA256 = "{sha256(FOLDER / WEIGHTS)}"')


if __name__ == "__main__":
    main()
