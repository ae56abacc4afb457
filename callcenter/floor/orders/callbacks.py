"""Callbacks: to be stored, dialled, answered for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from callcenter.floor.callback import Callback

from .reservations import KeepReservation


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepCallback:
    """Store a callback as it is now, unless it is not this engine's any more (``CallbackLost``).

    One in a state of ``WAITING`` is released by it: any engine may claim it when it is due.
    """

    callback: Callback

    @property
    def id(self) -> str:
        """By which its failure is told."""
        return self.callback.id


@dataclass(frozen=True, slots=True, kw_only=True)
class Dial:
    """Store the callback (``dialling``) and the reservation; when that is done, and not before,
    dial the customer's number, once. Comes back as ``CustomerAnswered`` or ``DialFailed``; when the
    line to the exchange is cut nothing comes back, and a snapshot says what became of it."""

    callback: Callback
    reservation: KeepReservation
    call: str
    """The Uniqueid that the customer's leg is to have; the id of the call."""
    queue: str
    number: str
    """E.164."""
    seconds: float
    caller_id: str
    agent_leg: str | None
    """Agent first: the leg that waits for the customer. Else the customer comes into the engine's
    line of ``queue``, where the reserved agent is rung for them."""
    machine: Literal["connect", "hang_up", "message"]
    name: str | None
    """Of the customer, for the log of the exchange; hostile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StopDialling:
    """The customer's leg is no longer wanted. Harmless when it is gone."""

    call: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestCallback:
    """Check and store what a caller in line asked for. Comes back as ``CallbackBooked`` or
    ``CallbackDenied``."""

    call: str
    queue: str
    number: str
    """As entered or as the exchange reported it: not yet checked."""
    entered: bool
    place: float
    name: str | None
    person: str | None
    language: str | None
    reason: str | None
    """What they told a menu, as a reason."""
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TellCaller:
    """Tell a caller who asked to be called back whether that was granted. Granted: thanks, and the
    end of the call; not: back into the line."""

    call: str
    leg: str
    queue: str
    granted: bool
    why: str = ""
