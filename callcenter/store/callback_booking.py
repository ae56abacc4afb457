"""Accepting a callback: who may have one, counted and stored in one transaction.

Engines take turns at it, so that two that accept at once never exceed a cap or fill a slot twice.
It must not judge a number: that it can and may be called was found out before.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Connection, Dialect, case, exists, func, or_, select
from sqlalchemy import insert as plain_insert
from sqlalchemy.exc import IntegrityError

from callcenter.callback_ports import CallbackRefused, Caps, Denial, SlotHold, Source
from callcenter.floor.callback import Callback

from .callback_rows import TURN, callback_row, is_full, is_open, open_one
from .callback_tables import (
    callback_blocks,
    callback_consents,
    callback_refusals,
    callback_requests,
    callbacks,
)
from .database import DatabaseClock, insert, take_turns
from .reader import Reader
from .retention import DAY, Sweep
from .writer import Writer

HOUR: Final = 3_600.0
_NEW: Final = plain_insert(callbacks)
_REQUEST: Final = plain_insert(callback_requests)

_c, _q, _b, _f = callbacks.c, callback_requests.c, callback_blocks.c, callback_refusals.c
_t: Final = callback_consents.c


class CallbackBooking:
    """``keep_days``: how long callbacks that are over are kept, and counts of refusals; texts of
    consents at least so long, and until no callback names them."""

    def __init__(
        self,
        writer: Writer,
        reader: Reader,
        dialect: Dialect,
        clock: DatabaseClock,
        keep_days: float,
    ) -> None:
        self._writer = writer
        self._reader = reader
        self._clock = clock
        self._over = Sweep(_c.ended, _c.id, keep_days, ~is_open)
        self._requests = Sweep(_q.at, _q.callback, 2.0)
        self._refusals = Sweep(_f.hour, (_f.hour, _f.why, _f.site), keep_days)
        named = exists().where(_c.consent == _t.hash + " " + _t.language)
        self._consents = Sweep(_t.first_seen, (_t.hash, _t.language), keep_days, ~named)
        self._agreed = insert(dialect, callback_consents).on_conflict_do_nothing(
            index_elements=["hash", "language"]
        )
        counted = insert(dialect, callback_refusals)
        self._counted = counted.on_conflict_do_update(
            index_elements=["hour", "why", "site"],
            set_={"count": _f.count + counted.excluded["count"]},
        )

    async def book(
        self,
        callback: Callback,
        source: Source,
        caps: Caps,
        slot: SlotHold | None = None,
        agreed: str = "",
    ) -> None:
        def work(connection: Connection) -> CallbackRefused | None:
            take_turns(connection, TURN)
            now = self._clock(connection)
            refused = _refused(connection, callback, source, caps, slot, now)
            if refused is None:
                refused = _stored(connection, callback, source, now)
            if refused is None:
                if agreed and callback.consent:
                    hashed, _, language = callback.consent.partition(" ")
                    text = {"hash": hashed, "language": language, "text": agreed, "first_seen": now}
                    connection.execute(self._agreed, text)
                self._over.after(connection, now)
                self._requests.after(connection, now)
                self._consents.after(connection, now)
            else:
                hour, site = now // HOUR * HOUR, source.site or ""
                row = {"hour": hour, "why": refused.why, "site": site, "count": 1}
                connection.execute(self._counted, row)
                self._refusals.after(connection, now)
            return refused

        refused = await self._writer.write(work)
        if refused is not None:
            raise refused

    async def agreed(self, consent: str) -> str | None:
        hashed, _, language = consent.partition(" ")
        query = select(_t.text).where(_t.hash == hashed, _t.language == language)
        found = await self._reader.read(lambda connection: connection.execute(query).scalar())
        return None if found is None else str(found)

    async def refused(
        self, since: float, until: float
    ) -> tuple[tuple[float, str, str | None, int], ...]:
        """How many were refused, by the hour's beginning, why, and site (``None``: of none)."""
        query = (
            select(_f.hour, _f.why, _f.site, _f.count)
            .where(_f.hour >= since, _f.hour < until)
            .order_by(_f.hour, _f.why, _f.site)
        )
        rows = await self._reader.read(lambda connection: connection.execute(query).all())
        return tuple((hour, why, site or None, count) for hour, why, site, count in rows)


def _refused(
    connection: Connection,
    new: Callback,
    source: Source,
    caps: Caps,
    slot: SlotHold | None,
    now: float,
) -> CallbackRefused | None:
    entries = [new.number, *(f"{new.number[:n]}*" for n in range(len(new.number) + 1))]
    blocked = select(_b.number).where(
        _b.number.in_(entries), or_(_b.until.is_(None), _b.until > now)
    )
    if connection.execute(blocked.limit(1)).first() is not None:
        return CallbackRefused("blocked", "number")
    if connection.execute(select(_c.id).where(_c.id == new.id)).first() is not None:
        return CallbackRefused("store", detail="this reference is taken")
    known = open_one(connection, new.number, new.person)
    if known is not None:
        return CallbackRefused("open_one", "number", ref=known.id)
    cap = _cap(connection, new.number, source, caps, now)
    if cap is not None:
        return CallbackRefused(cap, "number" if cap == "number_cap" else "")
    if slot is not None and is_full(connection, new, slot):
        return CallbackRefused("slot_taken", "when")
    return None


def _cap(
    connection: Connection, number: str, source: Source, caps: Caps, now: float
) -> Denial | None:
    """The first that is used up. What has no limit is not counted."""
    this_day = everyone = prefix = address = site = 0
    of_address = None if source.address is None else caps.address_hour
    of_site = None if source.site is None else caps.site_hour
    if caps.number_day is not None:
        query = select(func.count()).where(_q.number == number, _q.at > now - DAY)
        this_day = connection.execute(query).scalar_one()
    if (caps.prefix_hour, of_address, of_site, caps.spend_hour) != (None, None, None, None):
        of_hour = select(
            func.count(),
            _same(_q.prefix, number[:-4]),
            _same(_q.address, source.address),
            _same(_q.site, source.site),
        ).where(_q.at > now - HOUR)
        everyone, prefix, address, site = connection.execute(of_hour).one()
    checks: tuple[tuple[Denial, int | None, int], ...] = (
        ("number_cap", caps.number_day, this_day),
        ("prefix_cap", caps.prefix_hour, prefix),
        ("address_cap", of_address, address),
        ("site_cap", of_site, site),
        ("spend_cap", caps.spend_hour, everyone),
    )
    return next((why for why, most, found in checks if most is not None and found >= most), None)


def _same(column: Column[Any], value: str | None) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((column == value, 1), else_=0)), 0)


def _stored(
    connection: Connection, callback: Callback, source: Source, now: float
) -> CallbackRefused | None:
    request = {
        "callback": callback.id,
        "at": now,
        "number": callback.number,
        "prefix": callback.number[:-4],
        "address": source.address,
        "site": source.site,
    }
    try:
        # A savepoint: other writes of the same commit must not suffer for a refused one.
        with connection.begin_nested():
            connection.execute(_NEW, callback_row(callback))
            connection.execute(_REQUEST, request)
    except IntegrityError:
        # A person was found out for another one between the look and here (PostgreSQL).
        known = open_one(connection, callback.number, callback.person)
        if known is None:
            raise
        return CallbackRefused("open_one", "number", ref=known.id)
    return None
