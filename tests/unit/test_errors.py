"""Problems of bad records, told once where they say the same."""

from __future__ import annotations

from paddle_ner.errors import DataError, Problem, group


def test_the_same_message_many_times_is_one_with_a_count_and_the_first_lines() -> None:
    problems = [Problem("a.csv", line, f"'{line}' is not a tag, expected O") for line in range(1, 601)]
    (shown,) = group([*problems])
    assert str(shown) == "a.csv:1: '1' is not a tag, expected O (and 599 more like it: lines 2, 3, 4, 5, …)"


def test_few_problems_and_those_of_other_files_stay_apart() -> None:
    problems = [Problem(path, line, f"empty text at {line}") for path in ("a", "b") for line in (1, 2, 3)]
    assert group([*problems, Problem("a", 9, "other")]) == [*problems, Problem("a", 9, "other")]


def test_equal_problems_of_one_line_are_told_as_one() -> None:
    (shown,) = group([Problem("a.json", 1, f"{n} is bad") for n in range(600)])
    assert str(shown) == "a.json:1: 0 is bad (and 599 more like it on this line)"
    numbered = [Problem("a.json", 1, f"bad (number {n} of this line)") for n in range(2, 6)]
    (shown,) = group([Problem("a.json", 1, "bad"), *numbered])
    assert str(shown) == "a.json:1: bad (and 4 more like it on this line)"


def test_an_error_of_bad_records_keeps_all_and_shows_them_grouped() -> None:
    error = DataError([Problem("a", line, "empty text") for line in range(1, 10)])
    assert len(error.problems) == 9
    assert str(error) == "a:1: empty text (and 8 more like it: lines 2, 3, 4, 5, …)"
