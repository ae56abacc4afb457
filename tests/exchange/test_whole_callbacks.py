"""Callbacks all the way: the website, the engine, a real Asterisk, the customer's phone, the card.

The customer is a SIP phone at the other end of the trunk: whatever number is dialled reaches it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from playwright.async_api import Browser, Page, expect

from callcenter.floor.callback import DialEnd
from callcenter.floor.events import CallAnswered, CallbackBooked, CallbackDenied
from tests.browser.conftest import chromium, console_folder  # noqa: F401  # its fixtures
from tests.browser.screen import caller, choice, choose_state, connected
from tests.exchange.asterisk import Exchange
from tests.exchange.phones import (
    BUSY,
    DECLINES,
    NEVER_ANSWERS,
    Answers,
    Behaviour,
    Phones,
    Refuses,
)
from tests.exchange.visitors import (
    attempts,
    becomes,
    book,
    form,
    led_to,
    promising,
    scores,
    talk_together,
    the_only,
)
from tests.exchange.whole import (
    LINE,
    OBRIEN_CALLS,
    STRANGER,
    WANG_CALLS,
    Whole,
    card,
    sees,
    state,
    supervising,
    whole_card,
    wrap_up,
)
from tests.product import PASSWORD, WANG, until

pytestmark = pytest.mark.exchange

Promising: TypeAlias = Callable[..., AbstractAsyncContextManager[Whole]]
FEES = "Fees and interest"
WORDS = "Why was I charged a fee of 12 pounds in May?"
MOBILE = "+447400123456"


@pytest.fixture
def promises(
    centre_exchange: Exchange, centre_phones: Phones, reactor: Any, tmp_path: Path
) -> Promising:
    """Runs the product with a website whose visitors are called back."""

    def run(**options: Any) -> AbstractAsyncContextManager[Whole]:
        return promising(tmp_path, reactor, centre_exchange, centre_phones, **options)

    return run


@pytest.fixture
def key(centre_exchange: Exchange) -> Iterator[str]:
    """The key that asks to be called back."""
    centre_exchange.cli("dialplan set global CC_KEY 1")
    yield "1"
    centre_exchange.cli('dialplan set global CC_KEY ""')


# --- in browsers ------------------------------------------------------------------------------


@asynccontextmanager
async def window(chromium: Browser, **options: Any) -> AsyncIterator[Page]:  # noqa: F811
    """A browser of its own with one page."""
    options = {"locale": "en-GB", "timezone_id": "Europe/London", **options}
    context = await chromium.new_context(**options)
    context.set_default_timeout(60_000)
    try:
        yield await context.new_page()
    finally:
        await context.close()


@asynccontextmanager
async def desk(chromium: Browser, whole: Whole, user: str) -> AsyncIterator[Page]:  # noqa: F811
    """An agent's console, ready for calls."""
    async with window(chromium, viewport={"width": 1440, "height": 1000}) as page:
        await page.goto(f"{whole.url}/")
        await page.locator("[name=username]").fill(user)
        await page.locator("[name=password]").fill(PASSWORD)
        await page.locator("[name=password]").press("Enter")
        await connected(page)
        await choose_state(page, "Ready")
        await whole.paused(f"PJSIP/{user}", False)
        yield page


async def finish(page: Page) -> None:
    """Wrap-up, done by hand."""
    await choice(page, "reason", FEES).click()
    await page.get_by_role("radio", name="Solved", exact=True).check()
    await page.get_by_role("button", name="Finish").click()
    await expect(page.locator(".idle")).to_be_visible()


