"""`paddle-ner init` writes a config that the files call for, and that can be trained by.

Tests `paddle_ner.config.draft` and `paddle_ner.config.templates` too.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from paddle_ner.cli import main
from paddle_ner.cli.init import _stem
from paddle_ner.config import Config, load
from paddle_ner.errors import InputError
from paddle_ner.training.corpus import read_corpus

NER = "张\tB-PER\n三\tI-PER\n在\tO\n巴\tB-LOC\n黎\tI-LOC\n\n你\tO\n好\tO\n\n"
CLASSES = "好看\t好评\n难看\t差评\n还行\t好评\n"


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def written(*arguments: str) -> Config:
    assert main(["init", *arguments]) == 0
    return load(Path("config.yaml"))


def test_labels_format_and_task_are_read_off_the_file() -> None:
    Path("mine.txt").write_text(NER * 5, "utf-8")
    mine = written("--train", "mine.txt")
    assert (mine.name, mine.task.type, mine.task.labels) == (
        "mine",
        "ner",
        ("LOC", "PER"),
    )
    assert mine.data.train.format == "conll"


def test_what_it_writes_can_be_trained_on() -> None:
    Path("mine.txt").write_text(NER * 5, "utf-8")
    Path("dev.txt").write_text(NER, "utf-8")
    mine = written("--train", "mine.txt", "--dev", "dev.txt", "--test", "dev.txt")
    corpus = read_corpus(mine)
    assert (len(corpus.train), len(corpus.dev)) == (10, 2)


def test_classes_make_a_classification_and_reading_options_are_kept() -> None:
    Path("评论.tsv").write_text(CLASSES, "gb18030")
    arguments = ["--text-field", "1", "--label-field", "2", "--no-header", "--encoding", "gb18030"]
    mine = written("--train", "评论.tsv", *arguments)
    assert (mine.name, mine.task.type, mine.task.labels) == (
        "model",
        "classification",
        ("好评", "差评"),
    )
    assert len(read_corpus(mine).train) == 3 - 1


def test_a_window_holds_all_but_the_longest_texts() -> None:
    Path("long.jsonl").write_text(
        '{"text": "%s", "label": "a"}\n{"text": "好", "label": "b"}\n' % ("长" * 200), "utf-8"
    )
    assert written("--train", "long.jsonl").window.size == 208


def test_what_a_window_holds_is_written() -> None:
    Path("mine.txt").write_text(NER * 5, "utf-8")
    assert written("--train", "mine.txt").window.unit == "sentence"
    assert "  unit: sentence\n" in Path("config.yaml").read_text("utf-8")


def test_labels_that_yaml_would_misread_stay_labels() -> None:
    Path("x.jsonl").write_text('{"text": "好", "label": "no"}\n{"text": "坏", "label": "1"}\n', "utf-8")
    assert written("--train", "x.jsonl").task.labels == ("1", "no")


def test_a_config_that_is_there_is_not_replaced(capsys: pytest.CaptureFixture[str]) -> None:
    Path("mine.txt").write_text(NER, "utf-8")
    Path("config.yaml").write_text("mine", "utf-8")
    assert main(["init", "--train", "mine.txt"]) == 2
    assert "--force" in capsys.readouterr().err
    assert Path("config.yaml").read_text("utf-8") == "mine"
    assert main(["init", "--train", "mine.txt", "--force"]) == 0


def test_a_label_that_only_dev_has_is_refused_where_it_stands(capsys: pytest.CaptureFixture[str]) -> None:
    Path("mine.txt").write_text(NER, "utf-8")
    Path("dev.txt").write_text("北\tB-GPE\n京\tI-GPE\n", "utf-8")
    assert main(["init", "--train", "mine.txt", "--dev", "dev.txt"]) == 2
    error = capsys.readouterr().err
    assert "dev.txt:1" in error and "GPE" in error


def test_a_task_that_does_not_fit_the_annotations_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    Path("mine.txt").write_text(NER, "utf-8")
    assert main(["init", "--train", "mine.txt", "--task", "classification"]) == 2
    assert "classification:" in capsys.readouterr().err
    assert not Path("config.yaml").exists()


def test_bad_records_are_listed_as_path_and_line(capsys: pytest.CaptureFixture[str]) -> None:
    Path("mine.txt").write_text(NER + "坏\tI-PER\n", "utf-8")
    assert main(["init", "--train", "mine.txt"]) == 2
    assert "mine.txt:" in capsys.readouterr().err


def test_it_starts_from_the_encoder_of_the_package_unless_told_otherwise() -> None:
    Path("mine.txt").write_text(NER * 5, "utf-8")
    starter = written("--train", "mine.txt")
    scratch = written("--train", "mine.txt", "--pretrained", "none", "--force")
    large = written("--train", "mine.txt", "--pretrained", "starter-large", "--force")
    published = written("--train", "mine.txt", "--pretrained", "ernie-3.0-medium-zh", "--force")
    assert (starter.model.pretrained, starter.training.learning_rate) == ("starter", 2e-4)
    assert (large.model.pretrained, large.training.learning_rate) == ("starter-large", 1.5e-4)
    assert (scratch.model.pretrained, scratch.training.learning_rate) == (None, 1e-3)
    assert (published.model.pretrained, published.training.learning_rate) == ("ernie-3.0-medium-zh", 5e-5)


def test_the_starter_of_words_is_for_classification(capsys: pytest.CaptureFixture[str]) -> None:
    Path("x.jsonl").write_text('{"text": "好", "label": "1"}\n{"text": "坏", "label": "0"}\n', "utf-8")
    words = written("--train", "x.jsonl", "--pretrained", "starter-words")
    assert (words.model.pretrained, words.model.head) == ("starter-words", "sequence-mean")
    learning = words.training
    assert (learning.learning_rate, learning.epochs, learning.freeze) == (2e-4, 8, "embeddings")
    Path("mine.txt").write_text(NER * 5, "utf-8")
    refusal = "starter-words reads words as its tokens, in which borders of entities would be lost"
    assert main(["init", "--train", "mine.txt", "--pretrained", "starter-words", "--force"]) == 2
    assert refusal in capsys.readouterr().err.replace("\n", " ")
    written("--train", "mine.txt", "--force")
    with pytest.raises(InputError, match=f"model.pretrained: {refusal}"):
        load(Path("config.yaml"), ["model.pretrained=starter-words"])


NESTED = (
    '{"text": "在北京大学", "entities": [{"start": 1, "end": 5, "label": "ORG"},'
    ' {"start": 1, "end": 3, "label": "LOC"}]}\n'
)


def test_what_the_message_on_nested_entities_advises_leads_to_a_training(capsys: pytest.CaptureFixture[str]) -> None:
    Path("mine.jsonl").write_text("".join(NESTED.replace("在", word) for word in "在去来到从向"), "utf-8")
    assert main(["init", "--train", "mine.jsonl"]) == 2
    assert "--overlaps outermost or innermost keeps one of them" in capsys.readouterr().err
    mine = written("--train", "mine.jsonl", "--overlaps", "outermost")
    assert "warning: mine.jsonl: left out 6 of 12 entities, in 6 records" in capsys.readouterr().err
    assert mine.task.labels == ("ORG",)
    assert [entity.label for entity in read_corpus(mine).train[0].entities or ()] == ["ORG"]


def test_nested_entities_that_are_kept_are_learned_by_the_head_that_takes_them() -> None:
    Path("mine.jsonl").write_text("".join(NESTED.replace("在", word) for word in "在去来到从向"), "utf-8")
    mine = written("--train", "mine.jsonl", "--overlaps", "allow")
    assert (mine.task.type, mine.model.head) == ("ner", "span")
    assert {len(example.entities or ()) for example in read_corpus(mine).train} == {2}


@pytest.mark.parametrize("option", ["--train", "--dev", "--test"])
def test_a_pipe_that_a_config_cannot_name_is_refused(capsys: pytest.CaptureFixture[str], option: str) -> None:
    Path("mine.txt").write_text(NER, "utf-8")
    files = {"--train": "mine.txt", option: "-"}
    assert main(["init", *[part for pair in files.items() for part in pair]]) == 2
    assert "-: a pipe is read once, and a config names its files: save it to one" in capsys.readouterr().err


def test_it_estimates_memory_and_time_for_this_cpu_and_usual_cards(capsys: pytest.CaptureFixture[str]) -> None:
    Path("mine.txt").write_text(NER * 5, "utf-8")
    written("--train", "mine.txt", "--devices", "0,1")
    told = capsys.readouterr().err
    assert "this CPU" in told
    assert all(f"2 × NVIDIA {card}" in told for card in ("T4", "A10", "A100"))


def test_an_encoder_of_unknown_size_gets_no_estimate(capsys: pytest.CaptureFixture[str]) -> None:
    Path("mine.txt").write_text(NER * 5, "utf-8")
    written("--train", "mine.txt", "--pretrained", "somebody/something")
    assert "NVIDIA" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("train", "name"), [("a/mine.jsonl", "mine"), ("mine.jsonl.gz", "mine"), ("parts/*.jsonl", "model")]
)
def test_the_folder_of_the_run_is_called_as_the_file(train: str, name: str) -> None:
    assert _stem(Path(train)) == name
