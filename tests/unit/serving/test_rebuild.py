"""An engine that breaks is rebuilt, and nobody but its texts notices.

Tests `paddle_ner.serving.upkeep`, `paddle_ner.serving.served` and `paddle_ner.serving.engine` too.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from paddle_ner.errors import BundleError
from paddle_ner.serving import Settings, upkeep
from paddle_ner.serving.problems import HTTPProblem
from paddle_ner.serving.service import Service
from tests.unit.serving.fakes import BREAKER, POISON, FakeModel
from tests.unit.serving.harness import PATIENCE, ThreadServer, count, running, until, words


class Loads:
    """A loader whose every load is a new model. None ends while `ready` is not set; the next `failures` fail."""

    def __init__(self, replicas: int = 1, make: Callable[[], FakeModel] = FakeModel) -> None:
        self.loaded: list[list[FakeModel]] = []
        self.ready = threading.Event()
        self.ready.set()
        self.failures = 0
        self.attempts = 0
        self._replicas = replicas
        self._make = make

    def __call__(self, path: Path, settings: Settings) -> list[FakeModel]:
        self.attempts += 1
        assert self.ready.wait(PATIENCE)
        if self.failures:
            self.failures -= 1
            raise BundleError("manifest.json: no such file")
        first = self._make()
        self.loaded.append([first, *(first.clone() for _ in range(self._replicas - 1))])
        return self.loaded[-1]


def state(service: Service) -> str:
    return service.models["fake"].state


def ask(service: Service, *texts: str) -> asyncio.Task[Any]:
    return asyncio.create_task(service.predict("fake", list(texts)))


def test_a_broken_engine_is_rebuilt_and_the_text_it_had_is_answered_by_the_new_one() -> None:
    load = Loads()

    async def run() -> None:
        async with running(load) as service:
            load.loaded[0][0].broken = True
            assert words(await ask(service, "A", "bC")) == [["A"], ["C"]]
            assert state(service) == "ready"
            assert count(service, "engine_rebuilds_total") == 1
            assert count(service, "failed_texts_total", stage="run") == 0
            assert count(service, "model_ready") == 1

    asyncio.run(run())
    assert len(load.loaded) == 2


def test_a_text_that_a_sound_engine_cannot_compute_does_not_rebuild_it() -> None:
    load = Loads()

    async def run() -> None:
        async with running(load) as service:
            good, bad = await ask(service, "A", POISON)
            assert words([good]) == [["A"]] and isinstance(bad, RuntimeError)
            assert count(service, "failed_texts_total", stage="run") == 1

    asyncio.run(run())
    assert load.attempts == 1


def test_while_it_is_rebuilt_requests_wait_and_it_is_alive_but_not_ready() -> None:
    load = Loads()
    server = ThreadServer(Settings.create(models={"fake": "."}), load)
    with server.running(), httpx.Client(base_url=server.url, timeout=PATIENCE) as client:
        assert server.loaded.wait(PATIENCE)
        load.ready.clear()
        load.loaded[0][0].broken = True
        answers: list[httpx.Response] = []
        thread = threading.Thread(
            target=lambda: answers.append(httpx.post(f"{server.url}/predict", json={"text": "A"}))
        )
        thread.start()
        while (refused := client.get("/health/ready")).status_code == 200:
            pass
        assert refused.status_code == 503 and "is being rebuilt" in refused.json()["detail"]
        assert client.get("/health/live").status_code == 200
        assert client.get("/models").json()["models"][0]["state"] == "rebuilding"
        load.ready.set()
        thread.join(PATIENCE)
        assert answers[0].json()["predictions"][0]["entities"][0]["text"] == "A"
        assert client.get("/health/ready").status_code == 200


def test_deadlines_hold_while_it_is_rebuilt() -> None:
    load = Loads()

    async def run() -> None:
        async with running(load, deadline_seconds=0.05) as service:
            load.ready.clear()
            load.loaded[0][0].broken = True
            with pytest.raises(HTTPProblem) as late:
                await ask(service, "A")
            assert late.value.kind.status == 504
            assert count(service, "dropped_texts_total", reason="deadline") == 1
            load.ready.set()
            await until(lambda: state(service) == "ready")

    asyncio.run(run())


def test_the_queue_stays_bounded_while_it_is_rebuilt() -> None:
    load = Loads()

    async def run() -> None:
        async with running(load, max_queue=2, max_texts=2) as service:
            load.ready.clear()
            load.loaded[0][0].broken = True
            first = ask(service, "A")
            await until(lambda: state(service) == "rebuilding")
            second = ask(service, "B")
            await asyncio.sleep(0)
            with pytest.raises(HTTPProblem) as full:
                await ask(service, "C")
            assert full.value.kind.status == 429
            load.ready.set()
            assert words(await first) + words(await second) == [["A"], ["B"]]

    asyncio.run(run())


def test_a_text_that_breaks_two_engines_fails_and_its_neighbours_are_answered() -> None:
    load = Loads()

    async def run() -> None:
        async with running(load) as service:
            load.loaded[0][0].free.clear()
            held = ask(service, "held")
            await until(lambda: ["held"] in load.loaded[0][0].batches)
            requests = [ask(service, "A"), ask(service, "b", BREAKER, "C"), ask(service, "D")]
            await asyncio.sleep(0)
            load.loaded[0][0].free.set()
            first, mixed, last = await asyncio.gather(*requests)
            await held
            assert words([*first, mixed[0], mixed[2], *last]) == [["A"], [], ["C"], ["D"]]
            assert isinstance(mixed[1], Exception)
            await until(lambda: state(service) == "ready")
            assert words(await ask(service, "E")) == [["E"]]
            assert count(service, "failed_texts_total", stage="run") == 1

    asyncio.run(run())
    assert len(load.loaded) == 3


@pytest.mark.parametrize("ending", [SystemExit(1), MemoryError()])
def test_an_engine_thread_that_dies_of_anything_is_replaced(ending: BaseException) -> None:
    load = Loads()

    async def run() -> None:
        async with running(load) as service:
            model = load.loaded[0][0]

            def die(rows: object) -> Any:
                raise ending

            model.run = die
            assert words(await ask(service, "A")) == [["A"]]
            assert count(service, "engine_rebuilds_total") == 1

    asyncio.run(run())


def test_a_defect_of_ours_in_the_engine_thread_is_survived_too(monkeypatch: pytest.MonkeyPatch) -> None:
    load = Loads()

    async def run() -> None:
        async with running(load) as service:
            metrics = service.metrics.model("fake")
            observe = metrics.ran
            defects = [ZeroDivisionError()]

            def ran(*arguments: Any) -> None:
                if defects:
                    raise defects.pop()
                observe(*arguments)

            monkeypatch.setattr(metrics, "ran", ran)
            assert words(await ask(service, "A")) == [["A"]]

    asyncio.run(run())
    assert len(load.loaded) == 2


def test_a_rebuild_that_fails_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "REBUILD_DELAYS", (0.0, 0.0, 0.0))
    load = Loads()

    async def run() -> None:
        async with running(load) as service:
            load.failures = 2
            load.loaded[0][0].broken = True
            assert words(await ask(service, "A")) == [["A"]]

    asyncio.run(run())
    assert load.attempts == 4


def test_after_the_last_try_it_has_failed_with_one_line_and_nobody_waits(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(upkeep, "REBUILD_DELAYS", (0.0, 0.0, 0.0))
    load = Loads()

    async def run() -> None:
        async with running(load) as service:
            load.failures = 100
            load.loaded[0][0].broken = True
            for _ in range(2):  # the one that waited, and one that comes later
                with pytest.raises(HTTPProblem) as failed:
                    await ask(service, "A")
                assert failed.value.kind.slug == "unavailable"
            assert state(service) == "failed"
            assert count(service, "model_ready") == 0
            for check in (service.check_alive, service.check_ready):
                with pytest.raises(HTTPProblem):
                    check()

    asyncio.run(run())
    assert load.attempts == 4
    lines = [record.getMessage() for record in caplog.records if "rebuilt" in record.getMessage()]
    assert lines == ["model fake failed: its engine broke and could not be rebuilt: manifest.json: no such file"]


def test_the_other_replicas_go_on_while_a_broken_one_is_rebuilt() -> None:
    load = Loads(replicas=2)

    async def run() -> None:
        async with running(load) as service:
            load.ready.clear()
            broken, sound = load.loaded[0]
            broken.broken = True
            sound.free.clear()
            requests = [ask(service, "A")]
            await until(lambda: ["A"] in sound.batches)
            requests.append(ask(service, "B"))
            await until(lambda: service.models["fake"].lost)
            service.check_ready()
            assert state(service) == "ready"
            sound.free.set()
            assert words([one for answer in await asyncio.gather(*requests) for one in answer]) == [["A"], ["B"]]
            load.ready.set()
            await until(lambda: not service.models["fake"].lost)
            assert count(service, "engine_rebuilds_total") == 1

    asyncio.run(run())


def test_where_one_replica_cannot_be_rebuilt_the_others_still_answer(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(upkeep, "REBUILD_DELAYS", (0.0, 0.0))
    load = Loads(replicas=2)

    async def run() -> None:
        async with running(load) as service:
            load.failures = 100
            for model in load.loaded[0]:
                model.free.clear()
            requests = [ask(service, "A")]
            await until(lambda: any(["A"] in model.batches for model in load.loaded[0]))
            (idle,) = (model for model in load.loaded[0] if ["A"] not in model.batches)
            idle.broken = True
            requests.append(ask(service, "B"))
            idle.free.set()
            await until(lambda: "could not be rebuilt" in caplog.text)
            for model in load.loaded[0]:
                model.free.set()
            assert words([one for answer in await asyncio.gather(*requests) for one in answer]) == [["A"], ["B"]]
            assert words(await ask(service, "A")) == [["A"]]
            service.check_ready()

    asyncio.run(run())
    assert "1 of 2 engines broke and could not be rebuilt, the others go on" in caplog.text
    assert load.attempts == 3


def test_stopping_does_not_wait_for_the_next_try(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "REBUILD_DELAYS", (0.0, 10_000.0))
    load = Loads()

    async def run() -> None:
        async with running(load) as service:
            load.failures = 100
            load.loaded[0][0].broken = True
            waiting = ask(service, "A")
            await until(lambda: load.attempts == 2)
            service.abandon()
            with pytest.raises(HTTPProblem):
                await waiting

    asyncio.run(run())


def test_no_text_is_in_the_log_of_a_broken_engine(caplog: pytest.LogCaptureFixture) -> None:
    load = Loads()

    async def run() -> None:
        async with running(load) as service:
            await ask(service, f"secret{BREAKER}")

    asyncio.run(run())
    assert "an engine broke: BrokenEngineError: RuntimeError: the engine is broken" in caplog.text
    assert "secret" not in caplog.text
