"""When a number may be called, and what comes after an attempt: by example, and against a search
minute by minute."""

from __future__ import annotations

from datetime import datetime
from itertools import product
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from callcenter.floor.callback import Callback, CallbackRules, DialEnd, LawRules, RetryRule
from callcenter.floor.calling_times import law_for, may_call, next_moment, obstacle, why_none
from callcenter.floor.retries import after, leaves_message
from callcenter.floor.rules import HoursSettings
from tests.unit.callcenter.floor.callback_line import a_callback

ALWAYS = HoursSettings()
DAYTIME = LawRules(
    region="GB", weekly=tuple((day, 8 * 60, 20 * 60) for day in range(1, 8)), attempts=2
)


def local(zone: str, *when: int) -> float:
    return datetime(*when, tzinfo=ZoneInfo(zone)).timestamp()  # type: ignore[misc, arg-type]


def wide(**changes: Any) -> Callback:
    """Its window is open for weeks."""
    return a_callback(opens=0.0, closes=4e9, due=0.0, **changes)


def test_the_rules_of_the_region_come_before_those_for_anywhere() -> None:
    rest = LawRules(region="*", weekly=())
    assert law_for((rest, DAYTIME), "GB") is DAYTIME
    assert law_for((rest, DAYTIME), "FR") is rest
    assert law_for((DAYTIME,), None) is None


def test_what_speaks_against_a_moment() -> None:
    at = local("Europe/London", 2026, 7, 1, 12)
    callback = wide(region="GB", zone="Europe/London")
    assert obstacle(callback, at, (DAYTIME,), ALWAYS) is None
    assert obstacle(callback, at, (DAYTIME,), ALWAYS, serve=False) == "switch"
    assert obstacle(callback, at + 9 * 3600, (DAYTIME,), ALWAYS) == "law"
    closed = HoursSettings(holidays=("2026-07-01",), zone="Europe/London")
    assert obstacle(callback, at, (DAYTIME,), closed) == "hours"
    tried = wide(region="GB", zone="Europe/London", tried=(at - 80000, at - 50000))
    assert obstacle(tried, at, (DAYTIME,), ALWAYS) == "attempts"
    assert obstacle(tried, at + 6400, (DAYTIME,), ALWAYS) is None
    narrow = a_callback(opens=at + 1, closes=at + 9)
    assert [may_call(narrow, at + step, (), ALWAYS) for step in (0, 1, 8.9, 9)] == [
        False, True, True, False,
    ]  # fmt: skip


def test_a_zone_that_nobody_knows_is_never_called() -> None:
    callback = wide(region="GB", zone="Mars/Phobos")
    assert not may_call(callback, 1e9, (DAYTIME,), ALWAYS)
    assert next_moment(callback, 1e9, (DAYTIME,), ALWAYS) is None
    assert why_none(callback, 1e9, ALWAYS) == "law"


def test_the_called_partys_clock_counts_and_not_the_centres() -> None:
    """20:30 in Berlin is 14:30 in New York."""
    at = local("Europe/Berlin", 2026, 7, 1, 20, 30)
    rules = LawRules(region="*", weekly=DAYTIME.weekly)
    assert not may_call(wide(zone="Europe/Berlin"), at, (rules,), ALWAYS)
    assert may_call(wide(zone="America/New_York"), at, (rules,), ALWAYS)
    assert next_moment(wide(zone="Europe/Berlin"), at, (rules,), ALWAYS) == local(
        "Europe/Berlin", 2026, 7, 2, 8
    )


def test_nobody_has_a_number_called_at_night_by_naming_another_zone() -> None:
    """Noon in New York is 17:00 in London; 17:00 there is 22:00 here."""
    at = local("America/New_York", 2026, 7, 1, 12)
    callback = wide(region="GB", zone="America/New_York", number_zone="Europe/London")
    assert obstacle(callback, at, (DAYTIME,), ALWAYS) is None
    assert obstacle(callback, at + 5 * 3600, (DAYTIME,), ALWAYS) == "law"
    again = local("America/New_York", 2026, 7, 2, 8)
    assert next_moment(callback, at + 5 * 3600, (DAYTIME,), ALWAYS) == again
    assert next_moment(callback, local("Europe/London", 2026, 7, 2, 8), (DAYTIME,), ALWAYS) == again
    assert obstacle(callback, at + 5 * 3600, (), ALWAYS) is None
    unknown = wide(region="GB", zone="Europe/London", number_zone="Mars/Phobos")
    assert obstacle(unknown, at, (DAYTIME,), ALWAYS) == "law"


@pytest.mark.parametrize("day", [(2026, 3, 29), (2026, 10, 25)])
def test_on_the_day_the_clocks_change_eight_is_when_they_show_eight(day: tuple[int, ...]) -> None:
    zone = "Europe/London"
    found = next_moment(wide(region="GB", zone=zone), local(zone, *day, 0, 10), (DAYTIME,), ALWAYS)
    assert found == local(zone, *day, 8)


