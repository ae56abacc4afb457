"""What happens to a customer, and which pages of the website they look at: with its causes.

Everything here becomes a row of the store and, beside it, a cause of calls; calls themselves are
played by ``history``.
"""

from __future__ import annotations

import math
from random import Random

from callcenter.ports import Happening, PageView

from . import kinds
from .causes import Cause, begin
from .kinds import HAPPENINGS, MATTERS, Kind
from .laws import DAY, Steady, Weekly, poisson
from .lives import Life
from .world import CHANGED_PRODUCT, Reasons

MONTH = 30 * DAY
_DAYTIME = (7, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13, 14, 14, 15, 15, 16, 16, 17, 17, 18, 18, 19,
            19, 20, 20, 21, 22, 23)  # fmt: skip
"""Hours at which people pay, log in and look things up."""
_TITLES = {
    "card_declined": "Payment of {amount} {currency} declined",
    "fee_charged": "Fee of {amount} {currency}",
    "transfer_sent": "Transfer of {amount} {currency}",
    "transfer_received": "{amount} {currency} received",
    "transfer_returned": "Transfer of {amount} {currency} came back",
    "transfer_held": "Transfer of {amount} {currency} held for checking",
    "payment_charged_twice": "{amount} {currency} charged twice",
    "direct_debit_refused": "Direct debit of {amount} {currency} not paid",
    "cash_withdrawn": "{amount} {currency} in cash",
    "fraud_check": "Payment of {amount} {currency} stopped for checking",
    "salary_received": "Salary {amount} {currency}",
}
_CHANGES_OF_RATES = 28 * DAY
_ASKED = 0.92
"""Of those who ask for a callback, how many give the reason with it; others give its head only."""


