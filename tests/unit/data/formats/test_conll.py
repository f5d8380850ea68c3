"""Tokens in columns with their tags, in every scheme.

Tests `paddle_ner.data.tagging`, `paddle_ner.data.tokens` and `paddle_ner.data.formats.conll_layout` too.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddle_ner.data import ReadOptions, detect, load, read
from paddle_ner.errors import InputError
from paddle_ner.types import Example
from tests.labelled import entities_of
from tests.unit.data.conftest import MakeFile, ReadAll


def spans(example: Example) -> list[tuple[int, int, str]]:
    return [(entity.start, entity.end, entity.label) for entity in entities_of(example)]


SENTENCE = [(0, 2, "PER"), (3, 5, "LOC"), (5, 6, "ORG")]
TAGS = {
    "BIO": "B-PER I-PER O B-LOC I-LOC B-ORG",
    "BIOES": "B-PER E-PER O B-LOC E-LOC S-ORG",
    "BMES": "B-PER E-PER O B-LOC E-LOC S-ORG",
    "BMEWO": "B-PER E-PER O B-LOC E-LOC W-ORG",
    "BILOU": "B-PER L-PER O B-LOC L-LOC U-ORG",
}


@pytest.mark.parametrize("scheme", TAGS)
@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("separator", [" ", "\t"])
@pytest.mark.parametrize("mark", ["-", "_"])
@pytest.mark.parametrize("place", ["first", "last"])
def test_every_scheme_reads_the_same_entities(
    make_file: MakeFile, read_all: ReadAll, scheme: str, named: bool, separator: str, mark: str, place: str
) -> None:
    tags = TAGS[scheme].replace("-", mark).split()
    rows = [(tag, token) if place == "first" else (token, tag) for token, tag in zip("雷军在北京甲", tags, strict=True)]
    path = make_file("a.txt", "".join(f"{separator.join(row)}\n" for row in rows))
    (example,), problems = read_all(path, tag_scheme=scheme if named else None)
    assert (example.text, spans(example), problems) == ("雷军在北京甲", SENTENCE, [])


def test_middle_tags_continue_an_entity(make_file: MakeFile, read_all: ReadAll) -> None:
    path = make_file("a.bmes", "北 B-LOC\n京 M-LOC\n市 E-LOC\n\n北 B-LOC\n京 I-LOC\n市 E-LOC\n")
    first, second = read_all(path)[0]
    assert spans(first) == spans(second) == [(0, 3, "LOC")]


def test_blank_lines_and_docstart_part_sentences(make_file: MakeFile, read_all: ReadAll) -> None:
    path = make_file("a.txt", "-DOCSTART- O\n\n甲 O\n\n\n \n乙 B-PER\n-DOCSTART- -X- O O\n丙 O")
    examples, problems = read_all(path)
    assert [(example.text, example.origin) for example in examples] == [
        ("甲", f"{path}:3"), ("乙", f"{path}:7"), ("丙", f"{path}:9")]  # fmt: skip
    assert not problems


def test_columns_between_token_and_tag_are_left(make_file: MakeFile, read_all: ReadAll) -> None:
    (example,), _ = read_all(make_file("a.txt", "北京 NR B-NP B-LOC\n好 VA O O\n"))
    assert (example.text, spans(example)) == ("北京好", [(0, 2, "LOC")])


def test_a_space_is_a_token(make_file: MakeFile, read_all: ReadAll) -> None:
    last = make_file("a.txt", "A B-PER\n  I-PER\nB I-PER\n")
    first = make_file("b.txt", "B-PER A\nI-PER  \nI-PER B\n")
    tab = make_file("c.txt", "A\tB-PER\n \tI-PER\nB\tI-PER\n")
    for path in (last, first, tab):
        (example,), problems = read_all(path)
        assert (example.text, spans(example), problems) == ("A B", [(0, 3, "PER")], [])


def test_an_ideographic_space_is_a_token(make_file: MakeFile, read_all: ReadAll) -> None:
    (example,), problems = read_all(make_file("a.txt", "甲 O\n\u3000 O\n乙 O\n"))
    assert (example.text, problems) == ("甲\u3000乙", [])


def test_tokens_are_joined_as_asked(make_file: MakeFile, read_all: ReadAll) -> None:
    path = make_file("a.txt", "New B-LOC\nYork I-LOC\nis O\n")
    (example,), _ = read_all(path, token_joiner=" ")
    assert (example.text, spans(example)) == ("New York is", [(0, 8, "LOC")])


def test_a_label_may_hold_hyphens(make_file: MakeFile, read_all: ReadAll) -> None:
    assert spans(read_all(make_file("a.txt", "甲 B-LOC-city_x\n"))[0][0]) == [(0, 1, "LOC-city_x")]


@pytest.mark.parametrize(
    ("rows", "line", "message"),
    [
        ("甲 O\n乙 I-PER\n丙 B-LOC\n", 2, "I-PER without B-PER before it, expected B-PER where it begins"),
        ("甲 B-LOC\n乙 I-PER\n", 2, "I-PER without B-PER before it"),
        ("甲 B_LOC\n乙 I_PER\n", 2, "I_PER without B_PER before it"),
        ("甲 O\n乙 E-PER\n", 2, "E-PER without B-PER before it"),
        ("甲 S-PER\n乙 M-PER\n", 2, "M-PER without B-PER before it"),
        ("甲 B-PER\n乙 E-PER\n丙 I-PER\n", 3, "I-PER without B-PER before it"),
        (
            "甲 S-LOC\n乙 B-PER\n丙 O\n",
            2,
            "entity PER begins here and never ends, expected E-PER (S-PER for one token)",
        ),
        ("甲 S-LOC\n乙 B-PER\n", 2, "entity PER begins here and never ends"),
        ("甲 O\n乙\n", 2, "one column '乙', expected a token and a tag, such as '北 B-LOC'"),
        ("甲 O\n乙 \n", 2, "one column"),
        (
            "甲 O\n乙 PER\n丙 B-LOC\n",
            2,
            "'PER' is not a tag, expected O, or B-, I- and so on with a type, such as B-PER",
        ),
        ("甲 O\n乙 B\n", 2, "'B' is not a tag"),
        ("甲 O\n乙 B-\n丙 B-LOC\n", 2, "'B-' is not a tag"),
        ("甲\tO\n\tO\n", 2, "no token beside the tag 'O', expected"),
    ],
)
def test_a_bad_tag_is_told_with_its_own_line_and_its_sentence_left_out(
    make_file: MakeFile, read_all: ReadAll, rows: str, line: int, message: str
) -> None:
    path = make_file("a.txt", f"{rows}\n丁 O\n")
    examples, problems = read_all(path, "conll")
    assert [example.text for example in examples] == ["丁"]
    assert [problem.line for problem in problems] == [line]
    assert problems[0].message.startswith(message)


def test_a_tag_outside_the_named_scheme_is_told(make_file: MakeFile, read_all: ReadAll) -> None:
    _, (problem,) = read_all(make_file("a.txt", "甲 S-PER\n"), tag_scheme="BIO")
    assert problem.message == "tag 'S-PER' is not one of BIO, expected O, B-, I-"


def test_a_stray_ending_tag_is_bad_in_a_file_whose_head_is_bio(make_file: MakeFile, read_all: ReadAll) -> None:
    sentence = "甲 B-PER\n乙 I-PER\n丙 O\n\n"
    path = make_file("a.txt", sentence * 3 + "甲 B-PER\n乙 E-PER\n\n" + sentence)
    examples, (problem,) = read_all(path)
    assert len(examples) == 4
    assert (problem.line, problem.message) == (14, "tag 'E-PER' is not one of BIO, expected O, B-, I-")


def test_an_end_that_is_missing_before_the_first_end_is_told(make_file: MakeFile, read_all: ReadAll) -> None:
    examples, (problem,) = read_all(make_file("a.txt", "甲 B-PER\n乙 O\n\n甲 B-PER\n乙 E-PER\n"))
    assert len(examples) == 1 and problem.line == 1 and "never ends" in problem.message


def test_the_scheme_is_found_behind_a_long_stretch_without_entities(make_file: MakeFile, read_all: ReadAll) -> None:
    path = make_file("a.txt", "甲 O\n\n" * 2000 + "甲 B-PER\n乙 E-PER\n")
    examples, problems = read_all(path)
    assert spans(examples[-1]) == [(0, 2, "PER")] and not problems


def test_invalid_utf8_in_a_sentence_is_told_with_its_line(make_file: MakeFile, read_all: ReadAll) -> None:
    path = make_file("a.txt", "甲 O\n".encode() + b"\xff O\n\n" + "乙 O\n".encode())
    examples, (problem,) = read_all(path)
    assert [example.text for example in examples] == ["乙"]
    assert problem.line == 2 and problem.message.startswith("invalid UTF-8: byte 0xFF")


def test_an_unknown_label_is_told_on_the_line_of_its_entity(make_file: MakeFile, read_all: ReadAll) -> None:
    _, (problem,) = read_all(make_file("a.txt", "甲 O\n乙 B-PRE\n丙 I-PRE\n"), allowed_labels=("LOC", "PER"))
    assert (problem.line, problem.message) == (2, "unknown label 'PRE', expected one of LOC, PER")


@st.composite
def tagged(draw: st.DrawFn) -> tuple[list[str], list[tuple[int, int, str]]]:
    """Tokens without white space, with flat entities."""
    token = st.text(st.characters(exclude_categories=("Cs", "Cc", "Z")), min_size=1, max_size=3)
    tokens = draw(st.lists(token.filter(lambda text: not text.startswith("-DOCSTART-")), min_size=1, max_size=12))
    found, position = [], 0
    while position < len(tokens):
        length = draw(st.integers(1, len(tokens) - position))
        if draw(st.booleans()):
            found.append((position, position + length, draw(st.sampled_from(["PER", "LOC"]))))
        position += length
    return tokens, found


@given(tagged(), st.booleans())
def test_entities_written_as_tags_are_read_back(
    tmp_path_factory: pytest.TempPathFactory, sentence: tuple[list[str], list[tuple[int, int, str]]], ends: bool
) -> None:
    tokens, found = sentence
    tags = ["O"] * len(tokens)
    for start, end, label in found:
        tags[start:end] = [f"B-{label}", *[f"I-{label}"] * (end - start - 1)]
        if ends:
            tags[end - 1] = f"{'E' if end - start > 1 else 'S'}-{label}"
    path = tmp_path_factory.getbasetemp() / "hypothesis.conll"
    # With a byte order mark, as writers put it: without one, a text that begins with U+FEFF would lose that character.
    path.write_text("".join(f"{token}\t{tag}\n" for token, tag in zip(tokens, tags, strict=True)), "utf-8-sig")
    options = ReadOptions(tag_column="last", tag_scheme="BIOES" if ends else "BIO", token_joiner="")
    (example,) = read(path, "conll", options=options)
    offsets = [sum(map(len, tokens[:index])) for index in range(len(tokens) + 1)]
    assert example.text == "".join(tokens)
    assert spans(example) == [(offsets[start], offsets[end], label) for start, end, label in found]


@pytest.mark.parametrize(
    "rows",
    [
        "雷 PER-B\n军 PER-I\n在 O\n北 LOC-B\n京 LOC-I\n甲 ORG-B\n",
        "雷 b-PER\n军 i-PER\n在 o\n北 b-LOC\n京 i-LOC\n甲 b-ORG\n",
        "雷 PER\n军 PER\n在 O\n北 LOC\n京 LOC\n甲 ORG\n\n好 O\n的 O\n",
        "雷 I-PER\n军 I-PER\n在 O\n北 I-LOC\n京 I-LOC\n甲 I-ORG\n",
        "雷\tB-PER\t\n军\tI-PER\t\n在\tO\t\n北\tB-LOC\t\n京\tI-LOC\t\n甲\tB-ORG\t\n",
        "雷0\tB-PER\n军1\tI-PER\n在0\tO\n北0\tB-LOC\n京1\tI-LOC\n甲0\tB-ORG\n",
        "1\t雷\tB-PER\n2\t军\tI-PER\n3\t在\tO\n4\t北\tB-LOC\n5\t京\tI-LOC\n6\t甲\tB-ORG\n",
        "# id = 3\n雷\tB-PER\n军\tI-PER\n在\tO\n北\tB-LOC\n京\tI-LOC\n甲\tB-ORG\n",
    ],
    ids=["suffixed", "lower", "IO", "IOB1", "trailing tab", "index in the word", "number in the sentence", "comment"],
)
@pytest.mark.parametrize("name", ["a.txt", "a.tsv", "a.conll"])
def test_columns_are_known_by_their_shape(make_file: MakeFile, read_all: ReadAll, rows: str, name: str) -> None:
    path = make_file(name, rows)
    assert detect(path).name == "conll"
    examples, problems = read_all(path)
    assert (examples[0].text, spans(examples[0]), problems) == ("雷军在北京甲", SENTENCE, [])


def test_iob1_begins_with_b_only_behind_an_entity_of_its_type(make_file: MakeFile, read_all: ReadAll) -> None:
    (example,), problems = read_all(make_file("a.txt", "苏 I-LOC\n州 I-LOC\n杭 B-LOC\n州 I-LOC\n北 I-ORG\n"))
    assert (spans(example), problems) == ([(0, 2, "LOC"), (2, 4, "LOC"), (4, 5, "ORG")], [])


@pytest.mark.parametrize(
    ("rows", "tag"),
    [
        ("韩 B-PER\n梅 I-PER\n昨 0\n天 0\n在 0\n", "0"),
        ("韩 B\n梅 I\n在 O\n京 B\n", "B"),
        ("我 0\n们 0\n好 0\n\n下 0\n雨 0\n", "0"),
    ],
)
def test_columns_with_tags_that_cannot_be_read_are_bad_and_never_classes(
    make_file: MakeFile, read_all: ReadAll, rows: str, tag: str
) -> None:
    path = make_file("a.txt", rows.replace(" ", "\t"))
    assert detect(path).name == "conll"
    examples, problems = read_all(path)
    assert not examples and problems[0].message.startswith(f"'{tag}' is not a tag")


def test_a_text_of_one_character_and_its_class_is_no_column_of_tokens(make_file: MakeFile) -> None:
    assert detect(make_file("a.txt", "好\t正\n坏\t负\n")).name == "tsv"


def test_words_are_joined_by_a_space_without_being_asked(make_file: MakeFile) -> None:
    said: list[str] = []
    path = make_file("a.txt", "Mary B-PER\nMiller I-PER\nvisited O\nBerlin B-LOC\n. O\n")
    (example,) = load(path, log=said.append)
    assert (example.text, spans(example)) == ("Mary Miller visited Berlin .", [(0, 11, "PER"), (20, 26, "LOC")])
    assert said == [f"{path}: the tokens are words, joined by a space (--token-joiner names something else)"]
    assert load(path, options=ReadOptions(token_joiner=""))[0].text == "MaryMillervisitedBerlin."


def test_words_among_chinese_do_not_run_together_and_letters_do(make_file: MakeFile, read_all: ReadAll) -> None:
    rows = "我 O\n爱 O\nNew B-LOC\nYork I-LOC\n的 O\nC B-ORG\nT I-ORG\n室 O\n"
    (example,), _ = read_all(make_file("a.txt", rows))
    assert (example.text, spans(example)) == ("我爱New York的CT室", [(2, 10, "LOC"), (11, 13, "ORG")])


def test_a_hash_is_a_token_where_it_has_a_tag(make_file: MakeFile, read_all: ReadAll) -> None:
    (example,), problems = read_all(make_file("a.txt", "# O\n话 B-X\n# O\n"))
    assert (example.text, problems) == ("#话#", [])


def test_comments_are_counted(make_file: MakeFile) -> None:
    said: list[str] = []
    assert len(load(make_file("a.txt", "# one\n甲 B-X\n\n# two\n乙 O\n"), log=said.append)) == 2
    assert said[-1].endswith("2 comment lines left out, the first is line 1")


@pytest.mark.parametrize(
    ("rows", "line", "message"),
    [
        ("EU NNP B-NP B-ORG\nrejects VBZ B-VP\ncall NN I-NP O\n", 2, "3 columns, expected 4 as most lines have"),
        ("New York B-LOC\nis O\nbig O\n", 1, "3 columns, expected 2 as most lines have"),
        ("韩\tnr\tB-PER\n梅\tB-PER\n在\tp\tO\n", 2, "2 columns, expected 3 as most lines have"),
    ],
)
def test_a_line_with_other_columns_than_most_is_told(
    make_file: MakeFile, read_all: ReadAll, rows: str, line: int, message: str
) -> None:
    examples, (problem,) = read_all(make_file("a.txt", f"{rows}\n"))
    assert (examples, problem.line) == ([], line) and problem.message.startswith(message)


@pytest.mark.parametrize("end", ["  ", "   ", " \t", "\t "])
@pytest.mark.parametrize("begin", ["", " ", "  "])
def test_spaces_around_a_line_are_no_columns(make_file: MakeFile, read_all: ReadAll, begin: str, end: str) -> None:
    mark = "\t" if "\t" in end else " "
    begin = "" if "\t" in end else begin
    rows = [f"{begin}{token}{mark}{tag}{end}\n" for token, tag in zip("雷军在", ["B-PER", "I-PER", "O"], strict=True)]
    (example,), problems = read_all(make_file("a.txt", "".join(rows)))
    assert (example.text, spans(example), problems) == ("雷军在", [(0, 2, "PER")], [])


@pytest.mark.parametrize("numbers", ["000 11", "111 22", "123 12", "012 01", "123 45"])
def test_a_first_column_of_numbers_is_no_token(make_file: MakeFile, read_all: ReadAll, numbers: str) -> None:
    first, second = numbers.split()
    rows = [
        f"{number} {token} {tag}\n" for number, token, tag in zip(first, "雷军在", ["B-PER", "I-PER", "O"], strict=True)
    ]
    rows += ["\n", *(f"{number} {token} O\n" for number, token in zip(second, "下雨", strict=True))]
    examples, problems = read_all(make_file("a.txt", "".join(rows)))
    assert ([one.text for one in examples], spans(examples[0]), problems) == (["雷军在", "下雨"], [(0, 2, "PER")], [])


@pytest.mark.parametrize("numbers", ["11122", "12312", "00011"])
def test_numbered_sentences_that_no_blank_line_parts_are_refused(make_file: MakeFile, numbers: str) -> None:
    rows = [f"{number} {token} O\n" for number, token in zip(numbers, "雷军在下雨", strict=True)]
    with pytest.raises(InputError, match="first column holds numbers alone"):
        load(make_file("a.txt", "".join(rows)))


@pytest.mark.parametrize("mark", [".", ""])
def test_positions_without_a_hyphen_are_no_types(make_file: MakeFile, read_all: ReadAll, mark: str) -> None:
    examples, problems = read_all(
        make_file("a.txt", f"雷 B{mark}PER\n军 I{mark}PER\n在 O\n来 O\n\n下 O\n雨 O\n"), "conll"
    )
    assert [one.text for one in examples] == ["下雨"]
    assert problems[0].message.startswith(f"'B{mark}PER' is not a tag")


@pytest.mark.parametrize("header", ["token\ttag", "字\t标签", "Word\tPOS\tTag"])
def test_a_first_line_with_the_names_of_columns_is_left_out_and_said(make_file: MakeFile, header: str) -> None:
    said: list[str] = []
    middle = "\tx" * (header.count("\t") - 1)
    path = make_file("a.txt", f"{header}\n雷{middle}\tB-PER\n军{middle}\tI-PER\n\n下{middle}\tO\n雨{middle}\tO\n")
    assert [one.text for one in load(path, log=said.append)] == ["雷军", "下雨"]
    assert said == [f"{path}: the first line names the columns and is left out: {header}"]


def test_other_columns_of_tags_are_said(make_file: MakeFile) -> None:
    said: list[str] = []
    path = make_file("a.txt", "北\tB-ORG\tB-LOC\n京\tI-ORG\tI-LOC\n大\tI-ORG\tO\n学\tI-ORG\tO\n")
    (example,) = load(path, log=said.append)
    assert spans(example) == [(0, 2, "LOC")]
    assert said == [f"{path}: tags stand in column 2 of 3 too, which is not read"]


def test_a_file_without_a_blank_line_is_said(make_file: MakeFile) -> None:
    said: list[str] = []
    path = make_file("a.txt", "雷 B-PER\n军 I-PER\n来 O\n" * 200)
    assert len(load(path, log=said.append)) == 1
    assert said == [f"{path}: no blank line parts sentences: all 600 lines are one text"]


def test_the_sources_of_germeval_are_comments(make_file: MakeFile, read_all: ReadAll) -> None:
    path = make_file(
        "a.tsv", "#\thttp://a.de/b [2009-10-17]\n1\tBerlin\tB-LOC\n2\truft\tO\n\n#\thttp://c.de\n1\tEr\tO\n"
    )
    examples, problems = read_all(path)
    assert ([one.text for one in examples], problems) == (["Berlin ruft", "Er"], [])


def test_lines_that_end_with_a_carriage_return_alone_are_refused(make_file: MakeFile) -> None:
    with pytest.raises(InputError, match="lines end with CR alone, expected LF or CRLF"):
        load(make_file("a.txt", "雷 B-PER\r军 I-PER\r\r下 O\r"), "conll")
