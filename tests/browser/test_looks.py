"""How pages look and read: accessible, light and dark, from 320 pixels up; and the floor page."""

from __future__ import annotations

from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, expect

from callcenter.floor import events as e
from tests.browser.screen import Stage, caller, notes
from tests.console_kit import AMY, BEN, SUE

pytestmark = pytest.mark.browser
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


async def violations(page: Page) -> list[str]:
    """What axe finds wrong, as one line each."""
    found = await Axe().run(page, options=RULES)
    lines = []
    for problem in found.response["violations"]:
        where = [node["html"][:120] for node in problem["nodes"][:3]]
        lines.append(f"{problem['id']}: {problem['help']}: {where}")
    return lines


async def still(page: Page) -> Page:
    """Without movement: colours in the middle of an animation prove nothing."""
    await page.emulate_media(reduced_motion="reduce")
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_on_any_page(stage: Stage, scheme: str) -> None:
    """Sign-in, idle, menus, help, ringing, card, wrap-up and floor, in both schemes."""
    found: dict[str, list[str]] = {}
    page = await still(await stage.page(color_scheme=scheme))
    found["sign-in"] = await violations(page)
    page = await still(await stage.signed_in(color_scheme=scheme))
    found["idle"] = await violations(page)
    await page.locator("#state-button").click()
    found["state menu"] = await violations(page)
    await page.locator("#preferences-button").click()
    found["preferences"] = await violations(page)
    await page.keyboard.press("Escape")
    await page.keyboard.press("?")
    found["help"] = await violations(page)
    await page.keyboard.press("Escape")
    stage.ring()
    await expect(caller(page)).to_be_visible()
    found["ringing"] = await violations(page)
    stage.identify(several=True)
    stage.predict()
    stage.answer()
    stage.talk()
    await expect(page.locator("details.answer")).to_have_count(3)
    found["card"] = await violations(page)
    stage.hang_up()
    await expect(page.locator(".strip")).to_contain_text("Call ended")
    await notes(page).fill("a note")
    await page.locator("form.wrapup button[type=submit]").click()
    found["wrap-up"] = await violations(page)
    page = await still(await stage.signed_in(SUE, color_scheme=scheme))
    await expect(page.locator(".floor")).to_be_visible()
    found["floor"] = await violations(page)
    assert {name: problems for name, problems in found.items() if problems} == {}


async def test_light_and_dark_follow_the_system_and_the_switch(stage: Stage) -> None:
    """The system's wish holds until the user has their own; it is kept over a reload."""
    ground = "getComputedStyle(document.body).backgroundColor"
    page = await stage.signed_in(color_scheme="dark")
    dark = await page.evaluate(ground)
    await page.locator("#preferences-button").click()
    await page.get_by_role("radio", name="Light").check()
    light = await page.evaluate(ground)
    assert light != dark
    await page.reload()
    await expect(page.locator(".idle")).to_be_visible()
    assert await page.evaluate(ground) == light


async def test_nothing_overflows_at_320_pixels(stage: Stage, tmp_path: Path) -> None:
    """Every page fits the narrowest screen without sideways scrolling; targets stay large."""
    wide = "document.documentElement.scrollWidth"
    page = await stage.page(viewport={"width": 320, "height": 800})
    assert await page.evaluate(wide) == 320
    page = await stage.signed_in(viewport={"width": 320, "height": 800})
    assert await page.evaluate(wide) == 320
    stage.whole_card()
    stage.talk()
    await expect(page.locator("details.answer")).to_have_count(3)
    assert await page.evaluate(wide) == 320
    await page.screenshot(path=tmp_path / "narrow.png", full_page=True)
    small = await page.evaluate(
        """[...document.querySelectorAll('button, select, summary, a[href], label')]
            .filter((one) => one.checkVisibility() && !one.classList.contains('skip'))
            .map((one) => [one.textContent, one.getBoundingClientRect()])
            .filter(([, box]) => box.width > 0 && (box.width < 24 || box.height < 24))
            .map(([text]) => text)"""
    )
    assert small == []
    page = await stage.signed_in(SUE, viewport={"width": 320, "height": 800})
    await expect(page.locator(".floor")).to_be_visible()
    assert await page.evaluate(wide) == 320


async def test_the_floor_shows_queues_and_agents_live(stage: Stage) -> None:
    """Counts, running times and states follow the floor; no change is announced."""
    at = stage.desk.now()
    for device in ("PJSIP/1001", "PJSIP/1002"):
        stage.desk.post(
            e.MemberSeen(
                at=at, queue="support", device=device, name=device, paused=False, state="idle"
            )
        )
    page = await stage.signed_in(SUE, locale="zh-CN")
    await page.locator("#preferences-button").click()
    await page.get_by_role("radio", name="English").check()
    await page.keyboard.press("Escape")
    await stage.signed_in(AMY)
    await stage.signed_in(BEN)
    agents = page.get_by_role("region", name="Agents").locator("tbody tr")
    await expect(agents).to_have_count(2)
    await expect(agents.filter(has_text="Amy Wong")).to_contain_text("Break")
    stage.ring("c1")
    stage.talk("c1")
    await expect(agents.filter(has_text="Amy Wong")).to_contain_text("Talking")
    stage.desk.post(
        e.CallArrived(at=at, call="c2", direction="inbound", number="+44", name=None, dialled="s")
    )
    stage.desk.post(e.CallQueued(at=stage.desk.now(), call="c2", queue="support", position=1))
    queue = page.get_by_role("region", name="Queues").locator("tbody tr")
    await expect(queue).to_contain_text("Nobody is ready")
    await expect(queue.locator("td").nth(0)).to_contain_text("1")
    assert await page.locator(".floor [aria-live=polite], .floor [role=status]").count() == 0

    names = agents.locator("th")
    await expect(names).to_have_text(["Amy Wong", "Ben Roe"])
    header = page.get_by_role("region", name="Agents").get_by_role("button", name="Name")
    await header.focus()
    await page.keyboard.press("Enter")
    await expect(names).to_have_text(["Ben Roe", "Amy Wong"])
    column = page.get_by_role("region", name="Agents").locator("thead th").first
    await expect(column).to_have_attribute("aria-sort", "descending")


async def test_old_figures_turn_grey_and_say_so(stage: Stage) -> None:
    """Without a line the floor page shows from when its figures are."""
    page = await stage.signed_in(SUE, locale="en-GB")
    await page.route("**/api/v1/ws-tickets", lambda route: route.abort())
    stage.cut(SUE)
    await expect(page.locator(".floor.stale .floor-age")).to_be_visible()
    await page.unroute("**/api/v1/ws-tickets")
    await expect(page.locator(".floor:not(.stale)")).to_be_visible()
