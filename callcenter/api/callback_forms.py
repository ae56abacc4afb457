"""The callback form of a website as JSON: what the widget reads and sends. docs/callback-forms.md.

No cookies, no sign-in. Pages of the site's own origins may read the answers; refusals are problems
in the visitor's language that say by field what to change, and bring along what helps to go on.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel

from callcenter.callback_ports import CallbackRefused
from callcenter.callbacks.forms import Offer, UnknownSite

from .callback_fields import (
    AnsweredSent,
    AskSent,
    FormSent,
    NumberSent,
    challenge_told,
    read_json,
    refused,
    tongue,
)
from .callback_page_texts import OWN_NAMES, Language
from .callback_place_names import country_name
from .callback_status_page import slot_told, slots_told
from .callback_times import iso
from .public import (
    LOOKS,
    PREFLIGHT,
    Asks,
    PublicBooking,
    PublicSite,
    Refusal,
    Sites,
    Slots,
    address_of,
    body_of,
    kind_of,
    language_of,
    problem_of,
    told,
    zone_of,
)

DAY: Final = 86_400.0
Days = Annotated[str, Query(description="How many days of slots; 14 at most.")]
Zone = Annotated[str, Query(description="IANA name of the visitor's zone.")]
Lang = Annotated[str, Query(description="`en`, `zh-Hans` or `zh-Hant`.")]

Region = Annotated[str, Query(description="ISO 3166-1 of the country to be called; by its law.")]

PROBLEM: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "code", "message"],
                "properties": {
                    "field": {"type": "string"},
                    "code": {"type": "string"},
                    "message": {"type": "string"},
                },
            },
        },
    },
}


def callback_forms_router(
    booking: PublicBooking,
    sites: Mapping[str, PublicSite],
    *,
    slots: Slots,
    now: Callable[[], float],
    store_errors: Sequence[type[Exception]] = (),
    asks: Asks | None = None,
) -> APIRouter:
    """``slots``: the windows of a queue with room between two moments (seconds since the epoch).
    ``store_errors``: raised by a store in trouble, answered with 503. ``asks``: how much
    one address may ask, where that is shared with the pages.
    """
    known = Sites(sites)
    allowance = Asks(now) if asks is None else asks
    looks = Asks(now, LOOKS)

    class Public(APIRoute):
        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            handle = super().get_route_handler()

            async def answered(request: Request) -> Response:
                name = request.path_params.get("site", "")
                headers = known.cors(request, name)
                try:
                    found = known.find(name, request)
                    if request.method == "POST":
                        known.only_theirs(request, name)
                        if kind_of(request) != "application/json":
                            raise Refusal(415, "not_json", language_of(request, found.languages))
                    response = await handle(request)
                except Refusal as refusal:
                    return problem_of(refusal, headers)
                except UnknownSite:
                    return problem_of(Refusal(404, "not_found", language_of(request)), headers)
                except tuple(store_errors):
                    again = {"Retry-After": "5"}
                    trouble = Refusal(503, "store", language_of(request), headers=again)
                    return problem_of(trouble, headers)
                response.headers.update(headers)
                return response

            return answered

    router = APIRouter(
        prefix="/c/{site}",
        tags=["callback form"],
        route_class=Public,
        responses=_documented(403, 404, 429, 503),
    )

    def tongues(request: Request, site: str, asked: str = "") -> Language:
        languages = known[site].languages
        return tongue(asked, language_of(request, languages), languages)

    @router.get("/form", operation_id="callback_form")
    async def form(site: str, request: Request, lang: Lang = "", zone: Zone = "") -> Response:
        """What the form shows, with a token for sending it once."""
        language = tongues(request, site)
        looks.count(request, language)
        offer = await booking.offer(site, now(), zone, language, address_of(request))
        return told(offer_told(offer, known[site], language))

    @router.get("/slots", operation_id="callback_slots")
    async def free_slots(
        site: str, request: Request, zone: Zone = "", days: Days = "", region: Region = ""
    ) -> Response:
        """Times that can be promised, in the zone asked for; those that are taken are not there,
        nor those at which the law lets nobody be called."""
        looks.count(request, tongues(request, site))
        here = known[site]
        most = min(int(days), here.days) if days.isascii() and days.isdigit() else here.days
        return told(await _slots_told(site, zone, most, region[:2]))

    async def _slots_told(
        site: str, zone: str, days: int, region: str, number: str = ""
    ) -> dict[str, Any]:
        at, here = now(), known[site]
        known_zone = zone_of(zone, "")
        found = await slots(
            here.queue, at, at + days * DAY, zone=known_zone, region=region, number=number
        )
        return slots_told(found, known_zone or here.zone)

    @router.post("/number", operation_id="callback_number",
                 responses=_documented(400, 413, 415, 422, 429),
                 openapi_extra=_body(NumberSent))  # fmt: skip
    async def number(site: str, request: Request) -> Response:
        """Whether a number can be called, before the form is sent."""
        language = tongues(request, site)
        allowance.count(request, language)
        sent = read_json(NumberSent, await body_of(request, language), language)
        try:
            read = await booking.number(site, sent.number, sent.region, language)
        except CallbackRefused as error:
            raise refused(error, language) from None
        return told(
            {"e164": read.e164, "shown": read.shown, "region": read.region, "zone": read.zone}
        )

    @router.post("/answers", operation_id="callback_answers",
                 responses=_documented(400, 413, 415, 422, 429),
                 openapi_extra=_body(AskSent))  # fmt: skip
    async def answers(site: str, request: Request) -> Response:
        """Likely answers to what somebody wants, which may spare them the call."""
        language = tongues(request, site)
        allowance.count(request, language)
        sent = read_json(AskSent, await body_of(request, language), language)
        language = tongues(request, site, sent.language)
        shown = await booking.answers(site, sent.words, sent.reason, language, now())
        found = [{"id": one.id, "title": one.title, "body": one.body} for one in shown.answers]
        return told({"id": shown.id, "answers": found})

    @router.post("/answers/{shown}", operation_id="callback_answered", status_code=204,
                 responses=_documented(400, 413, 415, 422, 429),
                 openapi_extra=_body(AnsweredSent))  # fmt: skip
    async def answered(site: str, shown: str, request: Request) -> Response:
        """What became of answers that were shown: which were opened, and whether that was it."""
        language = tongues(request, site)
        allowance.count(request, language)
        sent = read_json(AnsweredSent, await body_of(request, language), language)
        number = await e164_of(booking, site, sent.number, sent.region)
        if not await booking.answered(shown, sent.opened, sent.solved, number, now()):
            raise Refusal(404, "not_found", language)
        return Response(status_code=204, headers={"Cache-Control": "no-store"})

    @router.post("/callbacks", operation_id="book_callback", status_code=201,
                 responses=_documented(400, 409, 413, 415, 422, 429),
                 openapi_extra=_body(FormSent))  # fmt: skip
    async def book(site: str, request: Request) -> Response:
        """Ask to be called. A refusal keeps everything typed: change what it names, send again."""
        language = tongues(request, site)
        sent = read_json(FormSent, await body_of(request, language), language)
        language = tongues(request, site, sent.language)
        wish = sent.form(site, address_of(request), language)
        try:
            # What is stored is not undone by a visitor who goes away meanwhile.
            booked = await asyncio.shield(booking.book(wish, now()))
        except CallbackRefused as error:
            refusal = refused(error, language)
            if refusal.code in ("slot_taken", "slot_unknown", "closed"):
                days = known[site].days
                left = await _slots_told(site, wish.zone, days, wish.region, wish.number)
                refusal.more.update(left)
            raise refusal from None
        callback = booked.callback
        return told(
            {
                "ref": callback.id,
                "opens": iso(callback.opens, callback.zone),
                "closes": iso(callback.closes, callback.zone),
                "opens_at": callback.opens,
                "closes_at": callback.closes,
                "zone": callback.zone,
                "number": booked.shown,
                "links": dict(booked.links),
            },
            201,
        )

    @router.options("/{rest:path}", include_in_schema=False)
    async def preflight() -> Response:
        """A browser asks before it sends JSON from another origin."""
        return Response(status_code=204, headers=PREFLIGHT)

    return router


def offer_told(offer: Offer, site: PublicSite, language: Language) -> dict[str, Any]:
    """An offer as the widget reads it."""
    now = offer.now
    return {
        "site": offer.site,
        "name": offer.name,
        "language": language,
        "languages": [{"code": one, "name": OWN_NAMES[one]} for one in site.languages],
        "zone": offer.zone,
        "centre_zone": site.zone,
        "on": offer.on,
        "why": offer.why,
        "token": offer.token,
        "now": None
        if now is None
        else {
            **slot_told(now, offer.zone),
            "p50": _whole(now.p50),
            "p90": _whole(now.p90),
        },
        "reasons": [{"code": code, "label": label} for code, label in offer.reasons],
        "consent": offer.consent,
        "contact": offer.contact,
        "answers": offer.answers,
        "code": offer.code,
        "work": None if offer.work is None else challenge_told(offer.work),
        "number_hint": offer.number_hint,
        "region": offer.region,
        "regions": [{"code": code, "name": country_name(code, language)} for code in offer.regions],
        "days": site.days,
    }


async def e164_of(booking: PublicBooking, site: str, raw: str, region: str) -> str:
    """A number that need not be told, as it is understood; as typed where it cannot be called:
    whoever needs no call is not troubled about it."""
    if not raw:
        return ""
    try:
        return (await booking.number(site, raw, region)).e164
    except CallbackRefused:
        return raw


def _whole(seconds: float | None) -> int | None:
    return None if seconds is None or not math.isfinite(seconds) else round(seconds)


def _documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    content = {"application/problem+json": {"schema": PROBLEM}}
    return {status: {"description": "A refusal", "content": content} for status in statuses}


def _body(kind: type[BaseModel]) -> dict[str, Any]:
    """The body for OpenAPI; it is read by hand, so that it is bounded and its errors are ours."""
    schema = kind.model_json_schema()
    whole = _inlined(schema, schema.pop("$defs", {}))
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": whole}}}}


def _inlined(part: Any, named: Mapping[str, Any]) -> Any:
    """A JSON schema without references, which would lead nowhere in the OpenAPI document."""
    if isinstance(part, list):
        return [_inlined(one, named) for one in part]
    if not isinstance(part, dict):
        return part
    if "$ref" in part:
        return _inlined(named[part["$ref"].rpartition("/")[2]], named)
    return {key: _inlined(value, named) for key, value in part.items()}
