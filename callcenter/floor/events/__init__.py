"""Facts that happened: past tense, frozen, each with ``at`` in seconds since the epoch, UTC.

The journal is the list of these, in order, each under the name of its class. Adding a field with a
default keeps old journals readable; renaming or removing one does not, so neither is done.

What comes from the screens are wishes: the floor refuses one that is impossible (``FloorError``).
One module per noun; everybody imports from this package.
"""

from __future__ import annotations

from typing import TypeAlias, get_args

from callcenter.floor.rules import (
    Distribution,
    HoursSettings,
    QueueSettings,
    ReasonRule,
    StepSettings,
)

from .agents import (
    AgentSignedIn,
    AgentSignedOut,
    HelpAsked,
    HelpGiven,
    SkillsChanged,
    StateChosen,
    WrapUpExtended,
)
from .callbacks import (
    AgentOffLine,
    AgentOnLine,
    CallbackAsked,
    CallbackBooked,
    CallbackDenied,
    CallbackDue,
    CallbackLost,
    CallbackSnoozed,
    CustomerAnswered,
    DialFailed,
    MessageLeft,
)
from .calls import (
    CallAnswered,
    CallArrived,
    CallEnd,
    CallEnded,
    CallerChanged,
    CallLeftQueue,
    CallOffered,
    CallQueued,
    CallsMerged,
    Direction,
    EstimateTold,
    KeyPressed,
    OfferEnd,
    OfferEnded,
    QueueExit,
)
from .controls import ControlAsked, ControlCarriedOut, ControlKind
from .engine import (
    CallRestored,
    CountersNoted,
    DayBegan,
    FloorOpened,
    OrderFailed,
    QueueCount,
    TimePassed,
    WrapUpRestored,
)
from .exchange import (
    DeviceChanged,
    DeviceState,
    ExchangeConnected,
    ExchangeLost,
    MemberGone,
    MemberSeen,
    SnapshotCompared,
)
from .reasons import (
    AnswerMarked,
    AnswersFound,
    CallerIdentified,
    CallerSaid,
    OutcomeNoted,
    OutcomeStored,
    PersonChosen,
    ReasonsPredicted,
)
from .reservations import ReservationAccepted, ReservationEnd, ReservationRefused, RingFailed
from .talk import (
    CallHeld,
    CallParked,
    CallResumed,
    CallTransferred,
    CallUnparked,
    ConsultAnswered,
    ConsultBegan,
    ConsultEnded,
    DeviceLeft,
    MuteChanged,
    PartyJoined,
    PartyLeft,
    RecordingChanged,
    RecordingState,
    SpyBegan,
    SpyEnded,
    SpyMode,
    TransferKind,
)

Event: TypeAlias = (
    FloorOpened
    | CallRestored
    | CountersNoted
    | TimePassed
    | DayBegan
    | ExchangeConnected
    | ExchangeLost
    | CallArrived
    | CallerChanged
    | CallQueued
    | CallLeftQueue
    | CallOffered
    | OfferEnded
    | CallAnswered
    | CallHeld
    | CallResumed
    | DeviceLeft
    | CallTransferred
    | CallParked
    | CallUnparked
    | ConsultBegan
    | ConsultAnswered
    | ConsultEnded
    | PartyJoined
    | PartyLeft
    | RecordingChanged
    | MuteChanged
    | SpyBegan
    | SpyEnded
    | KeyPressed
    | CallerSaid
    | EstimateTold
    | SnapshotCompared
    | CallEnded
    | CallsMerged
    | DeviceChanged
    | MemberSeen
    | MemberGone
    | AgentSignedIn
    | AgentSignedOut
    | SkillsChanged
    | StateChosen
    | WrapUpExtended
    | WrapUpRestored
    | ReservationAccepted
    | ReservationRefused
    | ControlAsked
    | HelpAsked
    | HelpGiven
    | PersonChosen
    | OutcomeNoted
    | AnswerMarked
    | CallerIdentified
    | ReasonsPredicted
    | AnswersFound
    | OutcomeStored
    | ControlCarriedOut
    | RingFailed
    | OrderFailed
    | CallbackDue
    | CallbackLost
    | CallbackAsked
    | CallbackBooked
    | CallbackDenied
    | AgentOnLine
    | AgentOffLine
    | CustomerAnswered
    | MessageLeft
    | DialFailed
    | CallbackSnoozed
)

EVENTS: tuple[type[Event], ...] = get_args(Event)
"""Every event class, for the codec and for tests that want to see all of them."""

__all__ = [
    "EVENTS", "AgentOffLine", "AgentOnLine", "AgentSignedIn", "AgentSignedOut", "AnswerMarked",
    "AnswersFound", "CallAnswered", "CallArrived", "CallEnd", "CallEnded", "CallHeld",
    "CallLeftQueue", "CallOffered", "CallParked", "CallQueued", "CallRestored", "CallResumed",
    "CallTransferred", "CallUnparked", "CallbackAsked", "CallbackBooked", "CallbackDenied",
    "CallbackDue", "CallbackLost", "CallbackSnoozed", "CallerChanged", "CallerIdentified",
    "CallerSaid", "CallsMerged", "ConsultAnswered", "ConsultBegan", "ConsultEnded", "ControlAsked",
    "ControlCarriedOut", "ControlKind", "CountersNoted", "CustomerAnswered", "DayBegan",
    "DeviceChanged", "DeviceLeft", "DeviceState", "DialFailed", "Direction", "Distribution",
    "EstimateTold", "Event", "ExchangeConnected", "ExchangeLost", "FloorOpened", "HelpAsked",
    "HelpGiven", "HoursSettings", "KeyPressed", "MemberGone", "MemberSeen", "MessageLeft",
    "MuteChanged", "OfferEnd", "OfferEnded", "OrderFailed", "OutcomeNoted", "OutcomeStored",
    "PartyJoined", "PartyLeft", "PersonChosen", "QueueCount", "QueueExit", "QueueSettings",
    "ReasonRule", "ReasonsPredicted", "RecordingChanged", "RecordingState", "ReservationAccepted",
    "ReservationEnd", "ReservationRefused", "RingFailed", "SkillsChanged", "SnapshotCompared",
    "SpyBegan", "SpyEnded", "SpyMode", "StateChosen", "StepSettings", "TimePassed", "TransferKind",
    "WrapUpExtended", "WrapUpRestored",
]  # fmt: skip