class Happened:
    """Fills a life with happenings, pages and causes from ``since`` up to ``until``."""

    def __init__(self, rng: Random, life: Life, reasons: Reasons, since: float, until: float):
        self._rng = rng
        self._life = life
        self._reasons = reasons
        self._since = since
        self._until = until
        self._count = 0

    def everything(self) -> None:
        """The lists are in order at the end."""
        self._standing()
        self._matters()
        self._by_itself()
        self._outages()
        self._visits()
        self._life.happenings.sort(key=lambda one: one.at)
        self._life.pages.sort(key=lambda one: one.at)

    def _cause(self, name: str, at: float, kind: Kind, end: float = math.inf) -> None:
        shares = self._reasons.after(name, at)
        if shares:
            self._life.causes.append(begin(name, at, kind.calls, kind.law, shares, end))

    # --- what one is ---------------------------------------------------------------------------

    def _standing(self) -> None:
        """Base rate, products and habits: there all the time."""
        rng, reasons, life = self._rng, self._reasons, self._life
        add, spread = life.causes.append, reasons.catalogue.spread
        start, always = self._since, Steady(DAY)
        add(begin("base", start, kinds.BASE_RATE, always, reasons.own(rng)))
        for product in life.base.products:
            if product in kinds.BY_PRODUCT:
                rate, named = kinds.BY_PRODUCT[product]
                if shares := spread(named, product):
                    add(begin(f"product.{product}", start, rate, always, shares))
        share, rate, part = kinds.FAVOURITE
        if rng.random() < share:
            shares = reasons.mostly("habit", reasons.anything(rng), part)
            add(begin("habit", start, rate, always, shares))
        elif rng.random() < kinds.FEES_ALWAYS and (shares := spread(kinds.FEES)):
            add(begin("habit", start, kinds.FAVOURITE[1], always, shares))
        share, rate = kinds.WEEKLY_BALANCE
        if rng.random() < share and (shares := spread({"balance": 0.92, "*accounts": 0.08})):
            # Weeks of the cause begin when it does: on their own day, at their own hour.
            day = start // DAY * DAY + rng.randrange(7) * DAY + rng.randint(8, 18) * 3600
            add(begin("habit", day, rate, Weekly(4 * 3600.0), shares))
        change = reasons.world.change_at
        if change is not None and CHANGED_PRODUCT in life.base.products:
            prices = kinds.PRICES
            if shares := spread(prices.shares):
                add(begin("prices", change, prices.calls, prices.law, shares))

    # --- what one has with the bank --------------------------------------------------------------

    def _matters(self) -> None:
        life = self._life
        for ordered in life.orders:
            placed, due, arrived = ordered.row.placed, ordered.row.due, ordered.delivered
            end = math.inf if arrived is None else arrived
            late = math.inf if due is None else due
            self._matter("order_open", placed, min(late, end))
            self._happens("card_shipped", placed + 2 * DAY)
            if late < end:
                self._matter("order_late", late, end)
            if arrived is not None:
                self._matter("order_delivered", arrived)
                if self._since <= arrived < self._until:
                    self._note("card_delivered", arrived)
        for bill in life.bills:
            paid = math.inf if bill.paid is None else bill.paid
            self._matter("bill_due", bill.issued, min(paid, bill.due))
            if paid > bill.due:
                self._matter("bill_overdue", bill.due, paid)
                if paid > bill.due + 3 * DAY:
                    self._happens("payment_reminder", self._by_night(bill.due + 3 * DAY))
        for case in life.cases:
            self.about("case", case.opened, case.reason or "other", 0.85, case.closed)
        for promise in life.promises:
            self.promised(promise.row.made, promise.row.due, promise.settled, promise.kept,
                          promise.reason)  # fmt: skip

    def _matter(self, name: str, start: float, end: float = math.inf) -> None:
        if start < min(end, self._until):
            self._cause(name, start, MATTERS[name], end)
            self._looks(name, start)

    def about(
        self, name: str, start: float, reason: str, share: float, end: float | None = None
    ) -> Cause | None:
        """A matter whose reason is known: a case, a conversation that settled nothing."""
        kind = MATTERS[name]
        shares = self._reasons.mostly(name, reason, share)
        if not shares or (end is not None and end <= start):
            return None
        cause = begin(name, start, kind.calls, kind.law, shares, math.inf if end is None else end)
        self._life.causes.append(cause)
        return cause

    def promised(
        self, made: float, due: float, settled: float, kept: bool, reason: str | None
    ) -> list[Cause]:
        reason = reason or "other"
        found = [self.about("promise_open", made, reason, 0.84, settled if kept else due)]
        if not kept:
            found.append(self.about("promise_broken", due, reason, 0.8))
        return [cause for cause in found if cause is not None]

    # --- what happens -------------------------------------------------------------------------

    def _by_itself(self) -> None:
        rng, life = self._rng, self._life
        span = self._until - self._since
        prone = rng.lognormvariate(-0.125, 0.5)
        for name, (monthly, product) in kinds.MONTHLY.items():
            if product is not None and product not in life.base.products:
                continue
            for _ in range(poisson(rng, monthly * prone * span / MONTH)):
                at = self._since + rng.random() * span
                at = self._by_night(at) if name in kinds.BY_NIGHT else self._by_day(at)
                self._happens(name, at)
        at = self._since // _CHANGES_OF_RATES * _CHANGES_OF_RATES + 6 * 3600
        while at < self._until:
            if at >= self._since:
                for product in ("savings", "mortgage"):
                    if product in life.base.products:
                        self._happens(f"rate_changed.{product}", at)
            at += _CHANGES_OF_RATES

    def _by_day(self, at: float) -> float:
        rng = self._rng
        return at // DAY * DAY + rng.choice(_DAYTIME) * 3600 + rng.random() * 3600

    def _by_night(self, at: float) -> float:
        return at // DAY * DAY + (5 + 2 * self._rng.random()) * 3600

    def _happens(self, name: str, at: float) -> None:
        """The happening, its cause, what follows from it, and what is looked up about it."""
        if not self._since <= at < self._until:
            return
        rng = self._rng
        kind, _, _ = name.partition(".")
        topic = None
        if name == "callback_asked":
            topic = self._topic(at)
        else:
            self._cause(name, at, HAPPENINGS[name])
        self._note(kind, at, topic)
        self._looks(name, at)
        for follower, share, median in kinds.FOLLOWS.get(name, ()):
            if rng.random() < share:
                self._happens(follower, at + rng.lognormvariate(math.log(median), 0.6))

    def _note(self, kind: str, at: float, topic: str | None = None) -> None:
        self._count += 1
        title = _TITLES.get(kind, "")
        if title:
            amount = f"{self._rng.lognormvariate(4.2, 1.0):.2f}"
            title = title.format(amount=amount, currency=self._life.base.currency)
        number = f"H{self._life.base.id[1:]}-{self._count}"
        self._life.happenings.append(
            Happening(id=number, at=at, kind=kind, title=title, topic=topic)
        )

    def _topic(self, at: float) -> str:
        """Of what they are likely to want just then, or anything; with its cause."""
        rng, reasons = self._rng, self._reasons
        topic = reasons.anything(rng)
        near = [c for c in self._life.causes if c.start <= at < c.end and c.kind != "base"]
        if near and rng.random() < 0.5:
            codes, weights = zip(*rng.choice(near).shares, strict=True)
            topic = str(rng.choices(codes, weights)[0])
        kind = HAPPENINGS["callback_asked"]
        if rng.random() > _ASKED:
            head = reasons.catalogue.head_of[topic]
            whole = reasons.catalogue.heads[head]
            self._life.causes.append(begin("callback_asked", at, kind.calls, kind.law, whole))
            return head
        mostly = reasons.mostly("callback_asked", topic, kinds.TOPIC)
        self._life.causes.append(begin("callback_asked", at, kind.calls, kind.law, mostly))
        return topic

    def _outages(self) -> None:
        """Everybody concerned may call while it lasts; some were refused something first."""
        rng, life = self._rng, self._life
        for outage in self._reasons.world.outages:
            product, _, calls, _ = kinds.OUTAGES[outage.what]
            shares = self._reasons.outage(outage.what)
            if (product is not None and product not in life.base.products) or not shares:
                continue
            span = outage.until - outage.since
            if outage.since < self._until:
                cause = begin("outage", outage.since, calls, Steady(span), shares, outage.until)
                life.causes.append(cause)
            at = outage.since + rng.random() * span
            if rng.random() < 0.12 and self._since <= at < self._until:
                kind = HAPPENINGS["login_failed"]
                self._note("login_failed" if outage.what == "online" else "card_declined", at)
                life.causes.append(begin("outage", at, kind.calls * 2, kind.law, shares))

    # --- what is looked at ---------------------------------------------------------------------

    def _looks(self, name: str, at: float) -> None:
        pages = kinds.LOOKED_UP.get(name)
        rng = self._rng
        if pages is None or rng.random() >= kinds.LOOKS:
            return
        # People look when they would call: by the law of what happened, a little sooner.
        kind = HAPPENINGS.get(name) or MATTERS[name]
        delay = 0.6 * kind.law.delay(rng)
        page = rng.choices([one for one, _ in pages], [weight for _, weight in pages])[0]
        self._view(page, at + delay, 1.0)

    def _visits(self) -> None:
        rng = self._rng
        span = self._until - self._since
        names = list(kinds.PAGES)
        for _ in range(poisson(rng, kinds.SESSIONS * span / MONTH)):
            at = self._by_day(self._since + rng.random() * span)
            for _ in range(rng.choice((1, 1, 2, 3))):
                self._view(rng.choice(names), at, kinds.AIMLESS)
                at += rng.uniform(20, 240)

    def _view(self, page: str, at: float, part: float) -> None:
        if not self._since <= at < self._until:
            return
        self._life.pages.append(PageView(at=at, page=page))
        shares = self._reasons.page(page)
        if shares:
            calls = kinds.PAGE_CALLS * part
            self._life.causes.append(begin("page", at, calls, kinds.PAGE_LAW, shares))