@pytest.mark.browser
@pytest.mark.usefixtures("console_folder")
async def test_from_the_website_to_the_talk_and_the_record(
    promises: Promising,
    chromium: Browser,  # noqa: F811  # the fixture imported above
    tmp_path: Path,
) -> None:
    """A visitor writes what it is about; their phone rings while the agent reads it on the card;
    both talk; the promise is counted as kept, and the visitor's page says that it is done."""
    async with promises(dial_seconds=120.0) as whole:
        agent = await whole.phone("1001")
        customer = await asyncio.to_thread(whole.phones.trunk, NEVER_ANSWERS)
        async with desk(chromium, whole, "1001") as page, window(chromium) as site:
            await form(whole.url)  # offers it by now
            await site.goto(f"{whole.url}/c/main/try")
            await site.get_by_label("In your own words").fill(WORDS)
            await site.get_by_role("button", name="Continue").click()
            await expect(site.get_by_text("What a fee was for")).to_be_visible()
            await site.get_by_role("button", name="Call me anyway").click()
            await site.get_by_label("Phone number").fill("020 7946 0123")
            await site.get_by_role("button", name="Continue").click()
            await expect(site.get_by_role("radio", name="As soon as possible")).to_be_checked()
            await site.get_by_role("button", name="Book the call").click()
            await expect(site.get_by_role("heading", name="We call you back")).to_be_focused()
            await asyncio.to_thread(customer.wait_called)

            row = await the_only(whole, {"dialling"})
            await expect(site.get_by_text(row.id)).to_be_visible()
            assert (row.number, row.words, row.origin) == (WANG_CALLS, WORDS, "web")
            assert row.dialled is not None
            assert row.opens <= row.dialled <= row.closes
            assert not agent.calls
            await expect(caller(page)).to_have_text(WANG.name)
            promised = page.locator(".promised")
            for text in ("Callback, promised", "asked for on the website", "attempt 1", row.id):
                await expect(promised).to_contain_text(text)
            reasons = page.get_by_role("region", name="Why they probably asked")
            await expect(reasons.get_by_role("listitem").first).to_contain_text(FEES)
            await expect(reasons).to_contain_text(WORDS)
            lead = page.locator(".callbar-lead")
            await expect(lead).to_have_text("Calling the customer…")
            await page.screenshot(path=tmp_path / "calling.png")

            await asyncio.to_thread(customer.next)
            await asyncio.to_thread(agent.wait_called)
            await expect(lead).to_have_text("The customer has answered: answer on your phone.")
            await asyncio.to_thread(agent.next)
            await expect(page.locator(".strip")).to_contain_text("Talking")
            await talk_together(whole.exchange, "1001")
            await page.screenshot(path=tmp_path / "talking.png")
            await site.get_by_role("link", name="See how it stands").click()
            await expect(site.get_by_text("We are talking to you")).to_be_visible()
            await asyncio.to_thread(customer.next)
            await expect(page.locator(".strip")).to_contain_text("Call ended")
            await finish(page)

            done = await becomes(whole, row.id, {"done"})
            assert (done.why, done.attempts, done.causes) == ("talked", 1, ())
            assert done.reached is not None
            assert await attempts(whole, row.id) == [("talked", WANG_CALLS)]
            assert await scores(whole) == (1, 1, 1)
            await site.reload()
            await expect(site.get_by_text("Done", exact=True)).to_be_visible()
            assert len(customer.calls) == 1
            await whole.at_rest()


