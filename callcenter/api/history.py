"""What was kept, for supervisors: how waits told to callers came out, and who did what."""

from __future__ import annotations

from datetime import tzinfo
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel

from callcenter.floor.orders import RecordAudit
from callcenter.ports import Desk, History, PromiseScore

from .doors import Doors
from .problem import documented
from .staff import MAX_ID, STORABLE, supervisor

DAY: Final = 86_400.0
MOST_DAYS: Final = 92
"""Of one question about promises: all of them are read for it."""
LAST: Final = 253_402_300_799.0
"""The end of the year 9999."""

Moment = Annotated[float, Query(ge=0, le=LAST, allow_inf_nan=False)]
Name = Annotated[str, Query(min_length=1, max_length=MAX_ID, pattern=STORABLE)]


class Promises(BaseModel):
    scores: list[PromiseScore]
    """The latest day first, then by queue."""


class Audit(BaseModel):
    rows: list[RecordAudit]
    """The newest first."""


def history_router(desk: Desk, history: History, doors: Doors, zone: tzinfo) -> APIRouter:
    """``zone``: of the centre, in which days begin."""
    router = APIRouter(prefix="/api/v1", tags=["history"])

    @router.get("/promises", operation_id="promises", responses=documented(401, 403, 422, 503))
    async def promises(
        request: Request,
        until: Moment | None = None,
        days: Annotated[int, Query(ge=1, le=MOST_DAYS)] = 7,
    ) -> Promises:
        """How the waits told to callers came out, by queue and day: of the days before `until`.

        `until`: seconds since 1970-01-01 UTC; left out: now.
        """
        await supervisor(doors, request)
        end = _end(desk.now(), until)
        return Promises(scores=list(await history.promises(end - days * DAY, end, zone)))

    @router.get("/audit", operation_id="audit", responses=documented(401, 403, 422, 503))
    async def audit(
        request: Request,
        since: Moment | None = None,
        until: Moment | None = None,
        agent: Name | None = None,
        call: Name | None = None,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    ) -> Audit:
        """Who did what to whose call or state, and why; without dates, of a week."""
        await supervisor(doors, request)
        end = _end(desk.now(), until)
        begin = end - 7 * DAY if since is None else since
        return Audit(rows=list(await history.audit(begin, end, agent, call, limit)))

    return router


def _end(now: float, until: float | None) -> float:
    """Without an end: until now, and a moment later lest what was just written be left out."""
    return now + 1.0 if until is None else until
