"""What is decided about callbacks beforehand: numbers not called, switches, tokens of forms used,
rules only tried out, and the secret that signs links."""

from __future__ import annotations

import secrets as chance
from collections.abc import Callable
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, Dialect, Table, delete, or_, select
from sqlalchemy import insert as plain_insert

from callcenter.callback_ports import Blocked, Switches
from callcenter.codec import from_plain, to_plain

from .callback_tables import (
    callback_blocks,
    callback_dry_runs,
    callback_switches,
    callback_tokens,
    secrets,
)
from .database import DatabaseClock, insert
from .reader import Reader
from .retention import Sweep
from .writer import Writer

T = TypeVar("T")
NAME: Final = "callbacks"
"""Of our secret among others there may be."""

_b, _d, _t, _s = callback_blocks.c, callback_dry_runs.c, callback_tokens.c, secrets.c


class CallbackRulesTable:
    """``keep_days``: of what rules would have refused. All methods raise ``StoreError``."""

    def __init__(
        self,
        writer: Writer,
        reader: Reader,
        dialect: Dialect,
        clock: DatabaseClock,
        keep_days: float,
    ) -> None:
        self._writer = writer
        self._reader = reader
        self._clock = clock
        self._block = _replacing(dialect, callback_blocks, "number")
        self._switch = _replacing(dialect, callback_switches, "queue")
        token = insert(dialect, callback_tokens).on_conflict_do_nothing(index_elements=["token"])
        self._token = token.returning(_t.token)  # what an insert counts is not said everywhere
        self._secret = insert(dialect, secrets).on_conflict_do_nothing(index_elements=["name"])
        self._old_tokens = Sweep(_t.until, _t.token, 0.0)
        self._old_dry_runs = Sweep(_d.at, _d.number, keep_days)

    async def blocked(self) -> tuple[Blocked, ...]:
        """Those in force, by number."""

        def query(connection: Connection) -> tuple[Blocked, ...]:
            now = self._clock(connection)
            in_force = or_(_b.until.is_(None), _b.until > now)
            rows = connection.execute(
                select(callback_blocks).where(in_force).order_by(_b.number)
            ).all()
            return tuple(from_plain(Blocked, dict(row._mapping)) for row in rows)

        return await self._reader.read(query)

    async def block(self, entry: Blocked) -> None:
        """The latest entry of a number stands."""
        row = to_plain(entry)
        await self._write(lambda connection: connection.execute(self._block, row).close())

    async def unblock(self, number: str) -> bool:
        """``False``: there was none in force."""

        def work(connection: Connection) -> bool:
            now = self._clock(connection)
            gone = delete(callback_blocks).where(_b.number == number).returning(_b.until)
            found = connection.execute(gone).first()
            return found is not None and (found.until is None or now < found.until)

        return await self._write(work)

    async def switches(self) -> tuple[Switches, ...]:
        """Of the queues where they were ever set, by queue."""
        query = select(callback_switches).order_by(callback_switches.c.queue)
        rows = await self._reader.read(lambda connection: connection.execute(query).all())
        return tuple(from_plain(Switches, dict(row._mapping)) for row in rows)

    async def set_switches(self, switches: Switches) -> None:
        row = to_plain(switches)
        await self._write(lambda connection: connection.execute(self._switch, row).close())

    async def note_dry_run(self, at: float, site: str | None, why: str, detail: str) -> None:
        row = {"at": at, "site": site, "why": why, "detail": detail}

        def work(connection: Connection) -> None:
            connection.execute(plain_insert(callback_dry_runs).values(row))
            self._old_dry_runs.after(connection, self._clock(connection))

        await self._write(work)

    async def dry_runs(self, limit: int = 200) -> tuple[tuple[float, str | None, str, str], ...]:
        query = (
            select(_d.at, _d.site, _d.why, _d.detail)
            .order_by(_d.at.desc(), _d.number.desc())
            .limit(limit)
        )
        rows = await self._reader.read(lambda connection: connection.execute(query).all())
        return tuple((at, site, why, detail) for at, site, why, detail in rows)

    async def use_token(self, token: str, until: float) -> bool:
        def work(connection: Connection) -> bool:
            now = self._clock(connection)
            over = delete(callback_tokens).where(_t.token == token, _t.until <= now)
            connection.execute(over)
            used = connection.execute(self._token, {"token": token, "until": until}).first()
            self._old_tokens.after(connection, now)
            return used is not None

        return await self._write(work)

    async def secret(self) -> bytes:
        kept = select(_s.secret).where(_s.name == NAME)
        found = await self._reader.read(lambda connection: connection.execute(kept).scalar())
        return bytes.fromhex(str(found or await self._write(self._make_secret)))

    def _make_secret(self, connection: Connection) -> str:
        """Makes it, unless another engine was first; returns the one that is kept."""
        made = {"name": NAME, "secret": chance.token_hex(32), "made": self._clock(connection)}
        connection.execute(self._secret, made)
        return str(connection.execute(select(_s.secret).where(_s.name == NAME)).scalar_one())

    async def _write(self, work: Callable[[Connection], T]) -> T:
        return await self._writer.write(work)


def _replacing(dialect: Dialect, table: Table, key: str) -> Any:
    new = insert(dialect, table)
    changed = {name: new.excluded[name] for name in table.columns.keys() if name != key}  # noqa: SIM118
    return new.on_conflict_do_update(index_elements=[key], set_=changed)
