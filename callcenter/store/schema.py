"""Brings a database to the schema of this program when the store opens.

It must not be used on a store in use by this process. Engines that open at once take turns, by the
write lock of SQLite and an advisory lock of PostgreSQL.
"""

from __future__ import annotations

from contextlib import closing
from typing import Final

from sqlalchemy import Connection, inspect, text

from .database import Database, take_turns
from .errors import StoreError, explain
from .tables import metadata

NEWEST: Final = "0006"
"""The revision of the last migration: a database that has it needs none."""

_TURN: Final = 0xCA115C4E
"""Those who change tables take turns under this number (PostgreSQL)."""


def bring_up_to_date(database: Database) -> None:
    """Create or upgrade the tables; do nothing when they are as they should be.

    Raises ``StoreError`` when the database was written by a newer program or is somebody else's.
    """
    try:
        # Looked at by a reader first: a writer's connection alone changes the file (to WAL).
        with closing(database.reader()) as connection:
            settled = _revision(connection) == NEWEST
        if not settled:
            _upgrade(database)
        with closing(database.writer()) as connection, connection.begin():
            take_turns(connection, _TURN)
            _restore_indexes(connection)
    except StoreError:
        raise
    except Exception as error:
        raise explain(error, database.where) from error


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return None if found is None else str(found)


def _upgrade(database: Database) -> None:
    from .upgrade import check, upgrade

    with closing(database.reader()) as connection:
        check(connection, database.where)
    with closing(database.writer()) as connection, connection.begin():
        take_turns(connection, _TURN)
        upgrade(connection, database.where)


def _restore_indexes(connection: Connection) -> None:
    """A bulk load that was killed may have left an index out."""
    found = inspect(connection).get_multi_indexes()  # all at once: a server takes a while for each
    there = {index["name"] for indexes in found.values() for index in indexes}
    for table in metadata.tables.values():
        for index in table.indexes:
            if index.name not in there:
                index.create(connection)
