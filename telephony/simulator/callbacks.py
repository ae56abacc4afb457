"""The simulated contexts of callbacks: ``cc-callback*`` of ``config/asterisk/callcenter.conf``.

Pure. The customer whom the engine dialled, the agent who waits for them, and callers in line who
ask to be called back. Labels and priorities are those of that file. Where the real ``Read()`` and
``AMD()`` listen, the people here say what is heard.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from telephony.simulator.channel import Channel
from telephony.simulator.engine_line import ASK, WAIT, leave, over_after
from telephony.simulator.signals import HungUp, KeyPressed, LegGone, Redirected, Signal, TakenInto
from telephony.simulator.world import Part

if TYPE_CHECKING:
    from telephony.simulator.exchange import Exchange

CALLED, ALONE, TOLD = "cc-callback", "cc-callback-agent", "cc-callback-told"

_AMD: Final = {
    False: (1.9, "HUMAN", "HUMAN-800-800"),
    True: (1.6, "MACHINE", "LONGGREETING-1500-1500"),
}
"""By whether a machine answered: seconds that AMD() listens, AMDSTATUS and AMDCAUSE."""
_SILENT: Final = 4.0
"""Seconds until a machine has said what it says and been silent for a moment and a half."""
_MESSAGE: Final = "hello&please-try-call-later&vm-goodbye"
_MESSAGE_TAKES: Final = 4.2
_SORRY: Final = ("im-sorry&feature-not-avail-line", 3.0)
_THANKS: Final = ("auth-thankyou&vm-goodbye", 1.9)
_OFFER: Final = ("to-call-this-number", 1.4)
_CHOICES: Final = ("vm-press&digits/1&vm-calldiffnum&vm-press&digits/2&vm-star-cancel", 7.5)
_DIGIT: Final = 0.4
"""Seconds that one digit takes to say."""
_ANSWERS_WITHIN: Final = 5.0
"""Seconds that a caller who asked waits for the engine."""
_MOST: Final = 180
_LENGTHS: Final = range(5, 19)


def _until(when: float, *, keys: bool = False) -> Part[Signal | None]:
    """Wait; answers what ended it early."""
    while True:
        signal = yield when
        if signal is None or isinstance(signal, HungUp | LegGone | TakenInto):
            return signal
        if keys and isinstance(signal, KeyPressed):
            return signal


class _Steps:
    """The steps of one channel in one context."""

    def __init__(self, exchange: Exchange, channel: Channel, context: str) -> None:
        self.exchange = exchange
        self.world = exchange.world
        self.channel = channel
        self.context = context
        self.queue = channel.variables.get("CC_QUEUE", "")

    def step(self, exten: str, priority: int, application: str, data: str = "") -> None:
        self.world.step(
            self.channel, application, data, context=self.context, exten=exten, priority=priority
        )

    def go(self, exten: str, priority: int, there: bool, label: str) -> bool:
        """``GotoIf()``."""
        self.step(exten, priority, "GotoIf", f"{int(there)}?{label}")
        return there

    def assign(self, exten: str, priority: int, application: str = "Set", **values: str) -> None:
        data = ",".join(f"{name}={value}" for name, value in values.items())
        self.step(exten, priority, application, data)
        for name, value in values.items():
            self.exchange.set_variable(self.channel, name, value)

    def tell(self, exten: str, priority: int, name: str, *headers: str) -> None:
        self.step(exten, priority, "UserEvent", ",".join((name, *headers)))
        self.exchange.user_event(self.channel, name, *headers)

    def hang_up(self, exten: str, priority: int) -> bool:
        self.step(exten, priority, "Hangup")
        self.channel.change(cause=16)
        return True

    def play(self, exten: str, priority: int, text: str, seconds: float) -> Part[bool]:
        """``Playback()``; False when the party hung up meanwhile."""
        self.step(exten, priority, "Playback", text)
        signal = yield from _until(self.world.now + seconds)
        self.world.varset(self.channel, "PLAYBACKSTATUS", "FAILED" if signal else "SUCCESS")
        return signal is None


# --- the customer who was dialled ---------------------------------------------------------------


def _called(exchange: Exchange, channel: Channel) -> Part[bool]:
    """They have answered: to the agent who waits for them, into the line, or no further."""
    one = _Steps(exchange, channel, CALLED)
    machine = exchange.people.is_machine(channel)
    exchange.people.picked_up(channel)
    one.assign("s", 1, "MSet", __CC_QUEUE=one.queue, CC_NO_CALLBACK="1", CC_BY="unknown")
    number = channel.variables.get("CC_NUMBER", "")
    one.step("s", 2, "MSet", f"CALLERID(num)={number},CALLERID(name)=")
    exchange.caller_id(channel, number, None)
    order = channel.variables.get("CC_MACHINE", "")
    if one.go("s", 3, order in ("hang_up", "message"), "listen:answered"):
        one.step("s", 4, "AMD")
        seconds, status, cause = _AMD[machine]
        if (yield from _until(exchange.world.now + seconds)) is not None:
            return False
        exchange.set_variable(channel, "AMDSTATUS", status)
        exchange.set_variable(channel, "AMDCAUSE", cause)
        if one.go("s", 5, machine, "machine"):
            return (yield from _machine(one, order))
        one.assign("s", 6, CC_BY="human")
    by = channel.variables.get("CC_BY", "")
    one.tell("s", 7, "CallcenterAnswered", f"Queue: {one.queue}", f"By: {by}")
    agent = _waiting_agent(one)
    if agent is not None:
        one.step("s", 13, "Bridge", f"{agent.name},xt")
        exchange.note_offer(channel, agent.device.name, "answered")
        if not (yield from exchange.joins.bridge(channel, agent)):
            return False
        return over_after(exchange, channel)
    one.step("s", 15, "Goto", f"{WAIT},{one.queue},1")
    raise Redirected(WAIT, one.queue)


def _waiting_agent(one: _Steps) -> Channel | None:
    """The agent's leg that waits for this customer, if it still does."""
    exchange, channel = one.exchange, one.channel
    named = channel.variables.get("CC_AGENT", "")
    if one.go("s", 8, not named, "line"):
        return None
    agent = exchange.find(named)
    one.assign("s", 9, CC_LEG=agent.name if agent is not None else "")
    if one.go("s", 10, agent is None, "line") or agent is None:
        return None
    if one.go("s", 11, agent.context != ALONE, "line"):
        return None
    return None if one.go("s", 12, agent.bridge is not None, "line") else agent


