"""What other systems of the house may tell: happenings, pages, conditions, words of live calls.

They send a token, not a cookie, so that a page of another site can do nothing here. The token is
looked at before anything of the body is read. Everything may be sent again: what is there already
stays as it is told last. For operators: docs/intake.md.
"""

from __future__ import annotations

import asyncio
import hmac
import math
import re
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Annotated, Any, Final, Literal, TypeVar

from fastapi import APIRouter, Depends, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from callcenter.floor.card import Words
from callcenter.floor.events import CallerSaid
from callcenter.ports import Condition, Happening, PageView, Surroundings

from .problem import Problem, documented
from .throttle import Throttle

DAY: Final = 86_400.0
MAX_BYTES: Final = 1_000_000
"""Of a body."""
MAX_ITEMS: Final = 1_000
MAX_TEXT: Final = 2_000
"""Characters of what a customer said or wrote."""
PAST: Final = 400 * DAY
AHEAD: Final = DAY
"""Clocks differ; further ahead is a mistake."""
FAILURES: Final = 20
WINDOW: Final = 900.0
"""So many wrong tokens from one address within so many seconds."""

CODE: Final = r"^[a-z0-9][a-z0-9_.-]{0,63}$"
PAGE: Final = r"^[a-z0-9][a-z0-9_./-]{0,63}$"
KEY: Final = r"^[!-~]{1,64}$"
"""An id of another system: visible ASCII."""
CALL: Final = r"^[!-~]{1,200}$"
PERSON: Final = r"^[^\s\x00-\x1f\x7f-\x9f]{1,64}$"
LINE: Final = r"^[^\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]*$"
"""Nothing that ends a line, nor turns the text around it; lone surrogates are no text to pydantic.
"""
TEXT: Final = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]*$"
"""The same with line breaks and tabs: people write them."""
LANGUAGE: Final = r"^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$"
KEYS: Final = r"^[0-9A-D*#]{1,32}(-[0-9A-D*#]{1,32}){0,31}$"

_PATH = re.compile(KEYS)

Instant = Annotated[float, Field(ge=0, allow_inf_nan=False)]
"""Seconds since the epoch, UTC."""
Line = Annotated[str, Field(max_length=200, pattern=LINE)]
PersonId = Annotated[str, Field(pattern=PERSON)]
Code = Annotated[str, Field(pattern=CODE)]


def _said(text: str) -> str:
    if not text.strip():
        raise ValueError("there are no words in it")
    return text


