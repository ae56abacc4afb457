"""The reasons people may call for: leaves with their heads, and how causes share them out.

A trade's reasons are given by whoever makes the population (``demo_people`` reads them from the
pack), because the population must not know the mind. ``USUAL`` are those that the causes of
``kinds`` name, for tests and for callers who need no more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from random import Random
from typing import TypeAlias

Shares: TypeAlias = tuple[tuple[str, float], ...]
"""Leaf codes with their probabilities, which sum to 1."""

RARE = 0.003
"""In a tail no leaf weighs more than one with this share of calls: a tail is of rare reasons."""
TAIL = 8
"""Leaves in the tail of one cause."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """``share``: part of all calls expected for it; ``queue``: where such callers mostly ring."""

    code: str
    head: str
    share: float
    queue: str


# head, queue, then code and share in thousandths, in turn
_USUAL = """
cards support card_lost 40 pin 33 card_activation 5 pin_blocked 2.4 card_blocked 4
cards service card_declined 42 order_card_late 40 card_expiry 2.4 card_damaged 2.2
cards service card_not_renewed 1.8 card_annual_fee 2.6 card_delivery_address 1 card_travel_notice 2
cards sales limit_change 14 card_limit_temporary 1.4 card_cancel 2 card_application 3
payments service direct_debit 27 direct_debit_refused 2.6 cash_withdrawal 21 refund 34
payments service exchange_rate 14 payment_duplicate 2.4 refund_missing 2.6 foreign_fee 1.6
payments support payment_unknown 3 cash_not_dispensed 1.8
transfers service transfer_pending 41 transfer_failed 28 transfer_returned 1.4 transfer_fee 1.4
transfers service transfer_limit 2 transfer_abroad 2.2 salary_missing 2.4 transfer_how 2
transfers support transfer_held 1.2 transfer_payee 1.4
accounts service balance 34 statement 27 fees 34 account_fee 2.2 account_fee_refund 1.6
accounts service account_overdrawn 1.6 statement_entry 1.8
accounts sales new_account 21 account_closing 7 account_opening_status 1.6
loans sales loan_status 20 loan_new 3 loan_refused 1 loan_documents 1.4 loan_payout 1.2
loans service loan_instalment_missed 1.6 loan_early_repayment 1.6
mortgage sales mortgage 14 mortgage_new 1.6 mortgage_rate 1.4 mortgage_fixed_end 1
online support online_access 41 online_password 3.6 online_locked 2.8 online_code_missing 2.4
online support online_new_phone 2.4 online_outage 1.6 online_app_crash 2
savings sales savings_rate 2 savings_account_new 1.6 fixed_deposit_new 1.2
savings service fixed_deposit_maturity 1.2 savings_withdraw 1
fraud support fraud_alert 34 fraud_phishing 2.4 fraud_message_real 1.4 fraud_false_alarm 1.6
bills service payment_due 61 bill_amount 2.6 bill_late_fee 1.8 bill_paid_not_booked 1.6
bills service bill_payment_plan 1
service service address_change 21 appointment 14 complaint 41 complaint_status 1.6
service service documents_send 1.4 documents_received 1 letter_question 1.2 phone_change 1.6
service service callback_missed 1.4
service support identity_check 1.6
other service other 14
other sales campaign_question 1.2
"""


def _usual() -> tuple[Leaf, ...]:
    leaves = []
    for line in _USUAL.split("\n"):
        head, queue, *rest = line.split() or ("", "")
        leaves += [
            Leaf(code, head, float(share) / 1000, queue)
            for code, share in zip(rest[::2], rest[1::2], strict=True)
        ]
    return tuple(leaves)


USUAL = _usual()


class Catalogue:
    """The leaves of a trade, looked up and shared out."""

    def __init__(self, leaves: Iterable[Leaf]) -> None:
        """Raises ``ValueError`` when there are none or none has a share."""
        self.leaves: Mapping[str, Leaf] = {leaf.code: leaf for leaf in leaves}
        if sum(leaf.share for leaf in self.leaves.values()) <= 0:
            raise ValueError("no reasons with a share to call for")
        self.head_of: Mapping[str, str] = {leaf.code: leaf.head for leaf in self.leaves.values()}
        self._by_head: dict[str, list[Leaf]] = {}
        for leaf in self.leaves.values():
            self._by_head.setdefault(leaf.head, []).append(leaf)
        self.overall = self.spread({"*": 1.0})
        self.heads: Mapping[str, Shares] = {
            head: self.spread({leaf.code: leaf.share for leaf in leaves}) or self.overall
            for head, leaves in self._by_head.items()
        }

    def queue_of(self, code: str) -> str:
        return self.leaves[code].queue

    def neighbours(self, code: str) -> tuple[str, ...]:
        """Other leaves of the same head; other leaves at all where it has none."""
        near = [leaf.code for leaf in self._by_head[self.head_of[code]] if leaf.code != code]
        return tuple(near or [other for other in self.leaves if other != code] or [code])

    def spread(self, named: Mapping[str, float], salt: str = "") -> Shares:
        """Shares over leaves from weights by name; empty when no name is known here.

        A name is a leaf, ``*`` (all leaves by their share) or ``*head`` (some of the head's other
        leaves by their share, no common one above a rare one; which, depends on ``salt``). Names
        the trade does not have drop out.
        """
        found: dict[str, float] = {}
        for name, weight in named.items():
            if name in self.leaves:
                found[name] = found.get(name, 0.0) + weight
            elif name.startswith("*"):
                for code, share in self._tail(name[1:], named, salt):
                    found[code] = found.get(code, 0.0) + weight * share
        total = sum(found.values())
        return tuple((code, weight / total) for code, weight in found.items()) if total > 0 else ()

    def _tail(self, head: str, named: Mapping[str, float], salt: str) -> Shares:
        if head:
            rest = [leaf for leaf in self._by_head.get(head, []) if leaf.code not in named]
            chance = Random(f"{salt} {head}")  # noqa: S311 - made-up people, no secret
            rest = chance.sample(rest, min(TAIL, len(rest)))
            weighed = [(leaf.code, min(leaf.share, RARE)) for leaf in rest]
        else:
            weighed = [(leaf.code, leaf.share) for leaf in self.leaves.values()]
        total = sum(weight for _, weight in weighed)
        return tuple((code, weight / total) for code, weight in weighed) if total > 0 else ()
