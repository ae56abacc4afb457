"""Live calls over HTTP: the list, who would get one and why, and what may be done to one.

What is asked of a call is confirmed by the exchange later; the agent channel shows how it went.
"""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from callcenter.floor.card import CallView
from callcenter.floor.control_rules import AIMED, EXPLAINED, SUPERVISION
from callcenter.floor.errors import FloorError
from callcenter.floor.events import ControlAsked, ControlKind
from callcenter.floor.routing import Decision
from callcenter.ports import Desk, History

from .doors import Doors
from .origin import Origins
from .problem import Problem, documented
from .session import current_user, own_pages_only
from .staff import MAX_WORDS, STORABLE, CallId, forbidden, grant, refusal, supervisor

NUMBER: Final = r"^\+?[0-9A-Za-z*#][0-9A-Za-z*#._/-]*$"
"""A number, an extension or a device: nothing that could end a line of the exchange's protocol or
begin another argument of a dialplan application."""
KEYS: Final = r"^[0-9A-D*#]+$"
"""DTMF, RFC 4733 section 3.2."""


class Calls(BaseModel):
    calls: list[CallView]
    """The one that came first comes first."""


class Decisions(BaseModel):
    decisions: list[Decision]
    """In the order they were made."""


class ControlWish(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")

    id: Annotated[str, Field(pattern=r"^[!-~]{1,64}$")]
    """Chosen by who asks; the result on the agent channel carries it."""
    do: ControlKind
    target: Annotated[str, Field(max_length=64, pattern=NUMBER)] | None = None
    digits: Annotated[str, Field(max_length=32, pattern=KEYS)] | None = None
    reason: Annotated[str, Field(max_length=MAX_WORDS, pattern=STORABLE)] | None = None


class Asked(BaseModel):
    """The exchange has been asked; whether it did comes on the agent channel."""

    id: str
    call: str
    do: ControlKind


def calls_router(desk: Desk, history: History, doors: Doors, origins: Origins) -> APIRouter:
    router = APIRouter(prefix="/api/v1/calls", tags=["calls"])

    @router.get("", operation_id="calls", responses=documented(401, 403, 503))
    async def calls(request: Request) -> Calls:
        """Calls that wait or are talked, the oldest first. For supervisors."""
        await supervisor(doors, request)
        live = desk.view().calls.values()
        return Calls(calls=sorted(live, key=lambda call: (call.arrived, call.call)))

    @router.get(
        "/{call}/routing",
        operation_id="explain_call",
        responses=documented(401, 403, 404, 409, 422, 503),
    )
    async def explain(call: CallId, request: Request) -> Decision:
        """Who would get this waiting call now, and why. Nothing is changed. For supervisors."""
        await supervisor(doors, request)
        try:
            return desk.explain(call)
        except FloorError as error:
            raise refusal(error) from None

    @router.get(
        "/{call}/decisions",
        operation_id="decisions_of_call",
        responses=documented(401, 403, 422, 503),
    )
    async def decisions(call: CallId, request: Request) -> Decisions:
        """What was decided about a call and why, also when it is over. For supervisors."""
        await supervisor(doors, request)
        return Decisions(decisions=list(await history.decisions(call)))

    @router.post(
        "/{call}/controls",
        operation_id="control_call",
        status_code=202,
        dependencies=[Depends(own_pages_only(origins))],
        responses=documented(400, 401, 403, 404, 409, 413, 415, 422, 503),
    )
    async def control(call: CallId, wish: ControlWish, request: Request) -> Asked:
        """Do something to a live call: agents to their own, supervisors listen to any."""
        user = await current_user(doors, request)
        if wish.do in SUPERVISION and user.role != "supervisor":
            raise forbidden(f"Only a supervisor may {wish.do.replace('_', ' ')}.")
        reason = (wish.reason or "").strip() or None
        if wish.do in EXPLAINED and reason is None:
            raise Problem(422, "bad_choice", f"{wish.do} needs a reason; it is written down.")
        if wish.do in AIMED and wish.target is None:
            raise Problem(422, "bad_choice", f"{wish.do} needs a target: whom to call.")
        if wish.do == "dtmf" and wish.digits is None:
            raise Problem(422, "bad_choice", "dtmf needs digits: the keys to press.")
        await grant(
            desk,
            ControlAsked(
                at=desk.now(),
                id=wish.id,
                agent=user.user,
                role=user.role,
                call=call,
                do=wish.do,
                device=user.device,
                target=wish.target,
                digits=wish.digits,
                reason=reason,
            ),
        )
        return Asked(id=wish.id, call=call, do=wish.do)

    return router
