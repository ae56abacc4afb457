"""Which windows there are, and how many callbacks they have room for."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.callbacks.erlang import line
from callcenter.callbacks.slots import Terms, Window, grid, offered
from callcenter.floor.hours import Hours, parse_hours

ZONE = "Europe/Zurich"
WHERE = ZoneInfo(ZONE)
OFFICE = ["mon-fri 08:00-18:00", "sat 09:00-12:00"]


def moment(text: str, zone: str = ZONE, fold: int = 0) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).timestamp()


def windows(
    spans: list[str],
    since: str,
    until: str,
    slot: int = 900,
    holidays: tuple[str, ...] = (),
    zone: str = ZONE,
) -> list[Window]:
    hours = Hours(parse_hours(spans, holidays, zone))
    return list(grid(hours, zone, slot, moment(since, zone), moment(until, zone)))


def clock(window: Window, zone: str = ZONE) -> str:
    return datetime.fromtimestamp(window.opens, ZoneInfo(zone)).strftime("%a %H:%M")


def test_a_day_of_windows():
    found = windows(OFFICE, "2026-11-02T00:00", "2026-11-03T00:00")
    assert len(found) == 40
    assert (clock(found[0]), clock(found[-1])) == ("Mon 08:00", "Mon 17:45")
    assert all(one.closes - one.opens == 900 for one in found)


def test_the_current_window_is_among_them_and_the_grid_does_not_move():
    found = windows(OFFICE, "2026-11-02T10:07", "2026-11-02T10:40")
    assert [clock(one) for one in found] == ["Mon 10:00", "Mon 10:15", "Mon 10:30"]


def test_windows_end_with_the_hours():
    # 50 minutes: the last that fits ends at 17:10, and is not cut short.
    found = windows(["mon 08:00-17:20"], "2026-11-02T00:00", "2026-11-03T00:00", slot=3000)
    assert len(found) == 11
    assert found[-1].closes == moment("2026-11-02T17:10")


def test_weekends_and_holidays_have_none():
    found = windows(OFFICE, "2026-11-02T00:00", "2026-11-09T00:00", holidays=("2026-11-04",))
    assert {clock(one)[:3] for one in found} == {"Mon", "Tue", "Thu", "Fri", "Sat"}
    assert len(found) == 4 * 40 + 12


def test_open_over_midnight_and_always():
    night = windows(["mon 22:00-02:00"], "2026-11-02T00:00", "2026-11-04T00:00", slot=3600)
    assert [clock(one) for one in night] == ["Mon 22:00", "Mon 23:00", "Tue 00:00", "Tue 01:00"]
    always = windows([], "2026-11-02T00:00", "2026-11-04T00:00", slot=7 * 3600)
    assert [clock(one) for one in always] == [
        "Mon 00:00", "Mon 07:00", "Mon 14:00", "Tue 00:00", "Tue 07:00", "Tue 14:00",
    ]  # fmt: skip
    # A holiday in an always open centre.
    closed = windows(
        [], "2026-11-02T00:00", "2026-11-05T00:00", slot=6 * 3600, holidays=("2026-11-03",)
    )
    assert {clock(one)[:3] for one in closed} == {"Mon", "Wed"}


def test_an_hour_that_the_clocks_skip_has_no_windows():
    # 29 March 2026, 02:00 to 03:00 in Zurich.
    found = windows(["sun 01:00-05:00"], "2026-03-29T00:00", "2026-03-30T00:00", slot=1800)
    assert [clock(one)[4:] for one in found] == [
        "01:00",
        "01:30",
        "03:00",
        "03:30",
        "04:00",
        "04:30",
    ]
    assert [b.opens - a.opens for a, b in pairwise(found)] == [1800] * 5


def test_an_hour_that_comes_twice_has_them_twice():
    found = windows(["sun 01:00-04:00"], "2026-10-25T00:00", "2026-10-26T00:00", slot=1800)
    assert [clock(one)[4:] for one in found] == [
        "01:00", "01:30", "02:00", "02:30", "02:00", "02:30", "03:00", "03:30",
    ]  # fmt: skip
    assert len({one.opens for one in found}) == 8


def test_half_an_hour_of_lord_howe():
    found = windows(
        ["sun 01:00-04:00"], "2026-04-05T00:00", "2026-04-06T00:00", 1800, (), "Australia/Lord_Howe"
    )
    # Clocks go back by half an hour at 02:00.
    assert [clock(one, "Australia/Lord_Howe")[4:] for one in found] == [
        "01:00", "01:30", "01:30", "02:00", "02:30", "03:00", "03:30",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("zone", "around"),
    [
        ("America/Havana", "2026-03-08T00:00"),  # midnight is skipped
        ("America/Havana", "2026-11-01T00:00"),  # and comes twice
        ("Asia/Beirut", "2026-03-29T00:00"),
        ("Asia/Shanghai", "2026-11-02T00:00"),
        ("Asia/Kathmandu", "2026-11-02T00:00"),
    ],
)
def test_around_any_midnight_windows_cover_an_open_day_once(zone, around):
    since = moment(around, zone) - 86400
    hours = Hours(parse_hours([], (), zone))
    found = list(grid(hours, zone, 900, since, since + 3 * 86400))
    assert found[0].opens <= since < found[0].closes
    assert all(b.opens == a.closes for a, b in pairwise(found))
    assert found[-1].closes >= since + 3 * 86400


@given(
    st.integers(1_760_000_000, 1_830_000_000),
    st.sampled_from([ZONE, "America/New_York", "Asia/Kathmandu", "America/Havana", "Asia/Taipei"]),
    st.sampled_from([600, 900, 1500, 3600]),
    st.sampled_from([OFFICE, ["mon-sun 22:00-06:00"], ["mon-sun 00:00-24:00"], []]),
)
def test_no_window_is_outside_the_hours_or_overlaps(since, zone, slot, spans):
    hours = Hours(parse_hours(spans, ("2026-12-25",), zone))
    before = 0.0
    for window in grid(hours, zone, slot, since, since + 4 * 86400):
        assert window.closes - window.opens == slot
        assert window.opens >= before
        before = window.closes
        assert all(hours.open_at(window.opens + n * 299) for n in range(slot // 299 + 1))
        assert hours.open_at(window.closes - 1)


# --- room -----------------------------------------------------------------------------------------


TERMS = Terms(handle=240.0, patience=180.0, threshold=20.0, service_level=0.8, dial=15.0)


@pytest.mark.parametrize(("agents", "inbound"), [(12, 20), (12, 30), (30, 60), (200, 300)])
def test_room_is_the_largest_number_that_keeps_the_level(agents, inbound):
    room = TERMS.room(agents, inbound, 900.0)
    assert room > 0
    weight = (TERMS.handle + TERMS.dial) / TERMS.handle

    def level(callbacks: int) -> float:
        rate = (inbound + callbacks * weight) / 900.0
        return line(agents, rate, 240.0, 20.0, 180.0).in_time

    assert level(room) >= 0.7995
    assert level(room + 1) < 0.8


def test_no_room_where_callers_alone_are_too_many():
    assert TERMS.room(12, 45, 900.0) == 0
    assert TERMS.room(12, 1000, 900.0) == 0
    assert TERMS.room(0, 0, 900.0) == 0


def test_a_small_centre_promises_one_as_long_as_it_is_not_busy_all_the_time():
    """One agent answers nobody within 20 seconds while they call back; they can keep a window."""
    assert TERMS.room(1, 0, 900.0) == 1
    assert TERMS.room(4, 9, 900.0) == 1
    assert TERMS.room(4, 13, 900.0) == 0
    assert TERMS.room(7, 24, 900.0) == 0


HOUR = [Window(n * 900.0, (n + 1) * 900.0, 0, 0) for n in range(4)]


def rooms(promised: dict[float, int], fits: int = 5, of: list[Window] | None = None) -> list[int]:
    return [one.room for one in offered(of or HOUR, promised, lambda _: fits)]


def test_what_is_promised_is_taken():
    found = offered(HOUR, {900.0: 3, 1800.0: 5}, lambda _: 5)
    assert [(one.capacity, one.taken) for one in found] == [(5, 0), (5, 3), (5, 5), (5, 0)]
    assert [one.room for one in found] == [5, 2, 0, 5]


def test_others_that_overlap_leave_less():
    # Two for now, given out within the window from 900 on; and two from before all windows.
    found = offered(HOUR, {1000.0: 2, 900.0: 1, -4000.0: 2}, lambda _: 5)
    assert [(one.capacity, one.taken) for one in found[:2]] == [(3, 0), (3, 1)]


def test_too_many_are_carried_on():
    assert rooms({0.0: 8}) == [0, 2, 5, 5]
    assert rooms({0.0: 17}) == [0, 0, 0, 3]
    assert rooms({0.0: 8, 900.0: 4}) == [0, 0, 3, 5]
    assert rooms({0.0: 3}, fits=0) == [0, 0, 0, 0]


def test_nothing_is_carried_over_a_night():
    later = [*HOUR, Window(80_000.0, 80_900.0, 0, 0)]
    assert rooms({2700.0: 9}, of=later) == [5, 5, 5, 0, 5]
    # One that opens while it is closed is for the next window.
    assert rooms({40_000.0: 1}, of=later) == [5, 5, 5, 5, 4]
    assert rooms({90_000.0: 1}, of=later) == [5, 5, 5, 5, 5]
    assert offered([], {0.0: 1}, lambda _: 5) == []
