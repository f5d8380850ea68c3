from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tokenizers
from hypothesis import given
from hypothesis import strategies as st

from paddle_ner.errors import BundleError, InputError
from paddle_ner.features.tokenizer import SPECIAL_TOKENS, Tokenizer

HARD = [
    "今天北京天气很好。",
    "2026年11月21日12:30",
    "iPhone 15 Pro Max，256GB",
    "ＡＢＣ１２３（全角）",
    "😀👨‍👩‍👧🇨🇳",
    "𠮷野家と𪚥",
    "零宽\u200b字\u200d符\ufeff",
    "控制\u0000字\u0007符\u001b",
    "繁體中文與簡體",
    "İstanbul ẞ ﬁ Å é e\u0301",
    "①②③ ½ ㎏ № ™ €100 ￥200",
    "a\tb\nc\r\nd　e",
    "¥§¶†‡•…‰",
    "〇二〇二〇",
    "x²+y²=z² µm Øre",
    "don't—well…“quoted”",
    "unaffable antidisestablishmentarianism " + "a" * 120,
    "العربية עברית हिन्दी",
    "한국어 ひらがな カタカナ",
    "·~!@#$%^&*()_+-=[]{}|;':\",./<>?",
    "",
    "   ",
]


def wordpieces() -> list[str]:
    """Every character of the hard strings, alone and inside a word, and a few longer pieces."""
    characters = sorted({c for text in HARD for c in text.lower() if not c.isspace() and c.isprintable()})
    longer = ["2026", "##26", "iphone", "15", "pro", "max", "256", "##gb", "un", "##aff", "##able", "100", "200"]
    return [*SPECIAL_TOKENS, *characters, *(f"##{c}" for c in characters), *longer]


@pytest.fixture(scope="module")
def ernie(tmp_path_factory: pytest.TempPathFactory) -> Any:
    from paddlenlp.transformers import ErnieTokenizer

    path = tmp_path_factory.mktemp("vocabulary") / "vocab.txt"
    path.write_text("\n".join(wordpieces()) + "\n", encoding="utf-8")
    return ErnieTokenizer(str(path))


@pytest.mark.parametrize("text", HARD)
def test_wordpiece_gives_the_ids_of_paddlenlp(ernie: Any, text: str) -> None:
    ours = Tokenizer.wordpiece(wordpieces()).encode(text).ids.tolist()
    assert ours == ernie(text, add_special_tokens=False)["input_ids"]


@pytest.mark.parametrize("text", ["[CLS]北京[SEP]", "[PAD][PAD]", "[MASK]"])
def test_markup_in_a_text_is_text(text: str) -> None:
    tokenizer = Tokenizer.wordpiece(wordpieces())
    special = {tokenizer.pad_id, tokenizer.cls_id, tokenizer.sep_id, wordpieces().index("[MASK]")}
    assert not special & set(tokenizer.encode(text).ids.tolist())


@given(st.text(max_size=80))
def test_characters_cover_every_code_point_in_order(text: str) -> None:
    offsets = Tokenizer.characters([text, "北京"]).encode(text).offsets
    assert {point for start, end in offsets for point in range(start, end)} == set(range(len(text)))
    assert offsets.tolist() == sorted(offsets.tolist())


@pytest.mark.parametrize("make", [lambda: Tokenizer.wordpiece(wordpieces()), lambda: Tokenizer.unigram(SCORES)])
@given(text=st.text(max_size=80))
def test_offsets_lie_in_the_text_in_order(make: Callable[[], Tokenizer], text: str) -> None:
    offsets = make().encode(text).offsets.tolist()
    assert all(0 <= start <= end <= len(text) for start, end in offsets)
    assert [start for start, _ in offsets] == sorted(start for start, _ in offsets)


def test_a_lone_surrogate_is_unknown_and_keeps_the_offsets_behind_it() -> None:
    tokens = Tokenizer.characters(["北京"]).encode("\ud800北京")
    assert tokens.offsets.tolist() == [[0, 1], [1, 2], [2, 3]]


