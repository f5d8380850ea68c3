"""The engine of a checkpoint: the model as it was trained, in dynamic mode."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from paddle_ner.errors import DeviceError
from paddle_ner.inference.engines import EngineInfo
from paddle_ner.modeling import Checkpoint

if TYPE_CHECKING:
    from paddlenlp.transformers import PretrainedModel


class DynamicEngine:
    """Runs a model without gradients or dropout. Safe to use on a model in training: its mode is put back."""

    def __init__(self, model: PretrainedModel, device: str = "cpu") -> None:
        self._model = model
        self.info = EngineInfo("dynamic", device, "fp32", None)

    def clone(self) -> DynamicEngine:
        """Another engine over the same model."""
        return DynamicEngine(self._model, self.info.device)

    def run(self, input_ids: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        """Logits, float32 of shape [batch, length, outputs] or [batch, outputs], for int64 ids of [batch, length]."""
        import paddle

        training = self._model.training
        self._model.eval()
        try:
            with paddle.no_grad():
                logits = self._model(input_ids=paddle.to_tensor(input_ids, dtype="int64"))
            result: npt.NDArray[np.float32] = logits.astype("float32").numpy()
            return result
        finally:
            if training:
                self._model.train()


def load_engine(checkpoint: Checkpoint, device: str = "cpu") -> DynamicEngine:
    """An engine over a checkpoint's model.

    Args:
        checkpoint: it shares its model with all that run it.
        device: ``cpu``, ``gpu`` or ``gpu:N``; it becomes the device of this process.

    Raises:
        BundleError: a file of the checkpoint is missing, damaged, or does not fit the task.
        DeviceError: the device is unknown, or this build or machine does not have it.
    """
    from paddle_ner.environment import require

    require("paddle", "paddlenlp", needed_for="running a checkpoint")
    import paddle

    kind, _, number = device.partition(":")
    if kind not in ("cpu", "gpu") or (number and not number.isdigit()):
        raise DeviceError(f"device {device!r} is unknown, expected cpu, gpu or gpu:N")
    if kind == "gpu":
        if not paddle.device.is_compiled_with_cuda():
            raise DeviceError(f"device {device}: this build of PaddlePaddle has no CUDA; install 'paddle-ner[gpu]'")
        if int(number or 0) >= paddle.device.cuda.device_count():
            raise DeviceError(f"device {device}: this machine shows {paddle.device.cuda.device_count()} GPUs")
    paddle.set_device(device)
    return DynamicEngine(checkpoint.model, device)
