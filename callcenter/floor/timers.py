"""Moments at which the floor has something to do. Pure: time is an argument."""

from __future__ import annotations

import heapq
from typing import Literal, TypeAlias

What: TypeAlias = Literal[
    "wrapup",  # of an agent
    "reservation",
    "max_wait",  # of a call
    "announce",  # to a waiting call
    "away",  # a call that could not be sent out of the line
    "mind",  # a call waited long enough for what is predicted about it
    "control",
    "recording",  # a paused one goes on
    "hours",  # a queue opens or closes
    "callback",  # its window closes, or the exchange should have said how its dialling went
    "keep",  # a callback that could not be stored is stored again
    "router",  # a step widens, a preference or an exclusion expires
]
Key: TypeAlias = tuple[What, str]


class Timers:
    """One deadline a key, seconds since the epoch; the earliest is found at once."""

    def __init__(self) -> None:
        self._at: dict[Key, float] = {}
        self._heap: list[tuple[float, Key]] = []

    def set(self, key: Key, at: float | None) -> None:
        """``None``: no longer due."""
        if at is None:
            self._at.pop(key, None)
        elif self._at.get(key) != at:
            self._at[key] = at
            heapq.heappush(self._heap, (at, key))

    def next(self) -> float | None:
        """The earliest deadline."""
        heap, at = self._heap, self._at
        while heap and at.get(heap[0][1]) != heap[0][0]:
            heapq.heappop(heap)
        return heap[0][0] if heap else None

    def due(self, now: float) -> Key | None:
        """The earliest key whose deadline is reached, taken out; or nothing."""
        earliest = self.next()
        if earliest is None or earliest > now:
            return None
        _, key = heapq.heappop(self._heap)
        del self._at[key]
        return key

    def at(self, key: Key) -> float | None:
        return self._at.get(key)
