"""Competing causes find the rates that made the calls, and facts are read back as they were put."""

from __future__ import annotations

import math

import numpy as np
import pytest

from callcenter.floor.card import Features
from intelligence.facts import KNOTS, facts_of, hat
from intelligence.rate_fitting import FOLLOWS, STAYS, Fits, Lately, Table
from intelligence.rates import Rates
from intelligence.training import Prepared, prepared

from .lesson_kit import lesson

HEADS = {"a": "x", "b": "x", "c": "y", "d": "y"}
PRIOR = dict.fromkeys(HEADS, 0.25)


def made(calls: int, seed: int) -> Prepared:
    """Everybody calls for c and d alike; after an event nine times as often for a while, mostly for
    a, unless they were helped with a since (then a tenth of that)."""
    rng = np.random.default_rng(seed)
    lessons = []
    for n in range(calls):
        age = float(rng.choice([0.5, 3.0, 200.0]))
        helped = rng.random() < 0.4
        features = [("happening.e|age", math.log1p(age)), ("identity|known", 1.0)]
        if helped:
            features.append(("past.a|helped", math.log1p(age) - 0.01))
        rate = (9.0 if age < 100 else 0.0) * (0.1 if helped else 1.0)
        after = rng.random() < rate / (rate + 1.0)
        reason = str(rng.choice(["a", "b"], p=[0.9, 0.1]) if after else rng.choice(["c", "d"]))
        lessons.append(lesson(n, reason, features=tuple(sorted(features))))
    return prepared(lessons, HEADS, PRIOR)


def ask(rates: Rates, hours: float, helped: bool = False) -> dict[str, float]:
    features: Features = (("happening.e|age", math.log1p(hours)), ("identity|known", 1.0))
    if helped:
        features += (("past.a|helped", 0.0),)
    shares = np.exp(rates.log_shares([features])[0]).tolist()
    return dict(zip(rates.codes, shares, strict=True))


@pytest.fixture(scope="module")
def rates() -> Rates:
    return Table(made(3000, seed=1)).fit()


def test_what_a_fact_leads_to_and_for_how_long_is_found(rates: Rates) -> None:
    """0.81 of the calls soon after the event are for a (0.9 of 0.9); none is long after it."""
    for hours in (0.5, 3.0):
        said = ask(rates, hours)
        assert said["a"] == pytest.approx(0.81, abs=0.05)
        assert said["b"] == pytest.approx(0.09, abs=0.04)
        assert said["c"] == pytest.approx(0.05, abs=0.03)
    long_after = ask(rates, 200.0)
    assert long_after["a"] < 0.05
    assert long_after["c"] == pytest.approx(0.5, abs=0.06)


def test_who_was_helped_since_calls_less_about_it(rates: Rates) -> None:
    """0.9 against 1: 0.43 are for a. Helped before the event is not helped with it."""
    assert ask(rates, 3.0, helped=True)["a"] == pytest.approx(0.43, abs=0.07)
    before: Features = (
        ("happening.e|age", math.log1p(3.0)), ("identity|known", 1.0),
        ("past.a|helped", math.log1p(99.0)),
    )  # fmt: skip
    said = np.exp(rates.log_shares([before])[0])
    assert said[rates.codes.index("a")] == pytest.approx(ask(rates, 3.0)["a"])


def test_leaving_a_fact_out_is_asking_without_it(rates: Rates) -> None:
    whole: Features = (
        ("happening.e|age", 1.0), ("identity|known", 1.0), ("queue|service", 1.0),
    )  # fmt: skip
    both = rates.left_out(whole, ["happening.e", "queue"])
    alone = rates.log_shares([whole, whole[1:], whole[:2]])
    assert np.allclose(both, alone, rtol=0, atol=1e-12)


def test_read_once_or_again_the_rates_say_the_same(rates: Rates) -> None:
    again = made(300, seed=2)
    table = Table(again)
    some = np.arange(100, 160)
    fitted = table.fit(some)
    rows = [again.lessons[i].features for i in some]
    assert np.allclose(table.said(fitted, some), fitted.log_shares(rows), rtol=0, atol=1e-12)


