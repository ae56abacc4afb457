"""Visitors who were shown answers before they asked for a callback, and who of them came back.

Only of those whose number or person is known can it be said that they did not.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Dialect, Row, Select, func, select

from callcenter.callback_ports import Deflection, DeflectionScore
from callcenter.codec import from_plain, to_plain

from .callback_tables import callbacks, deflections
from .database import insert
from .reader import Reader
from .retention import Sweep
from .tables import as_json, interactions
from .writer import Writer

HOUR: Final = 3_600.0
_d, _i, _c = deflections.c, interactions.c, callbacks.c


class DeflectionsTable:
    """``keep_days``: how long they are kept. All methods raise ``StoreError``."""

    def __init__(self, writer: Writer, reader: Reader, dialect: Dialect, keep_days: float) -> None:
        self._writer = writer
        self._reader = reader
        self._sweep = Sweep(_d.at, _d.id, keep_days)
        new = insert(dialect, deflections)
        self._store = new.on_conflict_do_update(
            index_elements=["id"],
            set_={name: new.excluded[name] for name in _d.keys() if name != "id"},  # noqa: SIM118
        )

    async def deflected(self, deflection: Deflection) -> None:
        """What is told later is added: an answer to a question replaces an earlier one, lists
        grow; when and where it was stays as it was told first."""

        def work(connection: Connection) -> None:
            row = connection.execute(
                select(deflections).where(_d.id == deflection.id).with_for_update()
            ).first()
            told = deflection if row is None else _fuller(_deflection(row), deflection)
            connection.execute(self._store, _row(told))
            self._sweep.after(connection, told.at)

        await self._writer.write(work)

    async def deflection(self, since: float, until: float, now: float) -> DeflectionScore:
        """Of those shown answers in [``since``, ``until``), as far as it is known at ``now``.

        ``back_72`` counts only those whose 72 hours are over, as ``over_72`` does.
        """
        query = _query(since, until, now)
        rows = await self._reader.read(lambda connection: connection.execute(query).all())
        solved = [row for row in rows if row.solved]
        known = [row for row in solved if row.number is not None or row.person is not None]
        over = [row for row in known if row.at + 72 * HOUR <= now]
        return DeflectionScore(
            shown=len(rows),
            solved=len(solved),
            booked=sum(row.booked is not None for row in rows),
            known=len(known),
            back_24=sum(_came(row) <= row.at + 24 * HOUR for row in known),
            back_72=sum(_came(row) <= row.at + 72 * HOUR for row in over),
            over_72=len(over),
        )


def _query(since: float, until: float, now: float) -> Select[Any]:
    return select(
        _d.at,
        _d.solved,
        _d.booked,
        _d.number,
        _d.person,
        # Each by an index of its own; the earliest of them is when they were back.
        _back(_i.arrived, now, _i.number == _d.number, _i.direction == "inbound"),
        _back(_i.arrived, now, _i.person == _d.person, _i.direction == "inbound"),
        _back(_c.made, now, _c.number == _d.number),
        _back(_c.made, now, _c.person == _d.person),
    ).where(_d.at >= since, _d.at < until)


def _back(at: ColumnElement[float], now: float, *same: ColumnElement[bool]) -> Any:
    came = select(func.min(at)).where(at > _d.at, at <= _d.at + 72 * HOUR, at <= now, *same)
    return came.scalar_subquery()


def _came(row: Any) -> float:
    """When they were back first; never is infinitely late."""
    return min((at for at in tuple(row)[5:] if at is not None), default=float("inf"))


def _fuller(known: Deflection, told: Deflection) -> Deflection:
    return replace(
        known,
        answers=tuple(dict.fromkeys((*known.answers, *told.answers))),
        opened=tuple(dict.fromkeys((*known.opened, *told.opened))),
        solved=known.solved if told.solved is None else told.solved,
        booked=told.booked or known.booked,
        number=told.number or known.number,
        person=told.person or known.person,
    )


def _row(told: Deflection) -> dict[str, Any]:
    row = to_plain(told)
    return {**row, "answers": as_json(row["answers"]), "opened": as_json(row["opened"])}


def _deflection(row: Row[Any]) -> Deflection:
    plain = dict(row._mapping)
    plain["answers"] = json.loads(plain["answers"])
    plain["opened"] = json.loads(plain["opened"])
    return from_plain(Deflection, plain)
