"""The planner on an in-memory store and seeded demand."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from datetime import datetime, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import pytest

from callcenter.callback_ports import CallbackRefused, Caps, SlotHold, Source
from callcenter.callbacks.planner import Planner, QueuePlan
from callcenter.callbacks.staffing import BadStaff
from callcenter.floor.callback import Callback
from callcenter.floor.hours import parse_hours
from callcenter.floor.waits import Estimate
from tests.fake_callbacks import MemoryCallbacks

T = TypeVar("T")
ZONE = "Europe/Zurich"
HOURS = parse_hours(["mon-fri 08:00-18:00"], ["2026-11-05"], ZONE)


def at(day: int, hour: int = 0, minute: int = 0) -> float:
    """In November 2026; the 2nd is a Monday."""
    return datetime(2026, 11, day, hour, minute, tzinfo=ZoneInfo(ZONE)).timestamp()


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


class Seeded:
    """``Demand``: ``calls`` a quarter and ``agents`` at work in opening hours for eight weeks."""

    def __init__(self, calls: int = 24, agents: int = 12) -> None:
        self.calls, self.agents = calls, agents
        self.surge: dict[float, int] = {}
        self.asked = 0

    async def arrivals(self, queue, since, until, step):
        self.asked += 1
        return [(when, self.surge.get(when, self.calls)) for when in _open(since, until, step)]

    async def handled(self, queue, since, until):
        return (1000, 240.0, 180.0) if self.calls else (0, 0.0, None)

    async def at_work(self, queue, since, until, step):
        return [(when, self.agents) for when in _open(since, until, step)] if self.agents else []


def _open(since, until, step):
    when = since
    while when < until:
        local = datetime.fromtimestamp(when, ZoneInfo(ZONE))
        if local.isoweekday() < 6 and 8 <= local.hour < 18:
            yield when
        when += step


def planner(demand: Seeded | None = None, **plan: Any) -> tuple[Planner, MemoryCallbacks, Seeded]:
    store, demand = MemoryCallbacks(), demand or Seeded()
    plan = {"hours": HOURS, "notice": 1800.0, "days_ahead": 7} | plan
    return Planner(store, demand, {"q": QueuePlan(**plan)}, ZONE), store, demand


def promise(store: MemoryCallbacks, opens: float, count: int = 1) -> None:
    for _ in range(count):
        one = f"C{len(store.rows)}"
        store.rows[one] = Callback(
            id=one, version=1, state="scheduled", origin="web", queue="q",
            number=f"+4144334{len(store.rows):04}", zone=ZONE, made=0.0, place=opens,
            opens=opens, closes=opens + 900, due=opens,
        )  # fmt: skip


def test_slots_respect_hours_notice_days_and_holidays():
    plan, _, _ = planner()
    found = run(plan.slots("q", at(2, 9, 10), at(30)))
    assert found[0].opens == at(2, 9, 45)
    assert found[-1].closes == at(9, 18)  # a week ahead, and no further
    days = {datetime.fromtimestamp(one.opens, ZoneInfo(ZONE)).day for one in found}
    assert days == {2, 3, 4, 6, 9}
    assert all(one.room > 0 and one.closes - one.opens == 900 for one in found)
    assert run(plan.slots("q", at(2, 9, 10), at(2, 10)))[-1].opens == at(2, 9, 45)


def test_promises_take_room_and_full_slots_are_not_offered():
    plan, store, _ = planner()
    before = {one.opens: one for one in run(plan.slots("q", at(2, 9), at(3)))}
    room = before[at(2, 11)].room
    assert 1 <= room <= 12
    promise(store, at(2, 11), room)
    promise(store, at(2, 12), 1)
    after = {one.opens: one for one in run(plan.slots("q", at(2, 9), at(3)))}
    assert at(2, 11) not in after
    assert after[at(2, 12)].taken == 1
    assert after[at(2, 11, 15)] == before[at(2, 11, 15)]


def test_hold_is_what_the_store_checks():
    async def booked() -> None:
        plan, store, _ = planner()
        hold = await plan.hold("q", at(2, 11), at(2, 9))
        assert isinstance(hold, SlotHold)
        caps = Caps(number_day=None, address_hour=None, prefix_hour=None, site_hour=None)
        promise(store, at(2, 11), hold.capacity - 1)
        for count, fits in ((hold.capacity - 1, True), (hold.capacity, False)):
            again = await plan.hold("q", at(2, 11), at(2, 9))
            assert again == hold
            new = Callback(
                id=f"N{count}", version=1, state="scheduled", origin="web", queue="q",
                number=f"+4179123456{count % 10}", zone=ZONE, made=at(2, 9), place=at(2, 11),
                opens=at(2, 11), closes=at(2, 11, 15), due=at(2, 11),
            )  # fmt: skip
            if fits:
                await store.book(new, Source(), caps, again)
            else:
                with pytest.raises(CallbackRefused) as refused:
                    await store.book(new, Source(), caps, again)
                assert refused.value.why == "slot_taken"

    run(booked())


def test_hold_of_what_was_never_offered_or_is_too_late():
    plan, _, _ = planner()
    ask = lambda opens, now: run(plan.hold("q", opens, now))  # noqa: E731
    assert ask(at(2, 11) + 1, at(2, 9)) is None
    assert ask(at(2, 18), at(2, 9)) is None
    assert ask(at(5, 11), at(2, 9)) is None  # a holiday
    assert ask(at(20, 11), at(2, 9)) is None
    assert ask(at(2, 8), at(2, 9)) is None
    # Shown at 09:29 with half an hour's notice, sent at 09:35: that is still granted.
    assert ask(at(2, 10), at(2, 9, 35)) is not None
    assert ask(at(2, 10), at(2, 9, 41)) is None
    with pytest.raises(KeyError):
        run(plan.hold("other", at(2, 10), at(2, 9)))


def test_without_notice_a_window_that_has_begun_is_not_held():
    plan, _, _ = planner(notice=0.0)
    assert run(plan.hold("q", at(2, 10), at(2, 10))) is None
    assert run(plan.hold("q", at(2, 10), at(2, 9, 59))) is not None


def test_no_more_open_ones_than_that():
    plan, store, _ = planner(most_waiting=2)
    promise(store, at(3, 11), 2)
    assert run(plan.slots("q", at(2, 9), at(9))) == ()
    assert run(plan.now("q", at(2, 9), None)) is None
    assert run(plan.hold("q", at(2, 12), at(2, 9))) == SlotHold(opens=at(2, 12), capacity=0)


def test_more_callers_or_fewer_agents_leave_less_room():
    def total(demand: Seeded, **plan: Any) -> int:
        return sum(one.room for one in run(planner(demand, **plan)[0].slots("q", at(2, 9), at(3))))

    usual = total(Seeded())
    assert total(Seeded(calls=30)) < usual
    assert total(Seeded(agents=10)) < usual
    assert total(Seeded(agents=16)) > usual
    assert total(Seeded(calls=60)) == 0
    assert total(Seeded(), service_level=0.95) < usual
    assert total(Seeded(), handle_seconds=300.0) < usual
    # The plan counts, not what was learned.
    assert total(Seeded(), staff=("mon-fri 08:00-18:00 10",)) == total(Seeded(agents=10))


def test_a_surge_today_takes_room_from_the_next_hours_only():
    def found(demand: Seeded) -> dict[float, int]:
        windows = run(planner(demand)[0].slots("q", at(2, 10), at(4)))
        return {one.opens: one.room for one in windows}

    surging = Seeded()
    surging.surge = {at(2, 9, 30): 60, at(2, 9, 45): 60}
    usual, today = found(Seeded()), found(surging)
    assert at(2, 10, 30) in usual
    assert at(2, 10, 30) not in today
    assert today[at(3, 10, 30)] == usual[at(3, 10, 30)]


def test_who_is_signed_in_counts_for_the_next_half_hour():
    plan, _, _ = planner(notice=0.0)
    before = {one.opens: one.room for one in run(plan.slots("q", at(2, 10), at(3)))}
    plan.told("q", 8, 0, at(2, 10))
    after = {one.opens: one.room for one in run(plan.slots("q", at(2, 10), at(3)))}
    assert at(2, 10, 15) in before
    assert at(2, 10, 15) not in after
    assert after[at(2, 10, 45)] == before[at(2, 10, 45)]
    assert run(plan.staff("q", at(2, 10), at(2, 10, 15))) == 8
    assert run(plan.staff("q", at(2, 11), at(2, 12))) == 12
    assert run(plan.staff("q", at(2, 17), at(2, 19))) == 0


def test_without_history_half_of_the_agents_time_is_the_callers():
    plan, _, _ = planner(Seeded(calls=0, agents=0), staff=("mon-fri 08:00-18:00 12",))
    found = run(plan.slots("q", at(2, 9), at(3)))
    assert found
    assert all(0 < one.room <= 18 for one in found)
    outlook = run(plan.outlook("q", at(2, 9)))
    assert (outlook.basis, outlook.handle_from, outlook.staff) == ("none", "assumed", "planned")
    assert outlook.error is None
    # Nor is anything promised where nobody is known to be there.
    nobody, _, _ = planner(Seeded(calls=0, agents=0))
    assert run(nobody.slots("q", at(2, 9), at(3))) == ()
    assert run(nobody.now("q", at(2, 9), None)) is None


def test_outlook_says_what_it_rests_on():
    plan, _, _ = planner()
    outlook = run(plan.outlook("q", at(2, 9)))
    assert (outlook.basis, outlook.staff, outlook.handle_from) == ("week", "learned", "measured")
    assert outlook.error == pytest.approx(0, abs=0.02)
    assert (outlook.handle, outlook.patience) == (240.0, 180.0)
    set_by_hand, _, _ = planner(handle_seconds=100.0, patience_seconds=50.0)
    outlook = run(set_by_hand.outlook("q", at(2, 9)))
    assert (outlook.handle, outlook.handle_from, outlook.patience) == (100.0, "set", 50.0)


def test_what_was_learned_is_kept_for_minutes_and_asked_once():
    async def many() -> None:
        plan, _, demand = planner()
        await asyncio.gather(*(plan.slots("q", at(2, 9), at(3)) for _ in range(20)))
        assert demand.asked == 1
        await plan.slots("q", at(2, 9, 4), at(3))
        assert demand.asked == 1
        await plan.slots("q", at(2, 9, 5), at(3))
        assert demand.asked == 2
        await plan.slots("q", at(2, 9), at(3))  # the clock was set back
        assert demand.asked == 3

    run(many())


def test_now_is_the_next_quarter_of_an_hour_at_least():
    plan, _, _ = planner()
    window = run(plan.now("q", at(2, 9, 2), None))
    assert window is not None
    assert (window.opens, window.closes) == (at(2, 9, 2), at(2, 9, 17))
    assert window.room == 1


def test_now_is_as_long_as_the_line_makes_it():
    plan, store, _ = planner()
    long = Estimate(p50=600.0, p90=1200.0, gaps=20)
    window = run(plan.now("q", at(2, 9), long))
    assert window is not None
    assert window.closes == at(2, 9, 30)
    # 60 callbacks before it: 60 * 255 / 12 seconds, and half as long again.
    promise(store, at(2, 8, 45), 60)
    window = run(plan.now("q", at(2, 9), None))
    assert window is not None
    assert 60 * 255 / 12 * 1.5 <= window.closes - window.opens < 60 * 255 / 12 * 1.5 + 300
    # Callers in line come first as well.
    plan.told("q", 12, 20, at(2, 9))
    longer = run(plan.now("q", at(2, 9), None))
    assert longer is not None
    assert longer.closes > window.closes


def test_now_is_not_promised_when_closed_too_long_or_at_others_cost():
    plan, store, _ = planner(longest_wait=3600.0)
    assert run(plan.now("q", at(2, 7), None)) is None
    assert run(plan.now("q", at(5, 10), None)) is None
    assert run(plan.now("q", at(2, 10), Estimate(p50=1e3, p90=2401.0, gaps=9))) is None
    wait = Estimate(p50=600.0, p90=1200.0, gaps=20)
    assert run(plan.now("q", at(2, 10), wait)) is not None
    promise(store, at(2, 10, 15))
    assert run(plan.now("q", at(2, 10), wait)) is None
    assert run(plan.now("q", at(2, 10), None)) is not None
    # Who is in line already keeps their place, and takes it from nobody.
    assert run(plan.now("q", at(2, 10), wait, in_line=True)) is not None
    assert run(plan.now("q", at(2, 7), None, in_line=True)) is None


def test_now_ends_with_the_hours():
    plan, _, _ = planner()
    window = run(plan.now("q", at(2, 17, 52), None))
    assert window is not None
    assert window.closes == at(2, 18)
    assert run(plan.now("q", at(2, 17, 57), None)) is None
    assert run(plan.now("q", at(2, 17, 50), Estimate(p50=300.0, p90=600.0, gaps=9))) is None


def test_plans_that_cannot_be_read_are_refused_at_once():
    with pytest.raises(BadStaff):
        planner(staff=("always 12",))


def test_days_ahead_are_days_of_the_centre_across_a_change_of_clocks():
    plan, _, _ = planner(days_ahead=2)
    friday = datetime(2026, 10, 23, 9, tzinfo=ZoneInfo(ZONE))
    found = run(plan.slots("q", friday.timestamp(), (friday + timedelta(days=30)).timestamp()))
    assert found[-1].closes == friday.replace(hour=18).timestamp()
    plan, _, _ = planner(days_ahead=3)
    found = run(plan.slots("q", friday.timestamp(), (friday + timedelta(days=30)).timestamp()))
    assert found[-1].closes == (friday + timedelta(days=3)).replace(hour=18).timestamp()
