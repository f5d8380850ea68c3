"""`paddle-ner serve` over real bundles with random weights, in processes of its own, on real ports.

Tests `paddle_ner.cli.serve` too.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray

from paddle_ner import Prediction, tasks
from paddle_ner.bundle import BUNDLE_MANIFEST, new_folder, read_bundle_manifest, write_manifest
from paddle_ner.errors import BundleError, InputError
from tests.integration.tiny_bundles import SEED_TEXT, make_bundle

pytest.importorskip("paddle")
pytest.importorskip("paddlenlp")

PATIENCE = 120
ROOT = Path(__file__).parents[2]
Start = Callable[..., tuple["subprocess.Popen[str]", httpx.Client]]


@pytest.fixture(scope="module")
def ner_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_bundle(tmp_path_factory.mktemp("ner"), "tiny-ner", tasks.create("ner", ["LOC", "ORG", "PER"]))


@pytest.fixture(scope="module")
def class_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    task = tasks.create("classification", ["体育", "财经", "科技"])
    return make_bundle(tmp_path_factory.mktemp("class"), "tiny-class", task)


@pytest.fixture(scope="module")
def start() -> Iterator[Start]:
    """Starts a server, waits until it is ready, and gives its process and a client."""
    processes: list[subprocess.Popen[str]] = []
    clients: list[httpx.Client] = []

    def begin(*arguments: str) -> tuple[subprocess.Popen[str], httpx.Client]:
        command = [sys.executable, "-m", "paddle_ner", "serve", "--port", "0", *arguments]
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        processes.append(process)
        assert process.stderr is not None
        heard = []
        while line := process.stderr.readline():
            heard.append(line)
            if line.startswith("serving "):
                clients.append(httpx.Client(base_url=line.split()[-1], timeout=PATIENCE))
                return process, clients[-1]
        pytest.fail("the server ended: " + "".join(heard))

    yield begin
    for client in clients:
        client.close()
    for process in processes:
        process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def server(start: Start, ner_bundle: Path, class_bundle: Path) -> httpx.Client:
    return start(str(ner_bundle), "--model", f"news={class_bundle}")[1]


def texts_of_all_lengths(count: int, longest: int) -> list[str]:
    chance = random.Random(1)
    return ["".join(chance.choices(SEED_TEXT, k=chance.randint(1, longest))) for _ in range(count)]


def same(answer: dict[str, Any], expected: Prediction) -> None:
    record = expected.to_dict()
    scores = [entity.pop("score") for entity in answer.get("entities", [])] + list(answer.pop("scores", {}).values())
    wanted = [entity.pop("score") for entity in record.get("entities", [])] + list(record.pop("scores", {}).values())
    assert answer == record
    assert scores == pytest.approx(wanted, abs=2e-3)


def test_answers_over_http_are_those_of_the_library(server: httpx.Client, ner_bundle: Path) -> None:
    import paddle_ner

    texts = texts_of_all_lengths(120, 300)
    expected = paddle_ner.load(ner_bundle)(texts)
    requests = [texts[:60], *([text] for text in texts[60:])]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda some: server.post("/predict", json={"texts": some}).json(), requests))
    predictions = [prediction for answer in answers for prediction in answer["predictions"]]
    for text, answer, wanted in zip(texts, predictions, expected, strict=True):
        assert all(text[one["start"] : one["end"]] == one["text"] for one in answer["entities"])
        same(answer, wanted)
    assert any(answer["entities"] for answer in predictions)


def test_two_models_answer_side_by_side(server: httpx.Client, class_bundle: Path) -> None:
    import paddle_ner

    models = server.get("/models").json()
    assert models["default"] == "tiny-ner"
    assert [(one["name"], one["task"]) for one in models["models"]] == [("tiny-ner", "ner"), ("news", "classification")]
    (expected,) = paddle_ner.load(class_bundle)(["北京大学"])
    answer = server.post("/models/news/predict", json={"text": "北京大学"}).json()
    assert answer["model"] == "news"
    same(answer["predictions"][0], expected)


def test_every_client_labels_a_text(server: httpx.Client) -> None:
    url, text, clients = str(server.base_url).rstrip("/"), '😀"𠮷野家"\n王小明在北京大学', ROOT / "serving" / "clients"
    expected = server.post("/predict", json={"text": text}).json()["predictions"][0]["entities"]
    commands = {"client.py": sys.executable, "client.mjs": shutil.which("node"), "curl.sh": "sh"}
    if shutil.which("curl") is None:
        del commands["curl.sh"]
    for name, program in commands.items():
        if program is None:
            continue
        done = subprocess.run([program, str(clients / name), url, text], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        answer = json.loads(done.stdout)
        prediction = answer["predictions"][0] if "predictions" in answer else answer
        spans = [(one["start"], one["end"], one["label"], one["text"]) for one in prediction["entities"]]
        assert spans == [(one["start"], one["end"], one["label"], one["text"]) for one in expected], name


def test_a_client_shows_the_problem_of_a_refused_text(server: httpx.Client) -> None:
    command = [
        sys.executable,
        str(ROOT / "serving" / "clients" / "client.py"),
        str(server.base_url).rstrip("/"),
        "长" * 20_001,
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert done.stderr.startswith("422 Invalid request: #/texts/0: 20001 characters, expected at most 20000")


def test_a_checkpoint_can_be_served_too(start: Start, ner_bundle: Path, server: httpx.Client) -> None:
    client = start(str(ner_bundle.parent / "checkpoint"))[1]
    texts = texts_of_all_lengths(10, 100)
    answers, expected = (one.post("/predict", json={"texts": texts}).json()["predictions"] for one in (client, server))
    assert [[(e["start"], e["end"], e["label"]) for e in one["entities"]] for one in answers] == [
        [(e["start"], e["end"], e["label"]) for e in one["entities"]] for one in expected
    ]


def test_with_keys_it_listens_anywhere_and_lets_in_who_has_one(start: Start, ner_bundle: Path, tmp_path: Path) -> None:
    def make_key(name: str) -> dict[str, str]:
        command = [sys.executable, "-m", "paddle_ner", "api-key", name, "--file", str(tmp_path / "keys")]
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=True)
        return {"Authorization": f"Bearer {done.stdout.strip()}"}

    first = make_key("first")
    client = start(str(ner_bundle), "--host", "0.0.0.0", "--api-keys", str(tmp_path / "keys"))[1]
    assert client.post("/predict", json={"text": "王小明"}).status_code == 401
    assert client.post("/predict", json={"text": "王小明"}, headers=first).status_code == 200
    second = make_key("second")
    deadline = time.monotonic() + PATIENCE
    while client.get("/models", headers=second).status_code == 401:
        assert time.monotonic() < deadline, "a new key is not let in"


def test_sigterm_ends_it_with_0(start: Start, ner_bundle: Path) -> None:
    process, client = start(str(ner_bundle), "--name", "mine")
    assert client.post("/models/mine/predict", json={"text": "王小明"}).status_code == 200
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE) == 0


def test_paddle_still_takes_sigterm_away_so_that_serving_must_take_it_back() -> None:
    code = (
        "import os, signal, sys; signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))\n"
        "import paddle; os.kill(os.getpid(), signal.SIGTERM)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=PATIENCE)
    assert done.returncode == -signal.SIGTERM, "upkeep._keeping_signals is no longer needed"


def test_a_damaged_bundle_ends_it_with_2_and_names_the_file(ner_bundle: Path, tmp_path: Path) -> None:
    broken = tmp_path / "bundle"
    shutil.copytree(ner_bundle, broken)
    weights = bytearray((broken / "model.pdiparams").read_bytes())
    weights[len(weights) // 2] ^= 1
    (broken / "model.pdiparams").write_bytes(weights)
    command = [sys.executable, "-m", "paddle_ner", "serve", str(broken), "--port", "0"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"error: {broken / 'model.pdiparams'}: its sha256 is not the one in manifest.json")


# ---------------------------------------------------------------------- replicas, and a bundle replaced on disk


@pytest.fixture(scope="module")
def other_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of the same name and labels as `ner_bundle`, with other weights."""
    folder = tmp_path_factory.mktemp("other")
    return make_bundle(folder, "tiny-ner", tasks.create("ner", ["LOC", "ORG", "PER"]), seed=4)


