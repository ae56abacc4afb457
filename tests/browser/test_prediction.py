"""Why they call and what to say, as agents see and answer it; the prediction as supervisors do.

The floor behind the pages is the product's. The last test drives the whole demonstration.
"""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Locator, Page, Route, expect

from agent_console.snapshot import Choice
from callcenter.demo_people import PASSWORD
from callcenter.floor import events as e
from callcenter.floor.card import Answer, Card, Cause, Phrasing, Reason, Words
from callcenter.floor.errors import UnknownCall
from tests.browser.screen import SETTINGS, Stage, choice, connected, notes
from tests.browser.test_looks import still, violations
from tests.console_kit import KIM, site

pytestmark = pytest.mark.browser
LEAVES = 250


def named(code: str, en: str, hans: str, hant: str, head: str | None = None) -> Choice:
    return Choice(code, {"en": en, "zh-Hans": hans, "zh-Hant": hant}, head)


HEADS = (named("cards", "Cards", "卡片", "卡片"), named("service", "Service", "服务", "服務"))
REASONS = tuple(
    replace(one, head="cards" if one.code in ("card.lost", "pin") else "service")
    for one in SETTINGS.reasons
)
PACK = replace(
    SETTINGS,
    heads=HEADS,
    reasons=REASONS
    + tuple(
        named(f"leaf_{i}", f"Leaf {i}", f"第{i}项", f"第{i}項", ("cards", "service")[i % 2])
        for i in range(LEAVES - len(REASONS))
    ),
    happenings=(
        named("card_declined", "Card declined", "刷卡被拒", "刷卡被拒"),
        named("callback", "Asked for a callback", "申请回拨", "申請回撥"),
    ),
    pages=(named("fees", "Fees", "费用", "費用"),),
    conditions=(named("outage", "Outage", "故障", "故障"),),
)


@pytest_asyncio.fixture(loop_scope="session")
async def bank(chromium: Browser, console_folder: Path) -> AsyncIterator[Stage]:
    """As ``stage``, with hundreds of reasons under heads."""
    async with AsyncExitStack() as stack:
        here = await stack.enter_async_context(site(console_folder, settings=PACK))
        made = Stage(here, chromium)
        stack.push_async_callback(made.close)
        yield made
    assert made.faults == []


def causes(now: float) -> tuple[Cause, ...]:
    return (
        Cause(group="order_late", code="order_late", kind="duration", value=3.2 * 86_400,
              detail="O000123-1"),
        Cause(group="page.fees", code="page.fees", kind="instant", value=now - 600),
        Cause(group="happening.callback", code="topic", kind="code", value="reason.fees"),
    )  # fmt: skip


def predict(stage: Stage, *reasons: Reason, call: str = "c1", **more: Any) -> None:
    stage.desk.post(
        e.ReasonsPredicted(
            at=stage.desk.now(), call=call, reasons=reasons, model="trees-7",
            ask=stage.question(call).predict_ask, **more,
        )
    )  # fmt: skip


def answers(stage: Stage, *found: Answer, call: str = "c1") -> None:
    stage.desk.post(
        e.AnswersFound(
            at=stage.desk.now(), call=call, answers=found, ask=stage.question(call).answers_ask
        )
    )


def entry(id: str, **more: Any) -> Answer:
    body = Phrasing(language="en", title=f"About {id}", body=f"Dear Mr Wang, {id}.")
    return Answer(id=id, reason="dispute", source="kb", phrasings=(body,), **more)


def said(stage: Stage, text: str, source: Any = "ivr", call: str = "c1") -> None:
    words = Words(source=source, text=text, language="en")
    stage.desk.said(e.CallerSaid(at=stage.desk.now(), call=call, words=words))


def card_of(stage: Stage, call: str = "c1") -> Card:
    return next(card for card in stage.desk.view().cards["amy"] if card.call == call)


async def places(page: Page) -> list[Any]:
    """Where every panel is and how large."""
    found: list[Any] = await page.evaluate(
        """() => [...document.querySelectorAll('.panel, .reason-rows, textarea')].map(
            (one) => {
                const { x, y, width, height } = one.getBoundingClientRect();
                return [x, y + window.scrollY, width, height].map(Math.round);
            })"""
    )
    return found


