"""Why the made-up customers call: each open matter makes them call at its own rate, for its own
reasons. This is the truth that predictions are held against; ``docs/prediction.md`` has the table.

A matter of kind k that began ``age`` ago makes its person call ``rate_k * 2 ** (-age / half_k)``
times a day; the reason of a call at time t is drawn in proportion to the rates of all reasons then.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from .lives import Life

DAY = 86400.0
WEEK = 7 * DAY

QUEUE_OF = {
    "card_lost": "support",
    "pin": "support",
    "online_access": "support",
    "fraud_alert": "support",
    "new_account": "sales",
    "loan_status": "sales",
    "mortgage": "sales",
    "limit_change": "sales",
    "account_closing": "sales",
}
"""Where callers with this reason mostly ring; ``service`` for all others."""

BASE_RATE = 0.025
BASE: Mapping[str, float] = {
    "card_lost": 0.10, "card_declined": 0.09, "balance": 0.12, "statement": 0.07, "fees": 0.06,
    "cash_withdrawal": 0.06, "online_access": 0.13, "pin": 0.05, "exchange_rate": 0.05,
    "address_change": 0.07, "new_account": 0.07, "appointment": 0.04, "transfer_failed": 0.02,
    "direct_debit": 0.03, "limit_change": 0.02, "other": 0.02,
}  # fmt: skip
BY_PRODUCT: Mapping[str, tuple[float, Mapping[str, float]]] = {
    "loan": (0.01, {"loan_status": 0.8, "fees": 0.2}),
    "mortgage": (0.01, {"mortgage": 0.85, "appointment": 0.15}),
    "savings": (0.004, {"balance": 0.4, "account_closing": 0.3, "new_account": 0.3}),
}

# kind: calls a day at the start, days until half of it, shares of reasons
MATTERS: Mapping[str, tuple[float, float, Mapping[str, float]]] = {
    "order_open": (0.03, 20, {"order_card_late": 0.5, "address_change": 0.2, "balance": 0.3}),
    "order_late": (0.4, 6, {"order_card_late": 0.82, "complaint": 0.12, "account_closing": 0.06}),
    "order_delivered": (0.2, 2, {"pin": 0.6, "card_declined": 0.25, "online_access": 0.15}),
    "bill_due": (0.04, 12, {"payment_due": 0.4, "statement": 0.3, "balance": 0.15, "fees": 0.15}),
    "bill_overdue": (
        0.25, 8, {"payment_due": 0.6, "fees": 0.2, "direct_debit": 0.12, "limit_change": 0.08},
    ),
    "promise_open": (0.04, 4, {"refund": 0.5, "transfer_pending": 0.3, "complaint": 0.2}),
    "promise_broken": (0.5, 3, {"complaint": 0.55, "refund": 0.3, "transfer_pending": 0.15}),
}  # fmt: skip
CASE = (0.35, 6.0)
CASE_SHARES = {"complaint": 0.1, "appointment": 0.05}
UNSETTLED = (0.7, 1.5)
UNSETTLED_SHARES = {"complaint": 0.15}
MOST_A_DAY = 3.0
"""Nobody calls more often than this."""


def rates(life: Life, at: float, settled: frozenset[str]) -> dict[str, float]:
    """Calls a day for each reason by this person at ``at``."""
    found: dict[str, float] = {}
    for rate, shares in _causes(life, at, settled):
        for reason, share in shares.items():
            found[reason] = found.get(reason, 0.0) + rate * share
    total = sum(found.values())
    if total > MOST_A_DAY:
        found = {reason: rate * MOST_A_DAY / total for reason, rate in found.items()}
    return found


def _causes(
    life: Life, at: float, settled: frozenset[str]
) -> Iterator[tuple[float, Mapping[str, float]]]:
    yield BASE_RATE, BASE
    for product in life.base.products:
        if product in BY_PRODUCT:
            yield BY_PRODUCT[product]
    for kind, since in _events(life, at):
        start, half, shares = MATTERS[kind]
        yield _decayed(start, half, at - since), shares
    for case in life.cases:
        if case.opened <= at and (case.closed is None or case.closed > at):
            yield _decayed(*CASE, at - case.opened), _mostly(case.reason or "other", CASE_SHARES)
    last = next((c for c in reversed(life.contacts) if c.at < at and c.reason), None)
    if last is not None and last.reason and last.outcome not in settled and at - last.at <= WEEK:
        yield _decayed(*UNSETTLED, at - last.at), _mostly(last.reason, UNSETTLED_SHARES)


def _events(life: Life, at: float) -> Iterator[tuple[str, float]]:
    for ordered in life.orders:
        order, delivered = ordered.row, ordered.delivered
        if order.placed > at:
            continue
        if delivered is not None and delivered <= at:
            yield "order_delivered", delivered
        elif order.due is not None and order.due < at:
            yield "order_late", order.due
        else:
            yield "order_open", order.placed
    for bill in life.bills:
        if bill.issued <= at and (bill.paid is None or bill.paid > at):
            yield ("bill_overdue", bill.due) if bill.due < at else ("bill_due", bill.issued)
    for promised in life.promises:
        promise = promised.row
        if promise.made <= at and not (promised.kept and promised.settled <= at):
            yield (
                ("promise_broken", promise.due)
                if promise.due < at
                else ("promise_open", promise.made)
            )


def _decayed(start: float, half: float, age: float) -> float:
    return float(start * 2.0 ** (-max(0.0, age) / DAY / half))


def _mostly(reason: str, others: Mapping[str, float]) -> dict[str, float]:
    shares = {other: share for other, share in others.items() if other != reason}
    shares[reason] = 1 - sum(shares.values())
    return shares
