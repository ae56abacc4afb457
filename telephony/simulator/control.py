"""The simulated contexts of call control: ``config/asterisk/callcenter-control.conf``.

Pure. Holding, taking back, handing on, listening in, taking over and recording, for callers whose
agent the engine chose. Consulting, conferences and parking are not simulated: the exchange then
says that the extension does not exist.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from telephony.simulator import messages as m
from telephony.simulator.channel import RING, UP, Channel
from telephony.simulator.dial_app import dial
from telephony.simulator.engine_line import WAIT
from telephony.simulator.signals import HungUp, LegGone, LetGo, Redirected, TakenInto
from telephony.simulator.world import Part, Plan, Thread

if TYPE_CHECKING:
    from telephony.simulator.exchange import Exchange

HOLD, AGENT, BACK, TRANSFER, SPY, RECORD = (
    "cc-hold", "cc-agent", "cc-back", "cc-transfer", "cc-spy", "cc-record"
)  # fmt: skip
SPY_MODES: Final = ("listen", "whisper", "barge")
LOOK: Final = 2.0
"""Seconds between two looks whether the other party is still there."""
_WAITS: Final = 10.0
"""Seconds a supervisor's phone waits to take a call over."""
_RINGS: Final = 60.0
_TARGET: Final = re.compile(r"DIALPLAN_EXISTS\(cc-target,(.*),1\)|QUEUE_EXISTS\((.*)\)")
_OUTSIDE: Final = re.compile(r"\+[0-9]+")


def exists(exchange: Exchange, question: str) -> str | None:
    """Whether a call can be handed on there, ``1`` or ``0``; None for any other variable."""
    asked = _TARGET.fullmatch(question)
    if asked is None:
        return None
    exten, queue = asked.groups()
    if queue is not None:
        return str(int(queue in exchange.queues))
    known = exchange.handset_of_number(exten) is not None or _OUTSIDE.fullmatch(exten) is not None
    return str(int(known or exten in exchange.queues))


def _did(exchange: Exchange, channel: Channel, place: str, what: str, *more: str) -> None:
    """``UserEvent(CallcenterControl)``, the first step of an extension (``context,exten``)."""
    context, _, exten = place.partition(",")
    lines = (f"Did: {what}", *more)
    exchange.world.step(
        channel, "UserEvent", f"CallcenterControl,{','.join(lines)}",
        context=context, exten=exten, priority=1,
    )  # fmt: skip
    exchange.user_event(channel, "CallcenterControl", *lines)


def _over(exchange: Exchange, channel: Channel) -> bool:
    """The last step of most extensions."""
    exchange.world.step(channel, "Hangup", "", priority=channel.priority + 1)
    channel.change(cause=16)
    return True


# --- the customer -------------------------------------------------------------------------------


def _hold(exchange: Exchange, channel: Channel) -> Part[bool]:
    """With music until the agent comes back, and into the line again when they are gone."""
    agent = channel.variables.get("CC_AGENT", "")
    _did(exchange, channel, f"{HOLD},s", "hold", f"Agent: {agent}")
    with _music(exchange, channel):
        signal = None
        while not isinstance(signal, HungUp | TakenInto):
            signal = yield exchange.world.now + LOOK
            if signal is None and exchange.find(agent) is None:
                raise Redirected(BACK, "s")
    if isinstance(signal, TakenInto) and (
        yield from exchange.joins.taken(channel, signal.bridge)
    ):  # fmt: skip
        return _over(exchange, channel)
    return False


@contextmanager
def _music(exchange: Exchange, channel: Channel) -> Iterator[None]:
    exchange.music(channel, on=True)
    exchange.joins.waiting.add(channel)
    try:
        yield
    finally:
        exchange.joins.waiting.discard(channel)
        exchange.music(channel, on=False)


