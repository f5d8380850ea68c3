"""Changes to a checkpoint before its graph is quantized: a cut vocabulary, cut positions, pruned layers.

Each transform makes a new checkpoint from a checkpoint and records in its manifest what was done, so transforms
compose, and everything after them sees an ordinary checkpoint.
"""

from __future__ import annotations

from collections.abc import Callable

from paddle_ner.modeling import Checkpoint

Transform = Callable[[Checkpoint], Checkpoint]
