"""A person as the agent sees them: the facts worth a glance, out of all the store knows. Pure.

A fact that has no data is left out, never guessed. Everything is as of ``at``: nothing dated later
is looked at, and what was paid or closed later counts as open.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime

from callcenter.floor.card import Contact, Fact, FactGroup, FactKind, Profile, Tone
from callcenter.ports import PersonRow

from .matters import (
    DAY,
    bill_unpaid,
    case_open,
    latest_contact,
    order_late,
    promise_broken,
    promise_open,
)

FACT_KEYS: tuple[tuple[str, FactGroup, FactKind], ...] = (
    ("tier", "who", "code"),
    ("language", "who", "code"),
    ("customer_since", "who", "date"),
    ("age", "who", "count"),
    ("city", "who", "text"),
    ("segment", "who", "code"),
    ("products", "who", "text"),
    ("lifetime_value", "who", "money"),
    ("payment_time", "who", "duration"),
    ("preferred_channel", "who", "code"),
    ("preferred_time", "who", "text"),
    ("note", "who", "text"),
    ("matched", "who", "text"),
    ("sharers", "who", "count"),
    ("open_orders", "matters", "count"),
    ("late_order", "matters", "duration"),
    ("next_order", "matters", "instant"),
    ("last_order", "matters", "instant"),
    ("open_cases", "matters", "count"),
    ("oldest_case", "matters", "instant"),
    ("unpaid_bills", "matters", "money"),
    ("overdue_bill", "matters", "money"),
    ("overdue_for", "matters", "duration"),
    ("next_bill", "matters", "instant"),
    ("last_contact", "contacts", "instant"),
    ("last_reason", "contacts", "code"),
    ("last_outcome", "contacts", "code"),
    ("last_agent", "contacts", "text"),
    ("contacts_7d", "contacts", "count"),
    ("contacts_30d", "contacts", "count"),
    ("wait_average_30d", "contacts", "duration"),
    ("wait_longest_30d", "contacts", "duration"),
    ("transfers_30d", "contacts", "count"),
    ("abandoned_30d", "contacts", "count"),
    ("repeated_reason", "contacts", "code"),
    ("open_promises", "promises", "count"),
    ("promise_due", "promises", "instant"),
    ("promise_broken", "promises", "instant"),
    ("consent_marketing", "consent", "flag"),
    ("consent_recording", "consent", "flag"),
)
"""Every fact there can be, in the order shown: key, group, kind. The console labels these keys."""

_SHAPES = {key: (group, kind) for key, group, kind in FACT_KEYS}
CODE_PREFIX = {
    "tier": "tier.",
    "language": "lang.",
    "segment": "segment.",
    "preferred_channel": "channel.",
    "last_reason": "reason.",
    "repeated_reason": "reason.",
    "last_outcome": "outcome.",
}
"""What a ``code`` fact's value begins with; the rest is the word from the data."""

LONG_WAIT = 180.0
LATE_PAYER = 30.0
MOST_CONTACTS = 10


def profile(person: PersonRow, at: float) -> Profile:
    """All facts about ``person`` as of ``at`` in the order of ``FACT_KEYS``."""
    found = {fact.key: fact for fact in _facts(person, at)}
    contacts = sorted((c for c in person.contacts if c.at < at), key=lambda c: -c.at)
    return Profile(
        person=person.id,
        name=person.name,
        language=person.language,
        tier=person.tier,
        facts=tuple(found[key] for key, _, _ in FACT_KEYS if key in found),
        contacts=tuple(contacts[:MOST_CONTACTS]),
    )


def products(shown: Profile | None) -> tuple[str, ...] | None:
    """The person's products as the profile states them; ``None`` when it says nothing of them."""
    for fact in shown.facts if shown else ():
        if fact.key == "products":
            return tuple(str(fact.value).split(", "))
    return None


