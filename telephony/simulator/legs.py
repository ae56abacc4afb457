"""Legs: phones that are being rung or talked to, as the dialplan that dialled them sees it.

Pure. A :class:`PhoneLeg` ends at a device; a :class:`LocalLeg` is the near half of a Local channel
whose far half dials a phone itself. Both tell the dialplan that owns them by signals.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from telephony.simulator import messages as m
from telephony.simulator.channel import RINGING, UP, Channel
from telephony.simulator.signals import HungUp, LegAnswered, LegGone, LegRefused, LegRinging
from telephony.simulator.world import Thread, Timer, World

if TYPE_CHECKING:
    from telephony.simulator.arrivals import OfferEnd
    from telephony.simulator.outside import OutsideReaction
    from telephony.simulator.settings import Reaction

NETWORK = 0.001
"""Seconds a SIP message takes."""
REFUSALS: dict[str, tuple[int, int, OfferEnd]] = {
    "busy": (17, 486, "busy"),
    "declines": (21, 603, "refused"),
    "fails": (34, 503, "congestion"),
    "invalid": (1, 404, "congestion"),
}
"""By reaction: Q.850 cause, SIP status, and what it is called."""


class Handset:
    """A phone with one line: at most one call at a time, a second one finds it busy."""

    __slots__ = ("device", "leg", "reaction", "ring")

    def __init__(self, device: str, reaction: Reaction, ring: tuple[float, float]) -> None:
        self.device = device
        self.reaction = reaction
        self.ring = ring
        self.leg: PhoneLeg | Channel | None = None
        """What it is busy with: a leg that rings or talks, or the channel it dialled out on."""


class PhoneLeg:
    """A channel to a phone. `owner` is told what happens; it may change (optimisation)."""

    __slots__ = ("_timer", "_world", "answered", "channel",
        "first_block", "handset", "owner", "queue_style",
                 "reaction", "rings_until")  # fmt: skip

    def __init__(
        self,
        world: World,
        channel: Channel,
        owner: Thread,
        handset: Handset | None,
        *,
        reaction: Reaction | OutsideReaction,
        ring: float,
        queue_style: bool = False,
    ) -> None:
        self._world = world
        self.channel = channel
        self.owner = owner
        self.handset = handset
        self.queue_style = queue_style
        self.answered = False
        self.first_block: str | None = None
        """How the channel was last printed, as long as that is behind what it is."""
        self.rings_until = ring
        if handset is not None and handset.leg is not None:
            reaction = "busy"
        elif handset is not None:
            handset.leg = self
        self.reaction = reaction
        channel.late_line = queue_style
        self._timer: Timer | None = world.at(world.now + NETWORK, self._reached)

    @property
    def device(self) -> str:
        return self.channel.device.name

    def talking(self) -> Channel:
        """The channel that is in the caller's bridge."""
        return self.channel

    @property
    def refusal(self) -> OfferEnd:
        return REFUSALS[self.reaction][2] if self.reaction in REFUSALS else "no_answer"

    def _reached(self) -> None:
        self._timer = None
        if self.reaction in ("busy", "fails", "invalid"):
            self._refuse()
            return
        world, channel = self._world, self.channel
        channel.late_line = False
        self.first_block = None
        world.set_state(channel, RINGING)
        if self.queue_style:
            world.step(channel, "AppQueue", "(Outgoing Line)")
            world.connected(channel, channel.connected_number, channel.connected_name)
        self.owner.post(LegRinging(self))
        if channel.gone:
            return
        world.publish(channel.device)
        if self.reaction in ("answers", "machine"):
            self._timer = world.at(world.now + self.rings_until, self.pick_up)
        elif self.reaction == "declines":
            self._timer = world.at(world.now + self.rings_until, self._refuse)

    def _refuse(self) -> None:
        self._timer = None
        cause, status, _ = REFUSALS[self.reaction]
        self.channel.change(cause=cause, tech_cause=status)
        block = self.channel.block() if self.first_block is None else self.first_block
        self._world.emit(m.HANGUP_REQUEST, block + m.request_cause(cause, status))
        self._release()
        self.owner.post(LegRefused(self))

    def pick_up(self) -> bool:
        """The person answers; False when it does not ring (any more)."""
        if self.channel.state != RINGING or self.channel.gone or self.answered:
            return False
        self._stop()
        self.answered = True
        self._world.set_state(self.channel, UP)
        self._world.publish(self.channel.device)
        self.owner.post(LegAnswered(self))
        return True

    def put_down(self) -> None:
        """The person hangs up, or does not take the call."""
        if self.channel.gone:
            return
        if not self.answered:
            if self.channel.state == RINGING and self.reaction not in REFUSALS:
                self._stop()
                self.reaction = "declines"
                self._refuse()
            return
        known = self.channel.cause or None
        if self.channel.bridge is not None:
            self.channel.change(cause=16)
        self._release()
        self._world.emit(m.HANGUP_REQUEST, self.channel.block() + m.request_cause(known, None))
        self.owner.post(LegGone(self))

    def kill(self, cause: int) -> None:
        """The exchange hangs the leg up on somebody's demand (AMI Hangup)."""
        self.channel.change(cause=cause)
        self._stop()
        self._release()
        self.owner.post(LegGone(self) if self.answered else LegRefused(self))

    def end(self, cause: int | None = None, status: int | None = None) -> None:
        """Hung up by its dialplan; `cause` unless the phone gave one."""
        self._stop()
        self._release()
        if cause is not None:
            self.channel.change(cause=cause, tech_cause=status)
        self._world.leave(self.channel)
        self._world.hang_up(self.channel)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _release(self) -> None:
        if self.handset is not None and self.handset.leg is self:
            self.handset.leg = None


