"""The journal port on the store: every event the floor received, in order, on disk.

``append`` runs on the loop and only puts the event into a list; encoding and writing happen in the
store's writer thread, many events to a commit. ``kill -9`` loses at most what nobody waited for.
When the disk is in trouble events wait in memory, as many as ``limit``, and are written when it is
well again; beyond the limit they are lost, counted, and leave a hole that a reader of the journal
is told of. It must not decide anything: what a failing journal means is its caller's matter.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass

from sqlalchemy import Connection

from .codec import CodecError
from .floor.events import Event
from .store import Store, StoreError
from .store.events import journal_row, stored_body, write_rows
from .store.writer import LINGER

RETRY = 0.5
"""Seconds between attempts while the disk is in trouble."""

CHUNK = 500
"""Most events in one piece of writing, so that others' writes are not held up."""

_log = logging.getLogger(__name__)
_Waiter = tuple[int, "asyncio.Future[None]"]


@dataclass(slots=True)
class _Loss:
    first: int
    last: int
    why: str


class Journal:
    """Implements ``callcenter.ports.Journal``. One at a time per database.

    ``limit``: most events kept in memory while they cannot be written.
    """

    def __init__(self, store: Store, limit: int = 100_000) -> None:
        """Reads where the journal ends; raises ``StoreError``."""
        self._writer = store.writer
        self._limit = limit
        # Guards all below; held for a few instructions at a time, never during I/O.
        self._condition = threading.Condition(threading.Lock())
        self._next = store.journal.last() + 1
        self._durable = self._next - 1
        self._pending: deque[tuple[int, Event]] = deque()
        self._taken: list[tuple[int, Event]] = []
        self._chunk = CHUNK
        self._scheduled = False
        self._closed = False
        self._error: StoreError | None = None
        self._waiters: list[_Waiter] = []
        self._losses: deque[_Loss] = deque(maxlen=1000)
        self.lost = 0
        """Events that could not be written, ever."""

    @property
    def pending(self) -> int:
        """Events not yet on disk."""
        return len(self._pending) + len(self._taken)

    @property
    def last(self) -> int:
        """The position given last."""
        return self._next - 1

    def append(self, event: Event) -> int:
        """Take the event; returns its position. Never waits, never raises."""
        with self._condition:
            position = self._next
            self._next = position + 1
            if self._closed or self.pending >= self._limit:
                why = "the journal is closed" if self._closed else "too much waited for the disk"
                self._lose(position, why)
                return position
            self._pending.append((position, event))
            if self._scheduled:
                return position
            self._scheduled = True
        self._schedule(LINGER)
        return position

    async def durable(self, position: int) -> None:
        """Returns when everything up to ``position`` is on disk, but for what is known to be lost.

        Raises ``StoreError`` when the event there is lost, or cannot be written now (it may still
        be later), and ``ValueError`` for a position that was not given yet.
        """
        with self._condition:
            if position > self.last:
                raise ValueError(f"no event has position {position} yet, the last is {self.last}")
            self._refuse_lost(position)
            if position <= self._durable or not self.pending:
                return
            future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiters.append((position, future))
        self._writer.hurry()
        await future
        with self._condition:
            self._refuse_lost(position)

    def close(self) -> None:
        """Write what is left and take no more. Waits for the disk; the store must still be open.

        Raises ``StoreError`` when some could not be written.
        """
        with self._condition:
            self._closed = True
            idle = not self._scheduled
            if idle and self.pending:
                self._scheduled = True
        if idle and self.pending:
            self._schedule(0)
        self._writer.hurry()
        with self._condition:
            self._condition.wait_for(lambda: not self._scheduled)
            if self.pending:
                raise StoreError(f"{self.pending} events were not written: {self._error}")

    # --- in the writer's thread -----------------------------------------------------------------

    def _schedule(self, after: float) -> None:
        self._writer.submit(self._write, after).add_done_callback(self._done)

    def _write(self, connection: Connection) -> list[tuple[int, str]]:
        """Write a chunk; run again, the same chunk. Returns what can never be written, and why."""
        with self._condition:
            if not self._taken:
                count = min(self._chunk, len(self._pending))
                self._taken = [self._pending.popleft() for _ in range(count)]
        rows, unwritable = [], []
        for position, event in self._taken:
            try:
                rows.append(journal_row(position, event))
            except CodecError as error:
                unwritable.append((position, str(error)))
        if len(self._taken) == 1 and self._chunk < CHUNK and rows:
            # An earlier attempt failed. It may have reached the disk all the same, when the
            # connection was lost during its commit.
            position, _ = self._taken[0]
            if stored_body(connection, position) == rows[0]["body"]:
                return []
        if rows:
            write_rows(connection, rows)
        return unwritable

    def _done(self, future: Future[list[tuple[int, str]]]) -> None:
        error = future.exception()
        if error is None:
            self._written(future.result())
        elif isinstance(error, StoreError) and not error.passing:
            self._refused(error)
        else:
            self._failed(error if isinstance(error, StoreError) else StoreError(str(error)))

    def _written(self, unwritable: list[tuple[int, str]]) -> None:
        with self._condition:
            for position, why in unwritable:
                self._lose(position, why)
            self._error = None
            self._chunk = min(CHUNK, self._chunk * 2)
        self._finish_chunk()

    def _refused(self, error: StoreError) -> None:
        """One of the chunk is to blame: find it by halving; alone, it is lost."""
        with self._condition:
            half = len(self._taken) // 2
            self._chunk = max(1, half)
            if half:
                self._pending.extendleft(reversed(self._taken[half:]))
                del self._taken[half:]
            else:
                for position, _ in self._taken:
                    self._lose(position, str(error))
        if half:
            self._schedule(0)
        else:
            self._finish_chunk()

    def _finish_chunk(self) -> None:
        with self._condition:
            if self._taken:
                self._durable = self._taken[-1][0]
                self._taken = []
            more = self._scheduled = bool(self._pending)
            ready = [one for one in self._waiters if not more or one[0] <= self._durable]
            self._waiters = [one for one in self._waiters if more and one[0] > self._durable]
            self._condition.notify_all()
        _resolve(ready, None)
        if more:
            self._schedule(0)

    def _failed(self, error: StoreError) -> None:
        """The whole store is in trouble: say so to whoever waits, keep the events, try again."""
        with self._condition:
            first = self._error is None
            self._error = error
            waiters, self._waiters = self._waiters, []
            again = self._scheduled = not (self._closed or self._writer.closing)
            self._condition.notify_all()
        if first:
            _log.error("journal_waits", extra={"why": str(error), "pending": self.pending})
        _resolve(waiters, error)
        if again:
            self._schedule(RETRY)

    # --- with the condition held ----------------------------------------------------------------

    def _lose(self, position: int, why: str) -> None:
        self.lost += 1
        newest = self._losses[-1] if self._losses else None
        if newest is not None and newest.last + 1 == position and newest.why == why:
            newest.last = position
            return
        self._losses.append(_Loss(position, position, why))
        _log.error("journal_lost_event", extra={"position": position, "why": why})

    def _refuse_lost(self, position: int) -> None:
        for loss in self._losses:
            if loss.first <= position <= loss.last:
                raise StoreError(f"the event at position {position} was lost: {loss.why}")


def _resolve(waiters: list[_Waiter], error: StoreError | None) -> None:
    """Tell those who wait, each on the loop it waits on."""
    by_loop: dict[asyncio.AbstractEventLoop, list[asyncio.Future[None]]] = {}
    for _, future in waiters:
        by_loop.setdefault(future.get_loop(), []).append(future)
    for loop, futures in by_loop.items():
        try:
            loop.call_soon_threadsafe(_settle, futures, error)
        except RuntimeError:
            _log.warning("journal_waiters_gone", extra={"count": len(futures)})  # loop is closed


def _settle(futures: list[asyncio.Future[None]], error: StoreError | None) -> None:
    for future in futures:
        if future.done():  # given up meanwhile
            continue
        if error is None:
            future.set_result(None)
        else:
            future.set_exception(error)
