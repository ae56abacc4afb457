"""A store with as many known numbers as one likes, for the benchmarks: made once, kept in a cache.

Everybody has a name, a number and the usual fields. One person in twenty, evenly spread, is one of
those who will call: they have what people who call have (orders, bills, cases, promises, earlier
contacts), taken over from a generated population. That population's own week of calls is in the
store as well, so that the prediction has something to go by.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from callcenter.auth import Passwords
from callcenter.demo_people import catalogue_of, pack_of, seen_of
from callcenter.population import Population, fill, generate
from callcenter.ports import Account, ContactPoint, PersonRow
from callcenter.settings import Settings
from callcenter.store import open_store

AGENTS = 1_000
CALLS = 20
"""One person in so many is a caller."""
PASSWORD = "of no use outside this benchmark"  # nothing but loopback ever sees it
_TEMPLATES = 5_000
_SEED = 1


def number_of(person: int) -> str:
    """E.164. The step has no common factor with ten, so that the numbers of neighbours are far
    apart and none comes twice."""
    return f"+4477{(person * 7_654_321 + 1_234_567) % 10**8:08d}"


def callers(people: int) -> range:
    """Those with a history, of ``people``."""
    return range(0, people, CALLS)


def agent(index: int) -> tuple[str, str]:
    """Name to sign in with, and device."""
    return str(2001 + index), f"PJSIP/{2001 + index}"


def cached_store(people: int, folder: Path) -> Path:
    """The SQLite file with ``people`` known numbers; made now if it is not in ``folder``."""
    path = folder / f"known-{people}-2.db"  # the number changes when the people do
    if path.exists():
        return path
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    unfinished.unlink(missing_ok=True)
    began = time.monotonic()
    _make(people, unfinished)
    os.replace(unfinished, path)
    size = path.stat().st_size / 1e9
    _say(f"{people:,} known numbers, {size:.1f} GB, in {time.monotonic() - began:.0f} s\n")
    return path


def _make(people: int, path: Path) -> None:
    _say(f"making {path}\n")
    population = generate(
        _SEED, _TEMPLATES, time.time(), catalogue=catalogue_of(pack_of(Settings()))
    )
    passwords = Passwords(passes=1, memory_kib=1024)
    hashed = passwords.hash(PASSWORD)
    passwords.close()
    store = open_store(f"sqlite:///{path}")
    try:
        with store.bulk() as bulk:
            fill(bulk, population, seen_of(Settings()))
            bulk.accounts(
                Account(
                    agent=name, name=f"Agent {name}", role="agent", device=device,
                    password_hash=hashed, language="en", active=True,
                )
                for name, device in map(agent, range(AGENTS))
            )  # fmt: skip
            bulk.people(_people(people, population))
            _say("\rindexes" + " " * 40)
    finally:
        store.close()
    _say("\r")


def _people(people: int, population: Population) -> Iterator[PersonRow]:
    rows = [life.row(population.until) for life in population.lives]
    began = time.monotonic()
    for index in range(people):
        template = rows[index // CALLS % len(rows)]
        who = f"K{index:08d}"
        points = (ContactPoint(kind="phone", value=number_of(index), label="mobile"),)
        if index % CALLS == 0:
            contacts = tuple(
                replace(contact, call=f"{who}-{place}")
                for place, contact in enumerate(template.contacts)
            )
            yield replace(template, id=who, points=points, contacts=contacts)
        else:
            yield replace(
                template, id=who, points=points, orders=(), bills=(), cases=(), promises=(),
                contacts=(),
            )  # fmt: skip
        if index % 100_000 == 0:
            spent = time.monotonic() - began
            _say(f"\r{index:>12,} of {people:,} people, {spent:.0f} s")


def _say(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()
