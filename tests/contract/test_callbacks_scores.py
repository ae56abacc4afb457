"""How promises came out and who came back, counted by hand, on twin and store alike."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from callcenter.callback_ports import CallbackScore, DeflectionScore
from callcenter.floor.callback import Callback
from tests.contract.callback_samples import booked, dialling, number, shown, stepped, wanted
from tests.contract.conftest import Office
from tests.contract.samples import NOW, ended

HOUR = 3_600.0
DAY = 24 * HOUR


async def dialled(office: Office, callback: Callback, at: float, call: str) -> Callback:
    """Claimed and dialled at that time, by the store's clock; ``at`` within the window."""
    office.clock.now = at
    held = await office.callbacks.take(callback.id, "one")
    assert held is not None
    step = dialling(held, call, dialled=at)
    await office.callbacks.keep(step, dialling=True)
    return step


async def scores(office: Office, **more: Any) -> tuple[CallbackScore, ...]:
    return await office.callbacks.scores(NOW - DAY, NOW + 9 * DAY, "UTC", **more)


async def test_scores_of_a_day(office: Office) -> None:
    """Kept: dialled within the window. Not kept: why. Cancelled in time: not counted."""
    await booked(office.callbacks, *(wanted(n) for n in range(8)))
    talked = await dialled(office, wanted(0), NOW + 30.0, "a")
    await office.callbacks.keep(stepped(
        talked, state="done", why="talked", reached=NOW + 40.0, ended=NOW + 99.0))  # fmt: skip
    missed = await dialled(office, wanted(1), NOW + 100.0, "b")
    missed = stepped(missed, state="due", causes=("no_answer",))
    await office.callbacks.keep(missed)
    missed = dialling(missed, "c")
    office.clock.now = NOW + 300.0
    await office.callbacks.keep(missed, dialling=True)
    await office.callbacks.keep(
        stepped(missed, state="expired", why="attempts_used", ended=NOW + 330.0))  # fmt: skip
    for n, why in ((2, "window_over"), (3, "called_in"), (4, "by_staff"), (5, "by_customer")):
        over = stepped(wanted(n), state="cancelled", why=why, ended=NOW + 100.0)
        assert await office.callbacks.change(over, 1)
    too_late = stepped(wanted(6), state="cancelled", why="by_customer", ended=NOW + 900.0)
    assert await office.callbacks.change(too_late, 1)
    before = CallbackScore(
        queue="service", day=datetime.fromtimestamp(NOW, UTC).date().isoformat(), promised=6,
        kept=2, reached=1, late=0, late_p90=None,
        broken=(("by_customer", 1), ("by_staff", 1), ("called_in", 1), ("window_over", 1)),
        attempts=3, wait_p50=65.0,
    )  # fmt: skip
    office.clock.now = NOW + 899.0
    assert await scores(office) == (before,)
    # The window of the last one closes, and nobody was there.
    office.clock.now = NOW + 900.0
    broken = (*before.broken[:3], ("window_over", 2))
    assert await scores(office) == (replace(before, promised=7, broken=broken),)


async def test_late_is_counted(office: Office) -> None:
    """If one was ever dialled after its window, it is late, by how much, and not kept."""
    for n in range(10):
        late = wanted(n, dialled=NOW + 900.0 + 10.0 * n, attempts=1, state="retry")
        await booked(office.callbacks, late)
    early = wanted(10, dialled=NOW - 60.0, attempts=1, state="expired", why="law", ended=NOW)
    await booked(office.callbacks, early)
    office.clock.now = NOW + 9_000.0
    (score,) = await scores(office)
    assert (score.promised, score.kept, score.late, score.late_p90) == (11, 0, 10, 80.0)
    assert score.broken == (("late", 10), ("law", 1))
    assert score.wait_p50 == 945.0


async def test_a_window_that_was_moved(office: Office) -> None:
    """After another time was agreed, the dialling of before is not that of this window."""
    await booked(office.callbacks, wanted(1))
    first = await dialled(office, wanted(1), NOW + 5.0, "a")
    waits = stepped(first, state="retry", due=NOW + 500.0)
    await office.callbacks.keep(waits)
    opens = NOW + 2 * HOUR
    moved = replace(waits, state="scheduled", opens=opens, due=opens, closes=opens + 900.0)
    assert await office.callbacks.change(moved, waits.version)
    office.clock.now = opens + 900.0
    (score,) = await scores(office)
    assert (score.promised, score.kept, score.broken) == (1, 0, (("window_over", 1),))
    await dialled(office, moved, opens + 60.0, "b")
    office.clock.now = opens + 900.0
    (score,) = await scores(office)
    assert (score.promised, score.kept, score.wait_p50, score.attempts) == (1, 1, 60.0, 2)


