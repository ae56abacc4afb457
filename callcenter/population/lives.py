"""One made-up customer of a bank and everything that happened to them, with the time of each thing.

``Life.row`` gives what the store would have said at any earlier moment: nothing that had not
happened yet is in it.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field, replace
from operator import attrgetter
from typing import TYPE_CHECKING, TypeVar

from callcenter.floor.card import Contact
from callcenter.ports import (
    BillRow,
    CaseRow,
    Happening,
    OrderRow,
    PageView,
    PersonRow,
    PromiseRow,
)

from .laws import DAY
from .names import Name
from .times import Hours

if TYPE_CHECKING:
    from .causes import Cause

MOST = 20
MOST_HAPPENINGS = 40
HAPPENINGS_KEPT = 60 * DAY
PAGES_KEPT = DAY
_Row = TypeVar("_Row")
_AT = attrgetter("at")


@dataclass(frozen=True, slots=True)
class Ordered:
    row: OrderRow
    delivered: float | None


@dataclass(frozen=True, slots=True)
class Promised:
    row: PromiseRow
    settled: float
    """When it is known whether it was kept."""
    kept: bool
    reason: str | None = None
    """What it was about; not in the row."""


@dataclass(slots=True)
class Life:
    """``base`` holds what does not change; its lists are empty."""

    base: PersonRow
    name: Name
    region: str
    orders: tuple[Ordered, ...] = ()
    bills: tuple[BillRow, ...] = ()
    cases: tuple[CaseRow, ...] = ()
    promises: list[Promised] = field(default_factory=list)
    contacts: list[Contact] = field(default_factory=list)
    """Oldest first; grows while the past weeks are played."""
    happenings: list[Happening] = field(default_factory=list)
    """Oldest first."""
    pages: list[PageView] = field(default_factory=list)
    """Oldest first."""
    hours: Hours = "any"
    causes: list[Cause] = field(default_factory=list)
    """Everything that makes them call; grows while the past weeks are played."""

    def row(self, at: float, matched: str | None = None, sharers: int = 1) -> PersonRow:
        """The store's row as of ``at``, found through the contact point ``matched``."""
        return replace(
            self.base,
            matched=matched,
            sharers=sharers,
            orders=_newest(
                [(o.row.placed, _order_at(o, at)) for o in self.orders if o.row.placed <= at]
            ),
            bills=_newest([(b.issued, _bill_at(b, at)) for b in self.bills if b.issued <= at]),
            cases=_newest([(c.opened, _case_at(c, at)) for c in self.cases if c.opened <= at]),
            promises=_newest(
                [(p.row.made, _promise_at(p, at)) for p in self.promises if p.row.made <= at]
            ),
            contacts=_latest(self.contacts, bisect_left(self.contacts, at, key=_AT), MOST),
            happenings=self._happened(at),
            pages=self._viewed(at),
        )

    def _happened(self, at: float) -> tuple[Happening, ...]:
        end = bisect_right(self.happenings, at, key=_AT)
        begin = bisect_left(self.happenings, at - HAPPENINGS_KEPT, key=_AT)
        return _latest(self.happenings, end, min(MOST_HAPPENINGS, end - begin))

    def _viewed(self, at: float) -> tuple[PageView, ...]:
        end = bisect_right(self.pages, at, key=_AT)
        begin = bisect_left(self.pages, at - PAGES_KEPT, key=_AT)
        return _latest(self.pages, end, min(MOST, end - begin))


def _order_at(ordered: Ordered, at: float) -> OrderRow:
    row = ordered.row
    if ordered.delivered is not None and ordered.delivered <= at:
        state = "delivered"
    elif row.due is not None and row.due < at:
        state = "late"
    else:
        state = "shipped" if at - row.placed > 2 * DAY else "open"
    return replace(row, state=state)


def _bill_at(bill: BillRow, at: float) -> BillRow:
    return bill if bill.paid is None or bill.paid <= at else replace(bill, paid=None)


def _case_at(case: CaseRow, at: float) -> CaseRow:
    closed = case.closed is not None and case.closed <= at
    return case if closed else replace(case, closed=None, state="open")


def _promise_at(promised: Promised, at: float) -> PromiseRow:
    return replace(promised.row, kept=promised.kept if promised.settled <= at else None)


def _latest(dated: list[_Row], end: int, count: int) -> tuple[_Row, ...]:
    """The last ``count`` before index ``end``, newest first."""
    return tuple(reversed(dated[max(0, end - count) : end]))


def _newest(dated: list[tuple[float, _Row]]) -> tuple[_Row, ...]:
    dated.sort(key=lambda pair: -pair[0])
    return tuple(row for _, row in dated[:MOST])
