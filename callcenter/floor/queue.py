"""A queue: a line of waiting calls, its members and today's counters."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from .agent import AgentState
from .card import QueueView
from .events import QueueSettings

if TYPE_CHECKING:
    from .waits import Estimate


@dataclass(slots=True)
class Counters:
    """Since the centre's last midnight."""

    offered: int = 0
    answered: int = 0
    abandoned: int = 0
    left: int = 0
    within_threshold: int = 0
    wait_total: float = 0.0
    promises: int = 0
    promises_kept: int = 0


NO_SETTINGS: Final = QueueSettings(queue="")
"""Of a queue that only the exchange knows."""


@dataclass(slots=True)
class Queue:
    """Live state of one queue. ``waiting`` maps call id to when it entered, in order of entry."""

    id: str
    threshold: float = 20.0
    settings: QueueSettings = NO_SETTINGS
    open: bool = True
    """By its hours."""
    estimate: Estimate | None = None
    """What somebody who comes now will wait, as of the last change of its line."""
    waiting: dict[str, float] = field(default_factory=dict)
    callbacks: dict[str, None] = field(default_factory=dict)
    """Calls to be made to customers who are in line and not on the phone. None of them counts as
    offered, answered or abandoned: they are a medium of their own."""
    members: dict[str, str] = field(default_factory=dict)
    """Device to the name the exchange gives the member."""
    states: dict[AgentState, int] = field(default_factory=dict)
    """How many signed-in member agents are in each state."""
    today: Counters = field(default_factory=Counters)

    def count(self, state: AgentState, by: int) -> None:
        self.states[state] = self.states.get(state, 0) + by

    def view(self) -> QueueView:
        """What screens show."""
        states, today = self.states.get, self.today
        talking = states(AgentState.TALKING, 0) + states(AgentState.HELD, 0)
        return QueueView(
            queue=self.id,
            waiting=len(self.waiting),
            longest_since=min(self.waiting.values()) if self.waiting else None,
            offered=today.offered,
            answered=today.answered,
            abandoned=today.abandoned,
            left=today.left,
            within_threshold=today.within_threshold,
            threshold=self.threshold,
            wait_total=today.wait_total,
            ready=states(AgentState.READY, 0),
            offered_agents=states(AgentState.OFFERED, 0),
            talking=talking,
            wrapup=states(AgentState.WRAPUP, 0),
            on_break=states(AgentState.BREAK, 0),
            signed_in=sum(self.states.values()),
            distribution=self.settings.distribution,
            open=self.open,
            reserved=states(AgentState.RESERVED, 0),
            missed=states(AgentState.MISSED, 0),
            unreachable=states(AgentState.UNREACHABLE, 0),
            p50=self.estimate.p50 if self.estimate else None,
            p90=self.estimate.p90 if self.estimate else None,
            promises=today.promises,
            promises_kept=today.promises_kept,
            callbacks=len(self.callbacks),
        )
