"""The people port: who is behind a number, and everything a card may need about them.

On the path of every call: fixed statements by key, compiled once, run on the bare cursor in one
job on a connection of its own. It must not write.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import (
    BindParameter,
    Connection,
    Dialect,
    Select,
    bindparam,
    case,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.sql import ClauseElement

from callcenter.floor.card import Contact
from callcenter.ports import (
    BillRow,
    CaseRow,
    ContactPoint,
    Happening,
    OrderRow,
    PageView,
    PersonRow,
    PromiseRow,
)

from .database import Prepared
from .short_reader import ShortReader
from .tables import (
    bills,
    cases,
    contact_points,
    happenings,
    interactions,
    orders,
    outcomes,
    pages,
    people,
    promises,
    users,
)

AT_MOST_PEOPLE = 10
AT_MOST_EACH = 20
AT_MOST_POINTS = 100
AT_MOST_HAPPENINGS = 40
DAY: Final = 86_400.0
HAPPENED_WITHIN = 60 * DAY
VIEWED_WITHIN = DAY
COUNTED_SHARERS = 1000
"""A switchboard's number may stand for a whole company; counting stops here."""

CLOSED_ORDERS = ("delivered", "returned", "cancelled")


class PeopleReader:
    """Implements ``callcenter.ports.People``. All methods raise ``StoreError``.

    ``now``: seconds since the epoch; happenings and pages count from it.
    """

    def __init__(self, reader: ShortReader, dialect: Dialect, now: Callable[[], float]) -> None:
        self._reader = reader
        self._now = now
        self._sql = _Statements(dialect)

    async def behind(self, readings: Sequence[str]) -> tuple[PersonRow, ...]:
        """People with one of these numbers: those of the first reading first, at most 10.

        Where more than 10 share a number, those heard from most lately are taken.
        """
        wanted = tuple(dict.fromkeys(readings))
        return await self._reader.read(lambda connection: self._behind(connection, wanted))

    async def person(self, id: str) -> PersonRow | None:
        return await self._reader.read(lambda connection: self._person(connection, id))

    def _behind(self, connection: Connection, readings: Sequence[str]) -> tuple[PersonRow, ...]:
        cursor, now = _cursor(connection), self._now()
        found: dict[str, PersonRow] = {}
        for reading in readings:
            ids = [row[0] for row in self._sql.behind.rows(cursor, value=reading)]
            sharers = len(ids)
            if sharers > AT_MOST_PEOPLE:
                ids = [row[0] for row in self._sql.latest_behind.rows(cursor, value=reading)]
            fresh = [one for one in ids if one not in found]
            for one in fresh[: AT_MOST_PEOPLE - len(found)]:
                if (row := self._sql.whole(cursor, one, now)) is not None:
                    found[one] = replace(row, matched=reading, sharers=sharers)
        return tuple(found.values())

    def _person(self, connection: Connection, id: str) -> PersonRow | None:
        return self._sql.whole(_cursor(connection), id, self._now())


def _cursor(connection: Connection) -> Any:
    return connection.connection.cursor()


