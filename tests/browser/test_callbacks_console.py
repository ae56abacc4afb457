"""Callbacks as agents and supervisors meet them: previewed, put off, scheduled, watched, changed.

What the floor would show of a callback is shown by the test; the store is its in-memory twin.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, Route, expect

from callcenter.api.callbacks import callbacks_router
from callcenter.callback_ports import CallbackRefused, Deflection, Switches
from callcenter.floor import events as e
from callcenter.floor.callback import Callback, CallbackRules
from callcenter.floor.card import CallbackOnCard, Offer, Words
from tests.browser.screen import SETTINGS, Stage, choose_state
from tests.browser.test_looks import still, violations
from tests.console_kit import AMY, SUE, MemoryBooking, Window, site
from tests.fake_callbacks import MemoryCallbacks

pytestmark = pytest.mark.browser
DAY = 86_400.0
NOON = 1_893_499_200.0
"""2030-01-01 12:00 UTC: a time to promise that lies ahead."""


@dataclass
class Promising:
    """A site that calls back. ``changed``: the callbacks the floor was told of."""

    stage: Stage
    store: MemoryCallbacks
    booking: MemoryBooking
    changed: list[str]

    @property
    def now(self) -> float:
        return self.stage.desk.now()

    def put(self, id: str, **changes: Any) -> Callback:
        now = self.now
        made = Callback(
            id=id, version=1, state="scheduled", origin="web", queue="sales",
            number=f"+4420794{sum(map(ord, id)):05}", zone="Asia/Taipei", made=now - 600,
            place=now + 3600, opens=now + 3600, closes=now + 4500, due=now + 3600,
        )  # fmt: skip
        self.store.rows[id] = replace(made, **changes)
        return self.store.rows[id]


@pytest_asyncio.fixture(loop_scope="session")
async def promising(chromium: Browser, console_folder: Any) -> AsyncIterator[Promising]:
    store, changed = MemoryCallbacks(), list[str]()
    booking = MemoryBooking(store)

    def more(desk: Any, doors: Any, origins: Any, records: Any) -> list[Any]:
        return [
            callbacks_router(
                desk, store, booking, doors, origins, records.record_audit, desk.now,
                SETTINGS.time_zone, changed.append,
            )
        ]  # fmt: skip

    settings = replace(SETTINGS, callbacks=True)
    async with AsyncExitStack() as stack:
        here = await stack.enter_async_context(site(console_folder, settings=settings, more=more))
        made = Stage(here, chromium)
        stack.push_async_callback(made.close)
        yield Promising(made, store, booking, changed)
    assert made.faults == []


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not true():
            await asyncio.sleep(0.02)


# --- the agent's side ----------------------------------------------------------------------------


def promise(now: float, **changes: Any) -> CallbackOnCard:
    opens = now // 900 * 900
    made = CallbackOnCard(
        id="7KQ4-M2PX", origin="web", made=now - 3 * 3600, opens=opens, closes=opens + 900,
        zone="Asia/Taipei", attempt=2, last_cause="busy", reason="dispute", first="customer",
    )  # fmt: skip
    return replace(made, **changes)


async def previewed(here: Promising, **options: Any) -> Page:
    """A window in which Amy has a callback before her, and nobody is dialled yet."""
    stage = here.stage
    stage.open_line(AMY)
    page = await stage.signed_in(**options)
    await choose_state(page, "Ready")
    stage.wait()
    await expect(page.locator(".strip")).to_contain_text("王小明")
    offer = next(card.offer for card in stage.desk.view().cards["amy"])
    assert offer is not None
    stage.desk.show_card(
        "amy", "s1", direction="outbound", callback=promise(here.now),
        offer=Offer(reservation=offer.reservation, deadline=here.now + 60, auto_answer=False,
                    preview=True),
        words=(Words(source="callback", text="The refund never came", language="en"),),
    )  # fmt: skip
    await expect(page.locator(".promised")).to_be_visible()
    return page


def show(here: Promising, **changes: Any) -> None:
    """The card of the callback as it goes on."""
    here.stage.desk.show_card("amy", "s1", **changes)


async def test_a_callback_says_what_was_promised_and_is_called_on_the_agents_word(
    promising: Promising,
) -> None:
    """Window on both clocks, where and when it was asked for, which try; then each step in words,
    in three languages, and without a fault that axe finds."""
    page = await still(await previewed(promising))
    line = page.locator(".promised")
    await expect(line).to_contain_text(re.compile(r"Callback, promised \d\d:\d\d–\d\d:\d\d"))
    for text in ("on their clock (Asia/Taipei)", "asked for on the website, ", "attempt 2",
                 "last time: busy", "about: Disputed charge", "7KQ4-M2PX"):  # fmt: skip
        await expect(line).to_contain_text(text)
    await expect(page.locator(".panel-reasons")).to_contain_text("The refund never came")
    lead = page.locator(".callbar-lead")
    await expect(lead).to_have_text("Nobody is dialled until you say so.")
    await expect(page.locator(".callbar .count-ring .timer")).to_have_text(
        re.compile(r"0:\d\d|1:00")
    )
    assert await violations(page) == []

    promising.stage.desk.instead[e.ReservationAccepted] = lambda event: None
    await page.get_by_role("button", name="Call now").click()
    accepted = await promising.stage.wished(e.ReservationAccepted)
    assert accepted.agent == "amy"
    await expect(lead).to_have_text("The customer is called first; then your phone rings.")
    await expect(page.get_by_role("button", name="Call now")).to_have_count(0)
    now = promise(promising.now)
    show(promising, callback=replace(now, stage="calling"))
    await expect(lead).to_have_text("Calling the customer…")
    show(promising, callback=replace(now, stage="answered"), offer=None)
    await expect(lead).to_contain_text("The customer has answered")
    show(promising, callback=replace(now, first="agent"))
    await expect(lead).to_contain_text("Your phone rings first")
    for language, word in (("简体中文", "回拨，承诺时间"), ("繁體中文", "回撥，承諾時間")):
        await page.locator("#preferences-button").click()
        await page.get_by_role("radio", name=language).check()
        await page.keyboard.press("Escape")
        await expect(line).to_contain_text(word)


async def test_a_callback_is_put_off_by_button_and_by_key(promising: Promising) -> None:
    """The floor is told by how much; what does not work is said and nothing changes."""
    page = await previewed(promising)
    snoozed: list[e.CallbackSnoozed] = []
    promising.stage.desk.instead[e.CallbackSnoozed] = snoozed.append
    await page.get_by_role("button", name="Snooze for 15 minutes").click()
    await until(lambda: len(snoozed) == 1)
    await expect(page.locator(".callbar-said")).not_to_contain_text("waiting")
    await page.keyboard.press("Control+Shift+Z")
    await until(lambda: len(snoozed) == 2)
    assert [one.seconds for one in snoozed] == [900.0, 300.0]
    assert {one.agent for one in snoozed} == {"amy"}


async def test_the_floor_and_the_screen_agree_from_preview_to_the_talk(
    promising: Promising,
) -> None:
    """The product's own floor behind the card: snoozed, it leaves and the agent is free; called
    again, it is dialled on the agent's word and put through when the customer has answered."""
    desk = promising.stage.desk
    rules = CallbackRules(preview_seconds=60.0)
    queue = e.QueueSettings(queue="sales", distribution="engine", callback=rules)
    desk.open(queues=(queue,))
    at = desk.now()
    desk.post(e.ExchangeConnected(at=at, version="Asterisk 22", restarted=False))
    desk.post(e.SnapshotCompared(at=at, drift=0, audit=False))
    desk.post(
        e.MemberSeen(at=at, queue="sales", device="PJSIP/1001", name="Amy Wong", paused=False,
                     state="idle")
    )  # fmt: skip
    page = await promising.stage.signed_in()
    await choose_state(page, "Ready")

    def due(version: int) -> None:
        now = desk.now()
        made = Callback(
            id="7KQ4-M2PX", version=version, state="due", origin="queue", queue="sales",
            number="+442079460123", zone="Europe/London", made=now - 60, place=now - 60,
            opens=now - 60, closes=now + 3600, due=now - 60, node="main", fence=version,
            name="王小明", words="the refund",
        )  # fmt: skip
        desk.post(e.CallbackDue(at=now, callback=made))

    due(1)
    await expect(page.locator(".promised")).to_contain_text("asked for while waiting in line")
    await expect(page.locator(".panel-reasons")).to_contain_text("the refund")
    await page.keyboard.press("Control+Shift+Z")
    await expect(page.locator(".idle")).to_be_visible()
    await expect(page.locator("#state-button .state-word")).to_have_text("Ready")
    due(9)
    await page.get_by_role("button", name="Call now").click()
    lead = page.locator(".callbar-lead")
    await expect(lead).to_contain_text(re.compile("The customer is called first|Calling"))
    (call,) = [card.call for card in desk.view().cards["amy"]]
    desk.post(
        e.CallArrived(at=desk.now(), call=call, direction="outbound", number="+442079460123",
                      name=None, dialled=None)
    )  # fmt: skip
    desk.post(e.CustomerAnswered(at=desk.now(), call=call, by="human"))
    desk.post(
        e.CallQueued(at=desk.now(), call=call, queue="sales", position=1, by="engine", leg=call)
    )
    desk.post(
        e.CallAnswered(at=desk.now(), call=call, device="PJSIP/1001", leg="a1", queue="sales")
    )
    await expect(page.locator(".strip")).to_contain_text("Talking")
    await expect(page.locator(".promised")).to_contain_text("attempt 1")


