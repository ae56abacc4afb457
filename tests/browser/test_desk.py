"""The agent's page as an agent uses it: what they type and where they are is never disturbed."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import Page, Route, expect

from callcenter.floor import events as e
from tests.browser.screen import Stage, caller, choice, choose_state, connected, notes
from tests.console_kit import AMY

pytestmark = pytest.mark.browser


async def place(page: Page, selector: str) -> dict[str, float]:
    box = await page.locator(selector).bounding_box()
    assert box is not None
    return {"x": box["x"], "y": box["y"], "width": box["width"], "height": box["height"]}


async def test_the_card_fills_in_without_moving_focus_text_or_form(stage: Stage) -> None:
    """Fifty updates, the person, the reasons and many answers arrive while the agent types."""
    page = await stage.signed_in()
    stage.ring(name="Caller 0")
    await expect(notes(page)).to_be_visible()
    await notes(page).click()
    form = await place(page, "form.wrapup")
    button = await place(page, "form.wrapup button[type=submit]")
    for i in range(50):
        await page.keyboard.type("x")
        stage.rename(f"Caller {i + 1}")
        if i == 20:
            stage.identify(several=True)
        if i == 30:
            stage.predict()
        if i == 40:
            stage.answer(entries=12)
    await expect(page.locator(".strip-line")).to_contain_text("Caller 50")
    await expect(page.locator("details.answer")).to_have_count(12)
    assert await notes(page).input_value() == "x" * 50
    focused = await page.evaluate("document.activeElement === document.querySelector('textarea')")
    assert focused
    assert await place(page, "form.wrapup") == form
    assert await place(page, "form.wrapup button[type=submit]") == button


async def test_everything_known_is_on_the_card(stage: Stage) -> None:
    """Person, tier, facts of every kind in the reader's way of writing, reasons, answers, past."""
    page = await stage.signed_in()
    stage.whole_card()
    await expect(caller(page)).to_have_text("王小明")
    strip = page.locator(".strip")
    await expect(strip).to_contain_text("Ringing on your phone")
    await expect(strip).to_contain_text("Gold")
    await expect(strip).to_contain_text("Traditional Chinese")
    facts = page.locator(".panel-facts")
    for text in ("4 Mar 2017", "£12,843.50", "3 days", "A-20911", "Disputed charge", "25%"):
        await expect(facts).to_contain_text(text)
    await expect(facts).to_contain_text("wholly_new_fact")  # no word for it: the code itself
    await expect(page.locator(".reasons li").first).to_contain_text("Disputed charge")
    await expect(page.locator(".reasons li").first).to_contain_text("60%")
    await expect(page.locator(".timeline")).to_contain_text("Asked for the slip.")
    await expect(page.locator(".timeline")).to_contain_text("gave up waiting")
    answers = page.locator(".panel-answers")
    await expect(answers).to_contain_text("You need not pay it meanwhile.")
    await answers.get_by_role("button", name="Traditional Chinese").click()
    await expect(answers.locator(".answer-body").first).to_have_attribute("lang", "zh-Hant")
    await expect(answers).to_contain_text("我現在就為這筆交易提出異議。")


async def test_what_is_not_known_is_said(stage: Stage) -> None:
    """No guess is shown as knowledge, and nothing looks unfinished for ever."""
    page = await stage.signed_in()
    stage.ring()
    stage.desk.post(
        e.CallerIdentified(
            at=stage.desk.now(), call="c1", identity="unknown", ask=stage.question("c1").asked
        )
    )
    stage.desk.post(
        e.ReasonsPredicted(
            at=stage.desk.now(),
            call="c1",
            reasons=(),
            model="m",
            ask=stage.question("c1").predict_ask,
        )
    )
    await expect(page.locator(".panel-who")).to_contain_text("Nobody we know has this number.")
    await expect(page.locator(".panel-reasons")).to_contain_text("Not known.")
    await expect(caller(page)).to_have_text("+442079460123")


