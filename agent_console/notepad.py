"""Notes an agent writes while the caller still talks, and when they are told to the mind. Pure.

They are words about the reason: the prediction may get better while it still helps. Not every
keystroke is worth a prediction, so each call's are told at most every few seconds, the last ones
winning. Time is an argument, in seconds of any steady clock.
"""

from __future__ import annotations

EVERY = 5.0
"""Seconds between two tellings of one call."""
LEAST = 12
"""Characters from which notes say something."""
MOST = 2_000
"""Characters that are told."""


class Notepad:
    """The notes of one agent, by call."""

    __slots__ = ("_told", "_waiting")

    def __init__(self) -> None:
        self._told: dict[str, tuple[str, float]] = {}
        self._waiting: dict[str, str] = {}

    def write(self, call: str, notes: str) -> None:
        """The notes of the call are now these. Blanks around them count for nothing."""
        text = notes.strip()[:MOST]
        told = self._told.get(call)
        if len(text) < LEAST or (told is not None and told[0] == text):
            self._waiting.pop(call, None)
        else:
            self._waiting[call] = text

    def withdraw(self, call: str) -> None:
        """Nothing of the call needs to be told any more, for now."""
        self._waiting.pop(call, None)

    def forget(self, call: str) -> None:
        """The call left the screen."""
        self._waiting.pop(call, None)
        self._told.pop(call, None)

    def due(self) -> float | None:
        """When something is to be told next; ``-inf``: at once."""
        return min(map(self._due, self._waiting), default=None)

    def take(self, now: float) -> tuple[tuple[str, str], ...]:
        """Calls and notes that are to be told now; they count as told."""
        found = tuple(
            (call, text) for call, text in self._waiting.items() if self._due(call) <= now
        )
        for call, text in found:
            del self._waiting[call]
            self._told[call] = (text, now)
        return found

    def _due(self, call: str) -> float:
        told = self._told.get(call)
        return float("-inf") if told is None else told[1] + EVERY
