"""The supervisors' rows: seldom enough, and never the wrong value in the end."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from agent_console.board import Board


def test_first_at_once_then_held_back() -> None:
    """A row that was quiet goes out at once; changes within the interval become one, the newest."""
    board = Board(0.25)
    assert board.put("a", 1, 10.0)
    assert not board.put("a", 2, 10.1)
    assert not board.put("a", 3, 10.2)
    assert board.deadline() == 10.25
    assert board.due(10.24) == []
    assert board.due(10.25) == [("a", 3)]
    assert not board.put("a", 4, 10.3)
    assert board.due(10.5) == [("a", 4)]
    assert board.due(10.75) == []
    assert board.deadline() is None
    assert board.put("a", 5, 10.8)


@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 99), st.floats(0.0, 0.4)), max_size=40)
)
def test_seldom_and_right(changes: list[tuple[str, int, float]]) -> None:
    """Whatever changes when: no row twice within the interval, none lost, the last value last."""
    board, now = Board(0.25), 0.0
    truth: dict[str, int] = {}
    shown: dict[str, object] = {}
    times: dict[str, list[float]] = defaultdict(list)

    def show(key: str, row: object, at: float) -> None:
        shown[key] = row
        times[key].append(at)

    def turns(until: float) -> None:
        while (deadline := board.deadline()) is not None and deadline <= until:
            for key, row in board.due(deadline):
                show(key, row, deadline)

    for key, value, wait in changes:
        now += wait
        turns(now)
        truth[key] = value
        if board.put(key, value, now):
            show(key, value, now)
    turns(now + 10)
    assert shown == truth
    assert board.deadline() is None
    for moments in times.values():
        assert all(b - a >= 0.249 for a, b in pairwise(moments))
