"""The demonstration's desk phone: picked up and hung up with a click, because there is no real one.

Mounted only by ``callcenter demo``. It acts on the phone in the simulated exchange and on nothing
else; with a real exchange these routes do not exist.
"""

from __future__ import annotations

from typing import Protocol

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel

from .doors import Doors
from .origin import Origins
from .problem import Problem, documented
from .session import NoFields, current_user, own_pages_only


class DeskPhones(Protocol):
    """The simulated phones. Both answer ``False`` when there was nothing to do."""

    def pick_up(self, device: str) -> bool: ...

    def hang_up(self, device: str) -> bool: ...


class Done(BaseModel):
    done: bool


def demo_phone_router(phones: DeskPhones, doors: Doors, origins: Origins) -> APIRouter:
    router = APIRouter(
        prefix="/demo/phone",
        tags=["demonstration"],
        dependencies=[Depends(own_pages_only(origins))],
    )

    async def device(request: Request) -> str:
        user = await current_user(doors, request)
        if user.device is None:
            raise Problem(409, "no_device", "You have no phone here.")
        return user.device

    @router.post(
        "/pick-up",
        operation_id="demo_pick_up",
        responses=documented(401, 403, 409, 413, 415, 422),
    )
    async def pick_up(request: Request, nothing: NoFields) -> Done:
        """Pick up your simulated phone."""
        return Done(done=phones.pick_up(await device(request)))

    @router.post(
        "/hang-up",
        operation_id="demo_hang_up",
        responses=documented(401, 403, 409, 413, 415, 422),
    )
    async def hang_up(request: Request, nothing: NoFields) -> Done:
        """Hang up your simulated phone, or decline what rings."""
        return Done(done=phones.hang_up(await device(request)))

    return router
