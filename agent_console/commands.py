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

from callcenter.floor.errors import FloorError
from callcenter.floor.events import (
    AgentSignedOut,
    Event,
    OutcomeNoted,
    PersonChosen,
    StateChosen,
)
from callcenter.ports import Desk, Draft

from . import frames
from .connection import Connection, Count
from .protocol import ChoosePerson, ChooseState, Finish, Leave, Ping, SaveDraft, Wish
from .replies import Answer, Done, Failed
from .seat import Seat
from .session import Wanted
from .snapshot import Plain

log = logging.getLogger(__name__)

MAX_WORK = 64
"""Commands of one user that wait to be carried out."""


class Drafts(Protocol):
    """The part of ``callcenter.ports.Records`` that screens use."""

    async def save_draft(self, draft: Draft) -> Draft: ...

    async def drafts(self, agent: str) -> tuple[Draft, ...]: ...


def event_of(wish: ChooseState | Leave | ChoosePerson | Finish, agent: str, at: float) -> Event:
    """The event that hands this wish to the floor."""
    match wish:
        case ChooseState(state, reason):
            return StateChosen(at=at, agent=agent, state=state, reason=reason)
        case Leave():
            return AgentSignedOut(at=at, agent=agent)
        case ChoosePerson(call, person):
            return PersonChosen(at=at, agent=agent, call=call, person=person)
        case Finish(call, reason, outcome, notes):
            return OutcomeNoted(
                at=at, agent=agent, call=call, reason=reason, outcome=outcome, notes=notes
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
                    answer = await self.carry_out(wanted.wish, seat)
                again = isinstance(answer, Failed) and answer.retry
                self._count("command", answer.code if isinstance(answer, Failed) else "ok")
                seat.replies.answer(wanted.id, answer, forget=again)
            seat.work = None
        finally:
            seat.worker = None

    async def carry_out(self, wish: Wish, seat: Seat) -> Answer:
        """Returns when the effect is durable; ``Failed.retry`` when it may be sent again."""
        try:
            match wish:
                case Ping():
                    return Done(seat.stream.seq, {})
                case SaveDraft():
                    return await self._save(wish, seat)
                case _:
                    await self._desk.wish(event_of(wish, seat.user, self._desk.now()))
                    if isinstance(wish, Finish):
                        seat.drafts.pop(wish.call, None)
                    return Done(seat.stream.seq, {})
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

    async def _save(self, wish: SaveDraft, seat: Seat) -> Answer:
        cards = self._desk.view().cards.get(seat.user, ())
        if all(card.call != wish.call for card in cards):
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
        return Done(seat.stream.seq, self._plain(stored))


def _tell(connection: Connection, id: str, answer: Answer, dup: bool) -> None:
    match answer:
        case Done(seq, d):
            text = frames.reply(id, seq, d, dup=dup)
        case Failed(code, detail, retry):
            text = frames.refusal(id, code, detail, retry=retry, dup=dup)
    connection.put(text, "reply")