def _machine(one: _Steps, order: str) -> Part[bool]:
    queue = f"Queue: {one.queue}"
    one.tell("s", 16, "CallcenterAnswered", queue, "By: machine")
    if one.go("s", 17, order != "message", "gone"):
        return one.hang_up("s", 21)
    one.step("s", 18, "WaitForSilence", "1500,1,30")
    signal = yield from _until(one.world.now + _SILENT)
    one.exchange.set_variable(one.channel, "WAITSTATUS", "HANGUP" if signal else "SILENCE")
    if signal is not None or not (yield from one.play("s", 19, _MESSAGE, _MESSAGE_TAKES)):
        return False
    one.tell("s", 20, "CallcenterMessage", queue)
    return one.hang_up("s", 21)


# --- the agent who waits for them ---------------------------------------------------------------


def _alone(exchange: Exchange, channel: Channel) -> Part[bool]:
    """A ringing tone until the customer's Bridge() takes this leg, or nobody comes any more."""
    one = _Steps(exchange, channel, ALONE)
    one.tell("s", 1, "CallcenterAlone", f"Queue: {one.queue}")
    one.assign("s", 2, "MSet", CC_LOOKS="0", CC_MOST="10")
    one.step("s", 3, "PlayTones", "425/1000,0/4000")
    customer = channel.variables.get("CC_CUSTOMER", "")
    exchange.joins.waiting.add(channel)
    try:
        signal, looks, seen = None, 0, False
        while signal is None:
            one.step("s", 4, "Wait", "1")
            signal = yield from _until(exchange.world.now + 1.0)
            if signal is not None:
                break
            looks += 1
            one.assign("s", 5, CC_LOOKS=str(looks))
            if one.go("s", 6, exchange.find(customer) is not None, "there"):
                seen = True
                one.assign("s", 9, CC_MOST=str(_MOST))
                if not one.go("s", 10, looks < _MOST, "look"):
                    return one.hang_up("s", 11)
            elif not one.go("s", 7, not seen and looks < 10, "look"):
                return one.hang_up("s", 8)
    finally:
        exchange.joins.waiting.discard(channel)
    if not isinstance(signal, TakenInto):
        return False
    channel.change(priority=5)
    if (yield from exchange.joins.taken(channel, signal.bridge)):
        channel.thread = None
        exchange.world.hang_up(channel)  # Bridge(,x): this leg ends with the talk
    return False


