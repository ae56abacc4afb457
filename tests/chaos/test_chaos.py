"""A few seeds of chaos in every test run; ``python -m tests.chaos`` plays many."""

from __future__ import annotations

from collections import Counter

import pytest

from telephony.simulator import Arrival, Outcome
from telephony.simulator.arrivals import Visit
from tests.chaos.plan import plan
from tests.chaos.run import play
from tests.chaos.truth import Window, compared

CALLS = 40


@pytest.mark.parametrize("seed", range(1, 16))
def test_the_engine_survives(seed: int) -> None:
    """No invariant breaks, nothing is left at the end, and the figures are those of the truth."""
    report = play(plan(seed, CALLS))
    assert report.problems == []
    assert report.calls > 0


@pytest.mark.parametrize("seed", range(1, 6))
def test_the_observing_engine_survives(seed: int) -> None:
    """The same where the exchange distributes."""
    assert play(plan(seed, CALLS, engine=False)).problems == []


def test_a_seed_is_the_same_run_again() -> None:
    """Everything but the time it took."""
    one, other = (play(plan(7, CALLS)) for _ in range(2))
    one.cpu = other.cpu = 0.0
    assert one == other


def outcome(*visits: Visit) -> Outcome:
    return Outcome(
        call="1", arrival=Arrival(dialled="1"), at=0.0, queue="q", device=None, offers=(),
        wait=0.0, talk=0.0, end="abandoned", ended=9.0, visits=visits,
    )  # fmt: skip


def test_a_wrong_figure_is_found() -> None:
    """A stay that was not counted, and one counted under another name, are told."""
    real = [outcome(Visit("q", 1.0, 5.0, "answered"))]
    right = {"q": Counter(offered=1, answered=1)}
    assert compared(real, right, ()) == []
    assert compared(real, {}, ()) == [
        "q: offered is 0, must be 1",
        "q: answered is 0, must be 1",
    ]
    assert compared(real, {"q": Counter(offered=1, abandoned=1)}, ()) == [
        "q: answered is 0, must be 1",
        "q: abandoned is 1, must be 0",
    ]
    assert compared(real, {"q": Counter(offered=2, answered=1)}, [Window(4.0, 6.0)]) == [
        "q: offered is 2, must be 0 to 1",
        "q: 2 offered, 1 came out",
    ]


def test_the_queue_that_stands_in_is_the_same_stay() -> None:
    """Fallback into the exchange's own queue is no second offer; another queue is."""
    fallback = [outcome(Visit("q", 1.0, 5.0, "overflow"), Visit("q", 5.0, 9.0, "answered"))]
    assert compared(fallback, {"q": Counter(offered=1, answered=1)}, ()) == []
    moved = [outcome(Visit("q", 1.0, 5.0, "timed_out"), Visit("r", 5.0, 9.0, "answered"))]
    counted = {"q": Counter(offered=1, left=1), "r": Counter(offered=1, answered=1)}
    assert compared(moved, counted, ()) == []
