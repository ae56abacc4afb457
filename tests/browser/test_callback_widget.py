"""The widget on somebody's website: what visitors do, and what comes of it."""

from __future__ import annotations

import gzip
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, Route, expect

from callcenter.callback_ports import Blocked
from callcenter.floor.callback import LawRules
from tests.browser.website import (
    Site,
    button,
    heading,
    heard,
    kept,
    say_who,
    say_why,
    to_the_end,
    website,
)
from tests.callback_web import E164, MOBILE

pytestmark = pytest.mark.browser
ROOM = 10_240
"""Bytes, gzipped."""


@pytest_asyncio.fixture(loop_scope="session")
async def site(
    chromium: Browser,
    console_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> AsyncIterator[Site]:
    """``@pytest.mark.parametrize`` it indirectly with rules of the booking."""
    rules = getattr(request, "param", {})
    async with website(chromium, console_folder, monkeypatch, **rules) as made:
        yield made


async def texts(page: Page, ids: list[str]) -> list[str]:
    root = "document.querySelector('cc-callback').shadowRoot"
    script = f"(ids) => ids.map((id) => {root}.getElementById(id)?.textContent ?? '')"
    return [str(text) for text in await page.evaluate(script, ids)]


async def again(site: Site, route: Route) -> None:
    """With a token of today: that of yesterday would be refused before the slot is looked at."""
    body: dict[str, Any] = json.loads(route.request.post_data or "")
    body["token"] = await site.web.token()
    await route.continue_(post_data=body)


def test_the_script_is_one_file_of_ten_kilobytes_at_most(console_folder: Path) -> None:
    script = (console_folder / "static" / "widget" / "cc-callback.js").read_bytes()
    assert len(gzip.compress(script, 9)) <= ROOM
    text = script.decode()
    assert "innerHTML" not in text
    assert "document.cookie" not in text
    assert "import(" not in text


async def test_booking_now_under_a_policy_that_allows_no_style(site: Site) -> None:
    page = await site.visit()
    await to_the_end(page)
    await expect(page.get_by_role("radio", name="As soon as possible")).to_be_checked()
    await expect(page.get_by_text("about 4–10 minutes")).to_be_visible()
    consent = page.get_by_label("I agree to <i>recording</i>.")
    await expect(consent).not_to_be_checked()
    assert "Ana" in await kept(page)
    await consent.check()
    await button(page, "Book the call").click()
    await heading(page, "We call you back")

    (row,) = site.web.known()
    assert (row.number, row.name, row.reason) == (E164, "Ana <b>Ng</b>", "card")
    assert (row.zone, row.state, row.site) == ("Europe/London", "requested", "main")
    await expect(page.get_by_text(row.id)).to_be_visible()
    await expect(page.get_by_text("24 November 2026")).to_be_visible()
    for name, path in (("See how it stands", ""), ("Another time", "/move"), ("Cancel", "/cancel")):
        link = await page.get_by_role("link", name=name, exact=True).get_attribute("href")
        assert link is not None
        assert link.startswith(f"{site.engine}/c/r/{row.id}{path}?k=")
    calendar = await page.get_by_role("link", name="Add to calendar").get_attribute("href")
    answer = await page.request.get(str(calendar))
    assert answer.ok
    assert "BEGIN:VCALENDAR" in await answer.text()
    assert await heard(page, "ready") == [{}]
    (booked,) = await heard(page, "booked")
    assert booked["ref"] == row.id
    assert booked.keys() == {"ref", "opens", "closes"}
    assert await kept(page) == "[{},{}]"


async def test_a_slot_in_another_zone_is_shown_in_it_and_kept_with_it(site: Site) -> None:
    page = await site.visit(timezone_id="Asia/Shanghai")
    await to_the_end(page)
    await page.get_by_role("radio", name="At a time I choose").check()
    await expect(page.get_by_text("China Standard Time (Asia/Shanghai)")).to_be_visible()
    london = await page.evaluate("new Date('2026-11-25T09:00:00Z').getTime() / 1000")
    await page.get_by_role("radio", name="Wed 25 Nov").check()
    await expect(page.get_by_role("radio", name="17:00")).to_have_count(1)
    await button(page, "Time zone…").click()
    zone = page.get_by_label("Time zone", exact=True)
    await expect(zone).to_be_focused()
    await zone.fill("Nowhere/Else")
    await zone.press("Tab")
    await expect(zone).to_have_attribute("aria-invalid", "true")
    await zone.fill("America/New_York")
    await zone.press("Tab")
    await expect(page.get_by_text("Eastern Time (America/New York)")).to_be_visible()
    await page.get_by_role("radio", name="Wed 25 Nov").check()
    await page.get_by_role("radio", name="04:00", exact=True).check()
    await button(page, "Book the call").click()
    await heading(page, "We call you back")
    (row,) = site.web.known()
    assert (row.opens, row.zone, row.state) == (london, "America/New_York", "scheduled")
    await expect(page.get_by_text("25 November 2026")).to_be_visible()


async def test_times_are_lawful_where_the_number_and_the_clock_are(site: Site) -> None:
    """The country is that of the number, whatever was chosen in the form; another clock, other
    times, and the day that was looked at stays."""
    site.web.law = (
        LawRules(region="GB", weekly=tuple((day, 600, 660) for day in range(1, 6))),
        LawRules(region="CN", weekly=tuple((day, 1080, 1140) for day in range(1, 6))),
    )
    page = await site.visit(timezone_id="Asia/Shanghai")
    await to_the_end(page, "+86 138 1234 5678")
    await expect(page.get_by_text("As soon as possible")).to_have_count(0)  # by the centre's law
    times = page.get_by_role("group", name="Time").get_by_role("radio")
    await page.get_by_role("radio", name="Wed 25 Nov").check()
    await expect(times).to_have_count(4)
    await expect(page.get_by_role("radio", name="18:15")).to_have_count(1)
    await button(page, "Time zone…").click()
    zone = page.get_by_label("Time zone", exact=True)
    await zone.fill("Asia/Dubai")
    await zone.press("Tab")
    await expect(page.get_by_text("(Asia/Dubai)")).to_be_visible()
    await expect(page.get_by_role("radio", name="18:15")).to_have_count(1)
    await expect(page.get_by_role("radio", name="14:15")).to_have_count(0)
    await expect(times).to_have_count(4)
    await expect(page.get_by_role("radio", name="Wed 25 Nov")).to_be_checked()


async def test_without_a_time_nothing_is_sent(site: Site) -> None:
    page = await site.visit()
    await to_the_end(page)
    await page.get_by_role("radio", name="At a time I choose").check()
    await button(page, "Book the call").click()
    await expect(page.get_by_role("group", name="Time")).to_have_attribute("aria-invalid", "true")
    assert not site.web.known()


async def test_a_number_that_cannot_be_called_is_refused_beside_its_field(site: Site) -> None:
    page = await site.visit()
    await say_why(page)
    await heading(page, "Whom do we call?")
    number = page.get_by_label("Phone number")
    await number.fill("0900 123")
    await number.press("Tab")
    await expect(number).to_have_attribute("aria-invalid", "true")
    described = str(await number.get_attribute("aria-describedby")).split()
    (words,) = [text for text in await texts(page, described) if "number" in text.lower()][-1:]
    assert words
    await button(page, "Continue").click()
    await expect(number).to_be_focused()
    await number.fill(MOBILE)
    await number.press("Tab")
    await expect(page.get_by_text("We will call +44 7400123456.")).to_be_visible()
    await expect(number).to_have_attribute("aria-invalid", "false")
    assert len(await heard(page, "refused")) >= 1


async def test_a_slot_taken_meanwhile_brings_fresh_ones_and_keeps_what_was_typed(
    site: Site,
) -> None:
    page = await site.visit()
    await to_the_end(page)
    await page.get_by_role("radio", name="At a time I choose").check()
    await page.get_by_role("radio", name="Wed 25 Nov").check()
    await page.get_by_role("radio", name="09:00", exact=True).check()
    site.web.now += 24 * 3600.0  # it is over by now
    await page.route("**/c/main/callbacks*", lambda route: again(site, route))
    await button(page, "Book the call").click()
    time = page.get_by_role("group", name="Time")
    await expect(time).to_have_attribute("aria-invalid", "true")
    await expect(time.get_by_text("Please choose another one")).to_be_visible()
    assert await page.evaluate(
        "document.activeElement.shadowRoot.activeElement.name") == "time"  # fmt: skip
    await button(page, "Back").click()
    await expect(page.get_by_label("Your name")).to_have_value("Ana <b>Ng</b>")
    await button(page, "Continue").click()
    await heading(page, "When suits you?")
    site.web.now += 10.0
    await page.get_by_role("group", name="Time").get_by_role("radio").nth(3).check()
    await button(page, "Book the call").click()
    await heading(page, "We call you back")
    assert len(site.web.known()) == 1


@pytest.mark.parametrize("site", [{"pressure": 1}], indirect=True)
async def test_under_pressure_the_browser_works_and_the_page_stays_alive(site: Site) -> None:
    """More posts than usual: the form is refused with a sum, which is solved, and it is booked."""
    for n in range(4):
        await site.web.book(number=f"07400 12346{n}")
    page = await site.visit()
    await to_the_end(page)
    await button(page, "Book the call").click()
    await heading(page, "We call you back")
    assert any(row.number == E164 for row in site.web.known())


@pytest.mark.parametrize("site", [{"pressure": 1}], indirect=True)
async def test_whoever_cannot_work_waits_instead(site: Site) -> None:
    for n in range(4):
        await site.web.book(number=f"07400 12346{n}")
    page = await site.visit()
    await page.evaluate("() => { SubtleCrypto.prototype.deriveBits = () => Promise.reject(1); }")
    await page.clock.install()
    await to_the_end(page)
    await button(page, "Book the call").click()
    await expect(page.get_by_text("Sent in ", exact=False)).to_be_visible()
    site.web.now += 60.0
    await page.clock.run_for(40_000)
    await heading(page, "We call you back")
    assert any(row.number == E164 for row in site.web.known())


@pytest.mark.parametrize("site", [{"pressure": 1}], indirect=True)
async def test_going_back_while_the_browser_works_sends_nothing(site: Site) -> None:
    for n in range(4):
        await site.web.book(number=f"07400 12346{n}")
    page = await site.visit()
    await page.evaluate(
        "() => { SubtleCrypto.prototype.deriveBits = () => new Promise(() => {}); }"
    )
    await page.clock.install()
    await to_the_end(page)
    await button(page, "Book the call").click()
    await expect(page.get_by_role("progressbar")).to_be_visible()
    await button(page, "Back").click()
    await heading(page, "Whom do we call?")
    await page.get_by_label("Phone number").fill("07400 123457")
    await button(page, "Continue").click()
    await heading(page, "When suits you?")
    await button(page, "Book the call").click()
    await page.get_by_role("button", name="Takes too long?").click()
    site.web.now += 60.0
    await page.clock.run_for(40_000)
    await heading(page, "We call you back")
    numbers = {row.number for row in site.web.known()}
    assert "+447400123457" in numbers
    assert E164 not in numbers


async def test_an_answer_that_helps_ends_it_without_a_call(site: Site) -> None:
    page = await site.visit()
    await page.get_by_label("In your own words").fill("why this fee")
    await button(page, "Continue").click()
    await heading(page, "Our answer on the phone")
    await page.get_by_text("Why <b>a fee</b>?").click()
    await expect(page.get_by_text("Because & so.")).to_be_visible()
    await button(page, "This answered my question").click()
    await heading(page, "Good to hear. Nothing was booked.")
    assert await heard(page, "answered") == [{"solved": True}]
    assert await kept(page) == "[{},{}]"
    await button(page, "I need a call after all").click()
    await heading(page, "What is it about?")
    assert await page.get_by_label("In your own words").input_value() == ""
    score = await site.web.store.deflection(0.0, site.web.now + 1.0, site.web.now + 1.0)
    assert (score.shown, score.solved) == (1, 1)


async def test_call_me_anyway_goes_on_and_is_counted_with_the_callback(site: Site) -> None:
    page = await site.visit()
    await say_why(page, "Fees & <charges>")
    await heading(page, "Our answer on the phone")
    await button(page, "Call me anyway").click()
    await say_who(page)
    await heading(page, "When suits you?")
    await button(page, "Book the call").click()
    await heading(page, "We call you back")
    score = await site.web.store.deflection(0.0, site.web.now + 1.0, site.web.now + 1.0)
    assert (score.shown, score.solved, score.booked) == (1, 0, 1)


async def test_without_a_connection_nothing_is_lost_and_it_can_be_tried_again(site: Site) -> None:
    page = await site.visit()
    await to_the_end(page)
    await page.context.set_offline(True)
    await button(page, "Book the call").click()
    await expect(page.get_by_role("alert")).to_contain_text("No connection.")
    await page.context.set_offline(False)
    await page.reload()
    await expect(page.get_by_label("Subject")).to_have_value("card")
    site.web.now += 10.0
    await button(page, "Continue").click()
    await heading(page, "Whom do we call?")
    await expect(page.get_by_label("Phone number")).to_have_value(MOBILE)
    await expect(page.get_by_label("Your name")).to_have_value("Ana <b>Ng</b>")
    await button(page, "Continue").click()
    await heading(page, "When suits you?")
    await page.context.set_offline(True)
    await button(page, "Book the call").click()
    await expect(page.get_by_role("alert")).to_contain_text("Nothing you typed is lost.")
    await page.context.set_offline(False)
    await button(page, "Try again").click()
    await heading(page, "We call you back")
    assert len(site.web.known()) == 1


async def test_a_blocked_number_is_refused_in_words_that_tell_nothing(site: Site) -> None:
    page = await site.visit()
    await to_the_end(page)
    await site.web.store.block(Blocked(number=E164, since=site.web.now, by="sue", reason="asked"))
    await button(page, "Book the call").click()
    number = page.get_by_label("Phone number")
    await expect(number).to_be_focused()
    await expect(number).to_have_attribute("aria-invalid", "true")
    assert not site.web.known()
