"""A reservation: one agent being asked to take one call. Its machine is the table below."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from .events import ReservationEnd
from .orders import LIVE_RESERVATIONS, KeepReservation, ReservationState

TRANSITIONS: Final[dict[ReservationState, frozenset[ReservationState]]] = {
    "pending": frozenset({"accepted", "refused", "timed_out", "rescinded"}),
    "accepted": frozenset({"wrapping", "refused", "timed_out", "rescinded", "completed"}),
    "wrapping": frozenset({"accepted", "completed", "rescinded"}),
    "refused": frozenset(),
    "timed_out": frozenset(),
    "rescinded": frozenset(),
    "completed": frozenset(),
}
"""``accepted`` and then ``timed_out``: the agent said yes and the phone was never answered."""

ENDS: Final[dict[ReservationEnd, ReservationState]] = {
    "no_answer": "timed_out",
    "busy": "refused",
    "declined": "refused",
    "unreachable": "refused",
    "taken": "refused",
    "caller_gone": "rescinded",
    "agent_gone": "rescinded",
    "withdrawn": "rescinded",
    "not_stored": "rescinded",
    "exchange_lost": "rescinded",
    "engine_stopped": "rescinded",
}
"""How a reservation stands that ended without a talk, by why."""


@dataclass(slots=True)
class Reservation:
    """Live state of one reservation. Times are seconds since the epoch, UTC."""

    id: str
    agent: str
    call: str
    queue: str
    device: str
    leg: str
    made: float
    deadline: float | None
    auto_answer: bool
    state: ReservationState = "pending"
    version: int = 1
    answered: bool = False
    """The two talk, or have talked."""
    alone: bool = False
    """A callback, agent first: their phone was rung before the customer's."""
    preview: bool = False
    """A callback that the agent looks at: nobody is dialled before they accept."""

    def move(self, state: ReservationState, deadline: float | None = None) -> bool:
        """By the table; whether the table knows this step."""
        if state not in TRANSITIONS[self.state]:
            return False
        self.state, self.deadline = state, deadline
        self.version += 1
        return True

    @property
    def live(self) -> bool:
        return self.state in LIVE_RESERVATIONS

    def kept(
        self, node: str, at: float, why: ReservationEnd | None = None, detail: str = ""
    ) -> KeepReservation:
        """As it is to be stored."""
        return KeepReservation(
            id=self.id,
            version=self.version,
            node=node,
            agent=self.agent,
            call=self.call,
            queue=self.queue,
            state=self.state,
            made=self.made,
            deadline=self.deadline,
            changed=at,
            why=why,
            detail=detail,
        )
