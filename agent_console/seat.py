"""One user's place: what outlives their sockets for a while, so that a cut line costs nothing.

Holds the stream, the remembered replies, the drafts and the commands not yet carried out. It must
not send: whoever appends to the stream through ``emit`` is given the event to deliver.

A card and the agent's own state wait until the loop's next turn, or until anything else is told:
what one packet or one result changes several times is then told once, as it is at the end.
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

_AGENT = ""
"""Where the agent's own state waits, among cards by their call."""


class Seat:
    __slots__ = (
        "_emit",
        "_soon",
        "_waiting",
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

    def __init__(self, user: str, epoch: str, emit: Emit, soon: Callable[[Seat], None]) -> None:
        """``soon`` has ``tell`` called in the loop's next turn."""
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
        self._soon = soon
        self._waiting: dict[str, Card | AgentView | None] = {}
        """What is to be told soon; ``None``: the agent has left the floor."""

    def show(self, card: Card) -> None:
        self._wait(card.call, card)

    def close(self, call: str) -> None:
        opened_now = self._waiting.pop(call, None) is not None and call not in self.shown
        self.shown.discard(call)
        self.drafts.pop(call, None)
        self.notepad.forget(call)
        if not opened_now:
            self.emit("card.closed", {"call": call})

    def agent(self, view: AgentView, gone: bool) -> None:
        # As in the snapshot: no view once the agent has left the floor.
        self._wait(_AGENT, None if gone else view)

    def _wait(self, what: str, payload: Card | AgentView | None) -> None:
        if not self._waiting:
            self._soon(self)
        self._waiting[what] = payload

    def tell(self) -> None:
        """Tell what waits."""
        waiting, self._waiting = self._waiting, {}
        for what, payload in waiting.items():
            if what == _AGENT:
                self._emit(self, "agent.updated", payload)
            else:
                ev = "card.updated" if what in self.shown else "card.shown"
                self.shown.add(what)
                self._emit(self, ev, payload)

    def emit(self, ev: str, payload: object) -> None:
        """Tell this, after all that waits."""
        self.tell()
        self._emit(self, ev, payload)

    def position(self) -> int:
        """Of the stream, with all that has happened until now told."""
        self.tell()
        return self.stream.seq

    def draft_saved(self, draft: Draft) -> None:
        if self.keep_draft(draft):
            self.emit("draft.saved", draft)

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
