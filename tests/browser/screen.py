"""The console as a person uses it, and what the exchange and the mind do meanwhile."""

from __future__ import annotations

import asyncio
import re
from typing import Any, Literal

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, expect

from agent_console.snapshot import Choice, ConsoleSettings
from callcenter.floor import events as e
from callcenter.floor.call import Call
from callcenter.floor.card import (
    Answer,
    Candidate,
    Contact,
    Evidence,
    Fact,
    Phrasing,
    Profile,
    Reason,
)
from callcenter.ports import User
from tests.console_kit import AMY, Site, Wished

PATIENCE = 30_000
"""Milliseconds until something that must happen counts as not happening."""

expect.set_options(timeout=PATIENCE)


def _choice(code: str, en: str, hans: str, hant: str) -> Choice:
    return Choice(code, {"en": en, "zh-Hans": hans, "zh-Hant": hant})


SETTINGS = ConsoleSettings(
    break_reasons=(
        _choice("lunch", "Lunch", "午餐", "午餐"),
        _choice("training", "Training", "培训", "培訓"),
    ),
    reasons=(
        _choice("card.lost", "Card lost", "卡片遗失", "卡片遺失"),
        _choice("dispute", "Disputed charge", "交易异议", "交易異議"),
        _choice("balance", "Balance", "余额", "餘額"),
        _choice("fees", "Fees", "费用", "費用"),
        _choice("address", "New address", "变更地址", "變更地址"),
        _choice("pin", "PIN", "密码", "密碼"),
        _choice("app", "App", "应用", "應用程式"),
        _choice("close", "Close account", "销户", "銷戶"),
    ),
    outcomes=(
        _choice("solved", "Solved", "已解决", "已解決"),
        _choice("passed_on", "Passed on", "已转交", "已轉交"),
    ),
    wrapup_seconds=None,
    currency="GBP",
    time_zone="Europe/London",
    demo_phone=False,
)


