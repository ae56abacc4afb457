"""The agent channel over a real server and real sockets: live, cut, resumed, replaced, too slow."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from agent_console.session import Limits
from agent_console.snapshot import ExchangeState
from callcenter.codec import to_plain
from callcenter.floor import events as e
from callcenter.ports import Draft, User
from tests.console_kit import AMY, BEN, SUE, Browser, Site, site


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Site]:
    async with site(tmp_path) as found:
        yield found


def exchange(number: int) -> ExchangeState:
    return ExchangeState(state="connecting", message=f"attempt {number}", since=float(number))


def wished(here: Site) -> list[str]:
    return [type(wish).__name__ for wish in here.desk.wishes]


async def in_step(here: Site, browser: Browser, id: str = "barrier") -> None:
    """The browser knows all that the engine knows about its user."""
    await browser.command(id, "ping")
    view = here.desk.view()
    own = view.agents.get("amy")
    assert browser.agent == (None if own is None else to_plain(own))
    assert browser.cards == {card.call: to_plain(card) for card in view.cards.get("amy", ())}
    assert browser.exchange == to_plain(here.screens.exchange)


async def test_live(here: Site) -> None:
    """What happens on the floor reaches the console in order, each once."""
    async with here.browser(AMY) as browser:
        for number in range(50):
            here.screens.exchange_changed(exchange(number))
        here.desk.call("c1", "PJSIP/1001")
        here.desk.talk("c1", "PJSIP/1001")
        await in_step(here, browser)
        assert browser.applied == list(range(browser.applied[0], browser.seq + 1))
        assert len(browser.applied) > 50
        assert browser.cards["c1"]["answered"] is not None


async def test_resume_after_a_cut(here: Site) -> None:
    """After the line was cut, the missed events come, each once, and no snapshot."""
    async with here.browser(AMY) as browser:
        await browser.command("1", "ping")
        browser.cut()
    for number in range(70):
        here.screens.exchange_changed(exchange(number))
    async with here.browser(AMY, resume=browser) as again:
        await in_step(here, again)
        assert again.snapshots == 1
        assert len(again.applied) >= 70
        assert len(set(again.applied)) == len(again.applied)


async def test_gap_longer_than_the_ring(here: Site) -> None:
    """Whoever missed more than is kept gets a snapshot equal to the engine's state."""
    async with here.browser(AMY) as browser:
        browser.cut()
    for number in range(600):
        here.screens.exchange_changed(exchange(number))
    async with here.browser(AMY, resume=browser) as again:
        assert again.snapshots == 2
        await in_step(here, again)


async def test_same_command_twice(here: Site) -> None:
    """A command that comes twice is carried out once; the second reply says so."""
    async with here.browser(AMY) as browser:
        wish = {"state": "ready"}
        first = await browser.command("x", "agent.state", d=wish)
        second = await browser.command("x", "agent.state", d=wish)
    assert first["ok"]
    assert "dup" not in first
    assert second == {**first, "dup": True}
    assert wished(here) == ["AgentSignedIn", "StateChosen"]


async def test_refused_by_the_floor(here: Site) -> None:
    """The floor's refusal comes back as a problem with its code and words; nothing changed."""
    async with here.browser(AMY) as browser:
        before = here.desk.view().agents["amy"]
        reply = await browser.command("x", "agent.state", d={"state": "break", "reason": "fun"})
        assert reply["ok"] is False
        assert reply["retry"] is False
        error = reply["error"]
        assert (error["code"], error["status"]) == ("bad_choice", 422)
        assert "lunch, coaching" in error["detail"]
        assert here.desk.view().agents["amy"] == before


async def test_command_while_the_line_was_cut(here: Site) -> None:
    """A command whose reply was lost is carried out once, though it comes again after resuming."""
    async with here.browser(AMY) as browser:
        here.desk.gate.clear()
        await browser.send(t="cmd", id="x", cmd="agent.state", d={"state": "ready"})
        async with asyncio.timeout(20):
            while len(here.desk.wishes) < 2:
                await asyncio.sleep(0.01)
        browser.cut()
    async with here.browser(AMY, resume=browser) as again:
        await again.send(t="cmd", id="x", cmd="agent.state", d={"state": "ready"},
                         sent=here.desk.now())  # fmt: skip
        here.desk.gate.set()
        assert (await again.read("reply", id="x"))["ok"]
        await in_step(here, again)
    assert wished(here) == ["AgentSignedIn", "StateChosen"]


async def test_command_too_late_after_a_cut(here: Site) -> None:
    """A command typed long before the line came back is refused as expired, not carried out."""
    async with here.browser(AMY) as browser:
        browser.cut()
    async with here.browser(AMY, resume=browser) as again:
        reply = await again.command("late", "agent.state", d={"state": "ready"},
                                    deadline_ms=5000, sent=here.desk.now() - 60)  # fmt: skip
    assert reply["error"]["code"] == "expired"
    assert wished(here) == ["AgentSignedIn"]


