"""Local channels: members that a queue reaches through the dialplan.

Pure. A Local channel has two halves: the queue talks to the near one, the far one runs dialplan and
dials the phone. Without ``/n`` both vanish once the two parties hear each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from telephony.simulator import messages as m
from telephony.simulator.channel import DOWN, RING, Channel
from telephony.simulator.legs import LocalLeg
from telephony.simulator.queues import MemberState
from telephony.simulator.signals import HungUp

if TYPE_CHECKING:
    from telephony.simulator.exchange import Exchange

OPTIMISED_AFTER = 0.012
"""Seconds of sound after which a Local channel takes itself out of the way."""


def dial_local(exchange: Exchange, caller: Channel, member: MemberState) -> LocalLeg:
    """Both halves, not yet running: the queue first says whom it calls."""
    world = exchange.world
    text = member.settings.interface.removeprefix("Local/")
    plain, _, option = text.partition("/")
    number, _, context = plain.partition("@")
    device = world.device(f"Local/{plain}")
    stem = f"Local/{plain}-{exchange.local_numbers:08x}"
    exchange.local_numbers += 1
    near, far = (
        exchange.open(
            device, state, None, None, context, number, linkedid=caller.linkedid,
            name=f"{stem};{half}",
        )
        for half, state in ((1, DOWN), (2, RING))
    )  # fmt: skip
    assert caller.thread is not None
    leg = LocalLeg(world, near, far, caller.thread, member.settings.device, optimise=option != "n")
    exchange.locals[near] = exchange.locals[far] = leg
    known = exchange.people.callers.get(caller.uniqueid)
    near.change(number=known.arrival.dialled if known is not None else None)
    world.step(near, "AppQueue", "(Outgoing Line)")
    world.emit(m.NEW_CALLERID, near.block() + m.PRESENTATION)
    for half in (near, far):
        world.varset(half, "DIALEDPEERNUMBER", text)
    far.change(number=caller.number, person=caller.person, connected_number=near.number)
    world.emit(m.NEW_CALLERID, far.block() + m.PRESENTATION)
    world.connected(far, near.number, None)
    world.emit(
        m.LOCAL_BRIDGE,
        near.prefixed("LocalOne") + far.prefixed("LocalTwo")
        + f"Context: {context}\r\nExten: {number}\r\n"
        f"LocalOptimization: {'Yes' if leg.optimise else 'No'}\r\n",
    )  # fmt: skip
    return leg


def optimise_later(exchange: Exchange, leg: LocalLeg) -> None:
    """Let the Local channel vanish once some sound has passed."""
    exchange.world.at(exchange.world.now + OPTIMISED_AFTER, lambda: _optimise(exchange, leg))


def _optimise(exchange: Exchange, leg: LocalLeg) -> None:
    """The phone takes the place of the Local channel in the caller's bridge."""
    world, near, far = exchange.world, leg.channel, leg.far
    phone = exchange.behind(leg)
    bridge = near.bridge
    if phone is None or bridge is None or near.gone or far.gone:
        return
    blocks = near.prefixed("LocalOne") + far.prefixed("LocalTwo")
    world.emit(
        m.LOCAL_OPTIMIZATION_BEGIN,
        f"{blocks}{phone.channel.prefixed('Source')}"
        f"DestUniqueId: {far.uniqueid}\r\nId: {near.uniqueid.partition('.')[2]}\r\n",
    )
    world.leave(phone.channel)
    world.leave(near)
    world.enter(bridge, phone.channel, swap=near)
    world.emit(
        m.LOCAL_OPTIMIZATION_END,
        f"{blocks}Success: No\r\nId: {near.uniqueid.partition('.')[2]}\r\n",
    )
    leg.phone = phone
    phone.owner = leg.owner
    if far.thread is not None:
        far.change(cause=16)
        far.thread.post(HungUp())
    world.varset(near, "CHANLOCALSTATUS", "ANSWER")
    near.change(cause=16)
    world.emit(m.HANGUP_REQUEST, near.block() + m.request_cause(16, None))
    world.hang_up(near)
