"""Wishes towards the outside: imperative, frozen. Dispatch carries them out.

What comes of an order returns as an event; an order that fails returns as ``OrderFailed``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, get_args

from .callback import Callback
from .card import (
    AgentView,
    AnswerMark,
    Card,
    Cause,
    Features,
    Profile,
    QueueView,
    Reason,
    Scored,
    Words,
)
from .events import CallEnd, ControlKind, Direction, ReservationEnd
from .routing import Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class Identify:
    """Find out who is calling. ``person`` is set when the agent chose one."""

    call: str
    number: str | None
    name: str | None
    dialled: str | None = None
    person: str | None = None
    chosen: bool = False
    """The agent chose ``person`` (``None`` then means: none of the candidates)."""
    asked_back: bool = False
    """It is ``person`` who asked for this callback."""
    ask: int = 0
    """Counts the call's questions of this kind; comes back with the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Predict:
    """Find out why. ``context``, ``features`` and ``causes`` are what the identification said the
    prediction may use; ``words`` what the customer said since."""

    call: str
    queue: str | None
    context: tuple[str, ...]
    features: Features = ()
    causes: tuple[Cause, ...] = ()
    words: tuple[Words, ...] = ()
    ask: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FindAnswers:
    """Find what to answer to the likely reasons."""

    call: str
    reasons: tuple[Reason, ...]
    profile: Profile | None
    words: tuple[Words, ...] = ()
    marks: tuple[tuple[str, AnswerMark], ...] = ()
    """What the agent said of answers shown before: a ``wrong`` one does not come again."""
    ask: int = 0


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
class SetPaused:
    """Pause or unpause a device in all queues of the exchange."""

    device: str
    paused: bool
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordCall:
    """Store what happened in a call that ended. Carried out once; repeating it is harmless."""

    call: str
    direction: Direction
    number: str | None
    caller_name: str | None
    dialled: str | None
    person: str | None
    queue: str | None
    agent: str | None
    """Who talked, last."""
    arrived: float
    answered: float | None
    ended: float
    wait: float
    talk: float
    why: CallEnd
    transfers: int
    """How often it was handed on."""
    predicted: tuple[Reason, ...]
    model: str | None
    context: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordOutcome:
    """Store what the agent noted; may come before or after ``RecordCall`` of the same call."""

    at: float
    call: str
    agent: str
    person: str | None
    reason: str
    outcome: str
    notes: str
    queue: str | None
    context: tuple[str, ...]
    features: Features = ()
    words: tuple[Words, ...] = ()
    """With ``context`` and ``features``: what the reason is learned from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPrediction:
    """Store what was predicted for a call, from what, and what the agent was shown and did.

    One row for each prediction (call and ``ask``), stored again with a higher ``version`` as it
    becomes fuller; an older version never wins. The reason as handled is the outcome's.
    """

    call: str
    ask: int
    version: int
    at: float
    """When it was predicted."""
    person: str | None
    tier: str | None
    language: str | None
    """Tier and language only to watch whether groups fare alike; ``None``: not known."""
    queue: str | None
    context: tuple[str, ...]
    features: Features
    words: tuple[Words, ...]
    model: str
    reasons: tuple[Reason, ...]
    not_ours: bool
    challengers: tuple[Scored, ...]
    answers: tuple[str, ...] = ()
    """Ids, as suggested."""
    agent: str | None = None
    """Whose screen showed it first."""
    seen: float | None = None
    """Since when."""
    marks: tuple[tuple[str, AnswerMark], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordMark:
    """Store what became of a suggested answer, or what was missing. Whoever marked it waits."""

    at: float
    call: str
    agent: str
    answer: str | None
    mark: AnswerMark
    text: str
    reason: str | None
    """The likeliest reason at that moment."""
    words: tuple[Words, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AskSnapshot:
    """What the exchange says and what we believe disagree too often: look at it whole again."""

    why: str


ReservationState: TypeAlias = Literal[
    "pending", "accepted", "refused", "timed_out", "rescinded", "wrapping", "completed"
]
LIVE_RESERVATIONS: Final[frozenset[ReservationState]] = frozenset(
    {"pending", "accepted", "wrapping"}
)
"""An agent has at most one of these; the store has a unique index that says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepReservation:
    """Store a reservation as it is now. ``version`` grows with every change; an older one never
    wins. A ``pending`` one of version 1 is stored by ``Ring`` itself, before anything rings."""

    id: str
    version: int
    node: str
    agent: str
    call: str
    queue: str | None
    state: ReservationState
    made: float
    deadline: float | None
    """When the present state ends by itself."""
    changed: float
    why: ReservationEnd | None = None
    detail: str = ""
    """What the agent gave as a reason, or the exchange said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ring:
    """Store the reservation; when that is done, ring the agent's phone for the waiting call and
    join the two when it answers. Fails as ``RingFailed``; an answer comes from the exchange."""

    reservation: KeepReservation
    call: str
    device: str
    leg: str
    """The Uniqueid that the agent's leg is to have."""
    seconds: float
    auto_answer: bool
    number: str | None
    """Shown on the phone: the caller's."""
    name: str | None
    alone: bool = False
    """Agent first: nobody waits for them yet; the leg hears that somebody is being called. Comes
    back as ``AgentOnLine``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StopRinging:
    """The leg is no longer wanted. Harmless when it is gone."""

    reservation: str
    leg: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Announce:
    """What the waiting caller is told next: place in line, and how long it will take."""

    call: str
    leg: str
    position: int
    p50: float | None
    p90: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SendAway:
    """Take the waiting call out of the engine's line: the exchange's dialplan goes on for it."""

    call: str
    leg: str
    queue: str
    why: Literal["closed", "empty", "timed_out", "fallback"]
    """``fallback``: into the exchange's own queue of this name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """Do something to a live call. What the exchange reports confirms it."""

    id: str
    call: str
    do: ControlKind
    device: str
    """The phone of whoever asks."""
    leg: str | None
    """Their leg of the call, when they have one."""
    new_leg: str
    """The Uniqueid of a leg that has to be made for it (``consult``, ``listen``...)."""
    target: str | None = None
    """Number or extension; the supervised agent's leg for ``listen`` and the like."""
    digits: str | None = None


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


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordDecision:
    """Store why this agent was chosen, or nobody."""

    decision: Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPromise:
    """Store a wait that was told to a caller; and, once it is known, how it came out."""

    id: str
    call: str
    queue: str
    told: float
    position: int
    p50: float | None
    p90: float | None
    waited: float | None = None
    """Seconds from being told to the answer, or to giving up; ``None`` while it is open."""
    answered: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordAudit:
    """Store who did what to whose call or state, and why: supervision, recording, skills."""

    at: float
    by: str
    what: str
    """A ``ControlKind``, ``state``, ``skills``, ``sign_out``, ``help``; ``knowledge``; ``promote``,
    ``rollback`` (models); ``condition``, ``condition_ended``; ``callback``, ``callback_cancel``,
    ``callback_move``, ``callback_now``, ``callback_assign``, ``callback_switches``,
    ``callback_block``, ``callback_unblock``."""
    agent: str | None
    call: str | None
    reason: str
    ok: bool
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordSkills:
    """Store what an agent can do from now on; whoever changed it waits for it."""

    agent: str
    skills: tuple[tuple[str, int], ...]
    """Skill to level, 0 to 5."""


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


Order: TypeAlias = (
    Identify
    | Predict
    | FindAnswers
    | ShowCard
    | CloseCard
    | ShowAgent
    | ShowQueue
    | SetPaused
    | RecordCall
    | RecordOutcome
    | RecordPrediction
    | RecordMark
    | AskSnapshot
    | KeepReservation
    | Ring
    | StopRinging
    | Announce
    | SendAway
    | Control
    | ShowControl
    | ShowHelp
    | RecordDecision
    | RecordPromise
    | RecordAudit
    | RecordSkills
    | KeepCallback
    | Dial
    | StopDialling
    | RequestCallback
    | TellCaller
)

ORDERS: tuple[type[Order], ...] = get_args(Order)