def replace(target: Path, source: Path) -> None:
    """Put a copy of `source` in the place of `target`, as an export does."""
    with new_folder(target, BUNDLE_MANIFEST) as temporary:
        shutil.copytree(source, temporary, dirs_exist_ok=True)


def served_version(client: httpx.Client) -> str:
    (model,) = client.get("/models").json()["models"]
    return str(model["version"])


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.05)


def test_replicas_give_the_same_logits_in_threads_of_their_own(ner_bundle: Path) -> None:
    from paddle_ner.serving import Settings, load_model

    models = load_model(ner_bundle, Settings.create(models={"a": ner_bundle}, replicas=3, threads=1))
    assert len(models) == 3
    encoded = [models[0].encode(text) for text in texts_of_all_lengths(30, 200)]

    def run(number: int) -> list[NDArray[np.float32]]:
        models[number].warm_up()
        return [outputs["logits"] for one in encoded for outputs in models[number].run(one.windows)]

    with ThreadPoolExecutor(3) as pool:
        first, *others = pool.map(run, range(3))
    for other in others:
        for one, two in zip(first, other, strict=True):
            np.testing.assert_allclose(one, two, atol=1e-5)


def test_a_bundle_replaced_under_load_is_swapped_without_a_failed_request(
    start: Start, ner_bundle: Path, other_bundle: Path, tmp_path: Path
) -> None:
    import paddle_ner

    path = tmp_path / "served"
    shutil.copytree(ner_bundle, path)
    options = ("--reload-seconds=0.1", "--replicas=2", "--threads=1", "--deadline=100")
    process, client = start(str(path), *options)
    old, new = (read_bundle_manifest(folder).checksum[:12] for folder in (ner_bundle, other_bundle))
    assert served_version(client) == old
    texts = texts_of_all_lengths(40, 150)
    stop = threading.Event()

    def keep_asking(number: int) -> list[int]:
        statuses = []
        with httpx.Client(base_url=client.base_url, timeout=PATIENCE) as own:
            while not stop.is_set():
                some = texts[number : number + 1 + number * 3]
                statuses.append(own.post("/predict", json={"texts": some}).status_code)
        return statuses

    with ThreadPoolExecutor(6) as pool:
        asking = [pool.submit(keep_asking, number) for number in range(6)]
        try:
            for source, version in ((other_bundle, new), (ner_bundle, old), (other_bundle, new)):
                replace(path, source)
                wait_for(partial(lambda wanted: served_version(client) == wanted, version))
        finally:
            stop.set()
        statuses = [status for one in asking for status in one.result(PATIENCE)]
    assert set(statuses) == {200}
    for answer, wanted in zip(
        client.post("/predict", json={"texts": texts}).json()["predictions"],
        paddle_ner.load(other_bundle)(texts),
        strict=True,
    ):
        same(answer, wanted)
    assert 'paddle_ner_reloads_total{model="tiny-ner",result="swapped"} 3.0' in client.get("/metrics").text
    assert process.poll() is None


