"""Which kernels oneDNN runs for a bundle: oneDNN itself names every primitive that it executes.

``python -m paddle_ner.compression.quantization.kernels BUNDLE`` runs the bundle once, in a separate process, since
oneDNN reads ``ONEDNN_VERBOSE`` when it is loaded.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from paddle_ner import processes
from paddle_ner.bundle import load_tokenizer, verify
from paddle_ner.bundle.compression import Kernels
from paddle_ner.errors import GateError

_SELF = "paddle_ner.compression.quantization.kernels"
_INT8 = ("s8", "u8")
_SECONDS = 300
_VERBOSE = {"ONEDNN_VERBOSE": "1", "DNNL_VERBOSE": "1"}
_PROBE_ROWS, _PROBE_LENGTH = 2, 16


def kernels_of(folder: Path, total: int) -> Kernels:
    """Run the bundle in `folder` once and count.

    Args:
        folder: a bundle.
        total: number of products with a weight in its graph.

    Raises:
        GateError: it could not be run.
    """
    done = processes.run(processes.python(_SELF, str(folder)), seconds=_SECONDS, variables=_VERBOSE)
    if done.status != 0:
        raise GateError(f"{folder}: its int8 kernels cannot be counted: {done.reason}")
    return count(done.output.splitlines(), total)


def refusal(kernels: Kernels) -> str:
    """Why the kernels are not those of an int8 model, or an empty string."""
    if kernels.int8 != kernels.total or not kernels.total:
        return f"{kernels.int8} of {kernels.total} products with a weight ran in int8"
    return ""


def count(lines: Iterable[str], total: int) -> Kernels:
    """Read what oneDNN printed in one pass over a graph with `total` products with a weight.

    An inner product always has a weight; matrix products without a weight are those of attention.
    """
    weights = others = 0
    implementations = set()
    for line in lines:
        # onednn_verbose,v1,primitive,exec,cpu,inner_product,brgemm:…,…,src:s8:… wei:s8:… bia:… dst:…,…
        fields = line.split(",")
        if len(fields) < 9 or fields[2:4] != ["primitive", "exec"]:
            continue
        kind, implementation = fields[5], fields[6]
        types = dict(part.split(":")[:2] for part in fields[8].split() if ":" in part)
        if kind not in ("inner_product", "matmul"):
            continue
        if types.get("src") in _INT8 and types.get("wei") in _INT8:
            implementations.add(implementation)
            if kind == "inner_product":
                weights += 1
            else:
                others += 1
    return Kernels(int8=weights, total=total, others=others, implementations=sorted(implementations))


def main(folder: Path) -> None:
    """Run the bundle once, at the precision of its manifest."""
    import numpy as np

    from paddle_ner.inference.engines import EngineOptions
    from paddle_ner.inference.engines.open import open_engine

    manifest = verify(folder)
    engine = open_engine(folder, manifest, EngineOptions())
    ids = np.full((_PROBE_ROWS, min(_PROBE_LENGTH, manifest.window.size)), load_tokenizer(folder).cls_id)
    engine.run(ids.astype(np.int64))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
