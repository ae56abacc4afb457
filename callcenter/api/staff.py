"""Who may ask for what, and how the floor's refusals become answers.

Holds no state; the routers of calls, agents and history share it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final

from fastapi import Path, Request
from pydantic import BeforeValidator

from callcenter.floor.errors import FloorError
from callcenter.floor.events import Event
from callcenter.ports import Desk, User

from .doors import Doors
from .problem import TITLES, Problem
from .session import current_user

MAX_ID: Final = 200
"""Characters."""
MAX_WORDS: Final = 500
"""Characters of a reason, as typed."""
STORABLE: Final = r"^[^\x00]*$"
"""No database takes a NUL, though it is valid in JSON; lone surrogates are no text to pydantic."""

STATUS: Final[Mapping[str, int]] = {
    "forbidden": 403,
    "unknown_call": 404,
    "unknown_agent": 404,
    "not_now": 409,
    "device_taken": 409,
    "refused": 409,
    "bad_choice": 422,
}
"""Code of a ``FloorError`` to status."""


def _whole(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value


WHOLE: Final = BeforeValidator(_whole)
"""Of an ``int``: JSON knows one kind of number, so `3.0` is whole also where all is strict."""

CallId = Annotated[str, Path(alias="call", min_length=1, max_length=MAX_ID, pattern=STORABLE)]
AgentId = Annotated[str, Path(alias="agent", min_length=1, max_length=MAX_ID, pattern=STORABLE)]


async def supervisor(doors: Doors, request: Request) -> User:
    """Who makes this request, if they supervise. Raises ``Problem`` 401 or 403."""
    user = await current_user(doors, request)
    if user.role != "supervisor":
        raise forbidden("Only a supervisor may do this.")
    return user


async def supervisor_or(agent: str, doors: Doors, request: Request) -> User:
    """A supervisor, or this very agent. Raises ``Problem`` 401 or 403."""
    user = await current_user(doors, request)
    if user.role != "supervisor" and user.user != agent:
        raise forbidden("Only a supervisor, or the agent themselves, may do this.")
    return user


def forbidden(detail: str) -> Problem:
    return Problem(403, "forbidden", detail)


def refusal(error: FloorError) -> Problem:
    """The floor's reason as an answer."""
    code = error.code if error.code in TITLES else FloorError.code
    return Problem(STATUS.get(error.code, 409), code, error.message)


async def grant(desk: Desk, wish: Event) -> None:
    """Hand the wish to the floor. Raises ``Problem``; then nothing has changed."""
    try:
        await desk.wish(wish)
    except FloorError as error:
        raise refusal(error) from None
