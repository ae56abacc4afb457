"""The pages around the form without script: answers first, a wait, trouble, no call needed. Pure.

None of them shows what was typed, and none loses it: it goes along until the form is sent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import quote

from callcenter.callbacks.forms import AnswerShown

from .callback_markup import Html, attribute, fill, joined
from .callback_page_parts import frame, hidden
from .callback_page_texts import Language, say
from .callback_times import clock_text
from .public import PublicSite

KEPT: Final = (
    "token", "salt", "number", "region", "name", "zone", "when", "reason", "words", "code",
    "deflection", "asked", "customer",
)  # fmt: skip
"""Typed or told before, and sent along when the form is not shown itself."""
STEP: Final = 5
"""The stylesheet tells the end of a wait in such steps of seconds, up to ``LAST_STEP``."""
LAST_STEP: Final = 60


def answers(
    site: PublicSite,
    name: str,
    language: Language,
    typed: Mapping[str, str],
    found: Sequence[AnswerShown],
    number: str,
) -> Html:
    """Likely answers, before anything is booked. ``number``: as it was understood."""
    entries = joined(
        fill(
            "<details$open><summary>$title</summary><p>$body</p></details>",
            open=attribute("open", len(found) == 1),
            title=one.title,
            body=one.body,
        )
        for one in found
    )
    body = fill(
        '<h1>$title</h1><p class="lead">$lead</p>$entries'
        '<p class="hint">$label: <bdi>$number</bdi></p><div class="actions">'
        '<button name="do" value="solved">$solved</button>'
        '<button class="first" name="do" value="book">$book</button></div>',
        title=say(language, "answers"),
        lead=say(language, "answers_lead"),
        entries=entries,
        label=say(language, "number"),
        number=number,
        solved=say(language, "solved"),
        book=say(language, "book_anyway"),
    )
    title = say(language, "answers")
    return frame(language, title, _carried(name, language, typed, body), centre=site.name)


def wait(
    site: PublicSite,
    name: str,
    language: Language,
    typed: Mapping[str, str],
    at: float,
    seconds: int,
    zone: str,
) -> Html:
    """For browsers that cannot work for it: the same form again at ``at``, in so many seconds.

    A page that loads itself again would lose what was typed, so the button is pressed by hand; the
    stylesheet tells when."""
    title = say(language, "wait_title")
    step = min(-(-seconds // STEP) * STEP, LAST_STEP)
    body = fill(
        '<h1>$title</h1><p class="lead">$lead</p><p class="done ready after-$step">$ready</p>'
        '<div class="actions"><button class="first" name="do" value="book">$send</button></div>',
        title=title,
        lead=say(language, "wait_lead", time=clock_text(at, zone, seconds=True), seconds=seconds),
        step=step,
        ready=say(language, "wait_ready"),
        send=say(language, "wait_send"),
    )
    return frame(language, title, _carried(name, language, typed, body), centre=site.name)


def trouble(site: PublicSite, name: str, language: Language, typed: Mapping[str, str]) -> Html:
    """The store cannot be asked, so there is no form to show; what was typed is all there."""
    title = say(language, "trouble_title")
    body = fill(
        '<h1>$title</h1><p class="lead">$lead</p>'
        '<div class="actions"><button class="first" name="do" value="book">$send</button></div>',
        title=title,
        lead=say(language, "why_store"),
        send=say(language, "wait_send"),
    )
    return frame(language, title, _carried(name, language, typed, body), centre=site.name)


def solved(site: PublicSite, name: str, language: Language) -> Html:
    title = say(language, "solved_title")
    main = fill(
        '<h1>$title</h1><p class="lead">$lead</p><p><a href="$to">$again</a></p>',
        title=title,
        lead=say(language, "solved_lead"),
        to=f"/c/{quote(name, safe='')}?lang={language}",
        again=say(language, "ask_all_the_same"),
    )
    return frame(language, title, main, centre=site.name)


def _carried(name: str, language: Language, typed: Mapping[str, str], body: Html) -> Html:
    """A form that shows nothing of what was typed and loses nothing of it."""
    kept = {one: typed[one] for one in KEPT if typed.get(one)}
    if "consent" in typed:
        kept["consent"] = "on"
    if typed.get("website"):
        kept["website"] = typed["website"]
    return fill(
        '<form method="post" action="$to" accept-charset="utf-8">$kept$body</form>',
        to=f"/c/{quote(name, safe='')}",
        kept=hidden({**kept, "lang": language}),
        body=body,
    )
