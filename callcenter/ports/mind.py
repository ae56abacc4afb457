"""The mind: who calls, why, what to answer, and what it learns from."""

from __future__ import annotations

from collections.abc import Awaitable, Iterator
from dataclasses import dataclass
from typing import Protocol

from callcenter.floor.card import Answer, AnswerMark, Features, Reason, Scored, Words
from callcenter.floor.events import CallerIdentified
from callcenter.floor.orders import FindAnswers, Identify, Predict, RecordMark, RecordOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class KnowledgeEdit:
    """A knowledge entry as edited on the screen: it stands instead of the file's of the same id."""

    id: str
    version: int
    at: float
    by: str
    entry: str
    """TOML of one entry, as in ``config/knowledge`` (docs/knowledge.md)."""
    retired: bool = False
    """No longer suggested."""


class Knowledge(Protocol):
    """Edited entries, the words that led to answers, and what was missing."""

    async def edits(self) -> tuple[KnowledgeEdit, ...]:
        """The latest of each entry."""

    async def edit(self, edit: KnowledgeEdit) -> bool:
        """Store version n of an entry; ``False`` when there is a version n already."""

    async def marks(self, since: float, until: float) -> tuple[RecordMark, ...]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """Likely reasons, most likely first (empty: not known), and the name of the model."""

    reasons: tuple[Reason, ...]
    model: str
    not_ours: bool = False
    challengers: tuple[Scored, ...] = ()
    late: Awaitable[Prediction] | None = None
    """Time was up: the better one that is still being worked on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """One prediction and what came of it: what models are trained and judged on."""

    call: str
    at: float
    person: str | None
    tier: str | None
    language: str | None
    queue: str | None
    context: tuple[str, ...]
    features: Features
    words: tuple[Words, ...]
    reason: str
    """As the agent confirmed it last."""
    outcome: str
    notes: str
    model: str | None
    """Whose ``shown`` is; ``None``: nothing was predicted (older calls, imported ones)."""
    shown: tuple[tuple[str, float], ...]
    """The reasons the agent was shown, likeliest first."""
    challengers: tuple[Scored, ...]
    answers: tuple[str, ...] = ()
    marks: tuple[tuple[str, AnswerMark], ...] = ()


class Lessons(Protocol):
    """What was predicted and what came of it, as stored."""

    def lessons(self, since: float, until: float) -> Iterator[Lesson]:
        """Calls in [``since``, ``until``) whose reason was confirmed, oldest first; the last
        prediction of each. Reads in pieces; call it off the loop."""

    def confirmed_since(self, since: float) -> int:
        """How many outcomes were noted at or after ``since``."""


class Mind(Protocol):
    """Who, why, and what to say."""

    async def identify(self, order: Identify, at: float) -> CallerIdentified: ...

    async def predict(self, order: Predict, at: float) -> Prediction: ...

    async def answers(self, order: FindAnswers) -> tuple[Answer, ...]: ...

    def learn(self, order: RecordOutcome) -> None:
        """A reason was confirmed. Never waits."""

    def mark(self, order: RecordMark) -> None:
        """An answer was used, wrong or missing. Never waits."""