async def test_another_epoch(here: Site) -> None:
    """A position of a stream that no longer exists is answered with a snapshot."""
    async with here.browser(AMY) as browser:
        browser.cut()
    browser.epoch = "of-an-engine-that-is-gone"
    async with here.browser(AMY, resume=browser) as again:
        assert again.snapshots == 2
        await in_step(here, again)


async def test_burst_longer_than_the_queue(here: Site) -> None:
    """More frames at once than may wait: closed as too slow; then a snapshot, equal."""
    async with here.browser(AMY) as browser:
        for number in range(500):
            here.screens.exchange_changed(exchange(number))
        code, _ = await browser.closed()
        assert code == 4408
    async with here.browser(AMY) as again:
        assert again.snapshots == 1
        await in_step(here, again)


@pytest.mark.parametrize("ticket", ["wrong", "used"])
async def test_bad_ticket(here: Site, ticket: str) -> None:
    """A ticket that is wrong or was used signs nobody in."""
    good = here.pass_for(AMY)
    async with here.browser() as first:
        await first.hello(good)
        await first.read("welcome")
        async with here.browser() as second:
            await second.hello(good if ticket == "used" else "wrong")
            assert (await second.closed())[0] == 4401


async def test_newer_session_replaces_the_older(here: Site) -> None:
    """A console opened elsewhere closes the one before; the same tab may come twice."""
    async with here.browser(AMY, tab="one") as first, here.browser(AMY, tab="one") as second:
        await first.command("1", "ping")
        async with here.browser(AMY, tab="two") as third:
            assert (await first.closed())[0] == 4409
            assert (await second.closed())[0] == 4409
            await in_step(here, third)


async def test_device_in_use(here: Site) -> None:
    """An agent whose device is somebody else's at this moment is told so and not let in."""
    other = User(user="eve", name="Eve", role="agent", device="PJSIP/1001", language=None)
    async with here.browser(AMY), here.browser() as browser:
        await browser.hello(here.pass_for(other))
        bye = await browser.read("bye")
        assert bye["code"] == 4403
        assert "Amy Wong" in bye["detail"]
        assert (await browser.closed())[0] == 4403


async def test_wrap_up(here: Site) -> None:
    """Drafts are stored by revision and come back in a snapshot; finishing closes the card."""
    async with here.browser(AMY) as browser:
        await browser.command("0", "agent.state", d={"state": "ready"})
        here.desk.call("c1", "PJSIP/1001")
        here.desk.talk("c1", "PJSIP/1001")
        here.desk.end("c1")
        draft = {"call": "c1", "rev": 2, "reason": "card.lost", "notes": "lost in 台北"}
        stored = await browser.command("1", "wrapup.draft", d=draft)
        assert stored["d"]["notes"] == "lost in 台北"
        older = await browser.command("2", "wrapup.draft", d={**draft, "rev": 1, "notes": "old"})
        assert older["d"] == stored["d"]
        nowhere = await browser.command("3", "wrapup.draft", d={**draft, "call": "c9"})
        assert nowhere["error"]["code"] == "unknown_call"
        browser.cut()
    async with here.browser(AMY) as again:
        assert [d["rev"] for d in again.snapshot["drafts"]] == [2]
        end = {"call": "c1", "reason": "card.lost", "outcome": "solved", "notes": "sent a new one"}
        assert (await again.command("4", "wrapup.finish", d=end))["ok"]
        await in_step(here, again)
        assert again.cards == {}
        assert here.desk.view().agents["amy"].state == "ready"


async def test_drafts_from_before_the_engine_started(here: Site) -> None:
    """A draft that is in the store is in the first snapshot, if its card is open."""
    for call in ("c1", "gone"):
        await here.records.save_draft(
            Draft(call=call, agent="amy", rev=7, reason=None, outcome=None, notes="n", saved=1.0)
        )
    async with here.browser(AMY) as browser:
        here.desk.call("c1", "PJSIP/1001")
        browser.cut()
    async with here.browser(AMY) as again:
        assert [(d["call"], d["rev"]) for d in again.snapshot["drafts"]] == [("c1", 7)]


async def test_leaving(here: Site) -> None:
    """Closing the browser signs nobody out; leaving does, but not during a call."""
    async with here.browser(AMY):
        pass
    assert "amy" in here.desk.view().agents
    async with here.browser(AMY) as browser:
        await browser.command("0", "agent.state", d={"state": "ready"})
        here.desk.call("c1", "PJSIP/1001")
        here.desk.talk("c1", "PJSIP/1001")
        reply = await browser.command("1", "agent.leave")
        assert reply["error"]["code"] == "not_now"
        here.desk.end("c1")
        assert (await browser.command("2", "agent.leave"))["ok"]
        await in_step(here, browser)
        assert browser.agent is None


