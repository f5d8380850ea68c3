"""The sample that the quickstart trains on: sentences made from a small grammar and gazetteers, by a fixed seed.

Every name in dev and test is new: names of people, places and organizations are built from stems, and each stem belongs
to one split only, so a model scores by what surrounds a name and how it is built, not by having seen it. Surnames and
suffixes (市, 公司, 大学 …) are shared, as in reality. One sentence in eight of dev and test also has a shape that
no training sentence has.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import product
from pathlib import Path
from typing import Any

import yaml

from paddle_ner.types import Entity, Example

SIZES = {"train": 4000, "dev": 500, "test": 500}
LABELS = ("PER", "LOC", "ORG")

# How a list of stems is divided, and how often each kind of sentence occurs.
_CUTS = {"train": (0.0, 0.7), "dev": (0.7, 0.85), "test": (0.85, 1.0)}
_KINDS = {"news": 0.55, "chat": 0.25, "none": 0.2}
_HELD_OUT = 0.125
_SHOWN = "据报道，{ORG}总经理{PER}昨天在{LOC}会见了{PER}教授。"
_SLOT = re.compile(r"\{(\w+)\}")


def write_sample(folder: str | Path, seed: int = 13) -> dict[str, Path]:
    """Write ``train.jsonl``, ``dev.jsonl`` and ``test.jsonl`` (canonical JSON lines) into a folder, made if needed.

    Returns:
        The path of each split. The same seed gives the same bytes on every machine.
    """
    from paddle_ner.data import write

    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    paths = {}
    for split, examples in make_sample(seed).items():
        paths[split] = folder / f"{split}.jsonl"
        write(paths[split], examples)
    return paths


def make_sample(seed: int = 13) -> dict[str, list[Example]]:
    """The examples of each split, `SIZES` many, all texts distinct."""
    texts: set[str] = set()
    owners: dict[str, str] = {}
    sample: dict[str, list[Example]] = {}
    for split, size in SIZES.items():
        writer = _Writer(split, seed)
        sample[split] = []
        while len(sample[split]) < size:
            example = writer.sentence(f"{split}-{len(sample[split]) + 1}")
            # Stems are divided, but two can still make the same name: a town may have the name of a person.
            names = [entity.text for entity in example.entities or ()]
            if example.text not in texts and all(owners.get(name, split) == split for name in names):
                texts.add(example.text)
                owners.update(dict.fromkeys(names, split))
                sample[split].append(example)
    return sample


def unseen_sentence(seed: int = 13) -> Example:
    """A sentence to try a trained model on, with names of the test split and a shape that no split has."""
    return _Writer("test", seed).expand(_SHOWN)


@cache
def _grammar() -> Mapping[str, Any]:
    text = resources.files("paddle_ner.data").joinpath("sample_data/grammar.yaml").read_text("utf-8")
    grammar: Mapping[str, Any] = yaml.safe_load(text)
    return grammar


@dataclass(frozen=True, slots=True)
class _Stems:
    """The stems from which a split builds its names."""

    given: Sequence[str]
    foreign: Sequence[str]
    provinces: Sequence[str]
    cities: Sequence[str]
    world: Sequence[str]
    towns: Sequence[str]
    brands: Sequence[str]
    ministries: Sequence[str]

    @classmethod
    def of(cls, split: str, seed: int) -> _Stems:
        """Divide every gazetteer by the seed alone, so that each split gets the same division."""
        parts: Mapping[str, Sequence[str]] = _grammar()["shared"]
        gazetteers: Mapping[str, Sequence[str]] = _grammar()["split"]
        cut = random.Random(seed)
        start, end = _CUTS[split]

        def own(stems: Sequence[str]) -> list[str]:
            ordered = sorted(set(stems))
            cut.shuffle(ordered)
            return ordered[round(start * len(ordered)) : round(end * len(ordered))]

        def joined(first: str, second: str) -> list[str]:
            return ["".join(pair) for pair in product(parts[first], parts[second])]

        syllables = parts["transliteration"]
        foreign = [f"{a}{b}·{c}{d}" for a, b, c, d in (cut.sample(syllables, 4) for _ in range(300))]
        return cls(
            given=own([*parts["given"], *joined("given", "given")]),
            foreign=own(foreign),
            provinces=own(gazetteers["provinces"]),
            cities=own(gazetteers["cities"]),
            world=own(gazetteers["world"]),
            towns=own(joined("town_first", "town_second")),
            brands=own(joined("brand_first", "brand_second")),
            ministries=own(gazetteers["ministries"]),
        )


class _Writer:
    """Writes the sentences of one split."""

    def __init__(self, split: str, seed: int) -> None:
        self._rng = random.Random(f"{seed} {split}")
        self._parts: Mapping[str, Sequence[str]] = _grammar()["shared"]
        self._stems = _Stems.of(split, seed)
        self._held_out = 0.0 if split == "train" else _HELD_OUT
        self._makers: dict[str, Callable[[], str]] = {
            "PER": self._person,
            "LOC": self._place,
            "ORG": self._organization,
        }

    def sentence(self, id: str) -> Example:
        """A random sentence with its entities."""
        kind = self._rng.choices(list(_KINDS), list(_KINDS.values()))[0]
        if self._rng.random() < self._held_out:
            kind = "held_out"
        return self.expand(self._rng.choice(_grammar()["sentences"][kind]), id)

    def expand(self, template: str, id: str | None = None) -> Example:
        """Fill a template's slots; names become entities."""
        pieces: list[str] = []
        spans: list[tuple[int, int, str]] = []
        self._fill(template, pieces, spans)
        text = "".join(pieces)
        return Example(text, entities=tuple(Entity.of(text, *span) for span in spans), id=id)

    def _fill(self, template: str, pieces: list[str], spans: list[tuple[int, int, str]]) -> None:
        for index, part in enumerate(_SLOT.split(template)):
            if index % 2 == 0:
                pieces.append(part)
            elif part in self._makers:
                name, start = self._makers[part](), sum(map(len, pieces))
                pieces.append(name)
                spans.append((start, start + len(name), part))
            else:
                self._fill(self._rng.choice(_grammar()["fillers"][part]), pieces, spans)

    def _person(self) -> str:
        if self._rng.random() < 0.08:
            return self._rng.choice(self._stems.foreign)
        return self._rng.choice(self._parts["surnames"]) + self._rng.choice(self._stems.given)

    def _place(self) -> str:
        rng, stems, parts = self._rng, self._stems, self._parts
        town, kind = rng.choice(stems.towns), rng.random()
        if kind < 0.2:
            return rng.choice([*stems.cities, *stems.provinces, *stems.world])
        if kind < 0.3:
            return rng.choice([*(f"{name}市" for name in stems.cities), *(f"{name}省" for name in stems.provinces)])
        if kind < 0.5:
            return town
        if kind < 0.8:
            return town + rng.choice(parts["town_suffixes"])
        return town + rng.choice(parts["landmark_suffixes"] if kind < 0.9 else parts["street_suffixes"])

    def _organization(self) -> str:
        rng, stems, parts = self._rng, self._stems, self._parts
        town, brand, kind = rng.choice(stems.towns), rng.choice(stems.brands), rng.random()
        if kind < 0.35:
            place = town if rng.random() < 0.3 else ""
            return place + brand + rng.choice(parts["business"]) + rng.choice(parts["company_suffixes"])
        if kind < 0.45:
            return brand + rng.choice(parts["finance_suffixes"])
        if kind < 0.8:
            cities = [town, f"{town}市", rng.choice(stems.cities), rng.choice(stems.provinces) + "省"]
            return rng.choice(cities) + rng.choice(parts["institution_suffixes"])
        if kind < 0.88:
            return rng.choice(stems.world) + rng.choice(parts["foreign_institution_suffixes"])
        return rng.choice(stems.ministries) + rng.choice(parts["ministry_suffixes"])
