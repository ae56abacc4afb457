"""Waits that were told to callers, and how they came out: an estimate is worth its score."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, tzinfo
from statistics import median

from sqlalchemy import Connection, Dialect, func, select

from callcenter.codec import to_plain
from callcenter.floor.orders import RecordPromise
from callcenter.ports import PromiseScore

from .database import insert
from .reader import Reader
from .retention import Sweep
from .tables import told_waits
from .writer import Writer

_t = told_waits.c


class PromisesTable:
    """``keep_days``: how long what was told is kept. All methods raise ``StoreError``."""

    def __init__(self, writer: Writer, reader: Reader, dialect: Dialect, keep_days: float) -> None:
        self._sweep = Sweep(_t.told, _t.id, keep_days)
        self._writer = writer
        self._reader = reader
        told = insert(dialect, told_waits)
        self._told = told.on_conflict_do_update(
            index_elements=["id"],
            set_={
                "waited": func.coalesce(told.excluded.waited, _t.waited),
                "answered": func.coalesce(told.excluded.answered, _t.answered),
            },
        )

    async def record(self, order: RecordPromise) -> None:
        """Store what was told, or how it came out; in any order, any number of times."""
        row = to_plain(order)

        def work(connection: Connection) -> None:
            connection.execute(self._told, row)
            self._sweep.after(connection, order.told)

        await self._writer.write(work)

    async def scores(self, since: float, until: float, zone: tzinfo) -> tuple[PromiseScore, ...]:
        """What was told in [``since``, ``until``), by queue and local day; latest day first."""
        query = select(_t.queue, _t.told, _t.p50, _t.p90, _t.waited, _t.answered).where(
            _t.told >= since, _t.told < until
        )
        return await self._reader.read(lambda connection: score(connection.execute(query), zone))


def score(
    told: Iterable[tuple[str, float, float | None, float | None, float | None, bool | None]],
    zone: tzinfo,
) -> tuple[PromiseScore, ...]:
    """``told``: queue, when, p50, p90, seconds waited and whether answered, of each."""
    days: defaultdict[tuple[str, str], _Day] = defaultdict(_Day)
    for queue, at, p50, p90, waited, answered in told:
        day = days[datetime.fromtimestamp(at, zone).date().isoformat(), queue]
        day.told += 1
        if p90 is None or waited is None or answered is None:
            continue
        day.n += 1
        if answered:
            day.answered += 1
            day.kept += waited <= p90
            if p50 is not None:
                day.errors.append(abs(waited - p50))
    found = sorted(days.items(), key=lambda one: one[0][1])
    found.sort(key=lambda one: one[0][0], reverse=True)
    return tuple(
        PromiseScore(
            queue=queue,
            day=date,
            told=day.told,
            n=day.n,
            kept=day.kept,
            answered=day.answered,
            error=median(day.errors) if day.errors else None,
        )
        for (date, queue), day in found
    )


class _Day:
    def __init__(self) -> None:
        self.told = self.n = self.kept = self.answered = 0
        self.errors: list[float] = []
