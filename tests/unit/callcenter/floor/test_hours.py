"""Opening hours: wall clocks, changes of the clocks, holidays, nights."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.floor.events import HoursSettings
from callcenter.floor.hours import BadHours, Hours, parse_hours

ZURICH = "Europe/Zurich"


def moment(text: str, zone: str = ZURICH) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


def hours(*spans: str, holidays: tuple[str, ...] = (), zone: str = ZURICH) -> Hours:
    return Hours(parse_hours(spans, holidays, zone))


def changes(open_hours: Hours, text: str, count: int, zone: str = ZURICH) -> list[str]:
    """The next changes after a wall-clock time, as wall-clock times with their offsets."""
    at, found = moment(text, zone), []
    for _ in range(count):
        change = open_hours.next_change(at)
        assert change is not None
        found.append(datetime.fromtimestamp(change, ZoneInfo(zone)).isoformat(" ", "minutes"))
        at = change
    return found


def test_week() -> None:
    """Open from the first minute on, closed from the last on."""
    week = hours("mon-fri 08:00-18:00", "sat 09:00-13:00")
    assert not week.open_at(moment("2026-11-20 07:59:59"))
    assert week.open_at(moment("2026-11-20 08:00"))
    assert week.open_at(moment("2026-11-20 17:59:59"))
    assert not week.open_at(moment("2026-11-20 18:00"))
    assert changes(week, "2026-11-20 12:00", 4) == [
        "2026-11-20 18:00+01:00", "2026-11-21 09:00+01:00", "2026-11-21 13:00+01:00",
        "2026-11-23 08:00+01:00",
    ]  # fmt: skip


def test_always_open() -> None:
    """Without spans and holidays it never closes."""
    always = Hours(HoursSettings())
    assert always.open_at(0.0)
    assert always.next_change(0.0) is None
    assert hours("mon-sun 00:00-24:00").next_change(moment("2026-11-20 12:00")) is None


def test_holidays() -> None:
    """Closed from midnight to midnight; a queue without spans is open on all other days."""
    week = hours("mon-fri 08:00-18:00", holidays=("2026-12-25",))
    assert changes(week, "2026-12-24 12:00", 2) == [
        "2026-12-24 18:00+01:00", "2026-12-28 08:00+01:00"
    ]  # fmt: skip
    assert changes(hours(holidays=("2026-12-25",)), "2026-12-24 12:00", 2) == [
        "2026-12-25 00:00+01:00", "2026-12-26 00:00+01:00"
    ]  # fmt: skip


def test_nights() -> None:
    """A span that closes before it opens goes on into the next day, and Sunday's into Monday."""
    night = hours("sun 22:00-06:00")
    assert night.open_at(moment("2026-11-22 23:00"))
    assert night.open_at(moment("2026-11-23 05:59"))
    assert not night.open_at(moment("2026-11-23 06:00"))
    assert not night.open_at(moment("2026-11-22 05:00"))
    # Midnight itself is no change.
    assert changes(night, "2026-11-22 22:00", 1) == ["2026-11-23 06:00+01:00"]
    closed = hours("mon-sun 22:00-06:00", holidays=("2026-12-25",))
    assert changes(closed, "2026-12-24 22:00", 2) == [
        "2026-12-25 00:00+01:00", "2026-12-26 00:00+01:00"
    ]  # fmt: skip


def test_clocks_go_forward() -> None:
    """The day has 23 hours; 02:30 does not exist and counts as the jump to 03:00."""
    assert changes(hours("sun 01:00-04:00"), "2026-03-29 00:00", 2) == [
        "2026-03-29 01:00+01:00", "2026-03-29 04:00+02:00"
    ]  # fmt: skip
    assert changes(hours("sun 02:30-10:00"), "2026-03-29 00:00", 2) == [
        "2026-03-29 03:00+02:00", "2026-03-29 10:00+02:00"
    ]  # fmt: skip
    assert changes(hours("sun 01:00-02:30"), "2026-03-29 00:00", 2) == [
        "2026-03-29 01:00+01:00", "2026-03-29 03:00+02:00"
    ]  # fmt: skip


