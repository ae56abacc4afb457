"""The agent channel in a real browser: whatever happens to the line, the screen is right in the end
and every command is carried out exactly once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.async_api import Page, Route, WebSocket, expect

from agent_console.session import Limits
from callcenter.floor import events as e
from callcenter.floor.errors import NotNow
from tests.browser.screen import Stage, Witness, caller, choice, choose_state, connected, notes
from tests.console_kit import AMY

pytestmark = pytest.mark.browser
TICKETS = "**/api/v1/ws-tickets"


async def until(true: Callable[[], bool]) -> None:
    """Wait for something on the server's side."""
    async with asyncio.timeout(30):
        while not true():
            await asyncio.sleep(0.02)


async def refuse_tickets(page: Page) -> None:
    """The server cannot be reached for a new connection."""

    async def gone(route: Route) -> None:
        await route.abort()

    await page.route(TICKETS, gone)


def frames_of(page: Page) -> list[dict[str, Any]]:
    """Everything the page sends from now on, over all its sockets."""
    sent: list[dict[str, Any]] = []

    def watch(socket: WebSocket) -> None:
        socket.on("framesent", lambda text: sent.append(json.loads(text)))

    page.on("websocket", watch)
    return sent


async def test_events_arrive_live_once_and_in_order(stage: Stage) -> None:
    """Fifty changes of a card are applied as fifty, and the last one is on the screen."""
    page = await stage.signed_in()
    stage.ring()
    await expect(caller(page)).to_be_visible()
    witness = await Witness.of(page)
    for i in range(50):
        stage.rename(f"name {i}")
    applied = await witness.applied(50)
    assert applied == list(range(applied[0], applied[0] + 50))
    await expect(caller(page)).to_have_text("name 49")


async def test_a_cut_line_resumes_without_loss_or_repetition(stage: Stage) -> None:
    """Events before, during and after a cut are each applied once; no snapshot is needed."""
    page = await stage.signed_in()
    stage.ring()
    await expect(caller(page)).to_be_visible()
    witness = await Witness.of(page)
    for i in range(50):
        stage.rename(f"before {i}")
    await expect(caller(page)).to_have_text("before 49")
    stage.cut()
    for i in range(20):
        stage.rename(f"while away {i}")
    await expect(caller(page)).to_have_text("while away 19")
    applied = await witness.applied(70)
    assert len(applied) == len(set(applied)) == 70
    assert await witness.snapshots(0) == 0


async def test_a_gap_longer_than_the_past_brings_a_snapshot(stage: Stage) -> None:
    """More events than the server remembers: the screen shows the state as it is now."""
    page = await stage.signed_in()
    stage.ring()
    await expect(caller(page)).to_be_visible()
    witness = await Witness.of(page)
    stage.cut()
    for i in range(600):
        stage.rename(f"missed {i}")
    await expect(caller(page)).to_have_text("missed 599")
    assert await witness.snapshots(1) == 1


async def test_a_command_sent_twice_is_carried_out_once(stage: Stage) -> None:
    """The reply is lost with the line; the same command goes out again and is not done again."""
    page = await stage.page()
    sent = frames_of(page)
    await page.locator("[name=username]").fill("amy")
    await page.locator("[name=password]").fill("correct horse")
    await page.locator("[name=password]").press("Enter")
    await connected(page)
    before = len(stage.desk.wishes)
    stage.desk.gate.clear()
    await choose_state(page, "Lunch")
    await until(lambda: len(stage.desk.wishes) > before)
    stage.cut()
    await until(lambda: [f["t"] for f in sent].count("cmd") == 2)
    stage.desk.gate.set()
    await expect(page.locator("#state-button .state-word")).to_have_text("Lunch")
    commands = [frame for frame in sent if frame["t"] == "cmd"]
    assert commands[0] == commands[1]
    assert len(stage.desk.wishes) == before + 1


