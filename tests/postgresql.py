"""A PostgreSQL for tests alone: ``python -m tests.postgresql`` says whether one can run here.

A private cluster in a folder of its own, heard on a socket in that folder and nowhere else. It must
not touch a PostgreSQL that the machine runs for others.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from sqlalchemy import URL, create_engine, text
from sqlalchemy.pool import NullPool

from callcenter.store import open_store

OLDEST_MAJOR = 15
"""The first that can be told how all its databases sort."""
USERS = ("postgres", "nobody")
"""Who the server runs as where the tests are root, which it refuses to be: the first there is."""

_SERVE = """
"$1/postgres" -D "$2/data" >"$2/log" 2>&1 &
server=$!
until "$1/pg_isready" --quiet --host "$2"; do
  kill -0 $server 2>/dev/null || { cat "$2/log"; exit 1; }
  sleep 0.05
done
echo ready
read -r _
kill -QUIT $server
wait $server
cd / && rm -rf "$2"
"""
"""Serves until nobody holds the other end of its input any more, however that one ended; then
nothing is left of it."""

_SETTINGS = """
listen_addresses = ''
fsync = off
full_page_writes = off
synchronous_commit = on
autovacuum = off
shared_buffers = 16MB
max_connections = 200
max_wal_senders = 0
wal_level = minimal
unix_socket_directories = '{folder}'
"""

_DISCONNECT = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"
_EMPTY = """
DO $$
DECLARE name text; used boolean;
BEGIN
  FOR name IN
    SELECT tablename FROM pg_tables
    WHERE schemaname = 'public' AND tablename <> 'alembic_version'
  LOOP
    EXECUTE format('SELECT EXISTS (SELECT FROM %I)', name) INTO used;
    IF used THEN EXECUTE format('TRUNCATE %I RESTART IDENTITY CASCADE', name); END IF;
  END LOOP;
END $$
"""


def programs() -> Path | None:
    """The folder of the newest PostgreSQL server that is new enough."""
    on_path = shutil.which("initdb")
    folders = [*Path("/usr/lib/postgresql").glob("*/bin")]
    if on_path is not None:
        folders.append(Path(on_path).resolve().parent)
    found = {folder: _major(folder) for folder in folders}
    best = max(found, key=found.__getitem__, default=None)
    return best if best is not None and found[best] >= OLDEST_MAJOR else None


def missing() -> str | None:
    """What keeps one from running here, in one sentence; ``None`` when nothing does."""
    if programs() is None:
        return (
            f"PostgreSQL {OLDEST_MAJOR} or newer (initdb, postgres, pg_isready) is not installed: "
            "apt-get install postgresql"
        )
    if importlib.util.find_spec("psycopg") is None:
        return "the Python package psycopg is not installed: it is in requirements/dev.txt"
    if os.geteuid() == 0 and _user() is None:
        return f"PostgreSQL refuses to run as root, and there is no user {' or '.join(USERS)}"
    return None


class Cluster:
    """A running server; make one with ``running``. ``folder``: where it lives."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._names = count(1)
        self._free: list[str] = []
        """Databases that have the store's tables and nothing in them."""

    @contextmanager
    def database(self) -> Iterator[str]:
        """The address of a database of one's own for a while, with the store's tables. It is used
        again: whoever changes a table takes an ``empty`` one."""
        name = self._free.pop() if self._free else self._filled()
        yield self._address(name)
        self._run(_DISCONNECT, name=name)
        self._run(_EMPTY, database=name)
        self._free.append(name)

    @contextmanager
    def empty(self) -> Iterator[str]:
        """The address of a database without tables, gone afterwards."""
        name = self._made()
        yield self._address(name)
        self._run(f"DROP DATABASE {name} WITH (FORCE)")

    def _filled(self) -> str:
        name = self._made()
        open_store(self._address(name)).close()
        return name

    def _made(self) -> str:
        name = f"test{next(self._names)}"
        self._run(f"CREATE DATABASE {name} TEMPLATE template0")
        return name

    def _run(self, statement: str, database: str = "postgres", **values: str) -> None:
        engine = create_engine(
            self._address(database), isolation_level="AUTOCOMMIT", poolclass=NullPool
        )
        with engine.connect() as connection:
            connection.execute(text(statement), values)

    def _address(self, name: str) -> str:
        where = {"host": str(self._folder)}
        url = URL.create("postgresql+psycopg", "callcenter", database=name, query=where)
        return url.render_as_string(hide_password=False)


@contextmanager
def running() -> Iterator[Cluster]:
    """A new cluster, gone afterwards. Raises ``RuntimeError`` with what PostgreSQL says."""
    binaries, user = programs(), _user() if os.geteuid() == 0 else None
    if binaries is None:
        raise RuntimeError(missing())
    # Not where the tests keep their files: the path of a socket may have 107 characters at most,
    # and the server's user must be able to come there.
    folder = Path(tempfile.mkdtemp(prefix="callcenter-postgresql-", dir="/tmp"))
    try:
        if user is not None:
            os.chown(folder, user, -1)
        done = subprocess.run(
            [
                binaries / "initdb", "--pgdata", folder / "data", "--username", "callcenter",
                "--auth", "trust", "--no-sync", "--encoding", "UTF8", "--locale", "C",
                # Sorts as people do, unlike SQLite: nothing may depend on either.
                "--locale-provider", "icu", "--icu-locale", "en",
            ],
            user=user, cwd=folder, capture_output=True, text=True,
        )  # fmt: skip
        if done.returncode != 0:
            raise RuntimeError(f"initdb failed: {done.stderr}")
        with open(folder / "data/postgresql.conf", "a", encoding="utf-8") as settings:
            settings.write(_SETTINGS.format(folder=folder))
        with subprocess.Popen(
            ["sh", "-c", _SERVE, "sh", binaries, folder],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, user=user, cwd=folder,
            start_new_session=True,  # Ctrl-C is for the tests; they stop the server when they end
        ) as server:  # fmt: skip
            assert server.stdin is not None
            assert server.stdout is not None
            if server.stdout.readline() != "ready\n":
                raise RuntimeError(f"PostgreSQL does not start: {server.stdout.read()}")
            yield Cluster(folder)
            server.stdin.close()
    finally:
        if folder.exists():  # it did not get as far as to be served
            shutil.rmtree(folder)


def _user() -> int | None:
    for name in USERS:
        try:
            return pwd.getpwnam(name).pw_uid
        except KeyError:
            continue
    return None


def _major(folder: Path) -> int:
    """0: there is no server that runs."""
    if not all((folder / name).exists() for name in ("initdb", "postgres", "pg_isready")):
        return 0
    done = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True)
    said = re.match(r"postgres \(PostgreSQL\) (\d+)", done.stdout)
    return int(said[1]) if said and done.returncode == 0 else 0


def _main() -> int:
    reason = missing()
    print(f"PostgreSQL: {programs()}" if reason is None else reason)
    return int(reason is not None)


if __name__ == "__main__":
    sys.exit(_main())
