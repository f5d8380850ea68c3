"""What a compression did is part of what a manifest's checksum covers."""

from __future__ import annotations

from paddle_ner.bundle import BundleManifest, WindowSpec, content_checksum
from paddle_ner.bundle.compression import Compression, CompressionCandidate, DataSet

TASK = {"name": "ner", "labels": ["PER"], "tag_scheme": "BIO"}
MANIFEST = BundleManifest(
    name="old",
    task=TASK,
    window=WindowSpec(),
    graph="g",
    weights="w",
    inputs=["input_ids"],
    outputs=["logits"],
    files={},
)
SET = DataSet(sha256="0" * 64, examples=1)
COMPRESSION = Compression(
    calibration=SET,
    evaluation=SET,
    metric="f1",
    cpu="x",
    threads=1,
    texts=1,
    max_drop=0.01,
    max_label_drop=0.05,
    budget_minutes=1,
    before=CompressionCandidate(precision="fp32"),
)


def test_a_compression_belongs_to_what_the_checksum_covers() -> None:
    compressed = MANIFEST.model_copy(update={"compression": COMPRESSION})
    other = compressed.model_copy(update={"compression": COMPRESSION.model_copy(update={"max_drop": 0.5})})
    assert len({content_checksum(one.model_dump()) for one in (MANIFEST, compressed, other)}) == 3
    assert BundleManifest.model_validate(compressed.model_dump()) == compressed
