"""Bringing a database to the schema of the program, in each kind of database."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect
from sqlalchemy.pool import NullPool

from callcenter import store as store_package
from callcenter.store import StoreError, open_store
from callcenter.store.tables import metadata
from tests.databases import run_sql

MIGRATIONS = Path(store_package.__file__).parent / "migrations"
REVISIONS = sorted(one.revision for one in ScriptDirectory(str(MIGRATIONS)).walk_revisions())


def migrated(address: str, revision: str) -> None:
    """As a program of that schema left it."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with create_engine(address, poolclass=NullPool).begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def schema(address: str) -> dict[str, dict[str, Any]]:
    """Columns, keys and indexes of every table, as the database tells them."""
    with create_engine(address, poolclass=NullPool).connect() as connection:
        look = inspect(connection)
        asked = (
            look.get_multi_columns, look.get_multi_indexes, look.get_multi_pk_constraint,
            look.get_multi_foreign_keys, look.get_multi_unique_constraints,
            look.get_multi_check_constraints,
        )  # fmt: skip
        return {
            ask.__name__: {
                key[1]: _in_no_order(told)
                for key, told in ask().items()
                if key[1] != "alembic_version"
            }
            for ask in asked
        }


def _in_no_order(told: Any) -> Any:
    if isinstance(told, dict):
        return {name: _in_no_order(one) for name, one in told.items()}
    return sorted(str(_in_no_order(one)) for one in told) if isinstance(told, list) else str(told)


@pytest.mark.parametrize("revision", [None, *REVISIONS])
async def test_from_every_schema_to_the_newest(empty_address: str, revision: str | None) -> None:
    """From nothing and from the schema of each earlier version: the tables are then those of the
    program, and who was known is known."""
    if revision is not None:
        migrated(empty_address, revision)
        run_sql(
            empty_address,
            "INSERT INTO people (id, name, language, tier, products) "
            "VALUES ('p1', 'Mei', 'en', 'gold', '[]')",
            "INSERT INTO contact_points (person, kind, value, rank) "
            "VALUES ('p1', 'phone', '+442079460123', 0)",
        )
    store = open_store(empty_address)
    found = await store.people.behind(["+442079460123"])
    store.close()
    assert [(one.id, one.name) for one in found] == ([] if revision is None else [("p1", "Mei")])
    with create_engine(empty_address, poolclass=NullPool).connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, metadata) == []


def test_as_if_it_had_been_made_at_once(empty_address: str, address: str) -> None:
    """What the migrations make one after the other is what the program's tables say, conditions of
    indexes and rules of deleting too."""
    open_store(address).close()
    engine = create_engine(empty_address, poolclass=NullPool)
    metadata.create_all(engine)
    assert schema(address) == schema(empty_address)


async def test_engines_that_open_an_empty_database_at_once(empty_address: str) -> None:
    """Each finds the tables made, whoever made them."""

    def open_one() -> int:
        store = open_store(empty_address, busy=60.0)
        last = store.journal.last()
        store.close()
        return last

    assert await asyncio.gather(*(asyncio.to_thread(open_one) for _ in range(6))) == [0] * 6


async def test_an_index_that_is_missing_is_made_by_one(empty_address: str) -> None:
    """Engines that start after a bulk load was killed: all start, and the index is there again."""
    open_store(empty_address).close()
    whole = schema(empty_address)
    run_sql(empty_address, "DROP INDEX ix_contact_points_value", "DROP INDEX ix_outcomes_at")
    assert schema(empty_address) != whole

    def open_one() -> None:
        open_store(empty_address, busy=60.0).close()

    await asyncio.gather(*(asyncio.to_thread(open_one) for _ in range(4)))
    assert schema(empty_address) == whole


@pytest.mark.parametrize(
    ("said", "statements"),
    [
        ("was written by a newer version of callcenter (its schema is 9999", (
            "CREATE TABLE alembic_version (version_num TEXT)",
            "INSERT INTO alembic_version VALUES ('9999')",
        )),
        ("holds tables that are not ours (wiki)", ("CREATE TABLE wiki (page TEXT)",)),
    ],
)  # fmt: skip
def test_a_database_of_others_is_left_as_it_is(
    empty_address: str, said: str, statements: tuple[str, ...]
) -> None:
    """One of a newer program too; what is said names the database."""
    run_sql(empty_address, *statements)
    before = schema(empty_address)
    with pytest.raises(StoreError) as caught:
        open_store(empty_address)
    assert said in str(caught.value)
    where = empty_address.removeprefix("sqlite:///").replace("%2F", "/")
    assert where in str(caught.value).replace("%2F", "/")
    assert schema(empty_address) == before
