"""A thousand callbacks around both changes of the clocks in two zones, with restarts."""

from __future__ import annotations

from benchmarks.callback_windows import Centre


def test_nobody_is_dialled_outside_any_window() -> None:
    """Window, law on the called party's clock, opening hours, attempts: none is ever overstepped,
    and every callback comes to an end."""
    centre = Centre(callbacks=1000, seed=5)
    centre.run()
    assert centre.outside == []
    assert centre.counts["dials"] > 500
    assert centre.counts["stopped"] > 5
    assert {row.state for row in centre.rows.values()} == {"done", "expired"}
