"""Signing in and out, and tickets for the agent channel.

The rules are in ``doors``; here they become HTTP: the cookie, the answers, and the check that a
state-changing request comes from a page of ours.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from callcenter.auth import MAX_PASSWORD, Busy
from callcenter.ports import User

from .doors import Doors, NotAdmitted, TooManyTries
from .origin import Origins
from .problem import Problem, documented


class Credentials(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")

    user: Annotated[str, Field(min_length=1, max_length=200)]
    password: Annotated[str, Field(min_length=1, max_length=MAX_PASSWORD)]


class NoFields(BaseModel):
    """An empty object: there is nothing to choose."""

    model_config = ConfigDict(strict=True, extra="forbid")


class SignedIn(BaseModel):
    user: str
    name: str
    role: Literal["agent", "supervisor"]
    device: str | None
    language: str | None


class Ticket(BaseModel):
    ticket: str
    expires: float
    """Seconds since the epoch, UTC."""


def own_pages_only(origins: Origins) -> Callable[[Request], None]:
    """A dependency for routes that change something: against cross-site request forgery."""

    def check(request: Request) -> None:
        headers = request.headers
        if not origins.may_change(
            headers.get("origin"), headers.get("host"), headers.get("sec-fetch-site")
        ):
            raise Problem(
                403,
                "foreign_origin",
                "Send an Origin header of this site, or add the origin to http.allowed_origins.",
            )
        has_body = headers.get("content-length", "0") != "0" or "transfer-encoding" in headers
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        if has_body and kind != "application/json":
            # Forms and plain text can be sent from any page without asking; JSON cannot.
            raise Problem(415, "not_json", "Send the body as Content-Type: application/json.")

    return check


async def current_user(doors: Doors, request: Request) -> User:
    """Who makes this request. Raises ``Problem`` 401."""
    user = await doors.who(_cookie(request))
    if user is None:
        raise _nobody()
    return user


def session_router(doors: Doors, origins: Origins, on_sign_out: Callable[[str], None]) -> APIRouter:
    """``on_sign_out`` is given the name of a sign-in that ended (``Admission.session``)."""
    router = APIRouter(prefix="/api/v1", tags=["session"])
    ours = [Depends(own_pages_only(origins))]

    @router.post(
        "/session",
        operation_id="sign_in",
        dependencies=ours,
        responses=documented(400, 401, 403, 413, 415, 422, 429, 503),
    )
    async def sign_in(credentials: Credentials, request: Request, response: Response) -> SignedIn:
        """Sign in. The cookie that comes back is all a browser needs from then on."""
        address = request.client.host if request.client is not None else ""
        try:
            secret, user = await doors.sign_in(credentials.user, credentials.password, address)
        except NotAdmitted:
            raise Problem(401, "wrong_password", "Name or password is wrong.") from None
        except TooManyTries as error:
            wait = str(math.ceil(error.wait))
            detail = f"Try again in {wait} seconds."
            raise Problem(429, "too_many_tries", detail, {"Retry-After": wait}) from None
        except Busy:
            detail = "Too many people sign in at once; try again in a moment."
            raise Problem(503, "busy", detail, {"Retry-After": "1"}) from None
        old = _cookie(request)
        if old is not None:
            ended = await doors.sign_out(old)
            if ended is not None:
                on_sign_out(ended)
        response.set_cookie(
            _cookie_name(request),
            secret,
            path="/",
            secure=request.url.scheme == "https",
            httponly=True,
            samesite="strict",
        )
        return _shown(user)

    @router.get("/session", operation_id="who_am_i", responses=documented(401, 503))
    async def who_am_i(request: Request) -> SignedIn:
        """Who is signed in."""
        return _shown(await current_user(doors, request))

    @router.delete(
        "/session",
        operation_id="sign_out",
        status_code=204,
        dependencies=ours,
        responses=documented(403, 413, 415, 503),
    )
    async def sign_out(request: Request) -> Response:
        """Sign out: the cookie, its tickets and its open consoles end. Repeating it is harmless."""
        ended = await doors.sign_out(_cookie(request))
        if ended is not None:
            on_sign_out(ended)
        response = Response(status_code=204)
        response.delete_cookie(
            _cookie_name(request),
            path="/",
            secure=request.url.scheme == "https",
            httponly=True,
            samesite="strict",
        )
        return response

    @router.post(
        "/ws-tickets",
        operation_id="ticket",
        dependencies=ours,
        responses=documented(400, 401, 403, 413, 415, 422, 503),
    )
    async def ticket(fields: NoFields, request: Request) -> Ticket:
        """A ticket for the agent channel: good once, for a few seconds."""
        issued = await doors.ticket(_cookie(request))
        if issued is None:
            raise _nobody()
        return Ticket(ticket=issued[0], expires=issued[1])

    return router


def _cookie_name(request: Request) -> str:
    # Browsers take a name with this prefix only when it is Secure, for this host and path /.
    return "__Host-cc" if request.url.scheme == "https" else "cc"


def _cookie(request: Request) -> str | None:
    return request.cookies.get(_cookie_name(request))


def _nobody() -> Problem:
    return Problem(401, "not_signed_in", "Sign in first.")


def _shown(user: User) -> SignedIn:
    return SignedIn(
        user=user.user,
        name=user.name,
        role=user.role,
        device=user.device,
        language=user.language,
    )