@pytest.mark.browser
@pytest.mark.usefixtures("console_folder")
async def test_the_agent_first_after_a_preview(
    promises: Promising,
    chromium: Browser,  # noqa: F811  # the fixture imported above
    tmp_path: Path,
) -> None:
    """Nobody's phone rings until the agent says so; then theirs, and only then the customer's."""
    async with promises(first="agent", preview_seconds=300.0) as whole:
        agent = await whole.phone("1001")
        customer = await asyncio.to_thread(whole.phones.trunk, NEVER_ANSWERS)
        async with desk(chromium, whole, "1001") as page:
            booked = await book(whole.url, WANG_CALLS, WORDS)
            lead = page.locator(".callbar-lead")
            await expect(lead).to_have_text("Nobody is dialled until you say so.")
            await expect(page.get_by_text(WORDS)).to_be_visible()
            assert (await becomes(whole, booked.ref, {"reserved"})).attempts == 0
            assert (agent.calls, customer.calls) == ([], [])
            await page.screenshot(path=tmp_path / "preview.png")
            await page.get_by_role("button", name="Call now").click()
            await asyncio.to_thread(agent.wait_called)
            await expect(lead).to_contain_text("Your phone rings first")
            assert customer.calls == []
            await asyncio.to_thread(agent.next)
            await asyncio.to_thread(customer.wait_called)
            await expect(lead).to_have_text("Calling the customer…")
            await asyncio.to_thread(customer.next)
            await expect(page.locator(".strip")).to_contain_text("Talking")
            await talk_together(whole.exchange, "1001")
            await page.get_by_role("button", name="Hang up").click()
            await expect(page.locator(".strip")).to_contain_text("Call ended")
            await finish(page)
        done = await becomes(whole, booked.ref, {"done"})
        assert (done.why, done.attempts) == ("talked", 1)
        assert (len(agent.calls), len(customer.calls)) == (1, 1)
        await whole.at_rest()


# --- customers who are not reached ------------------------------------------------------------


@pytest.mark.parametrize(
    ("behaviour", "cause"),
    [
        (BUSY, "busy"),
        (NEVER_ANSWERS, "no_answer"),
        (DECLINES, "declined"),
        (Refuses("403 Forbidden"), "congestion"),  # by the provider
    ],
    ids=["busy", "no_answer", "declined", "provider"],
)
async def test_reached_by_the_second_attempt(
    promises: Promising, behaviour: Behaviour, cause: DialEnd
) -> None:
    """The agent is free meanwhile and their phone never rings for nothing; the card of the second
    attempt says how the first ended."""
    async with promises(dial_seconds=20.0 if cause != "no_answer" else 3.0) as whole:
        agent = await whole.phone("1001", Answers(ring=0.2))
        first = await asyncio.to_thread(whole.phones.trunk, behaviour)
        async with whole.agent("1001") as alice:
            booked = await book(whole.url, WANG_CALLS)
            await becomes(
                whole, booked.ref, {"retry", "due", "reserved"}, lambda one: one.causes == (cause,)
            )
            await asyncio.to_thread(whole.phones.stop, first)
            assert len(first.calls) == 1
            assert not agent.calls
            second = await asyncio.to_thread(whole.phones.trunk, Answers(ring=1.0))
            await sees(alice, lambda: bool(alice.cards) and card(alice)["callback"]["attempt"] == 2)
            assert card(alice)["callback"]["last_cause"] == cause
            await sees(alice, lambda: state(alice) == "talking")
            await talk_together(whole.exchange, "1001")
            await asyncio.to_thread(second.next)
            await sees(alice, lambda: state(alice) == "wrapup")
            await wrap_up(alice, card(alice)["call"])
        done = await becomes(whole, booked.ref, {"done"})
        assert (done.why, done.causes, done.attempts) == ("talked", (cause,), 2)
        assert await attempts(whole, booked.ref) == [(cause, WANG_CALLS), ("talked", WANG_CALLS)]
        assert (len(second.calls), len(agent.calls)) == (1, 1)
        await whole.at_rest()


async def test_a_number_that_does_not_exist_is_not_dialled_again(promises: Promising) -> None:
    async with promises() as whole:
        agent = await whole.phone("1001", Answers(ring=0.2))
        trunk = await asyncio.to_thread(whole.phones.trunk, Refuses("404 Not Found"))
        async with whole.agent("1001") as alice:
            booked = await book(whole.url, WANG_CALLS)
            over = await becomes(whole, booked.ref, {"expired"})
            assert (over.why, over.causes) == ("number_invalid", ("invalid",))
            assert (await booked.status())["state"] == "expired"
            await sees(alice, lambda: state(alice) == "ready" and not alice.cards)
            await whole.at_rest()
        assert (len(trunk.calls), agent.calls) == (1, [])


