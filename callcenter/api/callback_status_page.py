"""The pages behind a confirmation's link, and the same as JSON: how it stands, move, cancel. Pure.

Of the number only the last digits are shown: a link may be forwarded.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import quote

from callcenter.callbacks import links
from callcenter.floor.callback import OPEN, Callback, CallbackState

from .callback_markup import Html, fill, joined
from .callback_page_parts import (
    NOTHING,
    address,
    choice,
    field,
    frame,
    hidden,
    languages_links,
    note,
    option,
    slot_options,
    summary,
    zone_options,
)
from .callback_page_texts import LANGUAGES, TEXTS, Language, say
from .callback_place_names import city
from .callback_times import iso, window_text
from .public import PublicSite, Refusal, Slot

_STATES: Final[dict[CallbackState, str]] = {
    "requested": "state_waiting",
    "scheduled": "state_waiting",
    "due": "state_line",
    "reserved": "state_line",
    "dialling": "state_dialling",
    "talking": "state_talking",
    "retry": "state_retry",
    "done": "state_done",
    "expired": "state_expired",
    "cancelled": "state_cancelled",
    "refused": "state_refused",
}
_DONE: Final = {
    "booked": "booked_title",
    "moved": "moved_title",
    "cancelled": "cancelled_title",
    "late": "too_late_title",
}
LAST_DIGITS: Final = 3


def can_change(callback: Callback) -> bool:
    """Whether it can still be moved or cancelled by the customer."""
    return callback.state in OPEN and callback.state not in ("dialling", "talking")


def state_text(callback: Callback, language: Language) -> str:
    if callback.state == "done" and callback.why == "called_in":
        return say(language, "state_called_in")
    return say(language, _STATES[callback.state])


def path_of(callback: Callback, key: str, *more: str, **query: str) -> str:
    """The path of its status page, or of one below it."""
    base = "/".join(("/c/r", quote(callback.id, safe=""), *more))
    return address(base, {"k": key, **query})


def status(
    callback: Callback, key: str, language: Language, site: PublicSite | None, done: str = ""
) -> Html:
    """``done``: what was just done: ``booked``, ``moved``, ``cancelled``; ``late``: what cannot be
    done any more."""
    title = say(language, _DONE.get(done, "status_title"))
    if callback.state == "dialling":
        title = say(language, "state_dialling")
    rows = [
        ("state", state_text(callback, language)),
        ("window", window_text(callback.opens, callback.closes, callback.zone, language)),
        ("to_number", say(language, "ending_in", digits=callback.number[-LAST_DIGITS:])),
        ("ref", callback.id),
    ]
    changing = can_change(callback)
    lead = ""
    if done == "booked" and changing:
        lead = say(language, "keep_link")
    elif done == "late" and not changing:
        lead = say(language, "too_late")
    main = fill(
        '<div class="bar">$languages</div><h1>$title</h1>$lead<dl>$rows</dl>$actions',
        languages=languages_links(_among(site), language, {"k": key, "done": done}),
        title=title,
        lead=fill('<p class="done">$text</p>', text=lead) if lead else NOTHING,
        rows=joined(
            fill("<div><dt>$term</dt><dd>$text</dd></div>", term=say(language, term), text=text)
            for term, text in rows
        ),
        actions=fill(
            '<div class="actions"><a class="button" href="$ics">$ics_text</a>'
            '<a class="button" href="$move">$move_text</a>'
            '<a class="button" href="$cancel">$cancel_text</a></div>',
            ics=path_of(callback, key, "callback.ics", lang=language),
            ics_text=say(language, "ics"),
            move=path_of(callback, key, "move", lang=language),
            move_text=say(language, "move"),
            cancel=path_of(callback, key, "cancel", lang=language),
            cancel_text=say(language, "cancel"),
        )
        if changing
        else NOTHING,
    )
    return frame(language, title, main, centre=_centre(site))


def cancel(callback: Callback, key: str, language: Language, site: PublicSite | None) -> Html:
    """Asks before anything is cancelled."""
    title = say(language, "cancel_title")
    main = fill(
        '<div class="bar">$languages</div><h1>$title</h1><p class="lead">$lead</p>'
        "<p><strong>$window</strong></p>"
        '<form method="post" action="$to">$key<div class="actions">'
        '<button class="first">$do</button><a class="button" href="$back">$keep</a></div></form>',
        languages=languages_links(_among(site), language, {"k": key}),
        title=title,
        lead=say(language, "cancel_lead"),
        window=window_text(callback.opens, callback.closes, callback.zone, language),
        to=f"/c/r/{quote(callback.id, safe='')}/cancel?lang={language}",
        key=hidden({"k": key}),
        do=say(language, "cancel_do"),
        back=path_of(callback, key, lang=language),
        keep=say(language, "keep_do"),
    )
    return frame(language, title, main, centre=_centre(site))


def move(
    callback: Callback,
    key: str,
    language: Language,
    site: PublicSite | None,
    slots: Sequence[Slot],
    zone: str,
    wrong: str = "",
) -> Html:
    """Other times, in the zone asked for."""
    title = say(language, "move_title")
    errors = {"when": wrong} if wrong else {}
    path = f"/c/r/{quote(callback.id, safe='')}/move"
    options = joined(
        [option("", say(language, "when_none"), ""), slot_options(language, slots, zone, "")]
    )
    times = (
        field(
            "when",
            say(language, "when_field"),
            choice("when", options, errors, hint=True, required=True),
            errors,
            hint=say(language, "times_in", zone=city(zone, language)),
        )
        if slots
        else fill('<p class="hint">$text</p>', text=say(language, "no_times"))
    )
    main = fill(
        '<div class="bar">$languages</div><h1>$title</h1><p class="lead">$lead</p>$summary'
        '<form method="get" action="$path">$asked<div class="field"><label for="zone">$zone'
        '</label><div class="pair">$zones<button>$show</button></div></div></form>'
        '<form method="post" action="$path?lang=$language" novalidate>$key$times'
        '<div class="actions"><button class="first">$do</button>'
        '<a class="button" href="$back">$keep</a></div></form>',
        languages=languages_links(_among(site), language, {"k": key, "zone": zone}, path),
        title=title,
        lead=say(
            language,
            "move_lead",
            window=window_text(callback.opens, callback.closes, callback.zone, language),
        ),
        summary=summary(language, errors, {"when": say(language, "when_field")}),
        path=path,
        asked=hidden({"k": key, "lang": language}),
        zone=say(language, "zone"),
        zones=choice("zone", zone_options(language, zone), {}),
        show=say(language, "show_times"),
        language=language,
        key=hidden({"k": key, "zone": zone}),
        times=times,
        do=say(language, "move_do"),
        back=path_of(callback, key, lang=language),
        keep=say(language, "back"),
    )
    return frame(language, title, main, centre=_centre(site))


def sorry(refusal: Refusal) -> Html:
    """Why there is no page, in the visitor's language."""
    language = refusal.language
    title = {
        "link_wrong": "link_bad_title",
        "link_over": "link_over_title",
        "calling": "too_late_title",
        "ended": "too_late_title",
        "not_found": "not_found_title",
    }.get(refusal.code, "trouble_title")
    return note(language, say(language, title), refusal.message)


