"""Callbacks, joined of their parts: what ``callcenter.callback_ports.Callbacks`` asks for.

A row is the truth about a callback, whatever an engine holds in memory. All writes are on the disk
when a method returns.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Dialect, case, func, select

from callcenter.callback_ports import (
    Attempt,
    Blocked,
    CallbackScore,
    Caps,
    Deflection,
    DeflectionScore,
    SlotHold,
    Source,
    Switches,
)
from callcenter.floor.callback import Callback, CallbackState

from .callback_booking import CallbackBooking
from .callback_claims import CallbackClaims
from .callback_rows import AnyOpen, c, callback_of, is_open, open_one
from .callback_rules import CallbackRulesTable
from .callback_scores import CallbackScores
from .callback_tables import callback_attempts, callbacks
from .database import DatabaseClock
from .deflections import DeflectionsTable
from .reader import Reader
from .retention import Retention
from .short_reader import ShortReader
from .tables import people
from .writer import Writer

_a = callback_attempts.c


class CallbacksTable:
    """Implements ``callcenter.callback_ports.Callbacks``. All methods raise ``StoreError``.

    ``short``: for what is asked with every call; ``long``: a reader that reports may keep busy.
    """

    def __init__(
        self,
        writer: Writer,
        reader: Reader,
        short: ShortReader,
        long: Reader,
        dialect: Dialect,
        clock: DatabaseClock,
        keep: Retention,
    ) -> None:
        self._reader = reader
        self._short = short
        self._any_open = AnyOpen(dialect)
        self._booking = CallbackBooking(writer, reader, dialect, clock, keep.callbacks)
        self._claims = CallbackClaims(writer, clock, keep.callbacks)
        self._rules = CallbackRulesTable(writer, reader, dialect, clock, keep.dry_runs)
        self._scores = CallbackScores(long, clock)
        self._deflections = DeflectionsTable(writer, long, dialect, keep.callbacks)

    async def one(self, id: str) -> Callback | None:
        query = select(callbacks).where(c.id == id)
        row = await self._reader.read(lambda connection: connection.execute(query).first())
        return None if row is None else callback_of(row)

    async def attempts(self, id: str) -> tuple[Attempt, ...]:
        """Oldest first."""
        query = (
            select(callback_attempts).where(_a.callback == id).order_by(_a.at, _a.number, _a.call)
        )
        rows = await self._reader.read(lambda connection: connection.execute(query).all())
        return tuple(Attempt(**row._mapping) for row in rows)

    async def listed(
        self, states: Collection[CallbackState], queue: str | None = None, limit: int = 500
    ) -> tuple[Callback, ...]:
        """Open ones before those that are over."""
        query = select(callbacks).where(c.state.in_(sorted(states)))
        if queue is not None:
            query = query.where(c.queue == queue)
        place = case((is_open, c.place), else_=0.0)
        ended = case((is_open, 0.0), else_=func.coalesce(c.ended, 0.0))
        query = query.order_by(case((is_open, 0), else_=1), place, ended.desc(), c.id)
        rows = await self._reader.read(
            lambda connection: connection.execute(query.limit(limit)).all()
        )
        return tuple(callback_of(row) for row in rows)

    async def names(self, persons: Collection[str]) -> dict[str, str]:
        query = select(people.c.id, people.c.name).where(people.c.id.in_(sorted(persons)))
        rows = await self._reader.read(lambda connection: connection.execute(query).all())
        return {row[0]: row[1] for row in rows}

    async def open_of(self, number: str, person: str | None) -> Callback | None:
        """Of the number, else of the person."""
        if not await self._short.read(
            lambda connection: self._any_open(connection, number, person)
        ):
            return None  # as of nearly everybody who calls
        return await self._reader.read(lambda connection: open_one(connection, number, person))

    async def promised(self, queue: str, since: float, until: float) -> dict[float, int]:
        query = (
            select(c.opens, func.count())
            .where(c.queue == queue, c.opens >= since, c.opens < until, is_open)
            .group_by(c.opens)
        )
        rows = await self._reader.read(lambda connection: connection.execute(query).all())
        return {row[0]: row[1] for row in rows}

    # --- asking -------------------------------------------------------------------------------

    async def book(
        self,
        callback: Callback,
        source: Source,
        caps: Caps,
        slot: SlotHold | None = None,
        agreed: str = "",
    ) -> None:
        await self._booking.book(callback, source, caps, slot, agreed)

    async def agreed(self, consent: str) -> str | None:
        return await self._booking.agreed(consent)

    async def refused(
        self, since: float, until: float
    ) -> tuple[tuple[float, str, str | None, int], ...]:
        return await self._booking.refused(since, until)

    # --- holding ------------------------------------------------------------------------------

    async def claim(
        self, node: str, limit: int = 20, lease: float = 30.0, but: Collection[str] = ()
    ) -> tuple[Callback, ...]:
        return await self._claims.claim(node, limit, lease, but)

    async def take(self, id: str, node: str, lease: float = 30.0) -> Callback | None:
        return await self._claims.take(id, node, lease)

    async def mine(self, node: str, lease: float = 30.0) -> tuple[Callback, ...]:
        return await self._claims.mine(node, lease)

    async def renew(self, node: str, lease: float = 30.0) -> frozenset[str]:
        return await self._claims.renew(node, lease)

    async def keep(self, callback: Callback, dialling: bool = False) -> None:
        await self._claims.keep(callback, dialling)

    async def change(self, callback: Callback, expects: int, slot: SlotHold | None = None) -> bool:
        return await self._claims.change(callback, expects, slot)

    # --- rules --------------------------------------------------------------------------------

    async def blocked(self) -> tuple[Blocked, ...]:
        return await self._rules.blocked()

    async def block(self, entry: Blocked) -> None:
        await self._rules.block(entry)

    async def unblock(self, number: str) -> bool:
        return await self._rules.unblock(number)

    async def switches(self) -> tuple[Switches, ...]:
        return await self._rules.switches()

    async def set_switches(self, switches: Switches) -> None:
        await self._rules.set_switches(switches)

    async def note_dry_run(self, at: float, site: str | None, why: str, detail: str) -> None:
        await self._rules.note_dry_run(at, site, why, detail)

    async def dry_runs(self, limit: int = 200) -> tuple[tuple[float, str | None, str, str], ...]:
        return await self._rules.dry_runs(limit)

    async def use_token(self, token: str, until: float) -> bool:
        return await self._rules.use_token(token, until)

    async def secret(self) -> bytes:
        return await self._rules.secret()

    # --- counting -----------------------------------------------------------------------------

    async def scores(
        self, since: float, until: float, zone: str, queue: str | None = None
    ) -> tuple[CallbackScore, ...]:
        return await self._scores.scores(since, until, zone, queue)

    async def deflected(self, deflection: Deflection) -> None:
        await self._deflections.deflected(deflection)

    async def deflection(self, since: float, until: float, now: float) -> DeflectionScore:
        return await self._deflections.deflection(since, until, now)
