"""When offers stop, and when they begin again."""

from __future__ import annotations

import pytest

from callcenter.callbacks.record import kept_lately, stop_offers, was_kept
from callcenter.floor.callback import Callback

NOW = 1_795_000_000.0


def over(**given: object) -> Callback:
    fields: dict[str, object] = {
        "id": "A", "version": 3, "state": "done", "origin": "web", "queue": "q",
        "number": "+41443340011", "zone": "UTC", "made": NOW - 5000, "place": NOW - 4000,
        "opens": NOW - 4000, "closes": NOW - 3100, "due": NOW - 4000, "ended": NOW - 3000,
    }  # fmt: skip
    return Callback(**(fields | given))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"dialled": NOW - 3500, "why": "talked"}, True),
        ({"dialled": NOW - 4000, "why": "talked"}, True),
        ({"dialled": NOW - 3100, "why": "talked"}, True),
        # Reached or not: it was dialled in time.
        ({"dialled": NOW - 3500, "why": "attempts_used", "state": "expired"}, True),
        ({"dialled": NOW - 3000, "why": "talked"}, False),
        ({"dialled": NOW - 4001, "why": "talked"}, False),
        ({"why": "window_over", "state": "expired"}, False),
        ({"why": "by_customer", "state": "cancelled"}, None),
        ({"why": "called_in"}, None),
        ({"ended": None, "state": "due"}, None),
    ],
)
def test_what_counts_as_kept(given, kept):
    assert was_kept(over(**given)) is kept


def test_the_last_twenty_that_say_something_newest_first():
    old = [over(ended=NOW - 2000 - n, dialled=NOW - 3500, why="talked") for n in range(30)]
    late = over(ended=NOW - 10, why="window_over", state="expired")
    silent = over(ended=NOW - 5, why="by_customer", state="cancelled")
    assert kept_lately([*old, late, silent]) == (False, *[True] * 19)


def test_a_day_later_it_is_forgotten():
    broken = [over(why="window_over", state="expired")] * 20
    assert stop_offers(kept_lately(broken, NOW), was_stopped=True, poor_below=0.8)
    assert not stop_offers(kept_lately(broken, NOW + 86_400), was_stopped=True, poor_below=0.8)


def shares(kept: int, broken: int) -> list[bool]:
    return [True] * kept + [False] * broken


def test_offers_stop_below_the_limit_and_begin_clearly_above_it():
    assert not stop_offers(shares(16, 4), was_stopped=False, poor_below=0.8)
    assert stop_offers(shares(15, 5), was_stopped=False, poor_below=0.8)
    # Hysteresis: what would not stop them does not start them either.
    assert stop_offers(shares(16, 4), was_stopped=True, poor_below=0.8)
    assert stop_offers(shares(17, 3), was_stopped=True, poor_below=0.8)
    assert not stop_offers(shares(18, 2), was_stopped=True, poor_below=0.8)


def test_few_promises_are_no_verdict_and_old_ones_do_not_count():
    assert not stop_offers(shares(0, 9), was_stopped=False, poor_below=0.8)
    assert stop_offers(shares(0, 10), was_stopped=False, poor_below=0.8)
    assert not stop_offers([*shares(20, 0), *shares(0, 20)], was_stopped=False, poor_below=0.8)


def test_a_limit_near_one_can_be_met_again():
    assert stop_offers(shares(19, 1), was_stopped=True, poor_below=0.95)
    assert not stop_offers(shares(20, 0), was_stopped=True, poor_below=0.95)
