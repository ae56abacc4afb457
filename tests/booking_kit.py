"""A booking over a store, with the real planner and the real reading of numbers; the clock is
ours. For tests and benchmarks of what asks for callbacks."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from callcenter.callback_ports import CallbackRefused, Callbacks, Demand, Denial
from callcenter.callbacks.booking import Booking
from callcenter.callbacks.deflection import AnswerSource
from callcenter.callbacks.forms import Booked, Form, FormRefused, Offer
from callcenter.callbacks.hooks import HookError, HookKind, Outbox
from callcenter.callbacks.house import House
from callcenter.callbacks.planner import Planner, QueuePlan
from callcenter.callbacks.plans import BookingRules, GuardRules, QueueTerms, SitePlan
from callcenter.floor.callback import Callback
from callcenter.floor.orders import RequestCallback
from callcenter.floor.waits import Estimate
from callcenter.ports import Surroundings
from callcenter.store import StoreError
from telephony.numbers import read_number

NOW = 1_800_000_000.0
"""A Friday, 08:00 UTC."""
NUMBER = "020 7946 0123"

Make: TypeAlias = Callable[..., "Kit"]
"""Makes a kit over the store under test, with what is given in place of what it has."""


class Clock:
    def __init__(self, at: float = NOW) -> None:
        self.at = at

    def __call__(self) -> float:
        return self.at


class Letters:
    """A hook that keeps what it is told; or does not take it."""

    def __init__(self) -> None:
        self.told: list[tuple[HookKind, Mapping[str, object]]] = []
        self.broken = False

    async def tell(self, kind: HookKind, body: Mapping[str, object]) -> None:
        if self.broken:
            raise HookError("nobody is there")
        self.told.append((kind, dict(body)))

    @property
    def code(self) -> str:
        """The code that was sent last."""
        return str([body for kind, body in self.told if kind == "code"][-1]["code"])


@dataclass
class Kit:
    """One engine's booking for one site, ``bank``, and somebody who fills in its form."""

    store: Callbacks
    demand: Demand
    clock: Clock
    rules: BookingRules = field(
        default_factory=lambda: BookingRules(
            region="GB",
            zone="Europe/London",
            guard=GuardRules(countries=frozenset({"GB"}), own=frozenset({"+442079460000"})),
            public_url="https://call.example.org",
            person_secret=b"house",
        )
    )
    plan: QueuePlan = field(
        default_factory=lambda: QueuePlan(staff=("mon-sun 00:00-24:00 200",), most_waiting=100_000)
    )
    site: SitePlan = field(
        default_factory=lambda: SitePlan(
            queue="service", name="The Bank", reasons=("cards", "loans")
        )
    )
    known: Mapping[str, str] = field(default_factory=dict)
    """Numbers and whose they are."""
    surroundings: Surroundings | None = None
    answers: AnswerSource | None = None
    estimate: Callable[[str, float], Estimate | None] = lambda _queue, _at: None
    lawful: Callable[[Callback, float], bool] = lambda _callback, _at: True
    letters: Letters = field(default_factory=Letters)
    seed: int = 1

    def __post_init__(self) -> None:
        self.outbox = Outbox(self.letters)
        self.woken = self._engines = 0
        self.changed: list[str] = []
        self.counted: Counter[str] = Counter()
        self.planner = Planner(self.store, self.demand, {"service": self.plan}, "Europe/London")
        self.booking = self.engine()

    def engine(self, **rules: Any) -> Booking:
        """Another engine on the same store. It draws the same references as the first;
        tokens are its own."""
        self._engines += 1
        house = House(
            store=self.store,
            promises=self.planner,
            read=read_number,
            clock=self.clock,
            store_errors=(StoreError,),
            zones=lambda number: ("Europe/London",) if number.startswith("+44") else (),
            who=self._who,
            estimate=self.estimate,
            surroundings=self.surroundings,
            reasons=frozenset({"cards", "loans", "fraud"}),
            label=lambda code, language: f"{code} ({language})",
            lawful=self.lawful,
            hook=self.letters,
            outbox=self.outbox,
            answers=self.answers,
            chance=random.Random(self.seed),
            token_bytes=random.Random(f"{self.seed} {self._engines}").randbytes,
            booked=self._booked,
            changed=self.changed.append,
            count=lambda result: self.counted.update([result]),
        )
        terms = {"service": QueueTerms(longest_wait=4 * 3600.0)}
        return Booking(house, replace(self.rules, **rules), {"bank": self.site}, terms)

    async def _who(self, readings: Sequence[str]) -> str | None:
        found = {self.known[one] for one in readings if one in self.known}
        return found.pop() if len(found) == 1 else None

    def _booked(self) -> None:
        self.woken += 1

    async def offer(self, address: str = "192.0.2.1") -> Offer:
        return await self.booking.offer("bank", self.clock(), "Europe/London", "en", address)

    async def form(self, seconds: float = 5.0, **what: Any) -> Form:
        """A form of a person who takes so long to fill it in."""
        offer = await self.offer(what.get("address", "192.0.2.1"))
        self.clock.at += seconds
        given = {"address": "192.0.2.1", "number": NUMBER, "language": "en", **what}
        return Form(**{"site": "bank", "token": offer.token, **given})

    async def book(self, **what: Any) -> Booked:
        return await self.booking.book(await self.form(**what), self.clock())

    async def refused(self, **what: Any) -> FormRefused:
        """Why a person's form is refused. Raises ``AssertionError`` when it is not."""
        return await self.sent(await self.form(**what))

    async def sent(self, form: Form) -> FormRefused:
        """Why this form is refused. Raises ``AssertionError`` when it is not."""
        try:
            booked = await self.booking.book(form, self.clock())
        except FormRefused as error:
            return error
        raise AssertionError(f"{booked.callback.id} was booked")

    async def slot(self, later: float = 0.0) -> float:
        """The opening of the first slot that is on offer so many seconds after the first."""
        at = self.clock()
        found = await self.booking.slots("service", at, at + 5 * 86_400.0)
        return next(one.opens for one in found if one.opens >= found[0].opens + later)

    async def open(self) -> tuple[Callback, ...]:
        return await self.store.listed(("requested", "scheduled"))


def why(error: CallbackRefused) -> tuple[Denial, str]:
    return error.why, error.field


def asked(number: str = "+442079460123", **what: Any) -> RequestCallback:
    """A caller in line asks to be called back."""
    given: dict[str, Any] = {
        "call": "c1", "queue": "service", "number": number, "entered": False, "place": NOW - 300.0,
        "name": None, "person": None, "language": None, "reason": None, "words": "",
    }  # fmt: skip
    return RequestCallback(**{**given, **what})
