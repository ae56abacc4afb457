"""The records port: what happened in calls, what agents noted, drafts of notes, distribution.

Every write but audit rows and decisions is idempotent by id and safe in any order, so that dispatch
may repeat an order after a crash without looking.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import tzinfo
from typing import Any, TypeVar

from sqlalchemy import Connection, Dialect, bindparam, delete, func, select, update

from callcenter.codec import to_plain
from callcenter.floor.orders import (
    KeepReservation,
    RecordAudit,
    RecordCall,
    RecordDecision,
    RecordMark,
    RecordOutcome,
    RecordPrediction,
    RecordPromise,
)
from callcenter.floor.routing import Decision
from callcenter.ports import Draft, PromiseScore

from .audit import AuditTable
from .database import insert
from .decisions import DecisionsTable
from .knowledge import MarksTable
from .predictions import PredictionsTable
from .promises import PromisesTable
from .reader import Reader
from .reservations import ReservationsTable
from .retention import Retention
from .tables import as_json, drafts, interactions, outcomes
from .writer import Writer

T = TypeVar("T")


class RecordsTable:
    """Implements ``callcenter.ports.Records`` and ``History``. Methods raise ``StoreError``.

    ``keep``: how long what distribution leaves behind is kept.
    """

    def __init__(self, writer: Writer, reader: Reader, dialect: Dialect, keep: Retention) -> None:
        self._writer = writer
        self._reader = reader
        self._sql = _Statements(dialect)
        self._reservations = ReservationsTable(writer, reader, keep.reservations)
        self._decisions = DecisionsTable(writer, reader, keep.decisions)
        self._promises = PromisesTable(writer, reader, dialect, keep.told_waits)
        self._audit = AuditTable(writer, reader, keep.audit)
        self._predictions = PredictionsTable(writer, dialect, keep.predictions)
        self._marks = MarksTable(writer, keep.predictions)

    async def record_call(self, order: RecordCall) -> None:
        """Store the call; one that is stored already stays as it is."""
        row, sql = call_row(order), self._sql

        def work(connection: Connection) -> None:
            # Who called may have been settled in wrap-up, before the call was recorded.
            settled = connection.execute(sql.settled, {"of": order.call}).scalar()
            connection.execute(sql.call, {**row, "person": settled or order.person})

        await self._write(work)

    async def record_outcome(self, order: RecordOutcome) -> None:
        """Store what was noted, unless something newer was; the agent's draft has served."""
        row, sql = outcome_row(order), self._sql

        def work(connection: Connection) -> None:
            connection.execute(sql.note, row)
            connection.execute(sql.settle, {"of": order.call})
            connection.execute(sql.served, {"by": order.agent, "of": order.call, "until": order.at})

        await self._write(work)

    async def save_draft(self, draft: Draft) -> Draft:
        row, sql = to_plain(draft), self._sql

        def work(connection: Connection) -> Draft:
            connection.execute(sql.draft, row)
            found = connection.execute(sql.one_draft, {"by": draft.agent, "of": draft.call}).one()
            return Draft(**found._mapping)

        return await self._write(work)

    async def drafts(self, agent: str) -> tuple[Draft, ...]:
        """The agent's drafts for which no later outcome was noted, oldest first."""
        rows = await self._reader.read(
            lambda connection: connection.execute(self._sql.drafts, {"by": agent}).all()
        )
        return tuple(Draft(**row._mapping) for row in rows)

    async def reasons_seen(self) -> Sequence[tuple[str | None, tuple[str, ...], str, int]]:
        rows = await self._reader.read(
            lambda connection: connection.execute(self._sql.reasons).all()
        )
        seen = [(row[0], tuple(json.loads(row[1])), row[2], row[3]) for row in rows]
        return sorted(seen, key=lambda one: (one[0] or "", *one[1:]))

    async def record_prediction(self, order: RecordPrediction) -> None:
        await self._predictions.record(order)

    async def record_mark(self, order: RecordMark) -> None:
        await self._marks.record(order)

    # --- distribution -----------------------------------------------------------------------

    async def keep_reservation(self, order: KeepReservation) -> None:
        await self._reservations.keep(order)

    async def close_reservations(self, node: str, at: float) -> int:
        return await self._reservations.close(node, at)

    async def record_decision(self, order: RecordDecision) -> None:
        await self._decisions.record(order.decision)

    async def record_promise(self, order: RecordPromise) -> None:
        await self._promises.record(order)

    async def record_audit(self, order: RecordAudit) -> None:
        await self._audit.record(order)

    async def reservations(self, agent: str, limit: int = 100) -> tuple[KeepReservation, ...]:
        return await self._reservations.of_agent(agent, limit)

    async def live_reservations(self, node: str) -> tuple[KeepReservation, ...]:
        return await self._reservations.live(node)

    async def decisions(self, call: str) -> tuple[Decision, ...]:
        return await self._decisions.of_call(call)

    async def promises(self, since: float, until: float, zone: tzinfo) -> tuple[PromiseScore, ...]:
        return await self._promises.scores(since, until, zone)

    async def audit(
        self,
        since: float,
        until: float,
        agent: str | None = None,
        call: str | None = None,
        limit: int = 100,
    ) -> tuple[RecordAudit, ...]:
        return await self._audit.read(since, until, agent, call, limit)

    async def _write(self, work: Callable[[Connection], T]) -> T:
        return await self._writer.write(work)


