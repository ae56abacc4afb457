"""How the promises to call back came out, by queue and day: counted from what was really done.

When somebody was dialled first is what the attempts say, by the database's clock.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from math import ceil
from statistics import median
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row, Select, and_, exists, func, not_, or_, select

from callcenter.callback_ports import CallbackScore
from callcenter.floor.callback import CallbackEnd

from .callback_rows import c, is_open
from .callback_tables import callback_attempts
from .database import DatabaseClock
from .reader import Reader

_a = callback_attempts.c


class CallbackScores:
    """Reads only. Raises ``StoreError``."""

    def __init__(self, reader: Reader, clock: DatabaseClock) -> None:
        self._reader = reader
        self._clock = clock

    async def scores(
        self, since: float, until: float, zone: str, queue: str | None = None
    ) -> tuple[CallbackScore, ...]:
        """Of windows that close in [``since``, ``until``), latest day first, then by queue.
        ``zone``: the IANA name by which a day begins. Raises ``ZoneInfoNotFoundError``."""
        local = ZoneInfo(zone)

        def query(connection: Connection) -> tuple[CallbackScore, ...]:
            wanted = _promises(since, until, self._clock(connection), queue)
            return score(connection.execute(wanted), local)

        return await self._reader.read(query)


def _promises(since: float, until: float, now: float, queue: str | None) -> Select[Any]:
    first = select(func.min(_a.at)).where(_a.callback == c.id, _a.at >= c.opens).scalar_subquery()
    # ``why`` is null while nothing is over.
    in_time = and_(func.coalesce(c.why, "") == "by_customer", c.ended < c.closes)
    query = select(
        c.queue,
        c.opens,
        c.closes,
        c.dialled,
        c.reached,
        c.attempts,
        c.why,
        first.label("first"),
        exists().where(_a.callback == c.id).label("tried_at_all"),
    ).where(c.closes >= since, c.closes < until, or_(c.closes <= now, ~is_open))
    query = query.where(not_(func.coalesce(in_time, False)))
    return query if queue is None else query.where(c.queue == queue)


@dataclass(slots=True)
class _Day:
    promised: int = 0
    reached: int = 0
    attempts: int = 0
    waits: list[float] = field(default_factory=list)
    late: list[float] = field(default_factory=list)
    broken: Counter[CallbackEnd | Literal["late"]] = field(default_factory=Counter)


def score(promises: Iterable[Row[Any]], zone: tzinfo) -> tuple[CallbackScore, ...]:
    """Percentiles are by nearest rank; of the waits the median."""
    days: defaultdict[tuple[str, str], _Day] = defaultdict(_Day)
    for one in promises:
        day = days[datetime.fromtimestamp(one.closes, zone).date().isoformat(), one.queue]
        day.promised += 1
        day.reached += one.reached is not None
        day.attempts += one.attempts
        first = one.first
        if first is None and not one.tried_at_all and (one.dialled or 0.0) >= one.opens:
            first = one.dialled
        if first is None:
            day.broken[one.why or "window_over"] += 1
            continue
        day.waits.append(first - one.opens)
        if first >= one.closes:
            day.late.append(first - one.closes)
            day.broken["late"] += 1
    found = sorted(days.items(), key=lambda one: one[0][1])
    found.sort(key=lambda one: one[0][0], reverse=True)
    return tuple(_score(queue, date, day) for (date, queue), day in found)


def _score(queue: str, date: str, day: _Day) -> CallbackScore:
    late = sorted(day.late)
    return CallbackScore(
        queue=queue,
        day=date,
        promised=day.promised,
        kept=len(day.waits) - len(late),
        reached=day.reached,
        late=len(late),
        late_p90=late[ceil(0.9 * len(late)) - 1] if late else None,
        broken=tuple(sorted(day.broken.items())),
        attempts=day.attempts,
        wait_p50=median(day.waits) if day.waits else None,
    )
