"""``paddle-ner export --target jetson``: the folder that is copied to a device."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from paddle_ner.bundle.scales import MatmulScales
from paddle_ner.cli import console
from paddle_ner.types import Example


def write_folder(
    checkpoint: Path,
    output: Path,
    texts: Sequence[str],
    scales: Sequence[MatmulScales] | None,
    examples: Sequence[Example],
    max_drop: float,
    as_json: bool,
) -> None:
    """Write the folder, and print what is in it."""
    from paddle_ner.export.edge import write_edge

    with console.err.status("exporting: ONNX, what runs it, and the answers that a device is checked against"):
        written = write_edge(checkpoint, output, texts, scales=scales, examples=examples, max_drop=max_drop)
    if as_json:
        console.print_json(
            {
                "folder": str(written.folder),
                "precisions": list(written.precisions),
                "texts": written.texts,
                "same": written.same,
                "scores": written.scores,
                "files": written.files,
            }
        )
        return
    size = sum((written.folder / name).stat().st_size for name in written.files) / 1e6
    console.out.print(
        f"{written.folder}  ({size:.1f} MB; its own check.py answered {written.texts} texts as the server does)",
        markup=False,
    )
    for precision in written.precisions:
        said = f"model.{precision}.onnx"
        if precision in written.scores:
            said += f"  {100 * written.scores[precision]:.2f} on {len(examples):,} labelled examples"
        if precision == "int8" and written.same is not None:
            said += f"; {100 * written.same:.2f}% of the expected answers are those of fp32"
        console.out.print(said, markup=False)
    console.err.print(f"next: copy {written.folder} to the device, and there: python3 check.py", markup=False)
