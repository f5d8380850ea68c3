"""What PaddlePaddle says about itself, asked in a process of its own: importing it takes seconds, and it may crash."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any

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
        failures: what failed, such as ``a matrix product on gpu:0``, and why.
    """

    version: str
    cuda: str | None
    devices: tuple[str, ...]
    cudnn: str | None = None
    architectures: tuple[int, ...] = ()
    rates: tuple[tuple[str, float], ...] = ()
    failures: tuple[tuple[str, str], ...] = ()


_MARK = "paddle-ner: "  # begins the lines that are answers
_START = f"""
import sys
sys.path[:] = [path for path in sys.path if path]  # Python 3.10 puts the working directory first
import json, time, paddle
def answer(value):
    print("\\n{_MARK}" + json.dumps(value), flush=True)
def rate(device, size):
    paddle.set_device(device)
    matrix = paddle.rand([size, size], dtype="float32")
    best = float("inf")
    for _ in range(4):
        start = time.perf_counter()
        total = float(paddle.matmul(matrix, matrix).sum())  # waits for the device
        best = min(best, time.perf_counter() - start)
    assert total > 0, "the product of positive matrices is not positive"
    return 2 * size**3 / best / 1e9
"""
_ASK = f"""
built = paddle.is_compiled_with_cuda()
gpus = range(paddle.device.cuda.device_count()) if built else []
archs = getattr(paddle.version, "cuda_archs", list)() or []
answer({{
    "version": paddle.__version__,
    "cuda": str(paddle.version.cuda()) if built else None,
    "cudnn": str(paddle.version.cudnn()) if built else None,
    "devices": [paddle.device.cuda.get_device_name(gpu) for gpu in gpus],
    "architectures": [int(arch) for arch in archs if str(arch).isdigit()],
}})
answer(rate("cpu", {_CPU_SIZE}))
"""
_CHECK = """
paddle.utils.run_check()
answer("passed")
"""
_MULTIPLY = f"""
answer(rate(sys.argv[1], {_GPU_SIZE}))
"""


def probe_framework(timeout: float = 60) -> Framework | str:
    """Ask PaddlePaddle, and let each device multiply two matrices: the CPU in the same process, each GPU in its own.

    Where there are GPUs, PaddlePaddle's own ``run_check`` trains a layer on all of them.

    Args:
        timeout: seconds for each of the processes.

    Returns:
        Its answer, or in one line why there is none.
    """
    done = processes.run([sys.executable, "-c", _START + _ASK], seconds=timeout)
    said = _answers(done)
    if not said:
        return "import paddle fails: " + _reason(done)
    record = said[0]
    tried: dict[str, float | str] = {"cpu": said[1] if len(said) > 1 else _reason(done)}
    for number in range(len(record["devices"])):
        tried[f"gpu:{number}"] = multiply(number, timeout)
    return Framework(
        record["version"],
        record["cuda"],
        tuple(record["devices"]),
        record["cudnn"],
        tuple(record["architectures"]),
        tuple((device, rate) for device, rate in tried.items() if not isinstance(rate, str)),
        (
            *((f"a matrix product on {device}", error) for device, error in tried.items() if isinstance(error, str)),
            *(_run_check(timeout) if record["devices"] else ()),
        ),
    )


def _run_check(timeout: float) -> Iterator[tuple[str, str]]:
    """What PaddlePaddle's own check says if it fails."""
    done = processes.run([sys.executable, "-c", _START + _CHECK], seconds=timeout)
    if not _answers(done):
        yield "paddle.utils.run_check", _reason(done)


def multiply(gpu: int, timeout: float = 60) -> float | str:
    """GFLOP/s of a matrix product in fp32 on a GPU, the best of four; or in one line why it failed.

    Args:
        gpu: its number.
        timeout: in seconds.
    """
    done = processes.run([sys.executable, "-c", _START + _MULTIPLY, f"gpu:{gpu}"], seconds=timeout)
    said = _answers(done)
    return float(said[0]) if said else _reason(done)


def _answers(done: processes.Finished) -> list[Any]:
    lines = done.output.splitlines()
    return [json.loads(line.removeprefix(_MARK)) for line in lines if line.startswith(_MARK)]


def _reason(done: processes.Finished) -> str:
    """The line that names the error, since Paddle writes hints below it; and the signal if there was one."""
    if done.status is None:
        return done.reason
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
    spec = PathFinder.find_spec("paddle")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        file = Path(folder) / "version" / "__init__.py"
        text = file.read_text("utf-8") if file.exists() else ""
        if written := re.search(r"^cuda_version\s*=\s*'(\d+\.\d+)'", text, re.MULTILINE):
            return written[1]
    return None