async def test_days_and_queues(office: Office) -> None:
    """By the local day in which a window closes, latest first, then by queue; also over the
    change of the clocks, and only of the queue asked for."""
    berlin = [  # 2026-03-29 begins at 23:00 UTC the day before, and has 23 hours
        ("2026-03-28T22:59:59", "2026-03-28"), ("2026-03-28T23:00:00", "2026-03-29"),
        ("2026-03-29T21:59:59", "2026-03-29"), ("2026-03-29T22:00:00", "2026-03-30"),
    ]  # fmt: skip
    for n, (closes, _) in enumerate(berlin):
        at = datetime.fromisoformat(closes).replace(tzinfo=UTC).timestamp()
        for m, queue in ((n, "service"), (n + 10, "sales")):
            one = wanted(m, queue=queue, opens=at - 900.0, due=at - 900.0, closes=at)
            await booked(office.callbacks, one)
    office.clock.now = at + 1.0
    since = datetime(2026, 3, 28, tzinfo=UTC).timestamp()
    found = await office.callbacks.scores(since, at + 1.0, "Europe/Berlin")
    assert [(one.day, one.queue, one.promised) for one in found] == [
        ("2026-03-30", "sales", 1), ("2026-03-30", "service", 1), ("2026-03-29", "sales", 2),
        ("2026-03-29", "service", 2), ("2026-03-28", "sales", 1), ("2026-03-28", "service", 1),
    ]  # fmt: skip
    some = await office.callbacks.scores(since, at, "Europe/Berlin", queue="service")
    assert [(one.day, one.promised) for one in some] == [("2026-03-29", 2), ("2026-03-28", 1)]
    assert await office.callbacks.scores(since, at, "Europe/Berlin", queue="'; --") == ()


async def test_who_came_back(office: Office) -> None:
    """Of those who said it was solved: who called, or asked for a callback, by number or person."""
    office.clock.now = NOW + 100 * HOUR
    told = [
        shown("silent"),
        shown("unknown", solved=True),
        shown("not", solved=False, number=number(1)),
        shown("stayed", solved=True, number=number(2)),
        shown("day", solved=True, number=number(3)),
        shown("two days", solved=True, person="p4"),
        shown("week", solved=True, number=number(5)),
        shown("booked", solved=True, number=number(6), booked="R006"),
        shown("by another number", solved=True, number=number(7), person="p7"),
        shown("lately", at=NOW + 50 * HOUR, solved=True, number=number(8)),
        shown("outside", at=NOW - 1.0, solved=True, number=number(3)),
    ]
    for one in told:
        await office.callbacks.deflected(one)
    calls = [
        (number(3), None, NOW + 24 * HOUR, "inbound"),
        (number(9), "p4", NOW + 72 * HOUR, "inbound"),
        (number(5), None, NOW + 72 * HOUR + 1.0, "inbound"), (number(2), None, NOW, "inbound"),
        (number(2), None, NOW + 1.0, "outbound"), (None, None, NOW + 1.0, "inbound"),
        (number(8), None, NOW + 60 * HOUR, "inbound"),
    ]  # fmt: skip
    for n, (digits, person, at, direction) in enumerate(calls):
        await office.records.record_call(
            ended(f"c{n}", number=digits, person=person, arrived=at, direction=direction)
        )
    again = wanted(7, made=NOW + 2.0, number=number(9), person="p7")
    await booked(office.callbacks, wanted(6, made=NOW + 1.0), again)
    assert await office.callbacks.deflection(NOW, NOW + 99 * HOUR, NOW + 100 * HOUR) == (
        DeflectionScore(shown=10, solved=8, booked=1, known=7, back_24=4, back_72=4, over_72=6)
    )
    # At an earlier hour less was known: nothing of what came after it counts.
    assert await office.callbacks.deflection(NOW, NOW + HOUR, NOW + 24 * HOUR - 1.0) == (
        DeflectionScore(shown=9, solved=7, booked=1, known=6, back_24=2, back_72=0, over_72=0)
    )
    assert (await office.callbacks.deflection(NOW + HOUR, NOW + HOUR, NOW)).shown == 0


async def test_told_again_fuller(office: Office) -> None:
    """What is told later is added; what was told before stays."""
    await office.callbacks.deflected(shown("d", number=number(1)))
    later = replace(shown("d"), at=NOW + 9.0, answers=(), opened=("fees.why",), solved=True)
    await office.callbacks.deflected(later)
    await office.callbacks.deflected(replace(shown("d"), booked="R001"))
    score = await office.callbacks.deflection(NOW, NOW + 1.0, NOW + 1.0)
    assert (score.shown, score.solved, score.known, score.booked) == (1, 1, 1, 1)
    await office.callbacks.deflected(replace(shown("d"), solved=False))
    score = await office.callbacks.deflection(NOW, NOW + 1.0, NOW + 1.0)
    assert (score.shown, score.solved) == (1, 0)


@pytest.mark.parametrize("seed", range(3))
async def test_nobody_is_counted_twice(office: Office, seed: int) -> None:
    """Shares are of their whole: whatever happens, kept, late and broken make up the promised."""
    chance = random.Random(seed)
    for n in range(60):
        opens = NOW + 900.0 * chance.randrange(200)
        one = wanted(n, opens=opens, due=opens, closes=opens + 900.0)
        what = chance.choice(("nothing", "talked", "expired", "late", "cancelled"))
        over: dict[str, dict[str, Any]] = {
            "talked": {"state": "done", "why": "talked"},
            "expired": {"state": "expired", "why": "window_over"},
            "cancelled": {"state": "cancelled", "why": "by_customer"},
        }
        if what in over:
            one = replace(one, ended=opens + chance.uniform(-9, 999), **over[what])
        if what in ("talked", "late"):
            one = replace(one, dialled=opens + (5.0 if what == "talked" else 950.0), attempts=1)
        await booked(office.callbacks, one)
    office.clock.now = NOW + 900.0 * 100
    found = await scores(office)
    assert sum(day.promised for day in found) > 20
    for day in found:
        assert day.kept + sum(count for _, count in day.broken) == day.promised
        assert dict(day.broken).get("late", 0) == day.late
