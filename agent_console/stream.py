"""One user's stream of events: positions, and enough of the past to resume. Pure.

It must not write JSON: entries keep the objects they were made of, which consecutive cards of one
call largely share, so that the past of two thousand agents costs little.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

RING_EVENTS = 500
RING_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Entry:
    """``payload`` is what ``d`` is made of: one of our dataclasses or plain data."""

    seq: int
    ts: float
    ev: str
    payload: object


class Stream:
    """Positions count up by one from 1. ``epoch`` names this stream: a lost one never returns."""

    __slots__ = ("_events", "_ring", "_seconds", "epoch", "seq")

    def __init__(
        self, epoch: str, *, events: int = RING_EVENTS, seconds: float = RING_SECONDS
    ) -> None:
        self.epoch = epoch
        self.seq = 0
        self._events = events
        self._seconds = seconds
        self._ring: deque[Entry] | None = None  # most users are idle most of the time

    def append(self, now: float, ev: str, payload: object) -> Entry:
        """The next event; ``now`` in seconds since the epoch."""
        self.seq += 1
        entry = Entry(self.seq, now, ev, payload)
        if self._ring is None:
            self._ring = deque()
        self._ring.append(entry)
        self.forget(now)
        return entry

    def forget(self, now: float) -> None:
        """Let go of what is too old or too much."""
        ring = self._ring
        if ring is None:
            return
        while ring and (len(ring) > self._events or now - ring[0].ts > self._seconds):
            ring.popleft()
        if not ring:
            self._ring = None

    def since(self, epoch: str, seq: int, now: float) -> tuple[Entry, ...] | None:
        """What came after ``seq``; ``None`` when only a snapshot can help."""
        if epoch != self.epoch or seq > self.seq:
            return None
        self.forget(now)
        missing = self.seq - seq
        if missing == 0:
            return ()
        ring = self._ring
        if ring is None or missing > len(ring):
            return None
        return tuple(ring)[-missing:]