async def test_attempts_are_used_up(promises: Promising) -> None:
    """As many as the queue allows, and not one more; it counts as kept, though not as reached."""
    async with promises(max_attempts=2) as whole:
        await whole.phone("1001", Answers(ring=0.2))
        trunk = await asyncio.to_thread(whole.phones.trunk, BUSY)
        async with whole.agent("1001") as alice:
            booked = await book(whole.url, WANG_CALLS)
            over = await becomes(whole, booked.ref, {"expired"})
            assert (over.why, over.causes) == ("attempts_used", ("busy", "busy"))
            await sees(alice, lambda: state(alice) == "ready" and not alice.cards)
            await whole.at_rest()
        assert len(trunk.calls) == 2


async def test_a_message_for_a_machine(promises: Promising) -> None:
    """The exchange hears that a machine answers and leaves the message; no agent is rung for it."""
    async with promises(machine="message", max_attempts=1) as whole:
        agent = await whole.phone("1001", Answers(ring=0.2))
        trunk = await asyncio.to_thread(whole.phones.trunk, Answers(ring=0.2, voice="machine"))
        async with whole.agent("1001") as alice:
            booked = await book(whole.url, WANG_CALLS)
            over = await becomes(whole, booked.ref, {"expired"})
            assert (over.why, over.causes, over.message_left) == (
                "attempts_used",
                ("machine",),
                True,
            )
            await sees(alice, lambda: state(alice) == "ready" and not alice.cards)
            await whole.at_rest()
        assert (len(trunk.calls), agent.calls) == (1, [])


# --- the line ---------------------------------------------------------------------------------


async def test_the_place_in_line_is_kept(promises: Promising, key: str) -> None:
    """Who asks from the line and hangs up is called after those who came before and before those
    who came after."""
    async with promises() as whole:
        agent = await whole.phone("1001", Answers(ring=0.2))
        customer = await asyncio.to_thread(whole.phones.trunk, Answers(ring=0.2))
        line = whole.running.dispatch.view
        async with whole.agent("1001") as alice:
            first = await whole.call(LINE, WANG_CALLS)
            await sees(alice, lambda: state(alice) == "talking")
            earlier = await whole.call(LINE, OBRIEN_CALLS)
            await until(lambda: line().queues["service"].waiting == 1, "the earlier one waits")
            asking = await asyncio.to_thread(whole.phones.call, LINE, MOBILE, keys=True)
            await until(lambda: line().queues["service"].waiting == 2, "who will ask waits")
            later = await whole.call(LINE, "+447400123457")
            await until(lambda: line().queues["service"].waiting == 3, "the later one waits")
            await form(whole.url)
            await asyncio.to_thread(asking.press, key)
            await led_to(whole, MOBILE, "cc-callback-ask")
            await asyncio.to_thread(asking.press, "1")  # at this number
            assert len(await whole.noted(CallbackBooked)) == 1
            assert await asyncio.to_thread(asking.wait) == 0
            row = await the_only(whole, {"requested", "scheduled", "due"})
            assert (row.number, row.origin) == (MOBILE, "queue")
            assert customer.calls == []

            served = []
            for hangs_up in (first, earlier):
                served.append(card(alice)["number"])
                await asyncio.to_thread(hangs_up.hang_up)
                await sees(alice, lambda: state(alice) == "wrapup")
                await wrap_up(alice, card(alice)["call"])
                await sees(alice, lambda: state(alice) == "talking")
            served.append(card(alice)["number"])
            assert card(alice)["callback"]["origin"] == "queue"
            await talk_together(whole.exchange, "1001")
            assert len(customer.calls) == 1
            await asyncio.to_thread(customer.next)
            await sees(alice, lambda: state(alice) == "wrapup")
            await wrap_up(alice, card(alice)["call"])
            await sees(alice, lambda: state(alice) == "talking")
            served.append(card(alice)["number"])
            assert served == [WANG_CALLS, OBRIEN_CALLS, MOBILE, "+447400123457"]
            await asyncio.to_thread(later.hang_up)
            await sees(alice, lambda: state(alice) == "wrapup")
            await wrap_up(alice, card(alice)["call"])
        assert (await becomes(whole, row.id, {"done"})).why == "talked"
        assert len(agent.calls) == 4
        assert len(await whole.noted(CallAnswered, 4)) == 4
        await whole.at_rest()


