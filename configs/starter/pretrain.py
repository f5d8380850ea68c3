#!/usr/bin/env python3
"""Make the starter of what `prepare.py` wrote, on one GPU, in PyTorch.

    python configs/starter/pretrain.py runs/starter/input.npz runs/starter --minutes 2.5 4

Two stages, each as long as it is told: the encoder of 12 layers learns to read words in single characters, by masked
language modelling over whole words; then every second layer of it learns the same, and to give what the 12 layers give
(their probabilities of the masked tokens, and their last hidden states). Rows are packed: half of the steps read 512
tokens from anywhere, so that every position is trained, half 128 from the beginning of a line. The softmax is over the
tokens that the corpus has: others keep the vector that they came with.
"""

from __future__ import annotations

import argparse
import math
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

CLS, SEP, MASK, SPECIALS = 2, 3, 4, 5
HEADS = 12
MASKED = 0.15
SHAPES = ((64, 512), (256, 128))  # rows and tokens of a step, in turns
EVALUATED = (64, 256)  # eight times
PEAK, WARM_UP, DECAY = 5e-4, 0.06, 0.01


class Layer(nn.Module):
    """One layer of BERT, normalized behind each part."""

    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, inner), nn.Linear(inner, width)
        self.after_attention, self.after_inner = nn.LayerNorm(width, 1e-12), nn.LayerNorm(width, 1e-12)

    def forward(self, x: Tensor, mask: Tensor | None, dropout: float) -> Tensor:
        """[rows, length, width] in and out; `mask` is True where may be looked at."""
        rows, length, width = x.shape
        q, k, v = self.qkv(x).view(rows, length, 3, HEADS, width // HEADS).permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(q, k, v, mask, dropout)
        mixed = F.dropout(self.out(mixed.transpose(1, 2).reshape(rows, length, width)), dropout)
        x = self.after_attention(x + mixed)
        return self.after_inner(x + F.dropout(self.down(F.gelu(self.up(x))), dropout))


class Encoder(nn.Module):
    """BERT without its pooler."""

    def __init__(self, vocabulary: int, layers: int, width: int = 384, positions: int = 512) -> None:
        super().__init__()
        self.words, self.positions = nn.Embedding(vocabulary, width), nn.Embedding(positions, width)
        self.types = nn.Parameter(torch.zeros(width))
        self.norm = nn.LayerNorm(width, 1e-12)
        self.layers = nn.ModuleList(Layer(width, 4 * width) for _ in range(layers))

    def forward(self, ids: Tensor, mask: Tensor | None = None, dropout: float = 0.0) -> Tensor:
        """The state of each token: [rows, length, width]."""
        x = self.words(ids) + self.positions.weight[: ids.shape[1]] + self.types
        x = F.dropout(self.norm(x), dropout)
        for layer in self.layers:
            x = layer(x, mask, dropout)
        return x

    def load(self, arrays: Any, layers: list[int]) -> None:
        """Take the weights by Hugging Face's names; `layers` says which of them."""
        at = "embeddings."
        self.words.weight.data = _tensor(arrays[f"{at}word_embeddings.weight"])
        self.positions.weight.data = _tensor(arrays[f"{at}position_embeddings.weight"])
        self.types.data = _tensor(arrays[f"{at}token_type_embeddings.weight"])[0]
        _fill(self.norm, arrays, f"{at}LayerNorm")
        for layer, number in zip(self.layers, layers, strict=True):
            at = f"encoder.layer.{number}."
            for kind in ("weight", "bias"):
                parts = [_tensor(arrays[f"{at}attention.self.{name}.{kind}"]) for name in ("query", "key", "value")]
                getattr(layer.qkv, kind).data = torch.cat(parts)
            _fill(layer.out, arrays, f"{at}attention.output.dense")
            _fill(layer.after_attention, arrays, f"{at}attention.output.LayerNorm")
            _fill(layer.up, arrays, f"{at}intermediate.dense")
            _fill(layer.down, arrays, f"{at}output.dense")
            _fill(layer.after_inner, arrays, f"{at}output.LayerNorm")

    def arrays(self) -> dict[str, np.ndarray]:
        """The weights by Hugging Face's names, float32."""
        found: dict[str, Tensor] = {
            "embeddings.word_embeddings.weight": self.words.weight,
            "embeddings.position_embeddings.weight": self.positions.weight,
            "embeddings.token_type_embeddings.weight": self.types.repeat(2, 1),
            "embeddings.LayerNorm.weight": self.norm.weight,
            "embeddings.LayerNorm.bias": self.norm.bias,
        }
        for number, layer in enumerate(self.layers):
            at = f"encoder.layer.{number}."
            for kind in ("weight", "bias"):
                names = ("query", "key", "value")
                for name, part in zip(names, getattr(layer.qkv, kind).chunk(3), strict=True):
                    found[f"{at}attention.self.{name}.{kind}"] = part
                found[f"{at}attention.output.dense.{kind}"] = getattr(layer.out, kind)
                found[f"{at}attention.output.LayerNorm.{kind}"] = getattr(layer.after_attention, kind)
                found[f"{at}intermediate.dense.{kind}"] = getattr(layer.up, kind)
                found[f"{at}output.dense.{kind}"] = getattr(layer.down, kind)
                found[f"{at}output.LayerNorm.{kind}"] = getattr(layer.after_inner, kind)
        return {name: value.detach().float().cpu().numpy() for name, value in found.items()}


class MaskedHead(nn.Module):
    """Logits of the masked tokens, over the tokens that the corpus has."""

    def __init__(self, words: nn.Embedding, seen: Tensor) -> None:
        super().__init__()
        width = words.embedding_dim
        self.dense, self.norm = nn.Linear(width, width), nn.LayerNorm(width)
        self.bias = nn.Parameter(torch.zeros(len(seen)))
        self.register_buffer("seen", seen)

    def forward(self, states: Tensor, words: nn.Embedding) -> Tensor:
        """[places, seen tokens] of the states of the masked places."""
        return F.linear(self.norm(F.gelu(self.dense(states))), words(self.seen), self.bias)


class Corpus:
    """Packed rows of a stream of tokens, masked by units."""

    def __init__(self, stream: np.ndarray, device: torch.device, seed: int) -> None:
        values = torch.from_numpy(stream.astype(np.int32)).to(device)
        self.ids, self.starts = values & 0x7FFF, (values >> 15) == 1
        self.lines = torch.nonzero(self.ids[:-1] == SEP).flatten() + 1
        self.random = torch.Generator(device).manual_seed(seed)

    def rows(self, count: int, length: int, vocabulary: int, whole_lines: bool) -> tuple[Tensor, Tensor, Tensor]:
        """(ids with masks, places of the masked tokens in the flattened rows, what stood there)."""
        device, inner = self.ids.device, length - 2
        last = len(self.ids) - inner
        if whole_lines:
            lines = self.lines[self.lines < last]
            begin = lines[torch.randint(len(lines), (count,), device=device, generator=self.random)]
        else:
            begin = torch.randint(last, (count,), device=device, generator=self.random)
        at = begin[:, None] + torch.arange(inner, device=device)
        middle, starts = self.ids[at], self.starts[at]
        units = starts.cumsum(1)
        chance = torch.rand(count, inner + 1, device=device, generator=self.random).gather(1, units)
        chosen = (chance < MASKED) & (middle >= SPECIALS)
        kind = torch.rand(count, inner, device=device, generator=self.random)
        other = torch.randint(SPECIALS, vocabulary, (count, inner), device=device, generator=self.random)
        shown = torch.where(chosen & (kind < 0.8), MASK, torch.where(chosen & (kind >= 0.9), other.int(), middle))
        edge = torch.ones(count, 1, dtype=torch.int32, device=device)
        ids = torch.cat([edge * CLS, shown, edge * SEP], 1).long()
        places = torch.nonzero(F.pad(chosen, (1, 1)).flatten()).flatten()
        # A fixed number of places, so that every step has the same shapes: some occur twice.
        want = int(count * inner * MASKED)
        pick = torch.arange(want, device=device) % len(places)
        places = places[pick]
        return ids, places, F.pad(middle, (1, 1)).flatten()[places].long()


def train(
    model: Encoder,
    teacher: tuple[Encoder, MaskedHead] | None,
    corpus: Corpus,
    held_out: Corpus,
    seen: Tensor,
    seconds: float,
    log: Any,
) -> MaskedHead:
    """Train for so long; the learning rate falls with the time that is left. With a teacher, towards it too."""
    device = seen.device
    vocabulary = model.words.num_embeddings
    head = MaskedHead(model.words, seen).to(device)
    if teacher is not None:
        head.load_state_dict(teacher[1].state_dict())
    column = torch.zeros(vocabulary, dtype=torch.long, device=device)
    column[seen] = torch.arange(len(seen), device=device)
    named = [*model.named_parameters(), *head.named_parameters()]
    decayed = [p for n, p in named if p.ndim == 2 and not n.startswith(("words", "positions"))]
    others = [p for n, p in named if p.ndim != 2 or n.startswith(("words", "positions"))]
    groups = [{"params": decayed, "weight_decay": DECAY}, {"params": others, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=PEAK, betas=(0.9, 0.98), eps=1e-6, fused=device.type == "cuda")

    def loss_of(ids: Tensor, places: Tensor, targets: Tensor, dropout: float) -> tuple[Tensor, Tensor, Tensor]:
        with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
            states = model(ids, None, dropout)
            logits = head(states.reshape(-1, states.shape[-1])[places], model.words).float()
            masked = F.cross_entropy(logits, targets)
            loss = masked
            if teacher is not None:
                with torch.no_grad():
                    wanted = teacher[0](ids)
                    sure = teacher[1](wanted.reshape(-1, wanted.shape[-1])[places], teacher[0].words).float()
                apart = F.kl_div(logits.log_softmax(-1), sure.log_softmax(-1), log_target=True, reduction="batchmean")
                loss = masked + apart + F.mse_loss(states.float(), wanted.float()) * 10
        return loss, masked, (logits.argmax(-1) == targets).float().mean()

    compiled = torch.compile(loss_of, dynamic=False) if device.type == "cuda" else loss_of
    for count, length in SHAPES:  # compiling is not part of the time
        compiled(*_step_rows(corpus, count, length, vocabulary, column), 0.1)[0].backward()
    optimizer.zero_grad(set_to_none=True)
    began = time.monotonic()
    step = read = 0
    while (share := (time.monotonic() - began) / seconds) < 1:
        rate = PEAK * min(share / WARM_UP, (1 - share) / (1 - WARM_UP))
        for group in optimizer.param_groups:
            group["lr"] = rate
        count, length = SHAPES[step % len(SHAPES)]
        loss, masked, right = compiled(*_step_rows(corpus, count, length, vocabulary, column), 0.1)
        loss.backward()
        nn.utils.clip_grad_norm_([p for _, p in named], 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        step, read = step + 1, read + count * length
        if step % 200 == 0:
            so_far = f"{step} steps, {read / 1e6:.0f}M tokens, {time.monotonic() - began:.0f} s"
            log(f"{so_far}: {masked.item():.3f}, {right.item():.3f}")
        elif step % 8 == 0:
            torch.cuda.synchronize() if device.type == "cuda" else None
    with torch.no_grad():
        held_out.random.manual_seed(1)
        found = [loss_of(*_step_rows(held_out, *EVALUATED, vocabulary, column), 0.0)[1:] for _ in range(8)]
    losses, rights = (torch.stack(values).mean().item() for values in zip(*found, strict=True))
    log(f"{step} steps, {read / 1e6:.0f}M tokens; held out: perplexity {math.exp(losses):.2f}, accuracy {rights:.4f}")
    return head


def _step_rows(
    corpus: Corpus, count: int, length: int, vocabulary: int, column: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    ids, places, targets = corpus.rows(count, length, vocabulary, whole_lines=length == 128)
    return ids, places, column[targets]


def _tensor(array: np.ndarray) -> Tensor:
    return torch.from_numpy(np.asarray(array, dtype=np.float32))


def _fill(module: nn.Module, arrays: Any, name: str) -> None:
    module.weight.data, module.bias.data = _tensor(arrays[f"{name}.weight"]), _tensor(arrays[f"{name}.bias"])


def main() -> None:
    """Both stages."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("input", type=Path, help="what prepare.py wrote")
    parser.add_argument("output", type=Path, help="folder for teacher.npz, starter.npz and log.txt")
    parser.add_argument("--minutes", type=float, nargs=2, default=(2.5, 4.0), help="of each stage")
    options = parser.parse_args()
    make(options.input, options.output, options.minutes)


def make(source: Path, output: Path, minutes: tuple[float, float]) -> tuple[Encoder, Encoder]:
    """The 12 layers and the starter, on the GPU where there is one; both are written to `output`, float16."""
    output.mkdir(parents=True, exist_ok=True)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(0)
    torch.set_float32_matmul_precision("high")
    arrays = dict(np.load(source))
    lines: list[str] = []

    def log(line: str) -> None:
        print(line, flush=True)
        lines.append(line)
        (output / "log.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")

    corpus, held_out = Corpus(arrays["train"], device, 0), Corpus(arrays["held_out"], device, 1)
    size = len(arrays["vocabulary"])
    counts = torch.bincount(corpus.ids.long(), minlength=size)
    seen = torch.nonzero(counts > 0).flatten()
    log(f"{len(corpus.ids)} tokens, {len(seen)} of {size} are in the corpus; {device}")
    large = Encoder(size, 12)
    large.load(arrays, list(range(12)))
    large.to(device)
    head = train(large, None, corpus, held_out, seen, minutes[0] * 60, log)
    _save(output / "teacher.npz", large)
    small = Encoder(size, 6)
    small.load(large.arrays(), [1, 3, 5, 7, 9, 11])
    small.to(device)
    train(small, (large, head), corpus, held_out, seen, minutes[1] * 60, log)
    _save(output / "starter.npz", small)
    return large, small


def _save(path: Path, model: Encoder) -> None:
    np.savez(path, **{name: value.astype(np.float16) for name, value in model.arrays().items()})


if __name__ == "__main__":
    main()
