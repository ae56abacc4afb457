"""One user's place: what outlives their sockets for a while, so that a cut line costs nothing.

Holds the stream, the remembered replies, the drafts and the commands not yet carried out. It must
not send: whoever appends to the stream through ``emit`` is given the event to deliver.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from callcenter.floor.card import AgentView, Card
from callcenter.ports import Draft

from .notepad import Notepad
from .replies import Replies
from .session import Wanted
from .stream import Stream

if TYPE_CHECKING:
    from .connection import Connection

Emit: TypeAlias = Callable[["Seat", str, object], None]
"""Append an event to the seat's stream and deliver it to its browsers."""


class Seat:
    __slots__ = (
        "_emit",
        "connections",
        "drafts",
        "drafts_known",
        "empty_since",
        "notepad",
        "replies",
        "shown",
        "stream",
        "telling",
        "user",
        "work",
        "worker",
    )

    def __init__(self, user: str, epoch: str, emit: Emit) -> None:
        self.user = user
        self.stream = Stream(epoch)
        self.replies = Replies()
        self.drafts: dict[str, Draft] = {}
        self.drafts_known = False
        self.notepad = Notepad()
        self.telling: asyncio.TimerHandle | None = None
        """When notes that wait are told on."""
        self.shown: set[str] = set()
        """Calls whose card the browsers of this user have."""
        self.connections: tuple[Connection, ...] = ()
        self.empty_since: float | None = None
        """Steady time since which no browser is here, or nothing while one is."""
        self.work: deque[Wanted] | None = None
        self.worker: asyncio.Task[None] | None = None
        self._emit = emit

    def show(self, card: Card) -> None:
        ev = "card.updated" if card.call in self.shown else "card.shown"
        self.shown.add(card.call)
        self._emit(self, ev, card)

    def close(self, call: str) -> None:
        self.shown.discard(call)
        self.drafts.pop(call, None)
        self.notepad.forget(call)
        self._emit(self, "card.closed", {"call": call})

    def agent(self, view: AgentView, gone: bool) -> None:
        # As in the snapshot: no view once the agent has left the floor.
        self._emit(self, "agent.updated", None if gone else view)

    def draft_saved(self, draft: Draft) -> None:
        if self.keep_draft(draft):
            self._emit(self, "draft.saved", draft)

    def keep_draft(self, draft: Draft) -> bool:
        """Keep it unless a newer revision is here; whether it is new."""
        known = self.drafts.get(draft.call)
        if known is not None and known.rev >= draft.rev:
            return False
        self.drafts[draft.call] = draft
        return True

    def idle_since(self, moment: float) -> bool:
        """Nobody has been here since ``moment`` and nothing is left to do."""
        return self.worker is None and self.empty_since is not None and self.empty_since <= moment
