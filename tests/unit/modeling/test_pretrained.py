"""Weights and vocabularies of others are read, checked and never guessed.

Tests `paddle_ner.modeling.encoders` and `paddle_ner.modeling.weights` too.
"""

from __future__ import annotations

import importlib
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import paddle
import pytest
from numpy.typing import NDArray
from paddlenlp import transformers
from paddlenlp.transformers import ErnieConfig, ErnieTokenizer
from safetensors.numpy import load_file, save_file

from paddle_ner import tasks
from paddle_ner.bundle import Manifest, WindowSpec
from paddle_ner.errors import InputError
from paddle_ner.features.tokenizer import Tokenizer
from paddle_ner.modeling import build, from_pretrained, vocabulary_of
from paddle_ner.modeling.checkpoint import write_checkpoint
from tests.unit.modeling.conftest import TINY

FIXTURES = Path(__file__).parent / "fixtures"
PUBLISHED = "ernie-3.0-tiny-pico-v2-zh"


def save(model: Any, folder: Path) -> None:
    """As a checkpoint with a head of five outputs, which other tools read as a folder of PaddleNLP's."""
    spec = tasks.create("ner", ["PER", "LOC"]).spec()
    write_checkpoint(folder, model, Tokenizer.characters(["北京"]), Manifest(name="x", task=spec, window=WindowSpec()))


def encoder_weights(model: Any) -> dict[str, NDArray[np.float32]]:
    prefix = model.base_model_prefix + "."
    return {name: p.numpy() for name, p in model.named_parameters() if name.startswith(prefix)}


def same_encoder(one: Any, other: Any) -> bool:
    ours, theirs = encoder_weights(one), encoder_weights(other)
    return ours.keys() == theirs.keys() and all(np.array_equal(ours[name], theirs[name]) for name in ours)


@pytest.fixture
def source(tmp_path: Path, token_model: Any) -> Path:
    """A folder in PaddleNLP's layout, with a head of 5 outputs."""
    save(token_model, tmp_path / "source")
    return tmp_path / "source"


@pytest.mark.parametrize("name", ["hugging_face_ernie", "hugging_face_bert_mlm"])
@pytest.mark.parametrize("head", ["token", "sequence"])
def test_hugging_face_weights_give_what_pytorch_gives(name: str, head: Any, no_network: None) -> None:
    reference = json.loads((FIXTURES / name / "reference.json").read_text("utf-8"))
    model = from_pretrained(head, 3, FIXTURES / name, log=lambda line: None)
    model.eval()
    encoder = getattr(model, model.base_model_prefix)
    with paddle.no_grad():
        hidden = encoder(paddle.to_tensor(reference["input_ids"]))[0].numpy()
    words = np.array(reference["input_ids"]) != 0
    assert np.abs(hidden - np.array(reference["last_hidden_state"]))[words].max() < 1e-5


def test_what_is_new_and_what_is_left_out_is_logged() -> None:
    lines: list[str] = []
    from_pretrained("sequence", 3, FIXTURES / "hugging_face_bert_mlm", log=lines.append)
    read, unused = lines
    assert "read 37 weights of the encoder" in read
    assert "new, to be trained: bert.pooler.dense.bias, bert.pooler.dense.weight, classifier.bias, classifier" in read
    assert "not used: cls.predictions.bias, cls.predictions.transform" in unused


@pytest.mark.parametrize("head", ["token", "sequence-mean"])
def test_a_pooler_that_no_head_reads_is_not_called_new(head: str) -> None:
    lines: list[str] = []
    from_pretrained(head, 3, FIXTURES / "hugging_face_bert_mlm", log=lines.append)
    assert lines[0].endswith("new, to be trained: classifier.bias, classifier.weight")


def test_a_paddlenlp_folder_gives_its_encoder_and_a_new_head(source: Path, token_model: Any, no_network: None) -> None:
    model = from_pretrained("sequence", 9, str(source), log=lambda line: None)
    assert same_encoder(model, token_model)
    assert model.classifier.weight.shape == [16, 9]
    assert model.config.num_labels == len(model.config.id2label) == 9


