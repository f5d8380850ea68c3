"""Configs are read whole or refused in one line, with values from beside them.

Tests `paddle_ner.config.files`, `paddle_ner.config.models` and `paddle_ner.config.overrides` too.
"""

from __future__ import annotations

import sys
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from paddle_ner import config
from paddle_ner.errors import InputError

YAML = """
name: small
task: {type: ner, labels: [PER]}
data: {train: train.jsonl, dev: {path: dev.jsonl, format: jsonl}}
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "small.yaml"
    path.write_text(YAML, encoding="utf-8")
    return path


def test_a_config_and_its_dump_are_the_same(path: Path, tmp_path: Path) -> None:
    first = config.load(path)
    again = tmp_path / "again.yaml"
    again.write_text(config.dump(first), encoding="utf-8")
    assert config.load(again) == first


def test_any_value_can_be_overridden(path: Path) -> None:
    loaded = config.load(path, ["training.batch_size=64", "training.learning_rate=5e-5", "model.pretrained=ernie-x"])
    assert (loaded.training.batch_size, loaded.training.learning_rate) == (64, 5e-5)
    assert loaded.model.pretrained == "ernie-x"


@pytest.mark.parametrize(
    ("override", "message"),
    [
        (
            "training.batchsize=64",
            r"--set training\.batchsize=64: training\.batchsize: unknown key; did you mean training\.batch_size",
        ),
        ("training.batch_size=0", r"training\.batch_size"),
        ("batch_size=8", r"batch_size: unknown key; did you mean training\.batch_size\?"),
        ("model.learning_rate=1", r"unknown key; did you mean training\.learning_rate\?"),
        ("training.lr=1e-5", r"training\.lr: unknown key; did you mean training\.learning_rate\?"),
        ("model.layers=2", r"model\.layers: unknown key; did you mean model\.encoder\.num_hidden_layers\?"),
        ("training.xyz=2", r"training\.xyz: unknown key$"),
        ("training.epochs=null", r"^--set training\.epochs=null: training\.epochs: Input should be"),
        ("training.head_rate=inf", r"training\.head_rate: Input should be a finite number"),
        ("training.focal=nan", r"training\.focal: Input should be a finite number"),
        ("training=3", r"--set training=3: training: is a section, expected values in it, such as training\.epochs"),
        ("training", "expected KEY=VALUE"),
        ("name.x=1", "not a section"),
    ],
)
def test_a_wrong_override_is_named(path: Path, override: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        config.load(path, [override])


def test_a_section_that_is_null_is_begun(path: Path) -> None:
    overrides = ["training.augment=null", "training.augment.join=0.2"]
    assert config.load(path, overrides).training.augment == {"join": 0.2}


def test_a_root_that_is_not_set_says_what_to_export(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_SUCH_FOLDER", raising=False)
    loaded = config.load(path, ["data.root=$NO_SUCH_FOLDER"])
    with pytest.raises(InputError, match="export NO_SUCH_FOLDER=FOLDER"):
        loaded.data.resolve("train.jsonl")


@pytest.mark.parametrize(("rule", "rate"), [("none", 1e-3), ("linear", 4e-3), ("sqrt", 2e-3)])
def test_the_learning_rate_scales_as_the_config_says(path: Path, rule: str, rate: float) -> None:
    loaded = config.load(path, ["training.learning_rate=1e-3", f"training.scale_learning_rate={rule}"])
    assert loaded.training.rate_on(4) == pytest.approx(rate)


def test_every_config_that_is_shipped_is_valid() -> None:
    paths = sorted((Path(__file__).parents[3] / "configs").rglob("*.yaml"))
    assert paths
    for path in paths:
        config.load(path)


@pytest.mark.parametrize(
    ("task", "unit"), [("ner", "sentence"), ("classification", "tokens"), ("multi-label", "tokens")]
)
def test_what_a_window_holds_depends_on_the_task(path: Path, task: str, unit: str) -> None:
    assert config.load(path, [f"task.type={task}"]).window.unit == unit
    assert config.load(path, [f"task.type={task}", "window.size=64", "window.unit=text"]).window.unit == "text"


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["task.type=classification", "window.unit=sentence"], r"window\.unit sentence is for ner"),
        (["window.longest=3"], r"window\.longest is what the training measures"),
        (["window=3"], "window"),
    ],
)
def test_a_window_that_cannot_be_is_refused(path: Path, overrides: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        config.load(path, overrides)


def test_an_alias_bomb_is_refused_before_it_is_written_out(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    path = tmp_path / "bomb.yaml"
    path.write_text("\n".join(lines), encoding="utf-8")
    tracemalloc.start()
    with pytest.raises(InputError, match=r"bomb\.yaml: its aliases \(\*name\) stand for more than 100,000 values"):
        config.load(path)
    assert tracemalloc.get_traced_memory()[1] < 10_000_000
    tracemalloc.stop()


@pytest.fixture
def usual_recursion_limit() -> Iterator[None]:
    """Python's own, which packages of other tests raise."""
    raised = sys.getrecursionlimit()
    sys.setrecursionlimit(1000)
    yield
    sys.setrecursionlimit(raised)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name: &a {x: *a}", r"x\.yaml:1: an alias \(\*name\) is inside the value that it stands for"),
        ("name: a\ntask: {}\nname: b", r"x\.yaml:3: the key 'name' is there twice"),
        ("name: " + "[" * 1000, r"x\.yaml: is nested too deep"),
    ],
)
def test_yaml_that_is_no_config_is_refused_in_one_line(
    tmp_path: Path, text: str, message: str, usual_recursion_limit: None
) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=message) as error:
        config.load(path)
    assert "\n" not in str(error.value)


def test_what_a_few_aliases_stand_for_is_read(tmp_path: Path) -> None:
    path = tmp_path / "few.yaml"
    path.write_text(
        "name: a\ntask: {type: ner}\ndata: {train: &file {path: t.jsonl, format: jsonl}, dev: *file}", encoding="utf-8"
    )
    loaded = config.load(path)
    assert loaded.data.dev == loaded.data.train


def test_an_override_is_no_way_round_the_bound(path: Path) -> None:
    bomb = (
        "["
        + "&a [x, x, x, x, x, x, x, x, x, x], "
        + ", ".join(f"&{chr(98 + n)} [{', '.join([f'*{chr(97 + n)}'] * 10)}]" for n in range(8))
        + "]"
    )
    with pytest.raises(InputError, match="stand for more than"):
        config.load(path, [f"task.labels={bomb}"])
