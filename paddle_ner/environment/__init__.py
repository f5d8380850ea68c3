"""What this Python and this machine have, whether it fits together, and the commands that fix what does not.

`packages` says what a command needs, `dependencies` what is there. `framework`, `gpus`, `host` and `network` look at
one part each; `failures` and `judgement` say what is wrong. `checkup` does all of it, for ``paddle-ner doctor``.
"""

from paddle_ner.environment.packages import DISTRIBUTION, PACKAGES, Package, is_installed, require

__all__ = ["DISTRIBUTION", "PACKAGES", "Package", "is_installed", "require"]
