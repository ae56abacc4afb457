"""Expected waits, checked against exact quantiles and a simulated queue."""

from __future__ import annotations

import heapq
import random
from statistics import fmean, median

import pytest

from callcenter.floor.waits import ENOUGH, KEPT, RECENT, Z90, Estimate, Score, Waits, gamma_quantile


def steady(gap: float, count: int = 20) -> Waits:
    """A queue that never empties and answers a call every ``gap`` seconds, the last at 0."""
    waits = Waits()
    for n in range(count + 1):
        waits.answered("q", (n - count) * gap, 300.0, True)
    return waits


def test_thin_data_gives_no_estimate() -> None:
    """Below eight gaps nothing is said, from the eighth on something is."""
    assert Waits().estimate("q", 1, 0, 0.0) is None
    assert steady(10.0, ENOUGH - 1).estimate("q", 1, 0, 0.0) is None
    assert steady(10.0, ENOUGH).estimate("q", 1, 0, 0.0) is not None


def test_a_ready_agent_means_no_wait() -> None:
    """Whoever has a ready agent waits for nobody, even when nothing is known of the queue."""
    assert Waits().estimate("q", 2, 2, 0.0) == Estimate(p50=0.0, p90=0.0, gaps=0)


def test_ready_agents_shorten_the_line() -> None:
    """The third in line with two ready agents is as well off as the first without."""
    waits = steady(10.0)
    assert waits.estimate("q", 3, 2, 0.0) == waits.estimate("q", 1, 0, 0.0)


def test_position_counts() -> None:
    """A regular flow of one answer every ten seconds: the fifth waits fifty seconds."""
    estimate = steady(10.0).estimate("q", 5, 0, 0.0)
    assert estimate == Estimate(p50=50.0, p90=50.0, gaps=20)


def test_old_gaps_are_forgotten() -> None:
    """What happened more than an hour ago says nothing, and only the last fifty are kept."""
    waits = steady(10.0, 100)
    estimate = waits.estimate("q", 1, 0, 0.0)
    assert estimate is not None
    assert estimate.gaps == KEPT
    assert waits.estimate("q", 1, 0, RECENT + 1) is None


def test_gaps_with_an_empty_line_do_not_count() -> None:
    """Calls an hour's quarter apart, answered at once, tell nothing about how fast agents are."""
    waits = Waits()
    for n in range(30):
        waits.answered("q", n * 60.0, 2.0, False)
    assert waits.estimate("q", 1, 0, 1800.0) is None


def test_a_call_served_out_of_turn_counts_while_others_wait() -> None:
    """A late comer who is served first closes a gap through which others waited."""
    waits = Waits()
    for n in range(ENOUGH + 1):
        waits.answered("q", n * 20.0, 1.0, True)
    estimate = waits.estimate("q", 1, 0, 200.0)
    assert estimate is not None
    assert estimate.p50 == 20.0


def test_queues_are_apart() -> None:
    """One queue's flow says nothing about another."""
    assert steady(10.0).estimate("other", 1, 0, 0.0) is None


def test_time_that_goes_back_is_no_gap() -> None:
    """An answer noted out of order leaves no negative gap."""
    waits = steady(10.0, ENOUGH)
    waits.answered("q", -30.0, 300.0, True)
    estimate = waits.estimate("q", 1, 0, 0.0)
    assert estimate is not None
    assert estimate.gaps == ENOUGH


@pytest.mark.parametrize(
    ("shape", "half", "ninth"),
    # Scale 1. Shape 1: ln 2 and ln 10; the others from tables of chi-square with
    # 2 * shape degrees of freedom, halved.
    [(1, 0.6931, 2.3026), (2, 1.6783, 3.8897), (5, 4.6709, 7.9936), (20, 19.6677, 25.9025)],
)
def test_gamma_quantiles(shape: float, half: float, ninth: float) -> None:
    """Within 1.5 % of the exact quantiles."""
    assert gamma_quantile(shape, shape, 0.0) == pytest.approx(half, rel=0.015)
    assert gamma_quantile(shape, shape, Z90) == pytest.approx(ninth, rel=0.015)


def test_gamma_quantile_of_nothing() -> None:
    """No mean or no variance: no spread; a wild variance never gives a negative wait."""
    assert gamma_quantile(0.0, 5.0, Z90) == 0.0
    assert gamma_quantile(7.0, 0.0, Z90) == 7.0
    assert gamma_quantile(1.0, 100.0, 0.0) == 0.0


def test_score_counts_what_was_kept() -> None:
    """At p50 and p90 themselves an estimate is kept."""
    score = Score().with_one(10, 20, 10).with_one(10, 20, 20).with_one(10, 20, 21)
    assert score == Score(told=3, below_p50=1, below_p90=2, error=21.0)


def simulated(seed: int, agents: int, load: float, calls: int) -> list[tuple[Estimate, float]]:
    """An M/M/c queue, first come first served: (what was told on arrival, how long it was)."""
    rng = random.Random(seed)
    talk = 180.0
    every = talk / (agents * load)
    waits, told = Waits(), []
    free_at = [0.0] * agents
    line: list[tuple[float, float]] = []  # (answered at, arrived at), in order of answer
    now = 0.0
    for _ in range(calls):
        now += rng.expovariate(1 / every)
        while line and line[0][0] <= now:
            at, came = line.pop(0)
            waits.answered("q", at, at - came, bool(line and line[0][1] <= at))
        ready = sum(at <= now for at in free_at)
        start = max(now, heapq.heappop(free_at))
        heapq.heappush(free_at, start + rng.expovariate(1 / talk))
        estimate = waits.estimate("q", len(line) + 1, ready, now)
        line.append((start, now))
        if estimate is not None and not ready:
            told.append((estimate, start - now))
    return told


@pytest.mark.parametrize(("agents", "load"), [(5, 0.9), (20, 0.95), (60, 0.98)])
def test_promises_hold_in_a_simulated_queue(agents: int, load: float) -> None:
    """85 to 95 % of those who were told a wait waited less than the p90, about half less than the
    p50, and the typical error is below 60 % of the typical wait."""
    told = [one for seed in range(4) for one in simulated(seed, agents, load, 3000)]
    assert len(told) > 1000
    below = fmean(wait <= estimate.p90 for estimate, wait in told)
    half = fmean(wait <= estimate.p50 for estimate, wait in told)
    error = median(abs(wait - estimate.p50) for estimate, wait in told)
    assert 0.85 <= below <= 0.95
    assert 0.42 <= half <= 0.58
    assert error < 0.6 * median(wait for _, wait in told)
