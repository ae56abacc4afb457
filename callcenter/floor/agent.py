"""An agent: somebody at a console with a device. The machine is the table below.

What the exchange reports about the agent's device is a fact and always accepted; what the agent
wishes is checked first (``Floor``), so that a refused wish changes nothing.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from enum import Enum
from math import exp
from typing import Final, Literal

from .card import AgentView


class AgentState(Enum):
    READY = "ready"
    RESERVED = "reserved"
    """The engine is putting a call through to them."""
    OFFERED = "offered"
    """Their phone rings by itself: a queue of the exchange, or somebody who dialled it."""
    TALKING = "talking"
    HELD = "held"
    WRAPUP = "wrapup"
    BREAK = "break"
    MISSED = "missed"
    """Did not answer; not ready until they say so."""
    UNREACHABLE = "unreachable"
    """Would be ready, but their phone is not reachable."""

    # Looked up many times an event; Enum's own hash is a function in Python.
    __hash__ = object.__hash__


class Move(Enum):
    """What may happen to an agent."""

    CHOOSE_READY = "choose_ready"
    CHOOSE_BREAK = "choose_break"
    OFFER = "offer"
    OFFER_OVER = "offer_over"
    ANSWER = "answer"
    HOLD = "hold"
    RESUME = "resume"
    TALK_OVER = "talk_over"
    DONE = "done"
    """Wrap-up is finished, or its time is up."""
    RESERVE = "reserve"
    RESERVE_OVER = "reserve_over"
    """The reservation ended and it was not for them to answer it."""
    MISS = "miss"
    LOSE_PHONE = "lose_phone"
    FIND_PHONE = "find_phone"
    RESTORE = "restore"
    """Was wrapping up when the engine stopped."""


class After(Enum):
    """Targets that depend on what was before."""

    BACK = "back"
    """The state that the offer interrupted."""
    NEXT = "next"
    """The state chosen for after the call."""


TRANSITIONS: Final[dict[AgentState, dict[Move, AgentState | After]]] = {
    AgentState.READY: {
        Move.CHOOSE_READY: AgentState.READY,
        Move.CHOOSE_BREAK: AgentState.BREAK,
        Move.OFFER: AgentState.OFFERED,
        Move.ANSWER: AgentState.TALKING,
        Move.RESERVE: AgentState.RESERVED,
        Move.LOSE_PHONE: AgentState.UNREACHABLE,
        Move.RESTORE: AgentState.WRAPUP,
    },
    AgentState.RESERVED: {
        Move.OFFER: AgentState.RESERVED,
        Move.OFFER_OVER: AgentState.RESERVED,
        Move.RESERVE_OVER: After.BACK,
        Move.MISS: AgentState.MISSED,
        Move.ANSWER: AgentState.TALKING,
    },
    AgentState.OFFERED: {
        Move.OFFER: AgentState.OFFERED,
        Move.OFFER_OVER: After.BACK,
        Move.ANSWER: AgentState.TALKING,
    },
    AgentState.TALKING: {
        Move.OFFER: AgentState.TALKING,  # a second call rings
        Move.ANSWER: AgentState.TALKING,
        Move.HOLD: AgentState.HELD,
        Move.TALK_OVER: AgentState.WRAPUP,
    },
    AgentState.HELD: {
        Move.OFFER: AgentState.HELD,
        Move.ANSWER: AgentState.TALKING,
        Move.RESUME: AgentState.TALKING,
        Move.TALK_OVER: AgentState.WRAPUP,
    },
    AgentState.WRAPUP: {
        Move.OFFER: AgentState.OFFERED,  # somebody dialled the agent directly
        Move.ANSWER: AgentState.TALKING,
        Move.DONE: After.NEXT,
    },
    AgentState.BREAK: {
        Move.CHOOSE_READY: AgentState.READY,
        Move.CHOOSE_BREAK: AgentState.BREAK,
        Move.OFFER: AgentState.OFFERED,
        Move.ANSWER: AgentState.TALKING,
        Move.RESTORE: AgentState.WRAPUP,
    },
    AgentState.MISSED: {
        Move.CHOOSE_READY: AgentState.READY,
        Move.CHOOSE_BREAK: AgentState.BREAK,
        Move.OFFER: AgentState.OFFERED,
        Move.ANSWER: AgentState.TALKING,
        Move.LOSE_PHONE: AgentState.UNREACHABLE,
    },
    AgentState.UNREACHABLE: {
        Move.CHOOSE_READY: AgentState.UNREACHABLE,
        Move.CHOOSE_BREAK: AgentState.BREAK,
        Move.OFFER: AgentState.OFFERED,
        Move.ANSWER: AgentState.TALKING,
        Move.FIND_PHONE: AgentState.READY,
        Move.LOSE_PHONE: AgentState.UNREACHABLE,
        Move.RESTORE: AgentState.WRAPUP,
    },
}

RINGABLE: Final = frozenset({AgentState.READY, AgentState.OFFERED})
"""States in which the exchange's queues may ring the agent."""

BUSY: Final = frozenset(
    {AgentState.RESERVED, AgentState.OFFERED, AgentState.TALKING, AgentState.HELD}
)
"""States that belong to a live call."""