async def known(stage: Stage) -> None:
    """A call rings, the person is known; why they call is not yet."""
    stage.ring()
    stage.identify()


# --- why they call -------------------------------------------------------------------------------


async def test_causes_are_said_in_the_readers_language(bank: Stage) -> None:
    page = await bank.signed_in()
    await known(bank)
    predict(bank, Reason(code="dispute", probability=0.62, why=causes(bank.desk.now())))
    panel = page.locator(".panel-reasons")
    for text in ("Disputed charge", "62%", "Order O000123-1 is 3 days late",
                 "Looked at “Fees” 10 minutes ago", "Asked for a callback: Fees",
                 "trees-7"):  # fmt: skip
        await expect(panel).to_contain_text(text)
    await page.locator("#preferences-button").click()
    await page.get_by_role("radio", name="繁體中文").check()
    await expect(panel).to_contain_text("訂單 O000123-1 已延誤 3 天")
    await expect(panel).to_contain_text("申請回撥：費用")


async def test_a_better_prediction_comes_late_and_nothing_moves(bank: Stage) -> None:
    """Words, a wholly other ranking and more causes than before patch what is shown in place."""
    page = await bank.signed_in()
    await known(bank)
    await expect(page.locator(".panel-reasons")).to_contain_text("Working out")
    pending = (await places(page))[:3]
    predict(bank, Reason(code="fees", probability=0.3), Reason(code="app", probability=0.1))
    answers(bank, entry("a1", score=0.4), entry("a2", score=0.2))
    await expect(page.locator("details.answer")).to_have_count(2)
    await expect(page.locator(".reason")).to_have_count(2)
    await notes(page).click()
    before = await places(page)
    assert before[:3] == pending
    said(bank, "my card was swallowed " * 40)
    said(bank, "2-1", source="path")
    now = bank.desk.now()
    predict(
        bank,
        Reason(code="card.lost", probability=0.8, why=causes(now)),
        Reason(code="pin", probability=0.1, why=causes(now)),
        Reason(code="fees", probability=0.05, why=causes(now)),
        late=True,
        not_ours=True,
    )
    answers(bank, entry("a1", score=0.4), entry("a2", score=0.2))
    await expect(page.locator(".reason").first).to_contain_text("Card lost")
    await expect(page.locator(".said-before")).to_contain_text("swallowed")
    await expect(page.locator(".causes > li")).to_have_count(7)
    await expect(page.locator(".said-before")).to_contain_text("none of the known reasons")
    assert await places(page) == before
    assert await page.evaluate("document.activeElement.name") == "notes"


async def test_words_of_strangers_are_text_and_marked_as_theirs(bank: Stage) -> None:
    """Markup stays text; the way through the menu is no quotation; the agent's notes are not shown
    as the customer's words."""
    page = await bank.signed_in()
    await known(bank)
    said(bank, '<img src=x onerror="document.title=1"> \u202egnp.exe')
    said(bank, "2-1", source="path")
    said(bank, "the agent wrote this down", source="note")
    await expect(page.locator(".said-before q")).to_have_count(1)
    await expect(page.locator(".said-before q")).to_contain_text("<img src=x")
    before = page.locator(".said-before")
    await expect(before).to_contain_text("Said to the menu:")
    await expect(before).to_contain_text("Keys in the menu: 2-1")
    await expect(before).not_to_contain_text("wrote this down")
    assert await page.locator(".said-before img").count() == 0


async def test_what_is_not_known_and_what_is_not_ours(bank: Stage) -> None:
    page = await bank.signed_in()
    await known(bank)
    predict(bank)
    panel = page.locator(".panel-reasons")
    await expect(panel).to_contain_text("Not known.")
    said(bank, "do you sell bicycles")
    predict(bank, not_ours=True)
    await expect(panel).to_contain_text("none of the known reasons")
    await expect(panel).not_to_contain_text("Not known.")


