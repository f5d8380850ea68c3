from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from paddle_ner.config import PretrainConfig, parse_as
from paddle_ner.errors import DataError, InputError, InterruptedRun
from paddle_ner.features.tokenizer import Tokenizer
from paddle_ner.training import tokens
from paddle_ner.training.tokens import Tokenized, Windows, parts, stream, tokenized

TEXTS = [f"第{number}句话说的是{chr(0x4E00 + number)}{chr(0x5E00 + number)}" for number in range(60)]
TOKENIZER = Tokenizer.characters(TEXTS)


def config(folder: Path, **values: Any) -> PretrainConfig:
    (folder / "a.txt").write_text("\n".join(TEXTS) + "\n", encoding="utf-8")
    record = {"name": "x", "data": {"root": str(folder), "train": "a.txt", "dev_fraction": 0.2, **values}}
    return parse_as(PretrainConfig, record, "config")


def read(folder: Path, output: str = "run", stop: Any = lambda: False) -> Tokenized:
    return tokenized(config(folder), TOKENIZER, "0123", folder / output, stop=stop, log=lambda _: None)


def rows(read: Tokenized) -> list[bytes]:
    return [read.file("train").read_bytes(), read.file("dev").read_bytes()]


def spelled(windows: Windows) -> str:
    """The texts of windows one behind the other, | for [SEP]."""
    names = {number: token for token, number in TOKENIZER.vocabulary.items()} | {TOKENIZER.sep_id: "|"}
    return "".join(names[int(number)] for window in windows for number in window.ids[1:-1])


