"""Sign-in sessions on the server: what a browser's cookie stands for.

Holds a hash of the token only, so that a stolen database signs nobody in. Times are arguments.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection, delete, insert, select, update

from callcenter.ports import SignIn

from .reader import Reader
from .tables import sessions
from .writer import Writer

T = TypeVar("T")


class SessionsTable:
    """All methods raise ``StoreError``."""

    def __init__(self, writer: Writer, reader: Reader) -> None:
        self._writer = writer
        self._reader = reader

    async def begin(self, sign_in: SignIn) -> None:
        """Store it; the agent must have an account and the token hash must be new."""
        row = {
            "token_hash": sign_in.token_hash,
            "agent": sign_in.agent,
            "created": sign_in.created,
            "expires": sign_in.expires,
            "seen": sign_in.seen,
        }
        await self._write(lambda connection: connection.execute(insert(sessions).values(row)))

    async def find(self, token_hash: str, now: float) -> SignIn | None:
        """The session, unless it is over."""
        s = sessions.c
        query = select(s.token_hash, s.agent, s.created, s.expires, s.seen).where(
            s.token_hash == token_hash, s.expires > now
        )
        row = await self._reader.read(lambda connection: connection.execute(query).first())
        return None if row is None else SignIn(**row._mapping)

    async def touch(self, token_hash: str, seen: float, expires: float) -> None:
        """It is in use: note when, and let it last until ``expires``. Unknown ones are ignored."""
        statement = update(sessions).where(sessions.c.token_hash == token_hash)
        await self._write(
            lambda connection: connection.execute(statement.values(seen=seen, expires=expires))
        )

    async def end(self, token_hash: str) -> None:
        """Sign out. Unknown ones are ignored."""
        statement = delete(sessions).where(sessions.c.token_hash == token_hash)
        await self._write(lambda connection: connection.execute(statement))

    async def end_all(self, agent: str) -> int:
        """Sign the agent out everywhere; returns how many sessions that were."""
        statement = delete(sessions).where(sessions.c.agent == agent)
        return await self._write(lambda connection: connection.execute(statement).rowcount)

    async def forget_expired(self, now: float) -> int:
        """Delete what is over; returns how many."""
        statement = delete(sessions).where(sessions.c.expires <= now)
        return await self._write(lambda connection: connection.execute(statement).rowcount)

    async def _write(self, work: Callable[[Connection], T]) -> T:
        return await self._writer.write(work)
