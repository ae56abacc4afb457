"""Reservations: an agent is being asked to take a call, has it, or wraps it up.

That an agent has at most one live reservation is the database's own promise (a partial unique
index), so that it holds between engines that know nothing of each other.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, case, insert, select, update
from sqlalchemy.exc import IntegrityError

from callcenter.codec import from_plain, to_plain
from callcenter.floor.orders import LIVE_RESERVATIONS, KeepReservation
from callcenter.ports import ReservationTaken

from .reader import Reader
from .retention import Sweep
from .tables import reservations
from .writer import Writer

_r = reservations.c
_LIVE = _r.state.in_(sorted(LIVE_RESERVATIONS))


class ReservationsTable:
    """``keep_days``: how long those that are over are kept. All methods raise ``StoreError``."""

    def __init__(self, writer: Writer, reader: Reader, keep_days: float) -> None:
        self._sweep = Sweep(_r.made, _r.id, keep_days, ~_LIVE)
        self._writer = writer
        self._reader = reader

    async def keep(self, order: KeepReservation) -> None:
        """Store it unless this version or a newer one is there.

        Raises ``ReservationTaken`` when the agent has another live one: nothing is stored then.
        """

        def work(connection: Connection) -> Row[Any] | None:
            holder = _keep(connection, order)
            if order.version == 1:
                self._sweep.after(connection, order.made)
            return holder

        holder = await self._writer.write(work)
        if holder is not None:
            raise ReservationTaken(
                f"agent {order.agent} has reservation {holder.id} of call {holder.call}"
                f" ({holder.state}, node {holder.node})"
            )

    async def close(self, node: str, at: float) -> int:
        """End those that a run of this node left live; returns how many."""
        statement = (
            update(reservations)
            .where(_r.node == node, _LIVE)
            .values(
                # The talk of one in wrap-up was had; of the others nobody knows.
                state=case((_r.state == "wrapping", "completed"), else_="rescinded"),
                version=_r.version + 1,
                why="engine_stopped",
                changed=at,
                deadline=None,
            )
        )
        return await self._writer.write(lambda connection: connection.execute(statement).rowcount)

    async def of_agent(self, agent: str, limit: int = 100) -> tuple[KeepReservation, ...]:
        """The agent's, newest first."""
        query = (
            select(reservations)
            .where(_r.agent == agent)
            .order_by(_r.made.desc(), _r.id.desc())
            .limit(limit)
        )
        rows = await self._reader.read(lambda connection: connection.execute(query).all())
        return tuple(_reservation(row) for row in rows)

    async def live(self, node: str) -> tuple[KeepReservation, ...]:
        """The live ones of a node, oldest first."""
        query = select(reservations).where(_r.node == node, _LIVE).order_by(_r.made, _r.id)
        rows = await self._reader.read(lambda connection: connection.execute(query).all())
        return tuple(_reservation(row) for row in rows)


def _keep(connection: Connection, order: KeepReservation) -> Row[Any] | None:
    """The live reservation that stands in the way, or nothing and it is stored."""
    row = to_plain(order)
    known = connection.execute(select(_r.version).where(_r.id == order.id)).scalar()
    if known is not None and known >= order.version:
        return None
    if known is None and order.version == 1 and order.state == "pending":
        # One engine never has two for an agent: an older one is there because writing its end
        # failed, and must not keep the agent from calls for ever.
        connection.execute(
            update(reservations)
            .where(_r.agent == order.agent, _r.node == order.node, _r.made <= order.made, _LIVE)
            .values(
                state="rescinded",
                version=_r.version + 1,
                why="withdrawn",
                changed=order.made,
                deadline=None,
            )
        )
    try:
        # A savepoint: other writes of the same commit must not suffer for a refused one.
        with connection.begin_nested():
            if known is None:
                connection.execute(insert(reservations).values(row))
            else:
                connection.execute(update(reservations).where(_r.id == order.id).values(row))
    except IntegrityError:
        holder = connection.execute(
            select(reservations).where(_r.agent == order.agent, _r.id != order.id, _LIVE)
        ).first()
        if holder is None:
            raise
        return holder
    return None


def _reservation(row: Row[Any]) -> KeepReservation:
    return from_plain(KeepReservation, dict(row._mapping))
