"""From a call's arrival to the ringing of an agent's phone, on a real Asterisk.

    python -m benchmarks.ring_latency [--calls 200] [--whole]   (as root; starts an Asterisk)

Each call comes over the trunk into the engine's line (``cc-wait``) while one agent is free. A
minimal loop does what the floor's order does: when CallQueued is told, it has the switch ring the
phone. Measured by the exchange's own ``Timestamp`` headers, so that our reading of them costs
nothing: from ``Newchannel`` of the caller, and from ``CallcenterWait``, to the agent's leg in the
state Ringing (its phone's 180). And the part of it that is ours: from the bytes of
``CallcenterWait`` in our hands to the Originate at the socket.

``--whole``: the same with the whole engine, ``callcenter run`` in a process of its own with its
database and journal on disk, the caller looked up, and an agent signed in over the agent channel.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import math
import os
import platform
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from callcenter.floor.events import CallEnded, CallQueued
from callcenter.floor.orders import StopRinging
from callcenter.ports import RingError
from telephony.packet import Packet
from tests.exchange.ami import ManagerTap
from tests.exchange.asterisk import Exchange
from tests.exchange.distribution import Distribution, distribution
from tests.exchange.phones import NEVER_ANSWERS, Phones
from tests.exchange.process import Centre, at_work

WAITING = "+442079460106"
PROMISE_MS = 50.0


class Watched(Distribution):
    """Notes when an Originate is handed to the socket."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.asked_at: dict[str, float] = {}
        ask = self.link.ask

        async def noting(action: Any, seconds: float = 10.0) -> Any:
            if action.name == "Originate":
                self.asked_at[action.keys["ChannelId"]] = time.time()
            return await ask(action, seconds)

        self.link.ask = noting  # type: ignore[method-assign]


async def measure(reactor: Any, calls: int) -> dict[str, list[float]]:
    """The times of each part in milliseconds, one for each call."""
    found: dict[str, list[float]] = {"arrival": [], "waiting": [], "own": []}
    with (
        tempfile.TemporaryDirectory() as folder,
        Exchange() as exchange,
        Phones(exchange.ports, Path(folder) / "phones", exchange.cli) as phones,
    ):
        phones.phone("1001", NEVER_ANSWERS)
        async with distribution(reactor, exchange, kind=Watched) as centre:
            assert isinstance(centre, Watched)
            for turn in range(calls):
                times = await _one(centre, phones, f"+4477009{turn:05}")
                for name, value in zip(found, times, strict=True):
                    found[name].append(value * 1000)
    return found


async def measure_whole(calls: int) -> dict[str, list[float]]:
    """The same two times with the whole engine; another connection to the exchange reads them."""
    found: dict[str, list[float]] = {"arrival": [], "waiting": []}
    with (
        tempfile.TemporaryDirectory() as folder,
        Exchange() as exchange,
        Phones(exchange.ports, Path(folder) / "phones", exchange.cli) as phones,
        exchange.tap() as tap,
    ):
        centre = Centre(Path(folder), exchange)
        await centre.start()
        try:
            await asyncio.to_thread(phones.phone, "1001", NEVER_ANSWERS)
            async with at_work(centre, ["1001"]):
                for turn in range(calls):
                    times = await asyncio.to_thread(_rings, tap, phones, f"+4477009{turn:05}")
                    for name, value in zip(found, times, strict=True):
                        found[name].append(value * 1000)
                    while (await centre.agents())["1001"]["state"] != "ready":
                        await asyncio.sleep(0.02)
        finally:
            await centre.stop()
    return found