# --- callers who ask for it ---------------------------------------------------------------------


class _Ask:
    """One caller's wish: at which number, and is it confirmed."""

    def __init__(self, exchange: Exchange, channel: Channel) -> None:
        self.one = _Steps(exchange, channel, ASK)
        self.tries = 0
        self.number = ""
        own = channel.number or ""
        digits = "".join(c for c in own if c in "0123456789")
        self.say = digits
        self._plain = len("".join(c for c in own if c in "0123456789+")) == len(own)

    def run(self) -> Part[bool]:
        one, exchange = self.one, self.one.exchange
        leave(exchange, one.channel, ASK, "s", "key")
        one.step("s", 2, "StopMusicOnHold")
        if one.channel.music:
            exchange.music(one.channel, on=False)
        one.assign(
            "s", 3, "MSet", CC_TRY="0", CC_NUMBER="", CC_SAY=self.say, SAY_DTMF_INTERRUPT="true"
        )
        one.step("s", 4, "MSet", "TIMEOUT(digit)=0.01,TIMEOUT(response)=6")
        place = "s"
        if (
            one.go("s", 5, len(self.say) not in _LENGTHS, "2,1")
            or one.go("s", 6, not self._plain, "2,1")
            or one.go("s", 7, one.channel.number is None, "2,1")
        ):
            place = "2"
        while place in ("s", "2"):
            ask = self._menu() if place == "s" else self._enter()
            answer = yield from ask
            if answer is None:
                return False
            place = answer
        if place == "1":
            if not (yield from self._wish()):
                return False
        elif place in ("i", "t"):
            one.step(place, 1, "Goto", "back,1")
        one.step("back", 1, "StopMusicOnHold")
        if one.channel.music:
            exchange.music(one.channel, on=False)
        one.step("back", 2, "Goto", f"{WAIT},{one.queue},1")
        raise Redirected(WAIT, one.queue)

    def _another_try(self, exten: str, priority: int) -> bool:
        self.tries += 1
        self.one.assign(exten, priority, CC_TRY=str(self.tries))
        return not self.one.go(exten, priority + 1, self.tries > 4, "back,1")

    def _menu(self) -> Part[str | None]:
        """Read the number back; answers the extension that comes next, None when they are gone."""
        one = self.one
        if not self._another_try("s", 8):
            return "back"
        said = (
            (10, "BackGround", *_OFFER),
            (11, "SayDigits", self.say, _DIGIT * len(self.say)),
            (12, "BackGround", *_CHOICES),
            (13, "WaitExten", "6", 6.0),
        )
        for priority, application, data, seconds in said:
            one.step("s", priority, application, data)
            signal = yield from _until(one.world.now + seconds, keys=True)
            if application == "BackGround":
                gone = signal is not None and not isinstance(signal, KeyPressed)
                status = "FAILED" if gone else "SUCCESS"
                one.world.varset(one.channel, "BACKGROUNDSTATUS", status)
            if isinstance(signal, KeyPressed):
                if signal.key in ("1", "2"):
                    return signal.key if signal.key == "2" or self.say else "2"
                one.world.varset(one.channel, "INVALID_EXTEN", signal.key)
                return "i"
            if signal is not None:
                return None
        return "t"

    def _enter(self) -> Part[str | None]:
        """Another number; a star leads back. Answers as the menu does."""
        one = self.one
        if not self._another_try("2", 1):
            return "back"
        one.step("2", 3, "Set", "TIMEOUT(digit)=4")
        one.step("2", 4, "Read", "CC_NUMBER,vm-enter-num-to-call&vm-then-pound,18,,1,10")
        one.exchange.set_variable(one.channel, "READSTATUS", "ERROR")
        digits, status, wait = "", "OK", 10.0 + 4.0
        while len(digits) < 18:
            signal = yield from _until(one.world.now + wait, keys=True)
            if signal is None:
                status = "TIMEOUT"
                break
            if not isinstance(signal, KeyPressed):
                return None
            if signal.key == "#":
                break
            digits, wait = digits + signal.key, 4.0
        self.number = digits
        one.exchange.set_variable(one.channel, "CC_NUMBER", digits)
        one.exchange.set_variable(one.channel, "READSTATUS", status)
        one.step("2", 5, "Set", "TIMEOUT(digit)=0.01")
        if one.go("2", 6, not all(c in "0123456789" for c in digits), "back,1"):
            return "back"
        self.say = digits
        one.assign("2", 7, CC_SAY=digits)
        return "2" if one.go("2", 8, len(digits) < _LENGTHS.start, "2,1:s,menu") else "s"

    def _wish(self) -> Part[bool]:
        """Tell the engine, and wait for its word; False when they are gone."""
        one = self.one
        one.go("1", 1, not self.say, "2,1")
        one.tell("1", 2, "CallcenterCallback", f"Queue: {one.queue}", f"Number: {self.number}")
        one.step("1", 3, "StartMusicOnHold")
        one.exchange.music(one.channel, on=True)
        one.step("1", 4, "Wait", f"{_ANSWERS_WITHIN:g}")
        return (yield from _until(one.world.now + _ANSWERS_WITHIN)) is None