def _facts(person: PersonRow, at: float) -> Iterator[Fact]:
    yield from _who(person, at)
    yield from _orders(person, at)
    yield from _cases_and_bills(person, at)
    yield from _contacts(person, at)
    yield from _promises(person, at)
    if person.consent_marketing is not None:
        # Only the refusal needs a colour: it forbids something.
        yield _fact(
            "consent_marketing", person.consent_marketing, tone=_refusal(person.consent_marketing)
        )
    if person.consent_recording is not None:
        yield _fact(
            "consent_recording", person.consent_recording, tone=_refusal(person.consent_recording)
        )


def _who(person: PersonRow, at: float) -> Iterator[Fact]:
    if person.tier:
        yield _fact("tier", person.tier, tone="good" if person.tier in ("gold", "vip") else "plain")
    if person.language:
        yield _fact("language", person.language)
    if person.since is not None and person.since <= at:
        yield _fact("customer_since", datetime.fromtimestamp(person.since, UTC).date().isoformat())
    years = _age(person.birth, at)
    if years is not None:
        yield _fact("age", years)
    for key, text in (("city", person.city), ("segment", person.segment)):
        if text:
            yield _fact(key, text)
    if person.products:
        yield _fact("products", ", ".join(person.products))
    if person.lifetime_value is not None and person.currency:
        yield _fact("lifetime_value", person.lifetime_value, unit=person.currency)
    if person.payment_days is not None:
        tone: Tone = "warn" if person.payment_days > LATE_PAYER else "plain"
        yield _fact("payment_time", person.payment_days * DAY, tone=tone)
    for key, text in (
        ("preferred_channel", person.preferred_channel),
        ("preferred_time", person.preferred_time),
        ("note", person.note),
        ("matched", person.matched),
    ):
        if text:
            yield _fact(key, text, detail=_label(person) if key == "matched" else None)
    if person.matched is not None:
        yield _fact("sharers", person.sharers, tone="warn" if person.sharers > 1 else "plain")


def _orders(person: PersonRow, at: float) -> Iterator[Fact]:
    orders = [order for order in person.orders if order.placed <= at]
    waiting = [o for o in orders if o.state in ("open", "shipped", "late")]
    if orders:
        yield _fact("open_orders", len(waiting))
        last = max(orders, key=lambda order: order.placed)
        yield _fact("last_order", last.placed, detail=f"{last.id} {last.title}".strip())
    late = [(o.due, o) for o in waiting if o.due is not None and order_late(o, at)]
    if late:
        due, order = min(late, key=lambda pair: pair[0])
        detail = f"{order.id} {order.title}".strip()
        yield _fact("late_order", at - due, detail=detail, tone="bad")
    coming = [(o.due, o) for o in waiting if o.due is not None and o.due >= at]
    if coming:
        due, order = min(coming, key=lambda pair: pair[0])
        yield _fact("next_order", due, detail=f"{order.id} {order.title}".strip())


def _cases_and_bills(person: PersonRow, at: float) -> Iterator[Fact]:
    if person.cases:
        cases = [case for case in person.cases if case_open(case, at)]
        yield _fact("open_cases", len(cases), tone="warn" if cases else "plain")
        if cases:
            oldest = min(cases, key=lambda case: case.opened)
            tone: Tone = "bad" if at - oldest.opened > 7 * DAY else "warn"
            detail = f"{oldest.id} {oldest.title}".strip()
            yield _fact("oldest_case", oldest.opened, detail=detail, tone=tone)
    unpaid = [bill for bill in person.bills if bill_unpaid(bill, at)]
    if unpaid:
        # Sums of different currencies mean nothing: the one owed soonest decides.
        first = min(unpaid, key=lambda bill: bill.due)
        owed = sum(bill.amount for bill in unpaid if bill.currency == first.currency)
        yield _fact("unpaid_bills", owed, unit=first.currency, detail=str(len(unpaid)))
        if first.due < at:
            yield _fact(
                "overdue_bill", first.amount, unit=first.currency, detail=first.id, tone="bad"
            )
            yield _fact("overdue_for", at - first.due, detail=first.id, tone="bad")
    coming = [bill for bill in unpaid if bill.due >= at]
    if coming:
        bill = min(coming, key=lambda bill: bill.due)
        yield _fact("next_bill", bill.due, detail=bill.id)


