"""The folder that is copied to a device: ``paddle-ner export --target jetson``."""

from paddle_ner.export.edge.write import Written, write_edge

__all__ = ["Written", "write_edge"]
