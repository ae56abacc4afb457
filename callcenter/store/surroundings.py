"""What the house's other systems tell: happenings and pages of people, conditions of everybody.

What is told twice is stored once: a happening by its id, a page by person, time and name, a
condition by its id; told anew, the latest telling stands. Old ones go as new ones come.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Dialect, or_, select

from callcenter.codec import from_plain, to_plain
from callcenter.ports import Condition, Happening, PageView

from .database import insert
from .reader import Reader
from .retention import Retention, Sweep
from .tables import conditions, happenings, pages, people
from .writer import Writer

_h, _v, _c = happenings.c, pages.c, conditions.c


class SurroundingsTable:
    """Implements ``callcenter.ports.Surroundings``. All methods raise ``StoreError``.

    ``now``: seconds since the epoch, by which old rows go.
    """

    def __init__(
        self,
        writer: Writer,
        reader: Reader,
        dialect: Dialect,
        keep: Retention,
        now: Callable[[], float],
    ) -> None:
        self._writer = writer
        self._reader = reader
        self._now = now
        self._told = Told(dialect)
        self._happenings = Sweep(_h.at, (_h.person, _h.id), keep.happenings)
        self._pages = Sweep(_v.at, (_v.person, _v.at, _v.page), keep.pages)
        new = insert(dialect, conditions)
        changed = {name: new.excluded[name] for name in conditions.columns.keys() if name != "id"}  # noqa: SIM118
        self._condition = new.on_conflict_do_update(index_elements=["id"], set_=changed)

    async def happened(self, person: str, happenings: Sequence[Happening]) -> bool:
        rows = [{"person": person, **to_plain(one)} for one in happenings]

        def work(connection: Connection) -> bool:
            known = _known(connection, person)
            if known:
                self._told.happenings(connection, rows)
                self._old(connection, self._happenings, rows)
            return known

        return await self._writer.write(work)

    async def viewed(self, person: str, pages: Sequence[PageView]) -> bool:
        rows = [{"person": person, **to_plain(one)} for one in pages]

        def work(connection: Connection) -> bool:
            known = _known(connection, person)
            if known:
                self._told.pages(connection, rows)
                self._old(connection, self._pages, rows)
            return known

        return await self._writer.write(work)

    async def set_condition(self, condition: Condition) -> None:
        row = to_plain(condition)

        def work(connection: Connection) -> None:
            connection.execute(self._condition, row)

        await self._writer.write(work)

    async def conditions(self, since: float) -> tuple[Condition, ...]:
        query = (
            select(_c.id, _c.kind, _c.since, _c.until, _c.title, _c.product)
            .where(or_(_c.until.is_(None), _c.until >= since))
            .order_by(_c.since, _c.id)
        )
        rows = await self._reader.read(lambda connection: connection.execute(query).all())
        return tuple(from_plain(Condition, dict(row._mapping)) for row in rows)

    def _old(self, connection: Connection, sweep: Sweep, rows: Sequence[object]) -> None:
        now = self._now()
        for _ in rows:
            sweep.after(connection, now)


class Told:
    """Writes happenings and pages of people who are there, as the intake and imports do."""

    def __init__(self, dialect: Dialect) -> None:
        new = insert(dialect, happenings)
        names = [name for name in happenings.columns.keys() if name not in ("person", "id")]  # noqa: SIM118
        self._happening = new.on_conflict_do_update(
            index_elements=["person", "id"], set_={name: new.excluded[name] for name in names}
        )
        self._page = insert(dialect, pages).on_conflict_do_nothing(
            index_elements=["person", "at", "page"]
        )

    def happenings(self, connection: Connection, rows: Iterable[Mapping[str, Any]]) -> None:
        if told := list(rows):
            connection.execute(self._happening, told)

    def pages(self, connection: Connection, rows: Iterable[Mapping[str, Any]]) -> None:
        if told := list(rows):
            connection.execute(self._page, told)


def _known(connection: Connection, person: str) -> bool:
    return connection.execute(select(people.c.id).where(people.c.id == person)).first() is not None
