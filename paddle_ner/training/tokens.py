"""Texts as one row of tokens on the disk, read once, and the full windows into which it is cut.

The row of each part, to train on and held out, is in the run's folder: 4 bytes per token, mapped and not read into
memory. While it is written, the processes of a machine share the work: each tokenizes some of the blocks of about a
million characters. So a training needs the memory of a block, and of less than 100 bytes a window, however much text
there is; windows are shuffled over all of it; and a resumed run finds the row again.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from paddle_ner import data
from paddle_ner.config import FileConfig, PretrainConfig
from paddle_ner.data.reading import follow
from paddle_ner.data.unlabelled import unlabelled
from paddle_ner.errors import InterruptedRun
from paddle_ner.features.tokenizer import Tokenizer
from paddle_ner.features.windows import SPECIALS
from paddle_ner.files import shared_file
from paddle_ner.training import shared
from paddle_ner.training.state import TOKENS
from paddle_ner.training.units import Units

Part = Literal["train", "dev"]
Row = NDArray[np.uint32]

BLOCK = 1 << 20  # characters of text that are tokenized together
_START = 1 << 31  # the bit that says that a unit begins with this token
_INDEX = "index.json"
_STOPPED = "stopped while texts were tokenized; --resume goes on with those that are left"


@dataclass(frozen=True, slots=True)
class Window:
    """A full window of text: [CLS], tokens, [SEP].

    Attributes:
        number: the number of the window among all windows.
        ids: int64 of shape [length].
        starts: bool of shape [length]: whether each token begins a unit.
    """

    number: int
    ids: NDArray[np.int64]
    starts: NDArray[np.bool_]


class Windows(Sequence[Window]):
    """The windows over a row of tokens, one after the other. The last one is moved back, so that it is full too.

    Args:
        file: the file of the row.
        size: tokens a window, special tokens included.
        tokenizer: the tokenizer that made the row.
        limit: take this many windows, spread evenly; None takes all.
    """

    def __init__(self, file: Path, size: int, tokenizer: Tokenizer, limit: int | None = None) -> None:
        self._row = np.memmap(file, dtype=np.uint32, mode="r") if file.stat().st_size else np.empty(0, np.uint32)
        self._content = size - SPECIALS
        self._edges = np.array([tokenizer.cls_id, tokenizer.sep_id], dtype=np.int64)
        count = -(-len(self._row) // self._content)
        kept = count if limit is None else min(count, limit)
        self._places = range(count) if kept == count else np.linspace(0, count - 1, kept).round().astype(int).tolist()

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, index: int) -> Window:  # type: ignore[override]  # slices are not needed
        number = self._places[index]
        begin = min(number * self._content, max(0, len(self._row) - self._content))
        row = np.asarray(self._row[begin : begin + self._content])
        ids = np.concatenate((self._edges[:1], row & ~np.uint32(_START), self._edges[1:])).astype(np.int64)
        starts = np.concatenate(([True], row >= _START, [True]))
        starts[1:2] = True  # a unit that began in the previous window
        return Window(number, ids, starts)


@dataclass(frozen=True, slots=True)
class Tokenized:
    """The rows of a training.

    Attributes:
        folder: that holds them.
        texts, characters, tokens: of the part to train on; one more token follows each text.
        held_out: tokens of the other part.
    """

    folder: Path
    texts: int
    characters: int
    tokens: int
    held_out: int

    @property
    def fingerprint(self) -> str:
        """Changes with the texts, the vocabulary and the units."""
        return self.folder.name

    def file(self, part: Part) -> Path:
        """The file with the row of a part."""
        return self.folder / f"{part}.tokens"


def stream(config: PretrainConfig, files: Iterable[FileConfig], log: Callable[[str], None]) -> Iterator[str]:
    """The texts of some files, one after the other; empty ones are left out.

    Raises:
        InputError: a file is missing, or its format cannot be told.
        DataError: bad records, as ``path:line``, at the end of their file, unless the config leaves them out.
    """
    policy: data.Policy = "skip" if config.data.skip_bad else "report"
    for file in files:
        path = config.data.resolve(file.path)
        texts = unlabelled(path, file.format, options=file.options, log=log)
        for example in follow(path, texts, policy, log):
            if text := example.text.strip():
                yield text


def parts(config: PretrainConfig, log: Callable[[str], None]) -> Iterator[tuple[Part, str]]:
    """All texts of a config, each with the part that it belongs to. Raises as `stream`."""
    limit = 0 if config.data.dev else config.data.dev_fraction * 2**64
    for text in stream(config, config.data.train, log):
        digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
        yield "dev" if int.from_bytes(digest, "big") < limit else "train", text
    for text in stream(config, config.data.dev, log):
        yield "dev", text


def tokenized(
    config: PretrainConfig,
    tokenizer: Tokenizer,
    fingerprint: str,
    output: Path,
    *,
    stop: Callable[[], bool],
    log: Callable[[str], None],
) -> Tokenized:
    """Tokenize the texts of a config, unless an earlier start has done it.

    Args:
        config: the config of the training.
        tokenizer: the tokenizer of the model.
        fingerprint: the fingerprint of the texts, the tokenizer and the units, by which the files of an earlier start
            are recognised.
        output: the run's folder.
        stop: asked after each block whether to end.
        log: called with lines about the progress.

    Raises:
        InputError, DataError: the texts, the terms or the model of the config cannot be read.
        InterruptedRun: `stop` said so; the blocks that are written are kept.
    """
    folder = output / TOKENS / fingerprint
    folder.mkdir(parents=True, exist_ok=True)
    index = folder / _INDEX
    if not index.exists():
        rank, world = shared.place()
        encoder = _Encoder(tokenizer, Units.of(config))
        counts = {"texts": 0, "characters": 0}
        files: dict[Part, list[Path]] = {"train": [], "dev": []}
        progress = shared.Progress(log)
        for number, (part, texts) in enumerate(_blocks(parts(config, log))):
            file = folder / f"block-{number:06}.tokens"
            files[part].append(file)
            if part == "train":
                counts["texts"] += len(texts)
                counts["characters"] += sum(map(len, texts))
            if number % world == rank and not file.exists():
                with shared_file(file) as out:
                    encoder.rows(texts).tofile(out)
            if stop():
                raise InterruptedRun(_STOPPED)
            progress(f"tokenized {counts['texts']:,} texts, {counts['characters']:,} characters")
        if rank == 0:
            with suppress(_Joined):
                _join(folder, files, counts, stop)
    _wait(index, stop)
    record = json.loads(index.read_text(encoding="utf-8"))
    return Tokenized(folder, **record)


class _Joined(Exception):
    """Another machine that shares the disk has joined the blocks and removed them."""


class _Encoder:
    """Texts as a row: their tokens with the bit of their units, and [SEP] after each text."""

    def __init__(self, tokenizer: Tokenizer, units: Units) -> None:
        self._tokenizer, self._units = tokenizer, units
        self._end = np.array([tokenizer.sep_id | _START], dtype=np.uint32)

    def rows(self, texts: Sequence[str]) -> Row:
        """One row for all of them."""
        encoded = [self._tokenizer.encode(text) for text in texts]
        pieces: list[Row] = []
        for tokens, starts in zip(encoded, self._units.starts(texts, encoded), strict=True):
            pieces += [tokens.ids.astype(np.uint32) | np.where(starts, np.uint32(_START), np.uint32(0)), self._end]
        return np.concatenate(pieces)


def _blocks(texts: Iterable[tuple[Part, str]]) -> Iterator[tuple[Part, list[str]]]:
    """Texts of a part, in their order, of at least `BLOCK` characters but for the last ones."""
    waiting: dict[Part, list[str]] = {"train": [], "dev": []}
    sizes: dict[Part, int] = {"train": 0, "dev": 0}
    for part, text in texts:
        waiting[part].append(text)
        sizes[part] += len(text)
        if sizes[part] >= BLOCK:
            yield part, waiting[part]
            waiting[part], sizes[part] = [], 0
    yield from ((part, left) for part, left in waiting.items() if left)


def _join(folder: Path, files: dict[Part, list[Path]], counts: dict[str, int], stop: Callable[[], bool]) -> None:
    """Join the blocks of each part, when all processes have written theirs, and write the index.

    Raises _Joined if the index is there already.
    """
    tokens: dict[Part, int] = {}
    done = Tokenized(folder, 0, 0, 0, 0)
    for part, blocks in files.items():
        with shared_file(done.file(part)) as row:
            for block in blocks:
                _wait(block, stop, unless=folder / _INDEX)
                with block.open("rb") as source:
                    shutil.copyfileobj(source, row)
        tokens[part] = done.file(part).stat().st_size // 4
    done = Tokenized(folder, counts["texts"], counts["characters"], tokens["train"], tokens["dev"])
    record = {name: value for name, value in asdict(done).items() if name != "folder"}
    with shared_file(folder / _INDEX) as index:
        index.write(json.dumps(record).encode())
    for block in (block for blocks in files.values() for block in blocks):
        block.unlink(missing_ok=True)


def _wait(file: Path, stop: Callable[[], bool], unless: Path | None = None) -> None:
    def check() -> None:
        if stop():
            raise InterruptedRun(_STOPPED)
        if unless is not None and unless.exists():
            raise _Joined

    shared.wait_for(file, check)
