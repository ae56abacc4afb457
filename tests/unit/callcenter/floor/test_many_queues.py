"""Thousands of queues: every figure of every queue is the plain count's, whatever comes twice."""

from __future__ import annotations

import pytest

from benchmarks.many_queues import Miscounted, play


def test_many_queues_count_exactly() -> None:
    """300 queues with 60 calls in them at any moment; the comparison is made all the time."""
    centre = play(queues=300, waiting=60, calls=600)
    centre.compare()
    told = [view.offered for view in centre.floor.queue_views().values()]
    assert sum(told) >= centre.calls == 600
    assert 50 <= len(centre.waiting) <= 60


def test_a_miscount_is_found() -> None:
    """One call too many in one queue of hundreds."""
    centre = play(queues=300, waiting=20, calls=50)
    centre.floor.state.queue("queue7").today.offered += 1
    with pytest.raises(Miscounted, match="queue7: offered"):
        centre.compare()