class _Told(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")


class HappeningTold(_Told):
    """Something that concerns a person. The same id of the same person again replaces it."""

    person: PersonId
    id: Annotated[str, Field(pattern=KEY)]
    at: Instant
    kind: Code
    """``fee_charged``, ``card_declined``: which there are, the pack says."""
    title: Line = ""
    """Shown to the agent."""
    topic: Code | None = None
    """The reason or head of reasons the customer gave with it."""


class PageTold(_Told):
    """A page that a person looked at while signed in."""

    person: PersonId
    at: Instant
    page: Annotated[str, Field(pattern=PAGE)]
    """A short word for it: ``fees``, ``card-replacement``."""


class ConditionTold(_Told):
    """Something that concerns everybody for a time. The same id again replaces it."""

    id: Annotated[str, Field(pattern=KEY)]
    kind: Code
    since: Instant
    until: Instant | None = None
    title: Line = ""
    product: Annotated[str, Field(min_length=1, max_length=100, pattern=LINE)] | None = None


class WordsTold(_Told):
    """What the caller of a live call said or wrote about the reason."""

    call: Annotated[str, Field(pattern=CALL)]
    """The exchange's name of its first channel: `${CHANNEL(uniqueid)}` of the caller's."""
    source: Literal["ivr", "callback", "chat", "path"]
    text: Annotated[str, Field(min_length=1, max_length=MAX_TEXT, pattern=TEXT),
                    AfterValidator(_said)]  # fmt: skip
    language: Annotated[str, Field(pattern=LANGUAGE)] | None = None


T = TypeVar("T", HappeningTold, PageTold)


class Happenings(_Told):
    happenings: Annotated[list[HappeningTold], Field(min_length=1, max_length=MAX_ITEMS)]


class Pages(_Told):
    pages: Annotated[list[PageTold], Field(min_length=1, max_length=MAX_ITEMS)]


class Conditions(_Told):
    conditions: Annotated[list[ConditionTold], Field(min_length=1, max_length=MAX_ITEMS)]


class Taken(BaseModel):
    """What became of it."""

    taken: int
    """Items stored."""
    unknown: list[str]
    """People who are not there: what was told of them is not stored."""


class Heard(BaseModel):
    call: str


def intake_router(
    *,
    surroundings: Surroundings,
    said: Callable[[CallerSaid], None],
    live: Callable[[str], bool],
    token: str,
    now: Callable[[], float],
    refused: Callable[[str], None] = lambda why: None,
    failures: int = FAILURES,
) -> APIRouter:
    """``said`` takes words to the floor, ``live`` says whether there is such a call.

    ``token``: what callers must send; empty: nothing is taken. ``refused`` is told why somebody
    was not let in (``off``, ``throttled``, ``token``), for a counter. ``failures``: wrong tokens
    from one address within a quarter of an hour, before it has to wait.
    """
    gate = _Gate(token, now, refused, failures)

    class Guarded(APIRoute):
        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            handle = super().get_route_handler()

            async def guarded(request: Request) -> Response:
                gate.check(request)
                return await handle(_bounded(request))

            return guarded

    # For the OpenAPI document; who comes here has been let in by the gate.
    scheme = HTTPBearer(auto_error=False, description="`intake.token` of the settings.")
    router = APIRouter(
        prefix="/api/v1/intake",
        tags=["intake"],
        route_class=Guarded,
        dependencies=[Depends(scheme)],
        responses=documented(400, 401, 403, 413, 415, 422, 429, 503),
    )

    @router.post("/happenings", operation_id="tell_happenings")
    async def tell_happenings(told: Happenings) -> Taken:
        """What happened to people: fees, declined cards, refused passwords, callbacks asked for."""
        for place, one in enumerate(told.happenings):
            _lately(one.at, now(), "happenings", place, "at")

        async def store(person: str, items: Sequence[HappeningTold]) -> bool:
            return await surroundings.happened(
                person,
                [
                    Happening(id=o.id, at=o.at, kind=o.kind, title=o.title, topic=o.topic)
                    for o in items
                ],
            )

        return await _by_person(told.happenings, store)

    @router.post("/pages", operation_id="tell_pages")
    async def tell_pages(told: Pages) -> Taken:
        """Pages of the website that people looked at while signed in."""
        for place, one in enumerate(told.pages):
            _lately(one.at, now(), "pages", place, "at")

        async def store(person: str, items: Sequence[PageTold]) -> bool:
            return await surroundings.viewed(
                person, [PageView(at=one.at, page=one.page) for one in items]
            )

        return await _by_person(told.pages, store)

    @router.post("/conditions", operation_id="tell_conditions")
    async def tell_conditions(told: Conditions) -> Taken:
        """What concerns everybody for a time. To end one, send it again with `until`."""
        for place, one in enumerate(told.conditions):
            where = ("conditions", place)
            _lately(one.since, now(), *where, "since")
            if one.until is not None and one.until < one.since:
                raise _wrong("it ends before it begins", *where, "until")
            if one.until is not None and one.until > now() + PAST:
                raise _wrong("more than 400 days ahead; leave it out instead", *where, "until")
        # At once, so that they share a commit; they are stored in this order.
        await asyncio.gather(
            *(
                surroundings.set_condition(
                    Condition(
                        id=one.id, kind=one.kind, since=one.since, until=one.until,
                        title=one.title, product=one.product,
                    )
                )
                for one in told.conditions
            )
        )  # fmt: skip
        return Taken(taken=len(told.conditions), unknown=[])

    @router.post("/words", operation_id="tell_words", status_code=202, responses=documented(404))
    async def tell_words(told: WordsTold) -> Heard:
        """What the caller of a live call said to the menu or wrote before; `path`: keys pressed."""
        if told.source == "path" and not _PATH.fullmatch(told.text):
            raise _wrong("a path is keys joined by '-', such as 2-1", "text")
        if not live(told.call):
            raise Problem(404, "unknown_call", "There is no such call, or it is over.")
        words = Words(source=told.source, text=told.text, language=told.language)
        said(CallerSaid(at=now(), call=told.call, words=words))
        return Heard(call=told.call)

    return router


class _Gate:
    """Who may tell anything at all."""

    def __init__(
        self, token: str, now: Callable[[], float], refused: Callable[[str], None], failures: int
    ) -> None:
        self._token = token.strip().encode()
        self._now = now
        self._refused = refused
        self._throttle = Throttle(failures, WINDOW)

    def check(self, request: Request) -> None:
        """Raises ``Problem``."""
        if not self._token:
            self._refused("off")
            raise Problem(
                403, "forbidden", "Intake is off: set intake.token in the engine's settings."
            )
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        given = given.strip()
        if scheme.lower() != "bearer" or not given:
            raise self._stranger()  # nobody has guessed anything
        address = request.client.host if request.client is not None else ""
        wait = self._throttle.wait(address, self._now())
        if wait > 0:
            self._refused("throttled")
            seconds = str(math.ceil(wait))
            detail = f"Too many wrong tokens; try again in {seconds} seconds."
            raise Problem(429, "too_many_tries", detail, {"Retry-After": seconds})
        # Headers are Latin-1 to Starlette; what was sent is compared byte by byte.
        if not hmac.compare_digest(given.encode("latin-1"), self._token):
            self._throttle.begin(address, self._now())
            raise self._stranger()

    def _stranger(self) -> Problem:
        self._refused("token")
        detail = "Send the engine's intake.token as Authorization: Bearer."
        return Problem(401, "not_signed_in", detail, {"WWW-Authenticate": "Bearer"})


def _bounded(request: Request) -> Request:
    """The request with a body of JSON that is not too large. Raises ``Problem`` and, as it is
    read, ``HTTPException``: what FastAPI lets through of what reading a body raises."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Problem(415, "not_json", "Send the body as Content-Type: application/json.")
    receive, taken = request.receive, 0

    async def bounded() -> Any:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > MAX_BYTES:
            raise HTTPException(413, f"A body may have {MAX_BYTES:,} bytes: send less at a time.")
        return message

    return Request(request.scope, bounded)


async def _by_person(
    told: Sequence[T], store: Callable[[str, Sequence[T]], Awaitable[bool]]
) -> Taken:
    of: dict[str, list[T]] = {}
    for one in told:
        of.setdefault(one.person, []).append(one)
    # At once, so that they share commits.
    known = await asyncio.gather(*(store(person, items) for person, items in of.items()))
    stored = sum(len(items) for items, there in zip(of.values(), known, strict=True) if there)
    return Taken(
        taken=stored, unknown=[who for who, there in zip(of, known, strict=True) if not there]
    )


def _lately(at: float, now: float, *where: str | int) -> None:
    if at < now - PAST:
        raise _wrong("more than 400 days ago (seconds since 1970-01-01 UTC)", *where)
    if at > now + AHEAD:
        raise _wrong("more than a day ahead (seconds since 1970-01-01 UTC)", *where)


def _wrong(why: str, *where: str | int) -> RequestValidationError:
    return RequestValidationError([{"loc": ("body", *where), "msg": why}])
