"""The simulated line of an engine: ``config/asterisk/callcenter.conf``.

Pure. A caller whose agent the engine chooses hears music and announcements in ``cc-wait``, presses
keys, and looks at the engine's sign of life; ``cc-join`` is what an agent's leg runs once it is
answered. Labels and priorities are those of that file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from telephony.simulator.arrivals import LineExit
from telephony.simulator.channel import UP, Channel
from telephony.simulator.signals import HungUp, KeyPressed, Redirected, Signal, TakenInto
from telephony.simulator.world import Part

if TYPE_CHECKING:
    from telephony.simulator.exchange import Exchange

WAIT, JOIN, AFTER, AWAY, ASK = "cc-wait", "cc-join", "cc-after", "cc-away", "cc-callback-ask"
KEY, NO_CALLBACK = "CC_KEY", "CC_NO_CALLBACK"
"""Global variables, or a channel's own: the key that is offered, and ``1`` while none is."""
BEAT = "CC_BEAT"
"""The global variable that the engine keeps changing while it lives."""
POSITION, P50, P90 = "CC_POSITION", "CC_P50", "CC_P90"
AWAY_WHY: Mapping[str, LineExit] = {
    "closed": "closed",
    "empty": "empty",
    "timed_out": "timed_out",
    "key": "key",
    "fallback": "overflow",
}
"""Extensions of ``cc-away``, and what each means for the line that was left."""

_NUMBER = 0.8
"""Seconds that a small number takes to say."""

Leaves: TypeAlias = Literal["hung up", "fallback", "over", "ask"]
"""``over``: the caller talked, and has to be hung up. ``ask``: to be called back."""


@dataclass(frozen=True, slots=True)
class _Step:
    """One step of an announcement; `seconds`: how long it takes."""

    priority: int
    application: str
    data: str
    seconds: float = 0.0


