from __future__ import annotations

import json

import pytest

from tests.labelled import entities_of
from tests.unit.data.conftest import MakeFile, ReadAll

TEXT = "雷军在北京"


def line(prompt: str, *results: tuple[str, int, int], content: str = TEXT) -> str:
    found = [{"text": text, "start": start, "end": end} for text, start, end in results]
    return json.dumps({"content": content, "result_list": found, "prompt": prompt}, ensure_ascii=False) + "\n"


PERSON, PLACE = line("人物", ("雷军", 0, 2)), line("地点", ("北京", 3, 5))


def test_the_records_of_a_text_are_joined_wherever_they_stand(make_file: MakeFile, read_all: ReadAll) -> None:
    path = make_file("a.json", PERSON + line("人物", content="天气好") + PLACE)
    examples, problems = read_all(path)
    assert [(entity.text, entity.label) for entity in entities_of(examples[0])] == [("雷军", "人物"), ("北京", "地点")]
    assert (examples[1].text, examples[1].entities, problems) == ("天气好", (), [])


def test_results_in_the_prompt_are_classes(make_file: MakeFile, read_all: ReadAll) -> None:
    (example,), _ = read_all(make_file("a.json", line("情感[正向,负向]", ("正向", -7, -5))))
    assert example.labels == ("正向",)


def test_relations_are_left_out_and_counted(
    make_file: MakeFile, read_all: ReadAll, caplog: pytest.LogCaptureFixture
) -> None:
    (example,), _ = read_all(make_file("a.json", PERSON + line("雷军的所在地", ("北京", 3, 5))))
    assert [entity.label for entity in entities_of(example)] == ["人物"]
    assert "1 record left out that ask for a relation of an entity" in caplog.text


def test_relations_alone_are_no_entities(make_file: MakeFile, read_all: ReadAll) -> None:
    """The subject of a relation stands in every text; X的Y as a type does not have X in its texts."""
    (example,), _ = read_all(make_file("a.json", line("雷军的所在地", ("北京", 3, 5))))
    assert example.entities == ()
    (example,), _ = read_all(make_file("b.json", line("公司的所在地", ("北京", 3, 5))))
    assert [entity.label for entity in entities_of(example)] == ["公司的所在地"]


def test_classes_between_full_width_commas_are_read(make_file: MakeFile, read_all: ReadAll) -> None:
    (example,), _ = read_all(make_file("a.json", line("情感倾向[正向\uff0c负向]", ("负向", -4, -2))))
    assert example.labels == ("负向",)


def test_a_class_needs_no_offsets(make_file: MakeFile, read_all: ReadAll) -> None:
    content = '{"content": "好吃", "prompt": "情感[正向,负向]", "result_list": [{"text": "正向"}]}\n'
    (example,), problems = read_all(make_file("a.jsonl", content))
    assert (example.labels, problems) == (("正向",), [])


def test_an_array_is_read(make_file: MakeFile, read_all: ReadAll) -> None:
    content = "[" + ",".join((PERSON + line("地点", ("北京", 3, 5))).strip().split("\n")) + "]"
    (example,), problems = read_all(make_file("a.json", content))
    assert [entity.label for entity in entities_of(example)] == ["人物", "地点"] and not problems


def test_a_repeated_record_is_counted(make_file: MakeFile, read_all: ReadAll, caplog: pytest.LogCaptureFixture) -> None:
    (example,), _ = read_all(make_file("a.json", PERSON + PERSON))
    assert len(entities_of(example)) == 1
    assert "1 record with the text, prompt and results of another" in caplog.text


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (line("地点", ("上海", 3, 5)), "entity 地点 at 3..5 is '北京' in the text, but the record says '上海'"),
        (line("人物", ("北京", 3, 5)), "prompt '人物' of this text has other results on line 1"),
        (line(""), "\"prompt\" is '', expected the name of a type"),
        (line("情感[正向,负向]", ("正向", -7, -5)), "'人物' asks for entities, '情感[正向,负向]' for a class"),
        (json.dumps({"content": TEXT, "prompt": "x", "result_list": {}}), '"result_list" is {}, expected an array'),
    ],
)
def test_one_bad_record_makes_its_text_bad(make_file: MakeFile, read_all: ReadAll, bad: str, message: str) -> None:
    examples, (problem,) = read_all(make_file("a.json", PERSON + bad))
    assert not examples and problem.message.startswith(message)
    assert problem.line == (1 if "asks for" in message else 2)
