"""The widget for everybody: keyboard, names, contrast, languages, and browsers that cannot."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect

from tests.browser.website import Site, button, heading, say_who, say_why, website
from tests.callback_web import MOBILE

pytestmark = pytest.mark.browser
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}


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


async def names(page: Page) -> list[tuple[str, str]]:
    """Role and name of everything that can be operated, as assistive technology is told."""
    session = await page.context.new_cdp_session(page)
    tree = await session.send("Accessibility.getFullAXTree")
    roles = {"button", "textbox", "combobox", "radio", "checkbox", "link", "DisclosureTriangle"}
    return [
        (node["role"]["value"], node.get("name", {}).get("value", ""))
        for node in tree["nodes"]
        if not node.get("ignored") and node.get("role", {}).get("value") in roles
    ]


async def test_keyboard_alone_is_enough(site: Site) -> None:
    page = await site.visit()
    key = page.keyboard

    async def tab_to(name: str) -> None:
        for _ in range(20):
            await key.press("Tab")
            focused = page.locator("cc-callback :focus")
            seen = await focused.evaluate(
                "e => (e.labels?.[0] ?? e).textContent + '|' + e.matches(':focus-visible')"
            )
            if name in seen:
                assert seen.endswith("|true")
                return
        raise AssertionError(f"{name} is not reached")

    await tab_to("Subject")
    await key.press("ArrowDown")
    await key.press("ArrowDown")
    await tab_to("Continue")
    await key.press("Enter")
    await heading(page, "Whom do we call?")
    await tab_to("Phone number")
    await key.type(MOBILE)
    await key.press("Enter")
    await heading(page, "When suits you?")
    await tab_to("As soon as possible")
    await key.press("ArrowDown")
    await expect(page.get_by_role("radio", name="At a time I choose")).to_be_checked()
    await tab_to("24 Nov")
    await key.press("ArrowRight")
    await tab_to(":")
    await key.press("Space")
    await tab_to("Time zone…")
    await tab_to("I agree")
    await key.press("Space")
    await tab_to("privacy@example.org")
    await tab_to("Book the call")
    await key.press("Enter")
    await heading(page, "We call you back")
    (row,) = site.web.known()
    assert row.state == "scheduled"


WORDS = {
    "en": ("What is it about?", "Continue", "Phone number"),
    "zh-Hans": ("您想咨询什么？", "继续", "电话号码"),
    "zh-Hant": ("您想詢問什麼？", "繼續", "電話號碼"),
}


@pytest.mark.parametrize("language", WORDS)
async def test_every_control_of_every_step_has_a_name_in_three_languages(
    site: Site, language: str
) -> None:
    page = await site.visit(f"?lang={language}", ready=False)
    title, following, number = WORDS[language]
    await expect(page.get_by_role("heading", name=title)).to_be_visible()
    found = {"why": await names(page), "axe": []}
    await page.locator("cc-callback select").first.select_option("fees")
    await button(page, following).click()
    await expect(page.locator("cc-callback details").first).to_be_visible()
    found["helps"] = await names(page)
    await page.locator("cc-callback section:visible .primary").click()
    await page.get_by_label(number).fill(MOBILE)
    found["who"] = await names(page)
    await button(page, following).click()
    await page.locator("cc-callback .modes .option").last.click()
    await page.locator("cc-callback .zone button").click()
    found["when"] = await names(page)
    for step, controls in found.items():
        assert all(name.strip() for _, name in controls), (step, controls)
    assert {role for role, _ in found["when"]} >= {
        "radio",
        "checkbox",
        "combobox",
        "button",
        "link",
    }
    assert not any("website" in name for _, name in found["when"])
    if language != "en":
        own = [name for _, name in found["why"] + found["helps"] + found["who"]]
        assert any(ord(letter) > 0x3000 for name in own for letter in name)
    assert await page.locator("cc-callback .card").get_attribute("lang") == language


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_and_targets_are_large(site: Site, scheme: str) -> None:
    page = await site.visit(
        viewport={"width": 320, "height": 800}, bypass_csp=True, reduced_motion="reduce"
    )
    await page.evaluate("s => document.documentElement.style.colorScheme = s", scheme)
    await page.evaluate("document.body.style.background = 'Canvas'")
    for step in range(3):
        found = await Axe().run(page, options=RULES)
        assert [(v["id"], v["nodes"][0]["html"]) for v in found.response["violations"]] == []
        sizes = await page.locator(
            "cc-callback :is(button, select, textarea, input:not([type=checkbox]))"
        ).evaluate_all("all => all.map(e => e.getBoundingClientRect()).filter(r => r.width)"
                       ".map(r => Math.min(r.width, r.height))")  # fmt: skip
        assert sizes
        assert min(sizes) >= 43.9
        assert await page.evaluate("document.documentElement.scrollWidth") <= 320
        if step == 0:
            await say_why(page)
        elif step == 1:
            await say_who(page)
            await page.get_by_role("radio", name="At a time I choose").check()
            await expect(page.get_by_role("group", name="Time")).to_be_visible()


async def test_without_the_script_the_link_is_there(site: Site) -> None:
    page = await site.visit("?script=false", ready=False)
    link = page.get_by_role("link", name="Ask us to call you")
    await expect(link).to_be_visible()
    assert await link.get_attribute("href") == f"{site.engine}/c/main"


async def test_in_a_browser_that_is_too_old_the_link_is_there(site: Site) -> None:
    page = await site.visit(ready=False)
    await expect(button(page, "Continue")).to_be_visible()
    await page.add_init_script("CSS.supports = () => false")
    await page.reload()
    await expect(page.get_by_role("link", name="Ask us to call you")).to_be_visible()
    assert await page.evaluate("customElements.get('cc-callback')") is None


async def test_a_site_that_is_not_known_leaves_the_link(site: Site) -> None:
    page = await site.visit("?more=base=http://127.0.0.1:1/c", ready=False)
    await expect(page.get_by_role("link", name="Ask us to call you")).to_be_visible()
    # The page's policy knows no such address: so violations are heard, were there any elsewhere.
    (violation,) = await page.evaluate("violations.splice(0)")
    assert violation.startswith("connect-src http://127.0.0.1:1")
    await page.evaluate("document.querySelector('cc-callback').removeAttribute('base')")
    await expect(button(page, "Continue")).to_be_visible()
    await page.evaluate("document.querySelector('cc-callback').setAttribute('lang', 'zh-TW')")
    await expect(button(page, "繼續")).to_be_visible()
