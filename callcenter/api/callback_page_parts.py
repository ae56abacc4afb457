"""What the public callback pages are made of: the frame, fields, errors, choices. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import groupby
from urllib.parse import urlencode, urlsplit

from .callback_markup import Html, attribute, fill, joined
from .callback_page_texts import OWN_NAMES, Language, say
from .callback_place_names import CITIES, city
from .callback_times import day_text, iso, slot_text
from .public import Slot

NOTHING = Html("")
Errors = Mapping[str, str]
"""Message by field."""


def frame(
    language: Language,
    title: str,
    main: Html,
    *,
    centre: str = "",
    contact: str = "",
    wide: bool = False,
    head: Html = NOTHING,
) -> Html:
    """A whole page."""
    return fill(
        '<!doctype html>\n<html lang="$language"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="robots" content="noindex"><meta name="referrer" content="no-referrer">'
        '<meta name="color-scheme" content="light dark"><title>$title</title>'
        '<link rel="icon" href="data:,"><link rel="stylesheet" href="/c/style.css">$head</head>'
        '<body><div class="frame$wide">$centre<main>$main</main>$footer</div></body></html>\n',
        language=language,
        title=f"{title} – {centre}" if centre else title,
        head=head,
        wide=" wide" if wide else "",
        centre=fill('<header class="centre">$name</header>', name=centre) if centre else NOTHING,
        main=main,
        footer=fill("<footer><p>$text</p></footer>", text=privacy(language, contact))
        if contact
        else NOTHING,
    )


def privacy(language: Language, contact: str) -> Html:
    """Whom to ask about personal data: an address of the web or of mail is a link."""
    if not contact:
        return fill("$text", text=say(language, "privacy_alone"))
    if urlsplit(contact).scheme in ("http", "https", "mailto"):
        address = contact
    else:
        address = f"mailto:{contact}" if "@" in contact and " " not in contact else ""
    shown = contact.removeprefix("mailto:")
    whom = (
        fill('<a href="$to" rel="noopener">$who</a>', to=address, who=shown)
        if address
        else fill("$who", who=shown)
    )
    # The text is ours: only what is filled in has to be escaped.
    template = say(language, "privacy").replace("{contact}", "$contact")
    return fill(template, contact=whom)


def languages_bar(among: Sequence[Language], language: Language) -> Html:
    """Buttons of the form around them: what is typed stays."""
    if len(among) < 2:
        return NOTHING
    parts = [
        fill('<span lang="$code" aria-current="true">$name</span>', code=one, name=OWN_NAMES[one])
        if one == language
        else fill(
            '<button lang="$code" name="do" value="lang-$code">$name</button>',
            code=one,
            name=OWN_NAMES[one],
        )
        for one in among
    ]
    return fill(
        '<div class="languages" role="group" aria-label="$label">$parts</div>',
        label=say(language, "languages"),
        parts=joined(parts),
    )


def languages_links(
    among: Sequence[Language], language: Language, query: Mapping[str, str], path: str = ""
) -> Html:
    """The same for pages on which nothing is typed. ``query``: fields that stay."""
    if len(among) < 2:
        return NOTHING
    parts = [
        fill('<span lang="$code" aria-current="true">$name</span>', code=one, name=OWN_NAMES[one])
        if one == language
        else fill(
            '<a lang="$code" hreflang="$code" href="$to">$name</a>',
            code=one,
            name=OWN_NAMES[one],
            to=address(path, {**query, "lang": one}),
        )
        for one in among
    ]
    return fill(
        '<nav class="languages" aria-label="$label">$parts</nav>',
        label=say(language, "languages"),
        parts=joined(parts),
    )


def address(path: str, query: Mapping[str, str]) -> str:
    return f"{path}?{urlencode(query)}"


def summary(
    language: Language,
    errors: Errors,
    labels: Mapping[str, str],
    whole: str = "",
    after: Html = NOTHING,
) -> Html:
    """What is wrong, with links to the fields; the page opens with the focus on it. ``whole``: what
    is wrong with none of them; ``after``: what helps."""
    if not errors and not whole:
        return NOTHING
    items = [
        fill('<li><a href="#$field">$label</a>: $text</li>', field=name, label=labels[name],
             text=text)
        for name, text in errors.items()
        if name in labels
    ]  # fmt: skip
    items += [
        fill("<li>$text</li>", text=text) for name, text in errors.items() if name not in labels
    ]
    return fill(
        '<div class="summary" role="alert" tabindex="-1" autofocus aria-labelledby="wrong">'
        '<h2 id="wrong">$title</h2>$whole$items$after</div>',
        after=after,
        title=say(language, "summary"),
        whole=fill("<p>$text</p>", text=whole) if whole else NOTHING,
        items=fill("<ul>$items</ul>", items=joined(items)) if items else NOTHING,
    )


def field(
    name: str,
    label: str,
    control: Html,
    errors: Errors,
    *,
    hint: str = "",
    more: str = "",
) -> Html:
    """A labelled control with its hint and its error. ``control`` has $-less HTML already."""
    return fill(
        '<div class="field"><label for="$name">$label$more</label>$hint$wrong$control</div>',
        name=name,
        label=label,
        more=fill(' <span class="more">($more)</span>', more=more) if more else NOTHING,
        hint=fill('<p class="hint" id="$name-hint">$hint</p>', name=name, hint=hint)
        if hint
        else NOTHING,
        wrong=wrong(name, errors),
        control=control,
    )


def wrong(name: str, errors: Errors) -> Html:
    if name not in errors:
        return NOTHING
    return fill('<p class="wrong" id="$name-wrong">$text</p>', name=name, text=errors[name])


def described(name: str, errors: Errors, hint: bool = False) -> Html:
    """Attributes that tie a control to its hint and its error."""
    ids = [f"{name}-hint"] * hint + [f"{name}-wrong"] * (name in errors)
    return joined(
        [
            attribute("aria-describedby", " ".join(ids)) if ids else NOTHING,
            attribute("aria-invalid", "true") if name in errors else NOTHING,
        ]
    )


def entry(
    name: str, value: str, errors: Errors, *, hint: bool = False, **attributes: str | bool
) -> Html:
    """A one-line input."""
    return fill(
        '<input id="$name" name="$name" value="$value"$attributes$described>',
        name=name,
        value=value,
        attributes=joined([attribute(key, what) for key, what in attributes.items()]),
        described=described(name, errors, hint),
    )


def choice(
    name: str, options: Html, errors: Errors, *, hint: bool = False, **attributes: str | bool
) -> Html:
    return fill(
        '<select id="$name" name="$name"$attributes$described>$options</select>',
        name=name,
        options=options,
        attributes=joined([attribute(key, what) for key, what in attributes.items()]),
        described=described(name, errors, hint),
    )


def option(value: str, label: str, chosen: str | None) -> Html:
    return fill(
        '<option value="$value"$chosen>$label</option>',
        value=value,
        label=label,
        chosen=attribute("selected", value == chosen),
    )


@lru_cache(maxsize=256)
def zone_options(language: Language, chosen: str) -> Html:
    """Cities west to east; the one chosen is among them whatever it is."""
    names = list(CITIES) if chosen in CITIES else [chosen, *CITIES]
    return joined(option(zone, city(zone, language), chosen) for zone in names)


def slot_options(language: Language, slots: Sequence[Slot], zone: str, chosen: str) -> Html:
    """Times by day; each names it again, for the list when it is closed. ``chosen``: ISO 8601."""
    days = []
    for label, found in groupby(slots, lambda slot: day_text(slot.opens, zone, language)):
        times = joined(
            option(
                iso(slot.opens, zone),
                slot_text(slot.opens, slot.closes, zone, language),
                chosen,
            )
            for slot in found
        )
        days.append(fill('<optgroup label="$label">$times</optgroup>', label=label, times=times))
    return joined(days)


def hidden(values: Mapping[str, str]) -> Html:
    return joined(
        fill('<input type="hidden" name="$name" value="$value">', name=name, value=value)
        for name, value in values.items()
    )


def note(language: Language, title: str, text: str, *, centre: str = "") -> Html:
    """A page that says one thing."""
    main = fill('<h1>$title</h1><p class="lead">$text</p>', title=title, text=text)
    return frame(language, title, main, centre=centre)
