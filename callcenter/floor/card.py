"""What an agent is shown about one call, as plain data.

Every class here is frozen and can be written as JSON (see ``callcenter.codec``). Texts that a
person reads are either data of the customer (names, order numbers) or stable codes that the console
translates; this module holds no English sentence.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

FactKind: TypeAlias = Literal[
    "text",  # value: str, shown as it is (a name, an order number)
    "code",  # value: str, a stable word the console translates ("tier.gold", "lang.zh-Hant")
    "count",  # value: int
    "money",  # value: int, minor units (cents); unit: ISO 4217 code
    "date",  # value: str, ISO 8601 calendar date
    "instant",  # value: float, seconds since the epoch, UTC
    "duration",  # value: float, seconds
    "share",  # value: float, 0 to 1
    "flag",  # value: bool
]
FactGroup: TypeAlias = Literal["who", "matters", "contacts", "promises", "consent"]
Tone: TypeAlias = Literal["plain", "good", "warn", "bad"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One thing known about the person. ``key`` is stable; ``kind`` says how to read ``value``."""

    key: str
    group: FactGroup
    kind: FactKind
    value: str | int | float | bool
    unit: str | None = None
    detail: str | None = None
    """Customer data that belongs to the fact (an order number beside its state), or nothing."""
    tone: Tone = "plain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Why somebody may be the caller: a stable code and the datum behind it."""

    code: str
    """``number_exact``, ``number_variant``, ``number_shared``, ``name_match``, ``recent_contact``,
    ``open_matter``, ``chosen_by_agent``, ``asked_for_callback``."""
    detail: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A person who may be calling. Probabilities of all candidates sum to at most 1."""

    person: str
    name: str
    probability: float
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """An earlier conversation with the person, newest first on the card."""

    call: str
    at: float
    queue: str | None
    agent: str | None
    reason: str | None
    outcome: str | None
    notes: str
    wait: float
    """Seconds from entering the queue to answer (or to giving up)."""
    talk: float
    transfers: int
    ended: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A person as the agent sees them: identity, facts, last contacts."""

    person: str
    name: str
    language: str | None
    """BCP 47: ``en``, ``zh-Hans``, ``zh-Hant``."""
    tier: str | None
    facts: tuple[Fact, ...]
    contacts: tuple[Contact, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """A fact that a prediction rests on: an order that is late, a page that was read.

    ``group`` names its features (see ``Features``): a model tells how much a fact moved it by
    leaving the group out. The console puts ``code``, ``value`` and ``detail`` into words.
    """

    group: str
    code: str
    """A stable word: ``order_late``, ``happening.fee_charged``, ``condition.outage``, ``words``."""
    kind: FactKind | None = None
    """How to read ``value``; ``None`` where there is none."""
    value: str | int | float | bool | None = None
    detail: str | None = None
    """Customer data that belongs to it (an order number), or nothing."""


Features: TypeAlias = tuple[tuple[str, float], ...]
"""What a model may use, as of the moment of the call: name to value, by name. A name is
``group|what``; what is absent is not known or not there. The names are those of
``intelligence.features``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why the person may be calling. ``code`` is from the pack, ``probability`` is true."""

    code: str
    probability: float
    why: tuple[Cause, ...] = ()
    """The facts that speak for it most, the strongest first; empty when none stands out."""


WordsSource: TypeAlias = Literal["ivr", "callback", "chat", "note", "path"]
"""Where words come from: said to the voice menu, written in a callback form or a chat, the agent's
note during the call; ``path``: the way through the menu, as keys joined by ``-`` (``2-1``)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What the customer said or wrote about the reason, or somebody for them. Text of strangers."""

    source: WordsSource
    text: str
    language: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """What a model that is only being tried says of a call; nobody is shown it."""

    model: str
    reasons: tuple[tuple[str, float], ...]
    """Codes with their probabilities, likeliest first."""


AnswerMark: TypeAlias = Literal["used", "wrong", "missing"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrasing:
    """One language of an answer."""

    language: str
    title: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A knowledge entry suggested to the agent."""

    id: str
    reason: str
    source: str
    phrasings: tuple[Phrasing, ...]
    """With the person's own facts put in."""
    score: float = 0.0
    """Estimated probability that it is the right one, 0 to 1; the best come first."""
    automatic: bool = False
    """So sure that the console opens it by itself."""


IdentityState: TypeAlias = Literal[
    "pending", "known", "candidates", "unknown", "anonymous", "failed"
]
PartState: TypeAlias = Literal["pending", "known", "not_known", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Somebody who takes part in a call."""

    leg: str | None
    kind: Literal["caller", "agent", "consulted", "other", "supervisor"]
    agent: str | None
    """Of kind ``agent`` and ``supervisor``, when known."""
    number: str | None
    """Device, extension or number."""
    name: str | None
    state: Literal["ringing", "talking", "held", "listening", "parked"]
    muted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """Something the agent asked for that the exchange has not confirmed yet."""

    id: str
    do: str
    deadline: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """The reservation behind a ringing phone: the agent may refuse it until the deadline."""

    reservation: str
    deadline: float
    auto_answer: bool
    preview: bool = False
    """Nobody is dialled before they accept; a callback may be snoozed as well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackOnCard:
    """That the call is one of ours, promised to the customer. Times: seconds since the epoch."""

    id: str
    origin: str
    """``web``, ``queue``, ``agent``, ``case``."""
    made: float
    opens: float
    closes: float
    zone: str
    attempt: int
    """1 for the first."""
    last_cause: str | None
    """How the attempt before ended."""
    reason: str | None
    first: Literal["agent", "customer"]
    open: bool = False
    """The customer calls us while it is still open (``attempt`` then counts those made)."""
    stage: Literal["none", "calling", "answered"] = "none"
    """How far the customer's side of this attempt is: their phone rings, or they have answered;
    ``none``: they are not dialled yet, or not any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """Everything the agent is shown about one call. ``rev`` grows by one with every change."""

    call: str
    rev: int
    direction: str
    state: str
    """State of the call, see ``callcenter.floor.call.CallState``."""
    queue: str | None
    number: str | None
    """As the exchange reported it; ``None`` when withheld."""
    caller_name: str | None
    dialled: str | None
    arrived: float
    offered: float | None
    answered: float | None
    ended: float | None
    identity: IdentityState
    candidates: tuple[Candidate, ...]
    profile: Profile | None
    reasons_state: PartState
    reasons: tuple[Reason, ...]
    answers_state: PartState
    answers: tuple[Answer, ...]
    noted: bool
    """The agent has noted reason and outcome."""
    offer: Offer | None = None
    parties: tuple[Party, ...] = ()
    recording: Literal["off", "on", "paused"] = "off"
    recording_resumes: float | None = None
    """When a paused recording goes on by itself."""
    parked: str | None = None
    """Where, while it is parked."""
    pending: tuple[Pending, ...] = ()
    transfers: int = 0
    model: str | None = None
    """Which model the reasons are from."""
    words: tuple[Words, ...] = ()
    """What the customer said or wrote about the reason before."""
    not_ours: bool = False
    """The words are about something that is none of the known reasons."""
    marks: tuple[tuple[str, AnswerMark], ...] = ()
    """Answers the agent marked: id to mark; id "" for ``missing``."""
    callback: CallbackOnCard | None = None
    """It is a callback, or the customer who calls has one open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallView:
    """A live call as supervisors see it in a list. Times are seconds since the epoch, UTC."""

    call: str
    direction: Literal["inbound", "outbound", "internal"]
    state: str
    """See ``callcenter.floor.call.CallState``."""
    queue: str | None
    """The queue it is or was in, the last."""
    number: str | None
    caller_name: str | None
    arrived: float
    waiting_since: float | None
    """When it came to wait, while it waits."""
    answered: float | None
    agents: tuple[str, ...]
    """Who is rung for it, or talks."""
    distribution: Literal["exchange", "engine"]
    """Who chooses the agent."""
    reservation: str | None
    parked: str | None
    recording: Literal["off", "on", "paused"]
    transfers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentView:
    """An agent as screens show them. Times are seconds since the epoch, UTC."""

    agent: str
    name: str
    device: str
    state: str
    since: float
    reason: str | None
    """Why on break, a code from the settings."""
    next_state: str | None
    next_reason: str | None
    call: str | None
    """The call being offered, spoken, or wrapped up."""
    queue: str | None
    deadline: float | None
    """When the state ends by itself (wrap-up time), or nothing."""
    device_state: str
    calls_today: int
    reservation: str | None = None
    skills: tuple[tuple[str, int], ...] = ()
    busy_with: Literal["customer", "internal"] | None = None
    """Whom they talk to; internal calls hide capacity."""
    toggles: int = 0
    """How often they went on or off ready by choice in the last hour."""
    missed_today: int = 0
    occupancy: float | None = None
    """Share of the time signed in and not on break that was spent on calls, lately; 0 to 1."""
    help_since: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueView:
    """A queue as screens show it. Counters are since the local midnight of the centre."""

    queue: str
    waiting: int
    longest_since: float | None
    """When the longest waiting call entered, or nothing; screens count from it."""
    offered: int
    answered: int
    abandoned: int
    left: int
    """Left the queue otherwise: time-out, empty, key, withdrawn."""
    within_threshold: int
    """Answered within the service-level threshold."""
    threshold: float
    wait_total: float
    """Seconds, of answered calls; ASA is ``wait_total / answered``."""
    ready: int
    offered_agents: int
    talking: int
    wrapup: int
    on_break: int
    signed_in: int
    distribution: Literal["exchange", "engine"] = "exchange"
    open: bool = True
    reserved: int = 0
    missed: int = 0
    unreachable: int = 0
    p50: float | None = None
    """What somebody who comes now will wait, in seconds; absent when data is thin."""
    p90: float | None = None
    promises: int = 0
    """Waits told to callers today whose outcome is known."""
    promises_kept: int = 0
    """Of those, how many were answered within the p90 told."""
    callbacks: int = 0
    """Customers in its line who are not on the phone: they are called back when their turn
    comes."""
