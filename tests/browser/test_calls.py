"""Calls under the agent's hands and the supervisor's eyes: the console over a real floor.

What the exchange would report is posted by the test, so that each step between asking and
confirmation can be looked at.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, expect

from callcenter.floor import events as e
from callcenter.floor.card import AgentView
from tests.browser.screen import Stage, caller, choose_state, notes
from tests.browser.test_looks import still, violations
from tests.console_kit import AMY, BEN, KIM

pytestmark = pytest.mark.browser
DEVICE = "PJSIP/1001"


def act(page: Page, do: str) -> Locator:
    return page.locator(f".callbar button[data-act={do}]")


def said(page: Page) -> Locator:
    return page.locator(".callbar-said")


def state_word(page: Page) -> Locator:
    return page.locator("#state-button .state-word")


async def talking(stage: Stage) -> Page:
    """A window in which Amy talks."""
    page = await stage.signed_in()
    stage.whole_card()
    stage.talk()
    await expect(page.locator(".strip")).to_contain_text("Talking")
    return page


def view(stage: Stage, agent: str = "amy") -> AgentView:
    return stage.desk.view().agents[agent]


async def offered(stage: Stage) -> Page:
    """A window in which Amy is being put through to a caller of the engine's own line."""
    stage.open_line(AMY)
    page = await stage.signed_in()
    await choose_state(page, "Ready")
    await expect(state_word(page)).to_have_text("Ready")
    stage.wait()
    await expect(state_word(page)).to_have_text("Call coming")
    return page


async def test_an_offer_counts_down_and_is_refused_with_a_reason(stage: Stage) -> None:
    """The card is there before the phone rings; refusing says why and makes the agent free."""
    page = await offered(stage)
    await expect(caller(page)).to_have_text("王小明")
    await expect(page.locator(".callbar .count-ring .timer")).to_have_text(re.compile(r"0:[12]\d"))
    await page.get_by_role("button", name="Refuse").click()
    await page.get_by_role("button", name="Not my subject").click()
    refused = await stage.wished(e.ReservationRefused)
    assert refused.reason == "not_my_subject"
    await expect(page.locator(".idle")).to_be_visible()
    await expect(state_word(page)).to_have_text("Ready")


async def test_an_offer_is_accepted_by_key_and_then_the_phone_answers(stage: Stage) -> None:
    """Accepting on the screen is confirmed there; the bar turns into call control in place."""
    page = await offered(stage)
    before = await page.locator(".card-grid").bounding_box()
    await page.keyboard.press("Control+Shift+A")
    await expect(page.locator(".callbar-lead")).to_contain_text("Accepted.")
    reservation = (await stage.wished(e.ReservationAccepted)).reservation
    assert reservation == view(stage).reservation
    leg = stage.desk.floor.state.reservations[reservation].leg
    stage.confirm(e.CallOffered, "s1", device=DEVICE, leg=leg, queue="sales")
    stage.confirm(e.CallLeftQueue, "s1", queue="sales", why="answered")
    stage.confirm(e.CallAnswered, "s1", device=DEVICE, leg=leg, queue="sales")
    await expect(act(page, "hang_up")).to_be_visible()
    assert await page.locator(".card-grid").bounding_box() == before


async def test_a_missed_call_is_explained_and_one_click_leads_back(stage: Stage) -> None:
    """Nobody answered: the agent gets no calls until they say that they are back."""
    page = await offered(stage)
    stage.desk.post(
        e.RingFailed(
            at=stage.desk.now(), reservation=view(stage).reservation or "", why="no_answer"
        )
    )
    await expect(page.locator(".idle h1")).to_have_text("Missed")
    await expect(page.locator(".idle-state")).to_contain_text("nobody answered")
    stage.confirm(e.CallEnded, "s1", why="abandoned")
    await page.get_by_role("button", name="I am back: ready").click()
    await expect(state_word(page)).to_have_text("Ready")


