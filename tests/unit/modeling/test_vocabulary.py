from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import tokenizers

from paddle_ner.errors import BundleError, InputError
from paddle_ner.features.tokenizer import Tokenizer
from paddle_ner.modeling import tokenizer_of, vocabulary_of

TOKENS = ("[PAD]", "[CLS]", "[SEP]", "[UNK]", "中", "\u2028", "##国")


def test_lines_are_tokens_in_the_order_of_their_ids(tmp_path: Path) -> None:
    (tmp_path / "vocab.txt").write_text("\n".join(TOKENS) + "\n", "utf-8")
    assert vocabulary_of(tmp_path).tokens == TOKENS


def test_lines_may_carry_their_id(tmp_path: Path) -> None:
    lines = [f"{token}\t{number}" for number, token in enumerate(TOKENS)]
    (tmp_path / "vocab.txt").write_text("\n".join(reversed(lines)) + "\n", "utf-8")
    assert vocabulary_of(tmp_path).tokens == TOKENS


def test_ids_with_a_gap_are_refused(tmp_path: Path) -> None:
    (tmp_path / "vocab.txt").write_text("[PAD]\t0\n中\t2\n", "utf-8")
    with pytest.raises(InputError, match=r"vocab\.txt: the ids of its 2 tokens are not 0 to 1"):
        vocabulary_of(tmp_path)


def test_a_tokenizer_json_will_do(tmp_path: Path) -> None:
    vocab = {token: number for number, token in reversed(list(enumerate(TOKENS)))}
    record = {"normalizer": {"lowercase": False}, "model": {"type": "WordPiece", "vocab": vocab}}
    (tmp_path / "tokenizer.json").write_text(json.dumps(record), "utf-8")
    assert vocabulary_of(tmp_path).tokens == TOKENS
    assert vocabulary_of(tmp_path).lowercase is False


def test_lower_case_is_what_the_folder_says_and_else_what_bert_and_ernie_do(tmp_path: Path) -> None:
    (tmp_path / "vocab.txt").write_text("\n".join(TOKENS), "utf-8")
    assert vocabulary_of(tmp_path).lowercase is True
    (tmp_path / "tokenizer_config.json").write_text('{"do_lower_case": false}')
    assert vocabulary_of(tmp_path).lowercase is False


def test_a_folder_without_a_vocabulary_says_what_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no vocabulary; looked for vocab\.txt and tokenizer\.json"):
        vocabulary_of(tmp_path)


def test_a_vocabulary_of_another_kind_is_refused(tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_text(json.dumps({"model": {"type": "BPE", "vocab": {"a": 0}}}))
    for read in (vocabulary_of, tokenizer_of):
        with pytest.raises(InputError, match="its model is BPE, expected WordPiece"):
            read(tmp_path)


def test_a_folder_makes_its_tokenizer(tmp_path: Path) -> None:
    (tmp_path / "vocab.txt").write_text("\n".join((*TOKENS, "Ａ")), "utf-8")
    (tmp_path / "tokenizer_config.json").write_text('{"do_lower_case": false}')
    assert tokenizer_of(tmp_path).encode("中国Ａ").ids.tolist() == [4, 3, 7]
    pieces = Tokenizer.unigram({"\u2581": -2.0, "中国": -3.0, "中": -4.0})
    (tmp_path / "vocab.txt").unlink()
    pieces.save(tmp_path / "tokenizer.json")
    assert tokenizer_of(tmp_path) == pieces
    pieces._backend.model = tokenizers.models.Unigram([("中", 0.0)], unk_id=0)
    pieces.save(tmp_path / "tokenizer.json")
    with pytest.raises(BundleError, match=r"tokenizer\.json: .* lacks \[PAD\], \[UNK\], \[CLS\], \[SEP\]"):
        tokenizer_of(tmp_path)


def test_a_folder_is_read_without_a_framework(tmp_path: Path) -> None:
    (tmp_path / "vocab.txt").write_text("\n".join(TOKENS), "utf-8")
    code = (
        "import sys; from paddle_ner.modeling import vocabulary_of; vocabulary_of(sys.argv[1]);"
        "sys.exit('paddle' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False).returncode == 0
