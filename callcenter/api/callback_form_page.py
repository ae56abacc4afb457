"""The form that works without script, answers before it is sent, the wait, the end. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from callcenter.callbacks.forms import NowOffer, Offer
from callcenter.callbacks.typed import MOST_NAME, MOST_WORDS

from .callback_markup import Html, attribute, fill, joined
from .callback_page_parts import (
    NOTHING,
    Errors,
    choice,
    described,
    entry,
    field,
    frame,
    hidden,
    languages_bar,
    option,
    slot_options,
    summary,
    wrong,
    zone_options,
)
from .callback_page_texts import Language, say
from .callback_place_names import city, country_name
from .callback_times import clock_text
from .public import PublicSite, Refusal, Slot, zone_of


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """All that the form shows."""

    site: PublicSite
    name: str
    """By which the site is addressed."""
    language: Language
    offer: Offer
    slots: Sequence[Slot]
    typed: Mapping[str, str]
    refusal: Refusal | None = None


def fields(typed: Mapping[str, str]) -> dict[str, Any]:
    """What a page's form sent, in the types of ``callback_fields.FormSent``."""
    sent: dict[str, Any] = {
        name: typed.get(name, "")
        for name in (
            "number", "region", "name", "zone", "when", "reason", "words", "website", "code",
            "deflection", "customer",
        )
    }  # fmt: skip
    # Without a token it is a form that is over: booking gives it a new one.
    sent["token"] = typed.get("token") or "none"
    sent["consent"] = "consent" in typed
    if typed.get("salt"):
        sent["work"] = {"salt": typed["salt"]}
    return sent


def form(view: View) -> Html:
    """The page with the form; where no callbacks are taken, why not."""
    language, offer, typed = view.language, view.offer, view.typed
    title = say(language, "title")
    top = fill('<div class="bar">$bar</div>', bar=languages_bar(view.site.languages, language))
    if not offer.on:
        main = fill(
            '<form method="post" action="$to">$top<h1>$title</h1><p class="lead">$off</p></form>',
            to=f"/c/{quote(view.name, safe='')}",
            top=top,
            title=title,
            off=say(language, "off"),
        )
        return frame(language, title, main, centre=offer.name, contact=offer.contact)
    errors = _errors(view.refusal)
    zone = zone_of(typed.get("zone"), offer.zone)
    main = fill(
        '<form method="post" action="$to" novalidate accept-charset="utf-8">'
        # The first button of a form is the one that Enter presses.
        '<button class="away" name="do" value="book" tabindex="-1" aria-hidden="true">$send'
        '</button>$top<h1>$title</h1><p class="lead">$lead</p>$summary$token$code$number$region'
        "$person$reason$words$when$consent$honey"
        '<div class="actions"><button class="first" name="do" value="book">$send</button></div>'
        '<p class="hint after">$privacy</p></form>',
        to=f"/c/{quote(view.name, safe='')}",
        top=top,
        send=say(language, "send"),
        title=title,
        lead=say(language, "lead"),
        summary=_summary(view, errors),
        token=hidden(_told(view)),
        code=_code(view, errors),
        number=_number(view, errors),
        region=_region(view, errors),
        person=field(
            "name",
            say(language, "name"),
            entry(
                "name", typed.get("name", ""), errors, autocomplete="name",
                maxlength=str(MOST_NAME),
            ),
            errors,
            more=say(language, "optional"),
        ),
        reason=_reason(view, errors),
        words=_words(view, errors),
        when=_when(view, errors, zone),
        consent=_consent(view, errors),
        honey=fill(
            '<div class="away" aria-hidden="true"><label for="website">$label</label>'
            '<input id="website" name="website" tabindex="-1" autocomplete="off"></div>',
            label=say(language, "website"),
        ),
        privacy="" if offer.contact else say(language, "privacy_alone"),
    )  # fmt: skip
    prefix = "" if view.refusal is None else "⚠ "
    return frame(language, prefix + title, main, centre=offer.name, contact=offer.contact)


def _errors(refusal: Refusal | None) -> dict[str, str]:
    return {} if refusal is None else {name: text for name, _, text in refusal.errors}


def _summary(view: View, errors: Errors) -> Html:
    language = view.language
    labels = {
        name: say(language, key)
        for name, key in (
            ("number", "number"), ("region", "region"), ("name", "name"), ("reason", "reason"),
            ("words", "words"), ("when", "when_field"), ("zone", "zone"), ("code", "code"),
        )
    }  # fmt: skip
    labels["consent"] = view.offer.consent
    whole = ""
    if view.refusal is not None and not errors:
        whole = view.refusal.message
    return summary(language, errors, labels, whole, _open_one(view))


def _open_one(view: View) -> Html:
    """The way to the callback that is open already, for who proved that it is theirs."""
    links = view.refusal.more.get("links", {}) if view.refusal is not None else {}
    if "status" not in links:
        return NOTHING
    text = say(view.language, "to_status")
    return fill('<p><a href="$to">$text</a></p>', to=links["status"], text=text)


