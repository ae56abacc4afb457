"""What callbacks need from outside, and what is said about them. Protocols and plain data.

Each protocol has an in-memory twin in ``tests/fakes.py``, and one contract suite runs against both.
Times are seconds since the epoch, UTC.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol, TypeAlias

from .floor.callback import Callback, CallbackEnd, CallbackState, DialEnd
from .floor.events import CallbackBooked, CallbackDenied
from .floor.orders import RequestCallback

Denial: TypeAlias = Literal[
    "number_bad",  # cannot be read as a number
    "number_withheld",
    "country",  # not one that is called
    "kind",  # premium, shared cost, satellite, pager, unknown ...
    "prefix",  # on the operator's list of prefixes
    "blocked",  # on the list of those who do not want to be called
    "open_one",  # this person or number has one already
    "number_cap",
    "prefix_cap",
    "address_cap",
    "site_cap",
    "spend_cap",
    "slot_taken",
    "slot_unknown",  # never offered, or too late by now
    "closed",
    "off",  # the queue takes none now
    "form",  # the token of the form is wrong, used or over; or it was filled in too fast
    "work",  # proof of work is asked for
    "code",  # a code was sent to the number and has to be entered
    "code_wrong",
    "text",  # the words are too long or not text
    "store",  # cannot be stored now; nothing is lost, try again
]


NEVER_CALLED: Final = frozenset(
    {"premium", "shared_cost", "pager", "uan", "voicemail", "extension", "unknown"}
)
"""Kinds of numbers that nobody has called back, whatever the settings say."""


class CallbackRefused(Exception):  # noqa: N818  # reads as the reason it is
    """It is not booked. ``field`` names what the customer has to change; ``ref`` the open one."""

    def __init__(self, why: Denial, field: str = "", detail: str = "", ref: str = "") -> None:
        super().__init__(detail or why)
        self.why: Denial = why
        self.field = field
        self.detail = detail
        self.ref = ref


class CallbackTaken(Exception):  # noqa: N818
    """It is not this engine's any more: a newer fence or version is stored. Nothing was stored."""


class CallbackOutside(Exception):  # noqa: N818
    """By the store's own clock its window is not open. Nothing was stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """How much is accepted, by the store's count; 0: nothing at all; ``None``: any number."""

    number_day: int | None = 3
    address_hour: int | None = 5
    """From one address block: an IPv4 /24, an IPv6 /64."""
    prefix_hour: int | None = 20
    """To numbers that differ in the last four digits only."""
    site_hour: int | None = 200
    spend_hour: int | None = 300
    """Accepted in all, from anywhere: what an hour may cost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a request comes from, for the caps; kept for 48 hours."""

    site: str | None = None
    address: str | None = None
    """The address block, as a text; ``None``: not from the web."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotHold:
    """How many callbacks may begin in the window that is promised to one more."""

    opens: float
    capacity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocked:
    """A number, or all that begin so, that is not called. ``until`` ``None``: for good."""

    number: str
    """E.164; with ``*`` at the end: a prefix."""
    since: float
    by: str
    reason: str
    until: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Switches:
    """What a queue does: three switches for the supervisor. ``accept``: takes new ones;
    ``serve``: dials; ``show``: is offered on websites and in the line."""

    queue: str
    accept: bool = True
    serve: bool = True
    show: bool = True
    auto_stopped: float | None = None
    """Since when offers have stopped by themselves because the record is poor."""
    by: str | None = None
    at: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackScore:
    """How the promises of one queue came out whose windows closed in one day."""

    queue: str
    day: str
    """ISO 8601 date, local to the centre."""
    promised: int
    """Windows that are over, or callbacks done; cancelled by the customer in time: not among them.
    """
    kept: int
    """First dialled within the window."""
    reached: int
    late: int
    """First dialled after it: 0 by design; counted, not assumed."""
    late_p90: float | None
    """Seconds, of the late ones."""
    broken: tuple[tuple[CallbackEnd | Literal["late"], int], ...]
    """Not kept: why, and how many."""
    attempts: int
    wait_p50: float | None
    """Seconds from the opening of the window to the first dialling."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One dialling, stored before it was done."""

    callback: str
    number: int
    """1 for the first."""
    call: str
    number_dialled: str
    at: float
    ended: float | None
    how: DialEnd | Literal["talked"] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Deflection:
    """A visitor who was shown answers before they asked for a callback."""

    id: str
    at: float
    site: str
    answers: tuple[str, ...]
    opened: tuple[str, ...] = ()
    solved: bool | None = None
    """They said so, or said no; ``None``: said nothing."""
    booked: str | None = None
    """The callback they asked for all the same."""
    number: str | None = None
    """As far as they had told it: only of those is it known whether they came back."""
    person: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeflectionScore:
    """Of visitors who were shown answers in one period."""

    shown: int
    solved: int
    """Said that this answered it."""
    booked: int
    known: int
    """Of those who said solved: of how many we know the number or the person."""
    back_24: int
    """Of ``known``: called or asked for a callback within 24 hours."""
    back_72: int
    over_72: int
    """Of ``known``: whose 72 hours are over. ``1 - back_72 / over_72`` is the honest share; the
    others are not known."""