async def test_the_agent_settles_who_is_calling(stage: Stage) -> None:
    """Several people share a number: ranked, with evidence, one choice or none."""
    page = await stage.signed_in()
    stage.ring()
    stage.identify(several=True)
    rows = page.locator(".candidate")
    await expect(rows).to_have_count(2)
    await expect(rows.first).to_contain_text("Number on file")
    await expect(caller(page)).to_contain_text("Perhaps")
    await expect(page.locator(".panel-facts .badge-unsure")).to_contain_text("if it is")
    await expect(page.locator(".strip .tier")).to_have_count(0)
    await page.get_by_role("button", name="The caller is 王美玲").click()
    await page.get_by_role("button", name="None of them").click()
    async with asyncio.timeout(30):
        while len([w for w in stage.desk.wishes if isinstance(w, e.PersonChosen)]) < 2:
            await asyncio.sleep(0.02)
    chosen = [w.person for w in stage.desk.wishes if isinstance(w, e.PersonChosen)]
    assert chosen == ["p2", None]


async def test_drafts_survive_a_reload_in_the_middle_of_typing(stage: Stage) -> None:
    """The local copy is there at once; the server's copy follows and is confirmed politely."""
    page = await stage.signed_in()
    stage.whole_card()
    stage.talk()
    await notes(page).fill("half a sen")
    await choice(page, "reason", "Fees").click()
    await page.reload()
    await expect(notes(page)).to_have_value("half a sen")
    await expect(page.locator("input[name=reason]:checked").locator("xpath=..")).to_contain_text(
        "Fees"
    )
    await expect(page.locator(".saved")).to_contain_text("Saved")
    drafts = await stage.site.records.drafts(AMY.user)
    assert [(d.notes, d.reason) for d in drafts] == [("half a sen", "fees")]


async def test_a_draft_saved_on_another_machine_is_there(stage: Stage) -> None:
    """A crash of the machine costs nothing: another one shows what was typed."""
    first = await stage.signed_in()
    stage.whole_card()
    stage.talk()
    await notes(first).fill("typed on the first machine")
    await notes(first).blur()
    await expect(first.locator(".saved")).to_contain_text("Saved")
    second = await stage.signed_in()
    await expect(notes(second)).to_have_value("typed on the first machine")


async def test_the_next_state_is_chosen_in_a_call_shown_and_taken_back(stage: Stage) -> None:
    """Break after this call: visible while talking, cancellable, and it comes true."""
    page = await stage.signed_in()
    stage.whole_card()
    stage.talk()
    await choose_state(page, "Lunch")
    await expect(page.locator(".next-state")).to_contain_text("Lunch")
    await page.get_by_role("button", name="Take back").click()
    await expect(page.locator(".next-state")).to_have_count(0)
    await choose_state(page, "Lunch")
    stage.hang_up()
    await choice(page, "reason", "Disputed charge").click()
    await choice(page, "outcome", "Solved").click()
    await page.locator("form.wrapup button[type=submit]").click()
    await expect(page.locator("#state-button .state-word")).to_have_text("Lunch")
    await expect(page.locator(".finished li")).to_contain_text("王小明")
    await expect(page.locator(".finished li")).to_contain_text("Disputed charge")
    await page.reload()
    await expect(page.locator(".finished li")).to_contain_text("Solved")


async def test_finishing_needs_reason_and_outcome_and_leads_to_them(stage: Stage) -> None:
    """What is missing is named, the focus goes there, and nothing is sent."""
    page = await stage.signed_in()
    stage.whole_card()
    stage.talk()
    submit = page.locator("form.wrapup button[type=submit]")
    await expect(submit).to_have_attribute("aria-disabled", "true")
    stage.hang_up()
    await expect(submit).to_have_attribute("aria-disabled", "false")
    await submit.click()
    await expect(page.locator("form.wrapup [role=alert]")).to_contain_text("Choose the reason")
    assert await page.evaluate("document.activeElement.name") == "reason"
    await choice(page, "reason", "Fees").click()
    await submit.click()
    await expect(page.locator("form.wrapup [role=alert]")).to_contain_text("Choose the outcome")
    assert await page.evaluate("document.activeElement.name") == "outcome"
    assert not [wish for wish in stage.desk.wishes if isinstance(wish, e.OutcomeNoted)]


