"""A bundle that changes on disk is taken while requests go on.

Tests `paddle_ner.serving.upkeep` too.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import threading
import weakref
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from paddle_ner.errors import BundleError
from paddle_ner.features.windows import Window
from paddle_ner.serving import Settings, upkeep
from paddle_ner.serving.problems import HTTPProblem
from paddle_ner.serving.service import Service
from paddle_ner.serving.watch import fingerprint
from paddle_ner.tasks.decoding import create
from tests.labelled import entities_of
from tests.unit.serving.fakes import FakeModel
from tests.unit.serving.harness import PATIENCE, count, running, until, words

EAGER = {"reload_seconds": 0.005}


def write(folder: Path, label: str, weights: str = "good") -> None:
    """Put a bundle in the place of the one in `folder`, by rename as `paddle_ner.bundle` does."""
    new = folder.with_name(f"{folder.name}.new")
    new.mkdir(parents=True)
    (new / "weights").write_text(weights)
    (new / "manifest.json").write_text(json.dumps({"checksum": label * 64, "files": {"weights": ""}}))
    old = folder.with_name(f"{folder.name}.old")
    if folder.exists():
        folder.rename(old)
    new.rename(folder)
    if old.exists():
        for path in old.iterdir():
            path.unlink()
        old.rmdir()


class Bundles:
    """Loads a model whose entities are labelled with the first letter of the bundle's checksum."""

    def __init__(self) -> None:
        self.loaded: list[FakeModel] = []
        self.attempts = 0
        self.during: Callable[[], object] = lambda: None

    def __call__(self, path: Path, settings: Settings) -> list[FakeModel]:
        self.attempts += 1
        checksum = json.loads((path / "manifest.json").read_text())["checksum"]
        weights = (path / "weights").read_text()
        self.during()
        if weights == "damaged":
            raise BundleError(f"{path / 'weights'}: its sha256 is not the one in manifest.json")
        model = FakeModel(checksum[:12], checksum[0])
        model.broken = weights == "broken"
        if weights == "exits":
            model.warm_up = sys.exit
        self.loaded.append(model)
        return [model, *(model.clone() for _ in range(1, settings.replicas or 1))]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path / "bundle", "A")
    return tmp_path / "bundle"


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """One entry for each time that the bundle was looked at."""
    seen: list[Path] = []

    def counting(folder: Path) -> Any:
        seen.append(folder)
        return fingerprint(folder)

    monkeypatch.setattr(upkeep, "fingerprint", counting)
    return seen


def version(service: Service) -> str:
    return (service.models["fake"].version or "")[:1]


def ask(service: Service, *texts: str) -> asyncio.Task[Any]:
    return asyncio.create_task(service.predict("fake", list(texts)))


async def looked(looks: list[Path], times: int) -> None:
    wanted = len(looks) + times
    await until(lambda: len(looks) >= wanted)


def test_a_changed_bundle_is_taken(folder: Path) -> None:
    load = Bundles()

    async def run() -> None:
        async with running(load, models={"fake": folder}, **EAGER) as service:
            assert version(service) == "A"
            write(folder, "B")
            await until(lambda: version(service) == "B")
            (answer,) = await ask(service, "XYZ")
            assert [(entity.text, entity.label) for entity in answer.entities] == [("XYZ", "B")]
            assert count(service, "reloads_total", result="swapped") == 1
            assert count(service, "model_ready") == 1

    asyncio.run(run())


def test_under_constant_load_no_request_fails_and_none_is_answered_by_two_models(folder: Path) -> None:
    load = Bundles()

    async def run() -> None:
        async with running(load, models={"fake": folder}, replicas=2, batch_tokens=128, **EAGER) as service:
            stop = False
            asked = 0

            async def client(number: int) -> set[str]:
                nonlocal asked
                seen = set()
                while not stop:
                    texts = [f"{'y' * (index * 13 % 90)}Z" for index in range(1 + number * 3)]
                    answers = await service.predict("fake", texts)
                    assert words(answers) == [["Z"]] * len(texts)
                    labels = {entity.label for answer in answers for entity in entities_of(answer)}
                    assert len(labels) == 1
                    seen |= labels
                    asked += 1
                return seen

            clients = [asyncio.create_task(client(number)) for number in range(12)]
            for label in "BCDEFG":
                before = asked
                write(folder, label)
                await until(partial(lambda wanted: version(service) == wanted, label))
                await until(partial(lambda least: asked >= least or any(one.done() for one in clients), before + 24))
            stop = True
            assert set().union(*await asyncio.gather(*clients)) >= set("BCDEFG")
            assert count(service, "failed_texts_total", stage="run") == 0

    asyncio.run(run())


