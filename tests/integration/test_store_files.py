"""Opening a store: files, rights, migrations, and what is said when it cannot be opened."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from callcenter.store import StoreError, open_store
from callcenter.store.schema import NEWEST
from callcenter.store.tables import metadata
from callcenter.store.upgrade import newest
from tests.contract.samples import person, phone


def address(path: Path) -> str:
    return f"sqlite:///{path}"


def test_files_are_private(tmp_path: Path) -> None:
    """A new store and the files SQLite puts beside it can be read by their owner alone."""
    store = open_store(address(tmp_path / "new.db"))
    store.imports.begin("i", "f", 1.0)
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    store.close()
    assert modes == {"new.db": 0o600, "new.db-wal": 0o600, "new.db-shm": 0o600}


def test_durable_settings(tmp_path: Path) -> None:
    """Writes go through a write-ahead log and are on the disk when acknowledged."""
    store = open_store(address(tmp_path / "new.db"))

    def look(name: str) -> object:
        work = store.writer.submit(lambda c: c.exec_driver_sql(f"PRAGMA {name}").scalar())
        return work.result()

    found = {name: look(name) for name in ("journal_mode", "synchronous", "foreign_keys")}
    store.close()
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_migrations_make_the_tables(tmp_path: Path) -> None:
    """The migrations end in exactly the schema the program works with, to the letter of the DDL."""
    migrated, created = tmp_path / "migrated.db", tmp_path / "created.db"
    open_store(address(migrated)).close()
    engine = create_engine(address(created))
    metadata.create_all(engine)
    with create_engine(address(migrated)).connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, metadata) == []
        connection.engine.dispose()
    engine.dispose()
    assert ddl(migrated) == ddl(created)


def test_the_newest_migration_is_the_one_that_is_looked_for(tmp_path: Path) -> None:
    """Else each start would load Alembic, or a migration would be left out."""
    assert newest() == NEWEST
    open_store(address(tmp_path / "x.db")).close()
    again = "import sys; from callcenter.store import open_store; open_store(sys.argv[1]).close()"
    said = subprocess.run(
        [sys.executable, "-c", f"{again}; print('alembic' in sys.modules)",
         address(tmp_path / "x.db")],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert said.stdout == "False\n"


def ddl(path: Path) -> dict[str, list[str]]:
    """Per table or index: the parts that define it, in no order (that of constraints is free, and
    a column added later stands on the line of the one before)."""
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
        return {
            name: sorted(part.strip() for part in re.split("[\n,]", sql) if part.strip())
            for name, sql in rows
            if name != "alembic_version"
        }


def test_opening_again_keeps_everything(tmp_path: Path) -> None:
    """What was stored is there after closing and opening."""
    path = tmp_path / "a.db"
    store = open_store(address(path))
    store.imports.begin("i", "f", 1.0)
    store.close()
    store = open_store(address(path))
    assert store.imports.begin("i", "g", 2.0).file == "f"
    store.close()
    store.close()


def test_killed_load_is_healed(tmp_path: Path) -> None:
    """Indexes a killed bulk load left out are there after the next opening."""
    path = tmp_path / "a.db"
    store = open_store(address(path))
    with store.bulk() as bulk:
        bulk.people([person("p1", phone("+1"))])
    store.close()
    whole = ddl(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP INDEX ix_contact_points_value")
    open_store(address(path)).close()
    assert ddl(path) == whole


def newer(path: Path) -> None:
    open_store(address(path)).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE alembic_version SET version_num='9999'")
        connection.commit()


def foreign(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE wiki (page TEXT)")


def noise(path: Path) -> None:
    path.write_bytes(b"this is no database" * 1000)


def directory(path: Path) -> None:
    path.mkdir()


@pytest.mark.parametrize(
    ("prepare", "words"),
    [
        (newer, "was written by a newer version of callcenter (its schema is 9999"),
        (foreign, "holds tables that are not ours (wiki)"),
        (noise, "is not a database of ours: check the path"),
        (directory, "cannot be opened for writing: Is a directory"),
    ],
)
def test_wrong_files_are_refused(tmp_path: Path, prepare: object, words: str) -> None:
    """A file that is not ours, or of a newer program, is refused in words and left as it is."""
    path = tmp_path / "x.db"
    prepare(path)  # type: ignore[operator]
    before = path.read_bytes() if path.is_file() else b""
    with pytest.raises(StoreError) as caught:
        open_store(address(path))
    assert words in str(caught.value)
    assert str(path) in str(caught.value)
    assert (path.read_bytes() if path.is_file() else b"") == before


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("/var/lib/x.db", "is no address of a database; write sqlite:////path"),
        ("sqlite://", "the store needs a file of its own"),
        ("sqlite:///:memory:", "the store needs a file of its own"),
        ("mysql://x/y", "mysql is not supported"),
        ("postgresql+pg8000://x/y", "install callcenter[postgresql] and write postgresql+psycopg:"),
        ("sqlite:////nowhere/at/all.db", "there is no directory /nowhere/at"),
    ],
)
def test_wrong_addresses_are_refused(url: str, words: str) -> None:
    """A wrong address is refused with what a right one looks like."""
    with pytest.raises(StoreError) as caught:
        open_store(url)
    assert words in str(caught.value)
