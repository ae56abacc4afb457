"""What calls queues had, for the forecast: counted from calls that ended.

Wrap-up is not part of a call's row. It is taken from the reservation of the agent who talked last,
which ends with it: so of calls that a reservation was kept of (``[store] keep_reservations_days``)
and whose wrap-up no end of an engine cut short. Where there is none it counts as nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from math import ceil

from sqlalchemy import ColumnElement, Connection, Dialect, and_, case, func, select

from .database import whole
from .reader import Reader
from .retention import DAY
from .tables import interactions, reservations

_i, _r = interactions.c, reservations.c


class DemandTable:
    """Implements ``callcenter.callback_ports.Demand``. All methods raise ``StoreError``."""

    def __init__(self, reader: Reader, dialect: Dialect) -> None:
        self._reader = reader
        self._dialect = dialect

    async def arrivals(
        self, queue: str, since: float, until: float, step: float
    ) -> Sequence[tuple[float, int]]:
        """By the queue a call was in last; intervals of ``step`` seconds from ``since`` on."""
        number = whole(self._dialect, (_i.arrived - since) / step).label("number")
        query = (
            select(number, func.count())
            .where(_calls(queue, since, until))
            .group_by(number)
            .order_by(number)
        )
        rows = await self._reader.read(lambda connection: connection.execute(query).all())
        return [(since + number * step, count) for number, count in rows]

    async def handled(
        self, queue: str, since: float, until: float
    ) -> tuple[int, float, float | None]:
        """Of calls that arrived in [``since``, ``until``). 0 seconds when none was answered."""
        calls = _calls(queue, since, until)
        talked = _i.answered.is_not(None)
        of_calls = select(
            func.count(_i.answered),
            func.sum(case((talked, _i.talk), else_=0.0)),
            func.sum(_i.wait),
            func.sum(case((_i.why == "abandoned", 1), else_=0)),
        ).where(calls)
        wrapped = _r.changed - _i.ended
        of_wrap_up = (
            select(func.avg(case((wrapped > 0, wrapped), else_=0.0)))
            .select_from(interactions)
            .join(
                reservations,
                and_(
                    _r.agent == _i.agent,
                    _r.made >= _i.arrived,
                    _r.made <= _i.ended,
                    _r.call == _i.call,
                    _r.state == "completed",
                    _r.why.is_(None),
                ),
            )
            .where(calls, talked)
        )

        def query(connection: Connection) -> tuple[int, float, float | None]:
            count, talk, waited, gone = connection.execute(of_calls).one()
            wrap_up = connection.execute(of_wrap_up).scalar()
            spent = talk / count + (wrap_up or 0.0) if count else 0.0
            return count, spent, waited / gone if gone else None

        return await self._reader.read(query)

    async def at_work(
        self, queue: str, since: float, until: float, step: float
    ) -> Sequence[tuple[float, int]]:
        """Who talked last in a call counts from its answer to its end. A call that began more than
        a day before ``since`` is not looked at."""
        began = case((_i.answered > since, _i.answered - since), else_=0.0)
        first = whole(self._dialect, began / step)
        last = whole(self._dialect, (_i.ended - since) / step)
        query = (
            select(first, last, _i.agent)
            .where(
                _calls(queue, since - DAY, until),
                _i.agent.is_not(None),
                _i.answered < until,
                _i.ended >= since,
            )
            .distinct()
        )
        rows = await self._reader.read(lambda connection: connection.execute(query).all())
        most = ceil((until - since) / step) - 1
        found: defaultdict[int, set[str]] = defaultdict(set)
        for first_one, last_one, agent in rows:
            for number in range(first_one, min(last_one, most) + 1):
                found[number].add(agent)
        return [(since + number * step, len(agents)) for number, agents in sorted(found.items())]


def _calls(queue: str, since: float, until: float) -> ColumnElement[bool]:
    return and_(
        _i.queue == queue,
        _i.direction == "inbound",
        _i.arrived >= since,
        _i.arrived < until,
    )
