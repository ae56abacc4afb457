"""Who did what to whose call or state, and why. Rows are added, never changed.

They go when they are older than the store was opened with."""

from __future__ import annotations

from sqlalchemy import Connection, insert, select

from callcenter.codec import from_plain, to_plain
from callcenter.floor.orders import RecordAudit

from .reader import Reader
from .retention import Sweep
from .tables import audit
from .writer import Writer

_a = audit.c


class AuditTable:
    """``keep_days``: how long rows are kept. All methods raise ``StoreError``."""

    def __init__(self, writer: Writer, reader: Reader, keep_days: float) -> None:
        self._sweep = Sweep(_a.at, _a.number, keep_days)
        self._writer = writer
        self._reader = reader

    async def record(self, order: RecordAudit) -> None:
        statement = insert(audit).values(to_plain(order))

        def work(connection: Connection) -> None:
            connection.execute(statement)
            self._sweep.after(connection, order.at)

        await self._writer.write(work)

    async def read(
        self,
        since: float,
        until: float,
        agent: str | None = None,
        call: str | None = None,
        limit: int = 100,
    ) -> tuple[RecordAudit, ...]:
        """Rows of [``since``, ``until``), newest first; of this agent or call if given."""
        query = select(_a.at, _a.by, _a.what, _a.agent, _a.call, _a.reason, _a.ok, _a.detail).where(
            _a.at >= since, _a.at < until
        )
        if agent is not None:
            query = query.where(_a.agent == agent)
        if call is not None:
            query = query.where(_a.call == call)
        query = query.order_by(_a.at.desc(), _a.number.desc()).limit(limit)
        rows = await self._reader.read(lambda connection: connection.execute(query).all())
        return tuple(from_plain(RecordAudit, dict(row._mapping)) for row in rows)