def test_attempts_in_any_24_hours() -> None:
    at = local("UTC", 2026, 7, 1, 12)
    tried = (at - 90000, at - 86000, at - 1000)
    callback = wide(region="GB", zone="UTC", tried=tried)
    assert next_moment(callback, at, (DAYTIME,), ALWAYS) == at - 86000 + 86400
    none = LawRules(region="GB", weekly=(), attempts=0)
    assert next_moment(wide(region="GB"), at, (none,), ALWAYS) is None


def test_the_next_moment_is_the_first_that_is_allowed() -> None:
    """Against a search in steps of ten minutes, around both changes of clocks in two zones."""
    dice = Random(7)
    zones = ("Europe/London", "America/New_York")
    elsewhere = (None, None, *zones)
    for number, (zone, month) in enumerate(product(zones * 8, (3, 10, 11))):
        start = local("UTC", 2026, month, dice.choice((6, 7, 8, 24, 25, 28)), dice.randrange(24))
        weekly = tuple(
            (day, 60 * opens, 60 * (opens + dice.randint(1, 8)))
            for day in range(1, 8)
            for opens in [dice.randint(0, 15)]
            if dice.random() < 0.8
        ) or ((1, 0, 60),)
        law = (LawRules(region="*", weekly=weekly, attempts=dice.randint(1, 3)),)
        hours = HoursSettings(
            zone=dice.choice(zones),
            weekly=tuple((day, 60 * dice.randint(0, 11), 60 * 21) for day in range(1, 8)),
        )
        tried = tuple(sorted(start - 600 * dice.randint(-20, 150) for _ in range(3)))
        callback = a_callback(
            zone=zone, number_zone=elsewhere[number % 4], tried=tried,
            opens=start + 600 * dice.randint(0, 60), closes=start + 600 * dice.randint(61, 500),
        )  # fmt: skip
        steps = (start + 600.0 * n for n in range(501))
        expected = next((at for at in steps if may_call(callback, at, law, hours)), None)
        assert next_moment(callback, start, law, hours) == expected, number


# --- what comes after an attempt ------------------------------------------------------------------


def tried_once(**changes: Any) -> Callback:
    return a_callback(version=4, state="dialling", attempts=1, tried=(1000.0,), **changes)


def ended(how: DialEnd, callback: Callback | None = None, **rules: object) -> Callback:
    return after(
        callback or tried_once(), how, CallbackRules(**rules), (), ALWAYS, 1010.0  # type: ignore[arg-type]
    )  # fmt: skip


def test_each_cause_has_its_spacing() -> None:
    row = ended("busy")
    assert (row.state, row.version, row.causes, row.due) == ("retry", 5, ("busy",), 1310.0)
    assert ended("no_answer").due == 2810.0
    assert ended("agent_gone").due == 1015.0


def test_no_further_attempt_for_ever() -> None:
    assert ended("invalid").why == "number_invalid"
    assert ended("busy", max_attempts=1).why == "attempts_used"
    assert ended("busy", retries=()).why == "attempts_used"
    once = (RetryRule(cause="busy", after=1.0, times=1),)
    again = tried_once(causes=("busy",))
    assert ended("busy", retries=once).state == "retry"
    row = ended("busy", again, retries=once)
    assert (row.state, row.why, row.ended) == ("expired", "attempts_used", 1010.0)


def test_a_retry_falls_into_the_window_or_is_none() -> None:
    short = tried_once(closes=1200.0)
    assert ended("busy", short).why == "attempts_used"
    assert ended("unknown", tried_once(closes=1050.0)).why == "window_over"
    law = (LawRules(region="*", weekly=((4, 0, 18),)),)
    row = after(tried_once(closes=5000.0), "busy", CallbackRules(), law, ALWAYS, 1010.0)
    assert (row.state, row.why) == ("expired", "law")


def test_the_last_attempt_leaves_the_message() -> None:
    rules = CallbackRules(machine="message")

    def leaves(callback: Callback, rules: CallbackRules = rules) -> bool:
        return leaves_message(callback, rules, (), ALWAYS, 1010.0)

    long = 1e6
    assert not leaves(tried_once(closes=long))
    assert leaves(tried_once(closes=long, causes=("machine", "machine")))
    assert leaves(a_callback(state="dialling", attempts=3, closes=long))
    assert leaves(tried_once(closes=2000.0)), "the window closes before another could be made"
    assert leaves(tried_once(closes=long), CallbackRules(machine="message", message_after=1))
    assert not leaves(tried_once(closes=2000.0), CallbackRules(machine="hang_up"))
