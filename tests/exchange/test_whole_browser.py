"""All the way: a SIP call through a real Asterisk puts a card on the screen of a real browser."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.browser.conftest import chromium, console_folder  # noqa: F401  # its fixtures
from tests.browser.screen import caller, choice, choose_state, connected, notes
from tests.exchange.whole import SERVICE, WANG_CALLS, Whole
from tests.product import PASSWORD, WANG

pytestmark = [pytest.mark.exchange, pytest.mark.browser]

FEES = "Fees and interest"
"""What Wang's open case is about."""


@pytest.mark.usefixtures("console_folder")
async def test_a_call_from_the_first_ring_to_the_next_card(
    whole: Whole,
    chromium: Browser,  # noqa: F811  # the fixture imported above
    tmp_path: Path,
) -> None:
    """Name, likely reasons and answers are on the screen before the phone is picked up; what the
    agent notes after the call is on the card of the next."""
    phone = await whole.phone("1001")
    context = await chromium.new_context(locale="en-GB", viewport={"width": 1440, "height": 1000})
    context.set_default_timeout(60_000)
    page = await context.new_page()
    try:
        await page.goto(f"{whole.url}/")
        await page.locator("[name=username]").fill("1001")
        await page.locator("[name=password]").fill(PASSWORD)
        await page.locator("[name=password]").press("Enter")
        await connected(page)
        await choose_state(page, "Ready")
        await whole.paused("PJSIP/1001", False)

        with whole.exchange.tap() as tap:
            call = await whole.call(SERVICE, WANG_CALLS, "WANG XM")
            await expect(caller(page)).to_have_text(WANG.name)
            reasons = page.get_by_role("region", name="Why they probably call")
            await expect(reasons.get_by_role("listitem").first).to_contain_text(FEES)
            answers = page.get_by_role("region", name="What to say")
            await expect(answers.locator("summary").first).to_be_visible()
            await answers.locator("summary").first.click()  # it is not sure enough to open itself
            await expect(answers.locator(".answer-body p").first).to_be_visible()
            await expect(page.locator(".strip")).to_contain_text("Ringing")
            await page.screenshot(path=tmp_path / "ringing.png")
            # The whole card was there, and this is Asterisk's word that nobody had answered.
            await asyncio.to_thread(tap.wait_event, "DialState", DialStatus="RINGING")
            assert not tap.events("DialEnd")
            assert not tap.events("BridgeEnter")
            assert len(phone.calls) == 1

            await asyncio.to_thread(phone.next)
            await asyncio.to_thread(tap.wait_event, "DialEnd", DialStatus="ANSWER")
        await expect(page.locator(".strip")).to_contain_text("Talking")
        await asyncio.to_thread(call.hang_up)
        await expect(page.locator(".strip")).to_contain_text("Call ended")
        await whole.paused("PJSIP/1001", True)

        await choice(page, "reason", FEES).click()
        await page.get_by_role("radio", name="Solved", exact=True).check()
        await notes(page).fill("手续费已退还。 Refunded the fee.")
        await page.get_by_role("button", name="Finish").click()
        await expect(page.locator(".idle")).to_be_visible()
        await whole.paused("PJSIP/1001", False)

        again = await whole.call(SERVICE, WANG_CALLS)
        await expect(caller(page)).to_have_text(WANG.name)
        last = page.get_by_role("region", name="Earlier contacts").get_by_role("listitem").first
        await expect(last).to_contain_text(FEES)
        await expect(last).to_contain_text("Solved")
        await expect(last).to_contain_text("手续费已退还。 Refunded the fee.")
        await expect(last.locator("time")).to_have_text(re.compile("this minute|ago"))
        await page.screenshot(path=tmp_path / "next-call.png")
        await asyncio.to_thread(again.hang_up)
        await expect(page.locator(".idle")).to_be_visible()
        await whole.at_rest()
    finally:
        await context.close()
