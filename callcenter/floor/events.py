"""Facts that happened: past tense, frozen, each with ``at`` in seconds since the epoch, UTC.

The journal is the list of these, in order. Adding a field with a default keeps old journals
readable; renaming or removing one does not, so neither is done.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from .callback import Callback, DialFault, LawRules
from .card import (
    Answer,
    AnswerMark,
    Candidate,
    Cause,
    Features,
    IdentityState,
    Profile,
    Reason,
    Scored,
    Words,
)
from .rules import (
    Distribution as Distribution,
)
from .rules import (
    HoursSettings as HoursSettings,
)
from .rules import (
    QueueSettings as QueueSettings,
)
from .rules import (
    ReasonRule as ReasonRule,
)
from .rules import (
    StepSettings as StepSettings,
)

Direction: TypeAlias = Literal["inbound", "outbound", "internal"]
OfferEnd: TypeAlias = Literal[
    "no_answer", "busy", "congestion", "refused", "cancelled", "answered_elsewhere", "unknown"
]
QueueExit: TypeAlias = Literal[
    "answered",
    "abandoned",
    "timed_out",
    "empty",
    "key",
    "closed",
    "overflow",  # moved on to another queue
    "unknown",
]
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


TransferKind: TypeAlias = Literal["blind", "attended", "pickup", "forward"]
RecordingState: TypeAlias = Literal["off", "on", "paused"]
SpyMode: TypeAlias = Literal["listen", "whisper", "barge"]
ControlKind: TypeAlias = Literal[
    "answer", "hold", "resume", "mute", "unmute", "dtmf",
    "blind_transfer", "consult", "swap", "complete", "cancel_consult", "conference",
    "park", "hang_up", "record", "stop_recording", "pause_recording", "resume_recording",
    "listen", "whisper", "barge", "stop_listening", "take_over",
]  # fmt: skip
"""What may be asked of a live call. ``conference`` merges the consulted party into the talk."""
ReservationEnd: TypeAlias = Literal[
    "no_answer", "busy", "declined", "unreachable", "caller_gone", "agent_gone", "withdrawn",
    "taken", "not_stored", "exchange_lost", "engine_stopped",
]  # fmt: skip


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
    run: str = "0"
    """Names this run of the engine; ids of reservations begin with it."""
    node: str = "main"
    skills: tuple[str, ...] = ()
    """Skills that exist here; empty: any name."""
    tiers: tuple[tuple[str, float], ...] = ()
    """Tier of the customer to the seconds it counts as having waited already."""
    reason_rules: tuple[ReasonRule, ...] = ()
    max_credit: float = 600.0
    """No call is treated as having waited longer than this beyond what it has: nobody is ever
    overtaken by a call that came more than so many seconds later."""
    sticky_days: float = 14.0
    """How long the agent a caller last talked to is remembered for them."""
    retry_seconds: float = 60.0
    """How long a call is kept from an agent who did not answer or refused it."""
    missed_policy: Literal["missed", "ready"] = "missed"
    """What becomes of an agent who did not answer: not ready until they say so, or ready again."""
    occupancy_cap: float = 0.85
    """Outbound work is given only to agents whose occupancy is below it."""
    pause_limit: float = 120.0
    """A paused recording goes on by itself after so many seconds."""
    listening_visible: bool = True
    """Whether an agent sees that a supervisor listens."""
    transfer_targets: tuple[str, ...] = ()
    """Further numbers and extensions calls may be transferred to, as shell patterns."""
    law: tuple[LawRules, ...] = ()
    """When whom may be called; a region that no rule is for: at any time, any number of times."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRestored:
    """A call that was open when the engine stopped. It goes on if the exchange still has it; if
    not, it ended while nobody listened, and is recorded as lost."""

    at: float
    call: str
    seen: float
    """When the run before ended, up to when it certainly lived."""
    direction: Direction
    number: str | None
    name: str | None
    dialled: str | None
    arrived: float
    queue: str | None
    queued: float | None
    """When it entered the queue in whose line it was; ``None``: it was in none."""
    place: float | None
    wait: float
    answered: float | None
    agent: str | None
    transfers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueCount:
    """A queue's counters of today, see ``callcenter.floor.queue.Counters``."""

    queue: str
    offered: int
    answered: int
    abandoned: int
    left: int
    within_threshold: int
    wait_total: float
    promises: int
    promises_kept: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CountersNoted:
    """Today's counters as they are. Noted every minute, so that a restart goes on from there."""

    at: float
    queues: tuple[QueueCount, ...]


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
    by: Distribution = "exchange"
    """Who chooses the agent."""
    leg: str | None = None
    """The waiting leg, where the engine chooses."""


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
class CallTransferred:
    """Somebody handed the call on (or another phone picked it up). The parties follow as
    ``CallOffered``, ``CallAnswered`` and ``DeviceLeft``; this says who did it and to whom."""

    at: float
    call: str
    kind: TransferKind
    by: str | None
    """The own device that handed it on, when known."""
    to: str | None
    """Device, extension or number it goes to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallParked:
    at: float
    call: str
    place: str | None
    by: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallUnparked:
    at: float
    call: str
    by: str | None
    """The device that took it back; ``None`` when parking timed out or the caller hung up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsultBegan:
    """While the caller waits on hold, the agent's device calls somebody about the call."""

    at: float
    call: str
    device: str
    leg: str
    """The leg of the consulted party."""
    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsultAnswered:
    at: float
    call: str
    device: str
    leg: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsultEnded:
    """The consulted party is gone (``completed``, ``joined``: it is in the talk itself now)."""

    at: float
    call: str
    device: str
    leg: str
    why: Literal["completed", "joined", "cancelled", "busy", "no_answer", "refused", "gone"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyJoined:
    """Somebody besides caller and agents takes part: a consulted party, an outside number."""

    at: float
    call: str
    leg: str
    number: str | None
    name: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyLeft:
    at: float
    call: str
    leg: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingChanged:
    at: float
    call: str
    leg: str
    state: RecordingState


@dataclass(frozen=True, slots=True, kw_only=True)
class MuteChanged:
    """The exchange confirmed that it carries the device's voice, or does not."""

    at: float
    call: str
    device: str
    muted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SpyBegan:
    """A device listens to the talk of ``device``."""

    at: float
    call: str
    device: str
    by: str
    leg: str
    """The listener's leg."""
    mode: SpyMode


@dataclass(frozen=True, slots=True, kw_only=True)
class SpyEnded:
    at: float
    call: str
    by: str
    leg: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPressed:
    """A waiting caller pressed a key."""

    at: float
    call: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerSaid:
    """Words about the reason: said to the menu, written in a form, noted by the agent."""

    at: float
    call: str
    words: Words


@dataclass(frozen=True, slots=True, kw_only=True)
class EstimateTold:
    """A waiting caller was told their position and how long it will take: a promise."""

    at: float
    call: str
    queue: str
    position: int
    p50: float | None
    p90: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotCompared:
    """A snapshot of the exchange was compared with what was believed. ``drift`` counts the
    differences that no event had told; ``calls`` are those that really exist."""

    at: float
    drift: int
    audit: bool
    """Taken by the clock, not because something was in doubt."""
    calls: tuple[str, ...] = ()


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
    skills: tuple[tuple[str, int], ...] = ()
    """Skill to level, 0 to 5."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentSignedOut:
    at: float
    agent: str
    by: str | None = None
    """The supervisor who did it, when it was not the agent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SkillsChanged:
    at: float
    agent: str
    skills: tuple[tuple[str, int], ...]
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StateChosen:
    """The agent wants to be ready or on break, now or after the present call."""

    at: float
    agent: str
    state: Literal["ready", "break"]
    reason: str | None = None
    by: str | None = None
    """The supervisor who did it, when it was not the agent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WrapUpExtended:
    """The agent needs ``seconds`` more, counted from the present deadline."""

    at: float
    agent: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class WrapUpRestored:
    """The agent was wrapping up when the engine stopped, and goes on."""

    at: float
    agent: str
    call: str
    since: float
    deadline: float | None
    direction: Direction
    number: str | None
    name: str | None
    dialled: str | None
    queue: str | None
    arrived: float
    answered: float | None
    ended: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservationAccepted:
    """The agent says so before the phone does; an answered phone accepts as well."""

    at: float
    agent: str
    reservation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservationRefused:
    at: float
    agent: str
    reservation: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlAsked:
    """Somebody wants something done to a live call. ``agent`` asks; a supervisor's ``listen``,
    ``whisper``, ``barge``, ``take_over`` and ``stop_listening`` need ``role`` supervisor and a
    ``reason``."""

    at: float
    id: str
    """Chosen by who asks; comes back with the result."""
    agent: str
    role: Literal["agent", "supervisor"]
    call: str
    do: ControlKind
    device: str | None = None
    """The asker's own phone where they are not signed in as an agent (a supervisor)."""
    target: str | None = None
    """Extension or number, for ``blind_transfer`` and ``consult``."""
    digits: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HelpAsked:
    at: float
    agent: str
    call: str | None
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HelpGiven:
    """A supervisor took notice."""

    at: float
    agent: str
    by: str


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


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerMarked:
    """The agent says what became of a suggested answer, or that one is missing."""

    at: float
    agent: str
    call: str
    answer: str | None
    """``None`` with ``missing``."""
    mark: AnswerMark
    text: str = ""
    """With ``missing``: what was asked; in the agent's words."""


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
    features: Features = ()
    """The same for models that weigh many facts."""
    causes: tuple[Cause, ...] = ()
    """The facts behind the features that an agent can be told."""
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
    not_ours: bool = False
    """The words are about something that is none of the known reasons."""
    challengers: tuple[Scored, ...] = ()
    """What models that are only being tried say."""
    late: bool = False
    """Comes after one that was given because time was up; it wins over that one."""


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
class ControlCarriedOut:
    """The exchange took the order. What it confirms by an event of its own is waited for."""

    at: float
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RingFailed:
    """The leg of a reservation was not answered, or could not be rung."""

    at: float
    reservation: str
    why: ReservationEnd
    detail: str = ""


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
    id: str | None = None
    """Of the control, reservation or the like."""


# --- callbacks ----------------------------------------------------------------------------------


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
