"""Options from a pydantic model: names, types, bounds, defaults and help come from its fields."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import click
import pytest
from click.testing import CliRunner
from pydantic import BaseModel, Field

from paddle_ner.cli.model_options import model_options


class Model(BaseModel):
    max_queue: int = Field(8, ge=1, le=64, description="Texts that wait.")
    deadline_seconds: float = Field(
        10.0, gt=0, description="Seconds to the answer.", json_schema_extra={"cli": {"flag": "--deadline"}}
    )
    engine: Literal["paddle", "onnxruntime"] | Literal["auto"] = Field("auto", description="What runs it.")
    insecure: bool = Field(False, description="Without keys.")
    header: bool | None = Field(None, description="Whether there is a header.")
    keys: Path | None = Field(None, description="File of keys.")
    origins: tuple[str, ...] = Field((), description="Who may ask.", json_schema_extra={"cli": {"flag": "--origin"}})
    labels: tuple[str, ...] | None = Field(None, description="Names.", json_schema_extra={"cli": {"split": True}})
    label_map: Mapping[str, str] = Field(default_factory=dict, description="New names.")
    text_field: str | int | None = Field(None, description="Name or number.")
    delimiter: str | None = Field(None, description="Between cells.", json_schema_extra={"cli": {"character": True}})
    secret: str | None = Field(None, description="A secret.", json_schema_extra={"cli": {"envvar": "TEST_SECRET"}})
    left: str = "x"


def run(*arguments: str, **variables: str) -> tuple[Any, dict[str, Any]]:
    received: dict[str, Any] = {}

    @click.command()
    @model_options(Model, without=["left"])
    def command(**values: Any) -> None:
        received.update(values)

    return CliRunner(env=variables).invoke(command, arguments), received


def test_what_is_not_given_is_left_to_the_model() -> None:
    result, received = run()
    assert (result.exit_code, received) == (0, {})


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--max-queue", "3"], {"max_queue": 3}),
        (["--deadline", "0.5"], {"deadline_seconds": 0.5}),
        (["--engine", "onnxruntime"], {"engine": "onnxruntime"}),
        (["--insecure"], {"insecure": True}),
        (["--no-header"], {"header": False}),
        (["--keys", "a/b"], {"keys": Path("a/b")}),
        (["--origin", "x", "--origin", "y"], {"origins": ("x", "y")}),
        (["--labels", "PER, LOC"], {"labels": ("PER", "LOC")}),
        (["--label-map", "nr=PER,ns = LOC"], {"label_map": {"nr": "PER", "ns": "LOC"}}),
        (["--text-field", "2"], {"text_field": 2}),
        (["--text-field", "正文"], {"text_field": "正文"}),
        (["--delimiter", "tab"], {"delimiter": "\t"}),
    ],
)
def test_a_value_arrives_under_the_name_of_its_field(arguments: list[str], expected: dict[str, Any]) -> None:
    result, received = run(*arguments)
    assert result.exit_code == 0, result.output
    assert received == expected
    assert Model(**received)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--max-queue", "0"], "1<=x<=64"),
        (["--deadline", "0"], "x>0"),
        (["--deadline", "nan"], "nan is no finite number"),
        (["--deadline", "inf"], "inf is no finite number"),
        (["--engine", "other"], "'paddle', 'onnxruntime', 'auto'"),
        (["--label-map", "nr"], "expected OLD=NEW"),
        (["--label-map", ""], "expected OLD=NEW"),
        (["--labels", ""], "'' has an empty part"),
        (["--labels", "PER,,LOC"], "'PER,,LOC' has an empty part"),
        (["--labels", "PER,"], "'PER,' has an empty part"),
        (["--left", "x"], "No such option"),
    ],
)
def test_bounds_and_choices_are_those_of_the_field(arguments: list[str], said: str) -> None:
    result, _ = run(*arguments)
    assert result.exit_code == 2
    assert said in result.output


def test_help_is_the_description_with_the_default() -> None:
    result, _ = run("--help")
    assert "Texts that wait. [default: 8]" in " ".join(result.output.split())
    assert "--header / --no-header" in result.output


def test_a_variable_of_the_environment_is_taken() -> None:
    result, received = run(TEST_SECRET="hidden")
    assert result.exit_code == 0
    assert received["secret"] == "hidden"