def ask(exchange: Exchange, channel: Channel) -> Part[bool]:
    """From the line, by the key that is offered."""
    try:
        return (yield from _Ask(exchange, channel).run())
    except Redirected:
        if channel.music:
            exchange.music(channel, on=False)
        raise


def _granted(exchange: Exchange, channel: Channel) -> Part[bool]:
    one = _Steps(exchange, channel, TOLD)
    leave(exchange, channel, TOLD, "yes", "key")
    one.step("yes", 2, "StopMusicOnHold")
    one.step("yes", 3, "GotoIf", "0?cc-callback-told-custom,yes,1")
    exchange.note_closing(channel)
    if not (yield from one.play("yes", 4, *_THANKS)):
        return False
    return one.hang_up("yes", 5)


def _denied(exchange: Exchange, channel: Channel) -> Part[bool]:
    one = _Steps(exchange, channel, TOLD)
    one.step("no", 1, "StopMusicOnHold")
    one.step("no", 2, "GotoIf", "0?cc-callback-told-custom,no,1")
    if not (yield from one.play("no", 3, *_SORRY)):
        return False
    one.step("no", 4, "Goto", f"{WAIT},{one.queue},1")
    raise Redirected(WAIT, one.queue)


PARTS: Final[Mapping[tuple[str, str], Callable[[Exchange, Channel], Part[bool]]]] = {
    (CALLED, "s"): _called,
    (ALONE, "s"): _alone,
    (ASK, "s"): ask,
    (TOLD, "yes"): _granted,
    (TOLD, "no"): _denied,
}
"""By context and extension. Each answers as the parts of ``dialplan`` do."""
ORIGINATED: Final = frozenset({(CALLED, "s"), (ALONE, "s")})
"""Where a leg may begin that AMI originates."""