# --- what to say ---------------------------------------------------------------------------------


async def suggested(stage: Stage, page: Page, *found: Answer) -> Locator:
    await known(stage)
    predict(stage, Reason(code="dispute", probability=0.6))
    answers(stage, *found)
    await expect(page.locator("details.answer")).to_have_count(len(found))
    return page.locator("details.answer")


async def test_the_sure_answer_opens_itself_and_a_closed_one_stays_closed(bank: Stage) -> None:
    page = await bank.signed_in()
    shown = await suggested(bank, page, entry("a1", score=0.9, automatic=True), entry("a2"))
    await expect(shown.nth(0)).to_have_attribute("open", "")
    await expect(shown.nth(1)).not_to_have_attribute("open", "")
    await expect(shown.nth(0).locator("summary")).to_contain_text("90%")
    await shown.nth(0).locator("summary").click()
    bank.rename("Somebody Else")
    await expect(page.locator(".strip-line")).to_contain_text("Somebody Else")
    await expect(shown.nth(0)).not_to_have_attribute("open", "")


async def test_marks_reach_the_floor_and_show_what_it_holds(bank: Stage) -> None:
    """By mouse and by keyboard; another mark replaces the first."""
    page = await bank.signed_in()
    shown = await suggested(bank, page, entry("a1", automatic=True), entry("a2"))
    used = page.get_by_role("button", name="Used: About a1")
    wrong = page.get_by_role("button", name="Wrong: About a1")
    await used.click()
    mark = await bank.wished(e.AnswerMarked)
    assert (mark.agent, mark.call, mark.answer, mark.mark) == ("amy", "c1", "a1", "used")
    await expect(used).to_have_attribute("aria-pressed", "true")
    await page.keyboard.press("Control+Shift+B")
    await expect(wrong).to_have_attribute("aria-pressed", "true")
    await expect(used).to_have_attribute("aria-pressed", "false")
    await expect(shown.nth(0)).to_have_class(re.compile("answer-wrong"))
    assert card_of(bank).marks == (("a1", "wrong"),)
    await shown.nth(1).locator("summary").focus()
    await page.keyboard.press("Control+Shift+U")
    await expect(shown.nth(1)).to_have_class(re.compile("answer-used"))
    assert dict(card_of(bank).marks) == {"a1": "wrong", "a2": "used"}


async def test_a_mark_is_shown_at_once_and_taken_back_when_refused(bank: Stage) -> None:
    page = await bank.signed_in()
    await suggested(bank, page, entry("a1", automatic=True))

    def refuse(_: e.AnswerMarked) -> None:
        raise UnknownCall("no call c1")

    bank.desk.instead[e.AnswerMarked] = refuse
    used = page.get_by_role("button", name="Used: About a1")
    await used.click()
    await expect(page.locator(".notice")).to_contain_text("no longer yours")
    await expect(used).to_have_attribute("aria-pressed", "false")
    del bank.desk.instead[e.AnswerMarked]
    bank.desk.gate.clear()  # the disk is slow: the mark is there before it is durable
    bank.desk.instead[e.AnswerMarked] = lambda _: None
    await used.click()
    await expect(used).to_have_attribute("aria-pressed", "true")
    bank.desk.gate.set()
    await expect(used).to_have_attribute("aria-pressed", "false")  # the floor's word counts


async def test_the_personal_wording_is_copied_and_counts_as_used(bank: Stage) -> None:
    context = await bank.context(permissions=["clipboard-read", "clipboard-write"])
    page = await bank.signed_in(context=context)
    await suggested(bank, page, entry("a1", automatic=True))
    await page.get_by_role("button", name="Copy: About a1").click()
    mark = await bank.wished(e.AnswerMarked)
    assert (mark.answer, mark.mark) == ("a1", "used")
    assert await page.evaluate("navigator.clipboard.readText()") == "Dear Mr Wang, a1."


