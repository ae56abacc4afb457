"""What a caller goes through in a queue: the simulated ``Queue()`` application.

Pure. The order of events, and which variables are set when, is that of recordings of Asterisk 22
(tests/replays/queue_*.ami).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from telephony.simulator import messages as m
from telephony.simulator.channel import Channel
from telephony.simulator.legs import Leg, LocalLeg, PhoneLeg
from telephony.simulator.local import optimise_later
from telephony.simulator.queues import Entry, MemberState, QueueState
from telephony.simulator.signals import (
    HungUp,
    LegAnswered,
    LegGone,
    LegRefused,
    LegRinging,
    Redirected,
    Signal,
    TryNow,
)
from telephony.simulator.world import Part

if TYPE_CHECKING:
    from telephony.simulator.arrivals import OfferEnd
    from telephony.simulator.exchange import Exchange

Exit: TypeAlias = Literal["timed out", "hung up", "over"]
_CLEARED = (
    "ANSWEREDTIME",
    "ANSWEREDTIME_MS",
    "DIALEDTIME",
    "DIALEDTIME_MS",
    "QUEUEWAIT",
    "QUEUEWAIT_MS",
)


class QueueVisit:
    """One caller's stay in one queue."""

    __slots__ = ("answered_at", "attempt_began", "channel", "entry", "exchange", "expires", "legs",
                 "members", "partner", "queue", "waited")  # fmt: skip

    def __init__(
        self, exchange: Exchange, channel: Channel, queue: QueueState, patience: float
    ) -> None:
        self.exchange = exchange
        self.channel = channel
        self.queue = queue
        world = exchange.world
        for variable in _CLEARED:
            world.varset(channel, variable, "")
        self.entry: Entry = queue.join(channel)
        world.emit(m.MUSIC_START, f"{channel.block()}Class: default\r\n")
        exchange.note_queue(channel, queue.name)
        self.expires = world.now + patience
        self.legs: list[Leg] = []
        self.members: dict[Leg, MemberState] = {}
        self.attempt_began = world.now
        self.answered_at = world.now
        self.waited = 0
        self.partner: Leg | None = None
        """The agent's leg while they talk."""

    def run(self) -> Part[Exit]:
        """Wait, be offered to agents, talk. Answers what the dialplan has to do next."""
        try:
            return (yield from self._stay())
        except Redirected:
            if self.partner is None:
                self.queue.stop_waiting(self.entry)
                self._abandon()
            else:
                self._handed_on(self.partner)
            raise

    def _stay(self) -> Part[Exit]:
        world, queue = self.exchange.world, self.queue
        while True:
            queue.wait_turn(self.entry)
            signal = yield self.expires
            queue.stop_waiting(self.entry)
            if isinstance(signal, HungUp):
                return self._abandon()
            if isinstance(signal, TryNow):
                signal = yield from self._attempt()
                if isinstance(signal, HungUp):
                    return self._abandon()
                if isinstance(signal, LegAnswered):
                    return (yield from self._talk(signal.leg))
                if world.now < self.expires:
                    until = min(world.now + queue.settings.retry, self.expires)
                    if (yield from self._rest(until)):
                        return self._abandon()
            if world.now >= self.expires:
                return self._time_out()

    def _rest(self, until: float) -> Part[bool]:
        """Wait; True when the caller hung up meanwhile."""
        while True:
            signal = yield until
            if signal is None:
                return False
            if isinstance(signal, HungUp):
                return True

    # --- ringing agents -----------------------------------------------------------------------

    def _attempt(self) -> Part[Signal | None]:
        """Ring one agent after the other, or all, until one answers or the time is up."""
        world = self.exchange.world
        tried: set[MemberState] = set()
        self.attempt_began = world.now
        self._ring(tried)
        until = min(world.now + self.queue.settings.timeout, self.expires)
        while self.legs:
            signal = yield until
            if signal is None:
                self._nobody_answered()
            elif isinstance(signal, HungUp):
                return signal
            elif isinstance(signal, LegRinging) and signal.leg in self.members:
                self._dial_event(m.DIAL_STATE, signal.leg, "RINGING")
            elif isinstance(signal, LegRefused) and signal.leg in self.members:
                self._refused(signal.leg)
                if not self.legs:
                    self._ring(tried)
            elif isinstance(signal, LegAnswered) and signal.leg in self.members:
                return signal
        return None

    def _ring(self, tried: set[MemberState]) -> None:
        exchange, world, channel = self.exchange, self.exchange.world, self.channel
        chosen = self.queue.pick(tried)
        alone = self.queue.settings.strategy != "ringall"
        for member in chosen:
            tried.add(member)
            self.queue.taken.add(member.settings.device)
            leg = exchange.dial_member(channel, member)
            self.queue.rang(member)
            self.legs.append(leg)
            self.members[leg] = member
            dialled = leg.channel
            before = dialled.dest()
            if isinstance(leg, PhoneLeg):
                leg.first_block = dialled.block()
            dialled.change(
                exten=channel.exten,
                connected_number=channel.number,
                connected_name=channel.person,
            )
            who = (
                f"Queue: {self.queue.name}\r\nInterface: {member.settings.interface}\r\n"
                f"MemberName: {member.settings.name}\r\n"
            )
            world.emit(m.AGENT_CALLED, channel.block() + dialled.dest() + who)
            world.emit(
                m.DIAL_BEGIN,
                f"{channel.block()}{before}DialString: {member.settings.interface}\r\n",
            )
            if isinstance(leg, LocalLeg):
                exchange.run_far_half(leg)
            elif alone:
                world.connected(channel, dialled.number, dialled.person)

    def _dial_event(self, kind: m.Kind, leg: Leg, status: str) -> None:
        self.exchange.world.emit(
            kind, f"{self.channel.block()}{leg.channel.dest()}DialStatus: {status}\r\n"
        )

    def _agent_event(self, kind: m.Kind, other: Channel, member: MemberState, extra: str) -> None:
        self.exchange.world.emit(
            kind,
            f"{self.channel.block()}{other.dest()}"
            f"Queue: {self.queue.name}\r\nInterface: {member.settings.interface}\r\n"
            f"MemberName: {member.settings.name}\r\n{extra}",
        )

    def _drop(self, leg: Leg, how: OfferEnd, cause: int | None = None) -> None:
        self.legs.remove(leg)
        member = self.members[leg]
        self.exchange.note_offer(self.channel, leg.device, how)
        leg.end(cause)
        self.queue.taken.discard(member.settings.device)
        self.exchange.device_free(member.device)

    def _refused(self, leg: Leg) -> None:
        self._dial_event(m.DIAL_END, leg, "NOANSWER")
        self._agent_event(m.AGENT_RING_NO_ANSWER, leg.channel, self.members[leg], "RingTime: 0\r\n")
        self._drop(leg, leg.refusal)

    def _nobody_answered(self) -> None:
        rang = _seconds(self.exchange.world.now - self.attempt_began) * 1000
        for leg in self.legs:
            self._agent_event(
                m.AGENT_RING_NO_ANSWER, leg.channel, self.members[leg], f"RingTime: {rang}\r\n"
            )
            self._dial_event(m.DIAL_END, leg, "NOANSWER")
        for leg in list(self.legs):
            self._dial_event(m.DIAL_END, leg, "CANCEL")
            self._drop(leg, "no_answer", 0)

    # --- leaving without an agent -------------------------------------------------------------

    def _waited(self) -> int:
        return _seconds(self.exchange.world.now - self.entry.joined)

    def _times(self) -> None:
        world, channel, waited = self.exchange.world, self.channel, self._waited()
        world.varset(channel, "QUEUEWAIT", str(waited))
        world.varset(channel, "QUEUEWAIT_MS", str(waited * 1000))
        dial_times(self.exchange, channel, None, dialled_first=True)

    def _abandoned(self) -> None:
        world, channel, waited = self.exchange.world, self.channel, self._waited()
        world.varset(channel, "ABANDONED", "TRUE")
        world.emit(
            m.QUEUE_CALLER_ABANDON,
            f"{channel.block()}Queue: {self.queue.name}\r\n"
            f"Position: {self.queue.position(self.entry)}\r\n"
            f"OriginalPosition: {self.entry.original_position}\r\nHoldTime: {waited}\r\n",
        )
        self.queue.count_abandoned(waited)

    def _abandon(self) -> Exit:
        self._stop_music()
        for leg in self.legs:
            self._dial_event(m.DIAL_END, leg, "CANCEL")
        for leg in list(self.legs):
            self._dial_event(m.DIAL_END, leg, "CANCEL")
        for leg in list(self.legs):
            self._drop(leg, "cancelled", 0)
        self._times()
        self._abandoned()
        self.queue.leave(self.entry)
        self.exchange.note_left(self.channel, "abandoned")
        return "hung up"

    def _time_out(self) -> Exit:
        self._abandoned()
        self._times()
        self._stop_music()
        self.queue.leave(self.entry)
        self.exchange.note_left(self.channel, "timed_out")
        self.exchange.world.varset(self.channel, "QUEUESTATUS", "TIMEOUT")
        return "timed out"

    def _stop_music(self) -> None:
        self.exchange.world.emit(m.MUSIC_STOP, self.channel.block())

    # --- an agent answers ---------------------------------------------------------------------

    def _talk(self, leg: Leg) -> Part[Exit]:
        exchange, world, channel = self.exchange, self.exchange.world, self.channel
        self.waited = self._connect(leg, self.members[leg])
        self.partner = leg
        signal: Signal | None = None
        while not isinstance(signal, HungUp | LegGone):
            signal = yield None
        if isinstance(signal, HungUp):
            self._complete(leg, "caller")
            world.leave(channel)
        else:
            world.leave(leg.talking())
            self._complete(leg, "agent")
            leg.end(16)
            world.leave(channel)
        dial_times(exchange, channel, self.answered_at)
        if isinstance(signal, HungUp):
            leg.end(16)
        exchange.device_free(self.members[leg].device)
        return "over"

    def _complete(self, leg: Leg, reason: str) -> None:
        """The figures of a talk that is over."""
        world, member = self.exchange.world, self.members[leg]
        talked = _seconds(world.now - self.answered_at)
        member.calls_taken += 1
        member.last_call = int(world.now)
        member.in_call = False
        self.queue.count_completed(talked)
        times = f"HoldTime: {self.waited}\r\nTalkTime: {talked}\r\n"
        self._agent_event(m.AGENT_COMPLETE, leg.talking(), member, f"{times}Reason: {reason}\r\n")

    def _handed_on(self, leg: Leg) -> None:
        """The caller was taken out of the talk; the agent's leg ends."""
        self._complete(leg, "transfer")
        self.exchange.world.leave(self.channel)
        leg.end(16)
        self.exchange.device_free(self.members[leg].device)

    def _connect(self, leg: Leg, member: MemberState) -> int:
        """From the agent's answer to the moment both hear each other. Answers seconds waited."""
        exchange, world, channel = self.exchange, self.exchange.world, self.channel
        self.answered_at = world.now
        self._dial_event(m.DIAL_END, leg, "ANSWER")
        losers = [other for other in self.legs if other is not leg]
        for loser in losers:
            self._dial_event(m.DIAL_END, loser, "CANCEL")
        if channel.connected_number != leg.channel.number:
            world.connected(channel, leg.channel.number, leg.channel.person)
        for loser in losers:
            self._dial_event(m.DIAL_END, loser, "CANCEL")
        self._stop_music()
        waited = self._waited()
        variables = {
            "MEMBERINTERFACE": member.settings.interface,
            "MEMBERNAME": member.settings.name,
            "MEMBERCALLS": str(member.calls_taken),
            "MEMBERLASTCALL": str(member.last_call),
            "MEMBERPENALTY": str(member.penalty),
            "MEMBERDYNAMIC": str(int(member.dynamic)),
            "MEMBERREALTIME": "0",
        }
        entry = {
            "QEHOLDTIME": str(waited),
            "QEORIGINALPOS": str(self.entry.original_position),
        }
        for which in (variables, entry):
            world.varsets(channel, which)
            world.varsets(leg.channel, which)
        for loser in losers:
            self._drop(loser, "answered_elsewhere", 26)
        self.queue.leave(self.entry)
        exchange.note_left(channel, "answered")
        self.queue.count_answered(waited)
        world.varset(channel, "QUEUEWAIT", str(waited))
        world.varset(channel, "QUEUEWAIT_MS", str(waited * 1000))
        rang = _seconds(world.now - self.attempt_began)
        times = f"HoldTime: {waited}\r\nRingTime: {rang}\r\n"
        self._agent_event(m.AGENT_CONNECT, leg.channel, member, times)
        self.legs.clear()
        self.queue.taken.discard(member.settings.device)
        member.in_call = True
        exchange.note_offer(channel, leg.device, "answered")
        bridge = world.bridge()
        world.enter(bridge, leg.channel)
        world.enter(bridge, channel)
        exchange.talking(channel, leg.device)
        if isinstance(leg, LocalLeg) and leg.optimise:
            optimise_later(exchange, leg)
        return waited


def dial_times(
    exchange: Exchange, channel: Channel, answered: float | None, *, dialled_first: bool = False
) -> None:
    """The variables that say how long was talked and dialled. `answered` None: never."""
    world = exchange.world
    talked = 0.0 if answered is None else world.now - answered
    dialled = world.now - channel.created
    groups = [
        (("ANSWEREDTIME", int(talked)), ("ANSWEREDTIME_MS", round(talked * 1000))),
        (("DIALEDTIME", int(dialled)), ("DIALEDTIME_MS", round(dialled * 1000))),
    ]
    if dialled_first:
        groups.reverse()
    for group in groups:
        for variable, value in group:
            world.varset(channel, variable, str(value))


def _seconds(duration: float) -> int:
    return round(duration)
