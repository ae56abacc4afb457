"""Routing decisions with their trace, kept for a bounded time.

The whole decision is JSON; what is looked for stands in columns beside it.
"""

from __future__ import annotations

import json

from sqlalchemy import Connection, insert, select

from callcenter.codec import from_plain, to_plain
from callcenter.floor.routing import Decision

from .reader import Reader
from .retention import Sweep
from .tables import decisions
from .writer import Writer

_d = decisions.c


class DecisionsTable:
    """``keep_days``: how long a decision is kept. All methods raise ``StoreError``."""

    def __init__(self, writer: Writer, reader: Reader, keep_days: float) -> None:
        self._writer = writer
        self._reader = reader
        self._sweep = Sweep(_d.at, _d.number, keep_days)

    async def record(self, decision: Decision) -> None:
        """Store it. Now and then the oldest go, by the time of this one."""
        statement = insert(decisions).values(
            at=decision.at,
            call=decision.call,
            queue=decision.queue,
            agent=decision.agent,
            rule=decision.rule,
            body=json.dumps(to_plain(decision), separators=(",", ":"), allow_nan=False),
        )

        def work(connection: Connection) -> None:
            connection.execute(statement)
            self._sweep.after(connection, decision.at)

        await self._writer.write(work)

    async def of_call(self, call: str) -> tuple[Decision, ...]:
        """All about one call, oldest first."""
        query = select(_d.body).where(_d.call == call).order_by(_d.number)
        bodies = await self._reader.read(
            lambda connection: connection.execute(query).scalars().all()
        )
        return tuple(from_plain(Decision, json.loads(body)) for body in bodies)
