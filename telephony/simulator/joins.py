"""Who is rung for whom, who was put into whose bridge by ``Bridge()``, and who listens to whom.

Pure. The two channels run dialplans of their own; this knows that they belong together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from telephony.simulator.arrivals import OfferEnd
from telephony.simulator.channel import Bridge, Channel
from telephony.simulator.signals import HungUp, LegGone, LetGo, Redirected, Signal, TakenInto
from telephony.simulator.world import Part

if TYPE_CHECKING:
    from telephony.simulator.exchange import Exchange


class Joins:
    """`waiting`: channels that hear music until somebody's ``Bridge()`` takes them."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self.waiting: set[Channel] = set()
        self._joins: dict[Channel, Channel] = {}
        self._wanted: dict[Channel, Channel] = {}
        self.spies: dict[Channel, Channel] = {}
        """Whom a listening channel hears."""

    # --- ringing for somebody -------------------------------------------------------------------

    def wanted(self, channel: Channel, target: str | None) -> None:
        """For whom an originated leg is being rung."""
        other = self._exchange.find(target or "")
        if other is not None:
            self._wanted[channel] = other

    def origin_over(self, channel: Channel, how: OfferEnd) -> None:
        """It rings no more."""
        other = self._wanted.pop(channel, None)
        if other is not None:
            self._exchange.note_offer(other, channel.device.name, how)

    # --- bridges --------------------------------------------------------------------------------

    def take(self, channel: Channel, other: Channel) -> Bridge | None:
        """Bridge() takes a waiting channel out of what it does; None when it cannot be taken."""
        if other.thread is None or other.bridge is not None or other not in self.waiting:
            return None
        bridge = self._exchange.world.bridge()
        other.thread.post(TakenInto(bridge))
        self._joins[channel] = other
        self._joins[other] = channel
        return bridge

    def bridge(self, channel: Channel, other: Channel | None) -> Part[bool]:
        """``Bridge()``: together with a waiting channel, until one of the two leaves. Answers
        whether the own party is still there; the other may have been gone from the start."""
        world = self._exchange.world
        bridge = self.take(channel, other) if other is not None else None
        if bridge is None or other is None:
            world.varset(channel, "BRIDGERESULT", "NONEXISTENT")
            return True
        world.enter(bridge, channel)
        for one, to in ((channel, other), (other, channel)):
            if (one.connected_number, one.connected_name) != (to.number, to.person):
                world.connected(one, to.number, to.person)
        # Usually it is the waiting channel that is a customer's; of a callback it is the agent's.
        customer, agent = other, channel
        if other.uniqueid not in self._exchange.people.callers:
            customer, agent = channel, other
        self._exchange.talking(customer, agent.device.name)
        heard: Signal | None = None
        try:
            while not isinstance(heard, HungUp | LegGone | LetGo):
                heard = yield None
        except Redirected:
            world.leave(channel)
            self.part(channel)
            raise
        world.leave(channel)
        self.part(channel)
        self._exchange.people.parted(channel)
        world.varset(channel, "BRIDGERESULT", "SUCCESS")
        return isinstance(heard, LetGo)

    def taken(self, channel: Channel, bridge: Bridge) -> Part[bool]:
        """In the bridge that somebody's ``Bridge()`` made. Answers False when the own party hung
        up and the channel is gone; True when the other left and its dialplan goes on."""
        world = self._exchange.world
        world.enter(bridge, channel)
        heard: Signal | None = None
        try:
            while not isinstance(heard, HungUp | LegGone | LetGo):
                heard = yield None
        except Redirected:
            world.leave(channel)
            self.part(channel)
            raise
        world.leave(channel)
        if not isinstance(heard, LetGo):
            self.part(channel)
            channel.thread = None
            world.hang_up(channel)  # out of a bridge it was put into: no SoftHangupRequest
            return False
        return True

    def split(self, channel: Channel, other: Channel) -> None:
        """Two that are joined are about to be moved at once: neither is left by the other."""
        if self._joins.get(channel) is other:
            del self._joins[channel], self._joins[other]

    def let_go(self, channel: Channel | None) -> None:
        """The other party of a join left: the channel goes on with its dialplan."""
        if channel is None:
            return
        other = self._joins.pop(channel, None)
        if other is not None:
            self._joins.pop(other, None)
        self._exchange.people.parted(channel)
        if not channel.gone and channel.thread is not None:
            channel.thread.post(LetGo())

    def part(self, channel: Channel) -> None:
        """As let_go, for the party on the other side of this channel."""
        self.let_go(self._joins.get(channel))

    def gone(self, channel: Channel) -> None:
        """The channel is no more."""
        self.waiting.discard(channel)
        self._wanted.pop(channel, None)
        self.spies.pop(channel, None)
        for spy in [one for one, heard in self.spies.items() if heard is channel]:
            if spy.thread is not None:
                spy.thread.post(LetGo())
        for origin in [one for one, wanted in self._wanted.items() if wanted is channel]:
            self.origin_over(origin, "cancelled")  # it rings on, but for nobody