async def test_an_unreachable_phone_says_what_to_do_and_heals_by_itself(stage: Stage) -> None:
    """The agent is told why no calls come; when the phone is back they are ready again."""
    stage.open_line(AMY)
    page = await stage.signed_in()
    await choose_state(page, "Ready")
    await expect(state_word(page)).to_have_text("Ready")
    at = stage.desk.now()
    stage.desk.post(e.DeviceChanged(at=at, device=DEVICE, state="unavailable"))
    await expect(page.locator(".idle h1")).to_have_text("Phone not reachable")
    await expect(page.locator(".idle-steps li")).to_have_count(3)
    stage.desk.post(e.DeviceChanged(at=at, device=DEVICE, state="idle"))
    await expect(page.locator(".idle h1")).to_have_text("Ready")


async def test_hold_is_busy_until_the_exchange_has_confirmed_it(stage: Stage) -> None:
    """Asked, waited for, confirmed; meanwhile other buttons say why they do nothing."""
    page = await talking(stage)
    await act(page, "hold").click()
    await expect(act(page, "hold")).to_have_attribute("aria-busy", "true")
    await expect(said(page)).to_contain_text("Hold: waiting for the exchange")
    await expect(act(page, "park")).to_have_attribute("aria-disabled", "true")
    await act(page, "park").click(force=True)
    await expect(said(page)).to_contain_text("Wait until the exchange has answered: Hold.")
    asked = await stage.asked("hold")
    assert (asked.agent, asked.call, asked.role) == ("amy", "c1", "agent")
    stage.confirm(e.CallHeld, device=DEVICE)
    await expect(act(page, "resume")).to_have_attribute("aria-pressed", "true")
    await expect(page.locator(".party-caller")).to_contain_text("on hold")
    await page.keyboard.press("Control+Shift+H")
    await stage.asked("resume")
    stage.confirm(e.CallResumed, device=DEVICE)
    await expect(act(page, "hold")).to_have_attribute("aria-pressed", "false")
    assert [one.do for one in stage.desk.wished(e.ControlAsked)] == ["hold", "resume"]


async def test_a_failed_hold_says_why_and_changes_nothing_else(stage: Stage) -> None:
    """The reason is said politely; form, focus, parties and phase are as they were."""
    page = await talking(stage)
    await notes(page).fill("half a sen")
    before = await page.locator(".card-grid").bounding_box()
    parties = await page.locator(".parties").inner_text()
    await notes(page).focus()
    await page.keyboard.press("Control+Shift+H")
    await stage.asked("hold")
    (pending,) = stage.desk.floor.state.calls["c1"].controls
    why = "Channel not found"
    stage.desk.post(
        e.OrderFailed(at=stage.desk.now(), order="Control", why=why, call="c1", id=pending)
    )
    await expect(said(page)).to_contain_text("Hold did not work")
    await expect(said(page)).to_contain_text("Channel not found")
    await expect(said(page)).to_have_attribute("role", "status")
    await expect(act(page, "hold")).to_have_attribute("aria-pressed", "false")
    await expect(page.locator(".strip-phase")).to_have_text("Talking")
    assert await page.locator(".parties").inner_text() == parties
    assert await page.locator(".card-grid").bounding_box() == before
    assert await page.evaluate("document.activeElement.name") == "notes"
    await act(page, "mute").click()
    await expect(said(page)).not_to_contain_text("did not work")