def test_rare_characters_are_unknown() -> None:
    tokenizer = Tokenizer.characters(["北北京"], min_frequency=2)
    assert tokenizer.encode("北京").ids.tolist()[1] == tokenizer.unk_id


def test_saved_and_loaded_it_gives_the_same_ids(tmp_path: Path) -> None:
    tokenizer = Tokenizer.characters(HARD)
    tokenizer.save(tmp_path / "tokenizer.json")
    loaded = Tokenizer.load(tmp_path / "tokenizer.json")
    assert [loaded.encode(text).ids.tolist() for text in HARD] == [tokenizer.encode(text).ids.tolist() for text in HARD]


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "tokenizer.json"
    path.write_text("{")
    with pytest.raises(BundleError, match=r"tokenizer\.json"):
        Tokenizer.load(path)


def test_a_vocabulary_without_special_tokens_is_refused() -> None:
    with pytest.raises(InputError, match=r"\[CLS\]"):
        Tokenizer.wordpiece(["[UNK]", "[PAD]", "[SEP]", "a"])


MIXED = st.lists(
    st.one_of(st.sampled_from([*wordpieces(), "北京", "\u0301", "\u200d", "a", "1", " "]), st.text(max_size=4))
)


@pytest.mark.parametrize("lowercase", [True, False])
@given(st.data())
def test_characters_that_are_looked_up_get_what_the_backend_gives_them(lowercase: bool, data: st.DataObject) -> None:
    text = "".join(data.draw(MIXED))
    for tokenizer in (
        Tokenizer.wordpiece(wordpieces(), lowercase),
        Tokenizer.characters(["".join(wordpieces()), "北京 a1\u0301"], lowercase=lowercase),
    ):
        quick, whole = tokenizer.encode(text), tokenizer._encode_whole(text)
        assert quick.ids.tolist() == whole.ids.tolist()
        assert quick.offsets.tolist() == whole.offsets.tolist()


def test_han_characters_and_their_punctuation_are_looked_up_and_words_are_not() -> None:
    alone = Tokenizer.wordpiece(wordpieces())._alone
    assert "北" in alone and "，" in alone
    assert not {"a", "1", " "} & set(alone)


@pytest.fixture(scope="module")
def sentencepiece() -> tuple[Any, Tokenizer]:
    """A small model of SentencePiece, normalizing as multilingual-e5 does, and our tokenizer of its pieces."""
    import sentencepiece

    written = io.BytesIO()
    texts = [text.replace("\n", " ") for text in HARD] * 2 + ["北京大学的同学在北京，大学在北京"] * 20
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(texts),
        model_writer=written,
        model_type="unigram",
        normalization_rule_name="nmt_nfkc",
        vocab_size=200,
        hard_vocab_limit=False,
        character_coverage=0.98,
        minloglevel=2,
    )
    model = sentencepiece.SentencePieceProcessor(model_proto=written.getvalue())
    scores = {model.id_to_piece(number): model.get_score(number) for number in range(3, model.vocab_size())}
    return model, Tokenizer.unigram(scores)


# SentencePiece keeps zero width joiners since 0.2.1; multilingual-e5 is older and has spaces there.
WITHOUT_JOINERS = [text for text in HARD if "\u200d" not in text]


@pytest.mark.parametrize("text", [*WITHOUT_JOINERS, "ａ～b~", "北京\ufffd\u2581 大学\u3000 "])
def test_unigram_cuts_as_sentencepiece(sentencepiece: tuple[Any, Tokenizer], text: str) -> None:
    model, ours = sentencepiece
    tokens = {number: token for token, number in ours.vocabulary.items()}
    theirs = [piece.replace("<unk>", "[UNK]") for piece in map(model.id_to_piece, model.encode(text))]
    assert [tokens[number] for number in ours.encode(text).ids.tolist()] == theirs


