"""What is under way: a request, its texts, and their windows."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from paddle_ner.features.windows import Encoded, Window
from paddle_ner.serving.logs import request_id
from paddle_ner.serving.model import Logits
from paddle_ner.types import Prediction

if TYPE_CHECKING:
    from opentelemetry.context import Context

Answer = Prediction | Exception


def cost(text: str) -> int:
    """What a text counts for before it is encoded: its characters, of which few are more than a token, and its ends."""
    return len(text) + 2


@dataclass(slots=True, eq=False)
class Request:
    """Texts that came together and are answered together, by one model.

    Attributes:
        texts: at least one.
        deadline: in `time.monotonic`.
        future: gets the answers in the order of the texts; it is done where nobody waits any more.
        owner: the batcher that works on it. Another takes it over as a whole; what the earlier still gives is ignored.
        client: who asks: all requests of a client share its turns.
        trace: the context for spans.
        min_score: the least scores of entities by type, below which they are left out of the answers.
        answers: by index of the text. Changed on the event loop only.
        started: whether an engine has taken any window of it.
        suspects: texts that were in an engine when that broke, by index; with the failure where a second one did.
        id: as the log names it.
    """

    texts: Sequence[str]
    deadline: float
    future: asyncio.Future[list[Answer]]
    owner: object
    client: str = ""
    trace: Context | None = None
    min_score: Mapping[str, float] | None = None
    answers: dict[int, Answer] = field(default_factory=dict)
    started: bool = False
    suspects: dict[int, Exception | None] = field(default_factory=dict)
    id: str = field(default_factory=request_id.get)

    def is_wanted(self, owner: object, now: float) -> bool:
        """Whether `owner` should go on with it. May be asked in any thread."""
        return self.owner is owner and now < self.deadline and not self.future.done()


@dataclass(slots=True, eq=False)
class Unencoded:
    """One text that waits for the tokenizer; `turn` is when it came."""

    request: Request
    index: int
    owner: object
    turn: float

    @property
    def client(self) -> str:
        """Whose it is."""
        return self.request.client

    @property
    def width(self) -> int:
        """What it costs."""
        return cost(self.request.texts[self.index])

    def is_wanted(self, now: float) -> bool:
        """Whether it should be encoded."""
        return self.request.is_wanted(self.owner, now)


@dataclass(slots=True, eq=False)
class Text:
    """One text under way.

    Attributes:
        logits: of its windows; they fill up as these are computed.
        missing: windows that are not computed yet.
        failed: it is answered already, with what it met.
    """

    request: Request
    index: int
    owner: object
    encoded: Encoded
    logits: list[Logits | None]
    missing: int
    failed: bool = False

    def is_wanted(self, now: float) -> bool:
        """Whether it should be computed."""
        return not self.failed and self.request.is_wanted(self.owner, now)

    @property
    def window_cost(self) -> float:
        """What each of its windows counts for, of what the text does."""
        return cost(self.request.texts[self.index]) / len(self.logits)

    @property
    def is_suspect(self) -> bool:
        """Whether it was in an engine that broke."""
        return self.index in self.request.suspects


@dataclass(slots=True, eq=False)
class QueuedWindow:
    """One window in the queue.

    Attributes:
        text: whose it is.
        position: among the windows of the text.
        window: what the engine gets.
        width: the tokens that it is padded to.
        since: when it was encoded.
        turn: orders the queue: `since`, and something later for the later windows of a long text.
    """

    text: Text
    position: int
    window: Window
    width: int
    since: float
    turn: float

    @property
    def client(self) -> str:
        """Whose it is."""
        return self.text.request.client

    @property
    def goes_alone(self) -> bool:
        """Whether it must not share a batch: it was in an engine that broke."""
        return self.text.is_suspect

    def is_wanted(self, now: float) -> bool:
        """Whether it should be computed."""
        return self.text.is_wanted(now)
