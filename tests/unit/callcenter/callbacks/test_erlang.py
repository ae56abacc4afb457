"""Erlang B, C and A against published figures, their limits, and a simulated line."""

from __future__ import annotations

import heapq
import random
from math import inf, isfinite

import pytest

from callcenter.callbacks.erlang import erlang_b, erlang_c, line, log_palm, most_calls

# Calls, in so many seconds, handle time, threshold, agents: P(wait), service level, mean wait,
# occupancy. The second row is what the pyworkforce package publishes for its example.
PUBLISHED = [
    (100, 1800, 180, 20, 13, 0.28527, 0.79559, 17.116, 0.7692),
    (100, 1800, 180, 20, 14, 0.17413, 0.88835, 7.836, 0.7143),
    (360, 3600, 240, 15, 28, 0.33314, 0.74055, 19.988, 0.8571),
    (360, 3600, 240, 15, 29, 0.24227, 0.82275, 11.629, 0.8276),
    (120, 1800, 300, 20, 24, 0.29807, 0.77170, 22.355, 0.8333),
    (120, 1800, 300, 20, 25, 0.20910, 0.85017, 12.546, 0.8000),
]


@pytest.mark.parametrize(
    ("calls", "period", "handle", "threshold", "agents", "delayed", "level", "wait", "busy"),
    PUBLISHED,
)
def test_erlang_c_gives_the_published_figures(
    calls, period, handle, threshold, agents, delayed, level, wait, busy
):
    seen = line(agents, calls / period, handle, threshold)
    assert seen.delayed == pytest.approx(delayed, abs=5e-6)
    assert seen.in_time == pytest.approx(level, abs=5e-6)
    assert seen.wait == pytest.approx(wait, abs=5e-4)
    assert seen.occupancy == pytest.approx(busy, abs=5e-5)
    assert seen.given_up == 0


def test_erlang_b_by_hand():
    # 1 agent: a / (1 + a); 2 agents: (a^2 / 2) / (1 + a + a^2 / 2).
    assert erlang_b(1, 0.5) == pytest.approx(1 / 3)
    assert erlang_b(2, 3.0) == pytest.approx(4.5 / 8.5)
    assert erlang_b(0, 3.0) == 1
    assert erlang_b(0, 0.0) == 1
    assert erlang_b(5, 0.0) == 0
    assert erlang_c(5, 0.0) == 0
    assert erlang_c(3, 4.0) == 1


@pytest.mark.parametrize("agents", [1, 7, 60, 500, 2000])
@pytest.mark.parametrize("load", [0.3, 0.8, 0.97])
def test_endless_patience_is_erlang_c(agents, load):
    rate = agents * load / 200.0
    patient = line(agents, rate, 200.0, 20.0, patience=200.0 * 9_000, limit=300.0)
    endless = line(agents, rate, 200.0, 20.0, limit=300.0)
    # Nine thousand handle times are not endless yet: it differs by what still give up.
    assert patient.delayed == pytest.approx(endless.delayed, rel=0.01, abs=1e-9)
    assert patient.in_time == pytest.approx(endless.in_time, abs=0.005)
    assert patient.late == pytest.approx(endless.late, rel=0.03, abs=1e-9)
    assert line(agents, rate, 200.0, 20.0, patience=inf) == line(agents, rate, 200.0, 20.0)


@pytest.mark.parametrize("agents", [1, 7, 60, 500, 2000])
@pytest.mark.parametrize("load", [0.3, 0.97, 1.5])
def test_no_patience_is_erlang_b(agents, load):
    rate = agents * load / 200.0
    lost = erlang_b(agents, agents * load)
    hasty = line(agents, rate, 200.0, 20.0, patience=1e-6)
    assert hasty.given_up == pytest.approx(lost, abs=1e-6)
    assert hasty.in_time == pytest.approx(1 - lost, abs=1e-6)
    none = line(agents, rate, 200.0, 20.0, patience=0.0)
    assert none.given_up == pytest.approx(lost)
    assert none.wait == 0


@pytest.mark.parametrize("agents", [1, 3, 20, 150, 700, 2000])
def test_every_load_gives_finite_shares_that_get_worse_with_it(agents):
    before = None
    for load in (0.0, 1e-6, 0.1, 0.5, 0.9, 0.99, 1.0, 1.01, 1.5, 4.0, 50.0):
        for patience in (0.5, 60.0, 300.0, 1e5):
            seen = line(agents, agents * load / 240.0, 240.0, 20.0, patience, 900.0)
            shares = (seen.delayed, seen.in_time, seen.given_up, seen.occupancy, seen.late)
            assert all(isfinite(share) and 0 <= share <= 1 for share in shares), (load, patience)
            # Who gave up was not served: occupancy is what is left of the load.
            assert seen.occupancy == pytest.approx(min(load * (1 - seen.given_up), 1.0), abs=1e-9)
        if before is not None:
            assert seen.in_time <= before + 1e-9
        before = seen.in_time