def status_told(callback: Callback, key: str, language: Language) -> dict[str, Any]:
    """The same for programs."""
    zone = callback.zone
    return {
        "ref": callback.id,
        "state": callback.state,
        "text": state_text(callback, language),
        "opens": iso(callback.opens, zone),
        "closes": iso(callback.closes, zone),
        "opens_at": callback.opens,
        "closes_at": callback.closes,
        "zone": zone,
        "window": window_text(callback.opens, callback.closes, zone, language),
        "number": f"…{callback.number[-LAST_DIGITS:]}",
        "can_change": can_change(callback),
        "links": dict(links.links("", callback.id, key)),
    }


def slot_told(slot: Slot, zone: str) -> dict[str, Any]:
    """ISO 8601 with the offset of the zone, and seconds since the epoch."""
    return {
        "opens": iso(slot.opens, zone),
        "closes": iso(slot.closes, zone),
        "opens_at": slot.opens,
        "closes_at": slot.closes,
    }


def slots_told(slots: Sequence[Slot], zone: str) -> dict[str, Any]:
    return {"zone": zone, "slots": [slot_told(slot, zone) for slot in slots]}


def read_json_texts(body: bytes, language: Language) -> dict[str, str]:
    """A JSON object, as far as its values are texts. Raises ``Refusal`` 400."""
    try:
        found = json.loads(body) if body.strip() else {}
    except (ValueError, RecursionError):
        raise Refusal(400, "bad_request", language) from None
    if not isinstance(found, dict):
        raise Refusal(400, "bad_request", language)
    return {name: text for name, text in found.items() if isinstance(text, str)}


def _among(site: PublicSite | None) -> Sequence[Language]:
    return LANGUAGES if site is None else site.languages


def _centre(site: PublicSite | None) -> str:
    return "" if site is None else site.name


assert {*_STATES.values(), *_DONE.values()} <= TEXTS.keys()
