from __future__ import annotations

import numpy as np
import pytest

from paddle_ner.config import MaskingConfig
from paddle_ner.errors import InputError
from paddle_ner.features.tokenizer import SPECIAL_TOKENS, Tokenizer
from paddle_ner.tasks.learning import IGNORED
from paddle_ner.training.masking import Masking
from paddle_ner.training.tokens import Window

TOKENIZER = Tokenizer.wordpiece([*SPECIAL_TOKENS, *map(chr, range(0x4E00, 0x4E00 + 500))])
MASK = TOKENIZER.vocabulary["[MASK]"]
LENGTH = 122


def window(number: int = 0, unit: int = 3) -> Window:
    """Tokens that are all different, in units of `unit`, with [CLS] and [SEP] and one [UNK]."""
    inner = np.arange(5, 5 + LENGTH - 2)
    inner[50] = TOKENIZER.unk_id
    starts = np.ones(LENGTH, dtype=np.bool_)
    starts[1:-1] = np.arange(LENGTH - 2) % unit == 0
    return Window(number, np.array([TOKENIZER.cls_id, *inner, TOKENIZER.sep_id]), starts)


def masking(share: float = 0.15, seed: int = 42) -> Masking:
    return Masking(MaskingConfig(share=share), TOKENIZER, seed)


def test_units_are_masked_as_a_whole_up_to_the_share() -> None:
    for number in range(20):
        one = window(number)
        ids, positions = masking().draw(one)
        assert len(positions) == 18  # 15 % of 119 tokens, in units of three
        assert set(positions) == {p for unit in positions[::3] for p in range(unit, unit + 3)}
        assert all(one.starts[positions[::3]])
        untouched = np.delete(np.arange(LENGTH), positions)
        assert (ids[untouched] == one.ids[untouched]).all()


def test_neither_special_tokens_nor_units_with_them_are_masked() -> None:
    hidden = {int(position) for n in range(200) for position in masking(share=0.5).draw(window(n))[1]}
    unknown = 1 + 50 // 3 * 3
    assert hidden == set(range(1, LENGTH - 1)) - set(range(unknown, unknown + 3))


def test_of_ten_units_eight_are_masked_one_is_replaced_and_one_kept() -> None:
    kinds = {"masked": 0, "kept": 0, "replaced": 0}
    others = set()
    for number in range(1500):
        one = window(number)
        ids, positions = masking().draw(one)
        for first in positions[::3]:
            shown, wanted = ids[first : first + 3], one.ids[first : first + 3]
            if (shown == MASK).all():
                kinds["masked"] += 1
            elif (shown == wanted).all():
                kinds["kept"] += 1
            else:
                assert MASK not in shown
                kinds["replaced"] += 1
                others |= set(shown.tolist())
    total = sum(kinds.values())
    assert total == 1500 * 6
    assert kinds["masked"] / total == pytest.approx(0.8, abs=0.02)
    assert kinds["replaced"] / total == pytest.approx(0.1, abs=0.02)
    assert kinds["kept"] / total == pytest.approx(0.1, abs=0.02)
    assert others <= set(range(5, TOKENIZER.vocabulary_size))
    assert len(others) > 450


def test_each_pass_has_masks_of_its_own_and_the_same_ones_again() -> None:
    first, again, other_seed = masking(), masking(), masking(seed=43)
    drawn = [first.draw(window(3))[1].tolist() for first.epoch in range(5)]
    assert len({tuple(positions) for positions in drawn}) == 5
    again.epoch = 3
    again.draw(window(7))
    assert again.draw(window(3))[1].tolist() == drawn[3]
    assert other_seed.draw(window(3))[1].tolist() != drawn[0]
    assert masking().draw(window(4))[1].tolist() != drawn[0]


def test_a_batch_has_what_is_shown_and_what_is_to_be_predicted() -> None:
    one = window(0)
    short = Window(1, one.ids[[0, 1, 2, 3, -1]], one.starts[[0, 1, 2, 3, -1]])
    batch = masking(share=0.9).collate([one, short])
    assert batch["input_ids"].shape == (2, LENGTH)
    assert (batch["input_ids"][1, 5:] == TOKENIZER.pad_id).all()
    assert batch["counts"].tolist() == [107 // 3 * 3, 3]
    assert (batch["labels"] != IGNORED).sum(axis=1).tolist() == batch["counts"].tolist()
    for row, wanted in enumerate((one, short)):
        count = batch["counts"][row]
        positions = batch["positions"][row, :count]
        assert (np.diff(positions) > 0).all()
        assert (batch["labels"][row, :count] == wanted.ids[positions]).all()


def test_a_window_without_a_unit_that_fits_has_nothing_to_predict() -> None:
    batch = masking().collate([Window(0, np.array([2, 5, 6, 7, 3]), np.array([True, True, False, False, True]))])
    assert batch["counts"].tolist() == [0]
    assert batch["labels"].tolist() == [[IGNORED]]


def test_a_vocabulary_without_a_mask_is_refused() -> None:
    tokenizer = Tokenizer.wordpiece(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "一"])
    with pytest.raises(InputError, match=r"no \[MASK\]"):
        Masking(MaskingConfig(), tokenizer, 1)
