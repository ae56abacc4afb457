"""Notes are told on once they say something, at most every few seconds, the last ones winning."""

from __future__ import annotations

from agent_console.notepad import EVERY, LEAST, MOST, Notepad

LONG = "the card was swallowed"


def test_first_notes_are_told_at_once() -> None:
    """Without blanks around them, and once."""
    pad = Notepad()
    pad.write("c", f"  {LONG}\n")
    assert pad.due() == float("-inf")
    assert pad.take(100.0) == (("c", LONG),)
    assert pad.due() is None
    assert pad.take(200.0) == ()


def test_later_notes_wait_and_the_last_ones_win() -> None:
    pad = Notepad()
    pad.write("c", LONG)
    pad.take(100.0)
    pad.write("c", f"{LONG} in")
    pad.write("c", f"{LONG} in Leeds")
    assert pad.due() == 100.0 + EVERY
    assert pad.take(100.0 + EVERY - 0.1) == ()
    assert pad.take(100.0 + EVERY) == (("c", f"{LONG} in Leeds"),)


def test_calls_wait_each_for_themselves() -> None:
    pad = Notepad()
    pad.write("a", LONG)
    pad.take(100.0)
    pad.write("a", f"{LONG}!")
    pad.write("b", LONG)
    assert pad.take(101.0) == (("b", LONG),)
    assert pad.due() == 100.0 + EVERY


def test_what_says_nothing_or_nothing_new_is_not_told() -> None:
    pad = Notepad()
    pad.write("c", "x" * (LEAST - 1) + " " * 40)
    assert pad.due() is None
    pad.write("c", LONG)
    pad.take(1.0)
    pad.write("c", f"{LONG} today")
    pad.write("c", LONG)  # taken back before it was told
    assert pad.due() is None
    pad.write("c", f"{LONG} today")
    pad.write("c", "short")
    assert pad.due() is None


def test_notes_are_cut() -> None:
    pad = Notepad()
    pad.write("c", "長" * (MOST + 1))
    assert pad.take(1.0) == (("c", "長" * MOST),)


def test_a_chosen_reason_withdraws_and_a_closed_card_forgets() -> None:
    pad = Notepad()
    pad.write("c", LONG)
    pad.withdraw("c")
    assert pad.due() is None
    pad.write("c", LONG)
    pad.take(1.0)
    pad.forget("c")
    pad.write("c", LONG)  # another call by the same name: nothing was told of it
    assert pad.take(1.1) == (("c", LONG),)