async def test_whoever_is_the_wrong_one_says_why(promising: Promising) -> None:
    """It is refused as any call is; somebody else gets it."""
    page = await previewed(promising)
    refused: list[e.ReservationRefused] = []
    promising.stage.desk.instead[e.ReservationRefused] = refused.append
    await page.get_by_role("button", name="Not me").click()
    await page.get_by_role("button", name="Not my subject").click()
    await until(lambda: len(refused) == 1)
    assert refused[0].reason == "not_my_subject"


async def test_whoever_calls_before_their_callback_is_served_by_this_call(
    promising: Promising,
) -> None:
    page = await promising.stage.signed_in()
    promising.stage.whole_card()
    soon = promise(NOON, open=True, attempt=0, last_cause=None)
    promising.stage.desk.show_card("amy", "c1", callback=soon)
    line = page.locator(".promised")
    await expect(line).to_contain_text("Has an open callback for 1 Jan 2030 12:00–12:15")
    await expect(line).to_contain_text("answered with this call")
    await expect(page.get_by_role("button", name="Call now")).to_have_count(0)


async def wrapping(here: Promising) -> Page:
    """A window in which Amy wraps up a call of ``sales``."""
    page = await here.stage.signed_in()
    here.stage.whole_card()
    here.stage.talk()
    here.stage.hang_up()
    await expect(page.locator(".strip")).to_contain_text("Call ended")
    return page


