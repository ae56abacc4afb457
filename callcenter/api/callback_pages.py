"""The callback form as pages without script, and the pages behind a confirmation's link.

A GET shows and a POST acts: mail scanners and previews open links. Whatever is refused comes back
as the same page with everything that was typed. docs/callback-forms.md.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, Final
from urllib.parse import parse_qs, quote

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute

from callcenter.callback_ports import CallbackRefused
from callcenter.callbacks.forms import LinkRefused, TooLate, UnknownSite
from callcenter.floor.callback import Callback

from . import callback_between_pages as between
from . import callback_form_page as shown
from . import callback_status_page as status_page
from .callback_fields import FormSent, link_refused, read_fields, refused, tongue
from .callback_forms import DAY, e164_of
from .callback_page_parts import address
from .callback_page_texts import Language, say
from .callback_style import STYLE
from .callback_times import instant
from .public import (
    LOOKS,
    PREFLIGHT,
    PRIVATE,
    Asks,
    PublicBooking,
    PublicSite,
    Refusal,
    Sites,
    Slot,
    Slots,
    address_of,
    body_of,
    kind_of,
    language_of,
    page,
    problem_of,
    told,
    wants_json,
    zone_of,
)

log = logging.getLogger(__name__)

SEE_OTHER: Final = 303
MOST_FIELDS: Final = 40
FORM: Final = "application/x-www-form-urlencoded"

Calendar = Callable[[Callback, Language, str], bytes]
"""The ``.ics`` file of a callback; the text is the path of its status page."""


def callback_pages_router(
    booking: PublicBooking,
    sites: Mapping[str, PublicSite],
    *,
    slots: Slots,
    calendar: Calendar,
    now: Callable[[], float],
    store_errors: Sequence[type[Exception]] = (),
    asks: Asks | None = None,
) -> APIRouter:
    """What each is: ``callback_forms.callback_forms_router``. To be included after that one."""
    known = Sites(sites)
    allowance = Asks(now) if asks is None else asks
    looks = Asks(now, LOOKS)
    troubles = tuple(store_errors)

    class Public(APIRoute):
        """Answers a refusal with a page, or a problem where a program asks."""

        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            handle = super().get_route_handler()

            async def answered(request: Request) -> Response:
                headers = known.cors(request)
                try:
                    response = await handle(request)
                except Refusal as error:
                    refusal = error
                except UnknownSite:
                    refusal = Refusal(404, "not_found", language_of(request))
                except (LinkRefused, TooLate) as error:
                    refusal = link_refused(error, language_of(request))
                except troubles:
                    again = {"Retry-After": "5"}
                    refusal = Refusal(503, "store", language_of(request), headers=again)
                else:
                    response.headers.update(headers)
                    return response
                if wants_json(request):
                    return problem_of(refusal, headers)
                response = page(status_page.sorry(refusal), refusal.status)
                response.headers.update(refusal.headers)
                return response

            return answered

    router = APIRouter(prefix="/c", route_class=Public, include_in_schema=False)

    @router.api_route("/style.css", methods=["GET", "HEAD"])
    async def style() -> Response:
        headers = {"Cache-Control": "public, max-age=3600", "X-Content-Type-Options": "nosniff"}
        return Response(STYLE, headers=headers, media_type="text/css; charset=utf-8")

    # The pages behind a link.

    async def opened(request: Request, ref: str, key: str) -> Callback:
        try:
            return await booking.status(ref, key, now())
        except LinkRefused:
            allowance.count(request, language_of(request))
            raise

    def spoken(request: Request, callback: Callback) -> Language:
        """``?lang=``, else that of the form."""
        wished = language_of(request)
        return wished if "lang" in request.query_params else tongue(callback.language or "", wished)

    def shown_status(request: Request, callback: Callback, key: str, done: str = "") -> Response:
        language = spoken(request, callback)
        if wants_json(request):
            return told(status_page.status_told(callback, key, language))
        site = known.get(callback.site)
        return page(status_page.status(callback, key, language, site, done))

    @router.api_route("/r/{ref}", methods=["GET", "HEAD"])
    async def status(ref: str, request: Request, k: str = "", done: str = "") -> Response:
        return shown_status(request, await opened(request, ref, k), k, done)

    @router.api_route("/r/{ref}/callback.ics", methods=["GET", "HEAD"])
    async def ics(ref: str, request: Request, k: str = "") -> Response:
        callback = await opened(request, ref, k)
        body = calendar(callback, spoken(request, callback), status_page.path_of(callback, k))
        headers = {**PRIVATE, "Content-Disposition": 'attachment; filename="callback.ics"'}
        return Response(body, headers=headers, media_type="text/calendar; charset=utf-8")

    @router.api_route("/r/{ref}/cancel", methods=["GET", "HEAD"])
    async def ask_cancel(ref: str, request: Request, k: str = "") -> Response:
        callback = await opened(request, ref, k)
        if not status_page.can_change(callback):
            return shown_status(request, callback, k, "late")
        language = spoken(request, callback)
        return page(status_page.cancel(callback, k, language, known.get(callback.site)))

    @router.post("/r/{ref}/cancel")
    async def cancel(ref: str, request: Request, k: str = "") -> Response:
        known.only_theirs(request) if wants_json(request) else None
        fields = await _sent(request)
        key = fields.get("k", k)
        await opened(request, ref, key)
        callback = await asyncio.shield(booking.cancel(ref, key, now()))
        return _acted(request, callback, key, "cancelled")

    @router.api_route("/r/{ref}/move", methods=["GET", "HEAD"])
    async def ask_move(ref: str, request: Request, k: str = "", zone: str = "") -> Response:
        callback = await opened(request, ref, k)
        if not status_page.can_change(callback):
            return shown_status(request, callback, k, "late")
        return await _move_page(request, callback, k, zone)

    @router.post("/r/{ref}/move")
    async def move(ref: str, request: Request, k: str = "") -> Response:
        known.only_theirs(request) if wants_json(request) else None
        fields = await _sent(request)
        key = fields.get("k", k)
        before = await opened(request, ref, key)
        language = spoken(request, before)
        opens = instant(fields.get("when", ""))
        try:
            if opens is None:
                raise CallbackRefused("slot_unknown", "when", say(language, "why_when"))
            callback = await asyncio.shield(booking.move(ref, key, opens, now()))
        except CallbackRefused as error:
            refusal = refused(error, language)
            if wants_json(request):
                raise refusal from None
            zone = fields.get("zone", "")
            return await _move_page(request, before, key, zone, refusal)
        return _acted(request, callback, key, "moved")

    async def _move_page(
        request: Request, callback: Callback, key: str, zone: str, refusal: Refusal | None = None
    ) -> Response:
        site = known.get(callback.site)
        days = site.days if site is not None else 14
        at = now()
        where = zone_of(zone, callback.zone)
        found = await booking.slots_for(callback, at, at + days * DAY)
        if wants_json(request):
            return told(status_page.slots_told(found, where))
        language = spoken(request, callback)
        html = status_page.move(
            callback, key, language, site, found, where, refusal.message if refusal else ""
        )
        return page(html, 200 if refusal is None else 422)

    def _acted(request: Request, callback: Callback, key: str, done: str) -> Response:
        """A program gets the new state, a page goes there, so that loading it again acts not."""
        if wants_json(request):
            return shown_status(request, callback, key)
        query = {"k": key, "done": done, "lang": spoken(request, callback)}
        return _go(address(f"/c/r/{quote(callback.id, safe='')}", query))

    @router.options("/r/{rest:path}")
    async def preflight() -> Response:
        """A page of a site may cancel and move with JSON."""
        return Response(status_code=204, headers=PREFLIGHT)

    # The form.

    @router.api_route("/{site}", methods=["GET", "HEAD"])
    async def form(site: str, request: Request, zone: str = "") -> Response:
        here = known.find(site, request)
        language = language_of(request, here.languages)
        looks.count(request, language)
        return await _form_page(request, site, language, {"zone": zone})

    @router.post("/{site}")
    async def post(site: str, request: Request) -> Response:
        here = known.find(site, request)
        typed = await _sent(request)
        language = tongue(
            typed.get("lang", ""), language_of(request, here.languages), here.languages
        )
        do = typed.pop("do", "book")
        if do.startswith("lang-"):
            language = tongue(do.removeprefix("lang-"), language, here.languages)
        try:
            if do == "times" or do.startswith("lang-"):
                return await _form_page(request, site, language, typed)
            if do == "solved":
                return await _solved(site, here, language, typed)
            return await _book(request, site, language, typed)
        except troubles:
            log.warning("callback_page_met_store_error", exc_info=True)
            response = page(between.trouble(here, site, language, typed), 503)
            response.headers["Retry-After"] = "5"
            return response

    async def _form_page(
        request: Request,
        site: str,
        language: Language,
        typed: Mapping[str, str],
        refusal: Refusal | None = None,
    ) -> Response:
        """The form with what was typed so far. A refusal may bring a new token."""
        here = known[site]
        at = now()
        zone = zone_of(typed.get("zone"), "")
        offer = await booking.offer(site, at, zone, language, address_of(request))
        found: Sequence[Slot] = ()
        if offer.on:
            found = await slots(
                here.queue, at, at + here.days * DAY, zone=zone,
                region=typed.get("region", "")[:2], number=typed.get("number", "")[:64],
            )  # fmt: skip
        view = shown.View(
            site=here, name=site, language=language, offer=offer, slots=found, typed=typed,
            refusal=refusal,
        )  # fmt: skip
        if refusal is None:
            return page(shown.form(view))
        status = 422 if refusal.status in (403, 409, 410) else refusal.status
        response = page(shown.form(view), status)
        response.headers.update(refusal.headers)
        return response

    async def _book(
        request: Request, site: str, language: Language, typed: dict[str, str]
    ) -> Response:
        here = known[site]
        try:
            sent = read_fields(FormSent, shown.fields(typed), language)
            wish = sent.form(site, address_of(request), language)
            if "asked" not in typed and (wish.words or wish.reason):
                # A number that cannot be called is told before anything is to be read.
                read = await booking.number(site, wish.number, wish.region, language)
                answers = await booking.answers(site, wish.words, wish.reason, language, now())
                if answers.answers:
                    kept = {**typed, "deflection": answers.id, "asked": "1"}
                    return page(
                        between.answers(here, site, language, kept, answers.answers, read.shown)
                    )
            booked = await asyncio.shield(booking.book(wish, now()))
        except CallbackRefused as error:
            return await _not_booked(request, site, language, typed, refused(error, language))
        except Refusal as refusal:
            return await _form_page(request, site, language, typed, refusal)
        query = {"k": booked.key, "done": "booked", "lang": language}
        return _go(address(f"/c/r/{quote(booked.callback.id, safe='')}", query))

    async def _not_booked(
        request: Request, site: str, language: Language, typed: dict[str, str], refusal: Refusal
    ) -> Response:
        here = known[site]
        if "token" in refusal.more:
            salt = refusal.more["work"]["salt"] if "work" in refusal.more else ""
            typed = {**typed, "token": refusal.more["token"], "salt": salt}
        wait = refusal.more.get("wait", 0)
        if refusal.code == "work" and wait:
            at = now() + wait
            zone = zone_of(typed.get("zone"), here.zone)
            html = between.wait(here, site, language, typed, at, math.ceil(wait), zone)
            return page(html, 403, wait=wait)
        return await _form_page(request, site, language, typed, refusal)

    async def _solved(
        site: str, here: PublicSite, language: Language, typed: Mapping[str, str]
    ) -> Response:
        """They say that an answer was enough. Their number tells later whether it was."""
        raw, region = typed.get("number", "")[:64], typed.get("region", "")[:2]
        number = await e164_of(booking, site, raw, region)
        await booking.answered(typed.get("deflection", ""), (), True, number, now())
        return page(between.solved(here, site, language))

    async def _sent(request: Request) -> dict[str, str]:
        """The fields of a page's form, or of a JSON object of texts. Raises ``Refusal``."""
        language = language_of(request)
        body = await body_of(request, language)
        kind = kind_of(request)
        if kind == "application/json":
            return status_page.read_json_texts(body, language)
        if kind != FORM and body:
            raise Refusal(415, "not_form", language)
        try:
            found = parse_qs(
                body.decode("ascii"),
                keep_blank_values=True,
                errors="strict",
                max_num_fields=MOST_FIELDS,
            )
        except ValueError:
            raise Refusal(400, "bad_request", language) from None
        return {name: values[-1].replace("\r\n", "\n") for name, values in found.items()}

    return router


def _go(path: str) -> Response:
    return Response(status_code=SEE_OTHER, headers={**PRIVATE, "Location": path})
