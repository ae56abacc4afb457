"""The journal on disk: order, poison events, two engines, and kill -9 at any moment."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from callcenter.floor.events import (
    AgentSignedIn,
    CallEnded,
    Event,
    ExchangeConnected,
    FloorOpened,
    TimePassed,
)
from callcenter.journal import Journal
from callcenter.store import StoreError, open_store

WRITES_UNTIL_KILLED = """
import asyncio, sys
from callcenter.floor.events import TimePassed
from callcenter.journal import Journal
from callcenter.store import open_store

async def producer(journal):
    while True:
        position = journal.append(TimePassed(at=float(journal.last + 1)))
        await journal.durable(position)
        sys.stdout.write(f"{position}\\n")
        sys.stdout.flush()

async def main():
    journal = Journal(open_store(sys.argv[1]))
    print(f"open {journal.last}", flush=True)
    await asyncio.gather(*(producer(journal) for _ in range(20)))

asyncio.run(main())
"""


def test_killed_at_any_moment(address: str) -> None:
    """Over kill -9 at random moments every acknowledged event is there, in order, without holes."""
    chance, acknowledged = random.Random(5), 0
    for _ in range(5):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITES_UNTIL_KILLED, address],
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        assert process.stdout is not None
        first = process.stdout.readline()
        assert int(first.split()[1]) >= acknowledged
        time.sleep(chance.uniform(0.0, 0.25))
        process.kill()
        said = process.stdout.read()
        process.stdout.close()
        process.wait()
        # The last line may be cut in the middle by the kill: only whole ones count.
        acknowledged = max([acknowledged, *map(int, said.split("\n")[:-1])])
        store = open_store(address)
        found = list(store.journal.read())
        store.close()
        assert [position for position, _ in found] == list(range(1, len(found) + 1))
        assert len(found) >= acknowledged
        assert all(event == TimePassed(at=float(position)) for position, event in found)
    assert acknowledged > 0


async def test_goes_on_after_the_last(address: str) -> None:
    """A reopened journal goes on at the next position, and reads back what was appended."""
    events = [CallEnded(at=float(n), call=f"c{n}", why="completed") for n in range(2500)]
    for half in (events[:1300], events[1300:]):
        store = open_store(address)
        journal = Journal(store)
        for event in half:
            journal.append(event)
        journal.close()
        store.close()
    store = open_store(address)
    assert store.journal.last() == 2500
    assert list(store.journal.read()) == list(enumerate(events, 1))
    assert [position for position, _ in store.journal.read(1200, 1210)] == list(range(1200, 1211))
    assert list(store.journal.read(2501)) == []
    store.close()


async def test_unwritable_event_is_lost_alone(address: str) -> None:
    """An event JSON cannot hold is refused to whoever waits for it; its neighbours are written."""
    store = open_store(address)
    journal = Journal(store)
    good = journal.append(TimePassed(at=1.0))
    bad = journal.append(TimePassed(at=float("nan")))
    after = journal.append(TimePassed(at=2.0))
    with pytest.raises(StoreError, match="position 2 was lost: TimePassed cannot be written"):
        await journal.durable(bad)
    await journal.durable(good)
    await journal.durable(after)
    assert journal.lost == 1
    journal.close()
    with pytest.raises(StoreError, match="positions 2 to 2"):
        list(store.journal.read())
    assert [position for position, _ in store.journal.read(holes=True)] == [1, 3]
    store.close()


async def test_second_engine_is_refused(address: str) -> None:
    """Two engines on one journal: the later one's events are refused, nothing is overwritten."""
    store = open_store(address)
    first, second = Journal(store), Journal(store)
    for n in range(10):
        position = first.append(TimePassed(at=float(n)))
    await first.durable(position)
    refused = [second.append(TimePassed(at=99.0)) for _ in range(10)]
    for one in refused:
        with pytest.raises(StoreError, match=r"was lost: .* refused the data"):
            await second.durable(one)
    assert [event.at for _, event in store.journal.read()] == [float(n) for n in range(10)]
    await second.durable(second.append(TimePassed(at=7.0)))  # beyond the clash it goes on
    first.close()
    second.close()
    store.close()


async def test_waiting_is_for_what_was_given(address: str) -> None:
    """A position nobody was given is a mistake of the caller, and is said to be one."""
    store = open_store(address)
    journal = Journal(store)
    with pytest.raises(ValueError, match="no event has position 1 yet"):
        await journal.durable(1)
    await journal.durable(0)
    journal.close()
    store.close()


async def test_closed_journal_takes_no_more(address: str) -> None:
    """After closing, an event is counted as lost, and whoever waits for it is told."""
    store = open_store(address)
    journal = Journal(store)
    journal.close()
    position = journal.append(TimePassed(at=1.0))
    with pytest.raises(StoreError, match="the journal is closed"):
        await journal.durable(position)
    store.close()


async def test_given_up_wait_harms_nobody(address: str) -> None:
    """One who stops waiting does not disturb the others."""
    store = open_store(address)
    journal = Journal(store)
    positions = [journal.append(TimePassed(at=float(n))) for n in range(20)]
    tasks = [asyncio.ensure_future(journal.durable(position)) for position in positions]
    await asyncio.sleep(0)
    tasks[3].cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(one).__name__ for one in results if one is not None] == ["CancelledError"]
    journal.close()
    store.close()


def _opened(at: float) -> FloorOpened:
    return FloorOpened(at=at, wrapup_seconds=None, control_members=False, midnight=0.0)


def _signed_in(at: float, agent: str) -> AgentSignedIn:
    return AgentSignedIn(at=at, agent=agent, name=agent, device=f"PJSIP/{agent}", skills=())


async def _last_run(address: str, *events: Event) -> list[str]:
    """Who signed in, after the run that counts began."""
    store = open_store(address)
    journal = Journal(store)
    for event in events:
        position = journal.append(event)
    await journal.durable(position)
    journal.close()
    last, found = store.journal.last_run((AgentSignedIn,), ExchangeConnected, 900.0)
    store.close()
    assert last == events[-1].at
    return [one.agent for one in found if isinstance(one, AgentSignedIn)]


async def test_runs_that_were_ended_while_they_started_took_nobody_away(address: str) -> None:
    connected = ExchangeConnected(at=13.0, version="22", restarted=False)
    assert await _last_run(
        address,
        _opened(1.0), _signed_in(2.0, "old"), replace(connected, at=3.0),
        _opened(10.0), _signed_in(11.0, "1"), _signed_in(12.0, "2"), connected,
        _opened(20.0), _signed_in(21.0, "1"),
        _opened(30.0),
    ) == ["1", "2", "1"]  # fmt: skip


async def test_a_start_a_day_later_takes_over_nobody(address: str) -> None:
    connected = ExchangeConnected(at=3.0, version="22", restarted=False)
    assert (
        await _last_run(
            address, _opened(1.0), _signed_in(2.0, "1"), connected, _opened(90_000.0),
            _opened(90_001.0),
        )
        == []
    )  # fmt: skip


async def test_runs_that_never_reached_the_exchange_are_taken_together(address: str) -> None:
    found = await _last_run(
        address, _opened(1.0), _signed_in(2.0, "1"), _opened(4.0), _signed_in(5.0, "2")
    )
    assert found == ["1", "2"]
