"""What the public side of callbacks shares: whose site, which language and zone, what may be sent.

Anybody may come here, from any page or none: there is no cookie and no sign-in, everything that
comes is hostile, and nothing that is answered may be kept by anybody in between.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from fastapi import Request, Response

from callcenter.callbacks.forms import Booked, Form, Offer, Read, Shown
from callcenter.callbacks.zones import is_zone
from callcenter.floor.callback import Callback

from .callback_markup import Html, clean
from .callback_page_texts import LANGUAGES, Language, say, why
from .origin import Origins
from .problem import MEDIA_TYPE
from .throttle import Throttle

MOST: Final = 16_384
"""Bytes of a body."""
RESERVED: Final = frozenset({"r", "widget.js", "style.css"})
"""No site can have these names: they are addresses of our own."""
ASKS: Final = 120
"""So many numbers, answers and wrong links of one address block a minute."""
LOOKS: Final = 600
"""And looks at a form or its times: behind one block there may be a whole provider."""
MINUTE: Final = 60.0

PRIVATE: Final[Mapping[str, str]] = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""On every answer that is somebody's."""


PREFLIGHT: Final[Mapping[str, str]] = {
    "Access-Control-Allow-Methods": "GET, POST",
    "Access-Control-Allow-Headers": "Content-Type",
    "Access-Control-Max-Age": "600",
    "Cache-Control": "no-store",
}
"""What a page of a site may send."""


