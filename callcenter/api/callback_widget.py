"""The widget's script for other websites, and a page to try it on with the lines to copy.

The script is read once, at the start; without it the form's own pages work all the same.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import logging
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute

from .callback_markup import Html, fill, joined
from .callback_page_parts import NOTHING, frame, languages_links
from .callback_page_texts import Language, say
from .callback_status_page import sorry
from .public import PublicSite, Refusal, Sites, language_of, page

log = logging.getLogger(__name__)

HOUR: Final = "public, max-age=3600"
"""Its address never changes, so a new release has to get through."""


def callback_widget_router(
    script: Path, sites: Mapping[str, PublicSite], public_url: str = ""
) -> APIRouter:
    """``script``: the built file. ``public_url``: where customers reach this engine; empty: where
    the page itself was asked for. To be included before ``callback_pages_router``."""
    known = Sites(sites)
    try:
        content: bytes | None = script.read_bytes()
    except FileNotFoundError:
        log.warning("callback_widget_not_built")
        content = None
    packed = gzip.compress(content, 9, mtime=0) if content is not None else b""
    digest = base64.b64encode(hashlib.sha384(content or b"").digest()).decode()
    etag = f'"{digest[:32]}"'

    class Public(APIRoute):
        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            handle = super().get_route_handler()

            async def answered(request: Request) -> Response:
                try:
                    return await handle(request)
                except Refusal as refusal:
                    return page(sorry(refusal), refusal.status)

            return answered

    router = APIRouter(prefix="/c", route_class=Public, include_in_schema=False)

    @router.api_route("/widget.js", methods=["GET", "HEAD"])
    async def widget(request: Request) -> Response:
        if content is None:
            raise Refusal(404, "not_found", language_of(request))
        headers = {
            "Cache-Control": HOUR,
            "ETag": etag,
            "Vary": "Accept-Encoding",
            "Cross-Origin-Resource-Policy": "cross-origin",
            # For pages that name the script's checksum, which asks for it by CORS.
            "Access-Control-Allow-Origin": "*",
            "X-Content-Type-Options": "nosniff",
        }
        asked = request.headers.get("if-none-match", "")
        if etag in (tag.strip().removeprefix("W/") for tag in asked.split(",")):
            return Response(status_code=304, headers=headers)
        body = content
        if takes_gzip(request.headers.get("accept-encoding", "")):
            body = packed
            headers["Content-Encoding"] = "gzip"
            headers["ETag"] = f"W/{etag}"
        return Response(body, headers=headers, media_type="text/javascript; charset=utf-8")

    @router.api_route("/{site}/try", methods=["GET", "HEAD"])
    async def try_out(site: str, request: Request) -> Response:
        here = known.find(site, request)
        language = language_of(request, here.languages)
        base = public_url.rstrip("/") or str(request.base_url).rstrip("/")
        return page(try_page(here, site, language, base), script=True)

    return router


def try_page(site: PublicSite, name: str, language: Language, base: str) -> Html:
    """The widget as visitors see it, and what to copy. ``base``: where this engine is reached."""
    title = say(language, "try_title")
    path = f"/c/{quote(name, safe='')}"
    snippet = fill(
        '<script src="$base/c/widget.js" defer></script>\n'
        '<cc-callback site="$site" lang="$language">\n'
        '  <a href="$base$path">$title</a>\n'
        "</cc-callback>",
        base=base,
        site=name,
        language=language,
        path=path,
        title=say(language, "title"),
    )
    origins = (
        fill(
            "<p>$text</p><ul>$origins</ul>",
            text=say(language, "try_origins"),
            origins=joined(fill("<li>$origin</li>", origin=one) for one in site.origins),
        )
        if site.origins
        else fill("<p>$text</p>", text=say(language, "try_no_origins"))
    )
    main = fill(
        '<div class="bar">$languages</div><h1>$title</h1><p class="lead">$lead</p>'
        '<div class="try"><cc-callback site="$site" lang="$language"><a href="$path">$plain</a>'
        '</cc-callback></div><h2>$how</h2><pre tabindex="0"><code>$snippet</code></pre>$origins'
        '<p><a href="$path">$plain</a></p>',
        languages=languages_links(site.languages, language, {}),
        title=title,
        lead=say(language, "try_lead"),
        site=name,
        language=language,
        path=f"{path}?lang={language}",
        plain=say(language, "try_plain"),
        how=say(language, "try_snippet"),
        # As text: here it is shown, not done.
        snippet=str(snippet),
        origins=origins,
    )
    head = fill('<script src="/c/widget.js" defer></script>$nothing', nothing=NOTHING)
    return frame(language, title, main, centre=site.name, wide=True, head=head)


def takes_gzip(accept: str) -> bool:
    """Whether an ``Accept-Encoding`` allows gzip."""
    for part in accept.lower().split(","):
        coding, _, weight = part.partition(";")
        if coding.strip() in ("gzip", "*"):
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False