class _Statements:
    """The statements, and the rows they give made into a ``PersonRow``."""

    def __init__(self, dialect: Dialect) -> None:
        points = contact_points.c
        at_number = (points.value == bindparam("value")) & (points.kind == "phone")
        heard = (
            select(func.max(interactions.c.arrived))
            .where(interactions.c.person == points.person)
            .scalar_subquery()
        )
        who: BindParameter[str] = bindparam("person")
        p, o, b, c, m = people.c, orders.c, bills.c, cases.c, promises.c
        i, n = interactions.c, outcomes.c
        h, v = happenings.c, pages.c
        closed = or_(*(o.state == state for state in CLOSED_ORDERS))

        def prepared(statement: Select[Any] | ClauseElement) -> Prepared:
            return Prepared(statement, dialect)

        self.behind = prepared(
            select(points.person).where(at_number).order_by(points.person).limit(COUNTED_SHARERS)
        )
        self.latest_behind = prepared(
            select(points.person)
            .where(at_number)
            .order_by(func.coalesce(heard, 0.0).desc(), points.person)
            .limit(AT_MOST_PEOPLE)
        )
        self._person = prepared(
            select(
                p.id, p.name, p.language, p.tier, p.since, p.birth, p.city, p.segment,
                p.products, p.lifetime_value, p.currency, p.payment_days, p.preferred_channel,
                p.preferred_time, p.note, p.consent_marketing, p.consent_recording,
                p.predict,
            ).where(p.id == who)
        )  # fmt: skip
        self._points = prepared(
            select(points.kind, points.value, points.label)
            .where(points.person == who)
            .order_by(points.rank, points.kind, points.value)
            .limit(AT_MOST_POINTS)
        )
        # Open ones first, so that no number of closed ones hides them; then the newest.
        self._orders = prepared(
            select(o.id, o.placed, o.state, o.title, o.amount, o.currency, o.due)
            .where(o.person == who)
            .order_by(case((closed, 1), else_=0), o.placed.desc(), o.id)
            .limit(AT_MOST_EACH)
        )
        self._bills = prepared(
            select(b.id, b.issued, b.due, b.amount, b.currency, b.paid)
            .where(b.person == who)
            .order_by(case((b.paid.is_(None), 0), else_=1), b.issued.desc(), b.id)
            .limit(AT_MOST_EACH)
        )
        self._cases = prepared(
            select(c.id, c.opened, c.closed, c.reason, c.title, c.state)
            .where(c.person == who)
            .order_by(case((c.closed.is_(None), 0), else_=1), c.opened.desc(), c.id)
            .limit(AT_MOST_EACH)
        )
        self._promises = prepared(
            select(m.id, m.made, m.due, m.text, m.kept)
            .where(m.person == who)
            .order_by(case((m.kept.is_(None), 0), else_=1), m.made.desc(), m.id)
            .limit(AT_MOST_EACH)
        )
        self._contacts = prepared(
            select(
                i.call, i.arrived, i.queue, func.coalesce(users.c.name, i.agent, n.agent),
                n.reason, n.outcome, func.coalesce(n.notes, ""), i.wait, i.talk, i.transfers, i.why,
            )
            .select_from(
                interactions.outerjoin(outcomes, n.call == i.call).outerjoin(
                    users, users.c.agent == func.coalesce(i.agent, n.agent)
                )
            )
            .where(i.person == who)
            .order_by(i.arrived.desc(), i.call.desc())
            .limit(AT_MOST_EACH)
        )  # fmt: skip

        # One statement for both: most people have neither, and then it costs one step into each.
        happened = (
            select(h.at, h.id, h.kind, h.title, h.topic)
            .where(h.person == who, h.at >= bindparam("happened_since"))
            .order_by(h.at.desc(), h.id)
            .limit(AT_MOST_HAPPENINGS)
            .subquery()
        )
        viewed = (
            select(v.at, null().label("id"), v.page, literal("").label("title"),
                   null().label("topic"))
            .where(v.person == who, v.at >= bindparam("viewed_since"))
            .order_by(v.at.desc(), v.page.desc())
            .limit(AT_MOST_EACH)
            .subquery()
        )  # fmt: skip
        self._lately = prepared(union_all(select(happened), select(viewed)))

    def whole(self, cursor: Any, id: str, now: float) -> PersonRow | None:
        rows = self._person.rows(cursor, person=id)
        if not rows:
            return None
        row = rows[0]
        lately = self._lately.rows(
            cursor,
            person=id,
            happened_since=now - HAPPENED_WITHIN,
            viewed_since=now - VIEWED_WITHIN,
        )
        return PersonRow(
            id=row[0],
            name=row[1],
            language=row[2],
            tier=row[3],
            since=row[4],
            birth=row[5],
            city=row[6],
            segment=row[7],
            products=tuple(json.loads(row[8])),
            lifetime_value=row[9],
            currency=row[10],
            payment_days=row[11],
            preferred_channel=row[12],
            preferred_time=row[13],
            note=row[14],
            consent_marketing=_flag(row[15]),
            consent_recording=_flag(row[16]),
            matched=None,
            sharers=1,
            points=tuple(
                ContactPoint(kind=kind, value=value, label=label)
                for kind, value, label in self._points.rows(cursor, person=id)
            ),
            orders=self._orders_of(cursor, id),
            bills=self._bills_of(cursor, id),
            cases=self._cases_of(cursor, id),
            promises=self._promises_of(cursor, id),
            contacts=self._contacts_of(cursor, id),
            happenings=_happenings(lately),
            pages=_pages(lately),
            predict=row[17] is None or bool(row[17]),
        )

    def _orders_of(self, cursor: Any, id: str) -> tuple[OrderRow, ...]:
        found = [
            OrderRow(id=r[0], placed=r[1], state=r[2], title=r[3], amount=r[4], currency=r[5],
                     due=r[6])
            for r in self._orders.rows(cursor, person=id)
        ]  # fmt: skip
        return tuple(sorted(found, key=lambda row: (-row.placed, row.id)))

    def _bills_of(self, cursor: Any, id: str) -> tuple[BillRow, ...]:
        found = [
            BillRow(id=r[0], issued=r[1], due=r[2], amount=r[3], currency=r[4], paid=r[5])
            for r in self._bills.rows(cursor, person=id)
        ]
        return tuple(sorted(found, key=lambda row: (-row.issued, row.id)))

    def _cases_of(self, cursor: Any, id: str) -> tuple[CaseRow, ...]:
        found = [
            CaseRow(id=r[0], opened=r[1], closed=r[2], reason=r[3], title=r[4], state=r[5])
            for r in self._cases.rows(cursor, person=id)
        ]
        return tuple(sorted(found, key=lambda row: (-row.opened, row.id)))

    def _promises_of(self, cursor: Any, id: str) -> tuple[PromiseRow, ...]:
        found = [
            PromiseRow(id=r[0], made=r[1], due=r[2], text=r[3], kept=_flag(r[4]))
            for r in self._promises.rows(cursor, person=id)
        ]
        return tuple(sorted(found, key=lambda row: (-row.made, row.id)))

    def _contacts_of(self, cursor: Any, id: str) -> tuple[Contact, ...]:
        return tuple(
            Contact(call=r[0], at=r[1], queue=r[2], agent=r[3], reason=r[4], outcome=r[5],
                    notes=r[6], wait=r[7], talk=r[8], transfers=r[9], ended=r[10])
            for r in self._contacts.rows(cursor, person=id)
        )  # fmt: skip


# The order of a union's parts is the database's affair, and they are told apart by the id.
def _happenings(lately: Sequence[tuple[Any, ...]]) -> tuple[Happening, ...]:
    found = [
        Happening(id=r[1], at=r[0], kind=r[2], title=r[3], topic=r[4])
        for r in lately
        if r[1] is not None
    ]
    return tuple(sorted(found, key=lambda one: (-one.at, one.id)))


def _pages(lately: Sequence[tuple[Any, ...]]) -> tuple[PageView, ...]:
    found = [PageView(at=r[0], page=r[2]) for r in lately if r[1] is None]
    return tuple(sorted(found, key=lambda one: (one.at, one.page), reverse=True))


def _flag(value: Any) -> bool | None:
    """SQLite gives 0 and 1."""
    return None if value is None else bool(value)