def test_a_damaged_bundle_is_refused_with_the_file_and_the_old_one_stays(
    start: Start, ner_bundle: Path, other_bundle: Path, tmp_path: Path
) -> None:
    path = tmp_path / "served"
    shutil.copytree(ner_bundle, path)
    process, client = start(str(path), "--reload-seconds", "0.1")
    before = client.post("/predict", json={"text": "王小明毕业于北京大学"}).json()
    damaged = tmp_path / "damaged"
    shutil.copytree(other_bundle, damaged)
    with (damaged / "model.pdiparams").open("ab") as file:
        file.write(b"x")
    replace(path, damaged)
    refused = 'paddle_ner_reloads_total{model="tiny-ner",result="refused"} 1.0'
    wait_for(lambda: refused in client.get("/metrics").text)
    assert process.stderr is not None
    line = process.stderr.readline()
    assert "the new bundle is refused, the old one stays" in line
    assert f"{path / 'model.pdiparams'}: its sha256 is not the one in manifest.json" in line
    assert client.get("/health/ready").status_code == 200
    assert client.post("/predict", json={"text": "王小明毕业于北京大学"}).json() == before
    replace(path, other_bundle)
    version = read_bundle_manifest(other_bundle).checksum[:12]
    wait_for(lambda: served_version(client) == version)


