"""Callbacks: asked for, due, dialled, reached or not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from callcenter.floor.callback import Callback, DialFault


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackDue:
    """This engine has claimed a callback whose time has come: it is in line from now on. Or one
    that another run or engine held: then ``state`` and ``call`` say how far that had come."""

    at: float
    callback: Callback


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackLost:
    """It is not this engine's any more: cancelled or moved from outside, or claimed by another."""

    at: float
    id: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackAsked:
    """A caller who waited in the engine's line asks to be called back, and waits to hear whether
    that was granted. Told after ``CallLeftQueue`` (``key``)."""

    at: float
    call: str
    queue: str
    number: str | None
    """Digits that they entered; ``None``: the number they call from."""
    leg: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackBooked:
    """A caller's request is stored: they may hang up now."""

    at: float
    call: str
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackDenied:
    """A caller's request was not granted; they go back into the line, with their place."""

    at: float
    call: str
    why: str
    """A code of ``callcenter.callback_ports.Denial``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentOnLine:
    """Agent first: the agent's phone was answered, and nobody else is there yet."""

    at: float
    reservation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentOffLine:
    """A leg that the engine made for an agent, and that waited for a customer, is gone."""

    at: float
    leg: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerAnswered:
    """Who was called back has answered."""

    at: float
    call: str
    by: Literal["human", "machine", "unknown"]
    """As far as the exchange listened; ``unknown`` where it did not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageLeft:
    """Our message is on the customer's answering machine."""

    at: float
    call: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DialFailed:
    """Nobody was reached; or nothing was dialled, because it could not be stored or claimed."""

    at: float
    call: str
    why: DialFault
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackSnoozed:
    """An agent sees the card of a callback and wishes it later: its place moves back by that."""

    at: float
    agent: str
    reservation: str
    seconds: float
