"""What becomes of notes that are saved during a call, and of a mark that the floor refuses."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from agent_console.commands import Clerk
from agent_console.notepad import MOST
from agent_console.replies import Answer, Done, Failed
from agent_console.seat import Seat
from agent_console.session import Wanted
from agent_console.wishes import MarkAnswer, SaveDraft, Wish
from callcenter.codec import to_plain
from callcenter.floor import events as e
from callcenter.floor.card import Card, Words
from callcenter.floor.errors import UnknownCall
from callcenter.floor.routing import Decision
from callcenter.ports import Draft, User, View

AMY = User(user="amy", name="Amy", role="agent", device="PJSIP/1", language="zh-Hant")
LONG = "卡片在提款機被吃掉了，想換一張"
CARD = Card(
    call="c", rev=1, direction="inbound", state="talking", queue="support", number=None,
    caller_name=None, dialled=None, arrived=1.0, offered=2.0, answered=3.0, ended=None,
    identity="pending", candidates=(), profile=None, reasons_state="pending", reasons=(),
    answers_state="pending", answers=(), noted=False,
)  # fmt: skip


class Desk:
    """A floor with one card; ``refusal`` is raised for every wish."""

    def __init__(self, card: Card = CARD, refusal: Exception | None = None) -> None:
        self.card = card
        self.refusal = refusal
        self.wishes: list[e.Event] = []
        self.told: list[e.CallerSaid] = []

    def view(self) -> View:
        return View(agents={}, queues={}, cards={"amy": (self.card,)}, calls={})

    def explain(self, call: str) -> Decision:
        raise UnknownCall(call)

    async def wish(self, event: e.Event) -> None:
        if self.refusal is not None:
            raise self.refusal
        self.wishes.append(event)

    def said(self, event: e.CallerSaid) -> None:
        self.told.append(event)

    def now(self) -> float:
        return 1000.0


class Drafts:
    """``newer``: what another window stored meanwhile wins."""

    def __init__(self, newer: Draft | None = None) -> None:
        self.newer = newer

    async def save_draft(self, draft: Draft) -> Draft:
        return self.newer or draft

    async def drafts(self, agent: str) -> tuple[Draft, ...]:
        return ()


def carried_out(desk: Desk, *wishes: Wish, drafts: Drafts | None = None) -> list[Answer]:
    async def run() -> list[Answer]:
        clerk = Clerk(desk, drafts or Drafts(), to_plain, lambda *_: None)
        seat = Seat("amy", "e", lambda *_: None, Seat.tell)
        answers = [await clerk.carry_out(Wanted("1", wish, 1e9, AMY), seat) for wish in wishes]
        if seat.telling is not None:
            seat.telling.cancel()
        return answers

    return asyncio.run(run())


def draft(notes: str = LONG, rev: int = 1, reason: str | None = None) -> SaveDraft:
    return SaveDraft("c", rev, reason, None, notes)


def test_notes_of_a_live_call_are_words_about_the_reason() -> None:
    """In the agent's language and cut; the draft itself is stored whole."""
    desk = Desk()
    answers = carried_out(desk, draft("x" * (MOST + 5)))
    assert all(isinstance(answer, Done) for answer in answers)
    words = Words(source="note", text="x" * MOST, language="zh-Hant")
    assert desk.told == [e.CallerSaid(at=1000.0, call="c", words=words)]
    assert desk.wishes == []


def test_notes_that_follow_closely_wait() -> None:
    desk = Desk()
    carried_out(desk, draft(), draft(f"{LONG}。", rev=2), draft(f"{LONG}！", rev=3))
    assert [said.words.text for said in desk.told] == [LONG]


@pytest.mark.parametrize(
    ("wish", "card"),
    [
        (draft(reason="card_lost"), CARD),
        (draft("too short"), CARD),
        (draft(), replace(CARD, ended=9.0)),
    ],
)
def test_notes_that_cannot_help_any_more_are_not_told(wish: SaveDraft, card: Card) -> None:
    """The reason is chosen, hardly anything is written, or the caller is gone."""
    desk = Desk(card)
    answers = carried_out(desk, wish)
    assert isinstance(answers[0], Done)
    assert desk.told == []


def test_notes_that_another_window_overtook_are_not_told() -> None:
    desk = Desk()
    newer = Draft(
        call="c", agent="amy", rev=9, reason=None, outcome=None, notes="newer notes", saved=999.0
    )
    carried_out(desk, draft(), drafts=Drafts(newer))
    assert desk.told == []


def test_what_waited_is_told_when_its_time_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The last notes are told although no further draft follows."""
    monkeypatch.setattr("agent_console.notepad.EVERY", 0.01)
    desk = Desk()

    async def run() -> None:
        clerk = Clerk(desk, Drafts(), to_plain, lambda *_: None)
        seat = Seat("amy", "e", lambda *_: None, Seat.tell)
        for rev, notes in enumerate((LONG, f"{LONG}1", f"{LONG}2"), 1):
            await clerk.carry_out(Wanted("1", draft(notes, rev), 1e9, AMY), seat)
        await until(lambda: len(desk.told) == 2)

    async def until(done: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not done():
                await asyncio.sleep(0.005)

    asyncio.run(run())
    assert [said.words.text for said in desk.told] == [LONG, f"{LONG}2"]


@pytest.mark.parametrize(
    ("refusal", "code"), [(None, None), (UnknownCall("there is no call c"), "unknown_call")]
)
def test_a_mark_is_a_wish(refusal: Any, code: str | None) -> None:
    """Handed to the floor, whose refusal is the answer."""
    desk = Desk(refusal=refusal)
    answer = carried_out(desk, MarkAnswer("c", "a1", "used", ""))[0]
    if code is None:
        mark = e.AnswerMarked(at=1000.0, agent="amy", call="c", answer="a1", mark="used")
        assert desk.wishes == [mark]
    else:
        assert isinstance(answer, Failed)
        assert (answer.code, answer.retry) == (code, False)
