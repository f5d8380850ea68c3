from __future__ import annotations

import io
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from paddle_ner.data import FORMATS, WRITERS, ReadOptions, Record, load, write, writer_of
from paddle_ner.data.writers.writer import utf16_offsets
from paddle_ner.errors import InputError
from paddle_ner.types import Entity, Example

NER = [
    Example("王芳在北京", (Entity(0, 2, "PER", "王芳"), Entity(3, 5, "LOC", "北京")), id="1"),
    Example("好", (), id="2"),
]
CLASSES = [Example("物流很快", label="好"), Example("屏幕碎了", label="差")]
SEVERAL = [Example("物流很快", labels=("物流", "好")), Example("屏幕碎了", labels=())]


@pytest.mark.parametrize(
    ("target", "name"),
    [("a.jsonl", "jsonl"), ("a.conll", "conll"), ("a.CSV", "csv"), ("a.tsv.gz", "tsv"), ("a.html", "html")],
)
def test_the_name_of_a_file_says_its_format(target: str, name: str) -> None:
    assert writer_of(Path(target)).name == name


@pytest.mark.parametrize("target", [None, Path("out")])
def test_a_name_that_says_nothing_means_json_lines(target: Path | None) -> None:
    assert writer_of(target).name == "jsonl"


@pytest.mark.parametrize("target", ["a.txt", "a.docx", "a.xlsx.gz"])
def test_a_name_that_says_another_format_is_refused(target: str) -> None:
    with pytest.raises(InputError, match=r"no format is written to files that end in .*expected \.conll.*--to"):
        writer_of(Path(target))


def test_a_named_format_goes_before_the_name_of_the_file() -> None:
    assert writer_of(Path("a.jsonl"), "doccano").name == "doccano"


def test_no_suffix_says_two_formats() -> None:
    suffixes = [suffix for writer in WRITERS.values() for suffix in writer.suffixes]
    assert len(suffixes) == len(set(suffixes))


READERS = {name: name for name in sorted(set(WRITERS) & set(FORMATS))} | {"bioes": "conll"}


@pytest.fixture
def needs_spacy(name: str) -> None:
    if name == "docbin":
        pytest.importorskip("spacy", reason="pip install 'paddle-ner[spacy]'")


@pytest.mark.usefixtures("needs_spacy")
@pytest.mark.parametrize("name", sorted(READERS))
def test_entities_are_read_back_as_they_were_written(tmp_path: Path, name: str) -> None:
    path = tmp_path / f"a{WRITERS[name].new_suffix}"
    assert write(path, NER, name) == 2
    again = load(path, READERS[name])
    assert [(one.text, one.entities) for one in again] == [(one.text, one.entities) for one in NER]


@st.composite
def labelled_texts(draw: st.DrawFn) -> list[Example]:
    """Texts with entities side by side, of characters that formats count or part in different ways."""
    characters = st.sampled_from("王芳北京，a1。😀𠮷\u3000 ")
    examples = []
    for number in range(draw(st.integers(1, 4))):
        text = f"{number}" + "".join(draw(st.lists(characters, min_size=1, max_size=12))) + "。"
        cuts = sorted(draw(st.sets(st.integers(0, len(text)), max_size=6)))
        spans = [pair for pair in pairwise(cuts) if draw(st.booleans())]
        entities = tuple(Entity.of(text, *span, draw(st.sampled_from(["PER", "LOC"]))) for span in spans)
        examples.append(Example(text, entities, id=str(number)))
    return examples


@pytest.mark.usefixtures("needs_spacy")
@pytest.mark.parametrize("name", sorted(READERS.keys() - {"csv", "tsv"}))
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(examples=labelled_texts())
def test_any_entities_are_read_back(name: str, examples: list[Example]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"a{WRITERS[name].new_suffix}"
        write(path, examples, name)
        schemes: dict[str, dict[str, Any]] = {
            "conll": {"tag_scheme": "BIO"},
            "bioes": {"tag_scheme": "BIOES"},
            "doccano": {"offsets": "utf-16"},
            "label-studio": {"offsets": "utf-16"},  # where two units fit, nothing proves which it is
        }
        scheme = schemes.get(name, {})
        if READERS[name] == "conll":
            scheme["token_joiner"] = ""
        again = load(path, READERS[name], options=ReadOptions(**scheme), log=lambda _: None)
    assert [(one.text, one.entities) for one in again] == [(one.text, one.entities) for one in examples]


@pytest.mark.usefixtures("needs_spacy")
@pytest.mark.parametrize("name", sorted(READERS.keys() - {"conll", "bioes", "brat"}))
@pytest.mark.parametrize("examples", [CLASSES, SEVERAL], ids=["one class", "several"])
def test_classes_are_read_back_as_they_were_written(tmp_path: Path, name: str, examples: list[Example]) -> None:
    path = tmp_path / f"a{WRITERS[name].new_suffix}"
    write(path, examples, name)
    again = load(path, name, options=ReadOptions(multi_label=examples is SEVERAL))
    assert [(one.text, one.label, one.labels) for one in again] == [
        (one.text, one.label, one.labels) for one in examples
    ]


def test_a_lone_surrogate_is_refused_where_the_format_cannot_escape_it() -> None:
    stream = io.TextIOWrapper(io.BytesIO(), "utf-8")
    record = Record(Example("\ud800", ()), "in.jsonl:7")
    with pytest.raises(
        InputError, match=r"^in\.jsonl:7: U\+D800 in it, which utf-8 cannot hold: write \.jsonl instead$"
    ):
        WRITERS["conll"].write([record], stream)
    WRITERS["jsonl"].write([record], stream)


def test_offsets_of_javascript_count_a_character_beyond_the_basic_plane_twice() -> None:
    text = "😀王芳𠮷野"
    entities = [Entity.of(text, 1, 3, "PER"), Entity.of(text, 3, 5, "LOC")]
    units = text.encode("utf-16-le")
    for entity, start, end in utf16_offsets(text, entities):
        assert units[2 * start : 2 * end].decode("utf-16-le") == entity.text
