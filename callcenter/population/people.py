"""Makes the customers: households that share a telephone, firms that share a switchboard, and what
they have with the bank: cards on order, bills, cases, promises. What happens
to them besides is in ``happenings``. Seeded; the same seed, the same people.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import TypeVar

from callcenter.ports import BillRow, CaseRow, ContactPoint, OrderRow, PersonRow, PromiseRow

from .laws import DAY, poisson
from .lives import Life, Ordered, Promised
from .names import family_name, full_name
from .numbers import NumberPool
from .times import Hours

# region, share, cities, currency
_REGIONS = (
    ("GB", 0.50, ("London", "Leeds", "Bristol", "Glasgow", "Cardiff", "Reading"), "GBP"),
    ("DE", 0.08, ("Berlin", "Hamburg", "Köln", "München"), "EUR"),
    ("US", 0.06, ("New York", "Seattle", "Chicago", "San Francisco"), "USD"),
    ("CN", 0.16, ("北京", "上海", "深圳", "杭州"), "CNY"),
    ("TW", 0.11, ("台北", "台中", "高雄", "新竹"), "TWD"),
    ("HK", 0.09, ("中環", "旺角", "沙田", "荃灣"), "HKD"),
)
_LANGUAGE = {"CN": "zh-Hans", "TW": "zh-Hant", "HK": "zh-Hant"}
_TIERS = (("basic", 0.60), ("silver", 0.25), ("gold", 0.12), ("vip", 0.03))
_HOUSEHOLD = ((1, 0.45), (2, 0.30), (3, 0.13), (4, 0.09), (5, 0.03))
_CASES: tuple[tuple[str, float, str], ...] = (
    ("transfer_pending", 0.20, "Transfer not arrived"),
    ("transfer_failed", 0.12, "Transfer returned"),
    ("refund", 0.20, "Disputed payment"),
    ("fraud_alert", 0.14, "Payment stopped for checking"),
    ("loan_status", 0.10, "Loan application"),
    ("mortgage", 0.06, "Mortgage application"),
    ("direct_debit", 0.07, "Direct debit taken twice"),
    ("online_access", 0.06, "Access locked"),
    ("complaint", 0.05, "Complaint"),
)
_CARDS = ("Debit card", "Credit card", "Card reader", "Replacement card")
_PROMISES = (
    "Refund to the account",
    "Answer from the payments team",
    "Call back with the result",
    "New card by courier",
)
_NOTES = (
    "Prefers short answers",
    "Please speak slowly",
    "Calls from abroad, keep it brief",
    "Likes to be sent a summary by e-mail",
    "Hard of hearing, speak clearly",
)
_ORDERS_A_DAY = 0.012
_CASES_A_DAY = 0.008
_HOURS: tuple[Hours, ...] = ("office", "evening", "any")
_T = TypeVar("_T")
_SWITCHBOARD_PEOPLE = 14
"""Largest firm: more than a card shows candidates, so that the cut is seen."""


@dataclass(frozen=True, slots=True)
class _Home:
    region: str
    language: str
    city: str
    currency: str
    family: str
    fixed: str | None


def make_lives(rng: Random, people: int, until: float, span: float) -> Iterator[Life]:
    """``people`` lives with what they had with the bank in the ``span`` seconds up to ``until``;
    no happenings, causes or contacts yet."""
    pool = NumberPool(rng)
    made = 0
    board: tuple[str, int] | None = None
    while made < people:
        region, _, cities, currency = _pick(rng, [(one, one[1]) for one in _REGIONS])
        language = _LANGUAGE.get(region, "en") if rng.random() < 0.95 else "en"
        size = min(_pick(rng, _HOUSEHOLD), people - made)
        home = _Home(
            region=region,
            language=language,
            city=rng.choice(cities),
            currency=currency,
            family=family_name(rng, language),
            fixed=pool.fixed(region) if size > 1 or rng.random() < 0.5 else None,
        )
        for _ in range(size):
            made += 1
            work = None
            if rng.random() < 0.06:
                number, left = board or (pool.fixed("GB"), rng.randint(2, _SWITCHBOARD_PEOPLE))
                work, board = number, (number, left - 1) if left > 1 else None
            yield _life(rng, made, home, pool, work, until, span)


def _life(
    rng: Random,
    number: int,
    home: _Home,
    pool: NumberPool,
    work: str | None,
    until: float,
    span: float,
) -> Life:
    family = home.family if rng.random() < 0.85 else family_name(rng, home.language)
    name = full_name(rng, home.language, family)
    points = []
    if home.fixed is None or rng.random() < 0.85:
        points.append(ContactPoint(kind="phone", value=pool.mobile(home.region), label="mobile"))
    if home.fixed is not None:
        points.append(ContactPoint(kind="phone", value=home.fixed, label="home"))
    if work is not None:
        points.append(ContactPoint(kind="phone", value=work, label="work"))
    account = f"{40_000_000 + number}"
    points.append(ContactPoint(kind="account", value=account, label=None))
    if rng.random() < 0.7:
        mail = f"customer{number}@example.com"
        points.append(ContactPoint(kind="email", value=mail, label=None))
    products = ["current account"]
    products += [
        product
        for product, share in (
            ("credit card", 0.6), ("savings", 0.4), ("loan", 0.15), ("mortgage", 0.12),
        )
        if rng.random() < share
    ]  # fmt: skip
    tier = _pick(rng, _TIERS)
    value = {"basic": 1, "silver": 4, "gold": 15, "vip": 60}[tier]
    born = datetime.fromtimestamp(until - rng.uniform(19, 85) * 365.25 * DAY, UTC).date()
    base = PersonRow(
        id=f"P{number:06d}",
        name=name.shown,
        language=home.language,
        tier=tier,
        since=until - rng.expovariate(1 / (7 * 365 * DAY)) - 30 * DAY,
        birth=born.isoformat() if rng.random() < 0.9 else None,
        city=home.city,
        segment=rng.choices(("private", "student", "business"), (0.8, 0.1, 0.1))[0],
        products=tuple(products),
        lifetime_value=int(rng.lognormvariate(10.5, 0.8)) * value,
        currency=home.currency,
        payment_days=round(rng.gammavariate(4, 4), 1) if "credit card" in products else None,
        preferred_channel=_sometimes(rng, 0.5, ("phone", "e-mail", "app", "branch")),
        preferred_time=_sometimes(rng, 0.3, ("09:00-12:00", "12:00-14:00", "17:00-20:00")),
        note=_sometimes(rng, 0.12, _NOTES),
        consent_marketing=rng.random() < 0.45 if rng.random() < 0.9 else None,
        consent_recording=rng.random() < 0.8 if rng.random() < 0.95 else None,
        matched=None,
        sharers=1,
        points=tuple(points),
        orders=(),
        bills=(),
        cases=(),
        promises=(),
        contacts=(),
    )
    hours: Hours = rng.choices(_HOURS, (0.5, 0.2, 0.3))[0]
    life = Life(base=base, name=name, region=home.region, hours=hours)
    life.orders = tuple(_orders(rng, number, home.currency, until, span))
    if "credit card" in products:
        life.bills = tuple(_bills(rng, number, home.currency, until, span))
    life.cases, life.promises = _cases(rng, number, until, span)
    return life


def _orders(
    rng: Random, number: int, currency: str, until: float, span: float
) -> Iterator[Ordered]:
    for count in range(poisson(rng, _ORDERS_A_DAY * span / DAY)):
        placed = until - rng.uniform(0, span)
        due = placed + rng.uniform(5, 10) * DAY
        late = rng.random() < 0.3
        delivered = due + (rng.expovariate(1 / 6) if late else -rng.uniform(0, 1)) * DAY
        row = OrderRow(
            id=f"O{number:06d}-{count + 1}",
            placed=placed,
            state="open",
            title=rng.choice(_CARDS),
            amount=rng.choice((0, 0, 500, 1200)),
            currency=currency,
            due=due,
        )
        yield Ordered(row, delivered if delivered <= until else None)


def _bills(rng: Random, number: int, currency: str, until: float, span: float) -> Iterator[BillRow]:
    newest = until - rng.uniform(0, 30) * DAY
    for count in range(1 + math.ceil(span / DAY / 30)):
        issued = newest - count * 30 * DAY
        due = issued + 21 * DAY
        drawn = rng.random()
        paid: float | None = issued + rng.uniform(3, 20) * DAY
        if drawn > 0.95:
            paid = None if count == 0 else due + rng.uniform(20, 30) * DAY
        elif drawn > 0.78:
            paid = due + rng.expovariate(1 / 6) * DAY
        yield BillRow(
            id=f"B{number:06d}-{count + 1}",
            issued=issued,
            due=due,
            amount=int(rng.lognormvariate(10.3, 0.9)),
            currency=currency,
            paid=paid if paid is not None and paid <= until else None,
        )


def _cases(
    rng: Random, number: int, until: float, span: float
) -> tuple[tuple[CaseRow, ...], list[Promised]]:
    cases, promises = [], []
    for count in range(poisson(rng, _CASES_A_DAY * span / DAY)):
        reason, _, title = _pick(rng, [(one, one[1]) for one in _CASES])
        opened = until - rng.uniform(0, span)
        closed = opened + (0.5 + rng.expovariate(1 / 7)) * DAY
        over = closed <= until
        cases.append(
            CaseRow(
                id=f"C{number:06d}-{count + 1}",
                opened=opened,
                closed=closed if over else None,
                reason=reason,
                title=title,
                state="closed" if over else rng.choice(("open", "open", "waiting")),
            )
        )
        if rng.random() < 0.4:
            made = opened + rng.uniform(0, 1) * DAY
            if made < until:
                promise = f"V{number:06d}-{count + 1}"
                promises.append(promised(rng, promise, made, rng.choice(_PROMISES), reason))
    return tuple(cases), promises


def promised(rng: Random, id: str, made: float, text: str, reason: str | None) -> Promised:
    """A promise made at ``made``: due in two to five days, kept in three cases of four."""
    due = made + rng.uniform(2, 5) * DAY
    kept = rng.random() < 0.75
    settled = due - rng.uniform(0, 1.5) * DAY if kept else due
    row = PromiseRow(id=id, made=made, due=due, text=text, kept=None)
    return Promised(row, settled, kept, reason)


def _sometimes(rng: Random, share: float, values: tuple[str, ...]) -> str | None:
    return rng.choice(values) if rng.random() < share else None


def _pick(rng: Random, weighed: Sequence[tuple[_T, float]]) -> _T:
    return rng.choices([one for one, _ in weighed], [weight for _, weight in weighed])[0]