def test_what_the_old_engine_began_it_finishes_and_the_rest_moves_over(folder: Path) -> None:
    load = Bundles()

    async def run() -> None:
        async with running(load, models={"fake": folder}, batch_tokens=128, **EAGER) as service:
            old = load.loaded[0]
            old.free.clear()
            begun = ask(service, "W", *["x" * 30 + "Y"] * 8)
            await until(lambda: ["W"] in old.batches or len(old.batches) > 1)
            waiting = ask(service, "Q")
            await asyncio.sleep(0)
            write(folder, "B")
            await until(lambda: version(service) == "B")
            assert [entity.label for entity in (await waiting)[0].entities] == ["B"]
            assert not begun.done()
            old.free.set()
            answers = await begun
            assert {entity.label for answer in answers for entity in answer.entities} == {"A"}
            assert words(answers) == [["W"], *[["Y"]] * 8]

    asyncio.run(run())


def test_what_a_retired_engine_cannot_finish_the_new_one_does(folder: Path) -> None:
    load = Bundles()

    async def run() -> None:
        async with running(load, models={"fake": folder}, **EAGER) as service:
            old = load.loaded[0]
            old.free.clear()
            begun = ask(service, "W")
            await until(lambda: ["W"] in old.batches)
            write(folder, "B")
            await until(lambda: version(service) == "B")
            old.broken = True
            old.free.set()
            assert [entity.label for entity in (await begun)[0].entities] == ["B"]
            assert count(service, "engine_rebuilds_total") == 0

    asyncio.run(run())


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("damaged", "{folder}/weights: its sha256 is not the one in manifest.json"),
        ("broken", "the engine is broken"),
        ("exits", "the model raised SystemExit as it was warmed up"),
    ],
)
def test_a_bad_bundle_is_refused_once_and_the_old_one_stays(
    folder: Path, looks: list[Path], caplog: pytest.LogCaptureFixture, fault: str, reason: str
) -> None:
    load = Bundles()

    async def run() -> None:
        async with running(load, models={"fake": folder}, **EAGER) as service:
            write(folder, "B", fault)
            await until(lambda: count(service, "reloads_total", result="refused"))
            await looked(looks, 5)
            assert load.attempts == 2
            assert words(await ask(service, "W")) == [["W"]]
            assert (version(service), service.models["fake"].state) == ("A", "ready")
            write(folder, "C")
            await until(lambda: version(service) == "C")

    asyncio.run(run())
    lines = [record.getMessage() for record in caplog.records if "refused" in record.getMessage()]
    reason = reason.format(folder=folder)
    assert lines == [f"model fake: the new bundle is refused, the old one stays: {reason}"]


def test_a_bundle_that_is_copied_file_by_file_is_taken_when_it_is_whole(folder: Path, looks: list[Path]) -> None:
    load = Bundles()

    async def run() -> None:
        async with running(load, models={"fake": folder}, **EAGER) as service:
            (folder / "weights").write_text("damaged")
            (folder / "manifest.json").write_text(json.dumps({"checksum": "B" * 64, "files": {"weights": ""}}))
            await until(lambda: count(service, "reloads_total", result="refused"))
            (folder / "weights").write_text("good")
            await until(lambda: version(service) == "B")

    asyncio.run(run())


