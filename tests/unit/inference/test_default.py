from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import paddle_ner
from paddle_ner import bundle
from paddle_ner.cli import main, serve
from paddle_ner.errors import BundleError, InputError
from paddle_ner.inference import default


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundle, in a cache of this module's own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PADDLE_NER_CACHE", str(tmp_path_factory.mktemp("cache")))
        return default.folder()


@pytest.fixture
def cache(made: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The cache that holds the bundle."""
    monkeypatch.setenv("PADDLE_NER_CACHE", str(made.parent))
    return made.parent


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the package's files, and an empty cache."""
    copied = tmp_path / "package"
    shutil.copytree(default.FOLDER, copied)
    monkeypatch.setattr(default, "FOLDER", copied)
    monkeypatch.setenv("PADDLE_NER_CACHE", str(tmp_path / "cache"))
    return copied


def test_it_is_put_together_once_and_said(package: Path, tmp_path: Path) -> None:
    said: list[str] = []
    folder = default.folder(said.append)
    assert said == [f"the default model is put together once, in {folder}"]
    assert folder == tmp_path / "cache" / f"default-{bundle.verify(folder).version}"
    assert default.folder(said.append) == folder and len(said) == 1


def test_several_at_once_make_one(package: Path) -> None:
    said: list[str] = []
    with ThreadPoolExecutor(4) as threads:
        folders = list(threads.map(lambda _: default.folder(said.append), range(4)))
    assert len(set(folders)) == 1
    bundle.verify(folders[0])
    assert [path.name for path in folders[0].parent.iterdir() if path.is_dir()] == [folders[0].name]


def test_it_answers_where_no_model_is_named(cache: Path) -> None:
    model = paddle_ner.load(threads=1)
    assert model.labels == ("PER", "LOC", "ORG")
    texts = model.examples
    assert len(texts) >= 3
    found = {entity.label for text in texts for entity in model(text).entities or ()}
    assert found == {"PER", "LOC", "ORG"}


def test_it_is_served_where_no_bundle_is_named(cache: Path, made: Path) -> None:
    assert serve._models(None, None, ()) == {"default": made}
    assert serve._models(None, "names", ()) == {"names": made}
    assert serve._models(None, None, (f"a={made}", "b=default")) == {"a": made, "b": made}


def test_a_model_in_a_folder_of_its_name_goes_first(
    cache: Path, made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "default").mkdir()
    assert default.resolved("default") == made
    (tmp_path / "default" / bundle.BUNDLE_MANIFEST).write_text("{}")
    assert default.resolved("default") == Path("default")


def test_damaged_weights_of_the_package_are_told(package: Path) -> None:
    path = package / default.WEIGHTS
    content = bytearray(path.read_bytes())
    content[-100] ^= 1
    path.write_bytes(content)
    with pytest.raises(BundleError, match="its weights are damaged: install paddle-ner again"):
        default.folder()
    path.write_bytes(content[:1000])
    with pytest.raises(BundleError, match=r"weights\.safetensors: missing or damaged"):
        default.folder()


@pytest.mark.parametrize("name", ["model.pdiparams", "manifest.json", "tokenizer.json"])
def test_a_damaged_bundle_in_the_cache_is_made_again_and_said(package: Path, name: str) -> None:
    said: list[str] = []
    path = default.folder() / name
    whole = path.read_bytes()
    path.write_bytes(whole[:500] + b"\xff" + whole[501:])
    assert default.folder(said.append) == path.parent
    assert said == [f"the default model is put together again, since it is damaged, in {path.parent}"]
    assert path.read_bytes() == whole


def test_a_missing_file_in_the_cache_is_made_again(package: Path) -> None:
    path = default.folder() / "model.json"
    path.unlink()
    assert default.folder() == path.parent and path.exists()


def test_a_cache_that_cannot_be_written_is_told(package: Path, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(InputError, match="PADDLE_NER_CACHE names another folder"):
        default.folder()


@pytest.mark.parametrize("command", ["benchmark", "evaluate"])
def test_its_data_do_not_come_with_it(
    cache: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    monkeypatch.delenv("PADDLE_NER_DATA", raising=False)
    assert main([command, "default"]) == 2
    expected = "does not come with its data, which lay in $PADDLE_NER_DATA: name a labelled FILE"
    assert expected in capsys.readouterr().err
