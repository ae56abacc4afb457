"""The screens: what they are shown, and what a browser may do with the floor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from callcenter.floor.card import AgentView, CallView, Card, QueueView
from callcenter.floor.events import CallerSaid, Event
from callcenter.floor.orders import ShowControl, ShowHelp
from callcenter.floor.routing import Decision


class Screens(Protocol):
    """All browsers. None of these ever waits or raises for a browser's sake."""

    def show_card(self, agent: str, card: Card) -> None: ...

    def close_card(self, agent: str, call: str) -> None: ...

    def show_agent(self, view: AgentView, gone: bool) -> None: ...

    def show_queue(self, view: QueueView) -> None: ...

    def show_control(self, order: ShowControl) -> None: ...

    def show_help(self, order: ShowHelp) -> None: ...


@dataclass(frozen=True, slots=True)
class View:
    """What the floor knows, as screens may ask for it at any moment (a snapshot)."""

    agents: Mapping[str, AgentView]
    queues: Mapping[str, QueueView]
    cards: Mapping[str, tuple[Card, ...]]
    """Per agent: cards that are open on their screen."""
    calls: Mapping[str, CallView] = field(default_factory=dict)
    """Calls that have not ended."""


class Desk(Protocol):
    """What a browser session may do with the floor (implemented by dispatch)."""

    def view(self) -> View: ...

    def said(self, event: CallerSaid) -> None:
        """Words about why a customer calls. Returns at once."""

    def explain(self, call: str) -> Decision:
        """Who would get this waiting call now, and why. Raises ``UnknownCall``."""

    async def wish(self, event: Event) -> None:
        """Hand a wish to the floor and return when it is durable.

        Raises ``callcenter.floor.errors.FloorError``; then nothing has changed.
        """

    def now(self) -> float: ...