class Callbacks(Protocol):
    """The rows. Every method may raise ``StoreError``."""

    async def book(
        self,
        callback: Callback,
        source: Source,
        caps: Caps,
        slot: SlotHold | None = None,
        agreed: str = "",
    ) -> None:
        """Check the block list, open ones, caps and the slot, and store it: in one transaction.
        ``agreed``: the text that ``callback.consent`` names, kept with it; each once.

        Raises ``CallbackRefused`` (``blocked``, ``open_one``, ``number_cap`` ...,
        ``slot_taken``); then nothing is stored but that it was refused.
        """

    async def claim(
        self,
        node: str,
        limit: int = 20,
        lease: float = 30.0,
        but: Collection[str] = (),
    ) -> tuple[Callback, ...]:
        """Take those that are due by the database's clock and that nobody holds, or whose holder's
        lease is over, earliest place first; not those of the queues ``but``. Each comes with its
        fence raised, and in the state it had when its holder lost it; a waiting one as ``due``."""

    async def take(self, id: str, node: str, lease: float = 30.0) -> Callback | None:
        """Claim this one though it may not be due yet; ``None``: somebody holds it, or it is over.
        Its state becomes ``due``."""

    async def mine(self, node: str, lease: float = 30.0) -> tuple[Callback, ...]:
        """Those a run of this node before held, with lease and fence renewed."""

    async def renew(self, node: str, lease: float = 30.0) -> frozenset[str]:
        """Prolong all leases of the node; returns the ids it still holds."""

    async def keep(self, callback: Callback, dialling: bool = False) -> None:
        """Store the next version, where fence and node are still the row's. With ``dialling`` also
        a row for the attempt, and only while the window is open by the database's clock. What it
        says of how its attempt ended is stored with that attempt at the same time.

        Raises ``CallbackTaken`` or ``CallbackOutside``; nothing is stored then.
        """

    async def one(self, id: str) -> Callback | None: ...

    async def attempts(self, id: str) -> tuple[Attempt, ...]: ...

    async def agreed(self, consent: str) -> str | None:
        """The text that a callback's ``consent`` names; ``None``: it was not kept."""

    async def listed(
        self,
        states: Collection[CallbackState],
        queue: str | None = None,
        limit: int = 500,
    ) -> tuple[Callback, ...]:
        """By place; those that are over newest first."""

    async def names(self, persons: Collection[str]) -> dict[str, str]:
        """What these are called, by person; those who are not known any more are absent."""

    async def open_of(self, number: str, person: str | None) -> Callback | None:
        """The open one of this number or person."""

    async def change(self, callback: Callback, expects: int, slot: SlotHold | None = None) -> bool:
        """Store a change from outside (cancel, another time, another agent) with its fence raised,
        unless the row's version is not ``expects`` or it is being dialled or talked to.

        ``slot``: of the window it is moved to; looked at in the same transaction, by turns with all
        who book. Raises ``CallbackRefused`` (``slot_taken``) when the others fill it.
        """

    async def promised(self, queue: str, since: float, until: float) -> dict[float, int]:
        """Open callbacks by when their window opens."""

    async def blocked(self) -> tuple[Blocked, ...]: ...

    async def block(self, entry: Blocked) -> None: ...

    async def unblock(self, number: str) -> bool: ...

    async def switches(self) -> tuple[Switches, ...]: ...

    async def set_switches(self, switches: Switches) -> None: ...

    async def scores(
        self, since: float, until: float, zone: str, queue: str | None = None
    ) -> tuple[CallbackScore, ...]: ...

    async def note_dry_run(self, at: float, site: str | None, why: str, detail: str) -> None:
        """What would have been refused, where rules are only tried out."""

    async def dry_runs(self, limit: int = 200) -> tuple[tuple[float, str | None, str, str], ...]:
        """Newest first."""

    async def use_token(self, token: str, until: float) -> bool:
        """``False``: it was used before. Forgotten after ``until``."""

    async def deflected(self, deflection: Deflection) -> None:
        """Stored, or stored again fuller."""

    async def deflection(self, since: float, until: float, now: float) -> DeflectionScore: ...

    async def secret(self) -> bytes:
        """32 bytes that sign links and forms, made with the database and kept in it."""


class Demand(Protocol):
    """What calls a queue had, for the forecast."""

    async def arrivals(
        self, queue: str, since: float, until: float, step: float
    ) -> Sequence[tuple[float, int]]:
        """Offered calls by interval (its beginning, how many); intervals without any are absent."""

    async def handled(
        self, queue: str, since: float, until: float
    ) -> tuple[int, float, float | None]:
        """Answered calls, their mean talk and wrap-up in seconds, and the mean patience (seconds)
        estimated from those who gave up: total wait of all calls by the number who gave up
        (maximum likelihood for exponential patience, with censoring); ``None``: nobody gave up."""

    async def at_work(
        self, queue: str, since: float, until: float, step: float
    ) -> Sequence[tuple[float, int]]:
        """How many different agents talked to callers of the queue, by interval."""


class Requests(Protocol):
    """Callers in line who ask to be called back (implemented by ``callcenter.callbacks``)."""

    async def from_queue(
        self, order: RequestCallback, at: float
    ) -> CallbackBooked | CallbackDenied: ...