@pytest.mark.parametrize(
    ("x", "y"), [(0.5, 0.2), (3.0, 3.0), (3.0, 4.5), (40.0, 41.5), (40.0, 55.0), (8.0, 60.0)]
)
def test_palm_function_by_its_own_series(x, y):
    from fractions import Fraction
    from math import log

    total = term = Fraction(1)
    for n in range(1, 400):
        term *= Fraction(y) / (Fraction(x) + n)
        # The fractions would grow without end.
        term = term.limit_denominator(10**40) if term > Fraction(1, 10**25) else Fraction(0)
        total += term
    assert log_palm(x, y) == pytest.approx(log(total), rel=1e-10)


def test_both_ways_to_the_palm_function_meet():
    # The series ends and the fraction begins at y = x + 1.
    for x in (0.01, 1.0, 30.0, 1e4, 1e6):
        below, above = log_palm(x, x + 1), log_palm(x, (x + 1) * (1 + 1e-9))
        assert above == pytest.approx(below, rel=1e-6)


def test_what_is_no_line_is_refused():
    for bad in (
        lambda: erlang_b(-1, 1.0),
        lambda: erlang_b(1, -0.1),
        lambda: erlang_b(1, inf),
        lambda: line(1, 1.0, 0.0, 20.0),
        lambda: line(1, 1.0, 10.0, -1.0),
        lambda: line(1, 1.0, 10.0, 1.0, patience=-1.0),
    ):
        with pytest.raises(ValueError):
            bad()


def test_without_agents_nobody_is_answered():
    seen = line(0, 0.1, 200.0, 20.0, 60.0)
    assert (seen.in_time, seen.given_up, seen.late, seen.wait) == (0, 1, 1, 60.0)


def simulated(agents, rate, handle, threshold, patience, limit, calls, seed):
    """Shares in time, given up and delayed, the mean wait, and the share whose wait, had they never
    given up, would have been above ``limit``. One after the other, first come first served."""
    rng = random.Random(seed)
    free = [0.0] * agents
    heapq.heapify(free)
    now = wait = 0.0
    in_time = given_up = delayed = late = 0
    for _ in range(calls):
        now += rng.expovariate(rate)
        # In first come first served, the next agent to be free is the one this caller would get.
        virtual = max(free[0] - now, 0.0)
        delayed += virtual > 0
        late += virtual > limit
        temper = rng.expovariate(1 / patience)
        if temper < virtual:
            given_up += 1
            wait += temper
            continue
        wait += virtual
        in_time += virtual <= threshold
        heapq.heapreplace(free, now + virtual + rng.expovariate(1 / handle))
    return [share / calls for share in (in_time, given_up, delayed, wait, late)]


@pytest.mark.parametrize(
    ("agents", "load", "patience"), [(3, 0.8, 90.0), (12, 1.0, 180.0), (12, 1.5, 180.0)]
)
def test_erlang_a_is_what_a_simulated_line_does(agents, load, patience):
    rate = agents * load / 240.0
    seen = line(agents, rate, 240.0, 20.0, patience, 60.0)
    real = simulated(agents, rate, 240.0, 20.0, patience, 60.0, 60_000, seed=7)
    in_time, given_up, delayed, wait, late = real
    assert in_time == pytest.approx(seen.in_time, abs=0.02)
    assert given_up == pytest.approx(seen.given_up, abs=0.015)
    assert delayed == pytest.approx(seen.delayed, abs=0.02)
    assert wait == pytest.approx(seen.wait, rel=0.06)
    assert late == pytest.approx(seen.late, abs=0.02)


def test_most_calls_is_the_edge():
    for agents in (1, 4, 12, 80):
        most = most_calls(agents, 240.0, 180.0, 20.0, 0.8, 900.0, 0.02)
        assert line(agents, most, 240.0, 20.0, 180.0).in_time >= 0.8
        assert line(agents, most * 1.001, 240.0, 20.0, 180.0).in_time < 0.8


def test_most_calls_heeds_those_who_never_give_up():
    # Nobody cares about the level here: then the chance to be late is what counts.
    most = most_calls(2, 600.0, 1800.0, 20.0, 0.0, 900.0, 0.02)
    assert line(2, most, 600.0, 20.0, 1800.0, 900.0).late <= 0.02
    assert line(2, most * 1.001, 600.0, 20.0, 1800.0, 900.0).late > 0.02
    assert most_calls(0, 600.0, 1800.0, 20.0, 0.0, 900.0, 0.02) == 0