async def test_a_callback_is_scheduled_in_wrap_up(promising: Promising) -> None:
    """By keyboard: a window with room; what is refused is said at its field and stays typed."""
    promising.booking.queue = "support"
    opens = promising.now // 900 * 900 + DAY
    promising.booking.windows = (Window(opens, opens + 900), Window(opens + 900, opens + 1800))
    page = await still(await wrapping(promising))
    await page.keyboard.press("Control+Shift+C")
    form = page.locator("form.schedule")
    when = form.locator("select[name=when]")
    await expect(when).to_be_focused()
    await expect(when.locator("option")).to_have_count(3)
    await when.select_option(str(int(opens + 900)))
    await form.locator("[name=zone]").fill("Asia/Taipei")
    await expect(form).to_contain_text("On the customer's clock")
    await form.locator("[name=words]").fill("the refund")
    assert await violations(page) == []
    promising.booking.refuse = CallbackRefused("open_one", "number", ref="OLDD-0001")
    await form.get_by_role("button", name="Book the callback").click()
    await expect(form.get_by_role("alert")).to_contain_text("has an open callback already")
    number = form.locator("[name=number]")
    await expect(number).to_be_focused()
    await expect(number).to_have_attribute("aria-invalid", "true")
    await expect(form.locator("[name=words]")).to_have_value("the refund")
    promising.booking.refuse = None
    await number.fill("+44 20 7946 0999")
    await number.press("Enter")
    made = page.locator(".schedule-made")
    await expect(made).to_contain_text("Booked: NEWW-0002.")
    await expect(made).to_be_focused()
    asked = promising.booking.asked[-1]
    assert (asked.queue, asked.number, asked.zone) == ("support", "+44 20 7946 0999", "Asia/Taipei")
    assert (asked.opens, asked.closes) == (opens + 900, opens + 1800)
    assert (asked.words, asked.person, asked.agent) == ("the refund", "p1", None)
    assert promising.changed == ["NEWW-0002"]


