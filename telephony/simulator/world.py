"""Time, channels, bridges and devices of the simulated exchange, and the events they send.

Pure: the time is whatever the caller of :meth:`World.advance` says, chance is seeded, messages pile
up until :meth:`World.take`. What a call does is in dialplan.py, queue_app.py and dial_app.py: each
runs as a :class:`Thread` on a channel, as in Asterisk, and waits by ``yield``.
"""

from __future__ import annotations

import heapq
import random
from collections import deque
from collections.abc import Callable, Generator, Mapping
from typing import TypeAlias, TypeVar

from telephony.simulator import messages as m
from telephony.simulator.channel import UP, Bridge, Channel, Device
from telephony.simulator.signals import Redirected, Signal

Result = TypeVar("Result")
Part: TypeAlias = Generator[float | None, Signal | None, Result]
"""Part of a dialplan: yields until when it waits at most (None: for ever), is sent a signal, or
None when that time came. Redirected is raised in it when it has to go on elsewhere."""
Plan: TypeAlias = Part[None]
"""A whole dialplan."""

_RTP = ("RTPAUDIOQOS", "RTPAUDIOQOSJITTER", "RTPAUDIOQOSLOSS", "RTPAUDIOQOSRTT", "RTPAUDIOQOSMES")


class Timer:
    """Something to do at a time, until it is cancelled."""

    __slots__ = ("call",)

    def __init__(self, call: Callable[[], object]) -> None:
        self.call: Callable[[], object] | None = call

    def cancel(self) -> None:
        self.call = None


