"""What PaddlePaddle says about itself, asked in a process of its own: importing it takes seconds, and it may crash."""

from __future__ import annotations

import importlib.util
import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from paddle_ner import processes

_CPU_SIZE, _GPU_SIZE = 1024, 4096


@dataclass(frozen=True, slots=True)
class Framework:
    """An installed PaddlePaddle.

    Attributes:
        version: of the installed framework.
        cuda: the CUDA that it was built for; None for a CPU build.
        devices: names of the GPUs that it can use.
        cudnn: the cuDNN that it was built for; None for a CPU build, or where it does not say.
        architectures: of GPUs that it was compiled for, such as (75, 80, 86); empty where it does not say.
        rates: GFLOP/s of a matrix product in fp32, by device: ``cpu``, ``gpu:0`` …
        failures: why a matrix product on a device failed, by device.
    """

    version: str
    cuda: str | None
    devices: tuple[str, ...]
    cudnn: str | None = None
    architectures: tuple[int, ...] = ()
    rates: tuple[tuple[str, float], ...] = ()
    failures: tuple[tuple[str, str], ...] = ()


_START = """
import sys
sys.path[:] = [path for path in sys.path if path]  # Python 3.10 puts the working directory first
import json, paddle
"""
_ASK = (
    _START
    + """
built = paddle.is_compiled_with_cuda()
gpus = range(paddle.device.cuda.device_count()) if built else []
archs = getattr(paddle.version, "cuda_archs", list)() or []
print("\\n" + json.dumps({
    "version": paddle.__version__,
    "cuda": str(paddle.version.cuda()) if built else None,
    "cudnn": str(paddle.version.cudnn()) if built else None,
    "devices": [paddle.device.cuda.get_device_name(gpu) for gpu in gpus],
    "architectures": [int(arch) for arch in archs if str(arch).isdigit()],
}))
"""
)
_MULTIPLY = (
    _START
    + """
import time
device, size = sys.argv[1], int(sys.argv[2])
paddle.set_device(device)
matrix = paddle.rand([size, size], dtype="float32")
sums, best = [], float("inf")
for _ in range(4):
    start = time.perf_counter()
    product = paddle.matmul(matrix, matrix)
    sums.append(float(product.sum()))  # waits for the device
    best = min(best, time.perf_counter() - start)
assert sums[0] > 0, "the product of positive matrices is not positive"
print("\\n" + json.dumps(2 * size**3 / best / 1e9))
"""
)


def probe_framework(timeout: float = 60) -> Framework | str:
    """Ask PaddlePaddle, and let each device multiply two matrices.

    Args:
        timeout: seconds for each of the processes.

    Returns:
        Its answer, or in one line why there is none.
    """
    done = processes.run([sys.executable, "-c", _ASK], seconds=timeout)
    if done.status is None:
        return f"import paddle did not end within {timeout:.0f} s"
    if done.status != 0:
        return f"import paddle fails: {_reason(done)}"
    record = json.loads(done.output.strip().splitlines()[-1])
    rates, failures = [], []
    for device in ["cpu", *(f"gpu:{number}" for number in range(len(record["devices"])))]:
        rate = multiply(device, timeout)
        if isinstance(rate, str):
            failures.append((device, rate))
        else:
            rates.append((device, rate))
    return Framework(
        record["version"],
        record["cuda"],
        tuple(record["devices"]),
        record["cudnn"],
        tuple(record["architectures"]),
        tuple(rates),
        tuple(failures),
    )


def multiply(device: str, timeout: float = 60) -> float | str:
    """GFLOP/s of a matrix product in fp32 on a device, the best of four; or in one line why it failed.

    Args:
        device: as PaddlePaddle names it: ``cpu``, ``gpu:0``.
        timeout: in seconds.
    """
    size = _CPU_SIZE if device == "cpu" else _GPU_SIZE
    done = processes.run([sys.executable, "-c", _MULTIPLY, device, str(size)], seconds=timeout)
    if done.status is None:
        return done.reason
    return float(json.loads(done.output.strip().splitlines()[-1])) if done.status == 0 else _reason(done)


def _reason(done: processes.Finished) -> str:
    """The line that names the error, since Paddle writes hints below it; and the signal if there was one."""
    assert done.status is not None
    lines = [line.strip() for line in done.errors.splitlines() if line.strip()]
    named = [line for line in lines if re.match(r"[\w.]*(Error|Exception)\b", line)]
    if done.status > 0:
        return (named or lines or [processes.ending(done.status)])[-1]
    return ": ".join([processes.ending(done.status), *named[-1:]])


def cuda_of_files() -> str | None:
    """The CUDA that the installed PaddlePaddle was built for, by its files: it need not be importable.

    Returns:
        None for a CPU build, or where PaddlePaddle is not installed.
    """
    spec = importlib.util.find_spec("paddle")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        file = Path(folder) / "version" / "__init__.py"
        text = file.read_text("utf-8") if file.exists() else ""
        if written := re.search(r"^cuda_version\s*=\s*'(\d+\.\d+)'", text, re.MULTILINE):
            return written[1]
    return None
