"""``paddle-ner export``: a checkpoint in, a verified bundle out."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import click

from paddle_ner.cli import console


@click.command()
@click.argument("checkpoint", type=click.Path(path_type=Path))
@click.option("--output", "-o", required=True, type=click.Path(path_type=Path), help="Folder of the bundle.")
@click.option(
    "--texts",
    type=click.Path(path_type=Path),
    help="Labelled file or plain text, one a line: its first 200 texts are compared too.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object.")
def command(checkpoint: Path, output: Path, texts: Path | None, as_json: bool) -> None:
    """Turn CHECKPOINT into one bundle: its static graph, checked against the dynamic one, and what serving needs."""
    from paddle_ner import data
    from paddle_ner.export import export

    samples = [example.text for example in islice(data.read(texts), 200)] if texts is not None else []
    with console.err.status("exporting: to_static, then both graphs are compared"):
        exported = export(checkpoint, output, samples)
    if as_json:
        console.print_json(
            {
                "bundle": str(exported.bundle),
                "difference": exported.difference,
                "texts": exported.texts,
                "files": exported.manifest.files,
            }
        )
        return
    size = sum(path.stat().st_size for path in exported.bundle.iterdir()) / 1e6
    console.out.print(
        f"{exported.bundle}  ({size:.1f} MB; static and dynamic logits differ by at most"
        f" {exported.difference:.1e} on {exported.texts} texts)",
        markup=False,
    )
    console.err.print(f"next: paddle-ner serve {exported.bundle}", markup=False)
