"""What concerns everybody now, set and ended by supervisors: outages, campaigns."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from callcenter.floor.orders import RecordAudit
from callcenter.ports import Condition, Desk, History, Surroundings

from .doors import Doors
from .origin import Origins
from .problem import Problem, documented
from .session import own_pages_only
from .staff import STORABLE, supervisor

ENDED: Final = 86400.0
"""Conditions that ended so lately are still listed."""

ConditionId = Annotated[str, Path(alias="id", pattern=r"^[!-~]{1,64}$")]


class ConditionWish(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")

    kind: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]{0,63}$")]
    title: Annotated[str, Field(max_length=200, pattern=r"^[^\x00-\x1f\x7f-\x9f]*$")] = ""
    product: Annotated[str, Field(min_length=1, max_length=64, pattern=STORABLE)] | None = None
    """It concerns only people with this product."""
    until: Annotated[float, Field(ge=0, le=253_402_300_799.0, allow_inf_nan=False)] | None = None
    """Seconds since the epoch, UTC; left out: until it is ended."""


class Conditions(BaseModel):
    conditions: list[Condition]
    """Those that go on, and those that ended within a day; the oldest first."""


def conditions_router(
    desk: Desk, history: History, doors: Doors, origins: Origins, *, surroundings: Surroundings
) -> APIRouter:
    """``surroundings``: where conditions are kept."""
    router = APIRouter(prefix="/api/v1", tags=["prediction"])
    ours = [Depends(own_pages_only(origins))]

    @router.get("/conditions", operation_id="conditions", responses=documented(401, 403, 503))
    async def conditions(request: Request) -> Conditions:
        """What concerns everybody now: outages, campaigns. For supervisors."""
        await supervisor(doors, request)
        return Conditions(conditions=list(await surroundings.conditions(desk.now() - ENDED)))

    async def known(id: str) -> Condition | None:
        """One that has not ended."""
        now = desk.now()
        found = await surroundings.conditions(now)
        return next((c for c in found if c.id == id and (c.until is None or c.until > now)), None)

    @router.put(
        "/conditions/{id}",
        operation_id="set_condition",
        dependencies=ours,
        responses=documented(400, 401, 403, 409, 413, 415, 422, 503),
    )
    async def set_condition(id: ConditionId, wish: ConditionWish, request: Request) -> Condition:
        """Begin a condition, or change one that goes on (its beginning stays). For supervisors."""
        user = await supervisor(doors, request)
        now, before = desk.now(), await known(id)
        if wish.until is not None and wish.until <= now:
            raise Problem(409, "refused", "until is over; DELETE ends a condition.")
        condition = Condition(
            id=id, kind=wish.kind, since=before.since if before else now, until=wish.until,
            title=wish.title.strip(), product=wish.product,
        )  # fmt: skip
        await surroundings.set_condition(condition)
        await note(user.user, "condition", condition)
        return condition

    @router.delete(
        "/conditions/{id}",
        operation_id="end_condition",
        status_code=204,
        dependencies=ours,
        responses=documented(401, 403, 404, 413, 415, 422, 503),
    )
    async def end_condition(id: ConditionId, request: Request) -> Response:
        """It is over. For supervisors."""
        user = await supervisor(doors, request)
        before = await known(id)
        if before is None:
            raise Problem(404, "not_found", f"No condition {id} goes on.")
        ended = Condition(
            id=id, kind=before.kind, since=before.since, until=desk.now(), title=before.title,
            product=before.product,
        )  # fmt: skip
        await surroundings.set_condition(ended)
        await note(user.user, "condition_ended", ended)
        return Response(status_code=204)

    async def note(by: str, what: str, condition: Condition) -> None:
        await history.record_audit(
            RecordAudit(
                at=desk.now(), by=by, what=what, agent=None, call=None, reason=condition.title,
                ok=True, detail=f"{condition.kind} {condition.id}",
            )
        )  # fmt: skip

    return router