def test_clocks_go_back() -> None:
    """02:30 comes twice: it opens at the first and is open through the second."""
    night = hours("sun 02:30-10:00")
    assert changes(night, "2026-10-25 00:00", 2) == [
        "2026-10-25 02:30+02:00", "2026-10-25 10:00+01:00"
    ]  # fmt: skip
    second = datetime(2026, 10, 25, 2, 10, tzinfo=ZoneInfo(ZURICH), fold=1).timestamp()
    assert night.open_at(second)


def test_a_zone_that_jumps_by_half_an_hour() -> None:
    """Lord Howe Island moves its clocks by thirty minutes: 02:15 counts as 02:30."""
    zone = "Australia/Lord_Howe"
    assert changes(hours("sun 02:15-10:00", zone=zone), "2026-10-04 00:00", 1, zone) == [
        "2026-10-04 02:30+11:00"
    ]


@given(
    st.lists(st.tuples(st.integers(1, 7), st.integers(0, 1439), st.integers(0, 1440)), max_size=4),
    st.sampled_from([ZURICH, "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC"]),
    st.integers(int(moment("2026-01-01")), int(moment("2026-12-31"))),
    st.lists(st.sampled_from(["2026-03-29", "2026-10-25", "2026-11-01"]), max_size=2),
)
def test_nothing_changes_between_changes(
    weekly: list[tuple[int, int, int]], zone: str, at: int, holidays: list[str]
) -> None:
    """The next change is one, and up to it nothing is."""
    settings = HoursSettings(zone=zone, weekly=tuple(weekly), holidays=tuple(holidays))
    open_hours = Hours(settings)
    change = open_hours.next_change(at)
    end = at + 20 * 86400.0 if change is None else change
    now = open_hours.open_at(at)
    for part in range(20):
        assert open_hours.open_at(at + (end - 1 - at) * part / 19) == now
    if change is not None:
        assert open_hours.open_at(change) != now


@pytest.mark.parametrize(
    ("spans", "holidays", "zone", "message"),
    [
        (["monday 8-18"], [], "UTC", "look like 'mon-fri 08:00-18:00', not 'monday 8-18'"),
        (["mon-xyz 08:00-18:00"], [], "UTC", "'xyz' in .* is none of mon, tue"),
        (["mon 08:60-18:00"], [], "UTC", "08:60 in .* is no time of day"),
        (["mon 08:00-24:01"], [], "UTC", "24:01 in .* is no time of day"),
        (["mon 08:00-08:00"], [], "UTC", "is no span of time; a whole day is 00:00-24:00"),
        (["mon 24:00-08:00"], [], "UTC", "is no span of time"),
        ([], ["25.12.2026"], "UTC", "a date such as 2027-12-25, not '25.12.2026'"),
        ([], ["20261225"], "UTC", "a date such as 2027-12-25, not '20261225'"),
        ([], [], "Europe/Zürich", "no time zone is called 'Europe/Zürich'"),
        ([], [], "../etc/passwd", "no time zone is called"),
        ([], [], "", "no time zone is called ''"),
    ],
)
def test_errors(spans: list[str], holidays: list[str], zone: str, message: str) -> None:
    """What is wrong, and what would be right."""
    with pytest.raises(BadHours, match=message):
        parse_hours(spans, holidays, zone)


@pytest.mark.parametrize("span", [(0, 0, 60), (8, 0, 60), (1, -1, 60), (1, 1440, 60), (1, 0, 1441)])
def test_settings_that_make_no_sense(span: tuple[int, int, int]) -> None:
    """Settings that did not come through the parser are checked as well."""
    with pytest.raises(BadHours, match="no weekly span"):
        Hours(HoursSettings(weekly=(span,)))


def test_parsed_days() -> None:
    """A range of days may go over the week's end; repeated spans are one."""
    parsed = parse_hours(["Sat-Mon 10:00-12:00", "sat 10:00-12:00"], ["2026-12-25"], ZURICH)
    assert parsed.weekly == ((1, 600, 720), (6, 600, 720), (7, 600, 720))
    assert parsed.holidays == ("2026-12-25",)
    assert parsed.zone == ZURICH