async def test_a_ringing_call_is_noticed_and_stops_being_so(stage: Stage) -> None:
    """Title and icon change while it rings and return whatever way it ends."""
    page = await stage.signed_in()
    await choose_state(page, "Ready")
    stage.ring(name="王小明")
    await expect(page).to_have_title("☎ 王小明")
    icon = page.locator("link[rel=icon]")
    assert "icon-ring" in (await icon.get_attribute("href") or "")
    stage.desk.post(
        e.OfferEnded(
            at=stage.desk.now(), call="c1", device="PJSIP/1001", leg="c1-1", why="no_answer"
        )
    )
    await expect(page).to_have_title("Ready · Callcenter")
    assert "icon-idle" in (await icon.get_attribute("href") or "")


async def test_a_hostile_caller_name_is_only_text(stage: Stage) -> None:
    """Markup, scripts and direction overrides in a name create no element and run nothing."""
    page = await stage.signed_in()
    name = "<img src=x onerror=alert(1)><script>alert(2)</script>\u202eevil"
    stage.ring(name=name)
    await expect(caller(page)).to_have_text(name)
    stage.identify(name=name)
    await expect(page.locator(".candidate-name")).to_have_text(name)
    assert await page.locator("img").count() == 0
    assert await page.locator("body script").count() == 0


async def test_only_the_keyboard(stage: Stage) -> None:
    """Sign in, become ready, take a call through to the end, without a pointer."""
    page = await stage.page()
    keys = page.keyboard
    await expect(page.locator("[name=username]")).to_be_focused()
    await keys.type("amy")
    await keys.press("Tab")
    await keys.type("correct horse")
    await keys.press("Enter")
    await connected(page)
    await keys.press("Control+Shift+S")
    await expect(page.locator("#state-panel button").first).to_be_focused()
    await keys.press("Enter")
    await expect(page.locator("#state-button .state-word")).to_have_text("Ready")
    await expect(page.locator("#state-button")).to_be_focused()
    stage.whole_card()
    stage.talk()
    await expect(page.locator(".strip")).to_contain_text("Talking")
    await keys.press("Control+Shift+G")
    await expect(caller(page)).to_be_focused()
    await keys.press("Control+Shift+1")
    await expect(page.locator("input[name=reason]").first).to_be_checked()
    await keys.press("Control+Shift+E")
    await keys.type("notes by key 2 ?")  # neither digits nor ? mean anything while typing
    stage.hang_up()
    await expect(page.locator(".strip")).to_contain_text("Call ended")
    await keys.press("Control+Shift+F")
    await expect(page.locator("input[name=outcome]").first).to_be_focused()
    await keys.press("Space")
    await keys.press("Control+Shift+F")
    await expect(page.locator(".idle")).to_be_visible()
    noted = [wish for wish in stage.desk.wishes if isinstance(wish, e.OutcomeNoted)]
    assert [(n.reason, n.outcome, n.notes) for n in noted] == [
        ("dispute", "solved", "notes by key 2 ?")
    ]
    await keys.press("?")
    await expect(page.locator("dialog.help")).to_be_visible()
    await keys.press("Escape")
    await expect(page.locator("dialog.help")).to_have_count(0)


async def test_shortcuts_rest_while_an_input_method_composes_and_when_turned_off(
    stage: Stage,
) -> None:
    """Chinese input is not disturbed, and the shortcuts can be switched off."""
    page = await stage.signed_in()
    stage.whole_card()
    await notes(page).focus()
    composing = """(composing) => document.activeElement.dispatchEvent(new KeyboardEvent("keydown",
        { key: "@", code: "Digit2", ctrlKey: true, shiftKey: true, bubbles: true,
          isComposing: composing }))"""
    await page.evaluate(composing, True)
    assert await page.locator("input[name=reason]:checked").count() == 0
    await page.locator("#preferences-button").click()
    await page.get_by_label("Use keyboard shortcuts").uncheck()
    await page.keyboard.press("Escape")
    await notes(page).focus()
    await page.evaluate(composing, False)
    assert await page.locator("input[name=reason]:checked").count() == 0
    await page.locator("#preferences-button").click()
    await page.get_by_label("Use keyboard shortcuts").check()
    await page.evaluate(composing, False)
    await expect(page.locator("input[name=reason]").nth(1)).to_be_checked()


