"""The simulated exchange and a real Asterisk 22, seen by asterisk-ami's own client."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from telephony.simulator import Arrival, Simulator
from tests.exchange.asterisk import Exchange
from tests.exchange.phones import Answers, Phones
from tests.independent import Headers, IndependentClient
from tests.sameness import sequences, shapes
from tests.simulated import Played

pytestmark = pytest.mark.exchange

DID, NUMBER, NAME = "+442079460100", "+8613912345678", "Grace Hopper"
SNAPSHOT = ("CoreShowChannels", "QueueStatus", "QueueSummary", "BridgeList")
Seen = list[tuple[str, Headers]]


def over(events: Seen) -> bool:
    """Both channels are gone and everything that follows has come."""
    names = [name for name, _ in events]
    freed = [
        dict(headers).get("Device")
        for name, headers in events
        if name == "DeviceStateChange" and dict(headers).get("State") == "NOT_INUSE"
    ]
    return names.count("Hangup") == 2 and {"PJSIP/trunk", "Queue:service_avail"} <= set(freed)


def lists(client: IndependentClient) -> None:
    """Ask for a snapshot; its items come as events."""
    for action in SNAPSHOT:
        client.ask(action)
    wanted = {f"{action}Complete" for action in SNAPSHOT}
    client.wait(lambda events: wanted <= {name for name, _ in events})


def on_asterisk(exchange: Exchange, phones: Phones) -> IndependentClient:
    """An answered queue call on the real exchange."""
    phones.phone("1001", Answers(ring=0.6))
    client = IndependentClient(exchange.ports.ami, "callcenter", exchange.secret)
    with client:
        call = phones.call(DID, NUMBER, NAME)
        client.wait(lambda events: any(name == "AgentConnect" for name, _ in events))
        lists(client)
        call.hang_up()
        client.wait(over)
    return client


async def simulated(reactor: Any) -> IndependentClient:
    """The same call on the simulated one."""
    stage = Played()
    stage.phones(p1001=("answers", 0.6))
    simulator = Simulator(stage.settings)
    port = await simulator.start(reactor)
    try:
        client = await asyncio.to_thread(
            IndependentClient, port, "callcenter", "change-this-secret"
        )
        with client:
            call = simulator.place(Arrival(number=NUMBER, name=NAME, dialled=DID, talk=600))
            await asyncio.to_thread(_connected_then, client, lambda: lists(client))
            simulator.hang_up_caller(call)
            await asyncio.to_thread(client.wait, over)
    finally:
        await simulator.stop()
    return client


def _connected_then(client: IndependentClient, what: Callable[[], Any]) -> None:
    client.wait(lambda events: any(name == "AgentConnect" for name, _ in events))
    what()


async def test_an_independent_client_cannot_tell_them_apart(
    own_exchange: Exchange, own_phones: Phones, reactor: Any
) -> None:
    """An answered queue call and a snapshot in its middle: the same event names, headers, values
    and order per channel, device and member on both exchanges."""
    real = await asyncio.to_thread(on_asterisk, own_exchange, own_phones)
    simulation = await simulated(reactor)
    calls_real, calls_simulated = sequences(real.stream()), sequences(simulation.stream())
    assert calls_simulated.keys() == calls_real.keys()
    for subject, expected in calls_real.items():
        assert calls_simulated[subject] == expected, subject
    headers_real, headers_simulated = shapes(real.stream()), shapes(simulation.stream())
    for name in {f"{action}Complete" for action in SNAPSHOT} | {
        "CoreShowChannel", "QueueParams", "QueueMember", "BridgeListItem", "QueueSummary",
    }:  # fmt: skip
        assert headers_simulated[name] == headers_real[name], name