def _back(exchange: Exchange, channel: Channel) -> Part[bool]:
    """Alone, and nobody hung up on purpose: into the line that they came from."""
    yield from ()
    queue = channel.variables.get("CC_QUEUE", "")
    known = queue in exchange.settings.engine_queues
    exchange.world.step(
        channel, "GotoIf", f"{int(known)}?{WAIT},{queue},1", context=BACK, exten="s", priority=1
    )
    if known:
        raise Redirected(WAIT, queue)
    return _over(exchange, channel)


def _transfer(exchange: Exchange, channel: Channel) -> Part[bool]:
    """Handed on. Without the Local channel of the real one in between."""
    target = channel.variables.get("CC_TARGET", "")
    agent = channel.variables.get("CC_AGENT", "")
    _did(exchange, channel, f"{TRANSFER},s", "blind_transfer", f"Agent: {agent}", f"To: {target}")
    if target in exchange.queues:
        raise Redirected("from-agents", target)
    inside = exchange.handset_of_number(target) is not None
    place = f"PJSIP/{target}" if inside else f"PJSIP/{target}@{exchange.settings.trunk}"
    exchange.world.step(channel, "Dial", f"{place},{_RINGS:g},m", priority=2)
    result = yield from dial(exchange, channel, place, _RINGS)
    if result in ("OVER", "CANCEL"):
        return False
    raise Redirected(BACK, "s")


# --- the agent's leg ----------------------------------------------------------------------------


def _alone(exchange: Exchange, channel: Channel) -> Part[bool]:
    """In silence until there is something to do, or the customer has gone."""
    customer = channel.variables.get("CC_CUSTOMER", "")
    exchange.world.step(channel, "NoOp", "", context=AGENT, exten="s", priority=1)
    while True:
        signal = yield exchange.world.now + LOOK
        if isinstance(signal, HungUp | LegGone):
            return False
        if signal is None and exchange.find(customer) is None:
            return _over(exchange, channel)


def _join(exchange: Exchange, channel: Channel) -> Part[bool]:
    _did(exchange, channel, f"{AGENT},join", "join")
    return (yield from _with_customer(exchange, channel))


def _with_customer(exchange: Exchange, channel: Channel) -> Part[bool]:
    customer = channel.variables.get("CC_CUSTOMER", "")
    exchange.world.step(channel, "Bridge", f"{customer},F(cc-over^s^1)", priority=2)
    if (yield from exchange.joins.bridge(channel, exchange.find(customer))):
        _over(exchange, channel)
    return True


def _done(exchange: Exchange, channel: Channel) -> Part[bool]:
    yield from ()
    exchange.world.step(channel, "Hangup", "", context=AGENT, exten="done", priority=1)
    channel.change(cause=16)
    return True


# --- the supervisor's leg -----------------------------------------------------------------------


def _spy(exchange: Exchange, channel: Channel, mode: str) -> Part[bool]:
    """``ChanSpy()`` until one of the two is gone."""
    world, agent = exchange.world, channel.variables.get("CC_AGENT", "")
    heard = exchange.find(agent)
    world.step(channel, "ChanSpy", f"{agent},quES", context=SPY, exten=mode, priority=1)
    yield from _hears(exchange, channel, heard)
    return _over(exchange, channel)


def _hears(exchange: Exchange, channel: Channel, heard: Channel | None) -> Part[None]:
    if heard is None:
        return
    world = exchange.world
    world.emit(m.CHAN_SPY_START, channel.prefixed("Spyer") + heard.prefixed("Spyee"))
    exchange.joins.spies[channel] = heard
    signal = None
    try:
        while not isinstance(signal, HungUp | LegGone | LetGo):
            signal = yield None
    finally:
        exchange.joins.spies.pop(channel, None)
        world.emit(m.CHAN_SPY_STOP, channel.prefixed("Spyer") + heard.prefixed("Spyee"))


def _listening(mode: str) -> Callable[[Exchange, Channel], Part[bool]]:
    return lambda exchange, channel: _spy(exchange, channel, mode)


