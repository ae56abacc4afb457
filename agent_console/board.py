"""The supervisors' rows: the newest value of each, at most four times a second each. Pure.

Must not know who looks: it only says which rows may go out now. A row that changes more often is
held back until its quarter of a second is over; only its newest value is sent then.
"""

from __future__ import annotations

from collections import deque
from typing import Final

INTERVAL = 0.25
"""Seconds between two frames of one row."""


class _Resting:
    """The row was sent and has not changed since."""


_RESTING: Final = _Resting()


class Board:
    """Rows by key. Times are of one steady clock and must not go backwards."""

    __slots__ = ("_interval", "_rows", "_turns")

    def __init__(self, interval: float = INTERVAL) -> None:
        self._interval = interval
        self._rows: dict[str, object] = {}
        self._turns: deque[tuple[float, str]] = deque()

    def put(self, key: str, row: object, now: float) -> bool:
        """A row changed. True: send it now. False: ``due`` will give its newest value later."""
        if key in self._rows:
            self._rows[key] = row
            return False
        self._rows[key] = _RESTING
        self._turns.append((now + self._interval, key))
        return True

    def due(self, now: float) -> list[tuple[str, object]]:
        """Rows held back whose turn has come."""
        ready: list[tuple[str, object]] = []
        while self._turns and self._turns[0][0] <= now:
            _, key = self._turns.popleft()
            row = self._rows[key]
            if row is _RESTING:
                del self._rows[key]
                continue
            ready.append((key, row))
            self._rows[key] = _RESTING
            self._turns.append((now + self._interval, key))
        return ready

    def deadline(self) -> float | None:
        """When ``due`` should be asked next, or never."""
        return self._turns[0][0] if self._turns else None
