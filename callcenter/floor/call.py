"""A call: one conversation with a customer, whatever legs it has. Its machine is the table below.

The table is keyed by event class. ``BACK`` stands for the state the call had before it was offered.
Facts are never refused: what the table does not know leaves the state as it is, and the floor
counts it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Final, Literal, TypeAlias

from .card import (
    Answer,
    AnswerMark,
    CallbackOnCard,
    Candidate,
    Cause,
    Features,
    IdentityState,
    PartState,
    Party,
    Profile,
    Reason,
    Words,
)
from .events import (
    CallAnswered,
    CallEnd,
    CallEnded,
    CallHeld,
    CallLeftQueue,
    CallOffered,
    CallQueued,
    CallResumed,
    ControlKind,
    DeviceLeft,
    Direction,
    Event,
    OfferEnded,
    RecordingState,
    SpyMode,
)
from .orders import RecordPrediction, RecordPromise


class CallState(Enum):
    ARRIVED = "arrived"
    QUEUED = "queued"
    OFFERED = "offered"
    TALKING = "talking"
    HELD = "held"
    ENDED = "ended"


DIAL_LEG: Final = "cb-"
"""How the ids of calls begin that the engine makes to call somebody back."""

BACK: Final = "back"
Target: TypeAlias = CallState | Literal["back"]

TRANSITIONS: Final[dict[CallState, dict[type[Event], Target]]] = {
    CallState.ARRIVED: {
        CallQueued: CallState.QUEUED,
        CallOffered: CallState.OFFERED,
        CallAnswered: CallState.TALKING,
        CallEnded: CallState.ENDED,
    },
    CallState.QUEUED: {
        CallQueued: CallState.QUEUED,  # moved on to another queue
        CallLeftQueue: CallState.ARRIVED,
        CallOffered: CallState.OFFERED,
        CallAnswered: CallState.TALKING,
        CallEnded: CallState.ENDED,
    },
    CallState.OFFERED: {
        CallQueued: CallState.OFFERED,
        CallLeftQueue: CallState.OFFERED,  # answered: the bridge follows
        CallOffered: CallState.OFFERED,  # ring-all
        OfferEnded: BACK,  # the last of its offers
        CallAnswered: CallState.TALKING,
        CallEnded: CallState.ENDED,
    },
    CallState.TALKING: {
        CallQueued: CallState.QUEUED,
        CallLeftQueue: CallState.TALKING,
        CallOffered: CallState.TALKING,
        OfferEnded: CallState.TALKING,  # the losers of ring-all stop ringing after the answer
        CallAnswered: CallState.TALKING,
        CallHeld: CallState.HELD,
        CallResumed: CallState.TALKING,  # another phone had answered meanwhile
        DeviceLeft: CallState.ARRIVED,  # the last of its devices
        CallEnded: CallState.ENDED,
    },
    CallState.HELD: {
        CallLeftQueue: CallState.HELD,
        CallOffered: CallState.HELD,
        OfferEnded: CallState.HELD,
        CallAnswered: CallState.TALKING,
        CallHeld: CallState.HELD,  # by another of its agents
        CallResumed: CallState.TALKING,
        DeviceLeft: CallState.ARRIVED,
        CallEnded: CallState.ENDED,
    },
    CallState.ENDED: {},
}


@dataclass(slots=True)
class Consult:
    """Somebody whom an agent asks about the call while the caller waits."""

    device: str
    leg: str
    to: str
    answered: bool = False


@dataclass(slots=True)
class Spy:
    """A supervisor who listens."""

    device: str
    """Of the agent who is listened to."""
    by: str
    mode: SpyMode


@dataclass(slots=True)
class PendingControl:
    """Something asked for that the exchange has not confirmed yet."""

    key: str
    """The floor's own name for it."""
    id: str
    """As whoever asked names it."""
    agent: str
    """Who asked."""
    do: ControlKind
    device: str
    """Of whoever asked."""
    deadline: float
    about: str | None
    """The agent whose talk it is."""
    reason: str
    audited: bool