def _announcement(place: str, low: str, high: str, key: str) -> Iterator[_Step]:
    """What is told, as ``tell`` of ``cc-wait`` puts it together. `key`: the one that is offered."""
    several = int(place or "0") > 1
    yield _Step(17, "GotoIf", f"{int(several)}?place")
    if several:
        yield _Step(20, "BackGround", "queue-thereare", 2.26)
        yield _Step(21, "SayNumber", place, _NUMBER)
        yield _Step(22, "BackGround", "queue-callswaiting", 2.48)
    else:
        yield _Step(18, "BackGround", "queue-youarenext", 3.4)
        yield _Step(19, "Goto", "time")
    silent = not (low and high)
    yield _Step(23, "GotoIf", f"{int(silent)}?key")
    if not silent:
        least, most = -(-int(low) // 60), -(-int(high) // 60)
        yield _Step(24, "MSet", f"CC_FROM={least},CC_TO={most}")
        yield _Step(25, "BackGround", "queue-holdtime", 2.8)
        between = 1 < least < most
        yield _Step(26, "GotoIf", f"{int(between)}?between")
        if between:
            yield _Step(29, "SayNumber", str(least), _NUMBER)
            yield _Step(30, "BackGround", "queue-minutes&vm-and&queue-less-than", 2.62)
        else:
            yield _Step(27, "BackGround", "queue-less-than", 1.1)
            yield _Step(28, "Goto", "most")
        yield _Step(31, "SayNumber", str(max(most, 2)), _NUMBER)
        yield _Step(32, "BackGround", "queue-minutes", 0.88)
    yield _Step(33, "GotoIf", f"{int(not key)}?told")
    if key:
        yield _Step(34, "GotoIf", "1?press")
        yield _Step(37, "BackGround", "to-call-this-number&vm-press", 1.9)
        yield _Step(38, "SayDigits", key, 0.4)


def wait(exchange: Exchange, channel: Channel, queue: str) -> Part[Leaves]:
    """From entering the engine's line to leaving it, the talk with an agent included."""
    world = exchange.world
    world.step(channel, "Set", f"__CC_QUEUE={queue}", context=WAIT, exten=queue, priority=1)
    exchange.set_variable(channel, "__CC_QUEUE", queue)
    try:
        return (yield from _Wait(exchange, channel, queue).run())
    except Redirected:
        if channel.music:
            exchange.music(channel, on=False)
        raise
    finally:
        exchange.joins.waiting.discard(channel)


class _Wait:
    """One caller's stay in the engine's line."""

    def __init__(self, exchange: Exchange, channel: Channel, queue: str) -> None:
        self.exchange = exchange
        self.channel = channel
        self.queue = queue
        self.limit = exchange.settings.beat_limit
        self.beat = exchange.globals.get(BEAT, "")
        self.seen = exchange.world.now

    def run(self) -> Part[Leaves]:
        """Music, looks and announcements by turns."""
        exchange, world, channel = self.exchange, self.exchange.world, self.channel
        start = f"CC_LAST={self.beat},CC_SEEN={int(self.seen)},CC_POSITION="
        world.step(channel, "MSet", f"{start},SAY_DTMF_INTERRUPT=true", priority=2)
        self._set(CC_LAST=self.beat, CC_SEEN=str(int(self.seen)), CC_POSITION="")
        self._set(SAY_DTMF_INTERRUPT="true")
        world.step(channel, "UserEvent", f"CallcenterWait,Queue: {self.queue}", priority=3)
        exchange.user_event(channel, "CallcenterWait", f"Queue: {self.queue}")
        exchange.note_queue(channel, self.queue)
        world.step(channel, "Set", f"CC_LIMIT={self.limit:g}", priority=4)
        self._set(CC_LIMIT=f"{self.limit:g}")
        world.step(channel, "Set", "TIMEOUT(digit)=0.01", priority=5)
        world.step(channel, "Answer", "", priority=6)
        exchange.joins.waiting.add(channel)
        if channel.state != UP:
            exchange.answer(channel)
            world.publish(channel.device)
            signal = yield from self._until(world.now + exchange.settings.answer_delay)
            if signal is not None:
                return (yield from self._ends(signal))
        self._music()
        while True:
            world.step(channel, "WaitExten", f"{self.limit:g}", priority=9)
            signal = yield from self._until(world.now + self.limit, keys=True)
            if isinstance(signal, KeyPressed):
                if self._key(signal.key, quiet=False):
                    return "ask"
            elif signal is not None:
                return (yield from self._ends(signal))
            if self._silent():
                world.step(channel, "Goto", f"{AWAY},fallback,1", priority=14)
                return "fallback"
            place = channel.variables.get(POSITION, "")
            world.step(channel, "GotoIf", f"{int(not place)}?wait:tell", priority=12)
            if place:
                signal = yield from self._tell(place)
                if isinstance(signal, KeyPressed):
                    if self._key(signal.key, quiet=True):
                        return "ask"
                elif signal is not None:
                    return (yield from self._ends(signal))
                self._music()

    def _until(self, when: float, *, keys: bool = False) -> Part[Signal | None]:
        """Wait; answers what ended it early."""
        while True:
            signal = yield when
            if signal is None or isinstance(signal, HungUp | TakenInto):
                return signal
            if keys and isinstance(signal, KeyPressed):
                return signal

    def _set(self, **values: str) -> None:
        for name, value in values.items():
            self.exchange.set_variable(self.channel, name, value)

    def _music(self) -> None:
        world, channel = self.exchange.world, self.channel
        world.step(channel, "StartMusicOnHold", "", priority=7)
        self.exchange.music(channel, on=True)
        world.step(channel, "Set", "CC_QUIET=", priority=8)
        self._set(CC_QUIET="")

    def _silent(self) -> bool:
        """Look whether the engine still changes its sign of life."""
        world, channel, beat = self.exchange.world, self.channel, self.beat
        now = self.exchange.globals.get(BEAT, "")
        world.step(channel, "GotoIf", f"{int(now == beat)}?silent", priority=10)
        if now != beat:
            self.beat, self.seen = now, world.now
            seen = str(int(self.seen))
            world.step(channel, "MSet", f"CC_LAST={now},CC_SEEN={seen}", priority=11)
            self._set(CC_LAST=now, CC_SEEN=seen)
            return False
        silent = int(world.now) - int(self.seen) >= self.limit
        world.step(channel, "GotoIf", f"{int(not silent)}?say", priority=13)
        return silent

    def _offered(self) -> str:
        """The key that is offered at the moment; none: empty."""
        own, everywhere = self.channel.variables, self.exchange.globals
        if (own.get(NO_CALLBACK) or everywhere.get(NO_CALLBACK, "")) == "1":
            return ""
        return own.get(KEY) or everywhere.get(KEY, "")

    def _key(self, key: str, *, quiet: bool) -> bool:
        """The key that is offered leads out of the line: True. What any other means is the
        engine's business, and the caller goes on waiting. `quiet`: it was pressed during an
        announcement."""
        exchange, world, channel = self.exchange, self.exchange.world, self.channel
        world.varset(channel, "INVALID_EXTEN", key)
        asks = key == self._offered()
        world.step(channel, "GotoIf", f"{int(asks)}?{ASK},s,1", exten="i", priority=1)
        if asks:
            return True
        data = f"CallcenterKey,Queue: {self.queue},Key: {key}"
        world.step(channel, "UserEvent", data, priority=2)
        exchange.user_event(channel, "CallcenterKey", f"Queue: {self.queue}", f"Key: {key}")
        world.step(channel, "GotoIf", f"{int(quiet)}?{self.queue},music", priority=3)
        if not quiet:
            world.step(channel, "Goto", f"{self.queue},look", priority=4)
        channel.change(exten=self.queue)
        return False

    def _tell(self, place: str) -> Part[Signal | None]:
        """Position and expected wait; a key ends it and is heard as one."""
        exchange, world, channel = self.exchange, self.exchange.world, self.channel
        low, high = channel.variables.get(P50, ""), channel.variables.get(P90, "")
        told = f"CC_N={place},CC_LOW={low},CC_HIGH={high},CC_POSITION=,CC_QUIET=1"
        world.step(channel, "MSet", told, priority=15)
        self._set(CC_N=place, CC_LOW=low, CC_HIGH=high, CC_POSITION="", CC_QUIET="1")
        world.step(channel, "StopMusicOnHold", "", priority=16)
        exchange.music(channel, on=False)
        key = self._offered()
        for step in _announcement(place, low, high, key):
            world.step(channel, step.application, step.data, priority=step.priority)
            if step.application == "MSet":
                self._set(**dict(one.split("=") for one in step.data.split(",")))
            if not step.seconds:
                continue
            signal = yield from self._until(world.now + step.seconds, keys=True)
            if step.application == "BackGround" and not isinstance(signal, TakenInto):
                over = isinstance(signal, HungUp)
                world.varset(channel, "BACKGROUNDSTATUS", "FAILED" if over else "SUCCESS")
            if signal is not None:
                return signal
        lines = (f"Queue: {self.queue}", f"Position: {place}", f"P50: {low}", f"P90: {high}")
        data = f"CallcenterTold,{','.join(lines)}"
        world.step(channel, "UserEvent", data, priority=39)
        exchange.user_event(channel, "CallcenterTold", *lines)
        if key and low:
            exchange.people.offered_callback(channel, key, float(low), ASK)
        world.step(channel, "Goto", "music", priority=40)
        return None

    def _ends(self, signal: Signal) -> Part[Leaves]:
        """Hung up, or taken by an agent."""
        exchange, channel = self.exchange, self.channel
        exchange.joins.waiting.discard(channel)
        if channel.music:
            exchange.music(channel, on=False)
        if not isinstance(signal, TakenInto):
            exchange.note_left(channel, "abandoned")
            return "hung up"
        exchange.note_left(channel, "answered")
        channel.change(priority=channel.priority + 1)
        if not (yield from exchange.joins.taken(channel, signal.bridge)):
            return "hung up"
        over_after(exchange, channel)
        return "over"


def over_after(exchange: Exchange, channel: Channel) -> bool:
    """``cc-after``: the agent has hung up. Answers True: the channel is there and at its end."""
    world = exchange.world
    world.step(channel, "Set", "TIMEOUT(digit)=5", context=AFTER, exten="s", priority=1)
    world.step(channel, "GotoIf", "0?cc-after-custom,s,1", priority=2)
    world.step(channel, "Hangup", "", priority=3)
    channel.change(cause=16)
    return True


def join(exchange: Exchange, channel: Channel, target: str | None, context: str) -> Part[bool]:
    """An agent's leg that was originated has been answered: it takes the waiting caller.

    Answers True: its dialplan is at its end.
    """
    world, steps = exchange.world, 1
    other = exchange.find(target or "")
    if context == JOIN:
        steps = 3
        gone = other is None or other.context != WAIT or other is channel
        if _gone(exchange, channel, 1, gone=gone):
            return True
        if _gone(exchange, channel, 2, gone=other is None or other.bridge is not None):
            return True
        data = f"{target},F(cc-after^s^1)T"
        world.step(channel, "Bridge", data, context=context, exten="s", priority=3)
    else:
        world.step(channel, "Bridge", target or "", context=context, exten="s", priority=1)
    if (yield from exchange.joins.bridge(channel, other)):
        _hang_up(exchange, channel, steps + 1)
    return True


def _gone(exchange: Exchange, channel: Channel, priority: int, *, gone: bool) -> bool:
    exchange.world.step(
        channel, "GotoIf", f"{int(gone)}?gone", context=JOIN, exten="s", priority=priority
    )
    if gone:
        _hang_up(exchange, channel, 4)
    return gone


def _hang_up(exchange: Exchange, channel: Channel, priority: int) -> None:
    exchange.world.step(channel, "Hangup", "", priority=priority)
    channel.change(cause=16)


def leave(exchange: Exchange, channel: Channel, context: str, exten: str, why: str) -> str:
    """``UserEvent(CallcenterAway)``: out of the line; answers from which queue."""
    queue = channel.variables.get("CC_QUEUE", "")
    data = f"CallcenterAway,Queue: {queue},Why: {why}"
    exchange.world.step(channel, "UserEvent", data, context=context, exten=exten, priority=1)
    exchange.user_event(channel, "CallcenterAway", f"Queue: {queue}", f"Why: {why}")
    exchange.note_left(channel, AWAY_WHY[why])
    return queue


def away(exchange: Exchange, channel: Channel, why: str) -> str:
    """The caller is out of the engine's line without an agent; answers from which queue."""
    world, queue = exchange.world, leave(exchange, channel, AWAY, why, why)
    world.step(channel, "StopMusicOnHold", "", priority=2)
    if channel.music:
        exchange.music(channel, on=False)
    world.step(channel, "Set", "TIMEOUT(digit)=5", priority=3)
    custom = f"cc-away-custom,{why},1:cc-message,{why},1"
    if why == "fallback":
        custom = f"cc-fallback-custom,{queue},1"
    world.step(channel, "GotoIf", f"0?{custom}", priority=4)
    return queue