async def test_a_consultation_from_the_target_to_handing_over(stage: Stage) -> None:
    """A wrong target is said at its field; what works follows the consulted party's state."""
    page = await talking(stage)
    await page.keyboard.press("Control+Shift+X")
    target = page.locator("#transfer-target")
    await expect(target).to_be_focused()
    await target.fill("1002; hangup")
    await page.get_by_role("button", name="Consult first").click()
    await expect(target).to_have_attribute("aria-invalid", "true")
    await expect(page.locator("#transfer-note")).to_contain_text("neither a number")
    assert stage.desk.wished(e.ControlAsked) == []
    await target.fill("+44 (20) 7946-0999")
    await page.keyboard.press("Enter")
    assert (await stage.asked("consult")).target == "+442079460999"
    await expect(page.locator("#transfer-button")).to_be_focused()
    stage.confirm(e.CallHeld, device=DEVICE)
    stage.confirm(e.ConsultBegan, device=DEVICE, leg="x1", to="+442079460999")
    await expect(page.locator(".party-consulted")).to_contain_text("ringing")
    await expect(said(page)).to_contain_text("Calling +442079460999")
    await expect(act(page, "complete")).to_have_attribute("aria-disabled", "true")
    await expect(act(page, "cancel_consult")).not_to_have_attribute("aria-disabled", "true")
    await act(page, "complete").click(force=True)
    await expect(said(page)).to_contain_text("They have not answered yet.")
    stage.confirm(e.ConsultAnswered, device=DEVICE, leg="x1")
    await expect(said(page)).to_contain_text("You are consulting +442079460999.")
    await act(page, "swap").click()
    await stage.asked("swap")
    stage.confirm(e.CallResumed, device=DEVICE)
    await expect(act(page, "complete")).not_to_have_attribute("aria-disabled", "true")
    await act(page, "complete").click()
    await stage.asked("complete")
    stage.confirm(e.CallTransferred, kind="attended", by=DEVICE, to="+442079460999")
    stage.confirm(e.ConsultEnded, device=DEVICE, leg="x1", why="completed")
    stage.confirm(e.DeviceLeft, device=DEVICE, leg="c1-1")
    await expect(state_word(page)).to_have_text("Wrap-up")


async def test_keys_are_typed_and_sent(stage: Stage) -> None:
    """What is no key of a telephone is not taken; the rest goes out as one command."""
    page = await talking(stage)
    await page.keyboard.press("Control+Shift+K")
    await expect(page.get_by_label("Keys to send")).to_be_focused()
    await page.keyboard.type("12x")
    await page.locator(".keypad").get_by_role("button", name="#").click()
    await page.get_by_role("button", name="Send").click()
    assert (await stage.asked("dtmf")).digits == "12#"


async def test_a_paused_recording_says_when_it_goes_on(stage: Stage) -> None:
    """Paused, the time at which it resumes by itself is shown and counts down."""
    page = await talking(stage)
    stage.confirm(e.RecordingChanged, leg="c1-1", state="on")
    await page.locator("#record-button").click()
    await page.get_by_role("button", name="Pause recording").click()
    await stage.asked("pause_recording")
    stage.confirm(e.RecordingChanged, leg="c1-1", state="paused")
    await expect(page.locator("#record-button")).to_have_text("Paused")
    await expect(said(page)).to_contain_text("goes on by itself at")
    await expect(said(page)).to_contain_text(re.compile(r"\((1:[0-5]\d|2:00)\)"))


async def test_wrap_up_time_runs_down_on_the_server_and_is_extended(stage: Stage) -> None:
    """One click gives a minute more; the count-down follows the server."""
    stage.desk.open(wrapup_seconds=50.0)
    page = await talking(stage)
    before = await page.locator(".card-grid").bounding_box()
    stage.hang_up()
    await expect(page.locator(".callbar .count-ring .timer")).to_have_text(re.compile(r"0:\d\d"))
    assert await page.locator(".card-grid").bounding_box() == before
    deadline = view(stage).deadline
    assert deadline is not None
    await page.get_by_role("button", name="1 more minute").click()
    assert (await stage.wished(e.WrapUpExtended)).seconds == 60.0
    await expect(page.locator(".callbar .count-ring .timer")).to_have_text(re.compile(r"1:\d\d"))
    assert view(stage).deadline == deadline + 60.0