async def test_another_number_entered_by_keys(promises: Promising, key: str) -> None:
    """Read back, confirmed, and that one is called."""
    async with promises() as whole:
        await whole.phone("1001", Answers(ring=0.2))
        customer = await asyncio.to_thread(whole.phones.trunk, Answers(ring=0.2))
        async with whole.agent("1001") as alice:
            first = await whole.call(LINE, OBRIEN_CALLS)
            await sees(alice, lambda: state(alice) == "talking")
            await form(whole.url)
            asking = await asyncio.to_thread(whole.phones.call, LINE, MOBILE, keys=True)
            view = whole.running.dispatch.view
            await until(lambda: view().queues["service"].waiting == 1, "they wait")
            await asyncio.to_thread(asking.press, key)
            await led_to(whole, MOBILE, "cc-callback-ask")
            await asyncio.to_thread(asking.press, "202079460123#")
            await asyncio.to_thread(asking.press, "1")
            assert await asyncio.to_thread(asking.wait) == 0
            row = await the_only(whole, {"requested", "scheduled", "due"})
            assert row.number == WANG_CALLS
            await asyncio.to_thread(first.hang_up)
            await sees(alice, lambda: state(alice) == "wrapup")
            await wrap_up(alice, card(alice)["call"])
            await sees(alice, lambda: state(alice) == "talking")
            assert f"sip:{WANG_CALLS}@" in customer.trace()
            await asyncio.to_thread(customer.next)
            await sees(alice, lambda: state(alice) == "wrapup")
            await wrap_up(alice, card(alice)["call"])
            await whole.at_rest()


async def test_who_cannot_be_called_back_stays_in_line(promises: Promising, key: str) -> None:
    """No number of theirs may be dialled: they hear so, keep their place and are served."""
    async with promises() as whole:
        await whole.phone("1001", Answers(ring=0.2))
        async with whole.agent("1001") as alice:
            first = await whole.call(LINE, OBRIEN_CALLS)
            await sees(alice, lambda: state(alice) == "talking")
            await form(whole.url)
            asking = await asyncio.to_thread(whole.phones.call, LINE, STRANGER, keys=True)
            view = whole.running.dispatch.view
            await until(lambda: view().queues["service"].waiting == 1, "they wait")
            later = await whole.call(LINE, WANG_CALLS)
            await until(lambda: view().queues["service"].waiting == 2, "the later one waits")
            await asyncio.to_thread(asking.press, key)
            await led_to(whole, STRANGER, "cc-callback-ask")
            await asyncio.to_thread(asking.press, "1")
            (denied,) = await whole.noted(CallbackDenied)
            await led_to(whole, STRANGER, "cc-wait")
            await asyncio.to_thread(first.hang_up)
            await sees(alice, lambda: state(alice) == "wrapup")
            await wrap_up(alice, card(alice)["call"])
            await sees(alice, lambda: state(alice) == "talking")
            assert (card(alice)["call"], card(alice)["number"]) == (denied.call, STRANGER)
            await asyncio.to_thread(asking.hang_up)
            await sees(alice, lambda: state(alice) == "wrapup")
            await wrap_up(alice, card(alice)["call"])
            await sees(alice, lambda: state(alice) == "talking")
            await asyncio.to_thread(later.hang_up)
            await sees(alice, lambda: state(alice) == "wrapup")
            await wrap_up(alice, card(alice)["call"])
            await whole.at_rest()