def signed(source: Path, target: Path, key: bytes) -> Path:
    """A copy of a bundle, signed by `key`."""
    shutil.copytree(source, target)
    write_manifest(target, read_bundle_manifest(source), key)
    return target


def test_with_a_verify_key_a_bundle_of_nobody_known_is_not_swapped_in(
    start: Start, ner_bundle: Path, other_bundle: Path, tmp_path: Path
) -> None:
    (tmp_path / "key").write_bytes(b"k" * 32)
    path = signed(ner_bundle, tmp_path / "served", b"k" * 32)
    process, client = start(str(path), "--reload-seconds", "0.1", "--verify-key", str(tmp_path / "key"))
    assert process.stderr is not None
    for source, reason in (
        (other_bundle, "is not signed"),
        (signed(other_bundle, tmp_path / "foreign", b"x" * 32), "is signed by another key"),
    ):
        replace(path, source)
        line = process.stderr.readline()
        assert f"refused, the old one stays: {path / BUNDLE_MANIFEST}: {reason}" in line
        assert served_version(client) == read_bundle_manifest(ner_bundle).checksum[:12]
    replace(path, signed(other_bundle, tmp_path / "ours", b"k" * 32))
    version = read_bundle_manifest(other_bundle).checksum[:12]
    wait_for(lambda: served_version(client) == version)


def test_with_a_verify_key_nothing_unsigned_is_loaded(ner_bundle: Path, tmp_path: Path) -> None:
    import paddle_ner

    (tmp_path / "key").write_bytes(b"k" * 32)
    for folder, reason in ((ner_bundle, "is not signed"), (ner_bundle.parent / "checkpoint", "is a checkpoint")):
        with pytest.raises(BundleError, match=reason):
            paddle_ner.load(folder, verify_key=tmp_path / "key")
    ours = signed(ner_bundle, tmp_path / "ours", b"k" * 32)
    assert paddle_ner.load(ours, verify_key=tmp_path / "key")("王小明").text == "王小明"
    with pytest.raises(InputError, match="absent: no such file, expected a key"):
        paddle_ner.load(ours, verify_key=tmp_path / "absent")


def test_serving_a_bundle_needs_neither_paddlenlp_nor_paddleslim(ner_bundle: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from paddle_ner.serving import Settings, load_model\n"
        "path = Path(sys.argv[1]); model, *_ = load_model(path, Settings.create(models={'a': path}))\n"
        "encoded = model.encode('王小明'); model.decode(encoded, model.run(encoded.windows))\n"
        "print([m for m in ('paddlenlp', 'paddleslim', 'torch') if m in sys.modules], 'paddle' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(ner_bundle)], capture_output=True, text=True, timeout=PATIENCE
    )
    assert done.stdout.splitlines()[-1:] == ["[] True"], done.stderr


def test_the_asgi_application_takes_its_settings_from_the_environment(ner_bundle: Path) -> None:
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import asgi; from starlette.testclient import TestClient\n"
        "with TestClient(asgi.app, base_url='http://127.0.0.1') as client:\n"
        "    client.portal.call(asgi.app.state.service.loaded)\n"
        "    print(client.post('/models/ner/predict', json={'texts': ['王小明', '上海']}).status_code)\n"
        "    print(client.post('/predict', json={'texts': ['一', '二', '三']}).json()['type'])\n"
    )
    environment = {
        **os.environ,
        "PADDLE_NER_SERVE_MODELS": f"ner={ner_bundle}",
        "PADDLE_NER_SERVE_MAX_TEXTS": "2",
        "PADDLE_NER_SERVE_THREADS": "1",
    }
    command = [sys.executable, "-c", code, str(ROOT / "serving")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, env=environment)
    assert done.stdout.splitlines()[-2:] == ["200", "/docs#invalid-request"], done.stderr
