#!/usr/bin/env python3
"""Train the default model on one GPU, in PyTorch: a teacher of 12 layers, and the starter with its answers.

    python configs/default/train.py runs/default/input.npz runs/starter runs/default --seconds 60 90

The teacher is fine-tuned on MSRA. The student, the starter with a linear layer, learns MSRA's tags and the teacher's
probabilities, these on raw sentences too. Written is default.npz: the weights by Hugging Face's names.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

sys.path.insert(0, str(Path(__file__).parents[1] / "starter"))
from pretrain import Encoder

IGNORED, PAD = -100, 0
ROWS = 48
WARM_UP = 0.08


class Tagger(nn.Module):
    """An encoder with a linear layer over its states."""

    def __init__(self, encoder: Encoder, outputs: int) -> None:
        super().__init__()
        self.encoder, self.classifier = encoder, nn.Linear(encoder.words.embedding_dim, outputs)
        nn.init.normal_(self.classifier.weight, std=0.02)
        nn.init.zeros_(self.classifier.bias)

    def forward(self, ids: Tensor, dropout: float = 0.0) -> Tensor:
        mask = (ids != PAD)[:, None, None, :]
        return self.classifier(F.dropout(self.encoder(ids, mask, dropout), dropout)).float()


class Rows:
    """Rows of ids (and tags), in batches of similar length."""

    def __init__(self, content: Any, name: str) -> None:
        ends = np.cumsum(content[f"{name}.lengths"])[:-1]
        self.ids = np.split(content[f"{name}.ids"].astype(np.int64), ends)
        tags = content.get(f"{name}.tags")
        self.tags = None if tags is None else np.split(tags.astype(np.int64), ends)

    def batches(self, device: torch.device, random: np.random.Generator | None) -> Iterator[tuple[Tensor, Tensor]]:
        """Of one pass; without `random` in the order of the rows' lengths."""
        lengths = np.array([len(row) for row in self.ids])
        noise = random.uniform(0.8, 1.25, len(lengths)) if random is not None else 1.0
        order = np.argsort(lengths * noise)
        batches = [order[start : start + ROWS] for start in range(0, len(order), ROWS)]
        for at in random.permutation(len(batches)) if random is not None else range(len(batches)):
            chosen = batches[at]
            longest = -(-max(lengths[chosen]) // 16) * 16
            ids = np.full((len(chosen), longest), PAD)
            tags = np.full((len(chosen), longest), IGNORED)
            for row, index in enumerate(chosen):
                ids[row, : lengths[index]] = self.ids[index]
                if self.tags is not None:
                    tags[row, : lengths[index]] = self.tags[index]
            yield torch.from_numpy(ids).to(device), torch.from_numpy(tags).to(device)

    def endless(self, device: torch.device, random: np.random.Generator) -> Iterator[tuple[Tensor, Tensor]]:
        """Pass after pass."""
        while True:
            yield from self.batches(device, random)


def fine_tune(
    model: Tagger, rows: Rows, seconds: float, peak: float, log: Callable[[str], None],
    teacher: Tagger | None = None, raw: Rows | None = None, dropout: float = 0.1, seed: int = 0,
) -> None:
    """Train for so long."""
    device = next(model.parameters()).device
    random = np.random.default_rng(seed)
    head = list(model.classifier.parameters())
    groups = [{"params": list(model.encoder.parameters()), "peak": peak}, {"params": head, "peak": peak * 5}]
    optimizer = torch.optim.AdamW(groups, lr=peak, weight_decay=0.01, fused=device.type == "cuda")
    labelled = rows.endless(device, random)
    others = raw.endless(device, random) if raw is not None else None
    began, step = time.monotonic(), 0
    while (share := (time.monotonic() - began) / seconds) < 1:
        for group in optimizer.param_groups:
            group["lr"] = group["peak"] * min(share / WARM_UP, (1 - share) / (1 - WARM_UP))
        ids, tags = next(others if others is not None and step % 2 else labelled)
        with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
            logits = model(ids, dropout)
            loss = torch.zeros((), device=device)
            if others is None or not step % 2:
                loss = F.cross_entropy(logits.flatten(0, 1), tags.flatten(), ignore_index=IGNORED)
            if teacher is not None:
                with torch.no_grad():
                    wanted = teacher(ids)
                real = (ids > 3).flatten()
                apart = F.kl_div(
                    logits.log_softmax(-1), wanted.log_softmax(-1), log_target=True, reduction="none"
                ).sum(-1)
                loss = loss + (apart.flatten() * real).sum() / real.sum()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        step += 1
        if step % 8 == 0 and device.type == "cuda":
            torch.cuda.synchronize()
    log(f"  {step} updates, {step * ROWS / len(rows.ids) / (2 if others is not None else 1):.1f} passes")


def score(model: Tagger, rows: Rows, tags: list[str]) -> float:
    """F1 of entities by the best tag of each token; a type that changes begins another entity."""
    device = next(model.parameters()).device
    right = predicted = gold = 0
    with torch.no_grad(), torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
        for ids, targets in rows.batches(device, None):
            answers = model(ids).argmax(-1).cpu().numpy()
            for answer, target in zip(answers, targets.cpu().numpy(), strict=True):
                counted = target != IGNORED
                found, wanted = entities(answer[counted], tags), entities(target[counted], tags)
                right, predicted, gold = right + len(found & wanted), predicted + len(found), gold + len(wanted)
    return 2 * right / max(1, predicted + gold)


def entities(row: np.ndarray, tags: list[str]) -> set[tuple[int, int, str]]:
    """(first, end, type) of BIO tags."""
    found: set[tuple[int, int, str]] = set()
    start, kind = 0, ""
    for at, number in enumerate([*row.tolist(), -1]):
        tag = tags[number] if number >= 0 else "O"
        if kind and tag != f"I-{kind}":
            found.add((start, at, kind))
            kind = ""
        if tag != "O" and not kind:
            start, kind = at, tag[2:]
    return found


def main() -> None:
    """Teacher, student; with --study also what the starter and the 12 layers reach on their own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("input", type=Path, help="what prepare.py wrote")
    parser.add_argument("starter", type=Path, help="folder with teacher.npz and starter.npz")
    parser.add_argument("output", type=Path, help="folder for default.npz and log.txt")
    parser.add_argument("--seconds", type=float, nargs=2, default=(60, 90), help="of the teacher and of the student")
    parser.add_argument("--study", type=float, default=0, help="seconds of each further training")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(0)
    torch.set_float32_matmul_precision("high")
    content = dict(np.load(options.input))
    lines: list[str] = []

    def log(line: str) -> None:
        print(line, flush=True)
        lines.append(line)
        (options.output / "log.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")

    def tagger(name: str, layers: int, outputs: int) -> Tagger:
        arrays = dict(np.load(options.starter / f"{name}.npz"))
        encoder = Encoder(len(arrays["embeddings.word_embeddings.weight"]), layers)
        encoder.load(arrays, list(range(layers)))
        return Tagger(encoder, outputs).to(device)

    def trained(name: str, layers: int, set_: str, seconds: float, peak: float, **more: Any) -> Tagger:
        tags = content[f"{set_}.labels"].tolist()
        model = tagger(name, layers, len(tags))
        fine_tune(model, Rows(content, f"{set_}.train"), seconds, peak, log, **more)
        log(f"{name} on {set_}, {peak}: dev F1 {100 * score(model, Rows(content, f'{set_}.dev'), tags):.2f}")
        return model

    teacher = trained("teacher", 12, "msra", options.seconds[0], 2e-4)
    raw = Rows(content, "raw.train")
    student = trained("starter", 6, "msra", options.seconds[1], 3e-4, teacher=teacher, raw=raw)
    arrays = {name: value.astype(np.float16) for name, value in student.encoder.arrays().items()}
    arrays["classifier.weight"] = student.classifier.weight.detach().cpu().numpy()
    arrays["classifier.bias"] = student.classifier.bias.detach().cpu().numpy()
    np.savez(options.output / "default.npz", **arrays)
    if options.study:
        trained("starter", 6, "msra", options.study, 3e-4)
        trained("starter", 6, "cluener", options.study * 0.7, 3e-4)
        trained("teacher", 12, "cluener", options.study, 2e-4)


if __name__ == "__main__":
    main()