def content_policy(script: bool = False) -> str:
    """What a page may load: its stylesheet; with ``script`` also the widget, which talks to us."""
    more = "script-src 'self'; connect-src 'self'; " if script else ""
    return (
        f"default-src 'none'; {more}style-src 'self'; img-src 'self' data:; form-action 'self';"
        " base-uri 'none'; frame-ancestors 'none'"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicSite:
    """A website that offers callbacks, as far as its pages need it before anything is asked."""

    name: str
    """Of the centre, as customers know it."""
    zone: str
    """IANA; of the centre."""
    queue: str
    origins: tuple[str, ...] = ()
    """Whose pages may contain the form."""
    languages: tuple[Language, ...] = LANGUAGES
    days: int = 14
    """Slots are offered so many days ahead."""


class Slot(Protocol):
    """A window that is offered."""

    @property
    def opens(self) -> float: ...

    @property
    def closes(self) -> float: ...


class PublicBooking(Protocol):
    """What the public pages need of ``callcenter.callbacks.booking``; see there what each raises.

    Times are seconds since the epoch, UTC.
    """

    async def offer(
        self, site: str, at: float, zone: str, language: str, address: str
    ) -> Offer: ...

    async def number(self, site: str, raw: str, region: str, language: str = "") -> Read: ...

    async def book(self, form: Form, at: float) -> Booked: ...

    async def status(self, ref: str, key: str, at: float | None = None) -> Callback: ...

    async def move(self, ref: str, key: str, opens: float, at: float) -> Callback: ...

    async def cancel(self, ref: str, key: str, at: float) -> Callback: ...

    async def slots_for(self, callback: Callback, at: float, until: float) -> Sequence[Slot]: ...

    async def answers(
        self, site: str, said: str, reason: str, language: str, at: float
    ) -> Shown: ...

    async def answered(
        self,
        deflection: str,
        opened: Collection[str],
        solved: bool | None,
        number: str,
        at: float | None = None,
    ) -> bool: ...


class Slots(Protocol):
    """The windows of a queue with room between two moments. With a ``zone`` (IANA, empty: not
    known) those that are lawful for somebody there, with a number as typed, of a region."""

    async def __call__(
        self,
        queue: str,
        at: float,
        until: float,
        *,
        zone: str | None = None,
        region: str = "",
        number: str = "",
    ) -> Sequence[Slot]: ...


class Refusal(Exception):  # noqa: N818  # reads as what it is
    """Answer with this problem: a page where a page was asked for, else ``problem+json``.

    ``errors``: (field, code, message) of what has to be changed. ``more``: what helps to go on.
    """

    def __init__(
        self,
        status: int,
        code: str,
        language: Language,
        *,
        message: str = "",
        errors: Sequence[tuple[str, str, str]] = (),
        more: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.language = language
        self.message = message or (errors[0][2] if errors else why(language, code))
        self.errors = tuple(errors)
        self.more = dict(more or {})
        self.headers = dict(headers or {})


class Sites:
    """The sites by name. Raises ``ValueError`` for a name that is an address of our own."""

    def __init__(self, sites: Mapping[str, PublicSite]) -> None:
        taken = RESERVED & sites.keys()
        if taken:
            raise ValueError(f"a site cannot be called {', '.join(sorted(taken))}")
        self._sites = dict(sites)
        self._origins = {name: Origins(site.origins) for name, site in sites.items()}
        self._any = Origins(origin for site in sites.values() for origin in site.origins)

    def __getitem__(self, name: str) -> PublicSite:
        return self._sites[name]

    def find(self, name: str, request: Request) -> PublicSite:
        """Raises ``Refusal`` 404."""
        site = self._sites.get(name)
        if site is None:
            raise Refusal(404, "not_found", language_of(request))
        return site

    def get(self, name: str | None) -> PublicSite | None:
        return self._sites.get(name) if name is not None else None

    def cors(self, request: Request, name: str | None = None) -> dict[str, str]:
        """What lets a page of the site read the answer. ``None``: a page of any of the sites, for
        addresses whose callback is not known yet. Nothing for other origins."""
        origin = request.headers.get("origin")
        headers = {"Vary": "Origin, Accept, Accept-Language"}
        if origin is not None and self._may(request, name):
            headers["Access-Control-Allow-Origin"] = origin
        return headers

    def only_theirs(self, request: Request, name: str | None = None) -> None:
        """A page of another site does not get to post. Raises ``Refusal`` 403. Whoever sends no
        ``Origin`` is no page."""
        if "origin" in request.headers and not self._may(request, name):
            raise Refusal(403, "foreign_origin", language_of(request))

    def _may(self, request: Request, name: str | None) -> bool:
        allowed = self._any if name is None else self._origins.get(name, Origins())
        return allowed(request.headers.get("origin"), request.headers.get("host"))


class Asks:
    """How much one address block may ask that is not booking itself."""

    def __init__(self, now: Callable[[], float], most: int = ASKS) -> None:
        self._throttle = Throttle(most, MINUTE)
        self._now = now

    def count(self, request: Request, language: Language) -> None:
        """Raises ``Refusal`` 429."""
        block = address_block(request)
        wait = self._throttle.wait(block, self._now())
        if wait > 0:
            headers = {"Retry-After": str(int(wait) + 1)}
            raise Refusal(429, "too_many_tries", language, headers=headers)
        self._throttle.begin(block, self._now())


def language_of(request: Request, languages: Sequence[Language] = LANGUAGES) -> Language:
    """``?lang=``, else what the browser prefers, else the first of the site's."""
    asked = _nearest(request.query_params.get("lang", ""))
    if asked is not None and asked in languages:
        return asked
    wishes: list[tuple[float, int, Language]] = []
    for place, part in enumerate(request.headers.get("accept-language", "").split(",")[:20]):
        tag, _, weight = part.partition(";")
        try:
            share = float(weight.strip().removeprefix("q=")) if weight else 1.0
        except ValueError:
            share = 0.0
        found = _nearest(tag)
        if found is not None and found in languages and share > 0.0:
            wishes.append((-share, place, found))
    return min(wishes)[2] if wishes else (languages or LANGUAGES)[0]


def _nearest(tag: str) -> Language | None:
    parts = tag.strip().lower().replace("_", "-").split("-")
    if parts[0] == "en":
        return "en"
    if parts[0] != "zh":
        return None
    return "zh-Hant" if {"hant", "tw", "hk", "mo"} & set(parts[1:]) else "zh-Hans"


def zone_of(text: str | None, otherwise: str) -> str:
    """The IANA zone if there is one of this name."""
    return text if text and is_zone(text) else otherwise


def address_of(request: Request) -> str:
    """Of the visitor: behind proxies that are trusted, the server has put it there already."""
    return request.client.host if request.client is not None else ""


def address_block(request: Request) -> str:
    """Whom we take to be one: an IPv4 /24, an IPv6 /64."""
    try:
        address = ipaddress.ip_address(address_of(request))
    except ValueError:
        return ""
    if address.version == 6 and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    bits = 24 if address.version == 4 else 64
    return str(ipaddress.ip_network((address.packed, bits), strict=False))


async def body_of(request: Request, language: Language) -> bytes:
    """Raises ``Refusal`` 413."""
    read = bytearray()
    async for part in request.stream():
        read += part
        if len(read) > MOST:
            raise Refusal(413, "too_large", language)
    return bytes(read)


def kind_of(request: Request) -> str:
    """The media type of the body."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def wants_json(request: Request) -> bool:
    """Whether a program asks: ``application/json`` is named and ``text/html`` is not."""
    accept = request.headers.get("accept", "").lower()
    return "text/html" not in accept and ("application/json" in accept or "+json" in accept)


def page(html: Html, status: int = 200, *, script: bool = False, wait: float = 0.0) -> Response:
    headers = {**PRIVATE, "Content-Security-Policy": content_policy(script)}
    if wait > 0.0:
        headers["Retry-After"] = str(int(wait) + 1)
    return Response(html, status, headers, "text/html; charset=utf-8")


def told(
    body: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """JSON for whoever asked, and for nobody in between."""
    return _json(body, status, headers, "application/json")


def problem_of(refusal: Refusal, headers: Mapping[str, str] | None = None) -> Response:
    """RFC 9457, with what is wrong by field, in the visitor's language."""
    body = {
        "type": f"urn:callcenter:problem:{refusal.code}",
        "title": say(refusal.language, "trouble_title"),
        "status": refusal.status,
        "code": refusal.code,
        "detail": refusal.message,
        **refusal.more,
    }
    if refusal.errors:
        body["errors"] = [
            {"field": field, "code": code, "message": message}
            for field, code, message in refusal.errors
        ]
    both = {**(headers or {}), **refusal.headers, "Content-Language": refusal.language}
    return _json(body, refusal.status, both, MEDIA_TYPE)


def _json(
    body: Mapping[str, Any], status: int, headers: Mapping[str, str] | None, media_type: str
) -> Response:
    # In ASCII, with < and > and & as escapes: harmless even where a browser is told to guess.
    text = json.dumps(body, separators=(",", ":"), allow_nan=False)
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    merged = {**PRIVATE, "Content-Security-Policy": "default-src 'none'", **(headers or {})}
    return Response(text, status, merged, media_type)


def line(text: str, most: int = 200) -> str:
    """One line of what was sent, harmless to show."""
    return " ".join(clean(text).split())[:most]
