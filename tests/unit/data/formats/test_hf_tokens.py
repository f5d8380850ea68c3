from __future__ import annotations

import json

import pytest

from paddle_ner.errors import InputError

NAMES = ("O", "B-PER", "I-PER")


def line(tags, tokens=("雷", "军", "好"), **more):
    return json.dumps({"tokens": list(tokens), "ner_tags": tags, **more}, ensure_ascii=False) + "\n"


GOOD = line(["B-PER", "I-PER", "O"], id="7")


def test_tags_become_entities(make_file, read_all):
    (example,), problems = read_all(make_file("a.jsonl", GOOD))
    assert (example.text, example.id, problems) == ("雷军好", "7", [])
    assert [(entity.text, entity.label) for entity in example.entities] == [("雷军", "PER")]


def test_words_of_latin_letters_are_joined_by_spaces(make_file, read_all):
    (example,), _ = read_all(make_file("a.jsonl", line(["B-PER", "I-PER", "O"], ("Lei", "Jun", "sang"))))
    assert (example.text, example.entities[0].text) == ("Lei Jun sang", "Lei Jun")


def test_an_array_is_read(make_file, read_all):
    (example,), _ = read_all(make_file("a.json", f"[{GOOD}]"))
    assert example.entities[0].text == "雷军"


def test_numbers_are_named_by_an_option(make_file, read_all):
    (example,), _ = read_all(make_file("a.jsonl", line([1, 2, 0])), tag_names=NAMES)
    assert [(entity.text, entity.label) for entity in example.entities] == [("雷军", "PER")]


def test_numbers_without_names_are_refused_with_the_option(make_file, read_all):
    path = make_file("a.jsonl", line([1, 2, 0]))
    with pytest.raises(InputError, match=r"a\.jsonl:1: tags are numbers, such as 1: .*--tag-names O,B-PER,I-PER"):
        read_all(path)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (line(["O"]), "3 tokens and 1 tags, expected a tag for each token"),
        (line(["O", "I-PER", "O"]), "I-PER without B-PER before it"),
        (line([0, 3, 0]), "tag 3 has no name: names for 0 to 2 in tag_names"),
        (line(["O", None, "O"]), "a tag is None, expected a string or a number"),
        (line(["O", "O"], ("雷", "")), "token 2 is empty"),
    ],
)
def test_a_bad_record_is_told(make_file, read_all, bad, message):
    examples, (problem,) = read_all(make_file("a.jsonl", GOOD + bad), tag_names=NAMES)
    assert len(examples) == 1 and problem.line == 2 and problem.message.startswith(message)