class Stage:
    """A site and the browser windows that look at it. ``faults``: what pages complained about."""

    def __init__(self, site: Site, browser: Browser) -> None:
        self.site = site
        self.desk = site.desk
        self.faults: list[str] = []
        self._browser = browser
        self._contexts: list[BrowserContext] = []

    async def context(self, **options: Any) -> BrowserContext:
        """A browser profile of its own: own cookies, storage, locks."""
        options = {"locale": "en-GB", "viewport": {"width": 1440, "height": 900}, **options}
        context = await self._browser.new_context(**options)
        context.set_default_timeout(PATIENCE)
        self._contexts.append(context)
        return context

    async def page(self, context: BrowserContext | None = None, **options: Any) -> Page:
        page = await (context or await self.context(**options)).new_page()
        page.on("pageerror", lambda error: self.faults.append(f"error: {error}"))
        page.on("console", self._console)
        await page.goto(f"{self.site.url}/")
        return page

    def _console(self, message: ConsoleMessage) -> None:
        if re.search(r"Content Security Policy|Trusted ?Type|integrity", message.text):
            self.faults.append(message.text)

    async def signed_in(
        self, user: User = AMY, context: BrowserContext | None = None, **options: Any
    ) -> Page:
        """A window in which ``user`` has signed in and is connected."""
        page = await self.page(context, **options)
        await page.locator("[name=username]").fill(user.user)
        await page.locator("[name=password]").fill("correct horse")
        await page.locator("[name=password]").press("Enter")
        await connected(page)
        return page

    def cut(self, user: User = AMY) -> None:
        """The network goes away without a word, for all sockets of the user."""
        for connection in self.site.screens.seat(user.user).connections:
            connection.cut()

    async def close(self) -> None:
        for context in self._contexts:
            await context.close()

    # --- the engine's own line ---------------------------------------------------------------

    def open_line(self, *users: User, **changes: Any) -> None:
        """A floor that distributes ``sales`` itself, with these members. Before anybody looks."""
        queue = e.QueueSettings(queue="sales", distribution="engine", ring_seconds=20.0)
        self.desk.open(queues=(e.QueueSettings(queue="support"), queue), **changes)
        self.desk.post(
            e.ExchangeConnected(at=self.desk.now(), version="Asterisk 22", restarted=False)
        )
        self.desk.post(e.SnapshotCompared(at=self.desk.now(), drift=0, audit=False))
        for user in users:
            assert user.device is not None
            self.desk.post(
                e.MemberSeen(
                    at=self.desk.now(),
                    queue="sales",
                    device=user.device,
                    name=user.name,
                    paused=False,
                    state="idle",
                )
            )

    def wait(self, call: str = "s1", name: str = "王小明") -> None:
        """A caller comes and waits in ``sales``; long enough for the engine to give them out."""
        at = self.desk.now()
        self.desk.post(
            e.CallArrived(
                at=at - 30,
                call=call,
                direction="inbound",
                number="+442079460123",
                name=name,
                dialled="sales",
            )
        )
        self.desk.post(
            e.CallQueued(at=at, call=call, queue="sales", position=1, by="engine", leg=call)
        )
        self.desk.post(e.TimePassed(at=at + 1))

    # --- call control --------------------------------------------------------------------------

    async def asked(self, do: str) -> e.ControlAsked:
        """What was asked for, once it was."""
        async with asyncio.timeout(PATIENCE / 1000):
            while True:
                found = [one for one in self.desk.wished(e.ControlAsked) if one.do == do]
                if found:
                    return found[-1]
                await asyncio.sleep(0.02)

    async def wished(self, kind: type[Wished]) -> Wished:
        """The first wish of this kind, once it was made."""
        async with asyncio.timeout(PATIENCE / 1000):
            while not self.desk.wished(kind):
                await asyncio.sleep(0.02)
        return self.desk.wished(kind)[0]

    def confirm(self, event: type[e.Event], /, call: str = "c1", **fields: Any) -> None:
        """The exchange reports something about the call."""
        made: Any = event
        self.desk.post(made(at=self.desk.now(), call=call, **fields))

    # --- calls -------------------------------------------------------------------------------

    def ring(self, call: str = "c1", name: str | None = None, user: User = AMY) -> None:
        at = self.desk.now()
        assert user.device is not None
        self.desk.post(
            e.CallArrived(
                at=at - 23,
                call=call,
                direction="inbound",
                number="+442079460123",
                name=name,
                dialled="support",
            )
        )
        self.desk.post(e.CallQueued(at=at - 22, call=call, queue="support", position=1))
        self.desk.post(e.CallOffered(at=at, call=call, device=user.device, leg=f"{call}-1",
                                     queue="support"))  # fmt: skip

    def talk(self, call: str = "c1", user: User = AMY) -> None:
        self.desk.post(
            e.CallLeftQueue(at=self.desk.now(), call=call, queue="support", why="answered")
        )
        self.desk.talk(call, user.device or "")

    def hang_up(self, call: str = "c1") -> None:
        self.desk.end(call)

    def rename(self, name: str, call: str = "c1", user: User = AMY) -> None:
        """The exchange learned another caller name: one more revision of the card, told at once."""
        self.desk.post(
            e.CallerChanged(at=self.desk.now(), call=call, number="+442079460123", name=name)
        )
        self.site.screens.seat(user.user).tell()

    def identify(self, call: str = "c1", name: str = "王小明", several: bool = False) -> None:
        first = _candidate("p1", name, 0.7 if several else 0.95)
        self.desk.post(
            e.CallerIdentified(
                at=self.desk.now(),
                call=call,
                identity="candidates" if several else "known",
                candidates=(first, _candidate("p2", "王美玲", 0.2)) if several else (first,),
                profile=profile(name, self.desk.now()),
                ask=self.question(call).asked,
            )
        )

    def predict(self, call: str = "c1") -> None:
        self.desk.post(
            e.ReasonsPredicted(
                at=self.desk.now(),
                call=call,
                reasons=(
                    Reason(code="dispute", probability=0.6),
                    Reason(code="fees", probability=0.2),
                ),
                model="test",
                ask=self.question(call).predict_ask,
            )
        )

    def answer(self, call: str = "c1", entries: int = 3) -> None:
        found = tuple(
            Answer(
                id=f"a{i}",
                reason="dispute",
                source="knowledge/disputes.md",
                phrasings=(
                    Phrasing(
                        language="en",
                        title=f"Disputes, part {i}",
                        body="I open a dispute now.\n\nYou need not pay it meanwhile.",
                    ),
                    Phrasing(
                        language="zh-Hant",
                        title=f"交易異議 {i}",
                        body="我現在就為這筆交易提出異議。",
                    ),
                    Phrasing(
                        language="zh-Hans",
                        title=f"交易异议 {i}",
                        body="我现在就为这笔交易提出异议。",
                    ),
                ),
            )
            for i in range(entries)
        )
        self.desk.post(
            e.AnswersFound(
                at=self.desk.now(), call=call, answers=found, ask=self.question(call).answers_ask
            )
        )

    def question(self, call: str) -> Call:
        """A result counts only if it answers the latest question about the call."""
        return self.desk.floor.state.calls[call]

    def whole_card(self, call: str = "c1", several: bool = False) -> None:
        """A call rings and everything about it is known."""
        self.ring(call)
        self.identify(call, several=several)
        self.predict(call)
        self.answer(call)


