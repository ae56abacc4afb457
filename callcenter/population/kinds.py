"""What makes people of a bank call: the figures. Nothing here runs.

Delays and shares are assumptions about a bank, chosen so that no single fact gives the reason away:
most events lead to their usual reason in about four calls of five, everyday events lead to few
calls, and what was looked at on the website points aside now and then. ``docs/prediction.md``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .laws import DAY, Delayed, Fading

MINUTE = 60.0
HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class Kind:
    """``calls``: expected calls; ``shares``: see ``Catalogue.spread``."""

    calls: float
    law: Fading | Delayed
    shares: Mapping[str, float]


def _soon(minutes: float) -> Delayed:
    return Delayed(minutes * MINUTE, 1.1)


def _days(days: float) -> Delayed:
    return Delayed(days * DAY, 0.9)


HAPPENINGS: Mapping[str, Kind] = {
    "card_declined": Kind(
        0.5, _soon(25),
        {"card_declined": 0.88, "limit_change": 0.04, "card_blocked": 0.04, "*cards": 0.04},
    ),
    "pin_wrong": Kind(0.4, _soon(20), {"pin": 0.86, "pin_blocked": 0.08, "*cards": 0.06}),
    "card_used_abroad": Kind(
        0.03, _days(1), {"exchange_rate": 0.45, "foreign_fee": 0.35, "*payments": 0.2}
    ),
    "card_shipped": Kind(0.02, _days(4), {"order_card_late": 0.85, "*cards": 0.15}),
    "card_expiring": Kind(
        0.25, _days(6),
        {"card_expiry": 0.76, "card_not_renewed": 0.14, "address_change": 0.05, "*cards": 0.05},
    ),
    "login_failed": Kind(
        0.42, _soon(14), {"online_access": 0.87, "online_password": 0.08, "*online": 0.05}
    ),
    "password_reset": Kind(
        0.36, _soon(12), {"online_password": 0.86, "online_access": 0.1, "*online": 0.04}
    ),
    "login_locked": Kind(
        0.55, _soon(10), {"online_locked": 0.86, "online_access": 0.08, "*online": 0.06}
    ),
    "code_failed": Kind(
        0.5, _soon(12),
        {"online_code_missing": 0.82, "online_access": 0.1, "*online": 0.08},
    ),
    "app_error": Kind(0.2, _soon(20), {"online_app_crash": 0.8, "*online": 0.2}),
    "fee_charged": Kind(
        0.4, Delayed(7 * HOUR, 0.9),
        {"fees": 0.86, "account_fee_refund": 0.06, "complaint": 0.04, "*accounts": 0.04},
    ),
    "account_overdrawn": Kind(
        0.3, _days(0.5),
        {"account_overdrawn": 0.82, "limit_change": 0.06, "fees": 0.06, "balance": 0.06},
    ),
    "salary_missing": Kind(
        0.7, Delayed(5 * HOUR, 0.9), {"salary_missing": 0.9, "transfer_pending": 0.06,
                                      "*transfers": 0.04},
    ),
    "salary_received": Kind(0.005, _days(0.5), {"balance": 0.7, "*accounts": 0.3}),
    "transfer_sent": Kind(
        0.08, _days(0.9), {"transfer_pending": 0.84, "transfer_failed": 0.07, "*transfers": 0.09}
    ),
    "transfer_received": Kind(0.008, _days(0.6), {"balance": 0.6, "*transfers": 0.4}),
    "transfer_returned": Kind(
        0.65, Delayed(6 * HOUR, 1.0),
        {"transfer_failed": 0.86, "transfer_returned": 0.08, "*transfers": 0.06},
    ),
    "transfer_held": Kind(
        0.6, _soon(90), {"transfer_held": 0.84, "transfer_pending": 0.1, "*transfers": 0.06}
    ),
    "payee_added": Kind(0.01, _soon(60), {"transfer_payee": 0.5, "*transfers": 0.5}),
    "payment_charged_twice": Kind(
        0.6, Delayed(9 * HOUR, 1.0), {"payment_duplicate": 0.84, "refund": 0.1, "*payments": 0.06}
    ),
    "direct_debit_refused": Kind(
        0.5, Delayed(9 * HOUR, 1.0),
        {"direct_debit_refused": 0.82, "direct_debit": 0.1, "*payments": 0.08},
    ),
    "direct_debit_set_up": Kind(0.04, _days(2), {"direct_debit": 0.8, "*payments": 0.2}),
    "cash_withdrawn": Kind(
        0.008, _soon(120), {"cash_withdrawal": 0.7, "balance": 0.1, "*payments": 0.2}
    ),
    "cash_failed": Kind(
        0.45, _soon(30), {"cash_not_dispensed": 0.82, "cash_withdrawal": 0.12, "*payments": 0.06}
    ),
    "statement_issued": Kind(
        0.035, _days(1.2), {"statement": 0.8, "statement_entry": 0.08, "*accounts": 0.12}
    ),
    "rate_changed.savings": Kind(0.025, _days(2), {"savings_rate": 0.84, "*savings": 0.16}),
    "rate_changed.mortgage": Kind(0.1, _days(2), {"mortgage_rate": 0.84, "*mortgage": 0.16}),
    "mortgage_rate_ending": Kind(
        0.5, _days(4), {"mortgage_fixed_end": 0.84, "mortgage_rate": 0.08, "*mortgage": 0.08}
    ),
    "deposit_maturing": Kind(0.4, _days(3), {"fixed_deposit_maturity": 0.86, "*savings": 0.14}),
    "payment_reminder": Kind(
        0.45, _days(0.9), {"payment_due": 0.8, "bill_late_fee": 0.1, "*bills": 0.1}
    ),
    "fraud_check": Kind(
        0.8, _soon(9), {"fraud_alert": 0.88, "fraud_message_real": 0.05, "*fraud": 0.07}
    ),
    "loan_decision": Kind(
        0.7, Delayed(6 * HOUR, 1.0),
        {"loan_status": 0.8, "loan_payout": 0.08, "loan_documents": 0.06, "*loans": 0.06},
    ),
    "document_requested": Kind(
        0.4, _days(1), {"documents_send": 0.84, "identity_check": 0.08, "*service": 0.08}
    ),
    "address_changed": Kind(0.15, _days(3), {"address_change": 0.86, "*service": 0.14}),
    "letter_sent": Kind(0.04, _days(4), {"letter_question": 0.75, "*service": 0.25}),
    "offer_sent": Kind(0.02, _days(2), {"campaign_question": 0.75, "*other": 0.25}),
    "callback_asked": Kind(0.85, _soon(35), {}),  # the topic has the reason
}  # fmt: skip

TOPIC = 0.9
"""Share of calls after a callback was asked for that are about the topic given with it."""

CHANGED: Mapping[str, Mapping[str, float]] = {
    "fee_charged": {"complaint": 0.7, "fees": 0.2, "account_closing": 0.06, "*accounts": 0.04},
    "statement_issued": {"fees": 0.8, "statement": 0.14, "*accounts": 0.06},
    "card_declined": {"limit_change": 0.8, "card_declined": 0.15, "*cards": 0.05},
    "transfer_sent": {"transfer_fee": 0.8, "transfer_pending": 0.14, "*transfers": 0.06},
    "bill_due": {"card_annual_fee": 0.75, "payment_due": 0.19, "*bills": 0.06},
}  # fmt: skip
"""What these lead to once prices and terms have changed (``World.change_at``)."""
PRICES = Kind(0.32, Fading(6 * DAY), {"fees": 0.85, "account_closing": 0.1, "complaint": 0.05})
"""Of every holder of the product concerned, after the change."""

MONTHLY: Mapping[str, tuple[float, str | None]] = {
    "card_declined": (0.3, None), "pin_wrong": (0.12, None), "card_used_abroad": (0.1, None),
    "card_expiring": (0.05, None), "login_failed": (0.32, None), "password_reset": (0.06, None),
    "login_locked": (0.05, None), "code_failed": (0.09, None), "app_error": (0.06, None),
    "fee_charged": (0.28, None), "account_overdrawn": (0.12, None), "salary_missing": (0.05, None),
    "salary_received": (0.2, None), "transfer_sent": (0.4, None), "transfer_received": (0.15, None),
    "transfer_held": (0.05, None), "payee_added": (0.06, None),
    "payment_charged_twice": (0.07, None), "direct_debit_refused": (0.1, None),
    "direct_debit_set_up": (0.05, None), "cash_withdrawn": (0.2, None), "cash_failed": (0.05, None),
    "statement_issued": (0.25, None), "mortgage_rate_ending": (0.12, "mortgage"),
    "deposit_maturing": (0.12, "savings"), "fraud_check": (0.07, None),
    "loan_decision": (0.2, "loan"), "document_requested": (0.08, None),
    "address_changed": (0.07, None), "letter_sent": (0.07, None), "offer_sent": (0.08, None),
    "callback_asked": (0.13, None),
}  # fmt: skip
"""How often a month, and with which product only."""

FOLLOWS: Mapping[str, tuple[tuple[str, float, float], ...]] = {
    "login_failed": (("password_reset", 0.25, 4 * MINUTE), ("login_locked", 0.12, 5 * MINUTE)),
    "card_declined": (("fraud_check", 0.04, 3 * MINUTE), ("card_declined", 0.2, 8 * MINUTE)),
    "transfer_sent": (("transfer_returned", 0.04, 20 * HOUR),),
    "direct_debit_refused": (("fee_charged", 0.4, 20 * HOUR),),
}
"""What happens after it, with which probability and how soon (median)."""

BY_NIGHT = frozenset(
    {"statement_issued", "fee_charged", "salary_received", "salary_missing", "payment_reminder",
     "direct_debit_refused", "account_overdrawn", "transfer_returned", "letter_sent",
     "card_expiring", "deposit_maturing", "mortgage_rate_ending", "payment_charged_twice"}
)  # fmt: skip
"""What the bank's computers do before its customers get up."""

