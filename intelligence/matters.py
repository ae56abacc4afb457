"""What is open or has just happened between a person and the house, as of one moment. Pure.

Identification, prediction and the profile all look at this one reading of a ``PersonRow``, so that
they cannot disagree about whether an order is late. Nothing dated after ``at`` is looked at.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from callcenter.floor.card import Contact
from callcenter.ports import BillRow, CaseRow, OrderRow, PersonRow, PromiseRow

DAY = 86400.0
RECENT_DELIVERY = 7 * DAY
RECENT_CONTACT = 7 * DAY

_GONE = ("delivered", "returned", "cancelled")
SETTLED = frozenset({"solved"})


@dataclass(frozen=True, slots=True)
class Matter:
    """Something a person may call about. ``since``: when it became so."""

    kind: str
    """``order_late``, ``order_open``, ``order_delivered``, ``bill_due``, ``bill_overdue``,
    ``case:<reason>``, ``promise_broken``, ``promise_open``, ``unsettled:<reason>``."""
    since: float
    open: bool
    """It still waits for something to happen (a delivered order does not)."""
    id: str | None


def order_late(order: OrderRow, at: float) -> bool:
    return order.state not in _GONE and order.due is not None and order.due < at


def bill_unpaid(bill: BillRow, at: float) -> bool:
    return bill.issued <= at and (bill.paid is None or bill.paid > at)


def case_open(case: CaseRow, at: float) -> bool:
    return case.opened <= at and (case.closed is None or case.closed > at)


def promise_broken(promise: PromiseRow, at: float) -> bool:
    return promise.made <= at and promise.kept is not True and promise.due < at


def promise_open(promise: PromiseRow, at: float) -> bool:
    return promise.made <= at and promise.kept is None and promise.due >= at


def unsettled(contact: Contact, settled: Collection[str]) -> bool:
    """The person asked something and was not done when the conversation ended."""
    return contact.reason is not None and contact.outcome not in settled


def open_matters(
    person: PersonRow, at: float, settled: Collection[str] = SETTLED
) -> tuple[Matter, ...]:
    """All matters, the one that changed last first.

    ``settled`` are the outcomes after which a reason is done with (the pack says which).
    """
    found: list[Matter] = []
    for order in person.orders:
        if order.placed > at:
            continue
        if order_late(order, at) and order.due is not None:
            found.append(Matter("order_late", order.due, True, order.id))
        elif order.state not in _GONE:
            found.append(Matter("order_open", order.placed, True, order.id))
        elif order.state == "delivered" and order.due is not None:
            # The row does not say when it was delivered; it was when it was due, near enough.
            delivered = min(order.due, at)
            if at - delivered <= RECENT_DELIVERY:
                found.append(Matter("order_delivered", delivered, False, order.id))
    for bill in person.bills:
        if bill_unpaid(bill, at):
            kind, since = ("bill_overdue", bill.due) if bill.due < at else ("bill_due", bill.issued)
            found.append(Matter(kind, since, True, bill.id))
    found += [
        Matter(f"case:{case.reason or 'other'}", case.opened, True, case.id)
        for case in person.cases
        if case_open(case, at)
    ]
    for promise in person.promises:
        if promise_broken(promise, at):
            found.append(Matter("promise_broken", promise.due, True, promise.id))
        elif promise_open(promise, at):
            found.append(Matter("promise_open", promise.made, True, promise.id))
    last = latest_contact(person, at)
    if last is not None and at - last.at <= RECENT_CONTACT and unsettled(last, settled):
        found.append(Matter(f"unsettled:{last.reason}", last.at, True, last.call))
    return tuple(sorted(found, key=lambda matter: (-matter.since, matter.kind, matter.id or "")))


def latest_contact(person: PersonRow, at: float) -> Contact | None:
    """The last conversation before ``at`` in which a reason was noted, or the last at all."""
    past = [contact for contact in person.contacts if contact.at < at]
    noted = [contact for contact in past if contact.reason is not None]
    return max(noted or past, key=lambda contact: contact.at, default=None)
