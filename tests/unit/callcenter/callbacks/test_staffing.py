"""Who is at work: planned, learned, and really there."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from callcenter.callbacks.staffing import BadStaff, SignedIn, learn_staff, least, parse_staff

ZONE = "Europe/Zurich"
WHERE = ZoneInfo(ZONE)


def at(day: int, hour: int = 0, minute: int = 0, month: int = 11) -> float:
    """In 2026; 2 November is a Monday."""
    return datetime(2026, month, day, hour, minute, tzinfo=WHERE).timestamp()


def test_spans_add_up_and_go_over_midnight():
    plan = parse_staff(
        ["mon-fri 08:00-18:00 12", "mon-fri 10:00-14:00 3", "sun 22:00-06:00 2"], ZONE
    )
    assert plan.agents(at(2, 7, 59)) == 0
    assert plan.agents(at(2, 8)) == 12
    assert plan.agents(at(2, 10)) == 15
    assert plan.agents(at(2, 17, 59)) == 12
    assert plan.agents(at(2, 18)) == 0
    assert plan.agents(at(8, 23)) == 2
    assert plan.agents(at(9, 5, 59)) == 2
    assert plan.agents(at(9, 6)) == 0
    assert plan.agents(at(2, 5)) == 2


def test_spans_are_wall_clock_times():
    plan = parse_staff(["sun 01:00-04:00 5"], ZONE)
    # On 25 October 2026 the hour from 02:00 comes twice: four hours, all with five agents.
    began = at(25, 1, month=10)
    assert [plan.agents(began + hour * 3600 - 1) for hour in range(6)] == [0, 5, 5, 5, 5, 0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("mon-fri 08:00-18:00", "look like 'mon-fri 08:00-18:00 12'"),
        ("mon-fri 08:00-18:00 some", "look like"),
        ("", "look like"),
        ("mon-fri 08:00-18:00 -3", "look like"),
        ("mon-fri 08:00-18:00 2.5", "look like"),
        ("mon-fri 08:00-25:00 3", "25:00"),
        ("mon-fry 08:00-18:00 3", "'fry'"),
        ("mon 08:00-08:00 3", "no span of time"),
        ("mon 08:00-18:00 100001", "more than 100,000"),
        ("mon 08:00-18:00 " + "9" * 5000, "more than 100,000"),
        ("mon 08:00-18:00 １２", "look like"),
    ],
)
def test_mistakes_are_told(text, said):
    with pytest.raises(BadStaff, match=said):
        parse_staff([text])


def test_an_unknown_zone_is_told():
    with pytest.raises(BadStaff, match="Mars/Base"):
        parse_staff([], "Mars/Base")


def test_nobody_is_planned_where_nothing_is():
    assert parse_staff([]).agents(at(2, 10)) == 0


def history(count: int, agents: int, until: float) -> list[tuple[float, int]]:
    """Working days from 09:00 to 17:00 in the weeks before."""
    found = []
    for days in range(1, 7 * count + 1):
        day = datetime.fromtimestamp(until, WHERE) - timedelta(days=days)
        if day.isoweekday() < 6:
            nine = day.replace(hour=9, minute=0).timestamp()
            found += [(nine + n * 1800, agents) for n in range(16)]
    return found


def test_the_median_of_the_weeks_is_learned():
    now = at(2)
    known = history(6, 8, now)
    # One week everybody helped out, and one Wednesday nobody came.
    known = [(when, 30 if when < now - 5 * 604800 else count) for when, count in known]
    nobody = at(28, month=10)
    known = [(when, count) for when, count in known if not nobody <= when < nobody + 86400]
    plan = learn_staff(known, now, ZONE)
    assert plan is not None
    assert [plan.agents(at(day, 10)) for day in range(2, 9)] == [8, 8, 8, 8, 8, 0, 0]
    assert plan.agents(at(4, 8, 59)) == 0
    assert plan.agents(at(4, 17)) == 0
    # The clocks went back in between.
    assert plan.agents(at(4, 9)) == 8
    assert plan.agents(at(4, 16, 59)) == 8


def test_holidays_and_old_weeks_do_not_count():
    now = at(2)
    full = history(3, 8, now)
    days = [datetime.fromtimestamp(now, WHERE) - timedelta(days=5 + 7 * n) for n in range(2)]
    gone = {day.date() for day in days}
    known = [one for one in full if datetime.fromtimestamp(one[0], WHERE).date() not in gone]
    assert learn_staff(known, now, ZONE).agents(at(4, 10)) == 0
    holidays = [day.isoformat() for day in gone]
    assert learn_staff(known, now, ZONE, holidays).agents(at(4, 10)) == 8
    assert learn_staff(full, now + 7 * 604800, ZONE) is None
    assert learn_staff([], now, ZONE) is None


def test_who_is_signed_in_counts_for_half_an_hour():
    plan = parse_staff(["mon-fri 08:00-18:00 12", "mon-fri 08:00-10:15 4"], ZONE)
    staff = SignedIn(plan, now=10, at=at(2, 10))
    assert staff.agents(at(2, 10, 10)) == 10
    assert staff.agents(at(2, 10, 20)) == 6  # four go home
    assert staff.agents(at(2, 10, 30)) == 12
    assert staff.agents(at(2, 9, 59)) == 16
    assert SignedIn(plan, now=2, at=at(2, 10)).agents(at(2, 10, 20)) == 0


def test_the_fewest_within_a_window():
    plan = parse_staff(["mon 08:00-18:00 12", "mon 10:00-10:15 4"], ZONE)
    assert least(plan, at(2, 10), at(2, 10, 15)) == 16
    assert least(plan, at(2, 10), at(2, 10, 30)) == 12
    assert least(plan, at(2, 17, 45), at(2, 18)) == 12
    assert least(plan, at(2, 17, 50), at(2, 18, 10)) == 0
