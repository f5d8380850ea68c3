"""A model on disk: the checkpoint that training writes, and the exported bundle that is served."""

from __future__ import annotations

from paddle_ner.bundle.folder import (
    BUNDLE_MANIFEST,
    CHECKPOINT_MANIFEST,
    ENCODER_CONFIG,
    TERMS,
    TOKENIZER,
    WEIGHTS,
    checksums,
    content_checksum,
    is_bundle,
    is_checkpoint,
    load_tokenizer,
    new_folder,
    read_bundle_manifest,
    read_checkpoint_manifest,
    verify,
    verify_checkpoint,
    write_manifest,
)
from paddle_ner.bundle.manifest import (
    SCHEMA_VERSION,
    BundledTerms,
    BundleManifest,
    Manifest,
    OnnxGraph,
    Storage,
    WindowSpec,
)
from paddle_ner.bundle.measurements import Candidate, EngineName, Precision, Speed, Tuning
from paddle_ner.bundle.signing import read_key

__all__ = [
    "BUNDLE_MANIFEST",
    "CHECKPOINT_MANIFEST",
    "ENCODER_CONFIG",
    "SCHEMA_VERSION",
    "TERMS",
    "TOKENIZER",
    "WEIGHTS",
    "BundleManifest",
    "BundledTerms",
    "Candidate",
    "EngineName",
    "Manifest",
    "OnnxGraph",
    "Precision",
    "Speed",
    "Storage",
    "Tuning",
    "WindowSpec",
    "checksums",
    "content_checksum",
    "is_bundle",
    "is_checkpoint",
    "load_tokenizer",
    "new_folder",
    "read_bundle_manifest",
    "read_checkpoint_manifest",
    "read_key",
    "verify",
    "verify_checkpoint",
    "write_manifest",
]
