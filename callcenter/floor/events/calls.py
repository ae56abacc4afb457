"""Calls on their way: begun, waiting in line, offered, answered, ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from callcenter.floor.rules import Distribution

Direction: TypeAlias = Literal["inbound", "outbound", "internal"]
OfferEnd: TypeAlias = Literal[
    "no_answer", "busy", "congestion", "refused", "cancelled", "answered_elsewhere", "unknown"
]
QueueExit: TypeAlias = Literal[
    "answered",
    "abandoned",
    "timed_out",
    "empty",
    "key",
    "closed",
    "overflow",  # moved on to another queue
    "unknown",
]
CallEnd: TypeAlias = Literal[
    "completed",  # was answered, then somebody hung up
    "abandoned",  # the caller hung up before an answer
    "no_answer",
    "busy",
    "congestion",
    "refused",
    "failed",
    "queue_left",  # left a queue by time-out, key or empty and ended without an agent
    "exchange_restarted",
    "lost",  # ended while we were not connected; how is unknown
]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallArrived:
    """A call began (or was found in progress in a snapshot)."""

    at: float
    call: str
    direction: Direction
    number: str | None
    """The other party's number as the exchange reports it (inbound: the caller's; outbound: the
    dialled one); ``None`` when withheld."""
    name: str | None
    dialled: str | None
    device: str | None = None
    """The own device that began it (outbound, internal), such as ``PJSIP/1001``."""
    resumed: bool = False
    """Found in a snapshot; ``at`` may be later than the real beginning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerChanged:
    """The exchange learned another number or name for the caller."""

    at: float
    call: str
    number: str | None
    name: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallQueued:
    at: float
    call: str
    queue: str
    position: int
    by: Distribution = "exchange"
    """Who chooses the agent."""
    leg: str | None = None
    """The waiting leg, where the engine chooses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallLeftQueue:
    at: float
    call: str
    queue: str
    why: QueueExit


@dataclass(frozen=True, slots=True, kw_only=True)
class CallOffered:
    """A device is about to be rung for the call: the earliest moment to show the card."""

    at: float
    call: str
    device: str
    leg: str
    queue: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferEnded:
    """The device stopped being rung without having answered."""

    at: float
    call: str
    device: str
    leg: str
    why: OfferEnd


@dataclass(frozen=True, slots=True, kw_only=True)
class CallAnswered:
    """The two parties talk. ``device`` is the own device of the agent (whichever side it is on)."""

    at: float
    call: str
    device: str
    leg: str
    queue: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPressed:
    """A waiting caller pressed a key."""

    at: float
    call: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EstimateTold:
    """A waiting caller was told their position and how long it will take: a promise."""

    at: float
    call: str
    queue: str
    position: int
    p50: float | None
    p90: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEnded:
    at: float
    call: str
    why: CallEnd
    cause: int | None = None
    """Q.850 cause of the caller's channel, when known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallsMerged:
    """Two calls turned out to be one conversation; ``absorbed`` is no longer a call."""

    at: float
    call: str
    absorbed: str
