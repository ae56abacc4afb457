"""Wishes towards the outside: imperative, frozen. Dispatch carries them out.

What comes of an order returns as an event; an order that fails returns as ``OrderFailed``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias, get_args

from .card import AgentView, Card, Profile, QueueView, Reason
from .events import CallEnd, Direction


@dataclass(frozen=True, slots=True, kw_only=True)
class Identify:
    """Find out who is calling. ``person`` is set when the agent chose one."""

    call: str
    number: str | None
    name: str | None
    person: str | None = None
    chosen: bool = False
    """The agent chose ``person`` (``None`` then means: none of the candidates)."""
    ask: int = 0
    """Counts the call's questions of this kind; comes back with the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Predict:
    """Find out why. ``context`` is what the identification said the prediction may use."""

    call: str
    queue: str | None
    context: tuple[str, ...]
    ask: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FindAnswers:
    """Find what to answer to the likely reasons."""

    call: str
    reasons: tuple[Reason, ...]
    profile: Profile | None
    ask: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowCard:
    agent: str
    card: Card


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseCard:
    agent: str
    call: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowAgent:
    """An agent's own screen and every supervisor's see this."""

    view: AgentView
    gone: bool = False
    """The agent signed out; screens drop the row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowQueue:
    view: QueueView


@dataclass(frozen=True, slots=True, kw_only=True)
class SetPaused:
    """Pause or unpause a device in all queues of the exchange."""

    device: str
    paused: bool
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordCall:
    """Store what happened in a call that ended. Carried out once; repeating it is harmless."""

    call: str
    direction: Direction
    number: str | None
    caller_name: str | None
    dialled: str | None
    person: str | None
    queue: str | None
    agent: str | None
    """Who talked, last."""
    arrived: float
    answered: float | None
    ended: float
    wait: float
    talk: float
    why: CallEnd
    predicted: tuple[Reason, ...]
    model: str | None
    context: tuple[str, ...]


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


@dataclass(frozen=True, slots=True, kw_only=True)
class AskSnapshot:
    """What the exchange says and what we believe disagree too often: look at it whole again."""

    why: str


Order: TypeAlias = (
    Identify
    | Predict
    | FindAnswers
    | ShowCard
    | CloseCard
    | ShowAgent
    | ShowQueue
    | SetPaused
    | RecordCall
    | RecordOutcome
    | AskSnapshot
)

ORDERS: tuple[type[Order], ...] = get_args(Order)
