from __future__ import annotations

from tests.unit.data.conftest import MakeFile, ReadAll


def test_a_quote_that_is_never_closed_costs_its_own_row_only(make_file: MakeFile, read_all: ReadAll) -> None:
    path = make_file("a.csv", 'text,label\n甲,正\n"乙,负\n' + "".join(f"第{n}条,正\n" for n in range(30)))
    examples, (problem,) = read_all(path)
    assert problem.line == 3
    assert [example.text for example in examples] == ["甲", *(f"第{n}条" for n in range(30))]


def test_a_quote_that_closes_rows_later_does_not_take_them_along(make_file: MakeFile, read_all: ReadAll) -> None:
    path = make_file("a.csv", 'text,label\n"甲,正\n乙,负\n丙,正\n"丁",负\n戊,正\n己",负\n')
    examples, problems = read_all(path)
    kept = [example.text for example in examples]
    assert len(kept) + len(problems) == 6
    assert {"乙", "丙", "丁", "戊"} <= set(kept)


def test_a_quoted_cell_goes_over_lines(make_file: MakeFile, read_all: ReadAll) -> None:
    examples, problems = read_all(make_file("a.csv", 'text,label\n"甲\n乙\n丙",负\n丁,正\n'))
    assert [example.text for example in examples] == ["甲\n乙\n丙", "丁"] and not problems


def test_quotes_that_are_trusted_hold_lines_that_look_like_rows(make_file: MakeFile, read_all: ReadAll) -> None:
    path = make_file("a.csv", 'text,label\n"甲,一\n乙,二\n丙",负\n丁,正\n')
    _, (problem,) = read_all(path)
    assert problem.line == 2 and "--quotes csv" in problem.message
    assert [example.text for example in read_all(path, quotes="csv")[0]] == ["甲,一\n乙,二\n丙", "丁"]


def test_a_long_cell_is_read(make_file: MakeFile, read_all: ReadAll) -> None:
    long = "今" * 140_000
    examples, problems = read_all(make_file("a.csv", f'text,label\n{long},好评\n"{long}",好评\n物流快,差评\n'))
    assert [len(example.text) for example in examples] == [140_000, 140_000, 3] and not problems
