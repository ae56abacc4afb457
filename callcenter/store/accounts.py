"""The accounts port: who may sign in. Holds password hashes as text, never passwords."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, Row, Select, delete, select

from callcenter.codec import from_plain, to_plain
from callcenter.ports import Account

from .database import insert
from .reader import Reader
from .tables import account_skills, users
from .writer import Writer


class AccountsTable:
    """Implements ``callcenter.ports.Accounts``. All methods raise ``StoreError``."""

    def __init__(self, writer: Writer, reader: Reader) -> None:
        self._writer = writer
        self._reader = reader

    async def account(self, agent: str) -> Account | None:
        found = await self._reader.read(lambda connection: _read(connection, agent))
        return found[0] if found else None

    async def everyone(self) -> tuple[Account, ...]:
        """All accounts, by name of the agent."""
        return await self._reader.read(_read)

    async def put(self, account: Account) -> None:
        """Create the account or replace what is there, skills included."""

        def work(connection: Connection) -> None:
            row = to_plain(account)
            del row["skills"]
            statement = insert(connection.dialect, users).values(row)
            changed = {name: statement.excluded[name] for name in row if name != "agent"}
            connection.execute(
                statement.on_conflict_do_update(index_elements=["agent"], set_=changed)
            )
            _replace_skills(connection, account.agent, account.skills)

        await self._writer.write(work)

    async def set_skills(self, agent: str, skills: Sequence[tuple[str, int]]) -> bool:
        """Replace the agent's skills (level 0 to 5); ``False``: there is no such account."""

        def work(connection: Connection) -> bool:
            known = connection.execute(select(users.c.agent).where(users.c.agent == agent)).first()
            if known is not None:
                _replace_skills(connection, agent, skills)
            return known is not None

        return await self._writer.write(work)


def _replace_skills(connection: Connection, agent: str, skills: Iterable[tuple[str, int]]) -> None:
    connection.execute(delete(account_skills).where(account_skills.c.agent == agent))
    rows = [{"agent": agent, "skill": skill, "level": level} for skill, level in skills]
    if rows:
        connection.execute(account_skills.insert(), rows)


def _read(connection: Connection, agent: str | None = None) -> tuple[Account, ...]:
    """One account, or all."""
    accounts = _ACCOUNTS.order_by(users.c.agent)
    skills = _SKILLS.order_by(account_skills.c.agent, account_skills.c.skill)
    if agent is not None:
        accounts = accounts.where(users.c.agent == agent)
        skills = skills.where(account_skills.c.agent == agent)
    of: defaultdict[str, list[tuple[str, int]]] = defaultdict(list)
    for who, skill, level in connection.execute(skills):
        of[who].append((skill, level))
    return tuple(_account(row, of[row.agent]) for row in connection.execute(accounts))


_SKILLS = select(account_skills.c.agent, account_skills.c.skill, account_skills.c.level)
_ACCOUNTS: Select[tuple[object, ...]] = select(
    users.c.agent,
    users.c.name,
    users.c.role,
    users.c.device,
    users.c.password_hash,
    users.c.language,
    users.c.active,
)


def _account(row: Row[tuple[object, ...]], skills: list[tuple[str, int]]) -> Account:
    return from_plain(Account, {**row._mapping, "skills": skills})
