"""Callbacks as staff write and read them over HTTP: bodies, and what they ask the booking for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Final, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field

from callcenter.callback_ports import Attempt, Blocked, CallbackScore, DeflectionScore, Switches
from callcenter.callbacks.forms import StaffRequest
from callcenter.callbacks.house import Opening
from callcenter.floor.callback import OPEN, Callback

from .staff import MAX_ID, MAX_WORDS, STORABLE, WHOLE

MAX_NUMBER: Final = 64
"""Characters, as typed."""
MAX_NAME: Final = 200
MAX_TOLD: Final = 2000
"""Characters of what the customer wants."""
MAX_ZONE: Final = 64
RISK: Final = 300.0
"""Seconds before its window closes from which a callback that nobody has dialled is at risk."""
BLOCKABLE: Final = r"^\+[1-9][0-9]{2,14}$|^\+[1-9][0-9]{0,13}\*$"
"""E.164, or the beginning of numbers and an asterisk."""
LAST: Final = 253_402_300_799.0
"""The end of the year 9999."""

Id = Annotated[str, Field(min_length=1, max_length=MAX_ID, pattern=STORABLE)]
Why = Annotated[str, Field(max_length=MAX_WORDS, pattern=STORABLE)]
When = Annotated[str, Field(min_length=1, max_length=40)]
Version = Annotated[int, Field(ge=0), WHOLE]


# --- what is asked of the booking ----------------------------------------------------------------


class StaffBooking(Protocol):
    """The part of ``callcenter.callbacks.booking`` that staff use."""

    async def by_staff(self, request: StaffRequest, at: float) -> Callback:
        """Check and store it. Raises ``CallbackRefused``; then nothing is stored."""

    async def asked_before(self, by: str, key: str, number: str) -> Callback | None:
        """What was booked for this request of theirs, if it still stands; ``number`` as typed."""

    async def slots(self, queue: str, at: float, until: float) -> Sequence[Opening]:
        """Windows of the queue that open in [``at``, ``until``) and have room, earliest first."""


# --- bodies --------------------------------------------------------------------------------------


class _Wish(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")


class Schedule(_Wish):
    """A new callback. ``when``: `now`, or ISO 8601 with an offset."""

    number: Annotated[str, Field(min_length=1, max_length=MAX_NUMBER, pattern=STORABLE)]
    when: When
    zone: Annotated[str, Field(min_length=1, max_length=MAX_ZONE, pattern=STORABLE)]
    call: Id | None = None
    """Needed of agents: one on their own screen."""
    queue: Id | None = None
    """Left out: that of the call."""
    name: Annotated[str, Field(max_length=MAX_NAME, pattern=STORABLE)] | None = None
    person: Id | None = None
    words: Annotated[str, Field(max_length=MAX_TOLD, pattern=STORABLE)] = ""
    reason: Id | None = None
    mine: bool = False
    """Whoever asks calls the customer themselves, and others when they cannot."""
    agent: Id | None = None
    """This agent calls, and others when they cannot. For supervisors."""
    case: Id | None = None
    key: Id | None = None
    """Of the sender's own making: the same request sent again is answered the same and booked
    once."""


class Cancel(_Wish):
    why: Why = ""
    version: Version | None = None
    """As it was seen: 409 when it changed since."""


class Move(_Wish):
    when: When
    why: Why = ""
    version: Version | None = None


class Now(_Wish):
    why: Why = ""
    version: Version | None = None


class Assign(_Wish):
    agent: Id | None
    """Who is to call, until half of what is left of the window is over; null: anybody."""
    why: Why = ""
    version: Version | None = None


class Switch(_Wish):
    """Three switches of a queue: takes new ones, dials, is offered."""

    queue: Id
    accept: bool
    serve: bool
    show: bool
    resume: bool = False
    """Offers that stopped by themselves begin again."""


class Block(_Wish):
    number: Annotated[str, Field(pattern=BLOCKABLE)]
    reason: Annotated[str, Field(min_length=1, max_length=MAX_WORDS, pattern=STORABLE)]
    until: Annotated[float, Field(ge=0, le=LAST, allow_inf_nan=False)] | None = None
    """Seconds since the epoch, UTC; left out: for good."""


# --- answers -------------------------------------------------------------------------------------


class Counts(BaseModel):
    """Of the open ones that are listed."""

    waiting: int
    """Their time has not come, or a try failed and the next one is to come."""
    due: int
    """In line, or before an agent."""
    dialling: int
    talking: int
    at_risk: int
    """Their window closes within five minutes, and nobody has been dialled yet."""


class Listed(BaseModel):
    now: float
    callbacks: list[Callback]
    """The open ones by place, then those that are over, the newest first."""
    counts: Counts
    more: bool
    """There are more than were asked for."""
    names: dict[str, str]
    """By person, of those who typed no name themselves (that of a caller in line is the network's):
    what the one known by their number, or signed in at the site, is called."""


class Whole(BaseModel):
    callback: Callback
    attempts: list[Attempt]
    agreed: str | None = None
    """The text of the consent that was given; null: none was, or its text was not kept."""


class Slot(BaseModel):
    opens: float
    closes: float


class Slots(BaseModel):
    slots: list[Slot]
    """Those with room, the earliest first."""


class SwitchList(BaseModel):
    queues: list[Switches]


class Scores(BaseModel):
    scores: list[CallbackScore]
    """By day, the latest first, then by queue."""


class BlockList(BaseModel):
    blocked: list[Blocked]


class DryRun(BaseModel):
    at: float
    site: str | None
    why: str
    detail: str


class DryRuns(BaseModel):
    on: bool
    """Rules are only tried out now."""
    more: bool
    """There are more than were asked for."""
    dry_runs: list[DryRun]
    """What would have been refused, where rules are only tried out; the newest first."""


class Deflected(BaseModel):
    since: float
    until: float
    score: DeflectionScore


def count(callbacks: Sequence[Callback], now: float) -> Counts:
    found = [one for one in callbacks if one.state in OPEN]

    def of(*states: str) -> int:
        return sum(one.state in states for one in found)

    return Counts(
        waiting=of("requested", "scheduled", "retry"),
        due=of("due", "reserved"),
        dialling=of("dialling"),
        talking=of("talking"),
        at_risk=sum(
            one.dialled is None and one.state != "dialling" and one.closes - now <= RISK
            for one in found
        ),
    )


def moment(text: str) -> float | Literal["now"] | None:
    """Seconds since the epoch, UTC; ``None``: neither `now` nor ISO 8601 with an offset."""
    if text == "now":
        return "now"
    try:
        at = datetime.fromisoformat(text)
        return None if at.tzinfo is None else at.astimezone(UTC).timestamp()
    except (ValueError, OverflowError):
        return None
