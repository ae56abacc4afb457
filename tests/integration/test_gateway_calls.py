"""Offers, call control, help and supervision over the channel, with a desk that is told what to do.

What the floor makes of these wishes is tested with the floor; here it is that they arrive whole,
with the right asker, that answers and results find their way back, and that nobody gets what is
not theirs.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from callcenter.codec import to_plain
from callcenter.floor import events as e
from callcenter.floor.card import Offer, Party, Pending
from callcenter.floor.errors import NotNow
from callcenter.floor.orders import ShowControl, ShowHelp
from callcenter.floor.routing import Considered, Decision
from tests.console_kit import AMY, BEN, KIM, SUE, Site, site

DECISION = Decision(
    at=1.0, trigger="dry_run", call="c2", queue="support", agent="ben", rule="longest_idle", step=1,
    want="billing>=2", score=93.5, ahead=2, ready=1, eligible=2,
    considered=(Considered(agent="ben", verdict="chosen", detail="idle 40 s"),
                Considered(agent="amy", verdict="not_ready", detail="talking")),
    counts=(("chosen", 1), ("not_ready", 1)),
)  # fmt: skip


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Site]:
    async with site(tmp_path) as found:
        yield found


def take(here: Site, *kinds: type[e.Event]) -> None:
    """Wishes of these kinds are granted without the floor."""
    for kind in kinds:
        here.desk.instead[kind] = lambda event: None


async def test_an_offer_is_shown_accepted_and_refused(here: Site) -> None:
    """The card carries the reservation; both answers to it reach the floor under its id."""
    take(here, e.ReservationAccepted, e.ReservationRefused)
    async with here.browser(AMY) as browser:
        here.desk.call("c1", "PJSIP/1001")
        offer = Offer(reservation="r1", deadline=here.desk.now() + 15, auto_answer=False)
        card = here.desk.show_card("amy", "c1", offer=offer)
        await browser.until(lambda: browser.cards.get("c1", {}).get("offer") is not None)
        assert browser.cards["c1"] == to_plain(card)
        await browser.command("1", "offer.accept", d={"reservation": "r1"})
        await browser.command("2", "offer.refuse", d={"reservation": "r1", "reason": "technical"})
        (accepted,) = here.desk.wished(e.ReservationAccepted)
        (refused,) = here.desk.wished(e.ReservationRefused)
        assert (accepted.agent, accepted.reservation) == ("amy", "r1")
        assert (refused.agent, refused.reservation, refused.reason) == ("amy", "r1", "technical")


async def test_a_control_is_asked_for_once_shown_pending_and_its_result_comes_back(
    here: Site,
) -> None:
    """The command's id names the control from asking to result, however often it is sent."""
    take(here, e.ControlAsked)
    async with here.browser(AMY) as browser, here.browser(BEN) as other:
        here.desk.call("c1", "PJSIP/1001")
        here.desk.talk("c1", "PJSIP/1001")
        for _ in range(2):
            d = {"call": "c1", "do": "consult", "target": "1002"}
            reply = await browser.command("k-1", "call.control", d=d)
            assert reply["ok"]
        (asked,) = here.desk.wished(e.ControlAsked)
        assert (asked.id, asked.agent, asked.role, asked.call, asked.do, asked.target) == (
            "k-1", "amy", "agent", "c1", "consult", "1002",
        )  # fmt: skip
        assert asked.device == AMY.device
        here.desk.show_card(
            "amy", "c1", pending=(Pending(id="k-1", do="consult", deadline=here.desk.now() + 5),),
            parties=(Party(leg="c1-1", kind="agent", agent="amy", number="1001", name="Amy Wong",
                           state="talking", muted=True),),
        )  # fmt: skip
        here.screens.show_control(
            ShowControl(agent="amy", id="k-1", call="c1", do="consult", ok=False, why="Busy.")
        )
        await browser.until(lambda: "k-1" in browser.controls)
        assert browser.controls["k-1"]["why"] == "Busy."
        assert browser.cards["c1"]["pending"][0]["id"] == "k-1"
        assert browser.cards["c1"]["parties"][0]["muted"] is True
        await other.command("barrier", "ping")
        assert other.controls == {}


async def test_a_refused_control_changes_nothing_and_says_why(here: Site) -> None:
    """The floor's words come back with its code; the card stays as it was."""

    def refuse(event: e.ControlAsked) -> None:
        raise NotNow("Nobody is on hold.")

    here.desk.instead[e.ControlAsked] = refuse
    async with here.browser(AMY) as browser:
        here.desk.call("c1", "PJSIP/1001")
        here.desk.talk("c1", "PJSIP/1001")
        await browser.command("1", "ping")
        before = browser.cards["c1"]
        reply = await browser.command("2", "call.control", d={"call": "c1", "do": "swap"})
        assert (reply["error"]["code"], reply["error"]["detail"]) == (
            "not_now", "Nobody is on hold.",
        )  # fmt: skip
        assert browser.cards["c1"] == before


