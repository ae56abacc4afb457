"""What a browser's commands do: wishes to the floor, drafts to the store, one user's in order.

Every command is answered once, whatever the floor or the store says, and carried out once, however
often it comes.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from functools import partial
from typing import Protocol

from callcenter.floor import events as e
from callcenter.floor.card import Card, Words
from callcenter.floor.errors import FloorError
from callcenter.ports import Desk, Draft, User

from . import frames
from .connection import Connection, Count
from .replies import Answer, Done, Failed
from .seat import Seat
from .session import Wanted
from .snapshot import Plain
from .wishes import (
    Accept,
    AskHelp,
    ChoosePerson,
    ChooseState,
    ControlCall,
    Explain,
    Extend,
    Finish,
    FloorWish,
    GiveHelp,
    Leave,
    MarkAnswer,
    Ping,
    Refuse,
    SaveDraft,
    SetSkills,
    SignOutAgent,
    SnoozeCallback,
)

log = logging.getLogger(__name__)

MAX_WORK = 64
"""Commands of one user that wait to be carried out."""


class Drafts(Protocol):
    """The part of ``callcenter.ports.Records`` that screens use."""

    async def save_draft(self, draft: Draft) -> Draft: ...

    async def drafts(self, agent: str) -> tuple[Draft, ...]: ...


def event_of(wish: FloorWish, user: User, at: float) -> e.Event:
    """The event that hands this wish of ``user`` to the floor."""
    me = user.user
    match wish:
        case ChooseState(state, reason, None):
            return e.StateChosen(at=at, agent=me, state=state, reason=reason)
        case ChooseState(state, reason, agent):
            assert agent is not None
            return e.StateChosen(at=at, agent=agent, state=state, reason=reason, by=me)
        case Leave():
            return e.AgentSignedOut(at=at, agent=me)
        case SignOutAgent(agent):
            return e.AgentSignedOut(at=at, agent=agent, by=me)
        case SetSkills(agent, skills):
            return e.SkillsChanged(at=at, agent=agent, skills=skills, by=me)
        case Accept(reservation):
            return e.ReservationAccepted(at=at, agent=me, reservation=reservation)
        case Refuse(reservation, reason):
            return e.ReservationRefused(at=at, agent=me, reservation=reservation, reason=reason)
        case SnoozeCallback(reservation, seconds):
            return e.CallbackSnoozed(at=at, agent=me, reservation=reservation, seconds=seconds)
        case ChoosePerson(call, person):
            return e.PersonChosen(at=at, agent=me, call=call, person=person)
        case Extend(seconds):
            return e.WrapUpExtended(at=at, agent=me, seconds=seconds)
        case Finish(call, reason, outcome, notes):
            return e.OutcomeNoted(
                at=at, agent=me, call=call, reason=reason, outcome=outcome, notes=notes
            )
        case MarkAnswer(call, answer, mark, text):
            return e.AnswerMarked(at=at, agent=me, call=call, answer=answer, mark=mark, text=text)
        case AskHelp(call, text):
            return e.HelpAsked(at=at, agent=me, call=call, text=text)
        case GiveHelp(agent):
            return e.HelpGiven(at=at, agent=agent, by=me)
        case ControlCall():
            return e.ControlAsked(
                at=at,
                id=wish.id,
                agent=me,
                role=user.role,
                call=wish.call,
                do=wish.do,
                device=user.device,
                target=wish.target,
                digits=wish.digits,
                reason=wish.reason,
            )


class Clerk:
    """Carries out the commands of all users."""

    def __init__(self, desk: Desk, drafts: Drafts, plain: Plain, count: Count) -> None:
        self._desk = desk
        self._drafts = drafts
        self._plain = plain
        self._count = count

    def take(self, connection: Connection, seat: Seat, wanted: Wanted) -> None:
        """See to it that the command is carried out once and ``connection`` gets its answer."""
        loop = asyncio.get_running_loop()
        new = seat.replies.ask(wanted.id, loop.time(), partial(_tell, connection, wanted.id))
        if new is None:
            many = "Too many commands in the last minutes; send it again later."
            self._count("command", "slow_down")
            _tell(connection, wanted.id, Failed("slow_down", many, retry=True), False)
        if not new:
            return
        if seat.work is None:
            seat.work = deque()
        if len(seat.work) >= MAX_WORK:
            full = "Too many commands are waiting; send it again later."
            self._count("command", "slow_down")
            seat.replies.answer(wanted.id, Failed("slow_down", full, retry=True), forget=True)
            return
        seat.work.append(wanted)
        if seat.worker is None:
            seat.worker = loop.create_task(self._work(seat))

    async def _work(self, seat: Seat) -> None:
        """One user's commands, one after the other, until none is left."""
        loop = asyncio.get_running_loop()
        try:
            while seat.work:
                wanted = seat.work.popleft()
                answer: Answer
                if loop.time() > wanted.expires:
                    answer = Failed("expired", "The command came too late and was not carried out.")
                else:
                    answer = await self.carry_out(wanted, seat)
                again = isinstance(answer, Failed) and answer.retry
                self._count("command", answer.code if isinstance(answer, Failed) else "ok")
                seat.replies.answer(wanted.id, answer, forget=again)
            seat.work = None
        finally:
            seat.worker = None

    async def carry_out(self, wanted: Wanted, seat: Seat) -> Answer:
        """Returns when the effect is durable; ``Failed.retry`` when it may be sent again."""
        wish = wanted.wish
        try:
            match wish:
                case Ping():
                    return Done(seat.position(), {})
                case SaveDraft():
                    return await self._save(wish, seat, wanted.user.language)
                case Explain(call):
                    return Done(seat.position(), self._plain(self._desk.explain(call)))
                case _:
                    await self._desk.wish(event_of(wish, wanted.user, self._desk.now()))
                    if isinstance(wish, Finish):
                        seat.drafts.pop(wish.call, None)
                    return Done(seat.position(), {})
        except FloorError as error:
            return Failed(error.code, error.message)
        except Exception:  # the edge to store and journal; one command must not end a session
            log.exception("command_failed", extra={"command": type(wish).__name__})
            # A draft carries its revision, so saving it twice is harmless; a wish may have been
            # taken before the failure, so it is not invited again.
            return Failed(
                "failed",
                "The engine could not carry this out; its log says why.",
                retry=isinstance(wish, SaveDraft),
            )

    async def _save(self, wish: SaveDraft, seat: Seat, language: str | None) -> Answer:
        if self._card(wish.call, seat) is None:
            return Failed("unknown_call", f"There is no call {wish.call} on your screen.")
        draft = Draft(
            call=wish.call,
            agent=seat.user,
            rev=wish.rev,
            reason=wish.reason,
            outcome=wish.outcome,
            notes=wish.notes,
            saved=self._desk.now(),
        )
        stored = await self._drafts.save_draft(draft)
        seat.draft_saved(stored)
        if stored == draft:
            self._noted(draft, seat, language)
        return Done(seat.position(), self._plain(stored))

    def _card(self, call: str, seat: Seat) -> Card | None:
        """The call's card on the screen of this user."""
        cards = self._desk.view().cards.get(seat.user, ())
        return next((card for card in cards if card.call == call), None)

    def _noted(self, draft: Draft, seat: Seat, language: str | None) -> None:
        """Notes are words about the reason until the agent has said it."""
        if draft.reason is None:
            seat.notepad.write(draft.call, draft.notes)
        else:
            seat.notepad.withdraw(draft.call)
        self._tell_notes(seat, language)

    def _tell_notes(self, seat: Seat, language: str | None) -> None:
        """Tell what is due, and come back for what is not yet."""
        loop = asyncio.get_running_loop()
        if seat.telling is not None:
            seat.telling.cancel()
            seat.telling = None
        for call, text in seat.notepad.take(loop.time()):
            card = self._card(call, seat)
            if card is None or card.ended is not None:
                continue  # the call is over: the reason is about to be noted
            words = Words(source="note", text=text, language=language)
            self._desk.said(e.CallerSaid(at=self._desk.now(), call=call, words=words))
        due = seat.notepad.due()
        if due is not None:
            seat.telling = loop.call_at(due, self._tell_notes, seat, language)


def _tell(connection: Connection, id: str, answer: Answer, dup: bool) -> None:
    match answer:
        case Done(seq, d):
            text = frames.reply(id, seq, d, dup=dup)
        case Failed(code, detail, retry):
            text = frames.refusal(id, code, detail, retry=retry, dup=dup)
    connection.put(text, "reply")
