"""How often somebody may fail."""

from __future__ import annotations

from callcenter.api.throttle import Throttle


def test_failures_within_the_window() -> None:
    """After the allowed failures one waits until the oldest is out of the window."""
    throttle = Throttle(2, 100.0)
    throttle.begin("a", 0.0)
    assert throttle.wait("a", 10.0) == 0.0
    throttle.begin("a", 10.0)
    assert throttle.wait("a", 30.0) == 70.0
    assert throttle.wait("b", 30.0) == 0.0
    assert throttle.wait("a", 100.0) == 0.0


def test_attempts_at_the_same_time() -> None:
    """An attempt counts from its beginning, so parallel guesses gain nothing."""
    throttle = Throttle(2, 100.0)
    throttle.begin("a", 0.0)
    throttle.begin("a", 0.0)
    assert throttle.wait("a", 0.0) == 100.0
    throttle.forgive("a")
    assert throttle.wait("a", 0.0) == 0.0


def test_clear() -> None:
    """Cleared, nothing is held against the key."""
    throttle = Throttle(1, 100.0)
    throttle.begin("a", 0.0)
    throttle.clear("a")
    throttle.forgive("a")
    assert throttle.wait("a", 0.0) == 0.0


def test_memory_is_bounded() -> None:
    """Of many keys the longest untouched is forgotten, not the one under attack."""
    throttle = Throttle(1, 1e9, keys=3)
    throttle.begin("target", 0.0)
    for n in range(10):
        throttle.begin(f"noise{n}", 1.0)
        throttle.begin("target", 1.0)
    assert throttle.wait("target", 2.0) > 0
    assert throttle.wait("noise0", 2.0) == 0.0
