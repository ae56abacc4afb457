"""One call as the tracker sees it, and the table that says what may be told about it when.

Pure. The table guards what leaves the tracker: whatever the exchange sends, the floor hears about
a call only in an order that makes sense. It must not read packets.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Final, Literal, TypeAlias

from callcenter.floor.events import (
    CallAnswered,
    CallArrived,
    CallbackAsked,
    CallEnd,
    CallEnded,
    CallerChanged,
    CallerSaid,
    CallHeld,
    CallLeftQueue,
    CallOffered,
    CallParked,
    CallQueued,
    CallResumed,
    CallsMerged,
    CallTransferred,
    CallUnparked,
    ConsultAnswered,
    ConsultBegan,
    ConsultEnded,
    CustomerAnswered,
    DeviceLeft,
    Direction,
    Distribution,
    EstimateTold,
    KeyPressed,
    MessageLeft,
    MuteChanged,
    OfferEnded,
    PartyJoined,
    PartyLeft,
    RecordingChanged,
    SpyBegan,
    SpyEnded,
)
from telephony.legs import Leg

CallEvent: TypeAlias = (
    CallArrived
    | CallerChanged
    | CallQueued
    | CallLeftQueue
    | CallOffered
    | OfferEnded
    | CallAnswered
    | CallHeld
    | CallResumed
    | DeviceLeft
    | CallsMerged
    | CallEnded
    | KeyPressed
    | CallerSaid
    | EstimateTold
    | CallTransferred
    | CallParked
    | CallUnparked
    | PartyJoined
    | PartyLeft
    | ConsultAnswered
    | ConsultBegan
    | ConsultEnded
    | MuteChanged
    | RecordingChanged
    | SpyBegan
    | SpyEnded
    | CallbackAsked
    | CustomerAnswered
    | MessageLeft
)


class CallState(Enum):
    HIDDEN = "hidden"
    """Legs that may become a call: nothing has been told about them."""
    ARRIVED = "arrived"
    WAITING = "waiting"
    TALKING = "talking"
    ENDED = "ended"


REST: Final = "rest"
"""Where a call goes when a device has left it: on with the talk, back into the line, or nowhere."""

TRANSITIONS: Final[dict[CallState, dict[type[CallEvent], CallState | Literal["rest"]]]] = {
    CallState.HIDDEN: {
        CallArrived: CallState.ARRIVED,
    },
    CallState.ARRIVED: {
        CallerChanged: CallState.ARRIVED,
        CallerSaid: CallState.ARRIVED,
        CallQueued: CallState.WAITING,
        CallOffered: CallState.ARRIVED,
        OfferEnded: CallState.ARRIVED,
        CallAnswered: CallState.TALKING,
        CallsMerged: CallState.ARRIVED,
        CallTransferred: CallState.ARRIVED,
        CallParked: CallState.ARRIVED,
        CallUnparked: CallState.ARRIVED,
        PartyJoined: CallState.ARRIVED,
        PartyLeft: CallState.ARRIVED,
        ConsultAnswered: CallState.ARRIVED,
        ConsultBegan: CallState.ARRIVED,
        ConsultEnded: CallState.ARRIVED,
        MuteChanged: CallState.ARRIVED,
        RecordingChanged: CallState.ARRIVED,
        SpyBegan: CallState.ARRIVED,
        SpyEnded: CallState.ARRIVED,
        CallbackAsked: CallState.ARRIVED,
        CustomerAnswered: CallState.ARRIVED,
        MessageLeft: CallState.ARRIVED,
        CallEnded: CallState.ENDED,
    },
    CallState.WAITING: {
        CallerChanged: CallState.WAITING,
        CallLeftQueue: CallState.ARRIVED,
        CallOffered: CallState.WAITING,
        OfferEnded: CallState.WAITING,
        KeyPressed: CallState.WAITING,
        CallerSaid: CallState.WAITING,
        EstimateTold: CallState.WAITING,
        CallsMerged: CallState.WAITING,
        CallTransferred: CallState.WAITING,
        CallParked: CallState.WAITING,
        CallUnparked: CallState.WAITING,
        PartyJoined: CallState.WAITING,
        PartyLeft: CallState.WAITING,
        ConsultEnded: CallState.WAITING,
        RecordingChanged: CallState.WAITING,
        SpyEnded: CallState.WAITING,
        CustomerAnswered: CallState.WAITING,
    },
    CallState.TALKING: {
        CallerChanged: CallState.TALKING,
        CallQueued: CallState.TALKING,
        CallerSaid: CallState.TALKING,
        CallLeftQueue: CallState.TALKING,
        CallOffered: CallState.TALKING,
        OfferEnded: CallState.TALKING,
        CallAnswered: CallState.TALKING,
        CallHeld: CallState.TALKING,
        CallResumed: CallState.TALKING,
        DeviceLeft: REST,
        CallsMerged: CallState.TALKING,
        CallTransferred: CallState.TALKING,
        CallParked: CallState.TALKING,
        CallUnparked: CallState.TALKING,
        PartyJoined: CallState.TALKING,
        PartyLeft: CallState.TALKING,
        ConsultAnswered: CallState.TALKING,
        ConsultBegan: CallState.TALKING,
        ConsultEnded: CallState.TALKING,
        MuteChanged: CallState.TALKING,
        RecordingChanged: CallState.TALKING,
        SpyBegan: CallState.TALKING,
        SpyEnded: CallState.TALKING,
        CustomerAnswered: CallState.TALKING,
        CallEnded: CallState.ENDED,
    },
    CallState.ENDED: {},
}


@dataclass(slots=True, eq=False)
class Offer:
    """One device being rung for a call, over one leg or several (a Local half and the phone)."""

    device: str
    leg: str
    """The leg it was told with."""
    queue: str | None
    legs: dict[str, Leg] = field(default_factory=dict)
    local: str | None = None
    """The Local half that app_queue dials; when that ends, so does the offer."""
    up: bool = False
    """Picked up, not yet in conversation."""
    among: frozenset[str] = frozenset()
    """Who talked already when it began."""


@dataclass(slots=True, eq=False)
class Call:
    """Legs that belong together. ``id`` is the Uniqueid of the first of them."""

    id: str
    legs: dict[str, Leg] = field(default_factory=dict)
    links: set[str] = field(default_factory=set)
    """The Linkedids under which its legs were seen."""
    state: CallState = CallState.HIDDEN
    direction: Direction = "inbound"
    caller: Leg | None = None
    """The leg that began it; when that hands the call on, the one who stays."""
    customer: str | None = None
    """Of an outbound call: the leg of the one who was called."""
    number: str | None = None
    name: str | None = None
    queue: str | None = None
    """The queue in whose line it is."""
    queue_leg: str | None = None
    queue_by: Distribution = "exchange"
    """Who chooses the agent in that line."""
    answered: bool = False
    """The customer who was called back picked up, and that was told."""
    message_left: bool = False
    asked: bool = False
    """The caller left the line to be called back, and that was told."""
    gave_up: bool = False
    """QueueCallerAbandon was seen: no agent took it, for whatever reason."""
    offers: dict[str, Offer] = field(default_factory=dict)
    ringing: set[str] = field(default_factory=set)
    """Uniqueids of legs being dialled now."""
    talking: dict[str, str] = field(default_factory=dict)
    """Own device by Uniqueid of its leg, of those in conversation."""
    held: set[str] = field(default_factory=set)
    others: set[str] = field(default_factory=set)
    """Uniqueids of legs in conversation that are neither the customer's nor an own device's."""
    parked: str | None = None
    """The leg in a parking place."""
    sought: bool = False
    """Somebody was sought for it: it was in a line, or a phone was rung."""
    talked: bool = False
    result: CallEnd | None = None
    """How the last attempt to reach somebody went."""
    cause: int | None = None

    @property
    def is_open(self) -> bool:
        """Told about, and not ended."""
        return self.state not in (CallState.HIDDEN, CallState.ENDED)

    @property
    def parties(self) -> list[Leg]:
        return [leg for leg in self.legs.values() if leg.is_party]

    def apply(self, event: CallEvent) -> bool:
        """Move by the table; False when the event makes no sense now, and must not be told."""
        target = TRANSITIONS[self.state].get(type(event))
        if target is None:
            return False
        if target == REST:
            if self.talking:
                target = CallState.TALKING
            else:
                target = CallState.ARRIVED if self.queue is None else CallState.WAITING
        self.state = target
        return True