WORKING: Final = BUSY | {AgentState.WRAPUP}
"""Occupied, as occupancy counts it: from the reservation to the end of wrap-up."""

AWAY: Final = frozenset({AgentState.BREAK, AgentState.MISSED})
"""Not at work: no queue may ring them, not even one that stands in for the engine."""

HOUR: Final = 3600.0


@dataclass(slots=True)
class Agent:
    """Live state of one signed-in agent. Times are seconds since the epoch, UTC."""

    id: str
    name: str
    device: str
    since: float
    state: AgentState = AgentState.BREAK
    reason: str | None = None
    """Why on break; nothing right after signing in."""
    before_offer: AgentState = AgentState.BREAK
    before_since: float = 0.0
    next_state: AgentState = AgentState.READY
    next_reason: str | None = None
    next_chosen: bool = False
    call: str | None = None
    """Offered, spoken or wrapped up."""
    deadline: float | None = None
    paused: bool | None = None
    """What the exchange was last told, or nothing yet."""
    calls_today: int = 0
    cards: list[str] = field(default_factory=list)
    """Calls whose card is open, oldest first."""
    skills: tuple[tuple[str, int], ...] = ()
    reservation: str | None = None
    """The live one: pending, accepted or wrapping."""
    idle_since: float = 0.0
    """Since when they are idle: the end of wrap-up or of a break, not of an offer that came to
    nothing."""
    missed_today: int = 0
    help_since: float | None = None
    toggled: deque[float] = field(default_factory=deque)
    """When they went on or off ready by choice, in the last hour."""
    busy_seconds: float = 0.0
    work_seconds: float = 0.0
    """Of the time signed in and not away, how much was spent on calls; older time weighs less."""
    weighed: float = 0.0
    """Up to when the two are."""

    def move(self, move: Move, at: float) -> bool:
        """Move by the table; whether the table knows this move in this state."""
        target = TRANSITIONS[self.state].get(move)
        if target is None:
            return False
        self.weigh(at)
        since = at
        wrapping = self.before_offer is AgentState.WRAPUP
        if target is After.BACK and (wrapping or not self.next_chosen):
            target, since = self.before_offer, self.before_since
        elif isinstance(target, After):
            target = self.next_state
            self.reason = self.next_reason
        elif target is AgentState.MISSED and self.next_chosen:
            target, self.reason = self.next_state, self.next_reason
        elif target is AgentState.OFFERED or target is AgentState.RESERVED:
            if self.state is target:
                return True
            self.before_offer, self.before_since = self.state, self.since
        elif target is AgentState.TALKING and self.state not in BUSY:
            self.before_offer, self.before_since = self.state, self.since
        elif target is self.state:
            return True
        assert isinstance(target, AgentState)
        on_break = move is Move.TALK_OVER and self.before_offer is AgentState.BREAK
        on_break |= move is Move.RESTORE and self.state is AgentState.BREAK
        if on_break and not self.next_chosen:  # a call taken on break returns to the break
            self.next_state, self.next_reason = AgentState.BREAK, self.reason
        self.state = target
        self.since = since
        if target not in BUSY and target is not AgentState.WRAPUP:
            self.next_state, self.next_reason, self.next_chosen = AgentState.READY, None, False
            self.call = None
        if target is AgentState.READY:
            if since == at:
                self.idle_since = at
            self.reason = None
        return True

    def weigh(self, at: float) -> None:
        """Bring the two times up to ``at``, an hour ago counting 1/e of now."""
        seconds = at - self.weighed
        if seconds <= 0:
            return
        self.weighed = at
        if self.state in AWAY:
            return
        old = exp(-seconds / HOUR)
        self.busy_seconds = self.busy_seconds * old + (seconds if self.state in WORKING else 0.0)
        self.work_seconds = self.work_seconds * old + seconds

    @property
    def occupancy(self) -> float | None:
        """Share of the working time spent on calls, lately; nothing in the first minute."""
        return self.busy_seconds / self.work_seconds if self.work_seconds >= 60.0 else None

    def toggle(self, at: float) -> None:
        """They went on or off ready by choice."""
        self.toggled.append(at)
        while self.toggled and self.toggled[0] <= at - HOUR:
            self.toggled.popleft()

    def view(
        self,
        queue: str | None,
        device_state: str,
        busy_with: Literal["customer", "internal"] | None = None,
    ) -> AgentView:
        """What screens show."""
        occupancy = self.occupancy
        return AgentView(
            agent=self.id,
            name=self.name,
            device=self.device,
            state=self.state.value,
            since=self.since,
            reason=self.reason if self.state in AWAY else None,
            next_state=self.next_state.value if self.next_chosen else None,
            next_reason=self.next_reason,
            call=self.call,
            queue=queue,
            deadline=self.deadline,
            device_state=device_state,
            calls_today=self.calls_today,
            reservation=self.reservation,
            skills=self.skills,
            busy_with=busy_with,
            toggles=len(self.toggled),
            missed_today=self.missed_today,
            occupancy=None if occupancy is None else round(occupancy, 3),
            help_since=self.help_since,
        )