async def test_help_reaches_the_supervisor_and_is_taken(stage: Stage) -> None:
    """Asked with words, seen at once on any page, prominent in the list, taken by one click."""
    page = await talking(stage)
    boss = await stage.signed_in(KIM)
    await page.keyboard.press("Control+Shift+Y")
    await expect(page.get_by_label("What is it about?")).to_be_focused()
    await page.keyboard.type("The caller is angry")
    await page.get_by_role("button", name="Ask a supervisor").click()
    request = boss.locator(".request")
    await expect(request).to_contain_text("Amy Wong asks for help.")
    await expect(request).to_contain_text("The caller is angry")
    await expect(page.locator(".help-asked")).to_be_visible()
    await request.get_by_role("link", name="Floor").click()
    await expect(boss.locator("tr.row-help")).to_contain_text("Amy Wong")
    await boss.get_by_role("button", name="I take care of Amy Wong").click()
    assert (await stage.wished(e.HelpGiven)).by == "kim"
    await expect(boss.locator(".request")).to_have_count(0)
    await expect(page.locator(".help-asked")).to_have_count(0)


async def floor_of(stage: Stage) -> Page:
    page = await stage.signed_in(KIM)
    await page.get_by_role("link", name="Floor").click()
    await expect(page.locator(".floor")).to_be_visible()
    return page


async def test_a_supervisor_listens_with_a_reason(stage: Stage) -> None:
    """Without a reason nothing is asked; once it is confirmed it shows on every page."""
    agent = await talking(stage)
    page = await floor_of(stage)
    await page.get_by_role("button", name="Actions for Amy Wong").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("button", name="Listen", exact=True).click()
    await expect(dialog.locator("#supervise-note")).to_contain_text("Say why first.")
    await expect(dialog.locator("#supervise-reason")).to_be_focused()
    assert stage.desk.wished(e.ControlAsked) == []
    await dialog.locator("#supervise-reason").fill("new colleague")
    await dialog.get_by_role("button", name="Listen", exact=True).click()
    asked = await stage.asked("listen")
    assert (asked.agent, asked.role, asked.reason, asked.device) == (
        "kim", "supervisor", "new colleague", "PJSIP/1009",
    )  # fmt: skip
    await expect(dialog).to_have_count(0)
    stage.confirm(e.SpyBegan, device=DEVICE, by="PJSIP/1009", leg="y1", mode="listen")
    await expect(page.locator(".request-listen")).to_contain_text("Listen: Amy Wong")
    await expect(agent.locator(".party-supervisor")).to_contain_text("Kim Lee")
    await expect(agent.locator(".party-supervisor")).to_contain_text("listening")
    await page.get_by_role("button", name="Stop listening").click()
    await stage.asked("stop_listening")
    stage.confirm(e.SpyEnded, by="PJSIP/1009", leg="y1")
    await expect(page.locator(".request-listen")).to_have_count(0)
    await expect(agent.locator(".party-supervisor")).to_have_count(0)


async def test_a_supervisor_sets_state_and_skills(stage: Stage) -> None:
    """Both reach the floor with who did it, and the row shows them."""
    await stage.signed_in(BEN)
    page = await floor_of(stage)
    await page.get_by_role("button", name="Actions for Ben Roe").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("button", name="Ready").click()
    chosen = await stage.wished(e.StateChosen)
    assert (chosen.agent, chosen.state, chosen.by) == ("ben", "ready", "kim")
    await dialog.get_by_label("New skill").fill("billing")
    await page.keyboard.press("Enter")
    await dialog.get_by_label("Level of billing").select_option("4")
    await dialog.get_by_role("button", name="Save skills").click()
    changed = await stage.wished(e.SkillsChanged)
    assert (changed.skills, changed.by) == ((("billing", 4),), "kim")
    await expect(dialog).to_contain_text("Saved.")
    await page.keyboard.press("Escape")
    row = page.locator("tr", has_text="Ben Roe")
    await expect(row).to_contain_text("billing 4")
    await expect(row.locator(".state-chip")).to_contain_text("Ready")


