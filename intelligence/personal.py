"""The facts that an answer may take in, out of what the card shows of a caller. Pure.

Nothing is here that the agent could not see: the profile's facts, and what the prediction rests on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from callcenter.floor.card import Cause, Fact, FactKind, Profile

from .templates import FACTS

Pairs = Iterator[tuple[str, "Datum"]]

# Facts of the profile that are taken as they are: name in templates to key.
_SAME = {
    "person.city": "city",
    "person.since": "customer_since",
    "person.products": "products",
    "orders.open": "open_orders",
    "bills.amount": "unpaid_bills",
    "cases.open": "open_cases",
    "contact.at": "last_contact",
    "contact.agent": "last_agent",
    "contacts.week": "contacts_7d",
}


@dataclass(frozen=True, slots=True)
class Datum:
    """A value and how to read it, as in ``Fact``."""

    kind: FactKind
    value: str | int | float | bool
    unit: str | None = None


def facts_of(shown: Profile | None, causes: Iterable[Cause], at: float) -> dict[str, Datum]:
    """What is known, by the names of ``templates.FACTS``; what is not known is absent.

    ``causes``: what the reason an answer is for rests on, the strongest first. ``at``: the moment
    of the profile, seconds since the epoch.
    """
    known = dict(_of_profile(shown, at)) if shown is not None else {}
    for group, of in (("order", ("late_order", "next_order")),
                      ("bill", ("overdue_bill", "next_bill"))):  # fmt: skip
        for one in of:
            if any(f"{one}.{what}" in known for what in ("id", "due")):
                for what in ("id", "title", "amount", "due"):
                    if f"{one}.{what}" in known and f"{group}.{what}" in FACTS:
                        known[f"{group}.{what}"] = known[f"{one}.{what}"]
                break
    known.update(_of_causes(causes))
    return known


def _of_profile(shown: Profile, at: float) -> Pairs:
    facts = {fact.key: fact for fact in shown.facts}
    if shown.name:
        yield "person.name", Datum("text", shown.name)
    for name, key in _SAME.items():
        if key in facts:
            yield name, _same(facts[key])
    for key, moment in (("next_order", "due"), ("last_order", "placed"), ("oldest_case", "opened")):
        if key in facts:
            group = "case" if key == "oldest_case" else key
            yield from _titled(group, facts[key])
            yield f"{group}.{moment}", _same(facts[key])
    if "late_order" in facts:
        yield from _titled("late_order", facts["late_order"])
        yield from _late("late_order", facts["late_order"], at)
    for group, key in (("promise", "promise_due"), ("broken_promise", "promise_broken")):
        if key in facts:
            yield f"{group}.due", _same(facts[key])
            yield from _detail(f"{group}.text", facts[key])
    yield from _bills(facts, at)


def _bills(facts: dict[str, Fact], at: float) -> Pairs:
    if "overdue_bill" in facts:
        yield "overdue_bill.amount", _same(facts["overdue_bill"])
        yield from _detail("overdue_bill.id", facts["overdue_bill"])
    if "overdue_for" in facts:
        yield from _late("overdue_bill", facts["overdue_for"], at)
    if "next_bill" in facts:
        yield "next_bill.due", _same(facts["next_bill"])
        yield from _detail("next_bill.id", facts["next_bill"])
    unpaid = facts.get("unpaid_bills")
    if unpaid is not None and unpaid.detail is not None and unpaid.detail.isdecimal():
        yield "bills.unpaid", Datum("count", int(unpaid.detail))
        # The sum is that of the next bill only when no other is unpaid.
        if unpaid.detail == "1" and "next_bill" in facts:
            yield "next_bill.amount", _same(unpaid)


def _of_causes(causes: Iterable[Cause]) -> Pairs:
    """The first happening and the first condition; a cause's detail is its title."""
    seen: set[str] = set()
    for cause in causes:
        kind, dot, _ = cause.code.partition(".")
        if not dot or kind not in ("happening", "condition") or kind in seen:
            continue
        seen.add(kind)
        if cause.detail:
            yield f"{kind}.title", Datum("text", cause.detail)
        if cause.kind == "instant" and cause.value is not None:
            moment = "at" if kind == "happening" else "since"
            yield f"{kind}.{moment}", Datum("instant", cause.value)


def _same(fact: Fact) -> Datum:
    return Datum(fact.kind, fact.value, fact.unit)


def _detail(name: str, fact: Fact) -> Pairs:
    if fact.detail:
        yield name, Datum("text", fact.detail)


def _titled(group: str, fact: Fact) -> Pairs:
    """The profile writes an order or a case as its number, a blank and its title."""
    number, _, title = (fact.detail or "").partition(" ")
    if number:
        yield f"{group}.id", Datum("text", number)
    if title.strip():
        yield f"{group}.title", Datum("text", title.strip())


def _late(group: str, fact: Fact, at: float) -> Pairs:
    """``fact``: for how long it is late."""
    yield f"{group}.late_by", _same(fact)
    if isinstance(fact.value, int | float):
        yield f"{group}.due", Datum("instant", at - fact.value)
