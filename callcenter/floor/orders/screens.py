"""What the screens are to show."""

from __future__ import annotations

from dataclasses import dataclass

from callcenter.floor.card import AgentView, Card, QueueView
from callcenter.floor.events import ControlKind


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
class ShowControl:
    """How something asked for went, to whoever asked."""

    agent: str
    id: str
    call: str
    do: ControlKind
    ok: bool
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowHelp:
    """To every supervisor: an agent asks for help, or no longer does (``since`` ``None``)."""

    agent: str
    name: str
    call: str | None
    text: str
    since: float | None
