"""What waits for one browser: in order, bounded; rows only in their newest value."""

from __future__ import annotations

from agent_console.outbox import Outbox


def drain(outbox: Outbox) -> list[str]:
    taken = []
    while (text := outbox.take()) is not None:
        taken.append(text)
    return taken


def test_order_and_rows() -> None:
    """Frames keep their order and go first; a row's newer value takes the older one's place."""
    outbox = Outbox(10, 100)
    outbox.put_row("a", "a1")
    outbox.put_row("b", "b1")
    assert outbox.put("one")
    outbox.put_row("a", "a2")
    assert outbox.put("two")
    assert len(outbox) == 4
    assert drain(outbox) == ["one", "two", "a2", "b1"]
    assert len(outbox) == 0


def test_too_many_frames() -> None:
    """Beyond the number of frames nothing is taken; rows do not count."""
    outbox = Outbox(2, 1_000)
    for n in range(50):
        outbox.put_row(str(n), "row")
    assert outbox.put("1")
    assert outbox.put("2")
    assert not outbox.put("3")
    outbox.take()
    assert outbox.put("3")


def test_too_many_bytes() -> None:
    """Beyond the bytes nothing is taken, but one frame alone always is (a large snapshot)."""
    outbox = Outbox(10, 10)
    assert outbox.put("x" * 50)
    assert not outbox.put("y")
    assert outbox.take() == "x" * 50
    assert outbox.put("y" * 10)
    assert not outbox.put("z")


def test_clear() -> None:
    """Cleared, it is empty and takes again."""
    outbox = Outbox(1, 10)
    outbox.put("1")
    outbox.put_row("a", "r")
    outbox.clear()
    assert drain(outbox) == []
    assert outbox.put("2")
