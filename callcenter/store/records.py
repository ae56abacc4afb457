"""The records port: what happened in calls, what agents noted, drafts of notes.

Every write is idempotent by call id and safe in any order, so that dispatch may repeat an order
after a crash without looking.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection, delete, func, select, update

from callcenter.codec import to_plain
from callcenter.floor.orders import RecordCall, RecordOutcome
from callcenter.ports import Draft

from .database import insert
from .reader import Reader
from .tables import drafts, interactions, outcomes
from .writer import Writer

T = TypeVar("T")


class RecordsTable:
    """Implements ``callcenter.ports.Records``. All methods raise ``StoreError``."""

    def __init__(self, writer: Writer, reader: Reader) -> None:
        self._writer = writer
        self._reader = reader

    async def record_call(self, order: RecordCall) -> None:
        """Store the call; one that is stored already stays as it is."""
        await self._write(lambda connection: _record_call(connection, order))

    async def record_outcome(self, order: RecordOutcome) -> None:
        """Store what was noted, unless something newer was; the agent's draft has served."""
        await self._write(lambda connection: _record_outcome(connection, order))

    async def save_draft(self, draft: Draft) -> Draft:
        return await self._write(lambda connection: _save_draft(connection, draft))

    async def drafts(self, agent: str) -> tuple[Draft, ...]:
        """The agent's drafts for which no later outcome was noted, oldest first."""
        d = drafts.c
        query = (
            select(d.call, d.agent, d.rev, d.reason, d.outcome, d.notes, d.saved)
            .where(d.agent == agent)
            .order_by(d.saved, d.call)
        )
        rows = await self._reader.read(lambda connection: connection.execute(query).all())
        return tuple(Draft(**row._mapping) for row in rows)

    async def reasons_seen(self) -> Sequence[tuple[tuple[str, ...], str, int]]:
        o = outcomes.c
        query = select(o.context, o.reason, func.count()).group_by(o.context, o.reason)
        rows = await self._reader.read(lambda connection: connection.execute(query).all())
        return sorted((tuple(json.loads(row[0])), row[1], row[2]) for row in rows)

    async def _write(self, work: Callable[[Connection], T]) -> T:
        return await asyncio.wrap_future(self._writer.submit(work))


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
        "transfers": 0,
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


def as_json(value: Any) -> str:
    """Canonical: equal values give equal text, so that rows can be grouped by it."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False)


def _record_call(connection: Connection, order: RecordCall) -> None:
    row = call_row(order)
    # Who called may have been settled in wrap-up, before the call was recorded.
    noted = connection.execute(select(outcomes.c.person).where(outcomes.c.call == order.call))
    row["person"] = noted.scalar() or order.person
    connection.execute(
        insert(connection, interactions).values(row).on_conflict_do_nothing(index_elements=["call"])
    )


def _record_outcome(connection: Connection, order: RecordOutcome) -> None:
    row = outcome_row(order)
    statement = insert(connection, outcomes).values(row)
    newer = {name: statement.excluded[name] for name in row if name != "call"}
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["call"], set_=newer, where=outcomes.c.at <= statement.excluded.at
        )
    )
    latest = select(outcomes.c.person).where(outcomes.c.call == order.call).scalar_subquery()
    connection.execute(
        update(interactions)
        .where(interactions.c.call == order.call, latest.is_not(None))
        .values(person=latest)
    )
    d = drafts.c
    connection.execute(
        delete(drafts).where(d.agent == order.agent, d.call == order.call, d.saved <= order.at)
    )


def _save_draft(connection: Connection, draft: Draft) -> Draft:
    row = to_plain(draft)
    statement = insert(connection, drafts).values(row)
    newer = {name: statement.excluded[name] for name in row if name not in ("agent", "call")}
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["agent", "call"],
            set_=newer,
            where=drafts.c.rev < statement.excluded.rev,
        )
    )
    d = drafts.c
    query = select(d.call, d.agent, d.rev, d.reason, d.outcome, d.notes, d.saved)
    stored = connection.execute(query.where(d.agent == draft.agent, d.call == draft.call)).one()
    return Draft(**stored._mapping)
