"""Creates or upgrades the tables by Alembic. ``schema`` says when; else none of it is loaded, for
it would be a twelfth of the time that an engine takes to start."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

from .errors import StoreError

_MIGRATIONS = Path(__file__).parent / "migrations"


def newest() -> str | None:
    """The revision of the last migration."""
    return ScriptDirectory(str(_MIGRATIONS)).get_current_head()


def upgrade(connection: Connection, where: str) -> None:
    """To the newest revision, if it is not there yet. Raises as ``check`` does."""
    if check(connection, where) == newest():
        return
    config = Config()
    # Alembic reads the option with %-interpolation.
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def check(connection: Connection, where: str) -> str | None:
    """The revision it has; ``None``: it is empty. Raises ``StoreError`` when it was written by a
    newer program or is somebody else's."""
    found = MigrationContext.configure(connection).get_current_revision()
    known = [one.revision for one in ScriptDirectory(str(_MIGRATIONS)).walk_revisions()]
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