@pytest.mark.parametrize(
    ("language", "name", "heading", "fact"),
    [
        ("en", "English", "Who is calling", "Open cases"),
        ("zh-Hans", "简体中文", "来电者", "未结个案"),
        ("zh-Hant", "繁體中文", "來電者", "未結案件"),
    ],
)
async def test_three_languages_switched_while_working(
    stage: Stage, tmp_path: Path, language: str, name: str, heading: str, fact: str
) -> None:
    """The words, the document's language and the labels change at once; typed text stays."""
    page = await stage.signed_in()
    stage.whole_card()
    await notes(page).fill("备注 notes")
    await page.locator("#preferences-button").click()
    await page.get_by_role("radio", name=name).check()
    await page.keyboard.press("Escape")
    await expect(page.locator("html")).to_have_attribute("lang", language)
    await expect(page.locator("#panel-who")).to_have_text(heading)
    await expect(page.locator(".panel-facts")).to_contain_text(fact)
    await expect(notes(page)).to_have_value("备注 notes")
    await page.screenshot(path=tmp_path / f"card-{language}.png")
    await page.reload()
    await expect(page.locator("html")).to_have_attribute("lang", language)


async def test_signing_in_says_what_is_wrong(stage: Stage) -> None:
    """A wrong password is said in words, tied to the fields, in the language chosen there."""
    page = await stage.page()
    await page.locator("[name=username]").fill("amy")
    await page.locator("[name=password]").fill("wrong")
    await page.locator("[name=password]").press("Enter")
    problem = page.locator("#signin-problem")
    await expect(problem).to_contain_text("User name or password is wrong")
    await expect(page.locator("[name=password]")).to_have_attribute("aria-invalid", "true")
    await expect(page.locator("[name=password]")).to_be_focused()
    await page.get_by_role("radio", name="繁體中文").check()
    await expect(problem).to_contain_text("使用者名稱或密碼不正確")


async def test_signing_out_leaves_the_floor_and_every_tab(stage: Stage) -> None:
    """Sign out in one tab: the agent is gone from the floor and the other tab asks to sign in."""
    context = await stage.context()
    page = await stage.signed_in(context=context)
    other = await stage.page(context)
    await connected(other)
    await page.locator("#preferences-button").click()
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.locator("[name=username]")).to_be_visible()
    await expect(other.locator("[name=username]")).to_be_visible()
    assert AMY.user not in stage.desk.view().agents


async def test_the_demonstration_phone_is_marked_and_works(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where there is no real phone, a simulated one is on the card and says what it is."""
    shown = {**stage.site.gateway._settings, "demo_phone": True}
    monkeypatch.setattr(stage.site.gateway, "_settings", shown)
    page = await stage.page()
    asked: list[str] = []

    async def phone(route: Route) -> None:
        asked.append(f"{route.request.method} {route.request.url.rsplit('/', 1)[1]}")
        stage.talk() if route.request.url.endswith("pick-up") else stage.hang_up()
        await route.fulfill(status=200, json={})

    await page.route("**/demo/phone/*", phone)
    await page.locator("[name=username]").fill("amy")
    await page.locator("[name=password]").fill("correct horse")
    await page.locator("[name=password]").press("Enter")
    await connected(page)
    stage.whole_card()
    panel = page.get_by_role("region", name="Simulated desk phone")
    await panel.get_by_role("button", name="Pick up").click()
    await expect(page.locator(".strip")).to_contain_text("Talking")
    await page.keyboard.press("Control+Shift+P")
    await expect(page.locator(".strip")).to_contain_text("Call ended")
    assert asked == ["POST pick-up", "POST hang-up"]