async def test_a_dry_run_says_who_would_get_the_call_and_why(stage: Stage) -> None:
    """The floor's own decision in words: nobody ready, and the agent who could with their state."""
    stage.open_line(AMY)
    await stage.signed_in(AMY)
    page = await floor_of(stage)
    stage.wait()
    await page.get_by_role("button", name="Who would get the call of 王小明").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("It goes on waiting.")
    await expect(dialog).to_contain_text("Nobody who could take it is ready.")
    await expect(dialog.locator(".considered li").first).to_contain_text("Amy Wong")
    await expect(dialog.locator(".considered li").first).to_contain_text("not ready")
    await page.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)
    stage.confirm(e.CallEnded, "s1", why="abandoned")
    await expect(page.get_by_role("region", name="Waiting calls")).to_contain_text(
        "Nobody is waiting."
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_around_calls(stage: Stage, scheme: str) -> None:
    """Offer, missed, consultation, panels, help, actions and dry run, in both schemes."""
    stage.open_line(AMY)
    found: dict[str, list[str]] = {}
    page = await still(await stage.signed_in(color_scheme=scheme))
    await choose_state(page, "Ready")
    await expect(state_word(page)).to_have_text("Ready")
    stage.wait()
    await page.get_by_role("button", name="Refuse").click()
    found["refuse"] = await violations(page)
    reservation = view(stage).reservation or ""
    stage.desk.post(e.RingFailed(at=stage.desk.now(), reservation=reservation, why="no_answer"))
    await expect(page.locator(".idle h1")).to_have_text("Missed")
    found["missed"] = await violations(page)
    stage.confirm(e.CallEnded, "s1", why="abandoned")
    stage.whole_card()
    stage.talk()
    await page.locator("#transfer-button").click()
    await page.get_by_role("button", name="Consult first").click()
    await expect(page.locator("#transfer-target")).to_have_attribute("aria-invalid", "true")
    found["transfer"] = await violations(page)
    await page.keyboard.press("Escape")
    stage.confirm(e.CallHeld, device=DEVICE)
    stage.confirm(e.MuteChanged, device=DEVICE, muted=True)
    stage.confirm(e.ConsultBegan, device=DEVICE, leg="x1", to="1002")
    await expect(page.locator(".party-consulted")).to_be_visible()
    found["consult"] = await violations(page)
    boss = await still(await stage.signed_in(KIM, color_scheme=scheme))
    stage.wait("s2")
    stage.desk.post(e.HelpAsked(at=stage.desk.now(), agent="amy", call="c1", text="angry"))
    await boss.get_by_role("link", name="Floor").last.click()
    await boss.get_by_role("button", name="Who would get the call of 王小明").click()
    await expect(boss.get_by_role("dialog")).to_be_visible()
    found["dry run"] = await violations(boss)
    await boss.keyboard.press("Escape")
    await boss.get_by_role("button", name="Actions for Amy Wong").click()
    await expect(boss.get_by_role("dialog")).to_be_visible()
    found["actions"] = await violations(boss)
    assert {name: problems for name, problems in found.items() if problems} == {}


@pytest.mark.parametrize("language", ["简体中文", "繁體中文"])
async def test_the_call_bar_fits_the_narrowest_screen_in_chinese(
    stage: Stage, language: str, tmp_path: Path
) -> None:
    """During a consultation, with everything in the bar, nothing is wider than 320 pixels."""
    page = await stage.signed_in(viewport={"width": 320, "height": 800})
    await page.locator("#preferences-button").click()
    await page.get_by_role("radio", name=language).check()
    await page.keyboard.press("Escape")
    stage.whole_card()
    stage.talk()
    stage.confirm(e.CallHeld, device=DEVICE)
    stage.confirm(e.ConsultBegan, device=DEVICE, leg="x1", to="1002")
    await expect(page.locator(".party-consulted")).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") == 320
    english = await page.locator(".callbar").evaluate(
        "(bar) => bar.innerText.replace(/PJSIP|DTMF/g, '').match(/[A-Za-z]{3,}/g)"
    )
    assert english is None
    await page.screenshot(path=tmp_path / "narrow.png")