def changing(calls: int, seed: int) -> Prepared:
    """Nine calls of ten after one of two events are for a and for b; over the last quarter those of
    the first are for c instead. An hour between two calls."""
    rng = np.random.default_rng(seed)
    lessons = []
    for n in range(calls):
        event = str(rng.choice(["one", "two"]))
        once, now = {"one": ("a", "c"), "two": ("b", "b")}[event]
        reason = now if n >= 0.75 * calls else once
        if rng.random() < 0.1:
            reason = "d"
        lessons.append(
            lesson(
                n, reason, at=3600.0 * n,
                features=((f"happening.{event}|age", 0.5), ("identity|known", 1.0)),
            )
        )  # fmt: skip
    return prepared(lessons, HEADS, PRIOR)


def test_only_what_changed_is_followed() -> None:
    """The event that leads elsewhere is found, and its rates forget what they were; those of the
    other, which has fewer calls of late than ever, are not thrown away."""
    table = Table(changing(2000, seed=3))
    early, late, day = np.arange(1800), np.arange(1800, 2000), 86400.0
    fits = Fits(table, early)
    steady = fits.rates()
    moved = fits.rates(Lately(4 * day, np.full(len(table.sources), 5.0)))
    trust = dict(zip(table.sources, table.trust(steady, moved, late).tolist(), strict=True))
    assert trust["happening.one"] == FOLLOWS
    assert trust["happening.two"] == STAYS
    pace = Lately(4 * day, np.array([trust[name] for name in table.sources]))
    slow, fast = said_after(steady), said_after(fits.rates(pace))
    assert slow["one", "c"] < 0.5
    assert fast["one", "c"] > 0.7
    assert slow["two", "b"] == pytest.approx(0.9, abs=0.05)
    assert fast["two", "b"] == pytest.approx(0.9, abs=0.05)


def said_after(rates: Rates) -> dict[tuple[str, str], float]:
    """p(reason) soon after each event."""
    rows: list[Features] = [
        ((f"happening.{event}|age", 0.5), ("identity|known", 1.0)) for event in ("one", "two")
    ]
    shares = np.exp(rates.log_shares(rows)).tolist()
    return {
        (event, code): share
        for event, row in zip(("one", "two"), shares, strict=True)
        for code, share in zip(rates.codes, row, strict=True)
    }


def test_facts_are_read_back_with_what_was_done_since() -> None:
    """Ages, further occurrences, the reason a fact names; a reason settled after, not before."""
    features: Features = (
        ("case.fees|age", 5.0), ("happening.card_declined|age", 1.0),
        ("happening.card_declined|age.2", 4.0), ("happening.card_declined|n7", 2.0),
        ("hour|of_day", 9.0), ("last|open.pin", 2.0), ("open.refund|age", 3.0),
        ("past.pin|helped", 3.0), ("past.pin|share", 0.4), ("promise_broken|topic.fees", 2.5),
    )  # fmt: skip
    found = [(one.source, one.age, one.named, one.done) for one in facts_of(features)]
    assert found == [
        ("case", 5.0, "fees", ("pin",)),
        ("happening.card_declined", 1.0, "", ()),
        ("happening.card_declined", 4.0, "", ("pin",)),
        ("open", 2.0, "pin", ()),
        ("open", 3.0, "refund", ("pin",)),
        ("past|share", None, "pin", ()),
        ("promise_broken|topic", 2.5, "fees", ()),
    ]


def test_an_age_counts_for_the_knots_beside_it() -> None:
    """Straight lines: the parts sum to 1 and give the age back; outside, the last knot."""
    for age in (0.01, 0.4, 2.0, 6.9):
        parts = hat(age)
        assert sum(part for _, part in parts) == pytest.approx(1.0)
        assert sum(part * KNOTS[k] for k, part in parts) == pytest.approx(age)
    assert hat(-1.0) == ((0, 1.0),)
    assert hat(99.0) == ((len(KNOTS) - 1, 1.0),)