async def test_ones_own_callback_is_at_a_time_on_the_centres_clock(promising: Promising) -> None:
    """London's, whatever the browser's own zone is; a time that does not exist is not sent."""
    page = await wrapping(promising)
    await page.locator(".panel-schedule summary").click()
    form = page.locator("form.schedule")
    await form.get_by_role("radio", name="I do (Amy Wong)").check()
    when = form.locator("input[name=when]")
    await when.fill("")
    await form.get_by_role("button", name="Book the callback").click()
    await expect(form.get_by_role("alert")).to_contain_text("Choose a day and a time")
    await expect(when).to_be_focused()
    wall: str = await page.evaluate(
        """() => new Date(Date.now() + 2 * 86400000).toLocaleDateString(
            "sv", { timeZone: "Europe/London" }) + "T14:35" """
    )
    await when.fill(wall)
    await form.get_by_role("button", name="Book the callback").click()
    await expect(page.locator(".schedule-made")).to_contain_text("It comes to you")
    asked = promising.booking.asked[-1]
    assert asked.agent == "amy"
    shown = await page.evaluate(
        """(at) => new Date(at * 1000).toLocaleString("sv", { timeZone: "Europe/London" })""",
        asked.opens,
    )
    assert shown == f"{wall.replace('T', ' ')}:00"


async def test_an_agents_own_callbacks_are_listed_and_one_is_taken_back(
    promising: Promising,
) -> None:
    """Others' are not theirs to see; taking one back is asked twice."""
    promising.put("MINE-0001", name="Ann Lee", agent="amy", words="about the fee")
    promising.put("BENS-0001", name="Bob Ray", agent="ben")
    page = await still(await promising.stage.signed_in())
    panel = page.locator(".panel-own")
    await expect(panel.locator("li")).to_have_count(1)
    await expect(panel).to_contain_text("Ann Lee")
    await expect(panel).to_contain_text("about the fee")
    assert await violations(page) == []
    await panel.get_by_role("button", name="Cancel the callback").click()
    await panel.get_by_role("button", name="Really cancel it?").click()
    await expect(panel).to_have_count(0)
    assert promising.store.rows["MINE-0001"].by == "amy"
    assert promising.store.rows["BENS-0001"].state == "scheduled"


async def test_without_callbacks_nothing_of_them_is_shown(stage: Stage) -> None:
    page = await stage.signed_in(SUE)
    await page.locator("#preferences-button").click()
    await page.get_by_role("radio", name="English").check()
    await expect(page.get_by_role("link", name="Floor")).to_be_visible()
    await expect(page.get_by_role("link", name="Callbacks")).to_have_count(0)
    page = await stage.signed_in()
    stage.whole_card()
    stage.talk()
    await expect(page.locator(".panel-wrapup")).to_be_visible()
    await expect(page.locator(".panel-schedule")).to_have_count(0)


# --- the supervisor's page -----------------------------------------------------------------------


async def page_of(here: Promising, **options: Any) -> Page:
    """The page of callbacks, in English."""
    here.stage.open_line(AMY)
    page = await here.stage.signed_in(SUE, **options)
    await page.locator("#preferences-button").click()
    await page.get_by_role("radio", name="English").check()
    await page.keyboard.press("Escape")
    await page.get_by_role("link", name="Callbacks").click()
    await expect(page.get_by_role("heading", name="Callbacks", exact=True)).to_be_visible()
    return page


def row(page: Page, text: str) -> Locator:
    return page.locator(".panel-callbacks tbody tr").filter(has_text=text)


def figure(page: Page, name: str) -> Locator:
    return page.locator(".floor-figures > div").filter(has_text=name).locator("dd")


def a_busy_day(here: Promising) -> None:
    now = here.now
    here.put("WAIT-0001", name="王小明", words="The refund never came", state="retry",
             attempts=1, causes=("busy",))  # fmt: skip
    here.put("RISK-0001", name="Ann Lee", state="due", opens=now - 700, closes=now + 200,
             place=now - 900)  # fmt: skip
    here.put("TALK-0001", name="Bob Ray", state="talking", dialled=now - 60, reached=now - 40)
    for i in range(9):
        ended = now - i * DAY - 900
        for j in range(i % 4 + 2):
            kept = j != 1
            here.put(
                f"PAST-{i}{j}00", state="done" if kept else "expired", opens=ended - 900,
                closes=ended, ended=ended, why="talked" if kept else "window_over",
                dialled=ended - 300 if kept else None, reached=ended - 280 if kept else None,
                attempts=int(kept),
            )  # fmt: skip