def _wait(exchange: Exchange, channel: Channel) -> Part[bool]:
    """To take a call over."""
    exchange.world.step(channel, "Wait", f"{_WAITS:g}", context=SPY, exten="wait", priority=1)
    until = exchange.world.now + _WAITS
    while True:
        signal = yield until
        if signal is None or isinstance(signal, HungUp | LegGone):
            return _over(exchange, channel)


def _take(exchange: Exchange, channel: Channel) -> Part[bool]:
    agent = channel.variables.get("CC_AGENT", "")
    _did(exchange, channel, f"{SPY},take", "take_over", f"Agent: {agent}")
    return (yield from _with_customer(exchange, channel))


PARTS: Final[Mapping[tuple[str, str], Callable[[Exchange, Channel], Part[bool]]]] = {
    (HOLD, "s"): _hold,
    (BACK, "s"): _back,
    (TRANSFER, "s"): _transfer,
    (AGENT, "s"): _alone,
    (AGENT, "join"): _join,
    (AGENT, "done"): _done,
    (SPY, "wait"): _wait,
    (SPY, "take"): _take,
    **{(SPY, mode): _listening(mode) for mode in SPY_MODES},
}
"""By context and extension. Each answers as the parts of ``dialplan`` do."""
ORIGINATED: Final = frozenset({(RECORD, "pen"), (SPY, "wait"), *((SPY, one) for one in SPY_MODES)})
"""Where a leg may begin that AMI originates."""


# --- recording ----------------------------------------------------------------------------------


def record(exchange: Exchange, near: str, far: str, variables: Mapping[str, str]) -> None:
    """A Local channel writes down what the agent's leg (``CC_AGENT``) hears and says. `near`,
    `far`: the Uniqueids of its halves; the near one writes, the far one listens."""
    world = exchange.world
    stem = f"Local/ear@{RECORD}-{exchange.local_numbers:08x}"
    exchange.local_numbers += 1
    device = world.device(f"Local/ear@{RECORD}")
    pen, ear = (
        exchange.open(
            device, RING, None, None, RECORD, exten, uniqueid=own, linkedid=near,
            name=f"{stem};{half}",
        )
        for half, exten, own in ((1, "pen", near), (2, "ear", far))
    )  # fmt: skip
    world.emit(
        m.LOCAL_BRIDGE,
        pen.prefixed("LocalOne") + ear.prefixed("LocalTwo")
        + f"Context: {RECORD}\r\nExten: ear\r\nLocalOptimization: No\r\n",
    )  # fmt: skip
    for half in (pen, ear):
        for name, value in variables.items():
            exchange.set_variable(half, name, value)
        world.set_state(half, UP)
    ear.thread = Thread(world, _ear(exchange, ear, pen))
    pen.thread = Thread(world, _pen(exchange, pen, ear))
    pen.thread.start()
    ear.thread.start()


def _pen(exchange: Exchange, channel: Channel, ear: Channel) -> Plan:
    world, agent = exchange.world, channel.variables.get("CC_AGENT", "")
    _did(exchange, channel, f"{RECORD},pen", "record", f"Agent: {agent}")
    file = f"{channel.variables.get('CC_FILE', '')}.wav"
    world.step(channel, "MixMonitor", file, priority=2)
    world.emit(m.MIX_MONITOR_START, channel.block())
    signal = None
    while not isinstance(signal, HungUp):
        signal = yield None
    world.emit(m.MIX_MONITOR_STOP, channel.block())
    _half_ends(exchange, channel, ear)


def _ear(exchange: Exchange, channel: Channel, pen: Channel) -> Plan:
    agent = channel.variables.get("CC_AGENT", "")
    exchange.world.step(channel, "ChanSpy", f"{agent},quES", priority=2)
    yield from _hears(exchange, channel, exchange.find(agent))
    _half_ends(exchange, channel, pen)


def _half_ends(exchange: Exchange, channel: Channel, other: Channel) -> None:
    """The other half of the Local channel goes with it."""
    channel.thread = None
    channel.change(cause=16)
    exchange.world.hang_up(channel)
    if other.thread is not None:
        other.thread.post(HungUp())
