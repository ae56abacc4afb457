"""Commands of one user that were carried out, with their replies, for ten minutes. Pure.

A command that comes twice (because the line was cut before its reply arrived) is answered from
here and does nothing. It must not forget a young one to make room: then a repeat would be carried
out again; room is made by refusing new commands.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

REMEMBERED = 600.0
"""Seconds."""
MAX_REMEMBERED = 2_000
MAX_ASKERS = 8


@dataclass(frozen=True, slots=True)
class Done:
    """``seq``: position of the stream from which the effect shows; ``d``: plain data."""

    seq: int
    d: object


@dataclass(frozen=True, slots=True)
class Failed:
    code: str
    detail: str
    retry: bool = False


Answer: TypeAlias = Done | Failed
Asker: TypeAlias = Callable[[Answer, bool], None]
"""Given the answer and whether it is a repeat."""


@dataclass(slots=True)
class _Entry:
    at: float
    answer: Answer | None = None
    askers: deque[tuple[Asker, bool]] = field(default_factory=lambda: deque(maxlen=MAX_ASKERS))
    """Bounded: of many repeats during one slow command only the last ones are still listening."""


class Replies:
    __slots__ = ("_entries", "_most", "_seconds")

    def __init__(self, *, seconds: float = REMEMBERED, most: int = MAX_REMEMBERED) -> None:
        self._entries: dict[str, _Entry] = {}
        self._seconds = seconds
        self._most = most

    def ask(self, id: str, now: float, asker: Asker) -> bool | None:
        """Whether the command is new and must be carried out now.

        False: it is known, and ``asker`` was or will be told its answer. ``None``: there is no
        room to remember it, so it must be refused.
        """
        self._forget(now)
        entry = self._entries.get(id)
        if entry is None:
            if len(self._entries) >= self._most:
                return None
            entry = self._entries[id] = _Entry(now)
            entry.askers.append((asker, False))
            return True
        if entry.answer is None:
            entry.askers.append((asker, True))
        else:
            asker(entry.answer, True)
        return False

    def answer(self, id: str, answer: Answer, *, forget: bool = False) -> None:
        """The command is done; everybody who asked is told. ``forget``: it may come again."""
        entry = self._entries[id]
        entry.answer = answer
        if forget:
            del self._entries[id]
        while entry.askers:
            asker, repeat = entry.askers.popleft()
            asker(answer, repeat)

    def _forget(self, now: float) -> None:
        # Entries are in the order of their time. One that is still being carried out stays.
        while self._entries:
            oldest, entry = next(iter(self._entries.items()))
            if now - entry.at <= self._seconds or entry.answer is None:
                return
            del self._entries[oldest]
