"""Brings a database to the schema of this program, by Alembic, when the store opens.

It must not be used on a store in use by this process. Two processes that open at once are safe:
the migration runs under the database's write lock.
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

from .database import Database
from .errors import StoreError, explain
from .tables import metadata

_MIGRATIONS = Path(__file__).parent / "migrations"


def bring_up_to_date(database: Database) -> None:
    """Create or upgrade the tables; do nothing when they are as they should be.

    Raises ``StoreError`` when the database was written by a newer program or is somebody else's.
    """
    scripts = ScriptDirectory(str(_MIGRATIONS))
    newest = scripts.get_current_head()
    try:
        # Looked at by a reader first: a writer's connection alone changes the file (to WAL).
        with closing(database.reader()) as connection:
            _revision(connection, scripts, database.where)
        with closing(database.writer()) as connection, connection.begin():
            if _revision(connection, scripts, database.where) != newest:
                config = Config()
                # Alembic reads the option with %-interpolation.
                config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
            _restore_indexes(connection)
    except StoreError:
        raise
    except Exception as error:
        raise explain(error, database.where) from error


def _revision(connection: Connection, scripts: ScriptDirectory, where: str) -> str | None:
    found = MigrationContext.configure(connection).get_current_revision()
    known = [script.revision for script in scripts.walk_revisions()]
    if found is not None and found not in known:
        raise StoreError(
            f"{where} was written by a newer version of callcenter (its schema is {found}, this "
            f"program knows up to {known[0]}): install that version, or restore an older backup"
        )
    if found is None and (strangers := inspect(connection).get_table_names()):
        raise StoreError(
            f"{where} holds tables that are not ours ({', '.join(sorted(strangers)[:5])}): "
            "give callcenter a database of its own"
        )
    return found


def _restore_indexes(connection: Connection) -> None:
    """A bulk load that was killed may have left an index out."""
    for table in metadata.tables.values():
        for index in table.indexes:
            index.create(connection, checkfirst=True)
