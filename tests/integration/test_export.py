"""What `export` takes beside a checkpoint, and what it leaves where it cannot write.

Tests `paddle_ner.cli.export` and `paddle_ner.export.export` too.
"""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from paddle_ner import bundle
from paddle_ner.cli import main
from paddle_ner.export import export
from paddle_ner.modeling import Checkpoint


def test_texts_may_be_plain(checkpoint: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "news").write_text("王小明昨天去了北京。\n今天下雨\n", encoding="utf-8")
    line = ["export", str(checkpoint), "-o", str(tmp_path / "b"), "--texts", str(tmp_path / "news"), "--no-tune"]
    assert main(line) == 0
    assert "on 8 texts" in capfd.readouterr().out


def test_a_signed_bundle_stays_signed_or_its_manifest_is_left_alone(checkpoint: Path, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("0123456789abcdef" * 4)
    key = bundle.read_key(tmp_path / "key")
    signed, dev = tmp_path / "signed", str(checkpoint.parent.parent / "dev.jsonl")
    assert main(["export", str(checkpoint), "-o", str(signed), "--no-tune", "--sign-key", str(tmp_path / "key")]) == 0
    before = bundle.verify(signed, key)
    assert main(["benchmark", str(signed), dev, "--tune"]) == 2
    assert bundle.verify(signed, key) == before
    assert main(["benchmark", str(signed), dev, "--tune", "--sign-key", str(tmp_path / "key")]) == 0
    assert bundle.verify(signed, key).tuning is not None


def test_an_opened_checkpoint_is_exported_as_its_folder_is(checkpoint: Path, tmp_path: Path) -> None:
    one, other = export(checkpoint, tmp_path / "one"), export(Checkpoint.open(checkpoint), tmp_path / "other")
    assert one.manifest.task == other.manifest.task and one.manifest.outputs == ["logits"]
    assert (one.bundle / "model.pdiparams").read_bytes() == (other.bundle / "model.pdiparams").read_bytes()


def test_a_full_disk_is_one_line_and_leaves_nothing(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def full(self: object, path: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr("paddle_ner.features.tokenizer.Tokenizer.save", full)
    assert main(["export", str(checkpoint), "-o", str(tmp_path / "b"), "--no-tune"]) == 2
    said = capfd.readouterr().err.strip().splitlines()[-1]
    assert said == f"error: {tmp_path / 'b'}: no space left on the disk: free some space, or name another output"
    assert not list(tmp_path.iterdir())