def test_a_bundle_is_left_alone_while_it_is_still_being_written(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load = Bundles()
    looked = 0

    def growing(path: Path) -> Any:
        nonlocal looked
        if 1 < looked < 20:  # after the two of the first load
            (path / "weights").write_text("x" * looked)
        looked += 1
        return fingerprint(path)

    async def run() -> None:
        async with running(load, models={"fake": folder}, **EAGER) as service:
            write(folder, "B")
            await until(lambda: version(service) == "B")

    monkeypatch.setattr(upkeep, "fingerprint", growing)
    asyncio.run(run())
    assert load.attempts == 2


def test_an_absent_manifest_is_no_error(folder: Path, looks: list[Path], caplog: pytest.LogCaptureFixture) -> None:
    load = Bundles()

    async def run() -> None:
        async with running(load, models={"fake": folder}, **EAGER) as service:
            aside = folder.rename(folder.with_name("aside"))
            await looked(looks, 5)
            assert words(await ask(service, "W")) == [["W"]]
            aside.rename(folder)
            await looked(looks, 5)

    asyncio.run(run())
    assert load.attempts == 1
    assert caplog.text == ""


def test_the_same_content_written_again_is_not_loaded_again(folder: Path, looks: list[Path]) -> None:
    load = Bundles()

    async def run() -> None:
        async with running(load, models={"fake": folder}, **EAGER):
            write(folder, "A")
            await looked(looks, 5)

    asyncio.run(run())
    assert load.attempts == 1


def test_a_bundle_that_is_replaced_while_it_is_loaded_is_loaded_again(folder: Path) -> None:
    load = Bundles()

    def replace() -> None:
        load.during = lambda: None
        write(folder, "B")

    load.during = replace

    async def run() -> None:
        async with running(load, models={"fake": folder}, reload_seconds=0) as service:
            assert version(service) == "B"

    asyncio.run(run())
    assert load.attempts == 2


def test_with_0_seconds_the_bundle_is_not_looked_at(folder: Path, looks: list[Path]) -> None:
    load = Bundles()

    async def run() -> None:
        async with running(load, models={"fake": folder}, reload_seconds=0) as service:
            loading = len(looks)
            write(folder, "B")
            assert words(await ask(service, "W")) == [["W"]]
            assert len(looks) == loading

    asyncio.run(run())
    assert load.attempts == 1


def test_while_draining_no_new_bundle_is_taken(folder: Path) -> None:
    load = Bundles()

    async def run() -> None:
        async with running(load, models={"fake": folder}, **EAGER) as service:
            service.begin_drain()
            write(folder, "B")
            await asyncio.sleep(20 * EAGER["reload_seconds"])  # nothing can be awaited of what must not happen

    asyncio.run(run())
    assert load.attempts == 1


def test_the_task_may_be_another_one(folder: Path) -> None:
    load = Bundles()

    class Classes(FakeModel):
        def __init__(self) -> None:
            super().__init__("B")
            self.decoding = create("classification", ["short", "long"])

        def _logits(self, row: Window) -> NDArray[np.float32]:
            return np.array([10.0, row.length], dtype=np.float32)

    async def run() -> None:
        def either(path: Path, settings: Settings) -> Sequence[FakeModel]:
            models = load(path, settings)
            return models if models[0].version.startswith("A") else [Classes()]

        async with running(either, models={"fake": folder}, **EAGER) as service:
            old = load.loaded[0]
            old.free.clear()
            begun = ask(service, "W")
            await until(lambda: ["W"] in old.batches)
            waiting = ask(service, "x", "y" * 20)
            await asyncio.sleep(0)
            write(folder, "B")
            assert [answer.label for answer in await waiting] == ["short", "long"]
            old.free.set()
            assert words(await begun) == [["W"]]
            task = service.models["fake"].decoding
            assert task is not None and task.name == "classification"
            labels = {"model": "fake", "version": "B", "engine": "fake", "device": "cpu", "precision": "fp32"}
            labels |= {"task": "classification", "threads": "1", "replicas": "1"}
            assert service.metrics.registry.get_sample_value("paddle_ner_model_info", labels) == 1

    asyncio.run(run())


def test_the_memory_of_the_old_model_is_free_after_its_last_request(folder: Path) -> None:
    load = Bundles()

    async def run() -> None:
        async with running(load, models={"fake": folder}, replicas=2, **EAGER) as service:
            await asyncio.gather(*(ask(service, "x" * index, "encode-fails") for index in range(50)))
            gone = threading.Event()
            weakref.finalize(load.loaded[0], gone.set)
            load.loaded.clear()
            write(folder, "B")
            await until(gone.is_set)
            assert words(await ask(service, "W")) == [["W"]]

    asyncio.run(run())


def test_a_failed_model_comes_back_with_a_new_bundle(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "REBUILD_DELAYS", (0.0,))
    load = Bundles()

    async def run() -> None:
        async with running(load, models={"fake": folder}, **EAGER) as service:
            (folder / "weights").write_text("damaged")
            load.loaded[0].broken = True
            with pytest.raises(HTTPProblem):
                await ask(service, "W")
            assert service.models["fake"].state == "failed"
            write(folder, "B")
            await until(lambda: service.models["fake"].state == "ready")
            assert words(await ask(service, "W")) == [["W"]]

    asyncio.run(run())


def test_a_fingerprint_sees_every_file_of_the_manifest(folder: Path) -> None:
    before = fingerprint(folder)
    os.utime(folder / "weights", ns=(0, 0))
    changed = fingerprint(folder)
    (folder / "weights").unlink()
    assert len({before, changed, fingerprint(folder)}) == 3
    (folder / "manifest.json").write_text("{")
    assert fingerprint(folder) is not None
    (folder / "manifest.json").unlink()
    assert fingerprint(folder) is None


def test_what_nobody_waits_for_is_not_even_tokenized() -> None:
    model = FakeModel()
    encoded: list[str] = []
    encode = model.encode
    model.encode = lambda text: (encoded.append(text), encode(text))[1]

    async def run() -> None:
        async with running(lambda *_: [model]) as service:
            encoded.clear()
            held = threading.Event()
            pool: ThreadPoolExecutor = service._pool
            for _ in range(pool._max_workers):
                pool.submit(held.wait, PATIENCE)
            left = ask(service, "left", "too")
            await asyncio.sleep(0)
            left.cancel()
            await asyncio.wait({left})
            held.set()
            assert words(await ask(service, "W")) == [["W"]]
            assert count(service, "dropped_texts_total", reason="client_left") == 2
            assert count(service, "queue_texts") == 0

    asyncio.run(run())
    assert encoded == ["W"]
