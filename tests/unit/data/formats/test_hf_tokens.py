from __future__ import annotations

import json
from typing import Any

import pytest

from paddle_ner.errors import InputError
from tests.labelled import entities_of
from tests.unit.data.conftest import MakeFile, ReadAll

NAMES = ("O", "B-PER", "I-PER")


def line(tags: list[int | str | None], tokens: tuple[str, ...] = ("雷", "军", "好"), **more: str) -> str:
    return json.dumps({"tokens": list(tokens), "ner_tags": tags, **more}, ensure_ascii=False) + "\n"


GOOD = line(["B-PER", "I-PER", "O"], id="7")


def test_tags_become_entities(make_file: MakeFile, read_all: ReadAll) -> None:
    (example,), problems = read_all(make_file("a.jsonl", GOOD))
    assert (example.text, example.id, problems) == ("雷军好", "7", [])
    assert [(entity.text, entity.label) for entity in entities_of(example)] == [("雷军", "PER")]


def test_words_of_latin_letters_are_joined_by_spaces(make_file: MakeFile, read_all: ReadAll) -> None:
    (example,), _ = read_all(make_file("a.jsonl", line(["B-PER", "I-PER", "O"], ("Lei", "Jun", "sang"))))
    assert (example.text, entities_of(example)[0].text) == ("Lei Jun sang", "Lei Jun")


def test_an_array_is_read(make_file: MakeFile, read_all: ReadAll) -> None:
    (example,), _ = read_all(make_file("a.json", f"[{GOOD}]"))
    assert entities_of(example)[0].text == "雷军"


def test_numbers_are_named_by_an_option(make_file: MakeFile, read_all: ReadAll) -> None:
    (example,), _ = read_all(make_file("a.jsonl", line([1, 2, 0])), tag_names=NAMES)
    assert [(entity.text, entity.label) for entity in entities_of(example)] == [("雷军", "PER")]


def test_numbers_without_names_are_refused_with_the_option(make_file: MakeFile, read_all: ReadAll) -> None:
    path = make_file("a.jsonl", line([1, 2, 0]))
    with pytest.raises(InputError, match=r"a\.jsonl:1: tags are numbers, such as 1: .*--tag-names O,B-PER,I-PER"):
        read_all(path)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (line(["O"]), "3 tokens and 1 tags, expected a tag for each token"),
        (line(["O", "I-PER", "O"]), "I-PER without B-PER before it"),
        (line([0, 3, 0]), "tag 3 has no name: names for 0 to 2 in --tag-names"),
        (line(["O", None, "O"]), "a tag is None, expected a string or a number"),
        (line(["O", "O"], ("雷", "")), "token 2 is empty"),
    ],
)
def test_a_bad_record_is_told(make_file: MakeFile, read_all: ReadAll, bad: str, message: str) -> None:
    examples, (problem,) = read_all(make_file("a.jsonl", GOOD + bad), tag_names=NAMES)
    assert len(examples) == 1 and problem.line == 2 and problem.message.startswith(message)


TAGGED = ["B-PER", "I-PER", "O"]


@pytest.mark.parametrize("suffix", [".json", ".jsonl"])
@pytest.mark.parametrize(
    "record",
    [
        {"text": "雷军好", "labels": TAGGED},
        {"text": "雷军好", "label": TAGGED},
        {"text": "雷 军 好", "label": " ".join(TAGGED)},
        {"text": "雷 军 好", "labels": " ".join(TAGGED)},
        {"text": ["雷", "军", "好"], "labels": TAGGED},
        {"sentence": "雷军好", "BIO": " ".join(TAGGED)},
        {"words": ["雷", "军", "好"], "labels": TAGGED},
    ],
)
def test_a_text_with_a_tag_for_each_character_is_no_text_with_labels(
    make_file: MakeFile, read_all: ReadAll, record: dict[str, Any], suffix: str
) -> None:
    content = json.dumps(record, ensure_ascii=False)
    path = make_file(f"a{suffix}", f"[{content}]" if suffix == ".json" else content + "\n" + content)
    example = read_all(path)[0][0]
    assert (example.text, [(entity.text, entity.label) for entity in entities_of(example)]) == (
        "雷军好",
        [("雷军", "PER")],
    )


def test_a_text_with_more_tags_than_characters_is_told(make_file: MakeFile, read_all: ReadAll) -> None:
    content = "".join(json.dumps({"text": text, "label": TAGGED}) + "\n" for text in ("雷军好", "雷军"))
    _, (problem,) = read_all(make_file("a.jsonl", content))
    assert problem.message == "2 tokens and 3 tags, expected a tag for each token"


def test_tokens_with_entities_instead_of_tags_are_told(make_file: MakeFile, read_all: ReadAll) -> None:
    record = {"tokens": ["雷", "军"], "spans": [{"start": 0, "end": 2, "type": "PER"}]}
    _, (problem,) = read_all(make_file("a.jsonl", json.dumps(record)))
    assert problem.message == 'tokens with "spans", expected a tag for each token, or a text with entities in it'
