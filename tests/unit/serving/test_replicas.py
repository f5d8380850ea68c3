from __future__ import annotations

import asyncio
from pathlib import Path

from paddle_ner.inference.planning import padded_length
from paddle_ner.serving import Settings
from tests.unit.serving.fakes import CONTENT, SIZE, FakeModel
from tests.unit.serving.harness import PATIENCE, running, until, words


def replicas(count: int) -> list[FakeModel]:
    first = FakeModel()
    return [first, *(first.clone() for _ in range(count - 1))]


def test_each_replica_is_used_by_one_thread_of_its_own_from_the_warm_up_on() -> None:
    models = replicas(3)

    async def run() -> None:
        async with running(lambda *_: models, batch_tokens=padded_length(SIZE)) as service:
            await service.predict("fake", [f"{'x' * index}A" for index in range(60)])

    asyncio.run(run())
    assert [model.threads for model in models] == [{"engine-0"}, {"engine-1"}, {"engine-2"}]


def test_every_replica_has_answered_a_text_before_the_model_is_ready() -> None:
    models = replicas(2)
    models[1].free.clear()

    async def run() -> None:
        loading = asyncio.create_task(_ready(models))
        await asyncio.to_thread(models[1].entered.acquire, timeout=PATIENCE)
        assert not loading.done()
        models[1].free.set()
        await loading

    asyncio.run(run())
    assert all(model.batches for model in models)


async def _ready(models: list[FakeModel]) -> None:
    async with running(lambda *_: models) as service:
        assert service.models["fake"].state == "ready"
        assert service.models["fake"].replicas == 2


def test_a_model_with_a_replica_that_cannot_answer_does_not_become_ready() -> None:
    models = replicas(3)
    models[2].broken = True

    async def run() -> str:
        try:
            async with running(lambda *_: models):
                return "ready"
        except RuntimeError as error:
            return str(error)

    assert asyncio.run(run()) == "the engine is broken"


def test_replicas_compute_at_the_same_time_from_one_queue() -> None:
    models = replicas(2)

    async def run() -> None:
        async with running(lambda *_: models) as service:
            for model in models:
                model.forget()
                model.free.clear()
            first = asyncio.create_task(service.predict("fake", ["A"]))
            await until(lambda: any(model.batches for model in models))
            second = asyncio.create_task(service.predict("fake", ["B"]))
            await until(lambda: all(model.batches for model in models))
            third = asyncio.create_task(service.predict("fake", ["C"]))
            busy, free = models if models[0].batches == [["A"]] else reversed(models)
            free.free.set()  # what waits goes to whichever is free first
            assert words(await second) == [["B"]] and words(await third) == [["C"]]
            assert not first.done()
            busy.free.set()
            assert words(await first) == [["A"]]

    asyncio.run(run())


def test_long_texts_spread_over_replicas_are_joined_and_answered_once() -> None:
    models = replicas(4)
    texts = [("y" * (CONTENT - 1) + "AB") * (5 + index % 7) + "C" * (index % 3) for index in range(40)]

    async def run() -> None:
        async with running(lambda *_: models, batch_tokens=2 * padded_length(SIZE)) as service:
            for model in models:
                model.forget()
                model.free.clear()
            groups = [texts[index : index + 4] for index in range(0, len(texts), 4)]
            asked = asyncio.gather(*(service.predict("fake", group) for group in groups))
            await until(lambda: all(model.batches for model in models))
            for model in models:
                model.free.set()
            found = [one for answer in await asked for one in words(answer)]
            for text, one in zip(texts, found, strict=True):
                assert one == text.replace("y", " ").split()

    asyncio.run(run())
    assert all(model.batches for model in models)  # of the texts: those of the warm-up were forgotten


def test_the_loader_is_told_the_path_and_the_settings() -> None:
    told = []

    def load(path: Path, settings: Settings) -> list[FakeModel]:
        told.append((path, settings.replicas))
        return replicas(settings.replicas or 1)

    async def run() -> None:
        async with running(load, models={"fake": "some/folder"}, replicas=2) as service:
            assert service.models["fake"].replicas == 2

    asyncio.run(run())
    assert told == [(Path("some/folder"), 2)]


def test_the_replica_that_computed_last_computes_next() -> None:
    models = replicas(3)

    async def run() -> list[FakeModel]:
        used = []
        async with running(lambda *_: models) as service:
            batcher = service.models["fake"]._batcher
            assert batcher is not None
            for _ in range(5):
                await until(lambda: len(batcher._idle) == len(models))
                for model in models:
                    model.forget()
                await service.predict("fake", ["A"])
                used += [model for model in models if model.batches]
        return used

    used = asyncio.run(run())
    assert len(used) == 5 and len(set(map(id, used))) == 1