class LocalLeg:
    """The half of a Local channel that the queue dialled. `far` is the half that runs dialplan.

    Once the two are optimised away, `phone` is the leg behind them and takes all over.
    """

    __slots__ = (
        "_world",
        "answered",
        "channel",
        "device",
        "far",
        "optimise",
        "owner",
        "phone",
        "refusal",
    )  # fmt: skip

    def __init__(
        self, world: World, channel: Channel, far: Channel, owner: Thread, device: str, *,
        optimise: bool,
    ) -> None:  # fmt: skip
        self._world = world
        self.channel = channel
        self.far = far
        self.owner = owner
        self.device = device
        self.optimise = optimise
        self.answered = False
        self.phone: PhoneLeg | None = None
        self.refusal: OfferEnd = "no_answer"

    def rang(self, phone: Channel) -> None:
        """The phone behind it rings."""
        world, channel = self._world, self.channel
        channel.change(number=phone.number, person=phone.person)
        world.set_state(channel, RINGING)
        world.step(channel, "AppQueue", "(Outgoing Line)")
        world.emit(m.NEW_CALLERID, channel.block() + m.PRESENTATION)
        world.connected(channel, channel.connected_number, channel.connected_name)
        world.publish(channel.device)
        self.owner.post(LegRinging(self))

    def picked_up(self) -> None:
        self.answered = True
        self._world.set_state(self.channel, UP)
        self.owner.post(LegAnswered(self))

    def far_ended(self) -> None:
        """The far half is gone: the near one goes too."""
        if self.channel.gone or self.phone is not None:
            return
        self.channel.change(cause=self.far.cause)
        self._world.emit(
            m.HANGUP_REQUEST, self.channel.block() + m.request_cause(self.far.cause, None)
        )
        self.owner.post(LegGone(self) if self.answered else LegRefused(self))

    def end(self, cause: int | None = None, status: int | None = None) -> None:
        """As for a phone; the far half hears of it and ends what it dialled."""
        if self.phone is not None:
            self.phone.end(cause, status)
            return
        if cause is not None:
            self.channel.change(cause=cause)
        world = self._world
        world.leave(self.channel)
        if not self.far.gone and self.far.thread is not None:
            self.far.change(cause=self.channel.cause)
            world.emit(
                m.HANGUP_REQUEST, self.far.block() + m.request_cause(self.channel.cause, None)
            )
            world.hang_up(self.channel)
            self.far.thread.post(HungUp())
        else:
            world.hang_up(self.channel)

    def talking(self) -> Channel:
        """The channel that is in the caller's bridge."""
        return self.channel if self.phone is None else self.phone.channel


Leg: TypeAlias = PhoneLeg | LocalLeg
