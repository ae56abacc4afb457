"""Short queries by key, answered where they are asked as long as their pages are in memory.

A look-up takes 0.15 ms. Handed to a thread it takes 0.3 ms, and many times that when calls come
fast: the driver lets go of the interpreter at each row, and the loop, busy with other calls, gives
it back only after the switch interval. So it runs on the loop's own thread. Where that turns out
slow (a cold cache, a disk in trouble, a database on a server), it is handed to the thread after
all: the loop waits for one slow look-up, not for each.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from sqlalchemy import Connection

from .database import Database
from .reader import Reader

T = TypeVar("T")

SLOW = 0.01
"""Seconds; a look-up that took longer waited for a disk or a lock."""
REST = 1.0
"""Seconds after which it is tried on the loop's thread again."""


class ShortReader:
    """``read`` as ``Reader`` has it. ``behind``: the reader that takes what is slow."""

    def __init__(
        self, database: Database, behind: Reader, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self._database = database
        self._behind = behind
        self._clock = clock
        self._lock = threading.Lock()  # the store is closed by another thread
        self._connection: Connection | None = None
        self._again = 0.0 if database.is_sqlite else float("inf")

    async def read(self, query: Callable[[Connection], T]) -> T:
        """Raises ``StoreError``."""
        began = self._clock()
        if began >= self._again:
            try:
                found = self._at_once(query)
            except Exception:  # noqa: BLE001 - the thread tries again, and says what is wrong
                self._again = self._clock() + REST
                self._drop_connection()
            else:
                now = self._clock()
                if now - began > SLOW:
                    self._again = now + REST
                return found
        return await self._behind.read(query)

    def close(self) -> None:
        """From now on only the thread is asked."""
        self._again = float("inf")
        self._drop_connection()

    def _drop_connection(self) -> None:
        with self._lock:
            connection, self._connection = self._connection, None
            if connection is not None:
                with suppress(Exception):  # it may be what is broken, and nothing is lost with it
                    connection.close()

    def _at_once(self, query: Callable[[Connection], T]) -> T:
        with self._lock:
            if self._connection is None:
                self._connection = self._database.impatient_reader()
            with self._connection.begin():
                return query(self._connection)