def _contacts(person: PersonRow, at: float) -> Iterator[Fact]:
    past = sorted((c for c in person.contacts if c.at < at), key=lambda c: -c.at)
    month = [c for c in past if at - c.at <= 30 * DAY]
    week = [c for c in past if at - c.at <= 7 * DAY]
    last = latest_contact(person, at)
    if past:
        yield _fact("last_contact", past[0].at, detail=past[0].queue)
    if last is not None:
        for key, value in (
            ("last_reason", last.reason),
            ("last_outcome", last.outcome),
            ("last_agent", last.agent),
        ):
            if value:
                yield _fact(key, value)
    yield _fact("contacts_7d", len(week), tone="warn" if len(week) > 2 else "plain")
    yield _fact("contacts_30d", len(month), tone="warn" if len(month) > 4 else "plain")
    waits = [c.wait for c in month]
    if waits:
        longest = max(waits)
        yield _fact("wait_average_30d", sum(waits) / len(waits), tone=_wait_tone(waits))
        yield _fact("wait_longest_30d", longest, tone="warn" if longest > LONG_WAIT else "plain")
        transfers = sum(c.transfers for c in month)
        yield _fact("transfers_30d", transfers, tone="warn" if transfers > 1 else "plain")
        gave_up = sum(c.ended == "abandoned" for c in month)
        yield _fact("abandoned_30d", gave_up, tone="warn" if gave_up else "plain")
    repeated, times = _most_repeated(month)
    if repeated is not None:
        yield _fact("repeated_reason", repeated, detail=str(times), tone="warn")


def _promises(person: PersonRow, at: float) -> Iterator[Fact]:
    waiting = [promise for promise in person.promises if promise_open(promise, at)]
    broken = [promise for promise in person.promises if promise_broken(promise, at)]
    if person.promises:
        yield _fact("open_promises", len(waiting))
    if waiting:
        soonest = min(waiting, key=lambda promise: promise.due)
        tone: Tone = "warn" if soonest.due - at <= DAY else "plain"
        yield _fact("promise_due", soonest.due, detail=soonest.text, tone=tone)
    if broken:
        latest = max(broken, key=lambda promise: promise.due)
        yield _fact("promise_broken", latest.due, detail=latest.text, tone="bad")


def _fact(
    key: str,
    value: str | int | float | bool,
    *,
    unit: str | None = None,
    detail: str | None = None,
    tone: Tone = "plain",
) -> Fact:
    group, kind = _SHAPES[key]
    if kind == "code":
        value = f"{CODE_PREFIX[key]}{value}"
    return Fact(key=key, group=group, kind=kind, value=value, unit=unit, detail=detail, tone=tone)


def _refusal(agreed: bool) -> Tone:
    return "plain" if agreed else "warn"


def _label(person: PersonRow) -> str | None:
    return next((point.label for point in person.points if point.value == person.matched), None)


def _wait_tone(waits: list[float]) -> Tone:
    return "warn" if sum(waits) / len(waits) > LONG_WAIT else "plain"


def _most_repeated(contacts: Iterable[Contact]) -> tuple[str | None, int]:
    """The reason a person came with more than once, and how often; the most frequent one."""
    times: dict[str, int] = {}
    for contact in contacts:
        if contact.reason is not None:
            times[contact.reason] = times.get(contact.reason, 0) + 1
    if not times:
        return None, 0
    reason = max(times, key=lambda code: (times[code], code))
    return (reason, times[reason]) if times[reason] > 1 else (None, 0)


def _age(birth: str | None, at: float) -> int | None:
    if not birth:
        return None
    try:
        born = date.fromisoformat(birth)
    except ValueError:
        return None  # "1970" or a typing error in the source: an age would be a guess
    today = datetime.fromtimestamp(at, UTC).date()
    years = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    return years if 0 <= years <= 130 else None
