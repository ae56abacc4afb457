"""The store's SQL in PostgreSQL's words: nothing in it is SQLite's alone."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateIndex, CreateTable
from sqlalchemy.sql import ClauseElement

from callcenter.store import people, records
from callcenter.store.callback_rows import AnyOpen
from callcenter.store.database import Database, Prepared, PreparedInsert
from callcenter.store.schema import bring_up_to_date
from callcenter.store.tables import journal, metadata

DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]


def test_tables_can_be_made() -> None:
    """Every table and index has a definition PostgreSQL takes: plain types, no rowid."""
    for table in metadata.sorted_tables:
        said = str(CreateTable(table).compile(dialect=DIALECT))
        assert "ROWID" not in said
        plain = ("users", "contact_points", "account_skills")
        assert "DOUBLE PRECISION" in said or table.name in plain
        for index in table.indexes:
            wanted = "CREATE UNIQUE INDEX" if index.unique else "CREATE INDEX"
            assert wanted in str(CreateIndex(index).compile(dialect=DIALECT))
    assert "BIGINT" in str(CreateTable(journal).compile(dialect=DIALECT))
    assert "number BIGSERIAL" in str(CreateTable(metadata.tables["audit"]).compile(dialect=DIALECT))


def test_one_live_reservation_an_agent() -> None:
    """The index that guarantees it covers the live states alone, in both databases."""
    (index,) = (one for one in metadata.tables["reservations"].indexes if one.unique)
    for dialect in (DIALECT, sqlite.dialect()):  # type: ignore[no-untyped-call]
        said = str(CreateIndex(index).compile(dialect=dialect))
        assert said.endswith("WHERE state IN ('accepted', 'pending', 'wrapping')")


def test_statements_can_be_said() -> None:
    """The statements of people and records compile, with named parameters."""
    prepared = vars(people._Statements(DIALECT)).values()
    assert {type(one) for one in prepared} == {Prepared}
    assert all("%(" in one.sql and "?" not in one.sql for one in prepared)
    for statement in vars(records._Statements(DIALECT)).values():
        assert isinstance(statement, ClauseElement)
        assert "?" not in str(statement.compile(dialect=DIALECT))


def test_whether_somebody_has_an_open_callback_is_asked_of_small_indexes(tmp_path: Path) -> None:
    """It is asked with every call: never by looking through the callbacks that are over."""
    database = Database(f"sqlite:///{tmp_path / 'store.db'}")
    bring_up_to_date(database)
    asked = vars(AnyOpen(database.dialect)).values()
    with closing(database.reader()) as connection:
        cursor = connection.connection.cursor()
        for statement in asked:
            plan = cursor.execute(f"EXPLAIN QUERY PLAN {statement.sql}", ["one"]).fetchall()
            assert "INDEX uq_callbacks_open_" in str(plan)
    for statement in vars(AnyOpen(DIALECT)).values():
        assert "%(of)s" in statement.sql


class Cursor:
    def __init__(self) -> None:
        self.ran: list[tuple[str, object]] = []

    def executemany(self, sql: str, rows: object) -> None:
        self.ran.append((sql, rows))


def test_bulk_rows_are_named() -> None:
    """Where parameters have names, whole rows are given as such."""
    table: Table = metadata.tables["sessions"]
    cursor = Cursor()
    insert = PreparedInsert(table, ("token_hash", "agent"), DIALECT)
    insert.many(cursor, [("t", "a")])
    ((sql, rows),) = cursor.ran
    assert "%(token_hash)s" in sql
    assert rows == [{"token_hash": "t", "agent": "a"}]