@dataclass(slots=True)
class Call:
    """Live state of one call. Times are seconds since the epoch, UTC."""

    id: str
    direction: Direction
    number: str | None
    name: str | None
    dialled: str | None
    arrived: float
    state: CallState = CallState.ARRIVED
    before_offer: CallState = CallState.ARRIVED
    queue: str | None = None
    """The last queue it was in."""
    waiting: bool = False
    """In the queue's line now."""
    queued: float | None = None
    wait: float = 0.0
    answered: float | None = None
    ended: float | None = None
    why: CallEnd | None = None
    offers: dict[str, str] = field(default_factory=dict)
    """Device to leg, of those being rung."""
    offered: float | None = None
    devices: dict[str, str] = field(default_factory=dict)
    """Device to leg, of those talking."""
    agent: str | None = None
    """Who talked, last."""
    rev: int = 0
    restored: bool = False
    """It began under an earlier run of the engine."""

    engine: bool = False
    """Waits in the engine's own line: the floor chooses the agent."""
    leg: str | None = None
    """The caller's, while it waits in the engine's line."""
    line: str | None = None
    """The queue by which the exchange knows that it waits; the floor may have moved it on."""
    place: float | None = None
    """When it came to wait for the first time: its place in line, wherever it is sent on to."""
    since: float | None = None
    """When it entered the present queue; the queue's steps count from it."""
    routed_by: str | None = None
    """The likely reason that sent it to its present queue."""
    reservation: str | None = None
    """The live one that is to give it to an agent."""
    told: list[RecordPromise] = field(default_factory=list)
    """Waits told to the caller whose outcome is open."""
    tellings: int = 0
    transfers: int = 0
    parked: str | None = None
    muted: set[str] = field(default_factory=set)
    """Devices whose voice the exchange does not carry."""
    holding: set[str] = field(default_factory=set)
    """Devices that put the caller on hold."""
    consult: Consult | None = None
    others: dict[str, Party] = field(default_factory=dict)
    """By leg: who takes part besides caller and agents."""
    spies: dict[str, Spy] = field(default_factory=dict)
    """By their leg: who listens."""
    recording: RecordingState = "off"
    recorded: str | None = None
    """The leg whose recording that is."""
    recording_resumes: float | None = None
    controls: dict[str, PendingControl] = field(default_factory=dict)
    """By the floor's own name for each."""

    asked: int = 0
    """Counts questions to the mind; an answer to an older question never wins."""
    identity: IdentityState = "pending"
    candidates: tuple[Candidate, ...] = ()
    profile: Profile | None = None
    chosen: bool = False
    context: tuple[str, ...] = ()
    features: Features = ()
    causes: tuple[Cause, ...] = ()
    words: tuple[Words, ...] = ()
    predict_ask: int = 0
    reasons_state: PartState = "pending"
    reasons: tuple[Reason, ...] = ()
    model: str | None = None
    not_ours: bool = False
    prediction: RecordPrediction | None = None
    """The row of the last prediction, as far as it is known."""
    prediction_kept: bool = True
    """It is stored as it is here."""
    marks: tuple[tuple[str, AnswerMark], ...] = ()
    """What agents said of answers: id (of a missing one, nothing) to mark."""
    answers_ask: int = 0
    answers_state: PartState = "pending"
    answers: tuple[Answer, ...] = ()
    on_exchange: Literal["no", "dialled", "yes"] = "yes"
    """``no``: somebody who is in line to be called back, of whom the exchange knows nothing;
    ``dialled``: the exchange was told to, and has not reported the leg yet."""
    promised: float | None = None
    """A moment that was promised to the customer, for the place in line."""
    callback_card: CallbackOnCard | None = None
    open_callbacks: set[str] = field(default_factory=set)
    """Callbacks that the customer who calls in has open; they wait until this call is over."""
    asked_back: bool = False
    """The caller asked to be called back, and that was not denied."""
    noted: set[str] = field(default_factory=set)
    """Agents who noted its outcome."""
    screens: set[str] = field(default_factory=set)
    """Agents who have its card open."""

    @property
    def called_back(self) -> bool:
        """It is one of ours, to somebody who was promised it."""
        return self.id.startswith(DIAL_LEG)

    @property
    def offerable(self) -> bool:
        """An agent may be asked to take it: the customer waits on the phone, or is not on the phone
        yet and will be called for that agent."""
        return self.since is not None and (self.waiting or self.on_exchange == "no")

    def apply(self, event: Event) -> bool:
        """Move by the table; whether the table knows this event in this state."""
        target = TRANSITIONS[self.state].get(type(event))
        if target is None:
            return False
        if target == BACK:
            target = self.before_offer
        elif target is CallState.OFFERED and self.state is not CallState.OFFERED:
            self.before_offer = self.state
        self.state = target
        return True
