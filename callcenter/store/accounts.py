"""The accounts port: who may sign in. Holds password hashes as text, never passwords."""

from __future__ import annotations

import asyncio

from sqlalchemy import Connection, Row, Select, select

from callcenter.codec import from_plain, to_plain
from callcenter.ports import Account

from .database import insert
from .reader import Reader
from .tables import users
from .writer import Writer


class AccountsTable:
    """Implements ``callcenter.ports.Accounts``. All methods raise ``StoreError``."""

    def __init__(self, writer: Writer, reader: Reader) -> None:
        self._writer = writer
        self._reader = reader

    async def account(self, agent: str) -> Account | None:
        query = _ACCOUNTS.where(users.c.agent == agent)
        row = await self._reader.read(lambda connection: connection.execute(query).first())
        return None if row is None else _account(row)

    async def everyone(self) -> tuple[Account, ...]:
        """All accounts, by name of the agent."""
        query = _ACCOUNTS.order_by(users.c.agent)
        rows = await self._reader.read(lambda connection: connection.execute(query).all())
        return tuple(_account(row) for row in rows)

    async def put(self, account: Account) -> None:
        """Create the account or replace what is there."""

        def work(connection: Connection) -> None:
            row = to_plain(account)
            statement = insert(connection.dialect, users).values(row)
            changed = {name: statement.excluded[name] for name in row if name != "agent"}
            connection.execute(
                statement.on_conflict_do_update(index_elements=["agent"], set_=changed)
            )

        await asyncio.wrap_future(self._writer.submit(work))


_ACCOUNTS: Select[tuple[object, ...]] = select(
    users.c.agent,
    users.c.name,
    users.c.role,
    users.c.device,
    users.c.password_hash,
    users.c.language,
    users.c.active,
)


def _account(row: Row[tuple[object, ...]]) -> Account:
    return from_plain(Account, dict(zip(row._fields, row, strict=True)))