def _candidate(person: str, name: str, probability: float) -> Candidate:
    evidence = (
        Evidence(code="number_exact", detail="+442079460123"),
        Evidence(code="number_shared", detail="2"),
    )
    return Candidate(person=person, name=name, probability=probability, evidence=evidence)


def profile(name: str, now: float) -> Profile:
    """Somebody with a fact of every kind and a past contact."""
    day = 86_400.0

    def fact(key: str, group: Any, kind: Any, value: Any, **more: Any) -> Fact:
        return Fact(key=key, group=group, kind=kind, value=value, **more)

    return Profile(
        person="p1",
        name=name,
        language="zh-Hant",
        tier="gold",
        facts=(
            fact("tier", "who", "code", "tier.gold", tone="good"),
            fact("customer_since", "who", "date", "2017-03-04"),
            fact("city", "who", "text", "Taipei"),
            fact("lifetime_value", "who", "money", 1_284_350, unit="GBP"),
            fact("late_order", "matters", "duration", 3.2 * day, detail="A-20911", tone="bad"),
            fact("open_cases", "matters", "count", 1, tone="warn"),
            fact("oldest_case", "matters", "instant", now - 9 * day, tone="bad"),
            fact("last_reason", "contacts", "code", "reason.dispute"),
            fact("promise_due", "promises", "instant", now + 5 * 3600, tone="warn"),
            fact("consent_marketing", "consent", "flag", False, tone="warn"),
            fact("wholly_new_fact", "who", "share", 0.25),
        ),
        contacts=(
            Contact(call="x1", at=now - 2 * day, queue="support", agent="Maria", reason="dispute",
                    outcome="passed_on", notes="Asked for the slip.", wait=83.0, talk=412.0,
                    transfers=1, ended="completed"),
            Contact(call="x2", at=now - 5 * day, queue="support", agent=None, reason=None,
                    outcome=None, notes="", wait=251.0, talk=0.0, transfers=0, ended="abandoned"),
        ),
    )  # fmt: skip


class Witness:
    """A second page of the same browser that listens to what the leading tab tells the others.

    It counts what was really applied, without any door in the console made for tests.
    """

    def __init__(self, page: Page) -> None:
        self._page = page

    @classmethod
    async def of(cls, page: Page, user: User = AMY) -> Witness:
        other = await page.context.new_page()
        await other.goto(f"{page.url.split('#')[0]}THIRD_PARTY_LICENSES.txt")
        await other.evaluate(
            """(name) => {
                window.seen = { applied: [], snapshots: 0, phases: [] };
                window.bus = new BroadcastChannel(name);
                window.bus.onmessage = ({ data }) => {
                    if (data.k === "status") window.seen.phases.push(
                        data.status.phase + ":" + data.status.why);
                    if (data.k !== "input") return;
                    const { kind, frame } = data.input;
                    if (kind === "welcome" && frame.snapshot) window.seen.snapshots += 1;
                    if (kind === "event" && frame.seq !== undefined) {
                        window.seen.applied.push(frame.seq);
                    }
                };
            }""",
            f"cc.line.{user.user}",
        )
        return cls(other)

    async def applied(self, least: int = 0) -> list[int]:
        """Positions applied, once there are at least so many."""
        await self._page.wait_for_function("(n) => window.seen.applied.length >= n", arg=least)
        found: list[int] = await self._page.evaluate("window.seen.applied")
        return found

    async def snapshots(self, least: int) -> int:
        await self._page.wait_for_function("(n) => window.seen.snapshots >= n", arg=least)
        found: int = await self._page.evaluate("window.seen.snapshots")
        return found

    async def phase(self, text: str) -> None:
        """Wait until the channel has been in this condition, such as ``disconnected:slow``."""
        await self._page.wait_for_function("(p) => window.seen.phases.includes(p)", arg=text)


async def connected(page: Page) -> None:
    await expect(page.locator(".statusline .status").first).to_have_class(re.compile("status-good"))


async def choose_state(page: Page, text: str) -> None:
    await page.locator("#state-button").click()
    await page.locator("#state-panel").get_by_role("button", name=text, exact=True).click()


def caller(page: Page) -> Locator:
    return page.locator("h1#caller")


def notes(page: Page) -> Locator:
    return page.locator("textarea[name=notes]")


Pick = Literal["reason", "outcome"]


def choice(page: Page, kind: Pick, text: str) -> Locator:
    return page.locator(f"input[name={kind}]").locator("xpath=..").filter(has_text=text)
