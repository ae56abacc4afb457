"""Who holds a callback: claims, leases, and steps that are stored for the holder alone.

Every claim and every change from outside raises the fence; a step with a lower one is refused, so
of two engines that believe they hold a callback one can act on it. When it is due and whether its
window is open is judged by the database's clock, which all engines share.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final, Literal, TypeAlias

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Update,
    and_,
    bindparam,
    insert,
    or_,
    select,
    update,
)

from callcenter.callback_ports import CallbackOutside, CallbackRefused, CallbackTaken, SlotHold
from callcenter.floor.callback import HELD, OPEN, WAITING, Callback, DialEnd, attempt_was

from .callback_rows import (
    TURN,
    c,
    callback_of,
    callback_row,
    is_full,
    is_held,
    is_open,
    is_waiting,
)
from .callback_tables import callback_attempts, callbacks
from .database import DatabaseClock, take_turns
from .retention import DAY, Sweep
from .tables import as_json
from .writer import Writer

_a = callback_attempts.c
_BUSY: Final = ("dialling", "talking")
# Built once: building them costs more than running them.
_KNOWN: Final = (
    select(c.version, c.fence, c.node, c.opens, c.closes, c.person)
    .where(c.id == bindparam("of"))
    .with_for_update()
)
_STEP: Final = update(callbacks).where(c.id == bindparam("of"))
_DIALLED: Final = select(_a.at).where(_a.call == bindparam("of"))
_ATTEMPT: Final = insert(callback_attempts)
_Refusal: TypeAlias = Literal["taken", "outside"] | None


class CallbackClaims:
    """``keep_days``: how long attempts are kept. All methods raise ``StoreError``."""

    def __init__(self, writer: Writer, clock: DatabaseClock, keep_days: float) -> None:
        self._writer = writer
        self._clock = clock
        self._sweep = Sweep(_a.at, _a.call, keep_days)
        self._take = (
            update(callbacks)
            .where(c.id == bindparam("of"))
            .values(
                node=bindparam("holder"),
                lease=bindparam("until"),
                fence=bindparam("raised"),
                version=bindparam("next"),
                state=bindparam("now"),
                tried=bindparam("dialled_at"),
            )
        )

    async def claim(
        self, node: str, limit: int = 20, lease: float = 30.0, but: Collection[str] = ()
    ) -> tuple[Callback, ...]:
        def work(connection: Connection) -> tuple[Callback, ...]:
            now = self._clock(connection)
            left = and_(is_held, or_(c.lease.is_(None), c.lease <= now))
            free = or_(and_(is_waiting, c.due <= now), left)
            if but:
                free = and_(free, c.queue.not_in(sorted(but)))
            rows = connection.execute(_first(free).limit(limit)).all()
            return self._taken(connection, rows, node, now, lease)

        return await self._writer.write(work)

    async def take(self, id: str, node: str, lease: float = 30.0) -> Callback | None:
        """Never one whose holder was lost: what became of its attempt is for ``claim``."""

        def work(connection: Connection) -> tuple[Callback, ...]:
            now = self._clock(connection)
            rows = connection.execute(_first(and_(c.id == id, is_waiting))).all()
            return self._taken(connection, rows, node, now, lease)

        return next(iter(await self._writer.write(work)), None)

    async def mine(self, node: str, lease: float = 30.0) -> tuple[Callback, ...]:
        def work(connection: Connection) -> tuple[Callback, ...]:
            now = self._clock(connection)
            rows = connection.execute(_first(and_(is_held, c.node == node))).all()
            return self._taken(connection, rows, node, now, lease)

        return await self._writer.write(work)

    async def renew(self, node: str, lease: float = 30.0) -> frozenset[str]:
        held = and_(is_held, c.node == node)

        def work(connection: Connection) -> frozenset[str]:
            until = self._clock(connection) + lease
            prolonged = update(callbacks).where(held).values(lease=until).returning(c.id)
            return frozenset(connection.execute(prolonged).scalars())

        return await self._writer.write(work)

    async def keep(self, callback: Callback, dialling: bool = False) -> None:
        """A version may be missing (writing it failed): the fence says that nobody else was there.

        A person who has another open callback stays out: one is all the database lets them have.
        """
        if dialling and callback.call is None:
            raise ValueError(f"callback {callback.id} is to be dialled by no call")

        def work(connection: Connection) -> _Refusal:
            return self._keep(connection, callback, dialling)

        refused = await self._writer.write(work)
        if refused == "taken":
            raise CallbackTaken(f"callback {callback.id} is held by another, or was changed")
        if refused == "outside":
            raise CallbackOutside(f"the window of callback {callback.id} is not open")

    async def change(self, callback: Callback, expects: int, slot: SlotHold | None = None) -> bool:
        """One that is over is not changed either."""
        row = callback_row(callback)
        row.update(version=expects + 1, fence=c.fence + 1, node=None, lease=None)
        ours = and_(c.id == callback.id, c.version == expects, is_open, c.state.not_in(_BUSY))
        changed = update(callbacks).where(ours).values(row)

        def work(connection: Connection) -> bool | CallbackRefused:
            if slot is not None:
                take_turns(connection, TURN)
                if connection.execute(select(c.id).where(ours)).first() is None:
                    return False
                if is_full(connection, callback, slot):
                    return CallbackRefused("slot_taken", "when")
            return connection.execute(changed).rowcount == 1

        done = await self._writer.write(work)
        if isinstance(done, CallbackRefused):
            raise done
        return done

    def _taken(
        self,
        connection: Connection,
        rows: Sequence[Row[Any]],
        node: str,
        now: float,
        lease: float,
    ) -> tuple[Callback, ...]:
        if not rows:
            return ()
        tried = _tried(connection, {row.number for row in rows}, now)
        taken = [
            {
                "of": row.id,
                "holder": node,
                "until": now + lease,
                "raised": row.fence + 1,
                "next": row.version + 1,
                "now": "due" if row.state in WAITING else row.state,
                "dialled_at": as_json(tried.get(row.number, [])),
            }
            for row in rows
        ]
        connection.execute(self._take, taken)
        ours = select(callbacks).where(c.id.in_([row.id for row in rows])).order_by(c.place, c.id)
        return tuple(callback_of(row) for row in connection.execute(ours))

    def _keep(self, connection: Connection, callback: Callback, dialling: bool) -> _Refusal:
        known = connection.execute(_KNOWN, {"of": callback.id}).first()
        if (
            known is None
            or known.node is None
            or callback.node not in (None, known.node)
            or known.fence != callback.fence
            or known.version >= callback.version
        ):
            return "taken"
        if dialling:
            now = self._clock(connection)
            if not known.opens <= now < known.closes:
                return "outside"
            if connection.execute(_DIALLED, {"of": callback.call}).first() is not None:
                return "taken"
            attempt = {
                "call": callback.call,
                "callback": callback.id,
                "number": callback.attempts,
                "number_dialled": callback.number,
                "at": now,
            }
            connection.execute(_ATTEMPT, attempt)
            self._sweep.after(connection, now)
        row = {**callback_row(callback), "of": callback.id}
        if callback.state in HELD:
            row["node"] = known.node
        else:
            row.update(node=None, lease=None)
        if callback.person not in (None, known.person) and callback.state in OPEN:
            another = select(c.id).where(is_open, c.person == callback.person, c.id != callback.id)
            if connection.execute(another).first() is not None:
                row["person"] = known.person
        connection.execute(_STEP, row)
        if callback.call is not None and (how := attempt_was(callback)) is not None:
            connection.execute(_ended(callback.call, self._clock(connection), how))
        return None


def _ended(call: str, at: float, how: DialEnd | Literal["talked"]) -> Update:
    """The first telling stands, unless it was ``unknown`` and better is known now."""
    unsaid = _a.how.is_(None)
    corrects = unsaid if how == "unknown" else or_(unsaid, _a.how == "unknown")
    return update(callback_attempts).where(_a.call == call, corrects).values(ended=at, how=how)


def _first(wanted: ColumnElement[bool]) -> Any:
    """By place. Rows that another engine is just taking are passed over (PostgreSQL)."""
    return select(callbacks).where(wanted).order_by(c.place, c.id).with_for_update(skip_locked=True)


def _tried(connection: Connection, numbers: Collection[str], now: float) -> dict[str, list[float]]:
    """When these numbers were dialled in the last 24 hours, for whatever callback."""
    query = (
        select(_a.number_dialled, _a.at)
        .where(_a.number_dialled.in_(sorted(numbers)), _a.at > now - DAY)
        .order_by(_a.at)
    )
    found: dict[str, list[float]] = {}
    for number, at in connection.execute(query):
        found.setdefault(number, []).append(at)
    return found
