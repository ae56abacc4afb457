"""Callbacks for supervisors: what each queue does, how promises came out, who is not called."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Annotated, Final
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query, Request, Response

from callcenter.callback_ports import Blocked, Callbacks, Switches
from callcenter.floor.orders import RecordAudit
from callcenter.ports import Desk

from .callback_bodies import (
    Block,
    BlockList,
    Deflected,
    DryRun,
    DryRuns,
    Scores,
    Switch,
    SwitchList,
)
from .doors import Doors
from .origin import Origins
from .problem import Problem, documented
from .session import own_pages_only
from .staff import STORABLE, supervisor

DAY: Final = 86_400.0
MOST_DAYS: Final = 92

Days = Annotated[int, Query(ge=1, le=MOST_DAYS)]


def oversight_router(
    desk: Desk,
    store: Callbacks,
    doors: Doors,
    origins: Origins,
    audit: Callable[[RecordAudit], Awaitable[None]],
    now: Callable[[], float],
    zone: str,
    dry_run: bool,
) -> APIRouter:
    """To be included under ``/api/v1/callbacks``, before what takes any name there. ``dry_run``:
    rules are only tried out."""
    router = APIRouter()
    ours = [Depends(own_pages_only(origins))]

    async def note(by: str, what: str, detail: str, reason: str = "", ok: bool = True) -> None:
        await audit(
            RecordAudit(
                at=now(), by=by, what=what, agent=None, call=None, reason=reason, ok=ok,
                detail=detail[:500],
            )
        )  # fmt: skip

    # --- what queues do -------------------------------------------------------------------------

    async def all_switches() -> list[Switches]:
        stored = {one.queue: one for one in await store.switches()}
        views = desk.view().queues
        names = {name for name, view in views.items() if view.distribution == "engine"}
        return [stored.get(name) or Switches(queue=name) for name in sorted(names | set(stored))]

    @router.get("/switches", operation_id="callback_switches", responses=documented(401, 403, 503))
    async def switches(request: Request) -> SwitchList:
        """What each queue does, who said so, and whether its offers stopped by themselves."""
        await supervisor(doors, request)
        return SwitchList(queues=await all_switches())

    @router.put(
        "/switches",
        operation_id="set_callback_switches",
        dependencies=ours,
        responses=documented(400, 401, 403, 404, 413, 415, 422, 503),
    )
    async def set_switches(wish: Switch, request: Request) -> Switches:
        """What a queue takes, dials and offers from now on. For supervisors."""
        user = await supervisor(doors, request)
        if wish.queue not in desk.view().queues:
            raise Problem(404, "not_found", f"There is no queue {wish.queue}.")
        before = next((one for one in await all_switches() if one.queue == wish.queue), None)
        stopped = before.auto_stopped if before is not None and not wish.resume else None
        switches = Switches(
            queue=wish.queue, accept=wish.accept, serve=wish.serve, show=wish.show,
            auto_stopped=stopped, by=user.user, at=now(),
        )  # fmt: skip
        await store.set_switches(switches)
        on = [name for name in ("accept", "serve", "show") if getattr(wish, name)]
        detail = f"{wish.queue}: {', '.join(on) or 'nothing'}{' (resumed)' if wish.resume else ''}"
        await note(user.user, "callback_switches", detail)
        return switches

    # --- how it went ----------------------------------------------------------------------------

    @router.get("/scores", operation_id="callback_scores", responses=documented(401, 403, 422, 503))
    async def scores(request: Request, days: Days = 14) -> Scores:
        """How the promises came out, by day and queue: today and the days before."""
        await supervisor(doors, request)
        at = now()
        # Who was called counts at once, though their window closes later today.
        rows = await store.scores(_midnight(at, zone, days - 1), _midnight(at, zone, -1), zone)
        latest = sorted(sorted(rows, key=lambda one: one.queue), key=lambda one: one.day)
        return Scores(scores=sorted(latest, key=lambda one: one.day, reverse=True))

    @router.get(
        "/dry-runs", operation_id="callback_dry_runs", responses=documented(401, 403, 422, 503)
    )
    async def dry_runs(
        request: Request, limit: Annotated[int, Query(ge=1, le=1000)] = 200
    ) -> DryRuns:
        """What would have been refused, where rules are only tried out. For supervisors."""
        await supervisor(doors, request)
        found = await store.dry_runs(limit + 1)
        return DryRuns(
            on=dry_run,
            more=len(found) > limit,
            dry_runs=[
                DryRun(at=at, site=site, why=why, detail=detail)
                for at, site, why, detail in found[:limit]
            ],
        )

    @router.get(
        "/deflection", operation_id="callback_deflection", responses=documented(401, 403, 422, 503)
    )
    async def deflection(request: Request, days: Days = 7) -> Deflected:
        """What became of visitors who were shown answers before they asked to be called."""
        await supervisor(doors, request)
        at = now()
        since = at - days * DAY
        return Deflected(since=since, until=at, score=await store.deflection(since, at, at))

    # --- who is not called ----------------------------------------------------------------------

    @router.get("/blocked", operation_id="callback_blocked", responses=documented(401, 403, 503))
    async def blocked(request: Request) -> BlockList:
        """Numbers that are not called. For supervisors."""
        await supervisor(doors, request)
        return BlockList(blocked=sorted(await store.blocked(), key=lambda one: -one.since))

    @router.post(
        "/blocked",
        operation_id="block_number",
        status_code=201,
        dependencies=ours,
        responses=documented(400, 401, 403, 409, 413, 415, 422, 503),
    )
    async def block(wish: Block, request: Request) -> Blocked:
        """Never call a number, or all that begin so. For supervisors."""
        user = await supervisor(doors, request)
        if wish.until is not None and wish.until <= now():
            raise Problem(409, "refused", "until is over.")
        entry = Blocked(
            number=wish.number, since=now(), by=user.user, reason=wish.reason.strip(),
            until=wish.until,
        )  # fmt: skip
        await store.block(entry)
        await note(user.user, "callback_block", wish.number, entry.reason)
        return entry

    @router.delete(
        "/blocked",
        operation_id="unblock_number",
        status_code=204,
        dependencies=ours,
        responses=documented(401, 403, 404, 413, 415, 422, 503),
    )
    async def unblock(
        request: Request,
        number: Annotated[str, Query(min_length=1, max_length=64, pattern=STORABLE)],
    ) -> Response:
        """It may be called again. For supervisors."""
        user = await supervisor(doors, request)
        done = await store.unblock(number)
        await note(user.user, "callback_unblock", number, ok=done)
        if not done:
            raise Problem(404, "not_found", "That number is not on the list.")
        return Response(status_code=204)

    return router


def _midnight(at: float, zone: str, days: int) -> float:
    """The local midnight that began the day ``days`` before the one of ``at``."""
    local = datetime.fromtimestamp(at, ZoneInfo(zone)) - timedelta(days=days)
    return local.replace(hour=0, minute=0, second=0, microsecond=0).timestamp()
