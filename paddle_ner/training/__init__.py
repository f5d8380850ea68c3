"""Training: PaddleNLP's Trainer, started in processes of its own through ``paddle.distributed.launch`` if needed."""

from paddle_ner.training.launch import Cluster, Devices
from paddle_ner.training.supervisor import Trained, train

__all__ = ["Cluster", "Devices", "Trained", "train"]