async def test_nothing_fits(bank: Stage) -> None:
    """Also where nothing was suggested; what was asked goes along."""
    page = await bank.signed_in()
    await known(bank)
    predict(bank)
    await expect(page.locator(".nothing-fits")).to_be_visible()
    await page.keyboard.press("Control+Shift+O")
    await expect(page.get_by_label("What was asked?")).to_be_focused()
    await page.keyboard.type("Does the card work in Samoa?")
    await page.keyboard.press("Enter")
    mark = await bank.wished(e.AnswerMarked)
    assert (mark.answer, mark.mark, mark.text) == (None, "missing", "Does the card work in Samoa?")
    await expect(page.locator(".answers-missing")).to_contain_text("no answer fitted")


# --- what it was about ---------------------------------------------------------------------------


async def test_one_of_hundreds_is_found_by_typing(bank: Stage) -> None:
    """The combobox by keyboard alone, in another language's name; the head is shown with it."""
    page = await bank.signed_in()
    await known(bank)
    bank.talk()
    field = page.get_by_role("combobox", name="Another reason")
    await field.click()
    options = page.get_by_role("option")
    await expect(options).to_have_count(LEAVES)
    await expect(page.get_by_role("group", name="Cards").first).to_be_visible()
    assert await field.get_attribute("aria-expanded") == "true"
    await page.keyboard.type("第241項")
    await expect(options).to_have_count(1)
    await page.keyboard.press("Escape")
    await expect(options).to_have_count(0)
    await page.keyboard.press("ArrowDown")
    await page.keyboard.type("leaf 2")
    first = await field.get_attribute("aria-activedescendant")
    assert first == "reason-leaf_2"  # the exact name before the longer ones
    await page.keyboard.press("ArrowDown")
    assert await field.get_attribute("aria-activedescendant") not in (None, first)
    await page.keyboard.press("ArrowUp")
    await page.keyboard.press("Enter")
    await expect(page.locator(".chosen-reason")).to_have_text("Cards › Leaf 2")
    await choice(page, "outcome", "Solved").click()
    bank.hang_up()
    await page.get_by_role("button", name=re.compile("^Finish")).click()
    noted = await bank.wished(e.OutcomeNoted)
    assert (noted.reason, noted.outcome) == ("leaf_2", "solved")


async def test_predicted_reasons_are_one_click_each(bank: Stage) -> None:
    page = await bank.signed_in()
    await known(bank)
    predict(bank, Reason(code="leaf_77", probability=0.5), Reason(code="pin", probability=0.2))
    rows = page.locator(".reason-rows .choice-text")
    await expect(rows.nth(0)).to_have_text("Leaf 77")
    await expect(rows.nth(1)).to_have_text("PIN")
    await rows.nth(0).click()
    await expect(page.locator(".chosen-reason")).to_have_text("Service › Leaf 77")


async def test_notes_become_words_until_a_reason_is_chosen(bank: Stage) -> None:
    """The floor hears what the agent writes during the call, and asks anew why they call."""
    page = await bank.signed_in()
    await known(bank)
    bank.talk()
    predict(bank, Reason(code="fees", probability=0.3))
    asked = bank.question("c1").predict_ask
    await notes(page).fill("card was swallowed by the machine")
    await notes(page).blur()
    async with asyncio.timeout(30):
        while bank.question("c1").predict_ask == asked:
            await asyncio.sleep(0.05)
    heard = [one for one in card_of(bank).words if one.source == "note"]
    assert heard == [Words(source="note", text="card was swallowed by the machine", language="en")]
    await page.locator(".reason-rows input").first.check()
    await notes(page).fill("card was swallowed by the machine, wants another")
    await expect(page.locator(".saved")).to_contain_text("Saved")
    await asyncio.sleep(5.5)  # longer than notes are held back
    assert [one for one in card_of(bank).words if one.source == "note"] == heard


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing(bank: Stage, scheme: str) -> None:
    """The card with everything on it, the open list, and the supervisor's dialog."""
    page = await still(await bank.signed_in(color_scheme=scheme))
    shown = await suggested(bank, page, entry("a1", score=0.9, automatic=True), entry("a2"))
    said(bank, "my card is gone")
    predict(bank, Reason(code="card.lost", probability=0.6, why=causes(bank.desk.now())),
            not_ours=True)  # fmt: skip
    answers(bank, entry("a1", score=0.9, automatic=True), entry("a2"))
    await page.get_by_role("button", name="Wrong: About a1").click()
    await expect(shown.nth(0)).to_have_class(re.compile("answer-wrong"))
    found = {"card": await violations(page)}
    await page.get_by_role("combobox", name="Another reason").click()
    await page.keyboard.type("leaf 1")
    found["list"] = await violations(page)
    async with overseen(bank, color_scheme=scheme) as (page, _):
        await still(page)
        await expect(page.locator(".prediction-figures")).to_be_visible()
        found["floor"] = await violations(page)
        await page.get_by_role("button", name="Details").click()
        await expect(page.locator(".clusters li").first).to_be_visible()
        found["dialog"] = await violations(page)
    assert found == {name: [] for name in found}