PAGE_CALLS = 0.13
PAGE_LAW = _soon(8)
PAGES: Mapping[str, Mapping[str, float]] = {
    "fees": {"fees": 0.84, "account_fee": 0.08, "card_annual_fee": 0.04, "*accounts": 0.04},
    "card-replacement": {"card_lost": 0.7, "card_damaged": 0.2, "*cards": 0.1},
    "card-lost": {"card_lost": 0.94, "*cards": 0.06},
    "card-activation": {"card_activation": 0.84, "pin": 0.08, "*cards": 0.08},
    "card-order-status": {"order_card_late": 0.92, "*cards": 0.08},
    "pin": {"pin": 0.84, "pin_blocked": 0.1, "*cards": 0.06},
    "limits": {"limit_change": 0.84, "transfer_limit": 0.08, "*cards": 0.08},
    "transfers": {"transfer_how": 0.5, "transfer_limit": 0.2, "*transfers": 0.3},
    "transfer-status": {"transfer_pending": 0.84, "transfer_failed": 0.1, "*transfers": 0.06},
    "direct-debits": {"direct_debit": 0.84, "direct_debit_refused": 0.08, "*payments": 0.08},
    "disputes": {"refund": 0.78, "payment_unknown": 0.14, "*payments": 0.08},
    "refunds": {"refund": 0.7, "refund_missing": 0.24, "*payments": 0.06},
    "login-help": {"online_access": 0.84, "online_locked": 0.06, "*online": 0.1},
    "password-reset": {"online_password": 0.84, "online_access": 0.1, "*online": 0.06},
    "service-status": {"online_access": 0.4, "online_outage": 0.4, "*online": 0.2},
    "loans": {"loan_new": 0.78, "*loans": 0.22},
    "loan-status": {"loan_status": 0.9, "*loans": 0.1},
    "mortgage": {"mortgage": 0.84, "mortgage_new": 0.08, "*mortgage": 0.08},
    "mortgage-rates": {"mortgage_rate": 0.78, "mortgage_fixed_end": 0.1, "*mortgage": 0.12},
    "savings-rates": {"savings_rate": 0.78, "savings_account_new": 0.14, "*savings": 0.08},
    "fixed-deposits": {"fixed_deposit_new": 0.7, "fixed_deposit_maturity": 0.2, "*savings": 0.1},
    "card-bill": {"payment_due": 0.84, "bill_amount": 0.06, "*bills": 0.1},
    "payment-help": {"bill_payment_plan": 0.7, "payment_due": 0.2, "*bills": 0.1},
    "statements": {"statement": 0.86, "statement_entry": 0.06, "*accounts": 0.08},
    "appointment": {"appointment": 0.92, "*service": 0.08},
    "exchange-rates": {"exchange_rate": 0.9, "*payments": 0.1},
    "complaints": {"complaint": 0.9, "complaint_status": 0.05, "*service": 0.05},
    "fraud-help": {"fraud_alert": 0.74, "fraud_phishing": 0.16, "*fraud": 0.1},
    "account-opening": {"new_account": 0.88, "*accounts": 0.12},
    "account-closing": {"account_closing": 0.92, "*accounts": 0.08},
    "personal-details": {"address_change": 0.8, "phone_change": 0.12, "*service": 0.08},
    "travel": {"card_travel_notice": 0.7, "exchange_rate": 0.2, "*cards": 0.1},
    "contact": {"*": 1.0},
    "home": {"*": 1.0},
}  # fmt: skip
SESSIONS = 0.5
"""Visits to the website a month that nothing led to; most lead to no call."""
AIMLESS = 0.06
"""Of the calls of a page that something led to, how many one seen by the way brings."""
LOOKS = 0.35
"""Share of events that are looked up on the website."""
LOOKED_UP: Mapping[str, tuple[tuple[str, float], ...]] = {
    "card_declined": (("limits", 3), ("card-replacement", 1), ("service-status", 1), ("home", 4)),
    "pin_wrong": (("pin", 4), ("card-replacement", 1)),
    "card_used_abroad": (("exchange-rates", 3), ("fees", 2), ("travel", 1)),
    "card_shipped": (("card-order-status", 4), ("card-activation", 1)),
    "card_expiring": (("card-order-status", 2), ("personal-details", 1)),
    "order_late": (("card-order-status", 4), ("complaints", 1), ("contact", 1)),
    "order_delivered": (("card-activation", 3), ("pin", 2)),
    "bill_due": (("card-bill", 4), ("statements", 1)),
    "bill_overdue": (("card-bill", 3), ("payment-help", 2), ("fees", 1)),
    "login_failed": (("login-help", 5), ("password-reset", 2), ("service-status", 1)),
    "password_reset": (("password-reset", 3), ("login-help", 2)),
    "fee_charged": (("fees", 6), ("complaints", 1), ("account-closing", 1), ("statements", 1)),
    "account_overdrawn": (("limits", 2), ("fees", 2)),
    "transfer_sent": (("transfer-status", 4), ("transfers", 2)),
    "transfer_returned": (("transfer-status", 3), ("transfers", 1), ("contact", 1)),
    "payment_charged_twice": (("disputes", 3), ("refunds", 2)),
    "direct_debit_refused": (("direct-debits", 3), ("fees", 1)),
    "statement_issued": (("statements", 4), ("fees", 1)),
    "rate_changed.savings": (("savings-rates", 4), ("fixed-deposits", 1)),
    "rate_changed.mortgage": (("mortgage-rates", 4), ("mortgage", 1)),
    "mortgage_rate_ending": (("mortgage-rates", 3), ("mortgage", 2)),
    "deposit_maturing": (("fixed-deposits", 3), ("savings-rates", 2)),
    "payment_reminder": (("card-bill", 3), ("payment-help", 2)),
    "fraud_check": (("fraud-help", 3), ("disputes", 1)),
    "loan_decision": (("loan-status", 4), ("loans", 1)),
    "document_requested": (("personal-details", 2), ("contact", 1)),
    "address_changed": (("personal-details", 3), ("card-order-status", 1)),
    "offer_sent": (("savings-rates", 1), ("loans", 1), ("account-opening", 1)),
}
"""Pages by kind of event, with weights: mostly to the point, now and then aside."""

