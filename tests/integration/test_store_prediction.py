"""Predictions and what is told of people in the real store: age, erasing, pieces, bulk loading."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.dialects import postgresql

from callcenter.ports import PageView
from callcenter.store import Retention, Store, open_store, predictions, retention, surroundings
from callcenter.store.tables import metadata
from tests.contract.samples import (
    DAY,
    NOW,
    condition,
    ended,
    happening,
    marked,
    noted,
    person,
    phone,
    predicted,
)
from tests.databases import run_sql


@pytest.fixture
def store(address: str) -> Iterator[Store]:
    store = open_store(address, now=lambda: NOW)
    yield store
    store.close()


def count(address: str, table: str, where: str = "1 = 1") -> int:
    return int(run_sql(address, f"SELECT count(*) FROM {table} WHERE {where}")[0][0])


async def test_erasing_a_person(store: Store, address: str) -> None:
    """What was told of a person goes with them; that they called stays, and what was learned."""
    with store.bulk() as bulk:
        told = {"happenings": (happening("h", NOW),), "pages": (PageView(at=NOW, page="fees"),)}
        bulk.people([person("p1", phone("+1"), **told), person("p2", **told)])
    await store.records.record_call(ended("c1"))
    await store.records.record_prediction(predicted("c1"))
    await store.records.record_outcome(noted("c1"))
    run_sql(address, "DELETE FROM people WHERE id = 'p1'")
    assert await store.people.person("p1") is None
    left = {table: count(address, table) for table in ("happenings", "pages", "interactions")}
    assert left == {"happenings": 1, "pages": 1, "interactions": 1}
    assert [one.call for one in store.lessons.lessons(0.0, NOW)] == ["c1"]


async def test_old_rows_go(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each kind by its own age, as new ones come; a bounded number at a time."""
    monkeypatch.setattr(retention, "SWEEP_EVERY", 1)
    monkeypatch.setattr(retention, "SWEPT", 2)
    today = [0.0]
    keep = Retention(predictions=10, happenings=20, pages=3)
    store = open_store(address, keep=keep, now=lambda: today[0])
    try:
        with store.bulk() as bulk:
            bulk.people([person("p1"), person("p2")])

        async def day(number: int) -> tuple[int, ...]:
            at = today[0] = number * DAY
            for who in ("p1", "p2"):
                assert await store.surroundings.happened(who, [happening(f"h{number}", at)])
                assert await store.surroundings.viewed(who, [PageView(at=at, page="fees")])
            await store.records.record_prediction(predicted(f"c{number}", at=at))
            await store.records.record_mark(marked(f"c{number}", at))
            return tuple(
                count(address, name) for name in ("happenings", "pages", "predictions", "marks")
            )

        seen = [await day(number) for number in range(30)]
        assert seen[:4] == [(2, 2, 1, 1), (4, 4, 2, 2), (6, 6, 3, 3), (8, 8, 4, 4)]
        assert seen[-1] == (42, 8, 11, 11)
        # What comes late and is too old already goes again, the oldest first.
        await store.surroundings.happened("p1", [happening(f"late{n}", n * DAY) for n in range(3)])
        assert count(address, "happenings", "id LIKE 'late%'") == 0
        assert count(address, "happenings") == 42
    finally:
        store.close()


