"""Forecasts of seeded weeks whose truth is known."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from math import exp
from zoneinfo import ZoneInfo

import pytest

from callcenter.callbacks.forecast import fading, forecast, today_factor

ZONE = "Europe/Zurich"
WHERE = ZoneInfo(ZONE)
MONDAY = datetime(2026, 9, 7, tzinfo=WHERE)
"""Clocks go back on 25 October, seven weeks later."""


def truth(local: datetime) -> float:
    """Calls a quarter: 08:00 to 18:00 on working days, most at 10:00; Saturday mornings half."""
    clock = local.hour + local.minute / 60
    if local.isoweekday() == 7 or not 8 <= clock < (18 if local.isoweekday() < 6 else 12):
        return 0.0
    peak = 6 + 14 * exp(-(((clock - 10) / 2.5) ** 2))
    return peak if local.isoweekday() < 6 else peak / 2


def poisson(rng: random.Random, mean: float) -> int:
    count, left = 0, rng.expovariate(1.0)
    while left < mean:
        count += 1
        left += rng.expovariate(1.0)
    return count


def weeks(count, seed=None, growth=1.0, since=MONDAY):
    """Calls by quarter for so many weeks; ``seed`` ``None``: exactly the mean, times 100 to stay
    whole."""
    rng = random.Random(seed) if seed is not None else None
    found, at = [], since.timestamp()
    until = (since + timedelta(weeks=count)).timestamp()
    while at < until:
        local = datetime.fromtimestamp(at, WHERE)
        mean = truth(local) * growth ** ((at - since.timestamp()) / 604800)
        calls = round(100 * mean) if rng is None else poisson(rng, mean)
        if calls:
            found.append((at, calls))
        at += 900
    return found, until


def test_nothing_known_is_no_forecast():
    assert forecast([], MONDAY.timestamp(), ZONE) is None
    assert forecast([(MONDAY.timestamp(), 0)], MONDAY.timestamp() + 900, ZONE) is None
    # Of the future, or of more than eight weeks ago.
    assert forecast([(MONDAY.timestamp(), 9)], MONDAY.timestamp(), ZONE) is None
    assert forecast([(MONDAY.timestamp(), 9)], MONDAY.timestamp() + 60 * 86400, ZONE) is None


def test_steady_weeks_come_again_and_the_clock_counts():
    history, until = weeks(8)
    found = forecast(history, until, ZONE)
    # The clocks went back a week ago: 10:00 is 10:00 all the same.
    for day, clock in ((0, 9.0), (2, 10.5), (4, 17.75), (5, 10.0), (6, 10.0), (1, 7.75)):
        local = datetime(2026, 11, 2, tzinfo=WHERE) + timedelta(days=day, hours=clock)
        rate = found.rate(local.timestamp())
        assert rate.basis == "week"
        assert rate.weeks in (7, 8)  # an hour of the first day lies before the first call
        assert rate.calls == pytest.approx(100 * truth(local), rel=0.02, abs=1e-9)
    assert found.trend == pytest.approx(1, abs=0.01)
    assert found.error is not None
    assert found.error < 0.02


def test_noise_and_its_error_are_told():
    history, until = weeks(8, seed=5)
    found = forecast(history, until, ZONE)
    at, missed, total = until, 0.0, 0.0
    for _ in range(672):
        mean = truth(datetime.fromtimestamp(at, WHERE))
        missed += abs(found.rate(at).calls - mean)
        total += mean
        at += 900
    # The rates are much nearer to the truth than single quarters, which are Poisson, can be.
    assert missed / total < 0.12
    assert 0.15 < found.error < 0.35


def test_parts_of_intervals_count_in_part():
    history, until = weeks(8)
    found = forecast(history, until, ZONE)
    nine = datetime(2026, 11, 3, 9, tzinfo=WHERE).timestamp()
    whole = found.calls(nine, nine + 900)
    assert whole == found.rate(nine).calls
    assert found.calls(nine + 300, nine + 600) == pytest.approx(whole / 3)
    assert found.calls(nine, nine + 1800) == pytest.approx(whole + found.rate(nine + 900).calls)
    assert found.calls(nine, nine) == 0


def test_growth_is_followed_in_part():
    growing, until = weeks(8, growth=1.03)
    found = forecast(growing, until, ZONE)
    assert found.trend > 1.03
    ten = datetime(2026, 11, 3, 10, tzinfo=WHERE)
    real = 100 * truth(ten) * 1.03**8
    without = found.rate(ten.timestamp()).calls / found.trend
    assert abs(found.rate(ten.timestamp()).calls - real) < abs(without - real)
    falling, until = weeks(8, growth=0.5)
    assert forecast(falling, until, ZONE).trend == pytest.approx(1 / 1.3)


def test_holidays_are_left_out():
    history, until = weeks(8)
    holiday = datetime(2026, 10, 20, tzinfo=WHERE)
    begin, end = holiday.timestamp(), (holiday + timedelta(days=1)).timestamp()
    without = [(at, calls) for at, calls in history if not begin <= at < end]
    ten = datetime(2026, 11, 3, 10, tzinfo=WHERE).timestamp()
    told = forecast(without, until, ZONE, holidays=["2026-10-20"]).rate(ten)
    silent = forecast(without, until, ZONE).rate(ten)
    assert told.calls == pytest.approx(forecast(history, until, ZONE).rate(ten).calls, rel=0.02)
    assert told.weeks == 7
    assert silent.calls < 0.9 * told.calls


def test_two_weeks_are_the_mean_of_the_hour_and_say_so():
    history, until = weeks(2)
    found = forecast(history, until, ZONE)
    tuesday = datetime(2026, 9, 22, 10, 15, tzinfo=WHERE)
    rate = found.rate(tuesday.timestamp())
    assert (rate.basis, rate.weeks) == ("hour", 2)
    hour = [truth(tuesday.replace(minute=minute)) for minute in (0, 15, 30, 45)]
    assert rate.calls == pytest.approx(100 * sum(hour) / 4, rel=0.02)
    assert found.weeks == pytest.approx(2, abs=0.05)


def test_one_morning_is_enough_for_a_guess():
    history = [(MONDAY.timestamp() + 8 * 3600 + n * 900, 4) for n in range(8)]
    found = forecast(history, MONDAY.timestamp() + 10 * 3600, ZONE)
    assert found.error is None
    assert found.rate(MONDAY.timestamp() + 8.5 * 3600).calls == 4
    # Never seen at that hour: the mean of what was, rather than nothing.
    assert found.rate(MONDAY.timestamp() + 15 * 3600).calls == 4


def test_today_is_more_than_usual():
    history, until = weeks(8)
    found = forecast([(at, calls // 10) for at, calls in history], until, ZONE)
    ten = datetime(2026, 11, 3, 10, tzinfo=WHERE).timestamp()
    usual = found.calls(ten - 1800, ten)
    double = [(ten - 1800, round(usual)), (ten - 900, round(usual))]
    assert today_factor(double, found, ten - 1800, ten) == pytest.approx(2, rel=0.05)
    assert today_factor([], found, ten - 1800, ten) < 0.05
    # A few calls more or less are no news: at night nothing is expected, and two came.
    night = datetime(2026, 11, 3, 2, tzinfo=WHERE).timestamp()
    assert today_factor([(night, 2)], found, night, night + 900) == pytest.approx(1.2)


def test_news_fade():
    assert fading(1.5, 0) == fading(1.5, 1800) == 1.5
    assert fading(1.5, 5400) == pytest.approx(1.25)
    assert fading(0.6, 9000) == pytest.approx(0.9)
    assert fading(1.5, 7 * 86400) == pytest.approx(1)
