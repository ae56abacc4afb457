"""An agent: somebody at a console with a device. The machine is the table below.

What the exchange reports about the agent's device is a fact and always accepted; what the agent
wishes is checked first (``Floor``), so that a refused wish changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from .card import AgentView


class AgentState(Enum):
    READY = "ready"
    OFFERED = "offered"
    TALKING = "talking"
    HELD = "held"
    WRAPUP = "wrapup"
    BREAK = "break"


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
    },
}

RINGABLE: Final = frozenset({AgentState.READY, AgentState.OFFERED})
"""States in which the exchange's queues may ring the agent."""

BUSY: Final = frozenset({AgentState.OFFERED, AgentState.TALKING, AgentState.HELD})
"""States that belong to a live call."""


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

    def move(self, move: Move, at: float) -> bool:
        """Move by the table; whether the table knows this move in this state."""
        target = TRANSITIONS[self.state].get(move)
        if target is None:
            return False
        since = at
        wrapping = self.before_offer is AgentState.WRAPUP
        if target is After.BACK and (wrapping or not self.next_chosen):
            target, since = self.before_offer, self.before_since
        elif isinstance(target, After):
            target = self.next_state
            self.reason = self.next_reason
        elif target is AgentState.OFFERED:
            if self.state is AgentState.OFFERED:
                return True
            self.before_offer, self.before_since = self.state, self.since
        elif target is AgentState.TALKING and self.state not in BUSY:
            self.before_offer, self.before_since = self.state, self.since
        elif target is self.state:
            return True
        assert isinstance(target, AgentState)
        on_break = move is Move.TALK_OVER and self.before_offer is AgentState.BREAK
        if on_break and not self.next_chosen:  # a call taken on break returns to the break
            self.next_state, self.next_reason = AgentState.BREAK, self.reason
        self.state = target
        self.since = since
        if target not in BUSY and target is not AgentState.WRAPUP:
            self.next_state, self.next_reason, self.next_chosen = AgentState.READY, None, False
            self.call = None
        if target is AgentState.READY:
            self.reason = None
        return True

    def view(self, queue: str | None, device_state: str) -> AgentView:
        """What screens show."""
        return AgentView(
            agent=self.id,
            name=self.name,
            device=self.device,
            state=self.state.value,
            since=self.since,
            reason=self.reason if self.state is AgentState.BREAK else None,
            next_state=self.next_state.value if self.next_chosen else None,
            next_reason=self.next_reason,
            call=self.call,
            queue=queue,
            deadline=self.deadline,
            device_state=device_state,
            calls_today=self.calls_today,
        )
