"""Facts that happened: past tense, frozen, each with ``at`` in seconds since the epoch, UTC.

The journal is the list of these, in order. Adding a field with a default keeps old journals
readable; renaming or removing one does not, so neither is done.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from .card import Answer, Candidate, IdentityState, Profile, Reason

Direction: TypeAlias = Literal["inbound", "outbound", "internal"]
OfferEnd: TypeAlias = Literal[
    "no_answer", "busy", "congestion", "refused", "cancelled", "answered_elsewhere", "unknown"
]
QueueExit: TypeAlias = Literal["answered", "abandoned", "timed_out", "empty", "key", "unknown"]
CallEnd: TypeAlias = Literal[
    "completed",  # was answered, then somebody hung up
    "abandoned",  # the caller hung up before an answer
    "no_answer",
    "busy",
    "congestion",
    "refused",
    "failed",
    "queue_left",  # left a queue by time-out, key or empty and ended without an agent
    "exchange_restarted",
    "lost",  # ended while we were not connected; how is unknown
]
DeviceState: TypeAlias = Literal[
    "unknown", "idle", "in_use", "busy", "invalid", "unavailable", "ringing", "on_hold"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueSettings:
    """What the floor must know about a queue."""

    queue: str
    threshold: float = 20.0
    """Service-level threshold, seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FloorOpened:
    """The engine started with an empty floor and these settings."""

    at: float
    wrapup_seconds: float | None = None
    """Wrap-up ends by itself after this long; ``None``: never."""
    control_members: bool = True
    """Whether the engine pauses and unpauses queue members on the exchange."""
    midnight: float = 0.0
    """The last local midnight of the centre, when today's counters began."""
    queues: tuple[QueueSettings, ...] = ()
    break_reasons: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    outcomes: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()
    """Devices of agents who may sign in: queues do not ring one whose agent has not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimePassed:
    """A deadline of the floor was reached."""

    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DayBegan:
    """Local midnight of the centre: today's counters begin again."""

    at: float


# --- from the exchange ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeConnected:
    at: float
    version: str
    restarted: bool
    """The exchange itself began anew since we last saw it; its old calls are gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeLost:
    at: float
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallArrived:
    """A call began (or was found in progress in a snapshot)."""

    at: float
    call: str
    direction: Direction
    number: str | None
    """The other party's number as the exchange reports it (inbound: the caller's; outbound: the
    dialled one); ``None`` when withheld."""
    name: str | None
    dialled: str | None
    device: str | None = None
    """The own device that began it (outbound, internal), such as ``PJSIP/1001``."""
    resumed: bool = False
    """Found in a snapshot; ``at`` may be later than the real beginning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerChanged:
    """The exchange learned another number or name for the caller."""

    at: float
    call: str
    number: str | None
    name: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallQueued:
    at: float
    call: str
    queue: str
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CallLeftQueue:
    at: float
    call: str
    queue: str
    why: QueueExit


@dataclass(frozen=True, slots=True, kw_only=True)
class CallOffered:
    """A device is about to be rung for the call: the earliest moment to show the card."""

    at: float
    call: str
    device: str
    leg: str
    queue: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferEnded:
    """The device stopped being rung without having answered."""

    at: float
    call: str
    device: str
    leg: str
    why: OfferEnd


@dataclass(frozen=True, slots=True, kw_only=True)
class CallAnswered:
    """The two parties talk. ``device`` is the own device of the agent (whichever side it is on)."""

    at: float
    call: str
    device: str
    leg: str
    queue: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallHeld:
    at: float
    call: str
    device: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallResumed:
    at: float
    call: str
    device: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceLeft:
    """The device's part in the call is over though the call goes on (after a transfer)."""

    at: float
    call: str
    device: str
    leg: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEnded:
    at: float
    call: str
    why: CallEnd
    cause: int | None = None
    """Q.850 cause of the caller's channel, when known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallsMerged:
    """Two calls turned out to be one conversation; ``absorbed`` is no longer a call."""

    at: float
    call: str
    absorbed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceChanged:
    at: float
    device: str
    state: DeviceState


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberSeen:
    """A queue has this member, in this condition. Sent when it is new or changed."""

    at: float
    queue: str
    device: str
    name: str
    paused: bool
    state: DeviceState


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberGone:
    at: float
    queue: str
    device: str


# --- from the screens: wishes, refused with FloorError when impossible -------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentSignedIn:
    at: float
    agent: str
    name: str
    device: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentSignedOut:
    at: float
    agent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StateChosen:
    """The agent wants to be ready or on break, now or after the present call."""

    at: float
    agent: str
    state: Literal["ready", "break"]
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonChosen:
    """The agent says who is calling."""

    at: float
    agent: str
    call: str
    person: str | None
    """``None``: none of the candidates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeNoted:
    """The agent noted why the customer called and how it ended."""

    at: float
    agent: str
    call: str
    reason: str
    outcome: str
    notes: str
    finish: bool = True
    """Wrap-up ends with it."""


# --- results of orders --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerIdentified:
    at: float
    call: str
    identity: IdentityState
    candidates: tuple[Candidate, ...] = ()
    profile: Profile | None = None
    """Of the best candidate, or of the one the agent chose."""
    context: tuple[str, ...] = ()
    """What the prediction may use, coarse to fine, as of the moment of the call."""
    ask: int = 0
    """Which ``Identify`` of the call this answers; an older answer never wins over a newer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonsPredicted:
    at: float
    call: str
    reasons: tuple[Reason, ...]
    """Most likely first; empty when not known."""
    model: str
    ask: int = 0
    """Which ``Predict`` of the call this answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswersFound:
    at: float
    call: str
    answers: tuple[Answer, ...]
    ask: int = 0
    """Which ``FindAnswers`` of the call this answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeStored:
    """What an agent noted is on disk: whoever looks the person up now finds it."""

    at: float
    call: str
    person: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFailed:
    """An order could not be carried out."""

    at: float
    order: str
    """Class name of the order."""
    why: str
    call: str | None = None
    device: str | None = None
    ask: int = 0


Event: TypeAlias = (
    FloorOpened
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
    | CallEnded
    | CallsMerged
    | DeviceChanged
    | MemberSeen
    | MemberGone
    | AgentSignedIn
    | AgentSignedOut
    | StateChosen
    | PersonChosen
    | OutcomeNoted
    | CallerIdentified
    | ReasonsPredicted
    | AnswersFound
    | OutcomeStored
    | OrderFailed
)

EVENTS: tuple[type[Event], ...] = get_args(Event)
"""Every event class, for the codec and for tests that want to see all of them."""
