"""What a run of the floor is told about queues: who may take a call, when, and what else then.

Part of ``FloorOpened``, so the journal's rule holds: fields are added with a default and never
renamed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from .callback import CallbackRules

Distribution: TypeAlias = Literal["exchange", "engine"]
"""Who chooses the agent: the exchange's own app_queue (we observe), or the engine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepSettings:
    """From ``after`` seconds of waiting on, whoever satisfies ``want`` may take the call."""

    after: float
    want: str
    """An expression of ``callcenter.floor.skills``; empty: members of the queue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HoursSettings:
    """When a queue is open. Empty ``weekly``: always."""

    zone: str = "UTC"
    weekly: tuple[tuple[int, int, int], ...] = ()
    """(ISO weekday 1 to 7, first minute of the day, minute of the day it closes)."""
    holidays: tuple[str, ...] = ()
    """ISO dates on which it is closed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueSettings:
    """What the floor must know about a queue."""

    queue: str
    threshold: float = 20.0
    """Service-level threshold, seconds."""
    distribution: Distribution = "exchange"
    steps: tuple[StepSettings, ...] = ()
    """In order of ``after``; none: members of the queue, all the time."""
    credit: float = 0.0
    """Seconds that its calls are treated as having waited already (its priority)."""
    ring_seconds: float = 15.0
    auto_answer: bool = False
    sticky_seconds: float = 0.0
    """How long a caller waits for the agent they last talked to before others may take the call."""
    max_wait: float | None = None
    """After so many seconds the call is sent on: to ``overflow``, or out of the line."""
    overflow: str | None = None
    """Another queue of the engine; the place in line is kept."""
    when_empty: Literal["wait", "overflow", "leave"] = "wait"
    """What happens while nobody is signed in who could ever take the call."""
    when_closed: Literal["leave", "overflow"] = "leave"
    hours: HoursSettings = HoursSettings()
    announce_seconds: float = 0.0
    """How often a waiting caller is told their place and the expected wait; 0: never."""
    callback: CallbackRules = CallbackRules()  # noqa: RUF009  # frozen
    """How those are called back who wait for a call of ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonRule:
    """What a likely reason changes, above a probability and not below it."""

    reason: str
    """A reason, or the head of several, whose probabilities then count together."""
    above: float
    leaves: tuple[str, ...] = ()
    """The reasons of a head; empty: ``reason`` is one itself."""
    queue: str | None = None
    """Go there; the place in line is kept."""
    want: str = ""
    """Only agents who also satisfy this, for ``want_seconds``."""
    want_seconds: float = 60.0
    credit: float = 0.0