async def test_a_chosen_time_and_a_supervisor_in_a_hurry(promises: Promising) -> None:
    """Nobody is dialled before the window opens, until a supervisor wants it called now."""
    async with promises(staff=("mon-sun 00:00-23:59 40",)) as whole:
        await whole.phone("1001", Answers(ring=0.2))
        customer = await asyncio.to_thread(whole.phones.trunk, Answers(ring=0.2))
        async with whole.agent("1001") as alice, supervising(whole.url) as http:
            await form(whole.url)
            slots = (await http.get("/c/main/slots?zone=Asia/Shanghai&days=3")).json()["slots"]
            chosen = slots[-1]
            booked = await book(whole.url, WANG_CALLS, when=chosen["opens"], zone="Asia/Shanghai")
            row = await becomes(whole, booked.ref, {"scheduled"})
            assert (row.opens, row.zone) == (chosen["opens_at"], "Asia/Shanghai")
            assert (await booked.status())["opens"] == chosen["opens"]
            assert (customer.calls, alice.cards) == ([], {})
            answer = await http.post(f"/api/v1/callbacks/{booked.ref}/now", json={"why": "Angry."})
            assert answer.status_code == 200, answer.text
            await sees(alice, lambda: state(alice) == "talking")
            assert card(alice)["callback"]["zone"] == "Asia/Shanghai"
            await asyncio.to_thread(customer.next)
            await sees(alice, lambda: state(alice) == "wrapup")
            await wrap_up(alice, card(alice)["call"])
            await whole.at_rest()
        assert (await becomes(whole, booked.ref, {"done"})).why == "talked"
        assert len(customer.calls) == 1


async def test_an_agent_who_refuses_when_the_customer_has_answered(promises: Promising) -> None:
    """The customer waits in line like any caller and gets the next agent; nobody is dialled
    again."""
    async with promises() as whole:
        rung = await whole.phone("1001")
        await whole.phone("1002", Answers(ring=0.2))
        customer = await asyncio.to_thread(whole.phones.trunk, Answers(ring=0.2))
        async with whole.agent("1001") as alice:
            booked = await book(whole.url, WANG_CALLS)
            await asyncio.to_thread(rung.wait_called)
            await sees(alice, lambda: bool(alice.cards))
            offer = card(alice)["offer"]["reservation"]
            async with whole.agent("1002") as bob:
                d = {"reservation": offer, "reason": "I know this person."}
                reply = await alice.command("no", "offer.refuse", d=d)
                assert reply["ok"], reply
                await sees(bob, lambda: state(bob) == "talking")
                await sees(alice, lambda: state(alice) == "ready" and not alice.cards)
                await talk_together(whole.exchange, "1002")
                assert card(bob)["callback"]["id"] == booked.ref
                await asyncio.to_thread(customer.next)
                await sees(bob, lambda: state(bob) == "wrapup")
                await wrap_up(bob, card(bob)["call"])
                await whole.at_rest()
        done = await becomes(whole, booked.ref, {"done"})
        assert (done.why, done.attempts, len(customer.calls)) == ("talked", 1, 1)


async def test_an_agent_who_comes_first_and_hangs_up(promises: Promising) -> None:
    """The customer's phone stops ringing at once, and rings again when another agent is on the
    line."""
    async with promises(first="agent") as whole:
        hasty = await whole.phone("1001", Answers(ring=0.2))
        await whole.phone("1002", Answers(ring=0.2))
        customer = await asyncio.to_thread(whole.phones.trunk, NEVER_ANSWERS)
        async with whole.agent("1001") as alice:
            booked = await book(whole.url, WANG_CALLS)
            await asyncio.to_thread(customer.wait_called)
            await asyncio.to_thread(hasty.next)
            row = await becomes(whole, booked.ref, {"retry", "due"}, lambda one: bool(one.causes))
            assert row.causes == ("agent_gone",)
            await sees(alice, lambda: not alice.cards)
            async with whole.agent("1002") as bob:
                await asyncio.to_thread(customer.wait_called, 2)
                await asyncio.to_thread(customer.next)
                await sees(bob, lambda: state(bob) == "talking")
                await talk_together(whole.exchange, "1002")
                await asyncio.to_thread(customer.next)
                await sees(bob, lambda: state(bob) == "wrapup")
                await wrap_up(bob, card(bob)["call"])
                await whole.at_rest()
        done = await becomes(whole, booked.ref, {"done"})
        assert (done.why, done.attempts, len(customer.calls)) == ("talked", 2, 2)
        assert len(hasty.calls) == 1