async def test_supervisors_see_every_callback_and_take_one_away(promising: Promising) -> None:
    """Counts and list follow the store; cancelling is asked twice and says why to the audit."""
    a_busy_day(promising)
    page = await page_of(promising)
    await expect(figure(page, "Waiting")).to_have_text("1")
    await expect(figure(page, "Due now")).to_have_text("1")
    await expect(figure(page, "Talking")).to_have_text("1")
    await expect(figure(page, "Late risk")).to_have_text("1")
    await expect(page.locator(".panel-callbacks tbody tr")).to_have_count(3)
    await expect(row(page, "王小明")).to_contain_text("1 (busy)")
    await expect(row(page, "Ann Lee")).to_have_class(re.compile("row-alarm"))
    await page.get_by_label("Name, number or reference").fill("wait-0001")
    await expect(page.locator(".panel-callbacks tbody tr")).to_have_count(1)

    await row(page, "王小明").get_by_role("button", name="Actions for 王小明").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("The refund never came")
    await dialog.get_by_label("Why (written to the audit)").fill("settled by mail")
    await dialog.get_by_role("button", name="Cancel the callback").click()
    assert promising.store.rows["WAIT-0001"].state == "retry"
    await dialog.get_by_role("button", name="Really cancel it?").click()
    await expect(page.get_by_text("Callback WAIT-0001 is cancelled.")).to_be_visible()
    gone = promising.store.rows["WAIT-0001"]
    assert (gone.state, gone.why, gone.by) == ("cancelled", "by_staff", "sue")
    assert promising.changed == ["WAIT-0001"]
    audit = await promising.stage.site.records.audit(0.0, 1e12)
    assert [(one.what, one.reason) for one in audit] == [("callback_cancel", "settled by mail")]
    await expect(page.locator(".panel-callbacks tbody")).to_have_text("No callbacks.")
    await page.get_by_role("radio", name="Ended in the last day").check()
    await expect(row(page, "王小明")).to_contain_text("cancelled by staff")


async def test_whoever_gave_no_name_is_called_as_we_know_them(promising: Promising) -> None:
    """In the list, in its search and in the details; a name that was given stays."""
    promising.store.people = {"p1": "王小明", "p2": "Somebody Else", "p3": "Cy Fox"}
    promising.put("LINE-0001", person="p3", name="WIRELESS CALLER", origin="queue")
    known = promising.put("KNOW-0001", person="p1")
    promising.put("SAID-0001", person="p2", name="Ann Lee")
    promising.put("NONE-0001")
    page = await page_of(promising)
    await expect(row(page, known.number)).to_contain_text("王小明")
    await expect(row(page, "SAID-0001")).to_contain_text("Ann Lee")
    await expect(row(page, "LINE-0001")).to_contain_text("Cy Fox")
    await page.get_by_label("Name, number or reference").fill("王小")
    await expect(page.locator(".panel-callbacks tbody tr")).to_have_count(1)
    await row(page, "KNOW-0001").get_by_role("button", name="Actions for 王小明").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_role("heading", name="王小明")).to_be_visible()
    await expect(dialog).to_contain_text("Known customer")
    await page.keyboard.press("Escape")
    await page.get_by_label("Name, number or reference").fill("somebody")
    await expect(page.locator(".panel-callbacks tbody")).to_have_text("No callbacks.")


async def test_what_a_customer_agreed_to_is_in_the_details(promising: Promising) -> None:
    """The text as it was shown, or that it was not kept; nothing where nobody agreed."""
    promising.store.consents["aa zh-Hant"] = "我們可以錄音。<b>"
    promising.put("AGRE-0001", name="Ann Lee", consent="aa zh-Hant")
    promising.put("LOST-0001", name="Bob Ray", consent="bb en")
    promising.put("NONE-0001", name="Cy Fox")
    page = await page_of(promising)
    dialog, agreed = page.get_by_role("dialog"), page.locator(".callback-agreed")

    async def opened(name: str) -> None:
        await row(page, name).get_by_role("button").click()
        await expect(dialog).to_contain_text(name)

    await opened("Ann Lee")
    await expect(agreed).to_contain_text("Agreed to (form in Traditional Chinese)")
    await expect(agreed.locator("blockquote")).to_have_text("我們可以錄音。<b>")
    assert await violations(page) == []
    await page.keyboard.press("Escape")
    await opened("Bob Ray")
    await expect(agreed).to_contain_text("The text was not kept.")
    await page.keyboard.press("Escape")
    async with page.expect_response(re.compile("NONE-0001")):
        await opened("Cy Fox")
    await expect(agreed).to_have_count(0)


