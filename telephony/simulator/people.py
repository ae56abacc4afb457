"""The people of the simulated exchange: callers with patience, and what became of each call.

Pure. A caller dials, waits no longer than they like, talks as long as they want, and hangs up. The
exchange tells this module what happens to their channel; it keeps the ground truth.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from math import inf
from typing import TYPE_CHECKING

from telephony.simulator import handovers
from telephony.simulator.arrivals import Arrival, End, LineExit, OfferEnd, Outcome, Visit
from telephony.simulator.channel import Channel
from telephony.simulator.world import Timer

if TYPE_CHECKING:
    from telephony.simulator.exchange import Exchange

_FINGER = 1.0
"""Seconds until somebody has pressed the key that was offered."""
_LISTENS = 4.0
"""Seconds until they have heard what is asked then, and confirmed it."""


@dataclass(slots=True, eq=False)
class Caller:
    """A caller who is on the line."""

    arrival: Arrival
    channel: Channel
    at: float
    queue: str | None = None
    joined: float | None = None
    device: str | None = None
    answered: float | None = None
    parted: float | None = None
    closed: bool = False
    """A queue's time ran out and the closing message played."""
    offers: list[tuple[str, OfferEnd]] = field(default_factory=list)
    timer: Timer | None = None
    visits: list[Visit] = field(default_factory=list)
    line: tuple[str, float] | None = None
    """The queue in whose line they stand, and since when."""
    called: bool = False
    """The engine dialled them."""
    picked_up: bool = False
    """Of one who was dialled: they took the call."""
    machine: bool = False
    """Of one who was dialled: a machine takes it."""


