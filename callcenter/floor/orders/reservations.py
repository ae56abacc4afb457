"""A reservation as it is stored, and the ringing of its agent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from callcenter.floor.events import ReservationEnd

ReservationState: TypeAlias = Literal[
    "pending", "accepted", "refused", "timed_out", "rescinded", "wrapping", "completed"
]
LIVE_RESERVATIONS: Final[frozenset[ReservationState]] = frozenset(
    {"pending", "accepted", "wrapping"}
)
"""An agent has at most one of these; the store has a unique index that says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepReservation:
    """Store a reservation as it is now. ``version`` grows with every change; an older one never
    wins. A ``pending`` one of version 1 is stored by ``Ring`` itself, before anything rings."""

    id: str
    version: int
    node: str
    agent: str
    call: str
    queue: str | None
    state: ReservationState
    made: float
    deadline: float | None
    """When the present state ends by itself."""
    changed: float
    why: ReservationEnd | None = None
    detail: str = ""
    """What the agent gave as a reason, or the exchange said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ring:
    """Store the reservation; when that is done, ring the agent's phone for the waiting call and
    join the two when it answers. Fails as ``RingFailed``; an answer comes from the exchange."""

    reservation: KeepReservation
    call: str
    device: str
    leg: str
    """The Uniqueid that the agent's leg is to have."""
    seconds: float
    auto_answer: bool
    number: str | None
    """Shown on the phone: the caller's."""
    name: str | None
    alone: bool = False
    """Agent first: nobody waits for them yet; the leg hears that somebody is being called. Comes
    back as ``AgentOnLine``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StopRinging:
    """The leg is no longer wanted. Harmless when it is gone."""

    reservation: str
    leg: str
