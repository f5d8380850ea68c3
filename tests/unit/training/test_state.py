from __future__ import annotations

import errno
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from paddle_ner.errors import BundleError, InputError, ResourceError
from paddle_ner.training import state
from paddle_ner.training.resuming import plain


class Tensor:
    """As much of a tensor as an optimizer's state needs."""

    def __init__(self, value: list[int]) -> None:
        self._value = np.asarray(value, dtype=np.float32)

    def numpy(self) -> NDArray[np.float32]:
        return self._value


WEIGHTS = {"layer.weight": np.arange(6, dtype=np.float32).reshape(2, 3)}
OPTIMIZER = {"w_moment1": Tensor([1, 2]), "master_weights": {"w": Tensor([3])}, "LR_Scheduler": {"last_epoch": 7}}


def test_a_state_comes_back_as_it_was(tmp_path: Path) -> None:
    folder = state.save(tmp_path, 7, WEIGHTS, OPTIMIZER, "{}", "f00d")
    assert state.load_weights(folder)["layer.weight"].tolist() == WEIGHTS["layer.weight"].tolist()
    loaded = state.load_optimizer(folder)
    assert loaded["w_moment1"].tolist() == [1, 2]
    assert loaded["master_weights"]["w"].tolist() == [3]
    assert loaded["LR_Scheduler"] == {"last_epoch": 7}


def test_states_are_in_the_order_of_their_steps(tmp_path: Path) -> None:
    for step in (9, 100, 20):
        state.save(tmp_path, step, WEIGHTS, {}, "{}", "f00d")
    assert [path.name for path in state.steps(tmp_path)] == ["step-9", "step-20", "step-100"]


def test_the_newest_and_the_kept_survive_rotation(tmp_path: Path) -> None:
    for step in (1, 2, 3, 4):
        state.save(tmp_path, step, WEIGHTS, {}, "{}", "f00d")
    state.rotate(tmp_path, {tmp_path / "step-2"})
    assert [path.name for path in state.steps(tmp_path)] == ["step-2", "step-4"]


def test_a_half_written_state_is_no_state_and_is_cleaned_away(tmp_path: Path) -> None:
    (tmp_path / ".step-5").mkdir()
    assert state.steps(tmp_path) == []
    state.clean(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_one_line_that_names_the_fix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(state, "save_file", full)
    with pytest.raises(ResourceError, match="free some space and go on with --resume"):
        state.save(tmp_path, 1, WEIGHTS, {}, "{}", "f00d")
    assert state.steps(tmp_path) == []


def test_a_damaged_state_is_named(tmp_path: Path) -> None:
    folder = state.save(tmp_path, 1, WEIGHTS, {}, "{}", "f00d")
    (folder / state.WEIGHTS).write_bytes(b"nothing")
    with pytest.raises(BundleError, match=r"step-1/model\.safetensors"):
        state.load_weights(folder)


@pytest.mark.parametrize(
    "name", [state.WEIGHTS, state.OPTIMIZER, state.SCHEDULE, state.TRAINER, state.FINGERPRINT, state.CHECKSUMS]
)
def test_one_flipped_bit_of_a_state_is_refused(tmp_path: Path, name: str) -> None:
    folder = state.save(tmp_path, 1, WEIGHTS, OPTIMIZER, "{}", "f00d")
    state.verify(folder)
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 0x04
    (folder / name).write_bytes(content)
    with pytest.raises(BundleError, match=r"step-1/.*remove the folder step-1"):
        state.verify(folder)


def test_a_state_without_a_file_is_refused(tmp_path: Path) -> None:
    folder = state.save(tmp_path, 1, WEIGHTS, OPTIMIZER, "{}", "f00d")
    (folder / state.SCHEDULE).unlink()
    with pytest.raises(BundleError, match=r"schedule\.json: no such file"):
        state.verify(folder)


def test_a_state_of_other_data_is_refused(tmp_path: Path) -> None:
    folder = state.save(tmp_path, 1, WEIGHTS, {}, "{}", "f00d")
    state.check_fingerprint(folder, "f00d")
    with pytest.raises(InputError, match="put the old data back"):
        state.check_fingerprint(folder, "beef")


def test_the_state_of_a_scaler_comes_back(tmp_path: Path) -> None:
    # As GradScaler.state_dict() of Paddle 3.1.1 gives it: its scale is an array.
    scaler = {"scale": np.array([32768.0], dtype=np.float32), "incr_ratio": 2.0, "incr_count": 3, "use_dynamic": True}
    folder = state.save(tmp_path, 1, WEIGHTS, {"scaler": plain(scaler)}, "{}", "f00d")
    assert state.load_optimizer(folder)["scaler"] == {**scaler, "scale": [32768.0]}