async def test_lessons_are_read_in_pieces(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every call once and in order, however the pieces fall; many at one moment too."""
    with store.bulk() as bulk:
        bulk.predictions(predicted(f"c{n:03}", at=float(n // 7)) for n in range(100))
        bulk.predictions(predicted(f"c{n:03}", 2, at=float(n // 7)) for n in range(0, 100, 3))
        bulk.outcomes(noted(f"c{n:03}") for n in range(100))
        bulk.outcomes(noted(f"d{n:03}", at=float(n // 7)) for n in range(50))
    whole = [(one.at, one.call) for one in store.lessons.lessons(0.0, 999.0)]
    assert len(whole) == 150
    assert whole == sorted(whole)
    reads = []
    read_now = store.lessons._reader.read_now

    def counted(query):  # type: ignore[no-untyped-def]
        reads.append(1)
        return read_now(query)

    monkeypatch.setattr(store.lessons._reader, "read_now", counted)
    for piece in (1, 5, 7, 50, 100):
        monkeypatch.setattr(predictions, "PIECE", piece)
        reads.clear()
        lessons = store.lessons.lessons(0.0, 999.0)
        first = next(lessons)
        assert len(reads) == 2  # one piece of each kind, not more
        assert [(one.at, one.call) for one in (first, *lessons)] == whole
        assert len(reads) == 100 // piece + 1 + 50 // piece + 1


async def test_bulk_loading(store: Store, address: str) -> None:
    """Everything the demonstration fills in comes back, and the indexes are there again."""
    row = person(
        "p1", phone("+1"), predict=False, happenings=(happening("h", NOW - 1.0, topic=None),),
        pages=(PageView(at=NOW - 2.0, page="fees"),),
    )  # fmt: skip
    with store.bulk() as bulk:
        assert bulk.people([row]) == 1
        assert bulk.conditions([condition("c", 1.0), condition("d", 2.0, until=5.0)]) == 2
        assert bulk.predictions([predicted("c1"), predicted("c1", 2, model="m2")]) == 2
        assert bulk.outcomes([noted("c1")]) == 1
    assert await store.people.person("p1") == row
    assert [one.id for one in await store.surroundings.conditions(0.0)] == ["c", "d"]
    (lesson,) = store.lessons.lessons(0.0, 999.0)
    assert (lesson.model, lesson.features) == ("m2", predicted("c1").features)
    catalogue = (
        "SELECT name FROM sqlite_master WHERE type = 'index'"
        if address.startswith("sqlite")
        else "SELECT indexname FROM pg_indexes"
    )
    made = {name for (name,) in run_sql(address, catalogue)}
    assert made >= {"ix_happenings_at", "ix_pages_at", "ix_predictions_at_call", "ix_outcomes_at"}


async def test_lessons_use_the_indexes(tmp_path: Path) -> None:
    """A time is found by an index, and the first piece does not read all of it."""
    store = open_store(f"sqlite:///{tmp_path / 'a.db'}")
    read = store.lessons._reader.read_now
    for query, index in (
        (predictions._PREDICTED, "ix_predictions_at_call"),
        (predictions._UNPREDICTED, "ix_outcomes_at"),
    ):
        plan = read(lambda c, query=query: _plan(c, query))  # type: ignore[misc]
        assert index in plan
        assert "SCAN" not in plan
    store.close()


def _plan(connection, query) -> str:  # type: ignore[no-untyped-def]
    given = query.params(at=0.0, call="", until=9.0, piece=5)
    said = given.compile(connection, compile_kwargs={"literal_binds": True})
    rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {said}").all()
    return " ".join(str(row[3]) for row in rows)


def test_statements_can_be_said_to_postgresql() -> None:
    """What is new compiles for it, with named parameters."""
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    told = surroundings.Told(dialect)
    for statement in (
        predictions._PREDICTED, predictions._UNPREDICTED, told._happening, told._page,
    ):  # fmt: skip
        assert "%(" in str(statement.compile(dialect=dialect))
    assert "ON CONFLICT (person, id) DO UPDATE" in str(told._happening.compile(dialect=dialect))


async def test_an_older_store_is_brought_up_to_date(store: Store, address: str) -> None:
    """People and outcomes of schema 0003 stay, and prediction is on for them."""
    with store.bulk() as bulk:
        bulk.people([person("p1", phone("+1"))])
        bulk.outcomes([noted("c1")])
    store.close()
    older = ("happenings", "pages", "conditions", "predictions", "marks", "knowledge")
    later = [name for name in metadata.tables if name.startswith("callback")]
    run_sql(
        address,
        *(f"DROP TABLE {name}" for name in (*older, *later, "deflections", "secrets")),
        "DROP INDEX ix_interactions_number_arrived",
        "DROP INDEX ix_outcomes_at",
        "ALTER TABLE people DROP COLUMN predict",
        "UPDATE alembic_version SET version_num = '0003'",
    )
    again = open_store(address, now=lambda: NOW)
    try:
        (row,) = await again.people.behind(["+1"])
        assert (row.id, row.predict, row.happenings) == ("p1", True, ())
        assert [one.call for one in again.lessons.lessons(0.0, 999.0)] == ["c1"]
    finally:
        again.close()