def test_the_head_is_new_even_where_the_source_has_one_of_its_shape(source: Path, token_model: Any) -> None:
    lines: list[str] = []
    model = from_pretrained("token", 5, source, log=lines.append)
    assert not np.array_equal(model.classifier.weight.numpy(), token_model.classifier.weight.numpy())
    assert any("not used: classifier.bias, classifier.weight" in line for line in lines)


def test_weights_in_several_files_are_read_together(source: Path, token_model: Any, no_network: None) -> None:
    tensors = load_file(source / "model.safetensors")
    (source / "model.safetensors").unlink()
    names = sorted(tensors)
    parts = {"one.safetensors": names[::2], "two.safetensors": names[1::2]}
    for file, chosen in parts.items():
        save_file({name: tensors[name] for name in chosen}, source / file)
    index = {"weight_map": {name: file for file, chosen in parts.items() for name in chosen}}
    (source / "model.safetensors.index.json").write_text(json.dumps(index))
    assert same_encoder(from_pretrained("token", 5, source, log=lambda line: None), token_model)
    (source / "two.safetensors").unlink()
    with pytest.raises(InputError, match=r"two\.safetensors: no such file"):
        from_pretrained("token", 5, source)


def test_half_precision_weights_are_widened(source: Path, token_model: Any) -> None:
    path = source / "model.safetensors"
    save_file({name: tensor.astype(np.float16) for name, tensor in load_file(path).items()}, path)
    model = from_pretrained("token", 5, source, log=lambda line: None)
    for name, values in encoder_weights(token_model).items():
        assert np.allclose(encoder_weights(model)[name], values, rtol=1e-3, atol=1e-6)


def test_bfloat16_weights_are_widened(source: Path, token_model: Any) -> None:
    path = source / "model.safetensors"
    header: dict[str, Any] = {}
    content = b""
    for name, tensor in load_file(path).items():
        data = (tensor.view(np.uint32) >> 16).astype(np.uint16).tobytes()
        offsets = [len(content), len(content) + len(data)]
        header[name] = {"dtype": "BF16", "shape": list(tensor.shape), "data_offsets": offsets}
        content += data
    head = json.dumps(header).encode()
    path.write_bytes(len(head).to_bytes(8, "little") + head + content)
    model = from_pretrained("token", 5, source, log=lambda line: None)
    for name, values in encoder_weights(token_model).items():
        assert np.allclose(encoder_weights(model)[name], values, rtol=2**-7)


def test_a_missing_encoder_weight_is_refused(source: Path) -> None:
    tensors = load_file(source / "model.safetensors")
    del tensors["ernie.encoder.layers.1.linear1.bias"]
    save_file(tensors, source / "model.safetensors")
    with pytest.raises(InputError, match=r"1 weights of the encoder are missing, such as .*layers\.1\.linear1\.bias"):
        from_pretrained("token", 5, source)


def test_a_weight_of_another_shape_is_refused(source: Path) -> None:
    config = json.loads((source / "config.json").read_text("utf-8"))
    (source / "config.json").write_text(json.dumps(config | {"intermediate_size": 24}))
    with pytest.raises(InputError, match=r"linear1\.\w+ has the shape .*32\], but its config makes it .*24\]"):
        from_pretrained("token", 5, source)


@pytest.fixture
def pickled(source: Path) -> Path:
    tensors = load_file(source / "model.safetensors")
    (source / "model.safetensors").unlink()
    paddle.save(
        {name: paddle.to_tensor(value) for name, value in tensors.items()}, str(source / "model_state.pdparams")
    )
    return source


def test_a_pickle_is_refused_and_the_message_says_why(pickled: Path) -> None:
    with pytest.raises(
        InputError, match=r"model_state\.pdparams is a pickle, which can run any program .*allow_pickle"
    ):
        from_pretrained("token", 5, pickled)
    (pickled / "model_state.pdparams").rename(pickled / "pytorch_model.bin")
    with pytest.raises(InputError, match=r"pytorch_model\.bin is a pickle"):
        from_pretrained("token", 5, pickled)


