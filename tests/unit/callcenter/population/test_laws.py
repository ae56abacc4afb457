"""Delay laws: what is drawn follows the density, and no density is above its stated bound."""

from __future__ import annotations

from random import Random

import pytest

from callcenter.population.laws import DAY, WEEK, Delayed, Fading, Law, Steady, Weekly, poisson

LAWS: tuple[Law, ...] = (Fading(3600.0), Delayed(1500.0, 1.1), Steady(DAY), Weekly(4 * 3600.0))


@pytest.mark.parametrize("law", LAWS)
def test_drawn_ages_are_as_many_as_the_density_says(law: Law) -> None:
    first, last, steps = 600.0, 9000.0, 4000
    width = (last - first) / steps
    expected = sum(law.density(first + (step + 0.5) * width) for step in range(steps)) * width
    rng = Random(4)
    rounds = 400
    drawn = [age for _ in range(rounds) for age in law.draw(rng, 5.0, first, last)]
    assert all(first <= age < last for age in drawn)
    should = rounds * 5.0 * expected
    assert len(drawn) == pytest.approx(should, abs=5 * should**0.5 + 1)


@pytest.mark.parametrize("law", LAWS)
def test_nothing_is_above_the_bound(law: Law) -> None:
    for first, last in ((0.0, 60.0), (0.0, DAY), (500.0, 900.0), (DAY, WEEK)):
        most = law.most(first, last)
        ages = [first + (last - first) * step / 500 for step in range(501)]
        assert all(law.density(age) <= most * (1 + 1e-9) for age in ages)


def test_a_weekly_habit_keeps_its_hours() -> None:
    law = Weekly(4 * 3600.0)
    ages = list(law.draw(Random(1), 2.0, 10 * WEEK, 60 * WEEK))
    assert len(ages) > 60
    assert all(age % WEEK < 4 * 3600.0 for age in ages)


def test_poisson_has_its_mean_and_variance() -> None:
    rng = Random(2)
    for mean in (0.2, 3.0):
        drawn = [poisson(rng, mean) for _ in range(4000)]
        average = sum(drawn) / len(drawn)
        spread = sum((one - average) ** 2 for one in drawn) / len(drawn)
        assert average == pytest.approx(mean, rel=0.12)
        assert spread == pytest.approx(mean, rel=0.15)
