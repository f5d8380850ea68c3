"""Which windows are computed together, and what becomes of texts that fail, wait too long or are left.

Tests `paddle_ner.serving.encoder`, `paddle_ner.serving.queue` and `paddle_ner.serving.work` too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddle_ner.inference.planning import LENGTHS, padded_length
from paddle_ner.serving.batcher import Batcher
from paddle_ner.serving.metrics import Metrics
from paddle_ner.serving.queue import HORIZON, TURN_TOKENS, choose
from paddle_ner.serving.served import AbandonedError, DeadlineError, QueueFullError, Served
from paddle_ner.types import Prediction
from tests.unit.serving.fakes import CONTENT, POISON, SIZE, FakeModel, Inline, new_served

LONG = 60.0


@pytest.fixture
def make(model: FakeModel) -> Iterator[Callable[..., Served]]:
    made: list[Served] = []

    def build(**options: Any) -> Served:
        made.append(new_served([model], Inline(), **options))
        return made[-1]

    yield build
    model.free.set()
    for served in made:
        served.close(LONG)


async def entered(model: FakeModel) -> None:
    """The engine has begun to compute a batch."""
    await asyncio.to_thread(model.entered.acquire, timeout=LONG)


async def queue(served: Served, *requests: list[str], deadline: float = LONG) -> list[asyncio.Task[Any]]:
    return await queue_of(served, "", *requests, deadline=deadline)


async def queue_of(
    served: Served, client: str, *requests: list[str], deadline: float = LONG
) -> list[asyncio.Task[Any]]:
    tasks = [asyncio.create_task(served.submit(texts, deadline, client)) for texts in requests]
    await asyncio.sleep(0)  # they are submitted
    await asyncio.sleep(0)  # and given to the pool, which encodes at once
    return tasks


async def hold(model: FakeModel, served: Served) -> asyncio.Task[Any]:
    """Keep the engine busy with a text of its own until `model.free` is set."""
    model.free.clear()
    (task,) = await queue(served, ["hold"])
    await entered(model)
    return task


def found(answer: object) -> list[str]:
    assert isinstance(answer, Prediction) and answer.entities is not None
    return [entity.text for entity in answer.entities]


# ---------------------------------------------------------------------- which windows go together


@given(st.lists(st.sampled_from(LENGTHS), min_size=1, max_size=60), st.integers(1, 4096))
def test_a_batch_has_the_oldest_stays_within_the_budget_and_skips_no_width_between(
    waiting: list[int], budget: int
) -> None:
    chosen = choose(waiting, budget)
    assert 0 in chosen and len(set(chosen)) == len(chosen)
    widths = [waiting[index] for index in chosen]
    assert len(chosen) == 1 or len(chosen) * max(widths) <= budget
    left = [width for index, width in enumerate(waiting) if index not in chosen]
    assert not any(min(widths) < width < max(widths) for width in left)


def test_neighbours_in_length_go_together() -> None:
    assert sorted(choose([32, 512, 32, 24, 512, 32], 4096)) == [0, 2, 3, 5]


def test_a_full_batch_takes_in_no_padding() -> None:
    few, many = [32] * 3 + [24] * 3, [32] * 40 + [24] * 10
    assert len(choose(few, 4096)) == 6
    assert sorted(choose(many, 4096)) == list(range(32))


def test_a_batch_of_long_windows_is_small() -> None:
    assert choose([512] * 4, 2048) == [0]
    assert choose([256] * 8, 2048) == [0, 1]
    assert len(choose([512] * 40, 16384)) == 8
    assert len(choose([128] * 40, 2048)) == 16


def test_a_long_window_that_came_first_is_not_overtaken_by_any_number_of_short_ones() -> None:
    assert 0 in choose([512, *[8] * 500], 2048)


def test_a_window_longer_than_the_budget_goes_alone() -> None:
    assert choose([512, 512, 8], 100) == [0]


# ---------------------------------------------------------------------- batches


def test_a_long_text_lets_a_short_one_pass_that_came_a_little_later(
    model: FakeModel, make: Callable[..., Served]
) -> None:
    first = -(-TURN_TOKENS // CONTENT)  # windows that keep their turn

    async def run() -> None:
        served = make(batch_tokens=padded_length(SIZE))
        held = await hold(model, served)
        tasks = await queue(served, ["x" * ((first + 2) * CONTENT)], ["IBM" + "x" * (CONTENT - 3)])
        model.free.set()
        await asyncio.gather(held, *tasks)

    asyncio.run(run())
    assert [batch[0][:3] for batch in model.batches[1:]] == [*["xxx"] * first, "IBM", "xxx", "xxx"]


def test_a_batch_is_chosen_from_the_front_of_the_queue(model: FakeModel, make: Callable[..., Served]) -> None:
    async def run() -> None:
        served = make(batch_tokens=2 * padded_length(SIZE))
        held = await hold(model, served)
        long = ["x" * CONTENT] * (2 * HORIZON - 1)  # with two short ones more than the horizon
        tasks = await queue(served, short[:1], long, short[1:2], short[2:])
        model.free.set()
        await asyncio.gather(held, *tasks)

    short = [name + "x" * 13 for name in "ABCDE"]
    asyncio.run(run())
    assert model.batches[1] == short[:3]


async def _gathers(model: FakeModel, make: Callable[..., Served]) -> None:
    served = make()
    held = await hold(model, served)
    tasks = await queue(served, ["A"], ["b", "C"], ["dE"])
    model.free.set()
    answers = await asyncio.gather(*tasks)
    await held
    assert model.batches == [["hold"], ["A", "b", "C", "dE"]]
    assert [[found(one) for one in answer] for answer in answers] == [[["A"]], [[], ["C"]], [["E"]]]


def test_what_queued_while_the_engine_was_busy_goes_in_one_batch(model: FakeModel, make: Callable[..., Served]) -> None:
    asyncio.run(_gathers(model, make))


def test_answers_come_in_the_order_of_the_texts(model: FakeModel, make: Callable[..., Served]) -> None:
    texts = ["x" * (index * 37 % 100) + "A" * (index % 5 + 1) for index in range(80)]

    async def run() -> None:
        answers = await make(batch_tokens=256).submit(texts, LONG)
        assert [answer.text for answer in answers if isinstance(answer, Prediction)] == texts
        assert [found(answer) for answer in answers] == [["A" * (index % 5 + 1)] for index in range(80)]

    asyncio.run(run())
    assert len(model.batches) > 1


def test_no_batch_is_over_the_budget_and_a_long_text_is_joined_over_batches(
    model: FakeModel, make: Callable[..., Served]
) -> None:
    text = "x" * (CONTENT - 1) + "AB" + "y" * (CONTENT * 20) + "C"

    async def run() -> None:
        (answer,) = await make(batch_tokens=4 * padded_length(SIZE)).submit([text], LONG)
        assert found(answer) == ["AB", "C"]

    asyncio.run(run())
    assert max(len(batch) for batch in model.batches) == 4


def test_the_delay_ends_when_the_budget_is_full(model: FakeModel, make: Callable[..., Served]) -> None:
    async def run() -> None:
        served = make(batch_tokens=2 * padded_length(4), batch_delay=LONG)
        await asyncio.gather(*await queue(served, ["Ab"], ["cD"]))

    asyncio.run(run())
    assert model.batches == [["Ab", "cD"]]


# ---------------------------------------------------------------------- failures


def test_a_text_that_makes_the_engine_fail_fails_alone(model: FakeModel, make: Callable[..., Served]) -> None:
    async def run() -> None:
        served = make()
        held = await hold(model, served)
        tasks = await queue(served, ["A"], ["b", POISON, "C"], ["D"], ["E"])
        model.free.set()
        first, mixed, third, fourth = await asyncio.gather(*tasks)
        await held
        assert [found(one) for one in (*first, *third, *fourth)] == [["A"], ["D"], ["E"]]
        assert isinstance(mixed[1], RuntimeError)
        assert (found(mixed[0]), found(mixed[2])) == ([], ["C"])

    asyncio.run(run())


@pytest.mark.parametrize("stage", ["encode-fails", "decode-fails"])
def test_a_text_that_cannot_be_encoded_or_decoded_fails_alone(
    make: Callable[..., Served], stage: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def run() -> None:
        before, failed, after = await make().submit(["A", f"secret {stage}", "B"], LONG)
        assert isinstance(failed, ValueError)
        assert (found(before), found(after)) == (["A"], ["B"])

    asyncio.run(run())
    assert "ValueError" in caplog.text and "secret" not in caplog.text


def test_the_engine_that_answers_too_few_rows_fails_the_text(model: FakeModel, make: Callable[..., Served]) -> None:
    compute = model.run
    model.run = lambda rows: [] if rows[0].length == 3 else compute(rows)

    async def run() -> None:
        served = make()
        (answer,) = await served.submit(["A"], LONG)
        assert isinstance(answer, RuntimeError)
        assert found((await served.submit(["AB"], LONG))[0]) == ["AB"]

    asyncio.run(run())


# ---------------------------------------------------------------------- bounds


def test_what_nobody_waits_for_any_more_is_not_computed(model: FakeModel, make: Callable[..., Served]) -> None:
    async def run() -> None:
        served = make()
        held = await hold(model, served)
        (left,) = await queue(served, ["left"])
        (late,) = await queue(served, ["late"], deadline=0.01)
        (stays,) = await queue(served, ["stays"])
        left.cancel()
        with pytest.raises(DeadlineError):
            await late
        model.free.set()
        await asyncio.gather(held, stays)

    asyncio.run(run())
    assert model.batches == [["hold"], ["stays"]]


def test_a_full_queue_refuses_and_has_room_again_when_it_was_answered(
    model: FakeModel, make: Callable[..., Served]
) -> None:
    async def run() -> None:
        served = make(max_queue=3)
        held = await hold(model, served)
        (two,) = await queue(served, ["a", "b"])
        with pytest.raises(QueueFullError) as refused:
            await served.submit(["c"], LONG)
        assert refused.value.retry_after >= 1
        model.free.set()
        await asyncio.gather(held, two)
        assert len(await served.submit(["a", "b", "c"], LONG)) == 3

    asyncio.run(run())


def test_what_could_hardly_be_answered_within_its_deadline_is_refused_at_once(
    model: FakeModel, make: Callable[..., Served], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run() -> None:
        served = make()
        held = await hold(model, served)
        monkeypatch.setattr(Batcher, "seconds_for", lambda batcher, cost: 0.5 * cost)
        with pytest.raises(QueueFullError) as refused:
            await served.submit(["a"], 5.0)  # the one before it takes more than half of that
        assert refused.value.retry_after == 3
        (patient,) = await queue(served, ["a"], deadline=10.0)
        model.free.set()
        await asyncio.gather(held, patient)
        assert len(await served.submit(["a"] * 9, 5.0)) == 9  # nothing is before it

    asyncio.run(run())


def test_the_pace_is_that_of_the_latest_batches_over_all_engines(model: FakeModel) -> None:
    batcher = Batcher([model, model.clone()], Inline(), Metrics().model("fake"))
    assert batcher.seconds_for(10) == 0
    batcher._busy, batcher._done = 6.0, 3.0
    assert batcher.seconds_for(10) == 10.0
    batcher.working = 1
    assert batcher.seconds_for(10) == 20.0


def test_abandoned_callers_are_let_go_while_the_engine_computes(model: FakeModel, make: Callable[..., Served]) -> None:
    async def run() -> None:
        served = make()
        held = await hold(model, served)
        served.abandon()
        with pytest.raises(AbandonedError):
            await held

    asyncio.run(run())


# ---------------------------------------------------------------------- clients


def test_a_small_request_is_computed_before_the_rest_of_a_large_one_of_another_client(
    model: FakeModel, make: Callable[..., Served]
) -> None:
    async def run() -> None:
        served = make(batch_tokens=2 * padded_length(SIZE))
        held = await hold(model, served)
        (large,) = await queue_of(served, "large", ["x" * CONTENT] * 200)
        (small,) = await queue_of(served, "small", ["IBM"])
        model.free.set()
        assert found((await small)[0]) == ["IBM"]
        await asyncio.gather(held, large)

    asyncio.run(run())
    assert next(number for number, batch in enumerate(model.batches) if "IBM" in batch) <= 2


def test_a_client_that_fills_the_queue_leaves_room_for_another(model: FakeModel, make: Callable[..., Served]) -> None:
    async def run() -> None:
        served = make(max_queue=8)
        held = await hold(model, served)
        (full,) = await queue_of(served, "full", ["x"] * 7)
        with pytest.raises(QueueFullError):
            await served.submit(["x"], LONG, "full")
        (small,) = await queue_of(served, "small", ["IBM"])
        model.free.set()
        assert found((await small)[0]) == ["IBM"]
        await asyncio.gather(held, full)

    asyncio.run(run())


def test_the_wait_of_a_small_request_does_not_grow_with_what_another_client_has_waiting(
    model: FakeModel, make: Callable[..., Served], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run() -> None:
        served = make()
        held = await hold(model, served)
        monkeypatch.setattr(Batcher, "seconds_for", lambda batcher, cost: 0.1 * cost)
        (large,) = await queue_of(served, "large", ["x" * 998] * 4)  # 400 s
        with pytest.raises(QueueFullError):
            await served.submit(["x"], LONG, "large")
        (small,) = await queue_of(served, "small", ["IBM"])
        model.free.set()
        assert found((await small)[0]) == ["IBM"]
        await asyncio.gather(held, large)

    asyncio.run(run())


def test_a_part_of_a_long_text_counts_in_the_pace_before_its_last_window(
    model: FakeModel, make: Callable[..., Served]
) -> None:
    async def run() -> None:
        served = make(batch_tokens=padded_length(SIZE))
        model.free.clear()
        task = asyncio.create_task(served.submit(["x" * (CONTENT * 4)], LONG))
        await entered(model)
        model.free.set()
        await entered(model)
        assert served._batcher is not None and served._batcher._done > 0
        await task

    asyncio.run(run())


def test_no_more_of_a_client_is_encoded_than_the_engines_are_about_to_compute(
    model: FakeModel, make: Callable[..., Served]
) -> None:
    encoded: list[str] = []
    encode = model.encode
    model.encode = lambda text: (encoded.append(text), encode(text))[1]

    async def run() -> None:
        served = make(batch_tokens=padded_length(SIZE))
        held = await hold(model, served)
        encoded.clear()
        (large,) = await queue(served, ["x" * CONTENT] * 200)
        assert len(encoded) < 50
        model.free.set()
        assert len(await large) == 200
        await held

    asyncio.run(run())
    assert len(encoded) == 200


class RustPanic(BaseException):
    """As pyo3's PanicException, it is no Exception."""


def test_a_panic_of_the_tokenizer_fails_its_text_alone(model: FakeModel, make: Callable[..., Served]) -> None:
    encode = model.encode

    def panic(text: str) -> Any:
        if text == "panic":
            raise RustPanic
        return encode(text)

    model.encode = panic

    async def run() -> None:
        served = make()
        before, failed, after = await served.submit(["A", "panic", "B"], LONG)
        assert isinstance(failed, RuntimeError) and (found(before), found(after)) == (["A"], ["B"])

    asyncio.run(run())