async def test_who_calls_us_first_is_not_called(promises: Promising) -> None:
    """The agent's card says that a callback is open; after the talk it is done."""
    async with promises() as whole:
        await whole.phone("1001", Answers(ring=0.2))
        customer = await asyncio.to_thread(whole.phones.trunk, Answers(ring=0.2))
        async with whole.agent("1001") as alice:
            first = await whole.call(LINE, OBRIEN_CALLS)
            await sees(alice, lambda: state(alice) == "talking")
            booked = await book(whole.url, WANG_CALLS)
            await becomes(whole, booked.ref, {"due"})
            impatient = await whole.call(LINE, WANG_CALLS)
            line = whole.running.dispatch.view
            await until(lambda: line().queues["service"].waiting >= 1, "they wait")
            await asyncio.to_thread(first.hang_up)
            await sees(alice, lambda: state(alice) == "wrapup")
            await wrap_up(alice, card(alice)["call"])
            await sees(alice, lambda: state(alice) == "talking")
            shown = await whole_card(alice)
            assert shown["direction"] == "inbound"
            assert shown["callback"]["open"]
            assert shown["callback"]["id"] == booked.ref
            over = await becomes(whole, booked.ref, {"done"})
            assert (over.why, over.attempts) == ("called_in", 0)
            await asyncio.to_thread(impatient.hang_up)
            await sees(alice, lambda: state(alice) == "wrapup")
            await wrap_up(alice, shown["call"])
            await sees(alice, lambda: state(alice) == "ready")
            await whole.at_rest()
        assert customer.calls == []


async def test_cancelled_by_the_link_while_it_waits_for_an_agent(promises: Promising) -> None:
    """Nobody is dialled when an agent becomes free; while the phone rings it is too late."""
    async with promises() as whole:
        await whole.phone("1001", Answers(ring=0.2))
        customer = await asyncio.to_thread(whole.phones.trunk, NEVER_ANSWERS)
        async with whole.agent("1001") as alice:
            call = await whole.call(LINE, OBRIEN_CALLS)
            await sees(alice, lambda: state(alice) == "talking")
            booked = await book(whole.url, WANG_CALLS)
            await becomes(whole, booked.ref, {"due"})
            queue = whole.running.dispatch.view
            assert (await booked.cancel()).json()["state"] == "cancelled"
            assert (await becomes(whole, booked.ref, {"cancelled"})).why == "by_customer"
            await until(lambda: queue().queues["service"].callbacks == 0, "nobody is in line")
            await asyncio.to_thread(call.hang_up)
            await sees(alice, lambda: state(alice) == "wrapup")
            await wrap_up(alice, card(alice)["call"])
            await sees(alice, lambda: state(alice) == "ready")
            another = await book(whole.url, WANG_CALLS)
            await asyncio.to_thread(customer.wait_called)
            assert (await another.cancel()).status_code == 409
            row = await becomes(whole, another.ref, {"dialling"})
            assert row.call is not None
            assert len(customer.calls) == 1, "the first was never dialled"
            await asyncio.to_thread(customer.next)
            await sees(alice, lambda: state(alice) == "talking")
            await asyncio.to_thread(customer.next)
            await sees(alice, lambda: state(alice) == "wrapup")
            await wrap_up(alice, card(alice)["call"])
            await whole.at_rest()