def call_row(order: RecordCall) -> dict[str, Any]:
    """The order as a row of ``interactions``."""
    return {
        "call": order.call,
        "direction": order.direction,
        "number": order.number,
        "caller_name": order.caller_name,
        "dialled": order.dialled,
        "person": order.person,
        "queue": order.queue,
        "agent": order.agent,
        "arrived": order.arrived,
        "answered": order.answered,
        "ended": order.ended,
        "wait": order.wait,
        "talk": order.talk,
        "transfers": order.transfers,
        "why": order.why,
        "predicted": as_json([to_plain(reason) for reason in order.predicted]),
        "model": order.model,
        "context": as_json(order.context),
    }


def outcome_row(order: RecordOutcome) -> dict[str, Any]:
    """The order as a row of ``outcomes``."""
    return {
        "call": order.call,
        "at": order.at,
        "agent": order.agent,
        "person": order.person,
        "reason": order.reason,
        "outcome": order.outcome,
        "notes": order.notes,
        "queue": order.queue,
        "context": as_json(order.context),
    }


class _Statements:
    """Built once: building them costs more than running them."""

    def __init__(self, dialect: Dialect) -> None:
        i, o, d = interactions.c, outcomes.c, drafts.c
        # Of a call the first record stays, of notes the latest, of drafts the highest revision.
        self.call = insert(dialect, interactions).on_conflict_do_nothing(index_elements=["call"])
        self.settled = select(o.person).where(o.call == bindparam("of"))
        note = insert(dialect, outcomes)
        self.note = note.on_conflict_do_update(
            index_elements=["call"],
            set_={name: note.excluded[name] for name in o.keys() if name != "call"},  # noqa: SIM118
            where=o.at <= note.excluded.at,
        )
        self.settle = (
            update(interactions)
            .where(i.call == bindparam("of"))
            .values(person=func.coalesce(self.settled.scalar_subquery(), i.person))
        )
        self.served = delete(drafts).where(
            d.agent == bindparam("by"), d.call == bindparam("of"), d.saved <= bindparam("until")
        )
        draft = insert(dialect, drafts)
        self.draft = draft.on_conflict_do_update(
            index_elements=["agent", "call"],
            set_={name: draft.excluded[name] for name in d.keys() if name not in ("agent", "call")},  # noqa: SIM118
            where=d.rev < draft.excluded.rev,
        )
        self.drafts = (
            select(d.call, d.agent, d.rev, d.reason, d.outcome, d.notes, d.saved)
            .where(d.agent == bindparam("by"))
            .order_by(d.saved, d.call)
        )
        self.one_draft = self.drafts.where(d.call == bindparam("of"))
        self.reasons = select(o.queue, o.context, o.reason, func.count()).group_by(
            o.queue, o.context, o.reason
        )