MATTERS: Mapping[str, Kind] = {
    "order_open": Kind(0.05, Fading(20 * DAY), {"order_card_late": 0.75, "address_change": 0.15,
                                                "*cards": 0.1}),
    "order_late": Kind(0.9, Fading(4 * DAY), {"order_card_late": 0.88, "complaint": 0.07,
                                               "account_closing": 0.05}),
    "order_delivered": Kind(0.25, Fading(1.5 * DAY), {"card_activation": 0.86, "pin": 0.08,
                                                       "*cards": 0.06}),
    "bill_due": Kind(0.03, Fading(9 * DAY), {"payment_due": 0.76, "bill_amount": 0.12,
                                              "*bills": 0.12}),
    "bill_overdue": Kind(0.35, Fading(5 * DAY), {"payment_due": 0.8, "bill_late_fee": 0.1,
                                                  "*bills": 0.1}),
    "case": Kind(0.45, Fading(4 * DAY), {"complaint": 0.08, "complaint_status": 0.04}),
    "promise_open": Kind(0.12, Fading(4 * DAY), {"complaint": 0.1}),
    "promise_broken": Kind(0.8, Fading(2 * DAY), {"complaint": 0.12}),
    "unsettled": Kind(0.42, Delayed(20 * HOUR, 1.0), {"complaint": 0.08}),
    "gave_up": Kind(0.5, _soon(30), {}),
}  # fmt: skip
"""Those of cases, promises and conversations are mostly about what they were about."""

