"""What the floor's orders need from outside, in the floor's words. Adapters implement these.

Each port is small; its in-memory twin lives in ``tests/fakes.py`` and one contract suite runs
against both. Methods are coroutines where they may wait, plain functions where they never do.
"""

from __future__ import annotations

from collections.abc import Awaitable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Literal, Protocol, TypeAlias

from .floor.callback import DialEnd
from .floor.card import (
    AgentView,
    Answer,
    AnswerMark,
    CallView,
    Card,
    Contact,
    Features,
    QueueView,
    Reason,
    Scored,
    Words,
)
from .floor.events import (
    CallerIdentified,
    CallerSaid,
    Event,
    ReservationEnd,
)
from .floor.orders import (
    Announce,
    Control,
    Dial,
    FindAnswers,
    Identify,
    KeepReservation,
    Predict,
    RecordAudit,
    RecordCall,
    RecordDecision,
    RecordMark,
    RecordOutcome,
    RecordPrediction,
    RecordPromise,
    Ring,
    SendAway,
    ShowControl,
    ShowHelp,
    StopDialling,
    StopRinging,
    TellCaller,
)
from .floor.routing import Decision

NumberKind: TypeAlias = Literal[
    "mobile", "fixed", "fixed_or_mobile", "toll_free", "premium", "shared_cost", "voip",
    "personal", "pager", "uan", "voicemail", "extension", "unknown",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class PhoneNumber:
    """A caller's number as understood: the readings to look up, likeliest first.

    ``readings`` are E.164 (``+442079460123``); empty when the number cannot be one (an extension,
    letters). ``anonymous``: withheld or absent. ``raw`` is kept for display only.
    """

    raw: str
    readings: tuple[str, ...]
    kind: NumberKind
    region: str | None
    """ISO 3166-1 alpha-2 of the likeliest reading."""
    anonymous: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactPoint:
    kind: Literal["phone", "email", "account"]
    value: str
    label: str | None
    """``home``, ``mobile``, ``work``..."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRow:
    id: str
    placed: float
    state: str
    """``open``, ``shipped``, ``late``, ``delivered``, ``returned``, ``cancelled``."""
    title: str
    amount: int
    currency: str
    due: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BillRow:
    id: str
    issued: float
    due: float
    amount: int
    currency: str
    paid: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRow:
    id: str
    opened: float
    closed: float | None
    reason: str | None
    title: str
    state: str
    """``open``, ``waiting``, ``closed``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseRow:
    id: str
    made: float
    due: float
    text: str
    kept: bool | None
    """``None`` while open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """Something in the house's systems that concerns a person: a fee was charged, a card declined,
    a password refused, a callback asked for. Which kinds there are, the pack says."""

    id: str
    at: float
    kind: str
    title: str = ""
    """Shown to the agent; customer data."""
    topic: str | None = None
    """A reason or head of reasons that the customer gave with it (a callback's)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageView:
    """A page of the website that a person looked at while signed in."""

    at: float
    page: str
    """A short word for it: ``fees``, ``card-replacement``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """Something that concerns everybody for a time: an outage, a change of prices, a campaign."""

    id: str
    kind: str
    """``outage``, ``price_change``, ``campaign`` or the like."""
    since: float
    until: float | None
    """``None``: until further notice."""
    title: str = ""
    product: str | None = None
    """Concerns only people with this product; ``None``: all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRow:
    """All the store knows about a person that a card may need, as of one moment.

    ``orders``, ``bills``, ``cases``, ``promises``: open ones and the latest closed ones, newest
    first, at most 20 each. ``contacts``: newest first, at most 20. ``happenings``: of the last 60
    days, newest first, at most 40; ``pages``: of the last day, newest first, at most 20.
    """

    id: str
    name: str
    language: str | None
    tier: str | None
    since: float | None
    birth: str | None
    city: str | None
    segment: str | None
    products: tuple[str, ...]
    lifetime_value: int | None
    currency: str | None
    payment_days: float | None
    """Average days from bill to payment."""
    preferred_channel: str | None
    preferred_time: str | None
    note: str | None
    """A remembered preference, in the words of whoever noted it."""
    consent_marketing: bool | None
    consent_recording: bool | None
    matched: str | None
    """The contact point (E.164 or account) through which this person was found."""
    sharers: int
    """How many people share that contact point, this one included."""
    points: tuple[ContactPoint, ...]
    orders: tuple[OrderRow, ...]
    bills: tuple[BillRow, ...]
    cases: tuple[CaseRow, ...]
    promises: tuple[PromiseRow, ...]
    contacts: tuple[Contact, ...]
    happenings: tuple[Happening, ...] = ()
    pages: tuple[PageView, ...] = ()
    predict: bool = True
    """``False``: nothing is to be predicted about this person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What an agent has typed so far in wrap-up. ``rev`` counts up; an older one never wins."""

    call: str
    agent: str
    rev: int
    reason: str | None
    outcome: str | None
    notes: str
    saved: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Somebody who may sign in."""

    agent: str
    name: str
    role: Literal["agent", "supervisor"]
    device: str | None
    password_hash: str
    language: str | None
    active: bool
    skills: tuple[tuple[str, int], ...] = ()
    """Skill to level (0 to 5), by name of the skill."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseScore:
    """How the waits told to callers of a queue on one day came out."""

    queue: str
    day: str
    """ISO 8601 date, local to the centre."""
    told: int
    """Callers were told so often, with or without an estimate."""
    n: int
    """Of those, with an estimate and the outcome known."""
    kept: int
    """Of the ``n``: answered within the p90 told. Who gave up was not kept a promise to."""
    answered: int
    """Of the ``n``."""
    error: float | None
    """Median absolute error of p50 over the answered, seconds; ``None`` without any."""


class Surroundings(Protocol):
    """What concerns people and everybody, told by the house's other systems. Idempotent by id."""

    async def happened(self, person: str, happenings: Sequence[Happening]) -> bool:
        """``False``: there is no such person."""

    async def viewed(self, person: str, pages: Sequence[PageView]) -> bool: ...

    async def set_condition(self, condition: Condition) -> None: ...

    async def conditions(self, since: float) -> tuple[Condition, ...]:
        """Those that ended at or after ``since`` or have not ended, oldest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnowledgeEdit:
    """A knowledge entry as edited on the screen: it stands instead of the file's of the same id."""

    id: str
    version: int
    at: float
    by: str
    entry: str
    """TOML of one entry, as in ``config/knowledge`` (docs/knowledge.md)."""
    retired: bool = False
    """No longer suggested."""


class Knowledge(Protocol):
    """Edited entries, the words that led to answers, and what was missing."""

    async def edits(self) -> tuple[KnowledgeEdit, ...]:
        """The latest of each entry."""

    async def edit(self, edit: KnowledgeEdit) -> bool:
        """Store version n of an entry; ``False`` when there is a version n already."""

    async def marks(self, since: float, until: float) -> tuple[RecordMark, ...]: ...


class People(Protocol):
    """Who is behind a number."""

    async def behind(self, readings: Sequence[str]) -> tuple[PersonRow, ...]:
        """People reachable at any of these E.164 numbers, at most 10; empty when nobody is."""

    async def person(self, id: str) -> PersonRow | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """Likely reasons, most likely first (empty: not known), and the name of the model."""

    reasons: tuple[Reason, ...]
    model: str
    not_ours: bool = False
    challengers: tuple[Scored, ...] = ()
    late: Awaitable[Prediction] | None = None
    """Time was up: the better one that is still being worked on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """One prediction and what came of it: what models are trained and judged on."""

    call: str
    at: float
    person: str | None
    tier: str | None
    language: str | None
    queue: str | None
    context: tuple[str, ...]
    features: Features
    words: tuple[Words, ...]
    reason: str
    """As the agent confirmed it last."""
    outcome: str
    notes: str
    model: str | None
    """Whose ``shown`` is; ``None``: nothing was predicted (older calls, imported ones)."""
    shown: tuple[tuple[str, float], ...]
    """The reasons the agent was shown, likeliest first."""
    challengers: tuple[Scored, ...]
    answers: tuple[str, ...] = ()
    marks: tuple[tuple[str, AnswerMark], ...] = ()


class Lessons(Protocol):
    """What was predicted and what came of it, as stored."""

    def lessons(self, since: float, until: float) -> Iterator[Lesson]:
        """Calls in [``since``, ``until``) whose reason was confirmed, oldest first; the last
        prediction of each. Reads in pieces; call it off the loop."""

    def confirmed_since(self, since: float) -> int:
        """How many outcomes were noted at or after ``since``."""


class Mind(Protocol):
    """Who, why, and what to say."""

    async def identify(self, order: Identify, at: float) -> CallerIdentified: ...

    async def predict(self, order: Predict, at: float) -> Prediction: ...

    async def answers(self, order: FindAnswers) -> tuple[Answer, ...]: ...

    def learn(self, order: RecordOutcome) -> None:
        """A reason was confirmed. Never waits."""

    def mark(self, order: RecordMark) -> None:
        """An answer was used, wrong or missing. Never waits."""


class Records(Protocol):
    """What must survive."""

    async def record_call(self, order: RecordCall) -> None: ...

    async def record_outcome(self, order: RecordOutcome) -> None: ...

    async def keep_reservation(self, order: KeepReservation) -> None:
        """Store it unless a newer version is there.

        Raises ``ReservationTaken`` when the agent has another live one: nothing is stored then. A
        new one (version 1, pending) ends an older one of the same node, whose end was not stored.
        """

    async def close_reservations(self, node: str, at: float) -> int:
        """End what a run of this node left live when it stopped; returns how many.

        Call it at the start, before the floor reserves anybody. Each becomes one version newer with
        ``why`` ``engine_stopped``: one in ``wrapping`` is ``completed`` (the talk was had), others
        are ``rescinded``. Those of other nodes stay.
        """

    async def record_prediction(self, order: RecordPrediction) -> None:
        """Store it unless a newer version is there."""

    async def record_mark(self, order: RecordMark) -> None: ...

    async def record_decision(self, order: RecordDecision) -> None:
        """Keep the decision with its trace, for as many days as the store was opened with."""

    async def record_promise(self, order: RecordPromise) -> None:
        """Store, or complete the one of the same id; an outcome that is known is never lost."""

    async def record_audit(self, order: RecordAudit) -> None:
        """Add a row; rows are never changed."""

    async def save_draft(self, draft: Draft) -> Draft:
        """Store unless a newer revision is there; returns what is stored now."""

    async def drafts(self, agent: str) -> tuple[Draft, ...]: ...

    async def reasons_seen(self) -> Sequence[tuple[str | None, tuple[str, ...], str, int]]:
        """(queue, context, reason, how often) over all noted outcomes, for the first model."""


class History(Protocol):
    """What was kept about distribution, for people who ask later. Newest first."""

    async def reservations(self, agent: str, limit: int = 100) -> tuple[KeepReservation, ...]: ...

    async def live_reservations(self, node: str) -> tuple[KeepReservation, ...]:
        """Those of this node, oldest first. At the start, before ``close_reservations``: who was
        in wrap-up when the engine stopped, and until when."""

    async def decisions(self, call: str) -> tuple[Decision, ...]:
        """All about one call, oldest first."""

    async def promises(self, since: float, until: float, zone: tzinfo) -> tuple[PromiseScore, ...]:
        """Waits told in [``since``, ``until``), by queue and local day, latest day first."""

    async def audit(
        self,
        since: float,
        until: float,
        agent: str | None = None,
        call: str | None = None,
        limit: int = 100,
    ) -> tuple[RecordAudit, ...]:
        """Rows of [``since``, ``until``), of this agent or call if given."""

    async def record_audit(self, order: RecordAudit) -> None: ...


class ReservationTaken(Exception):  # noqa: N818  # reads as the reason it is
    """The agent is being asked to take, or has, another call (of another engine)."""


class Skills(Protocol):
    """Where it is kept what agents can do."""

    async def set_skills(self, agent: str, skills: Sequence[tuple[str, int]]) -> bool:
        """Replace the agent's skills; ``False``: there is no such account."""


class Accounts(Skills, Protocol):
    async def account(self, agent: str) -> Account | None: ...


class Switch(Protocol):
    """The exchange."""

    async def pause(self, device: str, paused: bool, reason: str) -> None:
        """In all queues. Raises ``SwitchError`` with words an operator understands."""

    def ask_snapshot(self, why: str) -> None: ...

    async def ring(self, order: Ring) -> None:
        """Ring the device and, when it answers, join it with the waiting call. Returns when the
        leg has been answered. Raises ``RingError`` when it was not, ``SwitchError`` when it could
        not be tried."""

    async def stop_ringing(self, order: StopRinging) -> None:
        """End the leg; returns also when there is none. Raises ``SwitchError``."""

    async def announce(self, order: Announce) -> None:
        """Have the waiting caller told with the next announcement. Raises ``SwitchError``."""

    async def send_away(self, order: SendAway) -> None:
        """Raises ``SwitchError``."""

    async def control(self, order: Control) -> None:
        """Returns when the exchange has taken it. Raises ``SwitchError``."""

    async def dial(self, order: Dial) -> None:
        """Dial the customer, once. Returns when they answered (and, where the exchange listens, no
        machine did). Raises ``DialError`` when not; ``SwitchError`` when it was not done, or when
        nobody can say (the line was cut): then ``unknown`` is true of it."""

    async def stop_dialling(self, order: StopDialling) -> None:
        """End the customer's leg; returns also when there is none. Raises ``SwitchError``."""

    async def tell_caller(self, order: TellCaller) -> None:
        """Whether the callback they asked for is granted. Raises ``SwitchError``."""


class RingError(Exception):
    """The leg was not answered; ``why`` says how it ended."""

    def __init__(self, why: ReservationEnd, detail: str = "") -> None:
        super().__init__(detail or why)
        self.why = why
        self.detail = detail


class DialError(Exception):
    """The customer was not reached; ``why`` says how the attempt ended."""

    def __init__(self, why: DialEnd, detail: str = "") -> None:
        super().__init__(detail or why)
        self.why = why
        self.detail = detail


class SwitchError(Exception):
    """The exchange did not do what was asked; the message says why."""

    def __init__(self, message: str, unknown: bool = False) -> None:
        super().__init__(message)
        self.unknown = unknown
        """Nobody can say whether it was done."""


class Screens(Protocol):
    """All browsers. None of these ever waits or raises for a browser's sake."""

    def show_card(self, agent: str, card: Card) -> None: ...

    def close_card(self, agent: str, call: str) -> None: ...

    def show_agent(self, view: AgentView, gone: bool) -> None: ...

    def show_queue(self, view: QueueView) -> None: ...

    def show_control(self, order: ShowControl) -> None: ...

    def show_help(self, order: ShowHelp) -> None: ...


class Journal(Protocol):
    def append(self, event: Event) -> int:
        """Take the event in order; returns its position. Never waits."""

    async def durable(self, position: int) -> None:
        """Returns when everything up to ``position`` is on disk."""


@dataclass(frozen=True, slots=True)
class View:
    """What the floor knows, as screens may ask for it at any moment (a snapshot)."""

    agents: Mapping[str, AgentView]
    queues: Mapping[str, QueueView]
    cards: Mapping[str, tuple[Card, ...]]
    """Per agent: cards that are open on their screen."""
    calls: Mapping[str, CallView] = field(default_factory=dict)
    """Calls that have not ended."""


class Desk(Protocol):
    """What a browser session may do with the floor (implemented by dispatch)."""

    def view(self) -> View: ...

    def said(self, event: CallerSaid) -> None:
        """Words about why a customer calls. Returns at once."""

    def explain(self, call: str) -> Decision:
        """Who would get this waiting call now, and why. Raises ``UnknownCall``."""

    async def wish(self, event: Event) -> None:
        """Hand a wish to the floor and return when it is durable.

        Raises ``callcenter.floor.errors.FloorError``; then nothing has changed.
        """

    def now(self) -> float: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Somebody signed in to the screens, as the console shows them."""

    user: str
    name: str
    role: Literal["agent", "supervisor"]
    device: str | None
    language: str | None
    skills: tuple[tuple[str, int], ...] = ()
    """As of the sign-in; what was changed since, the floor knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """What a ticket was exchanged for. ``session`` names the sign-in it came from; no secret."""

    user: User
    session: str
    until: float
    """When the sign-in ends unless it is renewed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """One browser that signed in. Times are seconds since the epoch, UTC."""

    token_hash: str
    """SHA-256 of the cookie, hex: reading the store gives nobody a session."""
    agent: str
    created: float
    expires: float
    seen: float


class SignIns(Protocol):
    """Sign-ins, kept so that a restart of the engine signs nobody out."""

    async def begin(self, sign_in: SignIn) -> None: ...

    async def find(self, token_hash: str, now: float) -> SignIn | None:
        """The sign-in, unless it is over."""

    async def touch(self, token_hash: str, seen: float, expires: float) -> None:
        """It is in use: let it last until ``expires``. Unknown ones are ignored."""

    async def end(self, token_hash: str) -> None:
        """Sign out. Unknown ones are ignored."""
