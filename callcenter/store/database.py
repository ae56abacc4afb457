"""One database: its address, its connections, its clock, and all that is special to SQLite.

Nothing outside this file may contain SQL that only one kind of database understands. It must not
know any table.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Dialect,
    Double,
    Engine,
    Integer,
    Table,
    cast,
    create_engine,
    event,
    extract,
    func,
    literal_column,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.pool import NullPool
from sqlalchemy.sql import ClauseElement

from .errors import StoreError, explain

_KIB = 1024
_LARGEST_MAP = 0x7FFF0000
"""SQLite maps no more than this, whatever is asked for (SQLITE_MAX_MMAP_SIZE)."""


class Database:
    """Makes connections for writing, reading and bulk loading. No connection is shared.

    ``busy``: seconds to wait for a lock somebody else holds.
    """

    def __init__(self, address: str, busy: float = 5.0) -> None:
        """Raises ``StoreError`` when the address is not one, or the file cannot be made."""
        self.url = _parse(address)
        self.busy = busy
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        if self.is_sqlite:
            self.where = _make_private(self.url)
        else:
            self.where = self.url.render_as_string(hide_password=True)
        self._reading = self._engine(writing=False)
        self._writing = self._engine(writing=True)

    @property
    def dialect(self) -> Dialect:
        return self._writing.dialect

    def writer(self) -> Connection:
        """A connection whose transactions take the write lock as they begin."""
        return self._connect(self._writing)

    def reader(self) -> Connection:
        """A connection for reading, which no writer makes wait."""
        return self._connect(self._reading)

    def impatient_reader(self) -> Connection:
        """The same, failing at once where it would have to wait for a lock."""
        connection = self.reader()
        if self.is_sqlite:
            _pragmas(connection, busy_timeout=0)
        return connection

    @contextmanager
    def bulk(self) -> Iterator[Connection]:
        """A writer that waits for the disk only at checkpoints and checks no foreign keys.

        Safe over ``kill -9`` and, but for the newest commits, over a power cut.
        """
        with closing(self.writer()) as connection:
            if self.is_sqlite:
                _pragmas(connection, synchronous="NORMAL", foreign_keys="OFF")
                _pragmas(connection, cache_size=-256 * _KIB, wal_autocheckpoint=20_000)
            yield connection
            if self.is_sqlite:  # the log has grown with the load; nothing else would shrink it
                connection.connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _engine(self, writing: bool) -> Engine:
        if not self.is_sqlite:
            return create_engine(
                self.url,
                poolclass=NullPool,
                isolation_level="READ COMMITTED" if writing else "REPEATABLE READ",
            )
        engine = create_engine(
            self.url,
            poolclass=NullPool,
            # Each connection is used by one thread at a time, handed over between its uses.
            connect_args={"timeout": self.busy, "check_same_thread": False},
        )

        @event.listens_for(engine, "connect")
        def prepare(dbapi: Any, _record: object) -> None:
            dbapi.isolation_level = None  # the driver begins nothing behind our back
            cursor = dbapi.cursor()
            # Waiting for locks comes first: the other settings may need one.
            cursor.execute(f"PRAGMA busy_timeout={int(self.busy * 1000)}")
            if writing:
                cursor.execute("PRAGMA journal_mode=WAL")
                cursor.execute("PRAGMA synchronous=FULL")  # an acknowledged write is on the disk
                cursor.execute("PRAGMA foreign_keys=ON")
                cursor.execute(f"PRAGMA cache_size=-{32 * _KIB}")
                cursor.execute(f"PRAGMA journal_size_limit={64 * _KIB * _KIB}")
            else:
                cursor.execute("PRAGMA query_only=ON")
                cursor.execute(f"PRAGMA mmap_size={_LARGEST_MAP}")
            cursor.close()

        @event.listens_for(engine, "begin")
        def begin(connection: Connection) -> None:
            # A writer that begins by reading could otherwise find the lock taken half-way, which
            # SQLite can only answer with an error, not by waiting.
            connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

        return engine

    def _connect(self, engine: Engine) -> Connection:
        try:
            return engine.connect()
        except Exception as error:
            said = explain(error, self.where)
            if not self.is_sqlite:  # whatever a server gives as the reason, nothing can be written
                said = StoreError(f"no connection can be made: {said}", passing=True)
            raise said from error


class Prepared:
    """A statement compiled once to the database's own SQL, run on the bare driver cursor.

    For the few statements behind every card: it saves the greater part of what a query by key
    costs. Rows are plain tuples; no type conversion beyond the driver's. No ``in_``: SQLAlchemy
    writes that out at each execution, which there is none of here.
    """

    def __init__(self, statement: ClauseElement, dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect)
        self.sql = str(compiled)
        self._fixed: dict[str, Any] = dict(compiled.params)
        self._order: Sequence[str] | None = getattr(compiled, "positiontup", None)

    def rows(self, cursor: Any, **values: Any) -> list[tuple[Any, ...]]:
        given = {**self._fixed, **values}
        cursor.execute(
            self.sql, given if self._order is None else [given[name] for name in self._order]
        )
        return cursor.fetchall()  # type: ignore[no-any-return]


class PreparedInsert:
    """An INSERT of whole rows into these columns, for many rows at once, as plain tuples."""

    def __init__(self, table: Table, columns: Sequence[str], dialect: Dialect) -> None:
        compiled = table.insert().compile(dialect=dialect, column_keys=list(columns))
        self.sql = str(compiled)
        self._order: Sequence[str] | None = getattr(compiled, "positiontup", None)
        self._columns = tuple(columns)
        if self._order is not None and tuple(self._order) != self._columns:
            raise ValueError(f"columns of {table.name} must be in the order of the table")

    def many(self, cursor: Any, rows: Sequence[tuple[Any, ...]]) -> None:
        if self._order is not None:
            cursor.executemany(self.sql, rows)
        else:
            cursor.executemany(
                self.sql, [dict(zip(self._columns, row, strict=True)) for row in rows]
            )


def insert(dialect: Dialect, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that knows ``on_conflict_do_update``, in this dialect."""
    return sqlite.insert(table) if dialect.name == "sqlite" else postgresql.insert(table)


