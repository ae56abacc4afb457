"""How long rows are kept that only grow in number, and the look for old ones as new ones come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Connection, delete, select, true, tuple_

DAY: Final = 86_400.0
SWEEP_EVERY: Final = 500
"""Rows written between two looks for old ones."""
SWEPT: Final = 1_000
"""Most rows one look deletes: more than came since the last, and never a long wait."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """Days."""

    decisions: float = 30.0
    told_waits: float = 365.0
    reservations: float = 30.0
    audit: float = 730.0
    predictions: float = 365.0
    """And marks of answers."""
    happenings: float = 400.0
    """A year and a month: what comes once a year has come twice."""
    pages: float = 2.0
    callbacks: float = 730.0
    """That are over; and their attempts, visitors who were shown answers, counts of refusals."""
    dry_runs: float = 30.0


class Sweep:
    """Deletes the oldest rows of one table now and then. ``at`` has an index; ``key`` is the
    primary key, or its columns; ``over``: only rows of which that is true. Used in the writer's
    thread alone."""

    def __init__(
        self,
        at: Column[Any],
        key: Column[Any] | tuple[Column[Any], ...],
        days: float,
        over: ColumnElement[bool] | None = None,
    ) -> None:
        self._at = at
        self._key = key if isinstance(key, tuple) else (key,)
        self._seconds = days * DAY
        self._over = true() if over is None else over
        self._written = 0

    def after(self, connection: Connection, now: float) -> None:
        """A row dated ``now`` was written."""
        due = self._written % SWEEP_EVERY == 0
        self._written += 1
        if not due:
            return
        oldest = (
            select(*self._key)
            .where(self._at < now - self._seconds, self._over)
            .order_by(self._at)
            .limit(SWEPT)
        )
        found = self._key[0] if len(self._key) == 1 else tuple_(*self._key)
        connection.execute(delete(self._key[0].table).where(found.in_(oldest)))
