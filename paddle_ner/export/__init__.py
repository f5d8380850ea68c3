"""A checkpoint to what is served: ``jit.to_static`` into one verified bundle."""

from paddle_ner.export.export import Exported, export

__all__ = ["Exported", "export"]
