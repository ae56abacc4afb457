"""The public callback pages in a real browser that runs no script: booked, moved and cancelled by
keyboard and mouse, readable by everybody, and nothing that their policy forbids."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page

from callcenter.listener import listen
from callcenter.web import build_server, port_of, served
from tests.callback_web import E164, MOBILE, Web

pytestmark = pytest.mark.browser
NARROW = 320
"""Pixels: a page of 1280 at a zoom of 400 % (WCAG 1.4.10)."""


class Site:
    def __init__(self, web: Web, page: Page, base: str) -> None:
        self.web = web
        self.page = page
        self.base = base
        self.faults: list[str] = []
        page.on("console", lambda said: self.faults.append(said.text))

    async def look(self) -> None:
        """Nobody is kept from reading it, and nothing sticks out at the side."""
        found = await Axe().run(self.page)
        assert found.violations_count == 0, found.generate_report()
        assert await self.page.evaluate("document.documentElement.scrollWidth") <= NARROW

    def blocked(self) -> list[str]:
        return [said for said in self.faults if "Content Security Policy" in said]


@asynccontextmanager
async def opened(chromium: Browser, scheme: str, *, script: bool) -> AsyncIterator[Site]:
    """``script``: for looking at the page, which then ignores its policy."""
    web = Web()
    server = build_server(web.app, "127.0.0.1", 0)
    context = await chromium.new_context(
        viewport={"width": NARROW, "height": 640},
        color_scheme="dark" if scheme == "dark" else "light",
        java_script_enabled=script,
        bypass_csp=script,
    )
    try:
        async with served(server, listen("127.0.0.1", 0)):
            base = f"http://127.0.0.1:{port_of(server)}"
            yield Site(web, await context.new_page(), base)
    finally:
        await context.close()


async def test_booked_moved_and_cancelled_without_script(chromium: Browser) -> None:
    async with opened(chromium, "light", script=False) as site:
        page = site.page
        await page.goto(f"{site.base}/c/main?lang=en")
        site.web.now += 10.0
        await page.fill("#number", "12")
        await page.fill("#words", "two\nlines")
        await page.press("#number", "Enter")
        assert await page.locator(":focus").get_attribute("class") == "summary"
        await page.click(".summary a")
        assert page.url.endswith("#number")
        assert await page.input_value("#words") == "two\nlines"
        await page.fill("#number", MOBILE)
        await page.select_option("#zone", "Asia/Shanghai")
        await page.click("button[value=times]")
        assert await page.input_value("#number") == MOBILE
        await page.select_option("#when", index=3)
        await page.click("button[value='lang-zh-Hans']")
        assert await page.get_attribute("html", "lang") == "zh-Hans"
        await page.click("button.first")
        assert await page.inner_text("h1") == "回电已预约"
        (row,) = site.web.known()
        assert (row.number, row.zone, row.words) == (E164, "Asia/Shanghai", "two\nlines")
        await page.click("a[href*='/move?']")
        await page.select_option("#when", index=9)
        await page.click("button.first")
        assert await page.inner_text("h1") == "回电时间已更改"
        (moved,) = site.web.known()
        assert moved.opens > row.opens
        await page.reload()  # shows it again, and does nothing
        await page.click("a[href*='/cancel?']")
        await page.click("button.first")
        assert await page.inner_text("h1") == "回电已取消"
        (over,) = site.web.known()
        assert over.state == "cancelled"
        assert site.blocked() == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_everybody_can_read_it(chromium: Browser, scheme: str) -> None:
    async with opened(chromium, scheme, script=True) as site:
        page = site.page
        await page.goto(f"{site.base}/c/main?lang=zh-Hant")
        await site.look()
        site.web.now += 10.0
        await page.fill("#number", "12")
        await page.click(".actions button.first")
        await site.look()
        await page.fill("#number", MOBILE)
        await page.fill("#words", "a fee")
        await page.click(".actions button.first")
        assert await page.locator("details").count() == 1
        await site.look()
        await page.click("button.first")
        assert "/c/r/" in page.url
        await site.look()
        status = page.url
        await page.click("a[href*='/move?']")
        await site.look()
        await page.goto(status)
        await page.click("a[href*='/cancel?']")
        await site.look()
        await page.goto(f"{site.base}/c/r/XXXX-XXXX?k=forged")
        await site.look()
        await page.goto(f"{site.base}/c/main/try?lang=en")
        await site.look()


async def test_the_page_to_try_it_keeps_its_policy(chromium: Browser) -> None:
    async with opened(chromium, "light", script=False) as site:
        await site.page.goto(f"{site.base}/c/main/try?lang=en")
        assert "/c/widget.js" in await site.page.inner_text("pre")
        assert site.blocked() == []