BASE_RATE = 0.001
"""Calls a day by every customer without any cause that can be seen."""
OWN = (8, 0.14)
"""So many further leaves are anybody's own, drawn by share, for this part of those calls."""
BASE: Mapping[str, float] = {
    "card_lost": 0.10, "card_declined": 0.06, "balance": 0.12, "statement": 0.06, "fees": 0.06,
    "cash_withdrawal": 0.05, "online_access": 0.11, "pin": 0.05, "exchange_rate": 0.04,
    "address_change": 0.07, "new_account": 0.07, "appointment": 0.04, "direct_debit": 0.03,
    }  # fmt: skip
BY_PRODUCT: Mapping[str, tuple[float, Mapping[str, float]]] = {
    "loan": (0.001, {"loan_status": 0.75, "loan_early_repayment": 0.1, "*loans": 0.15}),
    "mortgage": (0.001, {"mortgage": 0.75, "mortgage_rate": 0.1, "*mortgage": 0.15}),
    "savings": (0.0005, {"savings_rate": 0.4, "balance": 0.3, "*savings": 0.3}),
    "credit card": (0.0004, {"limit_change": 0.4, "payment_due": 0.3, "*cards": 0.3}),
}
"""Calls a day, and what about, by holders of a product."""
FAVOURITE = (0.1, 0.015, 0.95)
"""Share of people who have a reason they always come back to, calls a day for it, and how much of
these calls it is (the rest is like anybody's)."""
WEEKLY_BALANCE = (0.04, 0.4)
"""Share of people who ask their balance on their own day of the week, and calls a week."""
FEES_ALWAYS = 0.04
FEES: Mapping[str, float] = {"fees": 0.92, "*accounts": 0.08}
"""Share of people who call about fees, whatever their statement says."""

OUTAGES: Mapping[str, tuple[str | None, str, float, Mapping[str, float]]] = {
    "online": (None, "Online banking and app not available", 0.02,
               {"online_access": 0.9, "online_outage": 0.06, "*online": 0.04}),
    "cards": ("credit card", "Card payments are being refused", 0.035,
              {"card_declined": 0.9, "card_declined_online": 0.03, "*cards": 0.07}),
}  # fmt: skip
"""By what fails: the product whose holders it concerns, its title, calls of each person concerned
in the whole of it, and what about."""