async def test_a_refusal_reaches_the_user_in_words(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the floor refuses is said in the user's language, and nothing has changed."""
    page = await stage.signed_in()

    async def refuse(event: e.Event) -> None:
        raise NotNow("the floor says no")

    monkeypatch.setattr(stage.desk, "wish", refuse)
    await choose_state(page, "Ready")
    await expect(page.locator(".notice")).to_contain_text("not possible at the moment")
    await expect(page.locator("#state-button .state-word")).to_have_text("Not ready")


async def test_a_command_given_while_cut_is_carried_out_once_after_the_cut(stage: Stage) -> None:
    """Finishing a wrap-up without a line waits for it, and then happens once."""
    page = await stage.signed_in()
    stage.whole_card()
    stage.talk()
    stage.hang_up()
    await choice(page, "reason", "Disputed charge").click()
    await choice(page, "outcome", "Solved").click()
    await refuse_tickets(page)
    stage.cut()
    await expect(page.locator(".status-warn").first).to_be_visible()
    await notes(page).fill("typed without a line")
    await page.locator("form.wrapup button[type=submit]").click()
    await expect(page.locator("form.wrapup button[type=submit]")).to_contain_text("Waiting")
    await page.unroute(TICKETS)
    await expect(page.locator(".idle")).to_be_visible()
    noted = [wish for wish in stage.desk.wishes if isinstance(wish, e.OutcomeNoted)]
    assert [wish.notes for wish in noted] == ["typed without a line"]


async def test_a_stream_that_began_anew_brings_a_snapshot(stage: Stage) -> None:
    """After the server forgot the stream, positions of the old one are worth nothing."""
    page = await stage.signed_in()
    stage.ring(name="before")
    await expect(caller(page)).to_have_text("before")
    witness = await Witness.of(page)
    epoch = stage.site.screens.seat(AMY.user).stream.epoch
    await refuse_tickets(page)
    stage.cut()
    await until(lambda: not stage.site.screens.seat(AMY.user).connections)
    stage.site.screens.sweep(asyncio.get_running_loop().time() + 1e6)
    stage.rename("after")
    await page.unroute(TICKETS)
    await expect(caller(page)).to_have_text("after")
    assert await witness.snapshots(1) == 1
    assert stage.site.screens.seat(AMY.user).stream.epoch != epoch


async def test_a_burst_longer_than_the_queue_closes_4408_and_brings_a_snapshot(
    stage: Stage,
) -> None:
    """A browser that is too slow is told so, comes back, and shows the state as it is."""
    page = await stage.signed_in()
    stage.ring()
    await expect(caller(page)).to_be_visible()
    witness = await Witness.of(page)
    for i in range(500):
        stage.rename(f"burst {i}")
    await expect(caller(page)).to_have_text("burst 499")
    await witness.phase("disconnected:slow")
    assert await witness.snapshots(1) == 1


async def test_a_bad_ticket_ends_at_the_sign_in_page(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """4401 is final: no reconnecting, the user is asked to sign in again."""
    page = await stage.signed_in()
    monkeypatch.setattr(stage.site, "redeem", lambda ticket: None)
    stage.cut()
    await expect(page.locator("[name=username]")).to_be_visible()
    await expect(page.locator(".form-problem")).to_contain_text("session has ended")


@pytest.mark.parametrize("stage", [Limits(heartbeat=1.0)], indirect=True)
async def test_a_line_that_falls_silent_is_noticed(stage: Stage) -> None:
    """A half-open connection sends nothing and closes nothing: silence alone gives it away."""
    page = await stage.page()
    sockets: list[WebSocket] = []
    page.on("websocket", lambda socket: sockets.append(socket))
    await page.locator("[name=username]").fill("amy")
    await page.locator("[name=password]").fill("correct horse")
    await page.locator("[name=password]").press("Enter")
    await connected(page)
    await page.context.set_offline(True)
    await expect(page.locator(".status-warn").first).to_contain_text("offline")
    stage.ring(name="while deaf")
    await expect(page.locator(".statusline")).to_contain_text("Trying again")
    await page.context.set_offline(False)
    await expect(caller(page)).to_have_text("while deaf")
    await connected(page)
    assert len(sockets) >= 2


async def test_two_tabs_share_one_socket(stage: Stage) -> None:
    """One tab owns the line, the other mirrors it, gives commands through it, and inherits it."""
    context = await stage.context()
    first = await stage.signed_in(context=context)
    second = await stage.page(context)
    await connected(second)
    stage.ring(name="both see this")
    await expect(caller(first)).to_have_text("both see this")
    await expect(caller(second)).to_have_text("both see this")
    assert stage.site.gateway.sessions == 1

    stage.talk()
    await choose_state(second, "Lunch")
    await expect(first.locator(".next-state")).to_contain_text("Lunch")

    await first.close()
    await until(lambda: stage.site.gateway.sessions == 1)
    stage.rename("after the first tab")
    await expect(caller(second)).to_have_text("after the first tab")
    await connected(second)
    assert stage.site.gateway.sessions == 1


async def test_opened_elsewhere_is_said_and_can_be_taken_back(stage: Stage) -> None:
    """The same user in another browser: the older console says so and does not fight back."""
    first = await stage.signed_in()
    second = await stage.signed_in()
    await expect(first.locator(".stopped")).to_contain_text("somewhere else")
    await first.locator(".stopped").get_by_role("button", name="Use it here").click()
    await connected(first)
    await expect(second.locator(".stopped")).to_be_visible()