# --- supervisors ---------------------------------------------------------------------------------


class Server:
    """What the HTTP side answers, and what was asked of it."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, Any]] = []
        self.conditions: list[dict[str, Any]] = []
        self.outlook: dict[str, Any] = {
            "since": 1.7e9, "until": 1.7e9 + 86_400, "calls": 1834, "predicted": 1712,
            "confirmed": 1690, "model": "trees-7", "top1": 0.617, "top3": 0.852, "coverage": 0.933,
            "log_loss": 1.312, "brier": 0.512, "ece": 0.018, "drift": 0.041, "drift_alarm": False,
            "calibration_alarm": False,
            "reliability": [{"p": 0.25, "share": 0.3, "n": 40}, {"p": 0.75, "share": 0.7, "n": 10}],
            "groups": [{"group": "queue", "value": "support", "n": 900, "top1": 0.64}],
            "answers": {"suggested": 4012, "used": 1200, "wrong": 33, "missing": 12},
            "models": [
                {"name": "trees-7", "kind": "reasons", "state": "champion", "made": 1.7e9,
                 "lessons": 31_244, "top1": 0.61, "log_loss": 1.31, "ece": 0.017},
                {"name": "trees-8", "kind": "reasons", "state": "challenger", "made": 1.7e9,
                 "lessons": 32_000, "top1": None, "log_loss": None, "ece": None},
            ],
            "training": {"running": True, "progress": 0.4, "step": "x", "last": None,
                         "failed": None},
            "baselines": {"frequent": 0.09, "usual": 0.2, "last": None, "event": 0.55},
        }  # fmt: skip

    async def begin(self, context: BrowserContext) -> None:
        await context.route("**/api/v1/prediction**", self._prediction)
        await context.route("**/api/v1/prediction/**", self._prediction)
        await context.route("**/api/v1/conditions**", self._conditions)
        await context.route("**/api/v1/conditions/**", self._conditions)
        await context.route("**/api/v1/questions**", self._questions)

    async def _prediction(self, route: Route) -> None:
        if route.request.method == "GET":
            await route.fulfill(json=self.outlook)
            return
        self._note(route)
        await route.fulfill(status=204)

    async def _conditions(self, route: Route) -> None:
        if route.request.method == "GET":
            await route.fulfill(json={"conditions": self.conditions})
            return
        body = self._note(route)
        name = route.request.url.rpartition("/")[2]
        if route.request.method == "PUT":
            row = {"since": 1.7e9, "until": None, "product": None, "id": name, **body}
            self.conditions.append(row)
        else:
            self.conditions = [one for one in self.conditions if one["id"] != name]
        await route.fulfill(status=204)

    async def _questions(self, route: Route) -> None:
        cluster = {
            "size": 14,
            "this_week": 5,
            "week_before": 2,
            "examples": ["<b>Samoa</b>?", "薩摩亞？"],
            "reasons": [["card.lost", 9], ["pin", 2]],
            "languages": [["en", 10], ["zh-Hant", 4]],
        }
        await route.fulfill(json={"clusters": [cluster]})

    def _note(self, route: Route) -> Any:
        request = route.request
        body = request.post_data_json
        self.asked.append((request.method, request.url.partition("/api/v1/")[2], body))
        return body


@asynccontextmanager
async def overseen(stage: Stage, **options: Any) -> AsyncIterator[tuple[Page, Server]]:
    server, context = Server(), await stage.context(**options)
    await server.begin(context)
    page = await stage.signed_in(KIM, context)
    await page.evaluate("location.hash = '#/floor'")
    yield page, server


async def test_the_tile_says_how_good_the_prediction_is(bank: Stage) -> None:
    """Beside what counting alone would do; the drawing as a table; figures that are none yet."""
    async with overseen(bank) as (page, server):
        tile = page.get_by_role("region", name="Prediction")
        for text in ("62%", "Counting alone: 55% (latest event)", "85%", "93%",
                     "1,712 of 1,834 calls", "0.018", "0.041", "1,200", "33 wrong, 12 missing",
                     "trees-7", "Learning"):  # fmt: skip
            await expect(tile).to_contain_text(text)
        rows = tile.locator(".reliability table tbody tr")
        assert await rows.all_text_contents() == ["25%30%40", "75%70%10"]
        assert await tile.locator("circle").count() == 2
        nothing = dict.fromkeys(server.outlook)
        server.outlook = {**nothing, "since": 0, "until": 1}
        await page.reload()
        await expect(tile).to_contain_text("none yet")
        await expect(tile).to_contain_text("No confirmed calls yet.")
        await expect(tile).not_to_contain_text("NaN")


async def test_without_figures_the_tile_says_so(stage: Stage) -> None:
    """A server that has no such address, or is away."""
    page = await stage.signed_in(KIM)
    await page.route("**/api/v1/prediction**", lambda route: route.abort())
    await page.evaluate("location.hash = '#/floor'")
    await page.reload()
    tile = page.get_by_role("region", name="Prediction")
    await expect(tile).to_contain_text("could not be loaded")


async def test_a_model_is_promoted_only_when_asked_twice(bank: Stage) -> None:
    async with overseen(bank) as (page, server):
        await page.get_by_role("button", name="Details").click()
        await page.get_by_role("button", name="Use trees-8").click()
        await expect(page.get_by_role("button", name="Really use trees-8?")).to_be_visible()
        assert server.asked == []
        await page.get_by_role("button", name="Really use trees-8?").click()
        await expect(page.locator(".notice")).to_contain_text("The next call uses it.")
        await page.get_by_role("button", name="Back to the one before: reasons").click()
        await page.get_by_role("button", name="Really go back? reasons").click()
        await expect(page.locator(".notice")).to_have_count(2)
        assert server.asked == [
            ("POST", "prediction/models/trees-8/promote", {}),
            ("POST", "prediction/rollback/reasons", {}),
        ]


async def test_an_outage_is_switched_on_and_ended(bank: Stage) -> None:
    async with overseen(bank) as (page, server):
        await page.get_by_role("button", name="Details").click()
        dialog = page.get_by_role("dialog")
        await expect(dialog).to_contain_text("Nothing at the moment.")
        await dialog.get_by_label(re.compile("What is it")).fill("the app")
        await dialog.get_by_label(re.compile("Only with product")).fill("app")
        await page.keyboard.press("Enter")
        await expect(dialog.locator(".condition-rows")).to_contain_text("Outage: the app")
        await dialog.get_by_role("button", name="It is over: the app").click()
        await expect(dialog).to_contain_text("Nothing at the moment.")
        (put, address, body), (delete, again, _) = server.asked
        assert (put, delete, address) == ("PUT", "DELETE", again)
        assert body == {"kind": "outage", "title": "the app", "product": "app"}
        await expect(dialog.locator(".clusters")).to_contain_text("asked 14 times")
        await expect(dialog.locator(".clusters")).to_contain_text("5 this week, 2 the week before")
        await expect(dialog.locator(".clusters")).to_contain_text("Card lost · PIN · English")
        await expect(dialog.locator(".clusters")).to_contain_text("<b>Samoa</b>?")


# --- the demonstration ---------------------------------------------------------------------------


@asynccontextmanager
async def demonstration(folder: Path) -> AsyncIterator[str]:
    """The whole engine with its simulated exchange, as ``callcenter demo`` starts it."""
    run = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "callcenter", "demo", "--port", "0", "--people", "300",
        # More calls than the colleagues can take: one is always left for whoever gets ready.
        "--calls-per-hour", "1800", "--data", str(folder), cwd=Path(__file__).resolve().parents[2],
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    assert run.stdout is not None
    lines: list[str] = []
    try:
        async with asyncio.timeout(120):
            while True:
                line = (await run.stdout.readline()).decode()
                assert line, "".join(lines)
                lines.append(line)
                if at := re.search(r"http://127\.0\.0\.1:\d+", line):
                    break
        drain = asyncio.create_task(run.stdout.read())
        yield at[0]
        drain.cancel()
    finally:
        if run.returncode is None:
            run.terminate()
        await run.wait()


async def enter(page: Page, address: str, user: str) -> None:
    async with asyncio.timeout(60):
        while True:
            ready = await page.request.get(f"{address}/readyz")
            if ready.ok:
                break
            await asyncio.sleep(0.2)
    await page.goto(f"{address}/")
    await page.locator("[name=username]").fill(user)
    await page.locator("[name=password]").fill(PASSWORD)
    await page.locator("[name=password]").press("Enter")
    await connected(page)


async def until_somebody_known_calls(page: Page) -> None:
    """Takes the calls of people of whom nothing is known (withheld numbers), and finishes them."""
    panel, answer = page.locator(".panel-reasons"), page.locator(".pick-up")
    for _ in range(8):
        await expect(panel).to_be_visible(timeout=90_000)
        await expect(panel).not_to_contain_text("Working out")
        if await page.locator(".reason").count():
            return
        await answer.click()
        await page.locator(".hang-up").click()
        await page.locator(".reason-rows input").first.check()
        await page.locator("input[name=outcome]").first.check()
        finish = page.get_by_role("button", name=re.compile("^Finish"))
        await expect(finish).to_have_attribute("aria-disabled", "false")
        await finish.click()
        await expect(panel).to_have_count(0)
    pytest.fail("eight callers in a row of whom nothing is known")


async def test_the_demonstration_predicts_explains_and_learns(
    chromium: Browser, console_folder: Path, tmp_path: Path
) -> None:
    """A made-up customer rings: reasons with causes, an answer that is marked; the supervisor sees
    the figures, and an outage that is switched on is in the list until it is over."""
    async with demonstration(tmp_path / "demo") as address:
        context = await chromium.new_context(
            locale="en-GB", viewport={"width": 1440, "height": 900}
        )
        page = await context.new_page()
        await enter(page, address, "alice")
        await page.locator("#state-button").click()
        await page.locator("#state-panel").get_by_role("button", name="Ready", exact=True).click()
        await until_somebody_known_calls(page)
        await expect(page.locator(".model-name")).not_to_be_empty()
        answer = page.locator("details.answer").first
        await answer.locator("summary").click()
        await answer.locator(".mark-used").click()
        await expect(answer).to_have_class(re.compile("answer-used"))
        await context.close()

        context = await chromium.new_context(
            locale="en-GB", viewport={"width": 1440, "height": 900}
        )
        page = await context.new_page()
        await enter(page, address, "sam")
        await page.evaluate("location.hash = '#/floor'")
        tile = page.get_by_role("region", name="Prediction")
        await expect(tile.locator(".prediction-figures")).to_be_visible()
        await tile.get_by_role("button", name="Details").click()
        dialog = page.get_by_role("dialog")
        await dialog.get_by_label(re.compile("What is it")).fill("the app does not start")
        await page.keyboard.press("Enter")
        rows = dialog.locator(".condition-rows")
        await expect(rows).to_contain_text("the app does not start")
        await dialog.get_by_role("button", name="It is over: the app does not start").click()
        await expect(rows).not_to_contain_text("the app does not start")
        await context.close()
