"""What waits for the loop's next turn, and what is told of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from agent_console.seat import Seat
from callcenter.floor.card import AgentView, Card

CARD = Card(
    call="c1", rev=1, direction="inbound", state="ringing", queue="sales", number=None,
    caller_name=None, dialled=None, arrived=1.0, offered=None, answered=None, ended=None,
    identity="pending", candidates=(), profile=None, reasons_state="pending", reasons=(),
    answers_state="pending", answers=(), noted=False,
)  # fmt: skip
VIEW = AgentView(
    agent="amy", name="Amy", device="PJSIP/201", state="ringing", since=1.0, reason=None,
    next_state=None, next_reason=None, call="c1", queue="sales", deadline=None,
    device_state="ringing", calls_today=0,
)  # fmt: skip


@dataclass
class Told:
    """A seat, what it told, and how often it asked to be called in the loop's next turn."""

    events: list[tuple[str, object]] = field(default_factory=list)
    asked: int = 0

    def __post_init__(self) -> None:
        self.seat = Seat("amy", "e", self._emit, self._soon)

    def _emit(self, seat: Seat, ev: str, payload: object) -> None:
        seat.stream.append(0.0, ev, payload)
        self.events.append((ev, payload))

    def _soon(self, seat: Seat) -> None:
        self.asked += 1


def test_what_changes_several_times_in_one_turn_is_told_once_as_it_is_at_the_end() -> None:
    told = Told()
    told.seat.show(CARD)
    told.seat.agent(VIEW, gone=False)
    told.seat.show(replace(CARD, rev=2))
    told.seat.agent(replace(VIEW, state="talking"), gone=False)
    assert told.events == []
    assert told.asked == 1
    told.seat.tell()
    assert told.events == [
        ("card.shown", replace(CARD, rev=2)),
        ("agent.updated", replace(VIEW, state="talking")),
    ]
    told.seat.tell()
    assert len(told.events) == 2


def test_a_card_that_is_there_is_updated_and_asks_again() -> None:
    told = Told()
    told.seat.show(CARD)
    told.seat.tell()
    told.seat.show(replace(CARD, rev=2))
    told.seat.tell()
    assert [ev for ev, _ in told.events] == ["card.shown", "card.updated"]
    assert told.asked == 2


def test_cards_of_two_calls_are_told_each() -> None:
    told = Told()
    told.seat.show(CARD)
    told.seat.show(replace(CARD, call="c2"))
    told.seat.tell()
    assert [ev for ev, _ in told.events] == ["card.shown", "card.shown"]


def test_a_card_that_closes_is_not_updated_before() -> None:
    told = Told()
    told.seat.show(CARD)
    told.seat.tell()
    told.seat.show(replace(CARD, rev=2))
    told.seat.close("c1")
    told.seat.tell()
    assert [ev for ev, _ in told.events] == ["card.shown", "card.closed"]


def test_of_a_card_that_closes_in_the_turn_in_which_it_opens_nobody_hears() -> None:
    told = Told()
    told.seat.show(CARD)
    told.seat.close("c1")
    told.seat.tell()
    assert told.events == []


def test_anything_else_comes_after_what_waits() -> None:
    told = Told()
    told.seat.agent(VIEW, gone=False)
    told.seat.emit("control", {"id": "1"})
    assert [ev for ev, _ in told.events] == ["agent.updated", "control"]


def test_the_position_counts_what_waits() -> None:
    told = Told()
    told.seat.show(CARD)
    assert told.seat.position() == 1
    assert [ev for ev, _ in told.events] == ["card.shown"]


def test_an_agent_who_leaves_has_no_view() -> None:
    told = Told()
    told.seat.agent(VIEW, gone=False)
    told.seat.agent(VIEW, gone=True)
    told.seat.tell()
    assert told.events == [("agent.updated", None)]
