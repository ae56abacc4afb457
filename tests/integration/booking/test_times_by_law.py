"""Which times are shown and booked where the law says when whom may be called."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from callcenter.callbacks.forms import FormRefused
from callcenter.floor.callback import Callback, LawRules
from callcenter.floor.calling_times import next_moment
from callcenter.floor.rules import HoursSettings
from tests.booking_kit import NOW, NUMBER, Kit, Make, why

LAW = (
    LawRules(region="GB", weekly=tuple((day, 600, 720) for day in range(1, 8))),
    LawRules(region="CN", weekly=tuple((day, 840, 900) for day in range(1, 6)), attempts=9),
)
"""Much narrower than the queue, which is always open."""


def by_law(callback: Callback, at: float) -> bool:
    return next_moment(callback, at, LAW, HoursSettings()) is not None


async def test_no_time_is_shown_that_is_refused(make: Make) -> None:
    """By the law of the chosen country and clock; of a typed number, by that of its country."""
    kit = make(lawful=by_law)
    at, until = NOW, NOW + 6 * 86_400.0
    every = {one.opens for one in await kit.booking.slots("service", at, until)}
    for zone, region, number in (
        ("Europe/London", "GB", NUMBER),
        ("Asia/Tokyo", "GB", ""),
        ("Asia/Shanghai", "CN", ""),
        ("Asia/Shanghai", "", "+86 10 1234 5678"),
        ("America/New_York", "", NUMBER),
        ("", "", ""),
    ):
        found = await kit.booking.slots(
            "service", at, until, zone=zone, region=region, number=number
        )
        chinese = region == "CN" or number.startswith("+86")
        clocks = [ZoneInfo(zone or "Europe/London")]
        if number == NUMBER and zone == "America/New_York":
            clocks.append(ZoneInfo("Europe/London"))
        first, last = (840, 900) if chinese else (600, 720)
        lawful = {
            opens
            for opens in every
            if any(
                all(
                    first <= minute < last and (when.isoweekday() < 6 or not chinese)
                    for when in (datetime.fromtimestamp(opens + step, clock) for clock in clocks)
                    for minute in [60 * when.hour + when.minute]
                )
                for step in (0, 300, 600)
            )
        }
        assert {one.opens for one in found} == lawful
        assert bool(lawful) == (len(clocks) == 1)
    assert len(every) > 500


async def test_what_is_shown_can_be_booked_and_moved_to(make: Make) -> None:
    """And what is not, not: each window of two days, with the law of the number and its zones."""
    kit = make(lawful=by_law)
    booked = await kit.book(when=await _lawful_slot(kit, "Europe/London"))
    shown = {
        one.opens for one in await kit.booking.slots_for(booked.callback, NOW, NOW + 2 * 86_400.0)
    }
    every = [one.opens for one in await kit.booking.slots("service", kit.clock(), NOW + 172_800.0)]
    assert shown
    for opens in every[:: max(1, len(every) // 60)] + sorted(shown)[:3]:
        moving = kit.booking.move(booked.callback.id, booked.key, opens, kit.clock())
        if opens in shown:
            assert (await moving).opens == opens
        else:
            with pytest.raises(FormRefused, match="closed"):
                await moving


async def test_now_is_not_offered_where_the_law_forbids_it(make: Make) -> None:
    """It is 08:00 in London, where calls begin at ten."""
    kit = make(lawful=by_law)
    assert (await kit.offer()).now is None
    assert why(await kit.refused()) == ("closed", "when")
    kit.clock.at = NOW + 7_500.0
    assert (await kit.offer()).now is not None
    await kit.book()


async def _lawful_slot(kit: Kit, zone: str) -> float:
    found = await kit.booking.slots("service", kit.clock(), NOW + 5 * 86_400.0, zone=zone)
    return found[0].opens
