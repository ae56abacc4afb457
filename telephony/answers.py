"""Which answer belongs to which action, and when a list is whole.

Pure. Asterisk answers by ActionID: one Response, and for a list the items as events with the same
ActionID up to one that says ``EventList: Complete`` and how many there were. It must not read what
an answer means, and it repeats nothing: an action that was lost with its line stays lost.
"""

# ruff: noqa: N818 - what happened is the name: LinkLost, ActionRefused
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from asterisk.ami.action import Action

from telephony.packet import RESPONSE, Packet
from telephony.wire import encode

MAX_OPEN = 256
MAX_ITEMS = 200_000


class ExchangeError(Exception):
    """An action has no good answer; the message says why."""


class LinkLost(ExchangeError):
    """There is no line to the exchange, or it was lost before the answer came."""


class LinkBusy(ExchangeError):
    """Too many actions wait for their answer."""


class AnswerTimeout(ExchangeError):
    """The exchange gave no answer in time."""


class ActionRefused(ExchangeError):
    """The exchange answered with an error."""

    def __init__(self, action: str, said: str) -> None:
        self.action = action
        self.said = said
        super().__init__(f"the exchange refused {action}: {said}")

    @property
    def forbidden(self) -> bool:
        """The account lacks a class, rather than the action being impossible."""
        return "permission denied" in self.said.lower()


class ListIncomplete(ExchangeError):
    """A list came with fewer or more items than it says, or was cancelled."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The Response to an action and, for a list, its items in the order they came."""

    response: Packet
    items: tuple[Packet, ...] = ()


Result: TypeAlias = Answer | ExchangeError


def said(packet: Packet) -> str:
    """The peer's message, fit for a log or an operator: printable, at most 120 characters."""
    text = packet.get("Message", "") or "no message"
    return "".join(char if char.isprintable() else "?" for char in text[:120])


@dataclass(slots=True)
class _Open:
    action: str
    done: Callable[[Result], None]
    limit: float
    seconds: float
    response: Packet | None = None
    items: list[Packet] = field(default_factory=list)


class OpenActions:
    """The actions of one connection that wait for their answer.

    `prefix` makes our ActionIDs differ from those of every other client of the exchange.
    """

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._count = 0
        self._open: dict[str, _Open] = {}

    def __len__(self) -> int:
        return len(self._open)

    def open(
        self, action: Action, done: Callable[[Result], None], now: float, seconds: float
    ) -> bytes:
        """The bytes to send. `done` is called once, within `seconds` of ticks or when `fail` is.

        An ActionID that the action has already is kept. Raises WireError and LinkBusy; then
        nothing has changed.
        """
        if len(self._open) >= MAX_OPEN:
            raise LinkBusy(f"{MAX_OPEN} actions wait for the exchange already")
        action_id = str(action.keys.get("ActionID", f"{self._prefix}-{self._count}"))
        if action_id in self._open:
            raise LinkBusy(f"an action with the ActionID of this {action.name} is under way")
        data = encode(action, action_id)
        self._count += 1
        self._open[action_id] = _Open(action.name, done, now + seconds, seconds)
        return data

    def receive(self, packet: Packet) -> bool:
        """True if the packet was the answer to one of our actions, or a part of it.

        An event with our ActionID that is no list item (OriginateResponse) is not.
        """
        # Most events come while nothing is open, and looking at the bytes leaves them unparsed.
        if not self._open or b"ActionID:" not in packet.raw:
            return False
        action_id = packet.get("ActionID", "")
        waiting = self._open.get(action_id)
        if waiting is None:
            return False
        if packet.name == RESPONSE:
            self._answer(action_id, waiting, packet)
            return True
        if waiting.response is None:
            return False
        self._add(action_id, waiting, packet)
        return True

    def _answer(self, action_id: str, waiting: _Open, packet: Packet) -> None:
        if packet.get("Response", "").lower() == "error":
            self._finish(action_id, ActionRefused(waiting.action, said(packet)))
        elif packet.get("EventList", "").lower() == "start":
            waiting.response = packet
        else:
            self._finish(action_id, Answer(packet))

    def _add(self, action_id: str, waiting: _Open, packet: Packet) -> None:
        mark = packet.get("EventList", "").lower()
        assert waiting.response is not None
        if mark in ("cancelled", "canceled"):
            self._finish(action_id, ListIncomplete(f"the list of {waiting.action} was cancelled"))
        elif mark == "complete":
            told = packet.get("ListItems", "")
            if told.isascii() and told.isdigit() and int(told) != len(waiting.items):
                text = f"the list of {waiting.action} has {len(waiting.items)} items, not {told}"
                self._finish(action_id, ListIncomplete(text))
            else:
                self._finish(action_id, Answer(waiting.response, tuple(waiting.items)))
        elif len(waiting.items) >= MAX_ITEMS:
            text = f"the list of {waiting.action} is longer than {MAX_ITEMS} items"
            self._finish(action_id, ListIncomplete(text))
        else:
            waiting.items.append(packet)

    def _finish(self, action_id: str, result: Result) -> None:
        self._open.pop(action_id).done(result)

    def deadline(self) -> float | None:
        """When the next action is overdue; None while nothing waits."""
        return min((waiting.limit for waiting in self._open.values()), default=None)

    def tick(self, now: float) -> None:
        """Give up on what is overdue."""
        for action_id, waiting in list(self._open.items()):
            if waiting.limit <= now and action_id in self._open:
                text = f"no answer to {waiting.action} within {waiting.seconds:g} s"
                self._finish(action_id, AnswerTimeout(text))

    def fail(self, error: ExchangeError) -> None:
        """The line is gone: tell everybody who waits."""
        waiting = list(self._open.values())
        self._open.clear()
        for each in waiting:
            each.done(error)
