"""The one thread that writes: takes what is queued, one transaction, one commit, then answers.

Group commit: while one commit waits for the disk the next batch gathers, so that many small writes
cost few fsyncs and each is on the disk when its future resolves. It must not know any table; work
comes as functions of a connection. Such a function may be run twice (again alone, after its batch
was rolled back), so it must have no effect outside the database.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Final, TypeVar

from sqlalchemy import Connection

from .database import Database
from .errors import DiskFullError, StoreError, explain

log: Final = logging.getLogger(__name__)

LINGER: Final = 0.02
"""Seconds that what nobody waits for may wait for company: it saves commits."""

T = TypeVar("T")


class _Awaited:
    """What came of a job, for somebody on a loop; told with the rest of its batch."""

    __slots__ = ("_error", "_result", "future")

    def __init__(self, future: asyncio.Future[Any]) -> None:
        self.future = future
        self._result: Any = None
        self._error: BaseException | None = None

    def set_result(self, result: Any) -> None:
        self._result = result

    def set_exception(self, error: BaseException) -> None:
        self._error = error

    def tell(self) -> None:
        """On the loop's thread."""
        if self.future.done():  # given up meanwhile
            return
        if self._error is None:
            self.future.set_result(self._result)
        else:
            self.future.set_exception(self._error)


_Job = tuple[Callable[[Connection], Any], "Future[Any] | _Awaited"]


class Writer:
    """``batch``: most jobs in one transaction. ``limit``: most jobs waiting; more are refused."""

    def __init__(self, database: Database, batch: int = 500, limit: int = 50_000) -> None:
        self._database = database
        self._batch = batch
        self._limit = limit
        self._condition = threading.Condition()
        self._now: deque[_Job] = deque()
        self._later: list[tuple[float, _Job]] = []
        self._closing = False
        self._connection: Connection | None = None
        self.trouble: StoreError | None = None
        """What the last write failed of, if it was the whole store; ``None`` after a success."""
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """Jobs not yet taken up."""
        return len(self._now) + len(self._later)

    def submit(self, work: Callable[[Connection], T], after: float = 0.0) -> Future[T]:
        """Have ``work`` done in a transaction; the future resolves after the commit.

        ``after``: seconds the work may wait for company; ``hurry`` ends that. Once submitted it is
        carried out: cancelling the future changes nothing. The future fails with ``StoreError``.
        Callbacks of the future run in the writer's thread.
        """
        future: Future[T] = Future()
        future.set_running_or_notify_cancel()
        refused = self._queue((work, future), after)
        if refused is not None:
            future.set_exception(refused)
        return future

    async def write(self, work: Callable[[Connection], T], after: float = 0.0) -> T:
        """The same for who waits on a loop: one word to the loop for all of a batch.

        Raises ``StoreError``.
        """
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        refused = self._queue((work, _Awaited(future)), after)
        if refused is not None:
            raise refused
        return await future

    def _queue(self, job: _Job, after: float) -> StoreError | None:
        """Why it is not taken, or nothing."""
        with self._condition:
            mine = threading.current_thread() is self._thread
            if self._closing and not mine:
                return StoreError("the store is closed")
            if self.waiting >= self._limit:
                return StoreError(f"{self.waiting} writes wait for the disk already", passing=True)
            if after > 0 and not self._closing:
                self._later.append((time.monotonic() + after, job))
            else:
                self._now.append(job)
            self._condition.notify()
        return None

    def hurry(self) -> None:
        """Somebody waits for the durability of what was allowed to wait."""
        with self._condition:
            self._all_now()
            self._condition.notify()

    @property
    def closing(self) -> bool:
        return self._closing

    def close(self) -> None:
        """Write what is queued, then end. Returns when the thread has ended."""
        with self._condition:
            self._closing = True
            self._all_now()
            self._condition.notify()
        self._thread.join()

    def _run(self) -> None:
        while jobs := self._next():
            self._carry_out(jobs)
            _tell([answer for _, answer in jobs if isinstance(answer, _Awaited)])
        self._drop_connection()

    def _next(self) -> list[_Job]:
        """The next batch; empty when closing and nothing is left."""
        with self._condition:
            while True:
                self._due()
                if self._now:
                    self._all_now()  # a commit there is anyway costs the patient ones nothing
                    count = min(len(self._now), self._batch)
                    return [self._now.popleft() for _ in range(count)]
                if self._closing:
                    return []
                due = min((due for due, _ in self._later), default=None)
                self._condition.wait(None if due is None else due - time.monotonic())

    def _due(self) -> None:
        """If one of the patient jobs is due, all go: they share its commit."""
        if self._later and min(due for due, _ in self._later) <= time.monotonic():
            self._all_now()

    def _all_now(self) -> None:
        self._now.extend(job for _, job in self._later)
        self._later.clear()

    def _carry_out(self, jobs: list[_Job]) -> None:
        try:
            results = self._transaction([work for work, _ in jobs])
        except Exception as caught:  # noqa: BLE001 - the edge: it goes to the futures, in words
            error = explain(caught, self._database.where)
            # A lock or a lost connection fails all alike, each after a long wait: no use trying
            # them singly. Else one bad row, or one too large for a full disk, is to blame.
            if len(jobs) > 1 and (isinstance(error, DiskFullError) or not error.passing):
                for job in jobs:
                    self._carry_out([job])
                return
            if error.passing:
                self.trouble = error
            error.__cause__ = caught if caught is not error else None
            for _, future in jobs:
                future.set_exception(error)
            return
        self.trouble = None
        for (_, future), result in zip(jobs, results, strict=True):
            future.set_result(result)

    def _transaction(self, works: list[Callable[[Connection], Any]]) -> list[Any]:
        if self._connection is None:
            self._connection = self._database.writer()
        try:
            with self._connection.begin():
                return [work(self._connection) for work in works]
        except Exception:
            if self._connection.invalidated:
                self._drop_connection()
            raise

    def _drop_connection(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _tell(answers: list[_Awaited]) -> None:
    """Those who wait, all of one loop together."""
    by_loop: dict[asyncio.AbstractEventLoop, list[_Awaited]] = {}
    for answer in answers:
        by_loop.setdefault(answer.future.get_loop(), []).append(answer)
    for loop, told in by_loop.items():
        try:
            loop.call_soon_threadsafe(_tell_all, told)
        except RuntimeError:  # it is closed
            log.warning("writers_gone", extra={"count": len(told)})


def _tell_all(answers: list[_Awaited]) -> None:
    for answer in answers:
        answer.tell()
