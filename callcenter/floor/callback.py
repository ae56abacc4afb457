"""A callback: a promise to call somebody at a time, holding a place in a queue. Pure.

The row in the store is the truth; what the floor has of it is a copy of what this engine claimed.
Every change makes a new version, which is stored before it is acted on. Each dialling is an attempt
and a call of its own, whose id is the Uniqueid that the customer's leg is to have.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

CallbackState: TypeAlias = Literal[
    "requested",  # as soon as its turn comes
    "scheduled",  # not before ``due``
    "due",  # claimed by an engine; in line for an agent
    "reserved",  # an agent is asked, or has it before them
    "dialling",  # stored before the exchange is told
    "talking",
    "retry",  # an attempt failed; again at ``due``
    "done",
    "expired",  # its window closed, or its attempts were used up
    "cancelled",
    "refused",  # never dialled: blocked since, a number that cannot be called
]
OPEN: Final[frozenset[CallbackState]] = frozenset(
    {"requested", "scheduled", "due", "reserved", "dialling", "talking", "retry"}
)
"""A person has at most one of these; the store has a unique index that says so."""
WAITING: Final[frozenset[CallbackState]] = frozenset({"requested", "scheduled", "retry"})
"""Nobody holds it; any engine may claim it once it is due."""
HELD: Final[frozenset[CallbackState]] = frozenset({"due", "reserved", "dialling", "talking"})
"""An engine holds it, by a lease that it renews."""

TRANSITIONS: Final[dict[CallbackState, frozenset[CallbackState]]] = {
    "requested": frozenset({"due", "scheduled", "cancelled", "expired", "refused"}),
    "scheduled": frozenset({"due", "scheduled", "cancelled", "expired", "refused"}),
    "retry": frozenset({"due", "scheduled", "retry", "cancelled", "expired", "refused", "done"}),
    "due": frozenset(
        {"reserved", "requested", "scheduled", "retry", "done", "cancelled", "expired", "refused"}
    ),
    "reserved": frozenset(
        {"dialling", "due", "scheduled", "retry", "done", "cancelled", "expired", "refused"}
    ),
    "dialling": frozenset({"talking", "retry", "done", "expired", "refused", "cancelled"}),
    "talking": frozenset({"done", "retry"}),
    "done": frozenset(),
    "expired": frozenset(),
    "cancelled": frozenset(),
    "refused": frozenset(),
}

CallbackOrigin: TypeAlias = Literal["web", "queue", "agent", "case"]
"""Who asked: a visitor of a website, a caller in line, an agent in wrap-up, a case."""
DialEnd: TypeAlias = Literal[
    "busy",
    "no_answer",
    "invalid",  # there is no such number
    "congestion",
    "declined",  # by the customer
    "machine",  # an answering machine, and what to do then was to hang up or to leave a message
    "abandoned",  # answered, and hung up before the agent was there
    "agent_gone",  # the agent's leg ended while the customer's rang
    "unknown",  # the line to the exchange was cut, or the engine ended
]
"""How an attempt ended without a talk."""
NotDialled: TypeAlias = Literal["not_stored", "lost", "outside"]
"""Why nothing was dialled: it could not be stored; the callback is another engine's by now; by the
store's clock its window is not open."""
DialFault: TypeAlias = Literal[
    "busy", "no_answer", "invalid", "congestion", "declined", "machine", "abandoned", "agent_gone",
    "unknown", "not_stored", "lost", "outside",
]  # fmt: skip
"""``DialEnd`` and ``NotDialled``."""
CallbackEnd: TypeAlias = Literal[
    "talked",
    "called_in",  # the customer called us meanwhile, and was served
    "by_customer",  # cancelled
    "by_staff",
    "window_over",  # nobody was free in time, or no engine ran
    "attempts_used",
    "number_invalid",
    "blocked",  # put on the list since
    "law",  # no moment is left at which this number may be called
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """One callback as of one version. Times are seconds since the epoch, UTC."""

    id: str
    """The reference that the customer is told, such as ``7KQ4-M2PX``."""
    version: int
    state: CallbackState
    origin: CallbackOrigin
    queue: str
    number: str
    """E.164; dialled as it is here."""
    zone: str
    """IANA name of the zone of the customer's clock."""
    made: float
    place: float
    """When it counts as having come: the place in line. From the queue: that of the call."""
    opens: float
    closes: float
    """The window that was promised: no dialling outside."""
    due: float
    """Not before; within the window."""
    region: str | None = None
    """ISO 3166-1 of the number, by which the law for it is chosen."""
    name: str | None = None
    person: str | None = None
    language: str | None = None
    reason: str | None = None
    """A reason or head of reasons that was chosen."""
    words: str = ""
    """In the customer's own words."""
    site: str | None = None
    case: str | None = None
    agent: str | None = None
    """Kept for this agent until ``agent_until`` (``None``: always)."""
    agent_until: float | None = None
    call: str | None = None
    """The call of the present or last attempt."""
    attempts: int = 0
    causes: tuple[DialEnd, ...] = ()
    """How the attempts ended, in order."""
    tried: tuple[float, ...] = ()
    """When this number was dialled in the 24 hours before it was claimed, for whatever callback;
    and by this engine since."""
    dialled: float | None = None
    """When it was dialled first."""
    reached: float | None = None
    """When the two began to talk."""
    ended: float | None = None
    why: CallbackEnd | None = None
    by: str | None = None
    """Whose doing its last change was: an agent's id; ``None``: the engine's or the customer's."""
    message_left: bool = False
    consent: str = ""
    """To which text they agreed when it was ``made``: the first 16 hexadecimal digits of the
    SHA-256 of the text, and the language of the form; empty: they were asked for none, or gave
    none."""
    number_zone: str | None = None
    """IANA name of the zone where the number is, if ``zone`` is none of those it can be in: who
    says that they are elsewhere is not called at night where their number is."""
    node: str | None = None
    """The engine that holds it."""
    fence: int = 0
    """Grows with every claim and every change from outside: a step of whoever held it before is
    not stored any more, and so not acted on."""


def attempt_was(callback: Callback) -> DialEnd | Literal["talked"] | None:
    """How the last attempt ended, once it has."""
    if callback.attempts and len(callback.causes) >= callback.attempts:
        return callback.causes[-1]
    if callback.state == "done" and callback.reached is not None:
        return "talked"
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryRule:
    """After an attempt that ended so: again ``after`` seconds later, ``times`` times at most."""

    cause: DialEnd
    after: float
    times: int


RETRIES: Final = (
    RetryRule(cause="busy", after=300.0, times=3),
    RetryRule(cause="no_answer", after=1800.0, times=2),
    RetryRule(cause="congestion", after=300.0, times=3),
    RetryRule(cause="declined", after=3600.0, times=1),
    RetryRule(cause="machine", after=3600.0, times=2),
    RetryRule(cause="abandoned", after=300.0, times=1),
    RetryRule(cause="agent_gone", after=5.0, times=3),
    RetryRule(cause="unknown", after=60.0, times=2),
)
"""``invalid`` is missing on purpose: a number that does not exist is not tried again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackRules:
    """How a queue calls back."""

    first: Literal["agent", "customer"] = "customer"
    """Whose phone rings first. In either case an agent is reserved before anybody is dialled."""
    preview_seconds: float = 0.0
    """The agent sees the card so long before anybody is dialled, and accepts, snoozes or refuses;
    who does none of it has missed it. 0: no preview."""
    dial_seconds: float = 30.0
    machine: Literal["connect", "hang_up", "message"] = "connect"
    """When an answering machine answers: an agent talks to it; nobody does; our message is
    left. Anything but ``connect`` has the exchange listen to the first seconds (AMD)."""
    message_after: int = 0
    """A message is left by the last attempt only (0), or from this attempt on."""
    max_attempts: int = 3
    retries: tuple[RetryRule, ...] = RETRIES
    caller_id: str = ""
    """The number we show; empty: the exchange decides."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LawRules:
    """When numbers of a region may be called by the called party's own clock, and how often."""

    region: str
    """ISO 3166-1; ``*``: those that no other rule is for."""
    weekly: tuple[tuple[int, int, int], ...]
    """(ISO weekday 1 to 7, first minute of the day, last)."""
    holidays: tuple[str, ...] = ()
    attempts: int = 3
    """In any 24 hours, to one number."""