def test_a_pickle_is_read_when_allowed_with_a_warning(pickled: Path, token_model: Any) -> None:
    lines: list[str] = []
    model = from_pretrained("token", 5, pickled, allow_pickle=True, log=lines.append)
    assert same_encoder(model, token_model)
    assert "is a pickle, which can run any program" in lines[0]


def test_safetensors_come_before_a_pickle(pickled: Path, token_model: Any) -> None:
    (pickled / "model_state.pdparams").write_bytes(b"not even a pickle")
    save(token_model, pickled.parent / "safe")
    shutil.copyfile(pickled.parent / "safe" / "model.safetensors", pickled / "model.safetensors")
    assert same_encoder(from_pretrained("token", 5, pickled, log=lambda line: None), token_model)


def test_a_folder_without_weights_says_what_was_looked_for(source: Path) -> None:
    (source / "model.safetensors").unlink()
    with pytest.raises(InputError, match=r"source: no weights of a model; looked for model\.safetensors, .*pdparams"):
        from_pretrained("token", 5, source)


def test_a_damaged_file_is_named(source: Path) -> None:
    (source / "model.safetensors").write_bytes(b"\x00" * 100)
    with pytest.raises(InputError, match=r"model\.safetensors: damaged"):
        from_pretrained("token", 5, source)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (None, r"source: no config\.json"),
        ("{", r"config\.json: expected a JSON object"),
        ("[]", r"config\.json: expected a JSON object"),
        ('{"architectures": ["WondrousModel"]}', r"config\.json: PaddleNLP knows no model Wondrous"),
        ("{}", r"config\.json: PaddleNLP knows no model \(no architectures and no model_type\)"),
    ],
)
def test_a_config_that_names_no_model_is_refused(source: Path, config: str | None, message: str) -> None:
    (source / "config.json").unlink()
    if config is not None:
        (source / "config.json").write_text(config)
    with pytest.raises(InputError, match=message):
        from_pretrained("token", 5, source)


def test_torch_weights_of_a_family_that_differs_in_more_than_names_are_refused(tmp_path: Path) -> None:
    shutil.copytree(FIXTURES / "hugging_face_bert_mlm", tmp_path / "roberta")
    path = tmp_path / "roberta/config.json"
    path.write_text(
        path.read_text("utf-8").replace("BertForMaskedLM", "RobertaForMaskedLM").replace('"bert"', '"roberta"')
    )
    with pytest.raises(InputError, match="layout of roberta cannot be read, only that of bert and ernie"):
        from_pretrained("token", 3, tmp_path / "roberta")


