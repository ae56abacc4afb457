"""Find out who calls and why, and keep what came of it."""

from __future__ import annotations

from dataclasses import dataclass

from callcenter.floor.card import AnswerMark, Cause, Features, Profile, Reason, Scored, Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Identify:
    """Find out who is calling. ``person`` is set when the agent chose one."""

    call: str
    number: str | None
    name: str | None
    dialled: str | None = None
    person: str | None = None
    chosen: bool = False
    """The agent chose ``person`` (``None`` then means: none of the candidates)."""
    asked_back: bool = False
    """It is ``person`` who asked for this callback."""
    ask: int = 0
    """Counts the call's questions of this kind; comes back with the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Predict:
    """Find out why. ``context``, ``features`` and ``causes`` are what the identification said the
    prediction may use; ``words`` what the customer said since."""

    call: str
    queue: str | None
    context: tuple[str, ...]
    features: Features = ()
    causes: tuple[Cause, ...] = ()
    words: tuple[Words, ...] = ()
    ask: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FindAnswers:
    """Find what to answer to the likely reasons."""

    call: str
    reasons: tuple[Reason, ...]
    profile: Profile | None
    words: tuple[Words, ...] = ()
    marks: tuple[tuple[str, AnswerMark], ...] = ()
    """What the agent said of answers shown before: a ``wrong`` one does not come again."""
    ask: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordOutcome:
    """Store what the agent noted; may come before or after ``RecordCall`` of the same call."""

    at: float
    call: str
    agent: str
    person: str | None
    reason: str
    outcome: str
    notes: str
    queue: str | None
    context: tuple[str, ...]
    features: Features = ()
    words: tuple[Words, ...] = ()
    """With ``context`` and ``features``: what the reason is learned from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPrediction:
    """Store what was predicted for a call, from what, and what the agent was shown and did.

    One row for each prediction (call and ``ask``), stored again with a higher ``version`` as it
    becomes fuller; an older version never wins. The reason as handled is the outcome's.
    """

    call: str
    ask: int
    version: int
    at: float
    """When it was predicted."""
    person: str | None
    tier: str | None
    language: str | None
    """Tier and language only to watch whether groups fare alike; ``None``: not known."""
    queue: str | None
    context: tuple[str, ...]
    features: Features
    words: tuple[Words, ...]
    model: str
    reasons: tuple[Reason, ...]
    not_ours: bool
    challengers: tuple[Scored, ...]
    answers: tuple[str, ...] = ()
    """Ids, as suggested."""
    agent: str | None = None
    """Whose screen showed it first."""
    seen: float | None = None
    """Since when."""
    marks: tuple[tuple[str, AnswerMark], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordMark:
    """Store what became of a suggested answer, or what was missing. Whoever marked it waits."""

    at: float
    call: str
    agent: str
    answer: str | None
    mark: AnswerMark
    text: str
    reason: str | None
    """The likeliest reason at that moment."""
    words: tuple[Words, ...]
