"""A list of terms beside a real model: given by hand, and in a bundle."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

import paddle_ner
from paddle_ner.bundle import read_bundle_manifest
from paddle_ner.cli import main
from paddle_ner.errors import BundleError, InputError
from paddle_ner.export import export
from paddle_ner.serving.app import create_app
from paddle_ner.serving.settings import Settings

TEXT = "王小明昨天去了北京。"
FOUND = [("王小明", "PER", None), ("北京", "LOC", None)]
TERM = ("去了北京", "LOC", "terms")


@pytest.fixture(scope="module")
def terms(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("terms") / "own.tsv"
    path.write_text("去了北京\tLOC\n", encoding="gb18030")
    return path


@pytest.fixture(scope="module")
def with_terms(checkpoint: Path, terms: Path) -> Path:
    return export(checkpoint, terms.parent / "bundle", terms=terms, terms_mode="after").bundle


def found(model: paddle_ner.Model) -> list[tuple[str, str, str | None]]:
    return [(entity.text, entity.label, entity.source) for entity in model(TEXT).entities or ()]


def test_terms_go_with_a_checkpoint_and_with_each_engine_of_a_bundle(
    checkpoint: Path, bundle: Path, terms: Path
) -> None:
    assert found(paddle_ner.load(bundle)) == FOUND
    assert found(paddle_ner.load(checkpoint, terms=terms)) == [FOUND[0], TERM]
    model = paddle_ner.load(bundle, terms=terms, terms_mode="before", replicas=2, threads=1)
    answers = [found(model) for _ in range(4)]
    assert answers == [[FOUND[0], TERM]] * 4
    assert found(pickle.loads(pickle.dumps(model))) == answers[0]


def test_what_the_model_is_not_sure_of_pushes_no_term_aside(bundle: Path, terms: Path) -> None:
    model = paddle_ner.load(bundle, terms=terms, terms_mode="after")
    assert found(model) == FOUND
    model.min_score = {"PER": 0.0, "LOC": 1.0}
    assert found(model) == [FOUND[0], TERM]


def test_a_bundle_has_its_terms_and_their_mode(with_terms: Path, tmp_path: Path) -> None:
    manifest = read_bundle_manifest(with_terms)
    assert manifest.terms is not None and (manifest.terms.file, manifest.terms.mode) == ("terms.tsv", "after")
    assert "terms.tsv" in manifest.files
    assert found(paddle_ner.load(with_terms)) == FOUND
    assert found(paddle_ner.load(with_terms, terms_mode="before")) == [FOUND[0], TERM]
    other = tmp_path / "other.tsv"
    other.write_text("昨天\tLOC\n", encoding="utf-8")
    assert found(paddle_ner.load(with_terms, terms=other)) == [FOUND[0], ("昨天", "LOC", "terms"), FOUND[1]]


def test_changed_terms_of_a_bundle_are_refused(checkpoint: Path, terms: Path, tmp_path: Path) -> None:
    own = export(checkpoint, tmp_path / "own", terms=terms).bundle
    (own / "terms.tsv").write_text("昨天\tPER\n", encoding="utf-8")
    with pytest.raises(BundleError, match=r"terms\.tsv: its sha256 is not the one"):
        paddle_ner.load(own)


def test_a_mode_alone_or_an_unknown_one_is_refused(bundle: Path) -> None:
    with pytest.raises(InputError, match="has no terms: name a file of them"):
        paddle_ner.load(bundle, terms_mode="after")
    with pytest.raises(InputError, match="terms_mode is 'between', expected before or after"):
        paddle_ner.load(bundle, terms_mode="between")  # type: ignore[arg-type]  # the wrong word is what is tested


def test_the_server_says_where_an_entity_came_from(bundle: Path, terms: Path) -> None:
    app = create_app(Settings.create(models={"small": bundle}, terms=terms, deadline_seconds=60))
    with TestClient(app, base_url="http://127.0.0.1") as client:
        assert client.portal is not None
        client.portal.call(app.state.service.loaded)
        entities = client.post("/predict", json={"text": TEXT, "min_score": 0.01}).json()["predictions"][0]["entities"]
    term = {"start": 5, "end": 9, "label": "LOC", "text": "去了北京", "source": "terms"}
    assert [entity["text"] for entity in entities] == ["王小明", "去了北京"]
    assert "source" not in entities[0] and entities[1] == term


def test_predict_and_evaluate_take_them(
    bundle: Path, checkpoint: Path, terms: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    texts = tmp_path / "texts.txt"
    texts.write_text(TEXT + "\n", encoding="utf-8")
    assert main(["predict", str(bundle), str(texts), "--terms", str(terms)]) == 0
    assert json.loads(capfd.readouterr().out)["entities"][1]["source"] == "terms"
    dev = str(checkpoint.parent.parent / "dev.jsonl")
    scores = []
    for more in ([], ["--terms", str(terms)], ["--terms", str(terms), "--terms-mode", "after"]):
        assert main(["evaluate", str(bundle), dev, "--json", *more]) == 0
        scores.append(json.loads(capfd.readouterr().out)["value"])
    assert scores[1] < scores[0] and scores[2] == scores[0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--terms-mode", "after"], "--terms-mode is for terms: name a file of them with --terms"),
        (["--target", "jetson", "--terms", "terms.tsv"], "a folder for a device has no terms"),
        (["--terms", "none.tsv"], "none.tsv: No such file"),
    ],
)
def test_export_refuses_terms_in_one_line(
    checkpoint: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], options: list[str], message: str
) -> None:
    assert main(["export", str(checkpoint), "-o", str(tmp_path / "b"), "--no-tune", *options]) == 2
    (line,) = [line for line in capfd.readouterr().err.splitlines() if line.startswith("error: ")]
    assert message in line
    assert not list(tmp_path.iterdir())
