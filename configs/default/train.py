#!/usr/bin/env python3
"""Train the default model on what `prepare.py` wrote, in PyTorch: bfloat16 makes it four times faster on a CPU.

    python configs/default/train.py runs/default/input.npz runs/default --threads 2

Begins from the starter of the package. The vectors of tokens and positions stay those of the starter, so that the
package need not hold them twice. Every `--save` updates the state is written, and the same command goes on from there.
Writes `default.npz` (the weights by Hugging Face's names, float32) and log.txt.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.numpy import load_file
from torch import Tensor, nn

CONFIGS = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(CONFIGS / "starter"))
from pretrain import Encoder  # noqa: E402  # the architecture is the starter's

STARTER = CONFIGS.parent / "paddle_ner" / "modeling" / "starter" / "weights.safetensors"
SCALE = ".scale"
TOKENS = 1536  # of a batch, padding included
POOL = 64  # batches that are sorted by length together
PEAK, WARM_UP, DECAY, DROPOUT, CLIP = 2.5e-4, 0.06, 0.01, 0.1, 1.0
LABELS = 3


@dataclass(frozen=True)
class Windows:
    """Rows of ids and tags, one behind the other."""

    ids: np.ndarray
    tags: np.ndarray
    starts: np.ndarray

    @classmethod
    def of(cls, arrays: dict[str, np.ndarray], names: list[str]) -> Windows:
        """Those of several parts of the input."""
        ids, tags, lengths = (np.concatenate([arrays[f"{n}.{k}"] for n in names]) for k in ("ids", "tags", "lengths"))
        return cls(ids, tags, np.concatenate([[0], np.cumsum(lengths)]))

    def batches(self, random: np.random.Generator | None) -> Iterator[np.ndarray]:
        """Numbers of the rows of each batch; in the order of their lengths where there is no `random`."""
        lengths = np.diff(self.starts)
        order = np.argsort(lengths, kind="stable") if random is None else random.permutation(len(lengths))
        pool = len(order) if random is None else POOL * TOKENS // max(1, int(lengths.mean()))
        made: list[np.ndarray] = []
        for begin in range(0, len(order), pool):
            rows = order[begin : begin + pool]
            rows = rows[np.argsort(lengths[rows], kind="stable")]
            batch: list[int] = []
            for row in rows.tolist():
                if batch and (len(batch) + 1) * lengths[row] > TOKENS:
                    made.append(np.array(batch))
                    batch = []
                batch.append(row)
            made.append(np.array(batch))
        return iter(made if random is None else [made[i] for i in random.permutation(len(made))])

    def tensors(self, rows: np.ndarray) -> tuple[Tensor, Tensor, Tensor]:
        """(ids [rows, length], what of them is no padding, tags with -1 where nothing is learned)."""
        lengths = self.starts[rows + 1] - self.starts[rows]
        ids = np.zeros((len(rows), int(lengths.max())), dtype=np.int64)
        tags = np.full(ids.shape, -1, dtype=np.int64)
        for at, (row, length) in enumerate(zip(rows.tolist(), lengths.tolist(), strict=True)):
            ids[at, :length] = self.ids[self.starts[row] : self.starts[row] + length]
            tags[at, :length] = self.tags[self.starts[row] : self.starts[row] + length]
        real = np.arange(ids.shape[1]) < lengths[:, None]
        return torch.from_numpy(ids), torch.from_numpy(real), torch.from_numpy(tags)


class Tagger(nn.Module):
    """The encoder and a class for each token."""

    def __init__(self, encoder: Encoder, tags: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.classifier = nn.Linear(encoder.words.embedding_dim, tags)
        nn.init.normal_(self.classifier.weight, std=0.02)
        nn.init.zeros_(self.classifier.bias)

    def forward(self, ids: Tensor, real: Tensor, dropout: float) -> Tensor:
        """[rows, length, tags]."""
        states = self.encoder(ids, real[:, None, None, :], dropout)
        return self.classifier(F.dropout(states, dropout))


def starter() -> Encoder:
    """The encoder of the package, float32."""
    stored = load_file(STARTER)
    arrays = {
        name.removeprefix("bert."): value.astype(np.float32)
        * stored.get(name + SCALE, np.float32(1)).astype(np.float32)
        for name, value in stored.items()
        if not name.endswith(SCALE)
    }
    layers = 1 + max(int(name.split(".")[2]) for name in arrays if name.startswith("encoder."))
    encoder = Encoder(len(arrays["embeddings.word_embeddings.weight"]), layers)
    encoder.load(arrays, list(range(layers)))
    return encoder


def spans(tags: list[int]) -> set[tuple[int, int, int]]:
    """(start, end, label) of BIO tags: 0 is O, then B and I of each label; an I after another label begins one."""
    found = set()
    start, label = 0, -1
    for at, tag in enumerate([*tags, 0]):
        own = (tag - 1) // 2 if tag > 0 else -1
        if label >= 0 and (own != label or tag % 2 == 1):
            found.add((start, at, label))
            label = -1
        if own >= 0 and label < 0:
            start, label = at, own
    return found


@torch.no_grad()
def score(model: Tagger, windows: Windows) -> float:
    """Micro F1 of entities, each window for itself."""
    right = said = meant = 0
    for rows in windows.batches(None):
        ids, real, tags = windows.tensors(rows)
        with torch.autocast("cpu", torch.bfloat16):
            best = model(ids, real, 0.0).argmax(-1)
        for row, answer, length in zip(tags.tolist(), best.tolist(), real.sum(1).tolist(), strict=True):
            wanted = spans([max(tag, 0) for tag in row[:length]])
            given = spans([a if t >= 0 else 0 for a, t in zip(answer[:length], row[:length], strict=True)])
            right, said, meant = right + len(wanted & given), said + len(given), meant + len(wanted)
    return 2 * right / max(said + meant, 1)


def main() -> None:
    """Train, or go on training."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("input", type=Path, help="what prepare.py wrote")
    parser.add_argument("output", type=Path, help="folder for default.npz, state.pt and log.txt")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--save", type=int, default=250, help="updates between two states")
    parser.add_argument("--score", type=int, default=1000, help="updates between two scores of the dev set")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(options.threads)
    arrays = dict(np.load(options.input))
    epochs = sum(name.startswith("more") and name.endswith(".ids") for name in arrays)
    dev = Windows.of(arrays, ["dev"])
    seed = int(arrays["seed"])
    plan = [(epoch, Windows.of(arrays, ["train", f"more{epoch}"])) for epoch in range(epochs)]
    batches = [(w, rows) for epoch, w in plan for rows in w.batches(np.random.default_rng([seed, epoch]))]
    torch.manual_seed(seed)
    model = Tagger(starter(), 1 + 2 * LABELS)
    for part in (model.encoder.words, model.encoder.positions):
        part.weight.requires_grad_(False)
    learned = [p for p in model.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in learned if p.ndim == 2], "weight_decay": DECAY},
        {"params": [p for p in learned if p.ndim != 2], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=PEAK, betas=(0.9, 0.98), eps=1e-6)
    state, begin = options.output / "state.pt", 0
    if state.exists():
        saved = torch.load(state, weights_only=True)
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        begin = saved["step"]

    def log(line: str) -> None:
        print(line, flush=True)
        with (options.output / "log.txt").open("a", encoding="utf-8") as file:
            file.write(line + "\n")

    log(f"{len(batches):,} updates in {epochs} epochs, from {begin:,}; {options.threads} threads")
    began, tokens, total = time.monotonic(), 0, 0.0
    for step in range(begin, len(batches)):
        share = step / len(batches)
        for group in optimizer.param_groups:
            group["lr"] = PEAK * min((share + 1e-4) / WARM_UP, (1 - share) / (1 - WARM_UP))
        torch.manual_seed(seed * 1_000_003 + step)  # so that a training that went on ends as one without a break
        windows, rows = batches[step]
        ids, real, tags = windows.tensors(rows)
        with torch.autocast("cpu", torch.bfloat16):
            logits = model(ids, real, DROPOUT)
        loss = F.cross_entropy(logits.float().flatten(0, 1), tags.flatten(), ignore_index=-1)
        loss.backward()
        nn.utils.clip_grad_norm_(learned, CLIP)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        tokens, total = tokens + int(real.sum()), total + loss.item()
        done = step + 1
        if done % options.save == 0 or done == len(batches):
            torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "step": done}, f"{state}.new")
            Path(f"{state}.new").replace(state)
            rate = tokens / (time.monotonic() - began)
            is_due = done % options.score == 0 or done == len(batches)
            scored = f", dev F1 {score(model, dev) * 100:.2f}" if is_due else ""
            log(f"{done:,} updates: loss {total / options.save:.4f}, {rate:,.0f} tokens/s{scored}")
            began, tokens, total = time.monotonic(), 0, 0.0
    weights = {f"bert.{name}": value for name, value in model.encoder.arrays().items()}
    for kind in ("weight", "bias"):
        weights[f"classifier.{kind}"] = getattr(model.classifier, kind).detach().numpy()
    np.savez(options.output / "default.npz", **weights)


if __name__ == "__main__":
    main()