async def test_a_callback_is_moved_given_to_somebody_or_called_now(promising: Promising) -> None:
    """What changed meanwhile is not overwritten: the supervisor is told to look again."""
    opens = promising.now // 900 * 900 + DAY
    promising.booking.windows = (Window(opens, opens + 900),)
    promising.put("WAIT-0001", name="Ann Lee")
    page = await page_of(promising)
    dialog = page.get_by_role("dialog")

    async def opened() -> None:
        await row(page, "Ann Lee").get_by_role("button").click()
        await expect(dialog).to_be_visible()

    await opened()
    await dialog.get_by_label("Move to…").select_option(str(int(opens)))
    await dialog.get_by_role("button", name="Move", exact=True).click()
    await expect(page.get_by_text("Callback WAIT-0001 is moved.")).to_be_visible()
    assert promising.store.rows["WAIT-0001"].opens == opens

    promising.stage.desk.post(
        e.AgentSignedIn(at=promising.now, agent="amy", name="Amy Wong", device="PJSIP/1001")
    )
    await opened()
    await dialog.get_by_label("Who calls").select_option("amy")
    await dialog.get_by_role("button", name="Assign").click()
    await expect(page.get_by_text("Callback WAIT-0001 is assigned.")).to_be_visible()
    assert promising.store.rows["WAIT-0001"].agent == "amy"
    await expect(row(page, "Ann Lee")).to_contain_text("Amy Wong")

    await opened()
    store, real = promising.store, promising.store.change

    async def beaten(after: Callback, expects: int, slot: object = None) -> bool:
        store.rows["WAIT-0001"] = replace(store.rows["WAIT-0001"], version=99)
        return await real(after, expects)

    store.change = beaten  # type: ignore[assignment,method-assign]
    await dialog.get_by_role("button", name="Call now").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("It changed meanwhile")
    store.change = real  # type: ignore[method-assign]
    await expect(dialog).to_be_visible()
    await page.keyboard.press("Escape")
    store.rows["WAIT-0001"] = replace(store.rows["WAIT-0001"], state="dialling", dialled=1.0)
    await expect(row(page, "Ann Lee")).to_contain_text("dialling")
    await opened()
    await expect(dialog).to_contain_text("cannot be changed now")
    await expect(dialog.get_by_role("button", name="Call now")).to_have_count(0)