SUPERVISION: list[tuple[str, dict[str, Any]]] = [
    ("agent.state", {"agent": "ben", "state": "ready"}),
    ("agent.sign_out", {"agent": "ben"}),
    ("agent.skills", {"agent": "ben", "skills": {"billing": 5}}),
    ("help.give", {"agent": "ben"}),
    ("routing.explain", {"call": "c2"}),
    ("call.control", {"call": "c1", "do": "listen", "reason": "curious"}),
    ("call.control", {"call": "c1", "do": "take_over", "reason": "curious"}),
]


@pytest.mark.parametrize(("cmd", "d"), SUPERVISION)
async def test_what_is_a_supervisors_is_forbidden_to_agents(
    here: Site, cmd: str, d: dict[str, Any]
) -> None:
    """An agent's browser that sends a supervisor's command is refused; the floor never hears it."""
    async with here.browser(AMY) as browser:
        before = len(here.desk.wishes)
        reply = await browser.command("1", cmd, d=d)
        assert (reply["error"]["code"], reply["error"]["status"]) == ("forbidden", 403)
        assert len(here.desk.wishes) == before


async def test_a_supervisor_acts_on_another_agent(here: Site) -> None:
    """State, skills, sign-out and listening carry who did it, and why where a reason is due."""
    take(here, e.SkillsChanged, e.StateChosen, e.AgentSignedOut, e.ControlAsked)
    async with here.browser(KIM) as browser, here.browser(BEN):
        reason = {"reason": "new colleague"}
        for number, (cmd, d) in enumerate(
            [
                ("agent.state", {"agent": "ben", "state": "break", "reason": "coaching"}),
                ("agent.skills", {"agent": "ben", "skills": {"billing": 5, "a": 1}}),
                ("agent.sign_out", {"agent": "ben"}),
                ("call.control", {"call": "c1", "do": "whisper", **reason}),
            ]
        ):
            assert (await browser.command(str(number), cmd, d=d))["ok"]
        (state,) = here.desk.wished(e.StateChosen)
        assert (state.agent, state.state, state.reason, state.by) == (
            "ben", "break", "coaching", "kim",
        )  # fmt: skip
        (skills,) = here.desk.wished(e.SkillsChanged)
        assert (skills.skills, skills.by) == ((("a", 1), ("billing", 5)), "kim")
        (out,) = here.desk.wished(e.AgentSignedOut)
        assert (out.agent, out.by) == ("ben", "kim")
        (asked,) = here.desk.wished(e.ControlAsked)
        assert (asked.role, asked.device, asked.reason) == (
            "supervisor", "PJSIP/1009", "new colleague",
        )  # fmt: skip


async def test_a_dry_run_is_answered_with_the_whole_decision(here: Site) -> None:
    """The reply is the decision as the floor made it; a call that does not wait is unknown."""
    here.desk.decisions["c2"] = DECISION
    async with here.browser(SUE) as browser:
        reply = await browser.command("1", "routing.explain", d={"call": "c2"})
        assert reply["d"] == to_plain(DECISION)
        gone = await browser.command("2", "routing.explain", d={"call": "c9"})
        assert gone["error"]["code"] == "unknown_call"
        assert here.desk.wishes == []


async def test_help_reaches_every_supervisor_at_once_and_in_the_snapshot(here: Site) -> None:
    """Who asks is on the supervisors' screens until somebody takes notice or they sign out."""
    take(here, e.HelpAsked, e.HelpGiven)
    asks = ShowHelp(agent="amy", name="Amy Wong", call="c1", text="angry", since=5.0)
    async with here.browser(AMY) as amy, here.browser(SUE) as sue:
        await amy.command("1", "help.ask", d={"call": "c1", "text": " angry "})
        (asked,) = here.desk.wished(e.HelpAsked)
        assert (asked.agent, asked.call, asked.text) == ("amy", "c1", "angry")
        here.screens.show_help(asks)
        await sue.until(lambda: "amy" in sue.help)
        assert sue.help["amy"] == to_plain(asks)
        async with here.browser(KIM) as kim:
            assert kim.help == {"amy": to_plain(asks)}
            await kim.command("1", "help.give", d={"agent": "amy"})
            here.screens.show_help(
                ShowHelp(agent="amy", name="Amy Wong", call=None, text="", since=None)
            )
            await kim.until(lambda: not kim.help)
        await sue.until(lambda: not sue.help)
        (given,) = here.desk.wished(e.HelpGiven)
        assert (given.agent, given.by) == ("amy", "kim")
        assert amy.help == {}
        here.screens.show_help(asks)
        here.screens.show_agent(here.desk.view().agents["amy"], gone=True)
    async with here.browser(SUE) as later:
        assert later.help == {}


async def test_skills_of_an_account_come_with_the_sign_in(tmp_path: Path) -> None:
    """Whoever signs in brings the skills that are on file for them."""

    async def on_file(user: str) -> tuple[tuple[str, int], ...]:
        return (("billing", 4),) if user == "amy" else ()

    async with site(tmp_path, skills=on_file) as here, here.browser(AMY):
        (signed_in,) = here.desk.wished(e.AgentSignedIn)
        assert signed_in.skills == (("billing", 4),)