class World:
    """See the module. `start`: seconds since the epoch at which the exchange was started."""

    def __init__(
        self,
        start: float,
        *,
        seed: int,
        timestamps: bool = True,
        variables: frozenset[str] | None = None,
    ) -> None:
        self.started = start
        self.now = start
        self.random = random.Random(seed)  # noqa: S311 - a simulation, no secret
        self.channels: dict[str, Channel] = {}
        self.by_name: dict[str, Channel] = {}
        self.bridges: dict[str, Bridge] = {}
        self.devices: dict[str, Device] = {}
        self.watchers: list[Callable[[Device], None]] = []
        """Told after a device's state was sent out."""
        self.on_gone: Callable[[Channel], None] = lambda channel: None
        self.processed = 0
        self._timestamps = timestamps
        self._variables = variables
        self._timers: list[tuple[float, int, Timer]] = []
        self._sequence = 0
        self._channel_numbers = 0
        self._unique = 0
        self._out: list[m.Message] = []
        self._stamp = ""
        self._clock(start)

    # --- time ---------------------------------------------------------------------------------

    def deadline(self) -> float | None:
        """When something is going to happen by itself; None: never."""
        timers = self._timers
        while timers and timers[0][2].call is None:
            heapq.heappop(timers)
        return timers[0][0] if timers else None

    def advance(self, to: float) -> None:
        """Let everything happen that is due until `to`, in order. Going back changes nothing."""
        timers = self._timers
        while timers and timers[0][0] <= to:
            when, _, timer = heapq.heappop(timers)
            call = timer.call
            if call is None:
                continue
            timer.call = None
            self._clock(max(when, self.now))
            call()
        self._clock(max(to, self.now))

    def at(self, when: float, call: Callable[[], object]) -> Timer:
        timer = Timer(call)
        self._sequence += 1
        heapq.heappush(self._timers, (when, self._sequence, timer))
        return timer

    def _clock(self, now: float) -> None:
        self.now = now
        if self._timestamps:
            self._stamp = f"Timestamp: {now:.6f}\r\n"

    # --- messages -----------------------------------------------------------------------------

    def emit(self, kind: m.Kind, body: str) -> None:
        self._out.append(m.Message(kind.mask, f"{kind.head}{self._stamp}{body}\r\n"))

    def varset(self, channel: Channel, variable: str, value: str) -> None:
        if self._variables is None or variable in self._variables:
            self.emit(m.VARSET, channel.block() + m.varset(variable, value))

    def varsets(self, channel: Channel, variables: Mapping[str, str]) -> None:
        for variable, value in variables.items():
            self.varset(channel, variable, value)

    def take(self) -> list[m.Message]:
        """The messages since the last time, in order."""
        out, self._out = self._out, []
        return out

    # --- channels -----------------------------------------------------------------------------

    def unique(self) -> str:
        text = f"{int(self.now)}.{self._unique}"
        self._unique += 1
        return text

    def channel_name(self, device: str) -> str:
        text = f"{device}-{self._channel_numbers:08x}"
        self._channel_numbers += 1
        return text

    def device(self, name: str) -> Device:
        found = self.devices.get(name)
        if found is None:
            found = self.devices[name] = Device(name)
        return found

    def open(self, channel: Channel) -> Channel:
        """A channel begins."""
        self.channels[channel.uniqueid] = channel
        self.by_name[channel.name] = channel
        channel.device.count(channel.state, 1)
        self.processed += 1
        self.emit(m.NEWCHANNEL, channel.block())
        return channel

    def set_state(self, channel: Channel, state: int) -> None:
        channel.device.count(channel.state, -1)
        channel.device.count(state, 1)
        channel.change(state=state)
        self.emit(m.NEWSTATE, channel.block())

    def step(self, channel: Channel, application: str, data: str, **place: str | int) -> None:
        """The channel runs the next step of its dialplan."""
        channel.change(application=application, data=data, **place)
        self.emit(m.NEWEXTEN, channel.block() + m.newexten(channel.exten, application, data))

    def connected(self, channel: Channel, number: str | None, name: str | None) -> None:
        """The channel is shown who is at its other end."""
        channel.change(connected_number=number, connected_name=name)
        self.emit(m.NEW_CONNECTED_LINE, channel.block())

    def hang_up(self, channel: Channel) -> None:
        """A channel ends."""
        if channel.gone:
            return
        channel.gone = True
        if channel.state == UP:
            self.report_sound(channel)
        self.emit(m.HANGUP, channel.block() + m.cause(channel.cause, channel.tech_cause))
        if channel.late_line:  # told of its caller, but that was not yet sent when it ended
            self.emit(m.NEW_CONNECTED_LINE, channel.block())
        channel.device.count(channel.state, -1)
        del self.channels[channel.uniqueid]
        del self.by_name[channel.name]
        self.publish(channel.device)
        self.on_gone(channel)

    def report_sound(self, channel: Channel) -> None:
        """The statistics of the sound that are left in variables when a phone goes."""
        if channel.reported or channel.name.startswith("Local/"):
            return
        channel.reported = True
        bridge = channel.bridge
        others = [one for one in bridge.channels if one is not channel] if bridge else []
        for variable in _RTP:
            text = f"ssrc={channel.created:.0f};rtt=0.000000"
            self.varset(channel, variable, text)
            for other in others:
                self.varset(other, f"{variable}BRIDGED", text)

    # --- devices ------------------------------------------------------------------------------

    def publish(self, device: Device) -> None:
        """Send a device's state if it is not what was sent last."""
        state = device.state
        if state == device.published:
            return
        device.published = state
        self.emit(m.DEVICE_STATE_CHANGE, m.device_state(device.name, state))
        for watcher in self.watchers:
            watcher(device)

    # --- bridges ------------------------------------------------------------------------------

    def bridge(self) -> Bridge:
        bits = self.random.getrandbits(128)
        text = f"{bits:032x}"
        bridge = Bridge("-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:])))
        self.bridges[bridge.id] = bridge
        self.emit(m.BRIDGE_CREATE, bridge.block())
        return bridge

    def enter(self, bridge: Bridge, channel: Channel, swap: Channel | None = None) -> None:
        """`swap`: the channel whose place it takes."""
        bridge.channels.append(channel)
        channel.bridge = bridge
        oldest = min(bridge.channels, key=lambda one: one.created)
        if channel.linkedid != oldest.linkedid:
            channel.change(linkedid=oldest.linkedid)
        extra = f"SwapUniqueid: {swap.uniqueid}\r\n" if swap else ""
        self.emit(m.BRIDGE_ENTER, bridge.block() + channel.block() + extra)
        if len(bridge.channels) == 2 and swap is None:
            self._peers(bridge)

    def _peers(self, bridge: Bridge) -> None:
        first, second = bridge.channels
        if first.name.startswith("Local/") or second.name.startswith("Local/"):
            rounds = 1
        else:
            rounds = 3
            bridge.technology = "native_rtp"
        for _ in range(rounds):
            for one, other in ((second, first), (first, second)):
                self.varset(one, "BRIDGEPEER", other.name)
                self.varset(one, "BRIDGEPVTCALLID", f"{other.uniqueid}@simulated")

    def leave(self, channel: Channel) -> None:
        """A channel leaves its bridge; the bridge ends with the last one."""
        bridge = channel.bridge
        if bridge is None:
            return
        if len(bridge.channels) == 2:
            for one in (channel, *(c for c in bridge.channels if c is not channel)):
                self.varset(one, "BRIDGEPEER", "")
                self.varset(one, "BRIDGEPVTCALLID", "")
        bridge.channels.remove(channel)
        channel.bridge = None
        if not channel.cause:
            channel.change(cause=16)
        self.emit(m.BRIDGE_LEAVE, bridge.block() + channel.block())
        if not bridge.channels:
            del self.bridges[bridge.id]
            self.emit(m.BRIDGE_DESTROY, bridge.block())


class Thread:
    """A dialplan running on a channel. It waits by yielding a time and goes on with a signal."""

    __slots__ = ("_inbox", "_plan", "_running", "_timer", "_world", "done")

    def __init__(self, world: World, plan: Plan) -> None:
        self._world = world
        self._plan = plan
        self._inbox: deque[Signal | Redirected] = deque()
        self._running = False
        self._timer: Timer | None = None
        self.done = False

    def start(self) -> None:
        self._run(None)

    def post(self, signal: Signal | Redirected) -> None:
        """Tell it something; it hears signals in order, each when it waits next."""
        if self.done:
            return
        self._inbox.append(signal)
        if not self._running:
            self._run(self._inbox.popleft())

    def _wake(self) -> None:
        self._timer = None
        self._run(None)

    def _hear(self, signal: Signal | Redirected | None) -> float | None:
        if isinstance(signal, Redirected):
            return self._plan.throw(signal)
        return self._plan.send(signal)

    def _run(self, signal: Signal | Redirected | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._running = True
        try:
            until = self._hear(signal)
            while self._inbox:
                until = self._hear(self._inbox.popleft())
        except StopIteration:
            self.done = True
            self._inbox.clear()
            return
        finally:
            self._running = False
        if until is not None:
            self._timer = self._world.at(until, self._wake)
