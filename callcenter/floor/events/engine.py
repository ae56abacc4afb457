"""The engine itself: how its floor began, what was left of the run before, its time, its orders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from callcenter.floor.callback import LawRules
from callcenter.floor.rules import QueueSettings, ReasonRule

from .calls import Direction


@dataclass(frozen=True, slots=True, kw_only=True)
class FloorOpened:
    """The engine started with an empty floor and these settings."""

    at: float
    wrapup_seconds: float | None = None
    """Wrap-up ends by itself after this long; ``None``: never."""
    control_members: bool = True
    """Whether the engine pauses and unpauses queue members on the exchange."""
    midnight: float = 0.0
    """The last local midnight of the centre, when today's counters began."""
    queues: tuple[QueueSettings, ...] = ()
    break_reasons: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    outcomes: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()
    """Devices of agents who may sign in: queues do not ring one whose agent has not."""
    run: str = "0"
    """Names this run of the engine; ids of reservations begin with it."""
    node: str = "main"
    skills: tuple[str, ...] = ()
    """Skills that exist here; empty: any name."""
    tiers: tuple[tuple[str, float], ...] = ()
    """Tier of the customer to the seconds it counts as having waited already."""
    reason_rules: tuple[ReasonRule, ...] = ()
    max_credit: float = 600.0
    """No call is treated as having waited longer than this beyond what it has: nobody is ever
    overtaken by a call that came more than so many seconds later."""
    sticky_days: float = 14.0
    """How long the agent a caller last talked to is remembered for them."""
    retry_seconds: float = 60.0
    """How long a call is kept from an agent who did not answer or refused it."""
    missed_policy: Literal["missed", "ready"] = "missed"
    """What becomes of an agent who did not answer: not ready until they say so, or ready again."""
    occupancy_cap: float = 0.85
    """Outbound work is given only to agents whose occupancy is below it."""
    pause_limit: float = 120.0
    """A paused recording goes on by itself after so many seconds."""
    listening_visible: bool = True
    """Whether an agent sees that a supervisor listens."""
    transfer_targets: tuple[str, ...] = ()
    """Further numbers and extensions calls may be transferred to, as shell patterns."""
    law: tuple[LawRules, ...] = ()
    """When whom may be called; a region that no rule is for: at any time, any number of times."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRestored:
    """A call that was open when the engine stopped. It goes on if the exchange still has it; if
    not, it ended while nobody listened, and is recorded as lost."""

    at: float
    call: str
    seen: float
    """When the run before ended, up to when it certainly lived."""
    direction: Direction
    number: str | None
    name: str | None
    dialled: str | None
    arrived: float
    queue: str | None
    queued: float | None
    """When it entered the queue in whose line it was; ``None``: it was in none."""
    place: float | None
    wait: float
    answered: float | None
    agent: str | None
    transfers: int
    devices: tuple[str, ...] = ()
    """Own devices that were talking in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueCount:
    """A queue's counters of today, see ``callcenter.floor.queue.Counters``."""

    queue: str
    offered: int
    answered: int
    abandoned: int
    left: int
    within_threshold: int
    wait_total: float
    promises: int
    promises_kept: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CountersNoted:
    """Today's counters as they are. Noted every minute, so that a restart goes on from there."""

    at: float
    queues: tuple[QueueCount, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TimePassed:
    """A deadline of the floor was reached."""

    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DayBegan:
    """Local midnight of the centre: today's counters begin again."""

    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class WrapUpRestored:
    """The agent was wrapping up when the engine stopped, and goes on."""

    at: float
    agent: str
    call: str
    since: float
    deadline: float | None
    direction: Direction
    number: str | None
    name: str | None
    dialled: str | None
    queue: str | None
    arrived: float
    answered: float | None
    ended: float


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFailed:
    """An order could not be carried out."""

    at: float
    order: str
    """Class name of the order."""
    why: str
    call: str | None = None
    device: str | None = None
    ask: int = 0
    id: str | None = None
    """Of the control, reservation or the like."""