SCORES: dict[str, float] = {
    "▁": -3,
    "▁北": -3,
    "北": -5,
    "京": -5,
    "北京": -6,
    "a": -4,
    "bc": -5,
    "▁a": -4,
    "1": -4,
    "株": -4,
    "(": -4,
}
SCORES |= {")": -4, "😀": -6, "[": -4, "]": -4, "S": -4, "E": -4, "P": -4, "fi": -4}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("北京ａｂｃ", [("▁北", "北"), ("京", "京"), ("a", "ａ"), ("bc", "ｂｃ")]),
        ("1北京", [("▁", "1"), ("1", "1"), ("北京", "北京")]),
        ("a\u3000 a\n北京 ", [("▁a", "a"), ("▁a", " a"), ("▁北", "\n北"), ("京", "京")]),
        ("a😀1𠮷𠮷1", [("▁a", "a"), ("😀", "😀"), ("1", "1"), ("[UNK]", "𠮷𠮷"), ("1", "1")]),
        ("a㈱ﬁ1", [("▁a", "a"), ("(", "㈱"), ("株", "㈱"), (")", "㈱"), ("fi", "ﬁ"), ("1", "1")]),
        ("a\u0007\u200b北", [("▁a", "a"), ("▁北", "\u200b北")]),
        ("a[SEP]", [("▁a", "a"), ("[", "["), ("S", "S"), ("E", "E"), ("P", "P"), ("]", "]")]),
        ("a［ＳＥＰ］", [("▁a", "a"), ("[", "［"), ("S", "Ｓ"), ("E", "Ｅ"), ("P", "Ｐ"), ("]", "］")]),
        ("a\ud800北京", [("▁a", "a"), ("▁北", "\ud800北"), ("京", "京")]),
        (" \n", []),
        ("", []),
    ],
)
def test_pieces_say_where_they_stand_in_the_original_text(text: str, expected: list[tuple[str, str]]) -> None:
    tokenizer = Tokenizer.unigram(SCORES)
    assert tokenizer.is_unigram
    tokens = {number: token for token, number in tokenizer.vocabulary.items()}
    encoded = tokenizer.encode(text)
    surfaces = [text[start:end] for start, end in encoded.offsets.tolist()]
    assert list(zip([tokens[number] for number in encoded.ids.tolist()], surfaces, strict=True)) == expected


def test_the_special_tokens_of_unigram_have_the_first_ids_and_no_text_has_them(tmp_path: Path) -> None:
    tokenizer = Tokenizer.unigram({piece: score / 7 for piece, score in SCORES.items()})
    assert [tokenizer.vocabulary[token] for token in SPECIAL_TOKENS] == [0, 1, 2, 3, 4]
    tokenizer.save(tmp_path / "tokenizer.json")
    loaded = Tokenizer.load(tmp_path / "tokenizer.json")
    assert loaded == tokenizer
    ids = loaded.encode(" ".join(SPECIAL_TOKENS) + "".join(SPECIAL_TOKENS)).ids
    assert not {0, 2, 3, 4} & set(ids.tolist())


def test_pieces_that_are_left_cut_a_text_as_before() -> None:
    whole = Tokenizer.unigram(SCORES)
    ids = whole.encode("北京a[SEP]").ids
    left = whole.reduced(ids.tolist())
    assert left.vocabulary_size == len(SPECIAL_TOKENS) + len(set(ids.tolist()))
    assert left.former_ids(whole)[left.encode("北京a[SEP]").ids].tolist() == ids.tolist()
    assert left.encode("㈱").ids.tolist() == [left.unk_id]


def test_a_tokenizer_that_may_merge_neighbours_looks_nothing_up() -> None:
    vocabulary = [*SPECIAL_TOKENS, "上", "海", "上海"]
    added = Tokenizer.wordpiece(vocabulary[:-1])
    added._backend.add_tokens(["上海"])
    pieces = [(token, 0.0 if token == "上海" else -5.0) for token in vocabulary]
    unigram = Tokenizer(tokenizers.Tokenizer(tokenizers.models.Unigram(pieces, unk_id=1)))
    for tokenizer in (added, unigram):
        assert len(tokenizer.encode("上海").ids) == 1
        assert tokenizer.encode("上海").ids.tolist() == tokenizer._encode_whole("上海").ids.tolist()
