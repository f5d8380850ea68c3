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
from paddle_ner.modeling.starter import FOLDER, TOKENIZER_CONFIG, VOCABULARY, WEIGHTS, config_of
from paddle_ner.modeling.weights import from_int8_rows, to_int8_rows

HEADS = 12  # as in pretrain.py


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
    (FOLDER / VOCABULARY).write_text("\n".join(vocabulary) + "\n", encoding="utf-8")
    config = config_of(weights, heads=HEADS)
    (FOLDER / "config.json").write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")
    tokenizer = {"do_lower_case": False, "tokenizer_class": "BertTokenizer"}
    (FOLDER / TOKENIZER_CONFIG).write_text(json.dumps(tokenizer) + "\n", encoding="utf-8")
    size = (FOLDER / WEIGHTS).stat().st_size
    print(f"{FOLDER / WEIGHTS}: {size / 1e6:.1f} MB, largest relative error of a matrix {worst:.4f}")
    print(f'SHA256 = "{sha256(FOLDER / WEIGHTS)}"')


if __name__ == "__main__":
    main()
