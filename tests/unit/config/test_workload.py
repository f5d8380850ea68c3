from __future__ import annotations

import ast
import json
from dataclasses import replace
from importlib import metadata
from pathlib import Path

import pytest

from paddle_ner.config import workload
from paddle_ner.config.workload import CARDS, Device, Encoder, Workload, encoder_of, estimate
from paddle_ner.data.statistics import Statistics
from paddle_ner.modeling import starter
from paddle_ner.types import Example

SMALL = Encoder(layers=2, hidden=8, heads=2, inner=16, vocabulary=100, positions=10)
WORK = Workload(SMALL, windows=1000, length=20, longest=30, batch_size=10, epochs=3)


def test_parameters_are_those_of_the_starter() -> None:
    encoder = encoder_of("starter")
    assert encoder is not None
    assert encoder == Encoder.of(json.loads((starter.FOLDER / "config.json").read_text("utf-8")))
    assert encoder.parameters == sum(each.size for each in starter.read_weights().values())


def published(family: str) -> dict[str, dict[str, int]]:
    """PaddleNLP's table of a family of encoders, read without importing it."""
    (file,) = (
        each.locate()
        for each in metadata.files("paddlenlp") or []
        if str(each) == f"paddlenlp/transformers/{family}/configuration.py"
    )
    for node in ast.parse(Path(str(file)).read_text("utf-8")).body:
        if isinstance(node, ast.Assign) and "INIT_CONFIGURATION" in ast.unparse(node.targets[0]):
            return dict(ast.literal_eval(node.value))
    raise AssertionError(family)


def test_published_encoders_have_the_sizes_that_paddlenlp_gives_them() -> None:
    known = {**published("ernie"), **published("bert")}
    names = [name for name in workload._KNOWN if not name.startswith("starter")]
    assert len(names) == 7
    for name in names:
        assert encoder_of(name) == Encoder.of(known[name]), name


def test_a_folder_says_its_size_itself_and_an_unknown_name_says_none(tmp_path: Path) -> None:
    record = {"hidden_size": 8, "num_hidden_layers": 2, "num_attention_heads": 2, "vocab_size": 100}
    (tmp_path / "config.json").write_text(json.dumps(record))
    assert encoder_of(str(tmp_path)) == Encoder(2, 8, 2, 32, 100)
    assert encoder_of("somebody/something") is None
    (tmp_path / "config.json").write_text("[]")
    assert encoder_of(str(tmp_path)) is None


def test_the_formulas_by_hand() -> None:
    layer = 4 * (64 + 8) + (2 * 8 * 16 + 16 + 8) + 4 * 8
    assert SMALL.parameters == (100 + 10 + 2) * 8 + 2 * 8 + 2 * layer
    assert SMALL.operations(20) == 2 * (2 * (4 * 64 + 2 * 8 * 16) + 4 * 20 * 8)
    assert SMALL.activations(30) == 1.75 * 2 * (34 * 8 + 8 * 16 + 9 * 2 * 30)
    assert WORK.memory("gpu") == (1 << 30) + 16 * SMALL.parameters + 10 * 30 * SMALL.activations(30)
    device = Device("x", "gpu", None, 1e6)
    operations = 3 * SMALL.operations(20) * 1000 * 20 * 3
    assert WORK.seconds(device) == pytest.approx(operations / 0.3e6 + 300 * 0.03)


def test_micro_batches_need_less_memory_and_no_more_operations() -> None:
    small = replace(WORK, accumulation=5)
    assert small.memory("cpu") < WORK.memory("cpu")
    assert small.seconds(CARDS[0]) == WORK.seconds(CARDS[0])


def test_two_devices_share_the_work_and_each_needs_the_whole_memory() -> None:
    one, two = estimate(WORK, CARDS[0]), estimate(WORK, CARDS[0], 2)
    assert two.seconds == pytest.approx(one.seconds / 2)
    assert two.memory == one.memory


def test_whether_it_fits() -> None:
    large = replace(WORK, encoder=Encoder(20, 1024, 16, 4096, 40000, 2048), longest=512, batch_size=64)
    assert estimate(large, CARDS[0]).fits is False
    assert estimate(WORK, CARDS[0]).fits is True
    assert estimate(WORK, replace(CARDS[0], memory=None)).fits is None


def test_long_texts_make_several_windows_and_sentences_are_joined() -> None:
    statistics = Statistics()
    for length in (100, 20):
        statistics.add(Example("字" * length))
    assert workload.workload_of(SMALL, statistics, 32, "tokens", 10, 3) == Workload(SMALL, 4, 32, 32, 10, 3)
    assert workload.workload_of(SMALL, statistics, 128, "tokens", 10, 3) == Workload(SMALL, 2, 62, 128, 10, 3)
    assert workload.workload_of(SMALL, statistics, 32, "sentence", 10, 3).windows == 6


def test_an_encoder_from_scratch_has_the_characters_that_occur_twice() -> None:
    assert workload.from_scratch([Example("甲乙甲"), Example("乙丙")]).vocabulary == 2 + 5


def test_this_cpu_has_a_rate() -> None:
    here = workload.this_cpu()
    assert here.kind == "cpu"
    assert here.rate > 0
