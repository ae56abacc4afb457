"""Who is rung for whom, and who was put into whose bridge, by AMI's Originate and ``Bridge()``.

Pure. The two channels run dialplans of their own; this knows that they belong together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from telephony.simulator.arrivals import OfferEnd
from telephony.simulator.channel import Bridge, Channel
from telephony.simulator.signals import LetGo, TakenInto

if TYPE_CHECKING:
    from telephony.simulator.exchange import Exchange


class Joins:
    """`waiting`: channels that hear music until somebody's ``Bridge()`` takes them."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self.waiting: set[Channel] = set()
        self._joins: dict[Channel, Channel] = {}
        self._wanted: dict[Channel, Channel] = {}

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
        for origin in [one for one, wanted in self._wanted.items() if wanted is channel]:
            self.origin_over(origin, "cancelled")  # it rings on, but for nobody