def test_a_path_that_does_not_exist_is_not_taken_for_a_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_network: None
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "models").mkdir()
    for path in (Path("nothing"), "./nothing", "/nothing", "models/nothing", "a/b/nothing", "nothing/"):
        with pytest.raises(InputError, match=r"nothing/?: no such folder, expected a folder with a model"):
            from_pretrained("token", 5, path)
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="file: a file, expected a folder"):
        from_pretrained("token", 5, "file")


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of PaddleNLP's downloads."""
    module = importlib.import_module("paddlenlp.utils.download.bos_download")
    monkeypatch.setattr(module, "MODEL_HOME", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("name", [PUBLISHED, "no-such-model", "someone/no-such-model"])
def test_a_name_that_cannot_be_downloaded_gives_one_line(name: str, cache: Path, no_network: None) -> None:
    for call in (lambda: from_pretrained("token", 5, name), lambda: vocabulary_of(name)):
        with pytest.raises(
            InputError, match=f"{name}: there is no such folder, and .*the network is blocked"
        ) as caught:
            call()
        assert "\n" not in str(caught.value)


def test_a_published_name_is_read_from_what_paddlenlp_downloaded(cache: Path, no_network: None) -> None:
    shape = dict(ErnieConfig.pretrained_init_configuration[PUBLISHED])
    vocab_size, pad_token_id = shape.pop("vocab_size"), shape.pop("pad_token_id", 0)
    fields = {name: value for name, value in shape.items() if name not in ("task_id", "model_type")}
    published = build("token", 2, config=fields, vocab_size=vocab_size, pad_token_id=pad_token_id)
    (cache / PUBLISHED).mkdir()
    weights = {name.removeprefix("ernie."): paddle.to_tensor(v) for name, v in encoder_weights(published).items()}
    paddle.save(weights, str(cache / PUBLISHED / "model_state.pdparams"))
    assert same_encoder(from_pretrained("token", 5, PUBLISHED, log=lambda line: None), published)


def test_the_vocabulary_of_a_published_name_is_read_from_what_paddlenlp_downloaded(
    cache: Path, no_network: None
) -> None:
    url = ErnieTokenizer.pretrained_resource_files_map["vocab_file"][PUBLISHED]
    (cache / PUBLISHED).mkdir()
    (cache / PUBLISHED / url.rsplit("/", 1)[-1]).write_text("[PAD]\n[CLS]\n中\n", "utf-8")
    vocabulary = vocabulary_of(PUBLISHED)
    assert (vocabulary.tokens, vocabulary.lowercase) == (("[PAD]", "[CLS]", "中"), True)


def published(folder: Path, architecture: str) -> Any:
    """A model of PaddleNLP's with five outputs, written by PaddleNLP itself; returned as it stands there."""
    model_class = getattr(transformers, architecture)
    paddle.seed(13)
    model = model_class(model_class.config_class(vocab_size=40, pad_token_id=0, num_labels=5, **TINY))
    model.eval()
    model.save_pretrained(str(folder), safe_serialization=True)
    return model


PUBLISHED_MODELS = [
    ("ErnieForTokenClassification", "token"),
    ("ErnieForSequenceClassification", "sequence"),
    ("BertForTokenClassification", "token"),
    ("BertForSequenceClassification", "sequence"),
]


@pytest.mark.parametrize(("architecture", "head"), PUBLISHED_MODELS)
def test_a_published_model_with_its_head_answers_as_in_paddlenlp(
    architecture: str, head: str, tmp_path: Path, no_network: None
) -> None:
    theirs = published(tmp_path, architecture)
    lines: list[str] = []
    ours = from_pretrained(head, 5, tmp_path, with_head=True, log=lines.append)
    ours.eval()
    ids = paddle.to_tensor([[2, 9, 14, 3, 0], [2, 31, 3, 0, 0]])
    assert np.array_equal(ours(input_ids=ids)["logits"].numpy(), theirs(ids).numpy())
    assert len(lines) == 1
    assert "weights of the encoder and the head; new, to be trained: nothing" in lines[0]


def test_a_head_that_is_missing_or_has_other_outputs_is_refused(tmp_path: Path, no_network: None) -> None:
    published(tmp_path, "BertForTokenClassification")
    with pytest.raises(InputError, match=r"classifier\.bias has the shape \[5\], but its config makes it \[7\]"):
        from_pretrained("token", 7, tmp_path, with_head=True)
    with pytest.raises(InputError, match=r"2 weights of the head are missing, such as classifier\.bias"):
        from_pretrained("token", 3, FIXTURES / "hugging_face_bert_mlm", with_head=True)


@pytest.mark.parametrize("head", ["token", "sequence"])
def test_a_folder_may_say_what_it_is_by_its_model_type_alone(head: str, tmp_path: Path, no_network: None) -> None:
    shutil.copytree(FIXTURES / "hugging_face_bert_mlm", tmp_path / "bert")
    path = tmp_path / "bert/config.json"
    record = json.loads(path.read_text("utf-8"))
    del record["architectures"]
    path.write_text(json.dumps(record), "utf-8")
    named = from_pretrained(head, 3, FIXTURES / "hugging_face_bert_mlm", log=lambda line: None)
    assert encoder_weights(named)
    for name, values in encoder_weights(from_pretrained(head, 3, tmp_path / "bert", log=lambda line: None)).items():
        if "pooler" not in name:  # which this folder does not have
            assert np.array_equal(values, encoder_weights(named)[name])
