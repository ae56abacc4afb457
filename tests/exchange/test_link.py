"""The link against a real Asterisk: login, snapshots, refusals, restarts, and orders."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from asterisk.ami import Action, LogoffAction

from callcenter.ports import SwitchError
from telephony.endpoint import LinkSettings
from telephony.link import Link, LinkState
from telephony.packet import Packet
from telephony.snapshot import Snapshot
from telephony.switch import AmiSwitch
from tests.exchange.asterisk import Exchange
from tests.exchange.phones import Answers, Phones

pytestmark = pytest.mark.exchange

DEADLINE = 90.0


class Ear:
    """What a link told."""

    def __init__(self) -> None:
        self.packets: list[Packet] = []
        self.snapshots: list[Snapshot] = []
        self.states: list[LinkState] = []

    def named(self, name: str) -> list[Packet]:
        """The events of one name."""
        return [packet for packet in self.packets if packet.name == name]


@asynccontextmanager
async def linked(
    reactor: Any, exchange: Exchange, **settings: Any
) -> AsyncIterator[tuple[Link, Ear]]:
    """A running link to the exchange, stopped at the end."""
    ear = Ear()
    options = {"host": "127.0.0.1", "user": exchange.user, "secret": exchange.secret} | settings
    link = Link(
        LinkSettings(port=exchange.ports.ami, backoff_most=0.5, **options),
        reactor,
        clock=time.time,
        rng=random.Random(1),
        on_packet=lambda packet, at: ear.packets.append(packet),
        on_snapshot=lambda snapshot, at: ear.snapshots.append(snapshot),
        on_state=ear.states.append,
    )
    link.start()
    try:
        yield link, ear
    finally:
        await link.stop()


async def until(condition: Callable[[], object]) -> None:
    """Wait for a condition, generously."""
    async with asyncio.timeout(DEADLINE):
        while not condition():
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("auth", ["md5", "plain"])
async def test_logs_in_and_gets_a_whole_snapshot(
    reactor: Any, exchange: Exchange, auth: str
) -> None:
    """Both ways of login give version, start, queues, members and devices, nothing missing."""
    async with linked(reactor, exchange, auth=auth) as (link, ear):
        await until(lambda: link.state.kind == "up")
        (snapshot,) = ear.snapshots
        assert snapshot.missing == frozenset()
        assert snapshot.startup is not None
        assert {"service", "sales"} <= {queue.get("Queue") for queue in snapshot.queues}
        assert "PJSIP/1001" in {member.get("Location") for member in snapshot.members}
        assert snapshot.device_states
        assert link.counts["malformed"] == link.counts["oversize"] == 0


async def test_a_call_in_a_snapshot(reactor: Any, exchange: Exchange, phones: Phones) -> None:
    """A waiting caller is in channels and entries, with the name in both ways it is written."""
    async with linked(reactor, exchange) as (link, ear):
        await until(lambda: link.state.kind == "up")
        call = phones.call("+442079460100", "+447700900150", "Miles O'Brien")
        await until(lambda: ear.named("QueueCallerJoin"))
        link.ask_snapshot("a test")
        await until(lambda: len(ear.snapshots) == 2)
        snapshot = ear.snapshots[1]
        mine = [c for c in snapshot.channels if c.get("CallerIDNum") == "+447700900150"]
        waiting = [e for e in snapshot.entries if e.get("CallerIDNum") == "+447700900150"]
        assert [c.get("CallerIDName") for c in mine] == ["Miles O'Brien"]
        assert [e.get("CallerIDName") for e in waiting] == ["Miles O'Brien"]
        joined = ear.named("QueueCallerJoin")[-1]
        assert b"O\\'Brien" in joined.raw
        assert joined.get("CallerIDName") == "Miles O'Brien"
        await asyncio.to_thread(call.hang_up)
        await until(lambda: ear.named("Hangup"))


REFUSED = [
    ({"secret": "wrong"}, "[callcenter] in manager.conf"),
    ({"user": "nobody"}, "[nobody] in manager.conf"),
    ({"user": "elsewhere"}, "permit and deny lines"),
]


@pytest.mark.parametrize(("settings", "words"), REFUSED)
async def test_a_refused_login_is_told(
    reactor: Any, exchange: Exchange, settings: dict[str, str], words: str
) -> None:
    """Wrong secret, unknown user and excluded address end in the state refused."""
    async with linked(reactor, exchange, **settings) as (link, _):
        await until(lambda: link.state.kind != "connecting")
        assert link.state.kind == "refused"
        assert words in link.state.message


async def test_missing_classes_are_told(reactor: Any, exchange: Exchange) -> None:
    """An account without write classes comes up, with what it may not do and the line to change."""
    async with linked(reactor, exchange, user="half") as (link, ear):
        await until(lambda: link.state.kind == "up")
        assert "add reporting to the line 'write = ...' of [half]" in link.state.message
        assert {"channels", "device_states"} <= ear.snapshots[0].missing
        with pytest.raises(SwitchError, match="add agent to the line 'write"):
            await AmiSwitch(link, "half").pause("PJSIP/1001", True, "lunch")


async def test_pause_reaches_all_queues(reactor: Any, exchange: Exchange) -> None:
    """A member is paused with its reason and unpaused; a device that is no member is told."""
    async with linked(reactor, exchange) as (link, ear):
        await until(lambda: link.state.kind == "up")
        switch = AmiSwitch(link, exchange.user)
        await switch.ping()
        for paused in (True, False):
            await switch.pause("PJSIP/1002", paused, '午饭, "late"')
            state = "1" if paused else "0"
            await until(
                lambda state=state: any(
                    (p.get("Interface"), p.get("Paused")) == ("PJSIP/1002", state)
                    for p in ear.named("QueueMemberPause")
                )
            )
        assert ear.named("QueueMemberPause")[0].get("PausedReason") == '午饭, "late"'
        with pytest.raises(SwitchError, match="member of no queue"):
            await switch.pause("PJSIP/nobody", True, "x")


async def test_variables_arrive_unchanged(reactor: Any, exchange: Exchange) -> None:
    """Commas, quotes, brackets and backslashes stay in the one variable they were sent in."""
    values = ['a,B=2 (x "q" \\ [y] 王', "))", "([", '"', "'", "${EXTEN}", " both ", "\\\\n", ""]
    action = Action(
        "Originate",
        {
            "Channel": "Local/service@cc-wait",
            "Context": "closing",
            "Exten": "s",
            "Priority": 1,
            "Async": "true",
            "ActionID": "variables",
            "ChannelId": f"own-{time.time_ns()}",
        },
        {f"N{i}": value for i, value in enumerate(values)},
    )
    async with linked(reactor, exchange) as (link, ear):
        await until(lambda: link.state.kind == "up")
        await link.ask(action)
        last = f"N{len(values) - 1}"
        await until(lambda: any(p.get("Variable") == last for p in ear.named("VarSet")))
        seen = {p.get("Variable"): p.get("Value") for p in ear.named("VarSet")}
        assert [seen.get(f"N{i}") for i in range(len(values))] == values
        assert "B" not in seen
        await until(lambda: ear.named("OriginateResponse"))


@pytest.mark.parametrize("crash", [False, True])
async def test_a_restart_is_told_from_a_cut(
    reactor: Any, own_exchange: Exchange, own_phones: Phones, crash: bool
) -> None:
    """A cut line comes back to the same exchange, a restarted one says so; all is told."""
    own_phones.phone("1001", Answers(ring=0.2))
    async with linked(reactor, own_exchange) as (link, ear):
        await until(lambda: link.state.kind == "up")
        link.send(LogoffAction(), lambda result: None)
        await until(lambda: len(ear.snapshots) == 2)
        assert not ear.snapshots[1].restarted
        before = len(ear.snapshots)
        await asyncio.to_thread(own_exchange.restart, crash=crash)
        await until(lambda: link.state.kind == "up" and not ear.snapshots[-1].missing)
        await until(lambda: any(each.restarted for each in ear.snapshots[before:]))
        assert [each.restarted for each in ear.snapshots[before:]].count(True) == 1
        downs = [state.message for state in ear.states if state.kind == "down"]
        assert ("Asterisk shuts down" in downs) is not crash
