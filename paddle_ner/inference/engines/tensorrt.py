"""A bundle's graph optimized by TensorRT, once for each bundle, GPU and precision.

Written against PaddlePaddle 3's documentation of ``paddle.tensorrt`` and not run: the project's machines have no GPU.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from paddle_ner.bundle import BundleManifest
from paddle_ner.environment import PACKAGES
from paddle_ner.errors import DeviceError
from paddle_ner.inference.engines import EngineDescription, EngineOptions
from paddle_ner.inference.engines.paddle import PaddleEngine, check_gpu
from paddle_ner.inference.planning import LENGTHS

# Shapes that TensorRT tunes for: from one short window up to the batcher's budget.
_MIN_ROWS, _BEST_ROWS, _MAX_ROWS = 1, 8, 128
_BEST_LENGTH = 64
_GRAPH = "model"


def cache_folder() -> Path:
    """The folder of optimized graphs: ``$XDG_CACHE_HOME/paddle-ner/tensorrt``."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return home / "paddle-ner" / "tensorrt"


def optimized(folder: Path, manifest: BundleManifest, options: EngineOptions) -> tuple[Path, Path]:
    """The graph and weights that TensorRT made from the bundle in `folder`; takes minutes once, then they are cached.

    Raises:
        DeviceError: this build of PaddlePaddle comes without TensorRT, or the GPU cannot be used.
    """
    try:
        from paddle import tensorrt
        from paddle.device.cuda import get_device_name
    except ImportError as error:
        raise DeviceError(f"engine tensorrt: this build of PaddlePaddle has none: {error}") from None
    gpu = get_device_name(int(options.device.partition(":")[2] or 0)).replace(" ", "-")
    target = cache_folder() / f"{manifest.checksum[:16]}-{gpu}-{options.precision}"
    if not target.is_dir():
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
        try:
            config = configuration(tensorrt, manifest, options)
            config.save_model_dir = str(temporary / _GRAPH)
            tensorrt.convert(str((folder / manifest.graph).with_suffix("")), config)
            with suppress(OSError):  # another process was faster, with the same result
                temporary.rename(target)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    return target / f"{_GRAPH}.json", target / f"{_GRAPH}.pdiparams"


def configuration(tensorrt: Any, manifest: BundleManifest, options: EngineOptions) -> Any:
    """The ``TensorRTConfig`` of a bundle: a range of shapes, [windows, length], for each input."""
    longest = manifest.window.size
    inputs = [
        tensorrt.Input(
            min_input_shape=(_MIN_ROWS, min(LENGTHS[0], longest)),
            optim_input_shape=(_BEST_ROWS, min(_BEST_LENGTH, longest)),
            max_input_shape=(_MAX_ROWS, longest),
            input_data_type="int64",
            input_range=(0, 1),  # ids that every vocabulary has
            name=name,
        )
        for name in manifest.inputs
    ]
    config = tensorrt.TensorRTConfig(inputs=inputs)
    modes = {"fp32": tensorrt.PrecisionMode.FP32, "fp16": tensorrt.PrecisionMode.FP16}
    config.precision_mode = modes[options.precision]
    return config


def open_engine(folder: Path, manifest: BundleManifest, options: EngineOptions) -> PaddleEngine:
    """Paddle over the graph that TensorRT made; raises the errors of `optimized`."""
    check_gpu(options.device)
    return PaddleEngine(folder, manifest, options, optimized(folder, manifest, options))


ENGINE = EngineDescription(
    name="tensorrt",
    title="TensorRT",
    package=PACKAGES["paddle"],
    graph="paddle",
    precisions={"gpu": ("fp32", "fp16")},
    open=open_engine,
)