def _rings(tap: ManagerTap, phones: Phones, number: str) -> tuple[float, float]:
    """One caller, who gives up when the phone rings."""
    since = len(tap.received)
    call = phones.call(WAITING, number, "Waiting Wendy")
    rings = tap.wait(
        lambda m: (
            m.get("Event") == "Newstate"
            and m.get("ChannelState") == "5"
            and m["Uniqueid"].startswith("cc-")
        ),
        since,
    )
    arrived = tap.wait_event("Newchannel", since, CallerIDNum=number)
    waits = tap.wait_event("UserEvent", since, UserEvent="CallcenterWait")
    call.hang_up()
    call.wait()
    phones.stop(call)
    at = float(rings["Timestamp"])
    return at - float(arrived["Timestamp"]), at - float(waits["Timestamp"])


async def _one(centre: Watched, phones: Phones, number: str) -> tuple[float, float, float]:
    seen = len(centre.packets)
    call = phones.call(WAITING, number, "Waiting Wendy")
    await centre.until(lambda: _queued(centre, seen))
    queued = _queued(centre, seen)
    assert queued is not None
    order = centre.ring(queued.call, "PJSIP/1001")
    ringing = asyncio.create_task(centre.switch.ring(order))
    await centre.until(lambda: _find(centre, seen, "Newstate", order.leg, ChannelState="5"))
    arrived, _ = _find(centre, seen, "Newchannel", queued.leg)[0]
    waits, heard = _find(centre, seen, "UserEvent", queued.leg)[0]
    rings, _ = _find(centre, seen, "Newstate", order.leg, ChannelState="5")[0]
    await asyncio.to_thread(call.hang_up)
    await centre.switch.stop_ringing(StopRinging(reservation=order.leg, leg=order.leg))
    with contextlib.suppress(RingError):  # the caller is gone, and the ringing was taken back
        await ringing
    await centre.wait(CallEnded, call=queued.call)
    await centre.until(lambda: not centre.tracker.calls)
    phones.stop(call)
    return (
        _time(rings) - _time(arrived),
        _time(rings) - _time(waits),
        centre.asked_at[order.leg] - heard,
    )


def _queued(centre: Distribution, seen: int) -> CallQueued | None:
    waiting = [p.get("Uniqueid") for p, _ in centre.packets[seen:] if p.name == "UserEvent"]
    return next((one for one in centre.told(CallQueued) if one.leg in waiting), None)


def _find(
    centre: Distribution, seen: int, name: str, uid: str | None, **headers: str
) -> list[tuple[Packet, float]]:
    return [
        (packet, at)
        for packet, at in centre.packets[seen:]
        if packet.name == name
        and packet.get("Uniqueid") == uid
        and all(packet.get(key) == value for key, value in headers.items())
    ]


def _time(packet: Packet) -> float:
    return float(packet.get("Timestamp") or "nan")


def quantile(values: Sequence[float], share: float) -> float:
    """The value that this share of the values does not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * share) - 1)]


async def run(calls: int, whole: bool) -> None:
    from callcenter.reactor import twisted_reactor

    if whole:
        found = await measure_whole(calls)
    else:
        async with twisted_reactor() as reactor:
            found = await measure(reactor, calls)
    names = {
        "arrival": "call arrives -> agent's phone rings",
        "waiting": "call waits (CallcenterWait) -> agent's phone rings",
        "own": "of that ours: event read -> Originate sent",
    }
    print(f"{calls} calls, Python {platform.python_version()}, load {os.getloadavg()[0]:.2f}")
    for name, values in found.items():
        p50, p95, p99 = (quantile(values, share) for share in (0.5, 0.95, 0.99))
        print(f"{names[name]:52} p50 {p50:7.2f} ms  p95 {p95:7.2f} ms  p99 {p99:7.2f} ms")
    kept = quantile(found["arrival"], 0.95) <= PROMISE_MS
    print(f"promise: p95 of {PROMISE_MS:g} ms or less from arrival: {'kept' if kept else 'MISSED'}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--calls", type=int, default=200)
    parser.add_argument("--whole", action="store_true", help="with the whole engine")
    options = parser.parse_args()
    asyncio.run(run(options.calls, options.whole))