def test_every_token_of_every_text_is_in_a_full_window(tmp_path: Path) -> None:
    found = read(tmp_path)
    windows = Windows(found.file("train"), 32, TOKENIZER)
    kept = [text for part, text in parts(config(tmp_path), print) if part == "train"]
    expected = "".join(f"{text}|" for text in kept)
    assert [len(window.ids) for window in windows] == [32] * -(-len(expected) // 30)
    whole = (len(windows) - 1) * 30
    assert spelled(windows)[:whole] == expected[:whole]
    assert spelled(windows)[whole:] == expected[-30:]
    assert (found.texts, found.characters) == (len(kept), sum(map(len, kept)))
    assert found.tokens == len(expected)
    assert all(window.ids[0] == TOKENIZER.cls_id and window.ids[-1] == TOKENIZER.sep_id for window in windows)


def test_windows_begin_and_end_with_a_unit(tmp_path: Path) -> None:
    windows = Windows(read(tmp_path).file("train"), 9, TOKENIZER)
    assert all(window.starts[[0, 1, -1]].all() for window in windows)
    assert not all(window.starts.all() for window in windows)


def test_a_text_shorter_than_a_window_is_a_short_window(tmp_path: Path) -> None:
    windows = Windows(read(tmp_path).file("train"), 10_000, TOKENIZER)
    assert len(windows) == 1
    assert 0 < len(windows[0].ids) < 10_000


def test_held_out_windows_are_spread_over_all(tmp_path: Path) -> None:
    file = read(tmp_path).file("train")
    every, some = Windows(file, 12, TOKENIZER), Windows(file, 12, TOKENIZER, limit=5)
    assert [window.number for window in some] == [round(i * (len(every) - 1) / 4) for i in range(5)]


def test_a_text_is_held_out_by_its_hash(tmp_path: Path) -> None:
    once = {text: part for part, text in parts(config(tmp_path), print)}
    (tmp_path / "b.txt").write_text("\n".join(reversed(TEXTS * 2)), encoding="utf-8")
    more = config(tmp_path).model_copy(update={"data": config(tmp_path, train=["a.txt", "b.txt"]).data})
    again = list(parts(more, print))
    assert len(again) == 3 * len(TEXTS)
    assert {once[text] for text in TEXTS} == {"train", "dev"}
    assert all(once[text] == part for part, text in again)


def test_held_out_files_leave_train_whole(tmp_path: Path) -> None:
    (tmp_path / "dev.txt").write_text("别的话\n", encoding="utf-8")
    found = list(parts(config(tmp_path, dev="dev.txt"), print))
    assert found == [*(("train", text) for text in TEXTS), ("dev", "别的话")]


def test_texts_come_from_files_of_all_kinds(tmp_path: Path) -> None:
    with gzip.open(tmp_path / "part-1.txt.gz", "wt", encoding="utf-8") as file:
        file.write("一\n\n 二 \n")
    (tmp_path / "part-2.txt").write_text("三\n", encoding="utf-8")
    records = "".join(json.dumps({"body": text, "title": "x"}) + "\n" for text in ("四", ""))
    (tmp_path / "more.jsonl").write_text(records, encoding="utf-8")
    train = ["part-*", {"path": "more.jsonl", "options": {"text_field": "body"}}]
    asked = config(tmp_path, train=train)
    assert list(stream(asked, asked.data.train, print)) == ["一", "二", "三", "四"]


def test_bad_records_are_told_or_left_out(tmp_path: Path) -> None:
    (tmp_path / "bad.jsonl").write_text('{"text": "一"}\n{"text": 2}\n{"text": "三"}\n', encoding="utf-8")
    asked = config(tmp_path, train="bad.jsonl")
    with pytest.raises(DataError, match=r"bad\.jsonl:2"):
        list(stream(asked, asked.data.train, print))
    told: list[str] = []
    asked = config(tmp_path, train="bad.jsonl", skip_bad=True)
    assert list(stream(asked, asked.data.train, told.append)) == ["一", "三"]
    assert "left out 1 bad record of 3" in told[-1]


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    asked = config(tmp_path, train="none.txt")
    with pytest.raises(InputError, match=r"none\.txt: No such file"):
        list(stream(asked, asked.data.train, print))


def test_two_processes_share_the_work_and_make_the_same_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "BLOCK", 60)
    alone = read(tmp_path)
    monkeypatch.setenv("PADDLE_LOCAL_SIZE", "2")
    monkeypatch.setenv("PADDLE_LOCAL_RANK", "1")
    folder = tmp_path / "two" / "tokens" / "0123"

    def stop() -> bool:  # once it waits for the other one
        return len(list(folder.glob("block-*"))) == count

    count = len(list(tokens._blocks(parts(config(tmp_path), print)))) // 2
    with pytest.raises(InterruptedRun):
        read(tmp_path, "two", stop)
    assert sorted(path.name for path in folder.iterdir()) == [f"block-{2 * i + 1:06}.tokens" for i in range(count)]
    monkeypatch.setenv("PADDLE_LOCAL_RANK", "0")
    together = read(tmp_path, "two")
    assert rows(together) == rows(alone)
    assert sorted(path.name for path in folder.iterdir()) == ["dev.tokens", "index.json", "train.tokens"]


def test_an_interrupted_start_keeps_what_it_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "BLOCK", 60)
    alone = read(tmp_path, "alone")
    with pytest.raises(InterruptedRun, match="--resume"):
        read(tmp_path, stop=lambda: True)
    (block,) = (tmp_path / "run" / "tokens" / "0123").iterdir()
    made = block.stat().st_mtime_ns, block.stat().st_ino
    seen = []

    def stop() -> bool:
        seen.append((block.stat().st_mtime_ns, block.stat().st_ino))
        return False

    assert rows(read(tmp_path, stop=stop)) == rows(alone)
    assert set(seen) == {made}


def test_rows_are_made_once(tmp_path: Path) -> None:
    before = rows(read(tmp_path))
    (tmp_path / "a.txt").unlink()
    asked = PretrainConfig.model_validate(
        {"name": "x", "data": {"root": str(tmp_path), "train": "a.txt", "dev_fraction": 0.2}}
    )
    again = tokenized(asked, TOKENIZER, "0123", tmp_path / "run", stop=lambda: False, log=print)
    assert rows(again) == before
    assert np.memmap(again.file("dev"), dtype=np.uint32).size == again.held_out
