"""Who is behind a number: what the store knows of a person, and of what concerns them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from callcenter.floor.card import Contact


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


class Surroundings(Protocol):
    """What concerns people and everybody, told by the house's other systems. Idempotent by id."""

    async def happened(self, person: str, happenings: Sequence[Happening]) -> bool:
        """``False``: there is no such person."""

    async def viewed(self, person: str, pages: Sequence[PageView]) -> bool: ...

    async def set_condition(self, condition: Condition) -> None: ...

    async def conditions(self, since: float) -> tuple[Condition, ...]:
        """Those that ended at or after ``since`` or have not ended, oldest first."""


class People(Protocol):
    """Who is behind a number."""

    async def behind(self, readings: Sequence[str]) -> tuple[PersonRow, ...]:
        """People reachable at any of these E.164 numbers, at most 10; empty when nobody is."""

    async def person(self, id: str) -> PersonRow | None: ...
