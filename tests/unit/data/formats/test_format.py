"""A format describes itself; strangers' formats are found, and of two equally sure ones none is taken."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from paddle_ner.data import FORMATS, detect, load
from paddle_ner.errors import InputError
from tests.unit.data.conftest import MakeFile

Install = Callable[[str], None]
STRANGER = """
from paddle_ner.data import Fit, Format
from paddle_ner.data.records import Draft

def read(path, options):
    for number, line in enumerate(path.read_text(options.encoding).splitlines()[1:], 2):
        text, _, label = line.partition("=>")
        yield Draft(number, text, label=label)

def recognise(beginning):
    return Fit.SURE if beginning.lines and beginning.lines[0] == "%%arrows" else Fit.NO

FORMAT = Format("arrows", "text=>label", read, recognise)
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Put a distribution with one format on the path, and take it off again."""

    def put(source: str) -> None:
        (tmp_path / "arrows.py").write_text(source)
        folder = tmp_path / "arrows-1.0.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: arrows\nVersion: 1.0\n")
        (folder / "entry_points.txt").write_text("[paddle_ner.formats]\narrows = arrows:FORMAT\n")
        monkeypatch.syspath_prepend(str(tmp_path))
        FORMATS.__dict__.pop("_parts", None)

    yield put
    sys.modules.pop("arrows", None)
    FORMATS.__dict__.pop("_parts", None)


def test_every_format_has_a_summary_of_one_line() -> None:
    for name, format in FORMATS.items():
        assert name == format.name
        assert format.summary and "\n" not in format.summary


def test_the_format_of_another_package_is_recognised_and_read(install: Install, make_file: MakeFile) -> None:
    install(STRANGER)
    path = make_file("a.txt", "%%arrows\n好=>正\n坏=>负\n")
    assert detect(path).name == "arrows"
    assert [(example.text, example.label) for example in load(path)] == [("好", "正"), ("坏", "负")]
    assert len(load(path, "arrows")) == 2


def test_of_two_formats_that_are_equally_sure_none_is_taken(install: Install, make_file: MakeFile) -> None:
    install(f"{STRANGER}FORMAT = (FORMAT, Format('other', 'other=>label', read, recognise))\n")
    with pytest.raises(InputError, match="may be arrows or other: name it"):
        detect(make_file("a.txt", "%%arrows\n好=>正\n"))


def test_the_nearest_format_is_named_where_none_fits(install: Install, make_file: MakeFile) -> None:
    install(STRANGER.replace("else Fit.NO", "else Fit.NEAR"))
    with pytest.raises(InputError, match=r"plain text .'今天很好'.; the nearest is arrows: text=>label. Expected"):
        detect(make_file("a.txt", "今天很好\n"))