class DatabaseClock:
    """Seconds since the epoch by the database's own clock, which all engines share.

    ``instead``: a clock that replaces it, for tests and simulations.
    """

    def __init__(self, dialect: Dialect, instead: Callable[[], float] | None = None) -> None:
        self._instead = instead
        self._now = select(epoch(dialect))

    def __call__(self, connection: Connection) -> float:
        if self._instead is not None:
            return self._instead()
        return float(connection.execute(self._now).scalar_one())


def epoch(dialect: Dialect) -> ColumnElement[float]:
    """Now, in seconds since the epoch: to the millisecond in SQLite, whose day numbers are that
    fine (2440587.5 is 1970-01-01), to the microsecond in PostgreSQL."""
    if dialect.name == "sqlite":
        return literal_column("(julianday('now') - 2440587.5) * 86400.0", Double)
    return cast(extract("epoch", func.clock_timestamp()), Double)


def whole(dialect: Dialect, value: ColumnElement[Any]) -> ColumnElement[int]:
    """The integer part of a number that is not negative. (A cast rounds in PostgreSQL; ``floor``
    is not in every build of SQLite.)"""
    return cast(value if dialect.name == "sqlite" else func.floor(value), Integer)


def take_turns(connection: Connection, what: int) -> None:
    """Until the end of the transaction nobody else is here with the same number.

    In SQLite there is nothing to do: a writer's transaction has the only write lock.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(what)))


def _parse(address: str) -> URL:
    try:
        url = make_url(address)
        url.get_dialect()
    except (ArgumentError, NoSuchModuleError, ValueError) as error:
        raise StoreError(
            f"{address!r} is no address of a database; write sqlite:////path/to/file.db "
            f"or postgresql+psycopg://user:password@host/name ({error})"
        ) from error
    if url.get_backend_name() not in ("sqlite", "postgresql"):
        raise StoreError(f"{url.get_backend_name()} is not supported: use sqlite or postgresql")
    try:
        url.get_dialect().import_dbapi()
    except ImportError as error:
        raise StoreError(
            f"the driver of {url.drivername} is not installed ({error}): "
            "install callcenter[postgresql] and write postgresql+psycopg://"
        ) from error
    return url


def _make_private(url: URL) -> str:
    """Create the file, readable by its owner alone (SQLite gives -wal and -shm the same rights)."""
    if not url.database or url.database == ":memory:" or url.database.startswith("file:"):
        raise StoreError("the store needs a file of its own: sqlite:////path/to/file.db")
    path = Path(url.database)
    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except FileNotFoundError as error:
        raise StoreError(
            f"{path} cannot be created: there is no directory {path.parent}"
        ) from error
    except OSError as error:
        raise StoreError(f"{path} cannot be opened for writing: {error.strerror}") from error
    return str(path)


def _pragmas(connection: Connection, **settings: str | int) -> None:
    cursor = connection.connection.cursor()
    for name, value in settings.items():
        cursor.execute(f"PRAGMA {name}={value}")
    cursor.close()