async def test_a_supervisor_schedules_one_without_a_call(promising: Promising) -> None:
    """What is missing is said beside its field; what was typed stays while the server refuses;
    sent again after a lost answer, it is booked once."""
    opens = (promising.now // DAY + 2) * DAY + DAY / 2  # noon: both windows are of one day
    promising.booking.windows = (Window(opens, opens + 900), Window(opens + 900, opens + 1800))
    page = await page_of(promising)
    promising.stage.desk.post(
        e.AgentSignedIn(at=promising.now, agent="amy", name="Amy Wong", device="PJSIP/1001")
    )
    panel = page.locator(".panel-new")
    await panel.locator("summary").click()
    number, zone = panel.locator("[name=number]"), panel.locator("[name=zone]")
    await zone.fill("Nowhere")
    book = panel.get_by_role("button", name="Book the callback")
    await book.click()
    await expect(number).to_be_focused()
    await expect(number).to_have_accessible_description("Enter the number to call.")
    await expect(zone).to_have_accessible_description("There is no such time zone.")
    assert await violations(page) == []
    await number.fill("+44 20 7946 0999")
    await zone.fill("Asia/Taipei")
    await panel.locator("[name=when]").select_option(index=1)
    await panel.locator("[name=when]").select_option(str(int(opens + 900)))
    await expect(panel).to_contain_text("On the customer's clock")
    await panel.locator("[name=agent]").select_option("amy")
    await panel.locator("[name=name]").fill("王小明")
    await panel.locator("[name=words]").fill("the refund")
    await panel.locator("[name=reason]").select_option("dispute")

    promising.booking.refuse = CallbackRefused("slot_taken", "when")
    await book.click()
    when = panel.locator("[name=when]")
    await expect(when).to_have_accessible_description(re.compile("no room at that time"))
    await expect(when).to_be_focused()
    await expect(panel.locator("[name=words]")).to_have_value("the refund")
    await panel.locator("summary").click()
    await panel.locator("summary").click()
    await expect(number).to_have_value("+44 20 7946 0999")
    promising.booking.refuse = None
    promising.booking.asked.clear()

    async def lost(route: Route) -> None:
        if route.request.method != "POST":  # the list is asked for all the time
            return await route.continue_()
        await route.fetch()
        return await route.abort()

    await page.route(re.compile(r"/api/v1/callbacks$"), lost)
    await book.click()
    await expect(panel.get_by_role("alert")).to_contain_text("cannot be reached")
    await page.unroute_all()
    await book.click()
    made = panel.locator(".schedule-made")
    await expect(made).to_contain_text("Booked: NEWW-0001. It comes to Amy Wong ")
    await expect(made).to_be_focused()
    (asked,) = promising.booking.asked
    assert (asked.queue, asked.number, asked.agent) == ("sales", "+44 20 7946 0999", "amy")
    assert (asked.opens, asked.closes) == (opens + 900, opens + 1800)
    assert (asked.name, asked.words, asked.reason) == ("王小明", "the refund", "dispute")
    assert (asked.by, asked.zone) == ("sue", "Asia/Taipei")
    assert list(promising.store.rows) == ["NEWW-0001"]
    await expect(row(page, "王小明")).to_contain_text("Amy Wong")
    await panel.get_by_role("button", name="Schedule another").click()
    await expect(number).to_have_value("")
    for language, words in (("简体中文", "预约回拨"), ("繁體中文", "預約回撥")):
        await page.locator("#preferences-button").click()
        await page.get_by_role("radio", name=language).check()
        await page.keyboard.press("Escape")
        await expect(panel.locator("summary")).to_have_text(words)


async def test_switches_say_who_and_offers_that_stopped_go_on(promising: Promising) -> None:
    """Real switches for a screen reader; each press is one change in the store."""
    stopped = promising.now - 3600
    await promising.store.set_switches(Switches(queue="sales", auto_stopped=stopped))
    page = await page_of(promising)
    panel = page.locator(".panel-switches")
    await expect(panel).to_contain_text("too many promises were broken")
    serve = panel.get_by_role("switch", name="Dials: sales")
    await expect(serve).to_have_attribute("aria-checked", "true")
    await serve.press("Space")
    await expect(serve).to_have_attribute("aria-checked", "false")
    await expect(panel).to_contain_text("sue")
    (now,) = await promising.store.switches()
    assert (now.serve, now.accept, now.show, now.auto_stopped) == (False, True, True, stopped)
    await panel.get_by_role("button", name="Offer again").click()
    await expect(panel).not_to_contain_text("too many promises")
    (now,) = await promising.store.switches()
    assert (now.serve, now.auto_stopped, now.by) == (False, None, "sue")


async def test_promises_are_drawn_and_listed_and_visitors_counted_honestly(
    promising: Promising,
) -> None:
    a_busy_day(promising)
    now = promising.now
    for i in range(6):
        await promising.store.deflected(
            Deflection(id=f"d{i}", at=now - 4 * DAY, site="web", answers=("a",),
                       solved=True if i < 4 else None, number="+4420" if i < 3 else None)
        )  # fmt: skip
    page = await page_of(promising)
    kept = page.locator("section").filter(has=page.get_by_role("heading", name="Promises kept"))
    await expect(kept.locator("svg rect")).to_have_count(27)
    await expect(kept).to_contain_text("nobody was free in time: 9")
    await kept.get_by_text("As a table").click()
    await expect(kept.locator("tbody tr")).to_have_count(9)
    shown = page.locator("section").filter(has=page.get_by_role("heading", name="Answers shown"))
    await expect(shown).to_contain_text("100% did not come back within 72 hours, of 3")
    await expect(shown).to_contain_text("Of 1 more who said it was answered, we do not know")


async def test_numbers_are_put_on_the_block_list_and_taken_off(promising: Promising) -> None:
    page = await page_of(promising)
    panel = page.locator(".panel-blocked")
    await panel.locator("[name=block-number]").fill("020 7946")
    await panel.locator("[name=block-reason]").fill("asked not to be called")
    await panel.get_by_role("button", name="Block", exact=True).click()
    await expect(panel.get_by_role("alert")).to_contain_text("Write + and the country code")
    await panel.locator("[name=block-number]").fill("+44 20 7946 0999")
    await panel.get_by_role("button", name="Block", exact=True).click()
    await expect(panel.locator("tbody tr")).to_contain_text("+442079460999")
    assert [one.number for one in await promising.store.blocked()] == ["+442079460999"]
    await panel.get_by_role("button", name="Remove +442079460999").click()
    await expect(panel.locator("tbody")).to_contain_text("None.")
    assert await promising.store.blocked() == ()


async def test_what_rules_would_have_refused_is_listed(promising: Promising) -> None:
    """The newest first, more on demand; nothing at all where nothing is tried out or was."""
    page = await page_of(promising)
    panel = page.locator(".panel-dry")
    await expect(page.locator(".panel-blocked tbody")).to_contain_text("None.")
    await expect(panel).to_have_count(0)
    for i in range(51):
        at = promising.now - 3600 + i
        await promising.store.note_dry_run(at, "web", "country", f"F{i}")
    await promising.store.note_dry_run(promising.now, None, "number_cap", "")
    await page.reload()
    await expect(panel.locator("tbody tr")).to_have_count(50)
    await expect(panel).to_contain_text("The rules are in force.")
    first = panel.locator("tbody tr").first
    await expect(first).to_contain_text("too often for this number")
    await expect(panel.locator("tbody tr").nth(1)).to_contain_text("F50")
    assert await violations(page) == []
    await panel.get_by_role("button", name="Show more").click()
    await expect(panel.locator("tbody tr")).to_have_count(52)
    await expect(panel.get_by_role("button", name="Show more")).to_have_count(0)
    for language, words in (("简体中文", "此号码申请过多"), ("繁體中文", "此號碼申請過多")):
        await page.locator("#preferences-button").click()
        await page.get_by_role("radio", name=language).check()
        await page.keyboard.press("Escape")
        await expect(first).to_contain_text(words)


async def test_a_trial_that_found_nothing_says_so(promising: Promising) -> None:
    page = await promising.stage.signed_in(SUE)

    async def on(route: Route) -> None:
        await route.fulfill(json={"on": True, "more": False, "dry_runs": []})

    await page.route(re.compile(r"/dry-runs"), on)
    await page.evaluate("location.hash = '#/callbacks'")
    await expect(page.locator(".panel-dry tbody")).to_have_text(
        re.compile("refused nothing yet|本会拒绝|本會拒絕")
    )


async def test_a_slow_and_a_failing_server_are_said(promising: Promising) -> None:
    """What takes more than a second shows that it goes on; old figures stay and turn grey."""
    a_busy_day(promising)
    page = await page_of(promising)
    await expect(row(page, "Ann Lee")).to_be_visible()
    held = asyncio.Event()

    async def slow(route: Route) -> None:
        await held.wait()
        await route.fulfill(status=503, json={"code": "store_unavailable", "detail": "no disk"})

    await page.route(re.compile(r"/api/v1/callbacks$"), slow)
    await expect(page.locator(".floor-head progress")).to_be_visible()
    held.set()
    await expect(page.locator(".floor-head [role=alert]")).to_contain_text("cannot be stored")
    await expect(page.locator(".callbacks.stale")).to_be_visible()
    await expect(row(page, "Ann Lee")).to_be_visible()
    await page.unroute_all()
    await expect(page.locator(".callbacks:not(.stale)")).to_be_visible()
    await expect(page.locator(".floor-head [role=alert]")).to_have_text("")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_on_the_page_of_callbacks(
    promising: Promising, scheme: str
) -> None:
    a_busy_day(promising)
    await promising.store.set_switches(Switches(queue="sales", auto_stopped=1.0, show=False))
    page = await still(await page_of(promising, color_scheme=scheme))
    await expect(row(page, "Ann Lee")).to_be_visible()
    await expect(page.locator(".kept-chart")).to_be_visible()
    assert await violations(page) == []
    await row(page, "Ann Lee").get_by_role("button").click()
    await expect(page.get_by_role("dialog")).to_be_visible()
    assert await violations(page) == []


async def test_pages_of_callbacks_fit_320_pixels(promising: Promising) -> None:
    a_busy_day(promising)
    wide = "document.documentElement.scrollWidth"
    page = await page_of(promising, viewport={"width": 320, "height": 800})
    await expect(row(page, "Ann Lee")).to_be_visible()
    assert await page.evaluate(wide) == 320
    page = await previewed(promising, viewport={"width": 320, "height": 800})
    assert await page.evaluate(wide) == 320
