"""Calls that people make, and what became of them.

Pure data: what a script or a living caller asks for, and the ground truth for whoever wants to
compare it with what an engine saw over AMI.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

from callcenter.floor.card import Words
from telephony.simulator.settings import Reaction

Ender: TypeAlias = Literal["caller", "called"]
End: TypeAlias = Literal[
    "completed", "abandoned", "no_answer", "busy", "congestion", "refused", "failed", "queue_left"
]
OfferEnd: TypeAlias = Literal["answered", "no_answer", "busy", "refused", "congestion", "cancelled",
                              "answered_elsewhere"]  # fmt: skip

LineExit: TypeAlias = Literal[
    "answered", "abandoned", "timed_out", "empty", "closed", "key", "overflow", "failed"
]
"""How somebody left a queue's line. ``overflow``: for another one; ``failed``: the exchange went
down."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One stay in one queue's line. Times in simulated seconds since the epoch."""

    queue: str
    entered: float
    left: float
    why: LineExit


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """Somebody dials.

    `patience`: seconds from dialling until the caller hangs up if nobody talks to them; inf waits
    for ever. `talk`: seconds of conversation until `ender` hangs up. `device`: the own phone that
    dials, for internal and outgoing calls; None for a call from outside. `far`, `far_ring`: what
    the called number outside does, for outgoing calls. `reason`, `person`: carried along untouched
    for the driver that made it.
    """

    number: str | None = None
    """None: withheld."""
    name: str | None = None
    dialled: str
    patience: float = math.inf
    talk: float = 60.0
    ender: Ender = "caller"
    device: str | None = None
    far: Reaction = "answers"
    far_ring: float = 2.0
    keys: tuple[tuple[float, str], ...] = ()
    """Keys pressed so many seconds after dialling, if the caller is still there."""
    long_wait: float = math.inf
    """Who is told a wait of so many seconds and offered a key to be called back presses it, and
    confirms their number."""
    said: tuple[Words, ...] = ()
    """What a voice menu hears before the call goes where the number leads."""
    reason: str | None = None
    person: str | None = None

    def __post_init__(self) -> None:
        if self.patience < 0 or math.isnan(self.patience):
            raise ValueError("patience is below zero")
        if not 0 <= self.talk < math.inf:
            raise ValueError("talk is below zero or endless")
        if self.long_wait < 0 or math.isnan(self.long_wait):
            raise ValueError("long_wait is below zero")
        if any(not 0 <= after < math.inf or len(key) != 1 for after, key in self.keys):
            raise ValueError("keys are not seconds and one key each")
        if not self.dialled or not self.dialled.isprintable() or " " in self.dialled:
            raise ValueError("dialled is not a number")
        if self.name is not None and "\0" in self.name:
            raise ValueError("name has a NUL, which no C string can hold")
        # Numbers go on the wire as they are; a SIP stack would not let these through either.
        if self.number is not None and (not self.number or not self.number.isprintable()):
            raise ValueError("number is empty or has control characters")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a call really went. Times in simulated seconds since the epoch."""

    call: str
    """Uniqueid of the caller's channel."""
    arrival: Arrival
    at: float
    queue: str | None
    device: str | None
    """The phone that answered; the dialling one for an outgoing call."""
    offers: tuple[tuple[str, OfferEnd], ...]
    """Devices that were rung, in order, and how each ringing ended."""
    wait: float
    """Seconds from entering the queue (or dialling) to the answer or the end."""
    talk: float
    end: End
    ended: float
    visits: tuple[Visit, ...] = ()
    """Lines it stood in, in order."""


class Driver(Protocol):
    """Who calls next. The exchange asks again as soon as it was told one."""

    def next_call(self, now: float) -> tuple[float, Arrival] | None:
        """When (not before `now`) and what the next call is; None: nobody calls any more."""

    def on_call_over(self, outcome: Outcome) -> None: ...