class People:
    """All callers on the line, and the last finished calls."""

    def __init__(self, exchange: Exchange, kept: int) -> None:
        self._exchange = exchange
        self.callers: dict[str, Caller] = {}
        self.finished: deque[Outcome] = deque(maxlen=kept)
        self.on_over: Callable[[Outcome], None] = lambda outcome: None

    def begin(self, arrival: Arrival, channel: Channel) -> None:
        world = self._exchange.world
        caller = Caller(arrival, channel, world.now)
        self.callers[channel.uniqueid] = caller
        if arrival.patience < inf:
            caller.timer = world.at(
                world.now + arrival.patience, lambda: self._exchange.party_hangs_up(channel)
            )
        for after, key in arrival.keys:
            world.at(world.now + after, partial(self._exchange.press_key, channel.uniqueid, key))

    def dialled(self, arrival: Arrival, channel: Channel, *, machine: bool) -> None:
        """Somebody outside is being called; `arrival` is how they will behave."""
        now = self._exchange.world.now
        self.callers[channel.uniqueid] = Caller(arrival, channel, now, called=True, machine=machine)

    def picked_up(self, channel: Channel) -> None:
        """They took the call, and wait for somebody no longer than they like."""
        caller = self.callers.get(channel.uniqueid)
        if caller is None:
            return
        caller.picked_up = True
        if caller.arrival.patience < inf:
            world = self._exchange.world
            caller.timer = world.at(
                world.now + caller.arrival.patience,
                lambda: self._exchange.party_hangs_up(channel),
            )

    def is_machine(self, channel: Channel) -> bool:
        caller = self.callers.get(channel.uniqueid)
        return caller is not None and caller.machine

    def offered_callback(self, channel: Channel, key: str, wait: float, place: str) -> None:
        """They were told how long it takes, and may ask by `key` to be called back; `place` is the
        context of the dialplan in which they are asked for their number."""
        caller = self.callers.get(channel.uniqueid)
        if caller is None or wait < caller.arrival.long_wait:
            return
        world, exchange = self._exchange.world, self._exchange

        def press(where: str, pressed: str) -> None:
            if not channel.gone and channel.bridge is None and channel.context == where:
                exchange.press_key(channel.uniqueid, pressed)

        world.at(world.now + _FINGER, partial(press, channel.context, key))
        world.at(world.now + _LISTENS, partial(press, place, "1"))

    def queued(self, channel: Channel, queue: str) -> None:
        caller = self.callers.get(channel.uniqueid)
        if caller is not None:
            now = self._exchange.world.now
            caller.queue, caller.joined = queue, now
            caller.line = (queue, now)

    def left_line(self, channel: Channel, why: LineExit) -> None:
        """Out of the line, with or without an agent."""
        caller = self.callers.get(channel.uniqueid)
        if caller is not None and caller.line is not None:
            queue, entered = caller.line
            caller.line = None
            caller.visits.append(Visit(queue, entered, self._exchange.world.now, why))

    def closing(self, channel: Channel) -> None:
        caller = self.callers.get(channel.uniqueid)
        if caller is not None:
            caller.closed = True

    def offered(self, channel: Channel, device: str, how: OfferEnd) -> None:
        caller = self.callers.get(channel.uniqueid)
        if caller is not None:
            caller.offers.append((device, how))

    def talking(self, channel: Channel, device: str) -> None:
        """Caller and agent hear each other."""
        caller = self.callers.get(channel.uniqueid)
        if caller is None:
            return
        if caller.device == device and caller.answered is not None:
            caller.parted = None  # on hold meanwhile: the same talk goes on
            return
        world, exchange = self._exchange.world, self._exchange
        if caller.timer is not None:
            caller.timer.cancel()
        if caller.answered is None:
            caller.answered = world.now
        caller.parted = None
        caller.device = device
        handset, talk = exchange.handsets.get(device), caller.arrival.talk
        if handset is not None and handset.reaction == "waits":
            talk = max(talk, exchange.settings.hands_talk)
        if caller.arrival.ender == "caller":
            caller.timer = world.at(world.now + talk, lambda: exchange.party_hangs_up(channel))
        else:
            caller.timer = world.at(world.now + talk, lambda: self._other_ends(channel))

        self._restless(caller, device)

    def _restless(self, caller: Caller, device: str) -> None:
        """Some agents put the caller on hold for a while, some hand them on."""
        settings, chance = self._exchange.settings, self._exchange.chance
        handset = self._exchange.handsets.get(device)
        if handset is None or not (settings.hold_share or settings.transfer_share):
            return
        if handset.reaction == "waits":
            return  # a person is at this phone and does as they like
        now, talk = self._exchange.world.now, caller.arrival.talk
        holds, hands_on = chance.random(), chance.random()
        acts: list[tuple[float, Callable[[], bool]]] = []
        if holds < settings.hold_share:
            acts.append((0.2, partial(handovers.hold, self._exchange, device)))
            acts.append((0.5, partial(handovers.resume, self._exchange, device)))
        if hands_on < settings.transfer_share:
            places = sorted(self._exchange.queues) + [
                one.number
                for one in settings.phones
                if one.device != device and one.device in self._exchange.memberships
            ]
            exten = chance.choice(places)
            acts.append((0.6, partial(handovers.blind_transfer, self._exchange, device, exten)))
        for part, act in acts:
            self._exchange.world.at(now + part * talk, partial(self._still, caller, device, act))

    def _still(self, caller: Caller, device: str, act: Callable[[], bool]) -> None:
        """Do it, if that phone still talks to that caller."""
        bridge = caller.channel.bridge
        if bridge is not None and any(one.device.name == device for one in bridge.channels):
            act()

    def _other_ends(self, channel: Channel) -> None:
        """The agent ends the talk; a caller who was handed on and talks to nobody gives up."""
        if channel.bridge is not None:
            self._exchange.other_hangs_up(channel)
        else:
            self._exchange.party_hangs_up(channel)

    def parted(self, channel: Channel) -> None:
        """They no longer hear each other."""
        caller = self.callers.get(channel.uniqueid)
        if caller is not None and caller.answered is not None and caller.parted is None:
            caller.parted = self._exchange.world.now

    def gone(self, channel: Channel) -> None:
        """The caller's channel has ended."""
        caller = self.callers.pop(channel.uniqueid, None)
        if caller is None:
            return
        if caller.timer is not None:
            caller.timer.cancel()
        outcome = self._outcome(caller)
        self.finished.append(outcome)
        self.on_over(outcome)

    def drop_all(self) -> None:
        """The exchange stops: every call on the line fails."""
        for caller in list(self.callers.values()):
            self.left_line(caller.channel, "failed")
            outcome = replace(self._outcome(caller), end="failed")
            self.finished.append(outcome)
            self.on_over(outcome)
        self.callers.clear()

    def _outcome(self, caller: Caller) -> Outcome:
        now = self._exchange.world.now
        since = caller.at if caller.joined is None else caller.joined
        parted = now if caller.parted is None else caller.parted
        if caller.answered is not None:
            wait, talk = max(0.0, caller.answered - since), parted - caller.answered
        else:
            wait, talk = now - since, 0.0
        return Outcome(
            call=caller.channel.uniqueid,
            arrival=caller.arrival,
            at=caller.at,
            queue=caller.queue,
            device=caller.device,
            offers=tuple(caller.offers),
            wait=wait,
            talk=talk,
            end=_end(caller),
            ended=now,
            visits=tuple(caller.visits),
        )


def _end(caller: Caller) -> End:
    if caller.answered is not None:
        return "completed"
    if caller.closed:
        return "queue_left"
    cause = caller.channel.cause
    if cause == 17:
        return "busy"
    if cause == 19:
        return "no_answer"
    if caller.called:
        return "abandoned" if caller.picked_up and not caller.machine else _NOT_REACHED[cause]
    if cause == 34:
        refused = bool(caller.offers) and caller.offers[-1][1] == "refused"
        return "refused" if refused else "congestion"
    return "abandoned"


_NOT_REACHED: defaultdict[int, End] = defaultdict(
    lambda: "no_answer", {21: "refused", 34: "congestion", 1: "failed"}
)
"""Of people who were dialled: by the cause of its end."""
