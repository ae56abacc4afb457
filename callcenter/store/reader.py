"""A thread with a connection for reading: a card never waits behind a write.

It must not write; SQLite refuses it on these connections.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from sqlalchemy import Connection

from .database import Database
from .errors import StoreError, explain

T = TypeVar("T")


class Reader:
    """Runs functions of a connection, one at a time, each seeing the data of one moment."""

    def __init__(self, database: Database, name: str) -> None:
        self._database = database
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"store-{name}")
        self._connection: Connection | None = None
        self._closed = False

    async def read(self, query: Callable[[Connection], T]) -> T:
        """Raises ``StoreError``."""
        return await asyncio.wrap_future(self._submit(query))

    def read_now(self, query: Callable[[Connection], T]) -> T:
        """The same for code without a loop: the caller waits. Raises ``StoreError``."""
        return self._submit(query).result()

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._thread.submit(self._drop_connection)
            self._thread.shutdown()

    def _submit(self, query: Callable[[Connection], T]) -> Future[T]:
        if self._closed:
            raise StoreError("the store is closed")
        return self._thread.submit(self._run, query)

    def _run(self, query: Callable[[Connection], T]) -> T:
        try:
            if self._connection is None:
                self._connection = self._database.reader()
            with self._connection.begin():
                return query(self._connection)
        except Exception as error:
            # The next one begins with a fresh connection: this one may be what is broken.
            self._drop_connection()
            raise explain(error, self._database.where) from error

    def _drop_connection(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
