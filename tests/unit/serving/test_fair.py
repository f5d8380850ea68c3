from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from paddle_ner.serving.fair import Lines, Shares


@dataclass(eq=False)
class Item:
    client: str
    width: int = 10
    turn: float = 0.0
    wanted: bool = field(default=True)

    def is_wanted(self, now: float) -> bool:
        return self.wanted


def serve(lines: Lines[Item], times: int = 1) -> str:
    """The clients that are served next, one entry after the other."""
    served = ""
    for _ in range(times):
        front = lines.front(0.0, 1)
        lines.take(front)
        served += front[0].client
    return served


# ---------------------------------------------------------------------- order


def test_clients_take_turns_by_tokens_whatever_waits_of_each() -> None:
    lines: Lines[Item] = Lines()
    lines.put([Item("a", 10) for _ in range(50)])
    lines.put([Item("b", 20) for _ in range(50)])
    assert sorted(serve(lines, 15)) == ["a"] * 10 + ["b"] * 5


def test_who_comes_anew_is_served_next_but_saves_up_no_turns() -> None:
    lines: Lines[Item] = Lines()
    lines.put([Item("a") for _ in range(100)])
    serve(lines, 50)
    lines.put([Item("b") for _ in range(20)])
    assert "b" in serve(lines, 2)
    assert sorted(serve(lines, 10)) == ["a"] * 5 + ["b"] * 5


def test_of_one_client_the_turns_decide() -> None:
    lines: Lines[Item] = Lines()
    items = [Item("a", turn=turn) for turn in (3.0, 1.0, 2.0)]
    lines.put(items)
    assert [item.turn for item in lines.front(0.0, 100)] == [1.0, 2.0, 3.0]


def test_what_nobody_wants_is_forgotten_and_costs_no_turn() -> None:
    lines: Lines[Item] = Lines()
    lines.put([Item("a", wanted=False) for _ in range(10)] + [Item("a")])
    assert len(lines.front(0.0, 100)) == 1
    assert lines.tokens_of("a") == 10


def test_a_client_that_is_not_served_now_keeps_its_place() -> None:
    lines: Lines[Item] = Lines()
    lines.put([Item("a"), Item("b")])
    assert [item.client for item in lines.front(0.0, 100, lambda client: client != "a")] == ["b"]
    assert [item.client for item in lines.front(0.0, 100)] == ["a", "b"]


def test_clients_that_were_served_are_forgotten() -> None:
    lines: Lines[Item] = Lines()
    lines.put([Item("steady") for _ in range(300)])
    for number in range(100):
        lines.put([Item(f"visitor {number}")])
        serve(lines, 3)
    assert len(lines._lines) < 5


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 50), st.booleans()), max_size=60))
def test_everything_wanted_is_served_once(entries: list[tuple[str, int, bool]]) -> None:
    lines: Lines[Item] = Lines()
    items = [Item(client, width, float(turn), wanted) for turn, (client, width, wanted) in enumerate(entries)]
    lines.put(items)
    served = []
    while front := lines.front(0.0, 60):
        lines.take(front[:2])
        served += front[:2]
    assert len(served) == len(set(map(id, served)))
    assert {id(item) for item in served} == {id(item) for item in items if item.wanted}
    assert not lines and not lines.tokens_of("a")


# ---------------------------------------------------------------------- room


def test_one_client_may_fill_what_nobody_else_wants() -> None:
    shares = Shares(10)
    assert shares.fits("a", 10)
    shares.add("a", 10)
    assert not shares.fits("a", 1)


def test_who_comes_when_another_has_filled_it_still_has_a_share() -> None:
    shares = Shares(10)
    shares.add("a", 10)
    assert shares.fits("b", 5) and not shares.fits("b", 6)
    shares.add("b", 5)
    assert shares.fits("c", 3) and not shares.fits("b", 1)


def test_what_was_given_back_is_free_again() -> None:
    shares = Shares(10)
    shares.add("a", 10)
    shares.remove("a", 4)
    assert (shares.total, shares.of("a")) == (6, 6)
    assert shares.fits("a", 4) and not shares.fits("a", 5)


def test_before_a_small_request_goes_no_more_than_its_own_size_of_each_other_client() -> None:
    shares = Shares(10)
    shares.add("a", 1000)
    shares.add("b", 3)
    assert shares.before("c", 5) == 5 + 3
    assert shares.before("b", 5) == 3 + 8
    assert shares.before("a", 5) == 1000 + 3
