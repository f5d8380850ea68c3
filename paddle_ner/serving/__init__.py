"""The HTTP service: application, batcher, page. Imports no framework; the models bring theirs when they load."""

from __future__ import annotations

from paddle_ner.serving.app import create_app
from paddle_ner.serving.model import Loader, Model, load_model
from paddle_ner.serving.server import run
from paddle_ner.serving.settings import Settings

__all__ = ["Loader", "Model", "Settings", "create_app", "load_model", "run"]
