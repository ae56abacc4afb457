"""A callback as a row and back, and how the open one of somebody is found.

The lists of a callback are JSON; who holds it until when (``lease``) is the row's alone.
"""

from __future__ import annotations

import json
from typing import Any, Final

from sqlalchemy import Connection, Dialect, Row, bindparam, case, func, select, text

from callcenter.callback_ports import SlotHold
from callcenter.codec import from_plain, to_plain
from callcenter.floor.callback import HELD, OPEN, WAITING, Callback

from .callback_tables import OPEN_CALLBACK, callbacks
from .database import Prepared
from .tables import as_json

TURN: Final = 0xCA11BACC
"""Those who book or move into a window take turns under this number (PostgreSQL)."""

c = callbacks.c
is_open: Final = c.state.in_(sorted(OPEN))
is_waiting: Final = c.state.in_(sorted(WAITING))
is_held: Final = c.state.in_(sorted(HELD))


def callback_row(callback: Callback) -> dict[str, Any]:
    """All columns but ``lease``."""
    row = to_plain(callback)
    return {**row, "causes": as_json(row["causes"]), "tried": as_json(row["tried"])}


def callback_of(row: Row[Any]) -> Callback:
    plain = dict(row._mapping)
    plain["causes"] = json.loads(plain["causes"])
    plain["tried"] = json.loads(plain["tried"])
    return from_plain(Callback, plain)


def open_one(connection: Connection, number: str, person: str | None) -> Callback | None:
    """The open one of the number; else of the person."""
    wanted = c.number == number
    if person is not None:
        wanted |= c.person == person
    query = (
        select(callbacks)
        .where(is_open, wanted)
        .order_by(case((c.number == number, 0), else_=1))
        .limit(1)
    )
    row = connection.execute(query).first()
    return None if row is None else callback_of(row)


class AnyOpen:
    """Whether a number or a person has an open one: asked with every call, mostly in vain."""

    def __init__(self, dialect: Dialect) -> None:
        # The condition is written as that of the partial indexes, else they cannot be used.
        found = select(c.id).where(text(OPEN_CALLBACK))
        self._of_number = Prepared(found.where(c.number == bindparam("of")), dialect)
        self._of_person = Prepared(found.where(c.person == bindparam("of")), dialect)

    def __call__(self, connection: Connection, number: str, person: str | None) -> bool:
        cursor = connection.connection.cursor()
        if self._of_number.rows(cursor, of=number):
            return True
        return person is not None and bool(self._of_person.rows(cursor, of=person))


def is_full(connection: Connection, callback: Callback, slot: SlotHold) -> bool:
    """Whether others fill the window. To be asked in one's turn."""
    others = select(func.count()).where(
        c.queue == callback.queue, c.opens == slot.opens, is_open, c.id != callback.id
    )
    return bool(connection.execute(others).scalar_one() >= slot.capacity)
