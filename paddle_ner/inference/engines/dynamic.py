"""The engine of a checkpoint: the model as it was trained, in dynamic mode."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from paddle_ner.errors import DeviceError
from paddle_ner.inference.protocols import EngineInfo
from paddle_ner.machine import usable_cores
from paddle_ner.modeling import Checkpoint

if TYPE_CHECKING:
    from paddle_ner.modeling.model import Model


class DynamicEngine:
    """Runs a model without gradients or dropout. Safe to use on a model in training: its mode is restored.

    For one thread at a time, including its clones: they share the model, whose mode each run sets.

    Args:
        model: an encoder with a head.
        device: ``cpu``, ``gpu`` or ``gpu:N``.
        threads: CPU threads; None leaves them to Paddle, which takes all visible cores.
    """

    def __init__(self, model: Model, device: str = "cpu", threads: int | None = None) -> None:
        self._model = model
        self.info = EngineInfo("dynamic", device, "fp32", threads)

    def clone(self) -> DynamicEngine:
        """Another engine over the same model."""
        return DynamicEngine(self._model, self.info.device, self.info.threads)

    def run(self, input_ids: npt.NDArray[np.int64]) -> dict[str, npt.NDArray[np.float32]]:
        """The outputs by name; see `Engine`."""
        import paddle

        if self.info.threads is not None:
            paddle.base.core.set_num_threads(self.info.threads)  # for the calling thread
        training = self._model.training
        self._model.eval()
        try:
            with paddle.no_grad():
                outputs = self._model(input_ids=paddle.to_tensor(input_ids, dtype="int64"))
            return {name: outputs[name].astype("float32").numpy() for name in self._model.head.outputs}
        finally:
            if training:
                self._model.train()


def load_engine(checkpoint: Checkpoint, device: str = "cpu") -> DynamicEngine:
    """An engine over a checkpoint's model.

    Args:
        checkpoint: the engine shares its model.
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
    return DynamicEngine(checkpoint.model, device, usable_cores() if kind == "cpu" else None)
