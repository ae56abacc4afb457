"""What people do with their phones while they talk: hold, take back, hand the caller on.

Pure. The order of events is that of tests/replays/hold_unhold.ami and transfer_blind.ami. An own
phone's part only; who may do what with whom is no matter here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from telephony.simulator import messages as m
from telephony.simulator.channel import Channel
from telephony.simulator.legs import PhoneLeg
from telephony.simulator.signals import Redirected

if TYPE_CHECKING:
    from telephony.simulator.exchange import Exchange


def hold(exchange: Exchange, device: str) -> bool:
    """The phone puts its caller on hold; False when it talks to nobody, or did so already."""
    found = _talk(exchange, device)
    if found is None or found[1].music:
        return False
    own, caller = found
    exchange.world.emit(m.HOLD, f"{own.block()}MusicClass: default\r\n")
    exchange.music(caller, on=True)
    return True


def resume(exchange: Exchange, device: str) -> bool:
    """It takes the caller back; False when none is held."""
    found = _talk(exchange, device)
    if found is None or not found[1].music:
        return False
    own, caller = found
    exchange.world.emit(m.UNHOLD, own.block())
    exchange.music(caller, on=False)
    return True


def blind_transfer(exchange: Exchange, device: str, exten: str) -> bool:
    """The phone sends its caller to an extension or a queue and is out of the call; False when
    that cannot be."""
    found = _talk(exchange, device)
    if found is None or not reaches(exchange, exten):
        return False
    own, caller = found
    if caller.thread is None or own.bridge is None:
        return False
    resume(exchange, device)
    exchange.world.emit(
        m.BLIND_TRANSFER,
        f"Result: Success\r\n{own.prefixed('Transferer')}{caller.prefixed('Transferee')}"
        f"{own.bridge.block()}IsExternal: Yes\r\nContext: from-agents\r\nExtension: {exten}\r\n",
    )
    caller.thread.post(Redirected("from-agents", exten))
    return True


def reaches(exchange: Exchange, exten: str) -> bool:
    """Whether agents' phones can dial a colleague or a queue there (context ``from-agents``)."""
    return exten in exchange.queues or exchange.handset_of_number(exten) is not None


def _talk(exchange: Exchange, device: str) -> tuple[Channel, Channel] | None:
    """The phone's channel and that of the one caller it talks to."""
    handset = exchange.handsets.get(device)
    leg = handset.leg if handset is not None else None
    own = leg.channel if isinstance(leg, PhoneLeg) else leg
    if own is None or own.bridge is None or len(own.bridge.channels) != 2:
        return None
    (caller,) = (one for one in own.bridge.channels if one is not own)
    return None if caller.name.startswith("Local/") else (own, caller)
