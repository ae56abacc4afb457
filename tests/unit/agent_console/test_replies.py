"""Commands are carried out once, and everybody who asked is answered."""

from __future__ import annotations

import pytest

from agent_console.replies import MAX_ASKERS, Answer, Done, Failed, Replies


class Asker:
    def __init__(self) -> None:
        self.heard: list[tuple[Answer, bool]] = []

    def __call__(self, answer: Answer, repeat: bool) -> None:
        self.heard.append((answer, repeat))


def test_repeat_after_the_answer() -> None:
    """A repeat is answered from memory and marked as such."""
    replies, first, second = Replies(), Asker(), Asker()
    assert replies.ask("x", 0.0, first) is True
    replies.answer("x", Done(4, {}))
    assert replies.ask("x", 1.0, second) is False
    assert first.heard == [(Done(4, {}), False)]
    assert second.heard == [(Done(4, {}), True)]


def test_repeat_before_the_answer() -> None:
    """A repeat that comes while the command is under way is answered with it."""
    replies, first, second = Replies(), Asker(), Asker()
    replies.ask("x", 0.0, first)
    assert replies.ask("x", 1.0, second) is False
    assert second.heard == []
    replies.answer("x", Failed("not_now", "no"))
    assert [repeat for _, repeat in first.heard + second.heard] == [False, True]


def test_forgotten_after_ten_minutes() -> None:
    """After ten minutes the same id is a new command, unless the old one is still under way."""
    replies = Replies()
    replies.ask("x", 0.0, Asker())
    assert replies.ask("x", 10_000.0, Asker()) is False
    replies.answer("x", Done(1, {}))
    assert replies.ask("y", 10_000.0, Asker()) is True
    assert replies.ask("x", 10_000.0, Asker()) is True


@pytest.mark.parametrize("age", [0.0, 600.0])
def test_remembered_for_ten_minutes(age: float) -> None:
    """Until then it is not."""
    replies = Replies()
    replies.ask("x", 0.0, Asker())
    replies.answer("x", Done(1, {}))
    assert replies.ask("x", age, Asker()) is False


def test_no_room() -> None:
    """A full memory refuses new commands rather than forget one that may come again."""
    replies = Replies(most=2)
    for known in "ab":
        replies.ask(known, 0.0, Asker())
        replies.answer(known, Done(0, {}))
    assert replies.ask("c", 1.0, Asker()) is None
    assert replies.ask("a", 1.0, Asker()) is False
    assert replies.ask("c", 601.0, Asker()) is True


def test_answer_that_may_come_again() -> None:
    """An answer not worth remembering leaves its id free."""
    replies, asker = Replies(), Asker()
    replies.ask("x", 0.0, asker)
    replies.answer("x", Failed("failed", "", retry=True), forget=True)
    assert len(asker.heard) == 1
    assert replies.ask("x", 1.0, Asker()) is True


def test_askers_are_bounded() -> None:
    """Of many repeats of a slow command the last ones are answered."""
    replies = Replies()
    askers = [Asker() for _ in range(MAX_ASKERS + 5)]
    for asker in askers:
        replies.ask("x", 0.0, asker)
    replies.answer("x", Done(0, {}))
    assert [len(asker.heard) for asker in askers] == [0] * 5 + [1] * MAX_ASKERS
