"""Everything durable: people, records, callbacks, accounts, sessions, the journal.

The only home of SQL.

``open_store`` gives a ``Store``; the nouns are its attributes. Reads have threads and connections
of their own; all writes go through one thread that groups commits, and every write method returns
after the commit. No row of a table leaves this package: only the frozen dataclasses of the ports.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager

from sqlalchemy import text

from callcenter.callback_ports import Demand
from callcenter.ports import History

from .accounts import AccountsTable
from .bulk import Bulk, open_bulk
from .callbacks import CallbacksTable
from .database import Database, DatabaseClock
from .demand import DemandTable
from .errors import DiskFullError, StoreError
from .events import JournalTable
from .imports import ImportsTable
from .knowledge import KnowledgeTable
from .people import PeopleReader
from .predictions import LessonsTable
from .reader import Reader
from .records import RecordsTable
from .retention import Retention
from .schema import bring_up_to_date
from .sessions import SessionsTable
from .short_reader import ShortReader
from .surroundings import SurroundingsTable
from .writer import Writer

__all__ = ["Bulk", "DiskFullError", "Retention", "Store", "StoreError", "open_store"]


class Store:
    """An open store; make one with ``open_store``. ``where``: its address, without a password."""

    def __init__(
        self,
        database: Database,
        keep: Retention,
        now: Callable[[], float],
        callback_clock: Callable[[], float] | None = None,
    ) -> None:
        self._database = database
        self.where = database.where
        self.writer = Writer(database)
        self._quick = Reader(database, "quick")  # by key, in front of somebody who waits
        self._long = Reader(database, "long")
        self._short = ShortReader(database, self._quick)
        self.people = PeopleReader(self._short, database.dialect, now)
        self.records = RecordsTable(self.writer, self._long, database.dialect, keep)
        self.history: History = self.records
        self.lessons = LessonsTable(self._long)
        self.surroundings = SurroundingsTable(self.writer, self._quick, database.dialect, keep, now)
        self._callbacks = Reader(database, "callbacks")
        self.callbacks = CallbacksTable(
            self.writer,
            self._callbacks,
            self._short,
            self._long,
            database.dialect,
            DatabaseClock(database.dialect, callback_clock),
            keep,
        )
        self.demand: Demand = DemandTable(self._long, database.dialect)
        self.knowledge = KnowledgeTable(self.writer, self._long)
        self.accounts = AccountsTable(self.writer, self._quick)
        self.sessions = SessionsTable(self.writer, self._quick)
        self.journal = JournalTable(self._long, self.where)
        self.imports = ImportsTable(self.writer)

    async def alive(self) -> None:
        """Returns when reading and writing work; raises ``StoreError`` saying what does not."""
        await self._quick.read(lambda connection: connection.execute(text("SELECT 1")).all())
        if self.writer.trouble is not None:
            raise self.writer.trouble
        await self.writer.write(lambda connection: None)

    def bulk(self) -> AbstractContextManager[Bulk]:
        """A loader for millions of rows; the store must not be written to otherwise meanwhile."""
        return open_bulk(self._database)

    def close(self) -> None:
        """Write what is queued, then let go of the database. May be called twice."""
        self.writer.close()
        self._short.close()
        self._quick.close()
        self._callbacks.close()
        self._long.close()


def open_store(
    address: str,
    busy: float = 5.0,
    keep: Retention | None = None,
    now: Callable[[], float] = time.time,
    callback_clock: Callable[[], float] | None = None,
) -> Store:
    """Open ``sqlite:////path/file.db`` (created, for its owner alone) or a PostgreSQL address.

    Brings the tables up to date first. ``busy``: seconds to wait for a lock that another program
    holds. ``keep``: how long rows are kept that only grow in number. ``now``: seconds since the
    epoch, by which happenings and pages are lately. ``callback_clock``: replaces the database's own
    clock, by which callbacks are due, for tests and simulations. Raises ``StoreError``.
    """
    database = Database(address, busy)
    bring_up_to_date(database)
    return Store(database, keep or Retention(), now, callback_clock)
