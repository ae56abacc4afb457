"""What calls queues had, on twin and store alike."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest

from tests.contract.conftest import Office
from tests.contract.samples import NOW, ended, reservation

HOSTILE = "'; DROP TABLE interactions;--"


def call(n: int, at: float, **changes: Any) -> Any:
    """Answered by mei after 4 s, talked to for a minute."""
    changes = {"answered": at + 4.0, "ended": at + 64.0, "wait": 4.0, "talk": 60.0, **changes}
    return ended(f"c{n}", arrived=at, **changes)


def gone(n: int, at: float, wait: float, why: str = "abandoned") -> Any:
    return call(n, at, answered=None, agent=None, ended=at + wait, wait=wait, talk=0.0, why=why)


async def recorded(office: Office, *calls: Any) -> None:
    for one in calls:
        await office.records.record_call(one)


async def test_arrivals(office: Office) -> None:
    """By interval from ``since`` on, before ``until``; of the queue, and no calls of ours."""
    times = (-0.001, 0.0, 899.999, 900.0, 2_700.0, 3_599.9, 3_600.0)
    await recorded(office, *(call(n, NOW + at) for n, at in enumerate(times)))
    await recorded(office, call(20, NOW, queue="sales"), call(21, NOW, direction="outbound"),
                   call(22, NOW, queue=None), gone(23, NOW + 901.0, 3.0))  # fmt: skip
    assert list(await office.demand.arrivals("service", NOW, NOW + 3_600.0, 900.0)) == [
        (NOW, 2), (NOW + 900.0, 2), (NOW + 2_700.0, 2),
    ]  # fmt: skip
    assert list(await office.demand.arrivals(HOSTILE, NOW, NOW + 3_600.0, 900.0)) == []


async def test_handled(office: Office) -> None:
    """Mean talk and wrap-up of the answered, and patience: all waits by how many gave up."""
    assert await office.demand.handled("service", NOW, NOW + 99.0) == (0, 0.0, None)
    await recorded(office, call(1, NOW), call(2, NOW + 1.0, talk=90.0, wait=10.0))
    assert await office.demand.handled("service", NOW, NOW + 99.0) == (2, 75.0, None)
    await recorded(office, gone(3, NOW + 2.0, 20.0), gone(4, NOW + 3.0, 30.0),
                   gone(5, NOW + 4.0, 40.0, why="queue_left"), gone(6, NOW + 99.0, 1.0),
                   call(7, NOW, queue="sales"), call(8, NOW, direction="outbound"))  # fmt: skip
    count, spent, patience = await office.demand.handled("service", NOW, NOW + 99.0)
    assert (count, spent, patience) == (2, 75.0, (4.0 + 10.0 + 20.0 + 30.0 + 40.0) / 2)


async def test_wrap_up_is_part_of_it(office: Office) -> None:
    """Where the reservation of who talked is there, its end is the end of wrap-up; not where an
    engine was stopped in between."""
    await recorded(office, call(1, NOW), call(2, NOW + 100.0), call(3, NOW + 200.0))

    async def wrapped(n: int, at: float, after: float, **changes: Any) -> None:
        made = reservation(f"r{n}", 3, call=f"c{n}", made=at + 1.0, changed=at + 64.0 + after,
                           state="completed", deadline=None)  # fmt: skip
        for name, value in changes.items():
            object.__setattr__(made, name, value)
        await office.records.keep_reservation(made)

    await wrapped(1, NOW, 30.0)
    await wrapped(2, NOW + 100.0, -0.5)
    await wrapped(3, NOW + 200.0, 4_000.0, why="engine_stopped")
    assert await office.demand.handled("service", NOW, NOW + 999.0) == (3, 75.0, None)
    assert await office.demand.handled("service", NOW + 200.0, NOW + 999.0) == (1, 60.0, None)


async def test_who_was_at_work(office: Office) -> None:
    """Different agents who talked in each interval, also when a talk goes over several."""
    await recorded(
        office,
        call(1, NOW, agent="mei"), call(2, NOW + 100.0, agent="mei"), call(3, NOW, agent="bo"),
        call(4, NOW + 890.0, agent="ann", ended=NOW + 1_850.0),
        call(5, NOW - 500.0, agent="kim", ended=NOW + 5.0), call(6, NOW - 500.0, agent="old"),
        call(7, NOW + 3_500.0, agent="late", ended=NOW + 9_000.0),
        call(8, NOW + 3_599.0, agent="next"), gone(9, NOW, 5.0),
        call(10, NOW, agent="other", queue="sales"),
        call(11, NOW, agent="out", direction="outbound"),
    )  # fmt: skip
    assert list(await office.demand.at_work("service", NOW, NOW + 3_600.0, 900.0)) == [
        (NOW, 4), (NOW + 900.0, 1), (NOW + 1_800.0, 1), (NOW + 2_700.0, 1),
    ]  # fmt: skip


@pytest.mark.parametrize("seed", range(3))
async def test_as_counted_one_by_one(office: Office, seed: int) -> None:
    """Of a random day: the sums over all intervals are the calls, and each talk is where it was."""
    chance, step = random.Random(seed), 1_800.0
    calls = []
    for n in range(200):
        at = NOW + chance.uniform(0.0, 86_400.0)
        talk = chance.expovariate(1 / 2_000.0)
        calls.append(
            call(n, at, agent=f"a{chance.randrange(9)}", answered=at + 5.0, ended=at + 5.0 + talk)
        )
    await recorded(office, *calls)
    until = NOW + 86_400.0
    arrivals = dict(await office.demand.arrivals("service", NOW, until, step))
    assert sum(arrivals.values()) == 200
    at_work = dict(await office.demand.at_work("service", NOW, until, step))
    for k in range(48):
        begin, end = NOW + k * step, NOW + (k + 1) * step
        assert arrivals.get(begin, 0) == sum(begin <= one.arrived < end for one in calls)
        there = {one.agent for one in calls if one.answered < end and one.ended >= begin}
        assert at_work.get(begin, 0) == len(there)
    assert math.isclose(min(arrivals), NOW + math.floor((min(arrivals) - NOW) / step) * step)
