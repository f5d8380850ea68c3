"""``python -m paddle_ner``: the same as the ``paddle-ner`` command."""

import sys

from paddle_ner.cli import main

if __name__ == "__main__":
    sys.exit(main())
