"""The ports' implementations: the in-memory twins, and the store in each kind of database."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from callcenter.callback_ports import Callbacks, Demand
from callcenter.journal import Journal
from callcenter.ports import (
    Account,
    Accounts,
    History,
    Knowledge,
    Lessons,
    People,
    PersonRow,
    Records,
    Surroundings,
)
from callcenter.ports import Journal as JournalPort
from callcenter.store import Store, open_store
from tests.contract.samples import NOW
from tests.databases import DATABASES, address_of
from tests.fakes import (
    MemoryAccounts,
    MemoryCallbacks,
    MemoryDemand,
    MemoryJournal,
    MemoryKnowledge,
    MemoryLessons,
    MemoryPeople,
    MemoryRecords,
    MemorySurroundings,
)


@dataclass(frozen=True, slots=True)
class Ports:
    people: People
    records: Records
    history: History
    journal: JournalPort
    accounts: Accounts
    lessons: Lessons
    surroundings: Surroundings
    knowledge: Knowledge


Build = Callable[[Sequence[PersonRow], Sequence[Account]], Ports]


IMPLEMENTATIONS = ["memory", *DATABASES]


@pytest.fixture(params=IMPLEMENTATIONS)
def build(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Build]:
    """Makes the ports over given people and accounts; it is ``NOW`` for them."""
    opened: list[tuple[Store, Journal]] = []

    def memory(people: Sequence[PersonRow], accounts: Sequence[Account]) -> Ports:
        records = MemoryRecords()
        known = MemoryPeople(people, records, lambda: NOW)
        return Ports(
            known, records, records, MemoryJournal(), MemoryAccounts(accounts),
            MemoryLessons(records), MemorySurroundings(known), MemoryKnowledge(records),
        )  # fmt: skip

    def stored(people: Sequence[PersonRow], accounts: Sequence[Account]) -> Ports:
        store = open_store(address_of(request, request.param, tmp_path), now=lambda: NOW)
        with store.bulk() as bulk:
            bulk.people(people)
            bulk.accounts(accounts)
        journal = Journal(store)
        opened.append((store, journal))
        return Ports(
            store.people, store.records, store.records, journal, store.accounts, store.lessons,
            store.surroundings, store.knowledge,
        )  # fmt: skip

    yield memory if request.param == "memory" else stored
    for store, journal in opened:
        journal.close()
        store.close()


class Clock:
    """What the store takes for the database's clock; a test sets ``now``."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


@dataclass(frozen=True, slots=True)
class Office:
    """What callbacks need, over no people and no calls."""

    callbacks: Callbacks
    demand: Demand
    records: Records
    clock: Clock


@pytest.fixture(params=IMPLEMENTATIONS)
def office(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Office]:
    clock = Clock()
    if request.param == "memory":
        records = MemoryRecords()
        yield Office(MemoryCallbacks(clock, records), MemoryDemand(records), records, clock)
        return
    store = open_store(address_of(request, request.param, tmp_path), callback_clock=clock)
    yield Office(store.callbacks, store.demand, store.records, clock)
    store.close()