def _told(view: View) -> dict[str, str]:
    """What the visitor does not see. A token that was given belongs with its own salt."""
    typed, offer = view.typed, view.offer
    told = {"lang": view.language, "token": typed.get("token") or offer.token}
    if typed.get("token"):
        told["salt"] = typed.get("salt", "")
    elif offer.work is not None:
        told["salt"] = offer.work.salt
    for name in ("deflection", "asked", "customer"):
        told[name] = typed.get(name, "")
    return {name: value for name, value in told.items() if value}


def _code(view: View, errors: Errors) -> Html:
    if "code" not in errors and not view.typed.get("code"):
        return NOTHING
    language = view.language
    control = entry(
        "code", view.typed.get("code", ""), errors, hint=True, inputmode="numeric",
        autocomplete="one-time-code", maxlength="16", required=True,
    )  # fmt: skip
    return field("code", say(language, "code"), control, errors, hint=say(language, "code_hint"))


def _number(view: View, errors: Errors) -> Html:
    language = view.language
    control = entry(
        "number", view.typed.get("number", ""), errors, hint=True, type="tel",
        autocomplete="tel", maxlength="64", required=True,
    )  # fmt: skip
    hint = view.offer.number_hint or say(language, "number_hint")
    return field("number", say(language, "number"), control, errors, hint=hint)


def _region(view: View, errors: Errors) -> Html:
    regions = view.offer.regions
    if len(regions) < 2:
        return hidden({"region": regions[0]} if regions else {})
    language = view.language
    chosen = view.typed.get("region") or view.offer.region
    names = sorted((country_name(code, language), code) for code in regions)
    options = joined(option(code, name, chosen) for name, code in names)
    control = choice("region", options, errors, autocomplete="country")
    return field("region", say(language, "region"), control, errors)


def _reason(view: View, errors: Errors) -> Html:
    if not view.offer.reasons:
        return NOTHING
    language = view.language
    chosen = view.typed.get("reason", "")
    options = joined(
        [
            option("", say(language, "reason_none"), chosen),
            *(option(code, label, chosen) for code, label in view.offer.reasons),
        ]
    )
    control = choice("reason", options, errors)
    more = say(language, "optional")
    return field("reason", say(language, "reason"), control, errors, more=more)


def _words(view: View, errors: Errors) -> Html:
    language = view.language
    control = fill(
        # A line break right after the tag is not part of the text.
        '<textarea id="words" name="words" rows="4" maxlength="$most"$described>\n$words'
        "</textarea>",
        most=MOST_WORDS,
        described=described("words", errors, hint=True),
        words=view.typed.get("words", ""),
    )
    return field(
        "words", say(language, "words"), control, errors,
        hint=say(language, "words_hint"), more=say(language, "optional"),
    )  # fmt: skip


def _when(view: View, errors: Errors, zone: str) -> Html:
    language, chosen = view.language, view.typed.get("when", "")
    now = view.offer.now
    if now is None and not view.slots:
        times = fill('<p class="hint">$text</p>', text=say(language, "no_times"))
    else:
        options = [] if now is None else [option("now", now_text(now, zone, language), chosen)]
        if now is None or chosen not in ("", "now"):
            options.insert(0, option("", say(language, "when_none"), chosen))
        options.append(slot_options(language, view.slots, zone, chosen))
        times = field(
            "when",
            say(language, "when_field"),
            choice("when", joined(options), errors, hint=True, required=True),
            errors,
            hint=say(language, "times_in", zone=city(zone, language)),
        )
    return fill(
        '<fieldset class="field"><legend>$legend</legend>$times<div class="field">'
        '<label for="zone">$zone</label>$wrong<div class="pair">$zones'
        '<button name="do" value="times">$show</button></div></div></fieldset>',
        legend=say(language, "when"),
        times=times,
        zone=say(language, "zone"),
        wrong=wrong("zone", errors),
        zones=choice("zone", zone_options(language, zone), errors),
        show=say(language, "show_times"),
    )


def now_text(now: NowOffer, zone: str, language: Language) -> str:
    """What "as soon as possible" promises."""
    if now.p90 is None or not math.isfinite(now.p90):
        return say(language, "now_within", time=clock_text(now.closes, zone))
    high = max(1, math.ceil(now.p90 / 60.0))
    low = high if now.p50 is None else max(1, round(now.p50 / 60.0))
    if low >= high:
        return say(language, "now_about", high=high)
    return say(language, "now_between", low=low, high=high)


def _consent(view: View, errors: Errors) -> Html:
    if not view.offer.consent:
        return NOTHING
    return fill(
        '<div class="field">$wrong<div class="check"><input type="checkbox" id="consent"'
        ' name="consent"$checked$described><label for="consent">$text</label></div></div>',
        wrong=wrong("consent", errors),
        checked=attribute("checked", "consent" in view.typed),
        described=described("consent", errors),
        text=view.offer.consent,
    )
