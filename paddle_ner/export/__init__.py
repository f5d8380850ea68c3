"""From a checkpoint to what is served: ``jit.to_static`` into a verified bundle."""

from paddle_ner.export.export import Exported, export

__all__ = ["Exported", "export"]
