"""What must survive: the journal, calls and outcomes, and what people ask of them later."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Protocol

from callcenter.floor.events import Event
from callcenter.floor.orders import (
    KeepReservation,
    RecordAudit,
    RecordCall,
    RecordDecision,
    RecordMark,
    RecordOutcome,
    RecordPrediction,
    RecordPromise,
)
from callcenter.floor.routing import Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What an agent has typed so far in wrap-up. ``rev`` counts up; an older one never wins."""

    call: str
    agent: str
    rev: int
    reason: str | None
    outcome: str | None
    notes: str
    saved: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseScore:
    """How the waits told to callers of a queue on one day came out."""

    queue: str
    day: str
    """ISO 8601 date, local to the centre."""
    told: int
    """Callers were told so often, with or without an estimate."""
    n: int
    """Of those, with an estimate and the outcome known."""
    kept: int
    """Of the ``n``: answered within the p90 told. Who gave up was not kept a promise to."""
    answered: int
    """Of the ``n``."""
    error: float | None
    """Median absolute error of p50 over the answered, seconds; ``None`` without any."""


class Records(Protocol):
    """What must survive."""

    async def record_call(self, order: RecordCall) -> None: ...

    async def record_outcome(self, order: RecordOutcome) -> None: ...

    async def keep_reservation(self, order: KeepReservation) -> None:
        """Store it unless a newer version is there.

        Raises ``ReservationTaken`` when the agent has another live one: nothing is stored then. A
        new one (version 1, pending) ends an older one of the same node, whose end was not stored.
        """

    async def close_reservations(self, node: str, at: float) -> int:
        """End what a run of this node left live when it stopped; returns how many.

        Call it at the start, before the floor reserves anybody. Each becomes one version newer with
        ``why`` ``engine_stopped``: one in ``wrapping`` is ``completed`` (the talk was had), others
        are ``rescinded``. Those of other nodes stay.
        """

    async def record_prediction(self, order: RecordPrediction) -> None:
        """Store it unless a newer version is there."""

    async def record_mark(self, order: RecordMark) -> None: ...

    async def record_decision(self, order: RecordDecision) -> None:
        """Keep the decision with its trace, for as many days as the store was opened with."""

    async def record_promise(self, order: RecordPromise) -> None:
        """Store, or complete the one of the same id; an outcome that is known is never lost."""

    async def record_audit(self, order: RecordAudit) -> None:
        """Add a row; rows are never changed."""

    async def save_draft(self, draft: Draft) -> Draft:
        """Store unless a newer revision is there; returns what is stored now."""

    async def drafts(self, agent: str) -> tuple[Draft, ...]: ...

    async def reasons_seen(self) -> Sequence[tuple[str | None, tuple[str, ...], str, int]]:
        """(queue, context, reason, how often) over all noted outcomes, for the first model."""


class History(Protocol):
    """What was kept about distribution, for people who ask later. Newest first."""

    async def reservations(self, agent: str, limit: int = 100) -> tuple[KeepReservation, ...]: ...

    async def live_reservations(self, node: str) -> tuple[KeepReservation, ...]:
        """Those of this node, oldest first. At the start, before ``close_reservations``: who was
        in wrap-up when the engine stopped, and until when."""

    async def decisions(self, call: str) -> tuple[Decision, ...]:
        """All about one call, oldest first."""

    async def promises(self, since: float, until: float, zone: tzinfo) -> tuple[PromiseScore, ...]:
        """Waits told in [``since``, ``until``), by queue and local day, latest day first."""

    async def audit(
        self,
        since: float,
        until: float,
        agent: str | None = None,
        call: str | None = None,
        limit: int = 100,
    ) -> tuple[RecordAudit, ...]:
        """Rows of [``since``, ``until``), of this agent or call if given."""

    async def record_audit(self, order: RecordAudit) -> None: ...


class ReservationTaken(Exception):  # noqa: N818  # reads as the reason it is
    """The agent is being asked to take, or has, another call (of another engine)."""


class Journal(Protocol):
    def append(self, event: Event) -> int:
        """Take the event in order; returns its position. Never waits."""

    async def durable(self, position: int) -> None:
        """Returns when everything up to ``position`` is on disk."""