async def test_supervisors_board(here: Site) -> None:
    """A supervisor sees agents and queues live, and never more than the newest of each row."""
    async with here.browser(SUE) as sue, here.browser(AMY) as amy, here.browser(BEN):
        for number in range(200):
            wish = {"state": "ready"} if number % 2 else {"state": "break", "reason": "lunch"}
            here.desk.post(e.StateChosen(at=float(number), agent="ben", **wish))  # type: ignore[arg-type]
        await amy.command("0", "agent.state", d={"state": "ready"})
        here.desk.call("c1", "PJSIP/1001")
        here.desk.talk("c1", "PJSIP/1001")

        def board() -> dict[str, object]:
            view = here.desk.view()
            rows: dict[str, object] = {f"a:{k}": to_plain(v) for k, v in view.agents.items()}
            return rows | {f"q:{k}": to_plain(v) for k, v in view.queues.items()}

        await sue.until(lambda: sue.board == board())
        assert sue.seq == 0
        assert sue.snapshot["agent"] is None
        here.desk.end("c1")
        here.desk.post(e.AgentSignedOut(at=here.desk.now(), agent="ben"))
        await sue.until(lambda: sue.board == board())
        assert "a:ben" not in sue.board


@pytest.mark.parametrize(
    ("user", "cmd", "code"),
    [
        (SUE, "agent.state", "not_allowed"),
        (SUE, "agent.leave", "not_allowed"),
        (SUE, "card.person", "not_allowed"),
        (SUE, "wrapup.draft", "not_allowed"),
        (SUE, "wrapup.finish", "not_allowed"),
        (SUE, "ping", None),
        (AMY, "ping", None),
        (AMY, "agent.state", "bad_field"),
        (AMY, "card.person", "bad_field"),
        (AMY, "wrapup.draft", "bad_field"),
        (AMY, "wrapup.finish", "bad_field"),
        (AMY, "call.monitor", "unknown_command"),
        (SUE, "call.monitor", "unknown_command"),
        (AMY, "agent.skills", "forbidden"),
        (AMY, "help.give", "forbidden"),
        (AMY, "routing.explain", "forbidden"),
        (SUE, "call.control", "not_allowed"),
    ],
)
async def test_roles(here: Site, user: User, cmd: str, code: str | None) -> None:
    """Every command is checked against the role when it comes; what is not allowed is refused."""
    async with here.browser(user) as browser:
        reply = await browser.command("1", cmd)
    assert (reply["error"]["code"] if "error" in reply else None) == code


async def test_agent_without_a_phone(here: Site) -> None:
    """An agent's account without a device is not let in, and told why."""
    lost = User(user="max", name="Max", role="agent", device=None, language=None)
    async with here.browser() as browser:
        await browser.hello(here.pass_for(lost))
        assert "no phone" in (await browser.read("bye"))["detail"]


async def test_sign_out_elsewhere_closes_the_console(here: Site) -> None:
    """When the sign-in ends, its console closes with 4401."""
    async with here.browser(AMY) as browser:
        here.gateway.revoke("session-of-amy")
        assert (await browser.closed())[0] == 4401


async def test_engine_stops(here: Site) -> None:
    """Before the engine stops, every console is told when to come back, then closed with 4503."""
    async with here.browser(AMY) as amy, here.browser() as stranger:
        closing = asyncio.create_task(here.gateway.close(5.0))
        assert (await amy.read("bye"))["retry_after_ms"] == 2000
        assert (await amy.closed())[0] == 4503
        assert (await stranger.closed())[0] == 4503
        await closing
    assert here.gateway.sessions == 0


async def test_heartbeat_and_silence(tmp_path: Path) -> None:
    """The server paces: heartbeats with the position; whoever answers none is closed."""
    async with (
        site(tmp_path, Limits(heartbeat=0.2, silence=3.0)) as here,
        here.browser(AMY) as browser,
    ):
        beat = await browser.read("hb")
        assert beat["seq"] == browser.seq
        assert (await browser.closed())[0] == 1011


async def test_sign_in_about_to_end(tmp_path: Path) -> None:
    """The console is warned, a fresh ticket keeps it; somebody else's ticket ends it."""
    async with site(tmp_path, Limits(expiring=3600.0)) as here, here.browser() as browser:
        await browser.hello(here.pass_for(AMY, seconds=1800))
        browser.welcomed(await browser.read("welcome"))
        await browser.read("event", ev="auth.expiring")
        await browser.send(t="auth", ticket=here.pass_for(AMY, seconds=7200))
        await browser.command("1", "ping")
        await browser.send(t="auth", ticket=here.pass_for(BEN))
        assert (await browser.closed())[0] == 4401


async def test_sign_in_that_ended(tmp_path: Path) -> None:
    """A console whose sign-in has ended is closed with 4401."""
    async with site(tmp_path) as here, here.browser() as browser:
        await browser.hello(here.pass_for(AMY, seconds=0.3))
        assert (await browser.closed())[0] == 4401


async def test_card_from_before_the_browser_came(here: Site) -> None:
    """A card open before any browser came is in the snapshot; its next event is an update."""
    here.desk.post(e.AgentSignedIn(at=1.0, agent="amy", name="Amy Wong", device="PJSIP/1001"))
    here.desk.post(e.StateChosen(at=2.0, agent="amy", state="ready"))
    here.desk.call("c1", "PJSIP/1001")
    async with here.browser(AMY) as browser:
        assert list(browser.cards) == ["c1"]
        here.desk.talk("c1", "PJSIP/1001")
        await in_step(here, browser)
    assert wished(here) == []
