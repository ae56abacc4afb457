"""The recorded scenarios, played on the simulated exchange.

Each has the name of a recording in tests/replays and does there what sipp did on the real exchange:
the same phones, callers, numbers and names, about the same times.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from telephony.packet import Packet
from telephony.simulator import Arrival, Exchange, Outside, Outsider, SimulatorSettings
from telephony.simulator.actions import ACTIONS
from telephony.simulator.settings import PHONES, Reaction, Route

SERVICE, SALES, SUPPORT = "+442079460100", "+442079460101", "+442079460102"
SHORT, DESK, REMOTE = "+442079460103", "+442079460104", "+442079460105"
WAITING, LINE_1001 = "+442079460106", "+442079461001"
START = 1_795_312_951.25

Play = Callable[["Played"], None]
SCENARIOS: dict[str, Play] = {}


class Played:
    """One scenario on one simulated exchange. Phones that are not named are not signed in."""

    def __init__(self) -> None:
        self.settings = SimulatorSettings()
        self.stream = ""
        self.beats = False
        """An engine shows that it lives, every two seconds."""
        self._exchange: Exchange | None = None

    def phones(self, **kinds: tuple[Reaction, float]) -> None:
        """``p1001=("answers", 1.0)``: reaction and ring time."""
        self.settings = replace(
            self.settings,
            phones=tuple(
                replace(phone, reaction=kind[0], ring=(kind[1], kind[1]))
                for phone in PHONES
                for kind in [kinds.get(f"p{phone.number}", ("absent", 0.0))]
            ),
        )

    def change(self, **settings: Any) -> None:
        self.settings = replace(self.settings, **settings)

    def queue_timeout(self, seconds: float) -> None:
        self.settings = replace(
            self.settings,
            queues=tuple(replace(queue, timeout=seconds) for queue in self.settings.queues),
        )

    @property
    def exchange(self) -> Exchange:
        if self._exchange is None:
            self._exchange = Exchange(self.settings, START)
        return self._exchange

    def call(self, dialled: str, number: str | None, name: str | None = None, **more: Any) -> str:
        return self.exchange.place(Arrival(dialled=dialled, number=number, name=name, **more))

    def run(self, seconds: float) -> None:
        world = self.exchange.world
        until = world.now + seconds
        while self.beats and world.now + 2.0 < until:
            world.advance(world.now + 2.0)
            self.act("Setvar", Variable="CC_BEAT", Value=f"{world.now}")
        world.advance(until)
        self.stream += "".join(message.text for message in world.take())

    def act(self, action: str, **headers: str) -> str:
        lines = [f"Action: {action}", *(f"{key}: {value}" for key, value in headers.items())]
        packet = Packet("\r\n".join(lines).encode())
        return ACTIONS[action.lower()][1](self.exchange, packet)

    def waiting_channel(self) -> str:
        return next(
            channel.name
            for channel in self.exchange.world.channels.values()
            if channel.application == "MusicOnHold"
        )


def scenario(play: Play) -> Play:
    SCENARIOS[play.__name__] = play
    return play


def played(name: str) -> Played:
    """The scenario, run to its end."""
    stage = Played()
    stage.phones()
    SCENARIOS[name](stage)
    stage.run(60.0)
    return stage


@scenario
def queue_answered(stage: Played) -> None:
    stage.phones(p1001=("answers", 1.0))
    stage.call(SERVICE, "+441632960011", "Grace Hopper", talk=1.2)


@scenario
def queue_answered_agent_hangs_up(stage: Played) -> None:
    stage.phones(p1001=("answers", 0.5))
    stage.call(SERVICE, "+8613800138000", "Li Lei", talk=1.0, ender="called")


@scenario
def queue_abandoned(stage: Played) -> None:
    stage.call(SERVICE, "+441632960012", patience=2.5)


@scenario
def queue_abandoned_while_ringing(stage: Played) -> None:
    stage.phones(p1001=("waits", 0.0))
    stage.call(SERVICE, "075588886666", "Han Meimei", patience=1.6)


@scenario
def queue_timeout(stage: Played) -> None:
    stage.call(SHORT, "+441632960013", "Ada L.")


@scenario
def queue_timeout_while_ringing(stage: Played) -> None:
    stage.phones(p1001=("waits", 0.0))
    stage.call(SHORT, "+441632960014", "Ada L.")


@scenario
def queue_ringall_one_wins(stage: Played) -> None:
    stage.phones(p1005=("waits", 0.0), p1006=("answers", 0.6))
    stage.call(SUPPORT, "+442079460955", "R. Franklin", talk=1.0)


@scenario
def queue_ringall_abandoned(stage: Played) -> None:
    stage.phones(p1005=("waits", 0.0), p1006=("waits", 0.0))
    stage.call(SUPPORT, "+442079460956", patience=1.3)


@scenario
def queue_no_answer_then_other_agent(stage: Played) -> None:
    stage.phones(p1001=("waits", 0.0), p1002=("answers", 0.5))
    stage.queue_timeout(3.0)
    stage.call(SERVICE, "+441632960015", "Mary Shelley", talk=0.8)


@scenario
def queue_agent_busy(stage: Played) -> None:
    stage.phones(p1001=("busy", 0.0), p1002=("answers", 0.5))
    stage.call(SERVICE, "+441632960016", "Alan Turing", talk=0.8)


@scenario
def queue_declined(stage: Played) -> None:
    stage.phones(p1001=("declines", 0.5), p1002=("answers", 0.5))
    stage.call(SERVICE, "+441632960017", "Alan Turing", talk=0.8)


@scenario
def queue_two_members_sequential_calls(stage: Played) -> None:
    stage.phones(p1001=("answers", 0.4), p1002=("answers", 0.4))
    stage.call(SERVICE, "+441632960018", "First", talk=0.6)
    stage.run(5.0)
    stage.call(SERVICE, "+8675586013388", "Second", talk=0.6)


@scenario
def queue_waits_for_busy_agent(stage: Played) -> None:
    stage.phones(p1001=("answers", 0.4))
    stage.call(SERVICE, "+441632960019", "Early Bird", talk=1.6)
    stage.run(1.0)
    stage.call(SERVICE, "+441632960020", "Second Mouse", talk=0.6)


@scenario
def queue_local_member(stage: Played) -> None:
    stage.phones(p1007=("answers", 0.6))
    stage.call(DESK, "+441632960021", "Local Hero", talk=1.5)


@scenario
def queue_local_member_optimised(stage: Played) -> None:
    stage.phones(p1008=("answers", 0.6))
    stage.call(REMOTE, "+441632960022", "Local Hero", talk=1.5)


@scenario
def queue_local_member_abandoned(stage: Played) -> None:
    stage.phones(p1007=("waits", 0.0))
    stage.call(DESK, "+441632960023", "Local Hero", patience=1.6)


@scenario
def direct_answered(stage: Played) -> None:
    stage.phones(p1001=("answers", 1.0))
    stage.call(LINE_1001, "+447700900111", "Grace Hopper", talk=1.0, ender="called")


@scenario
def direct_busy(stage: Played) -> None:
    stage.phones(p1001=("busy", 0.0))
    stage.call(LINE_1001, "+447700900112")


@scenario
def direct_declined(stage: Played) -> None:
    stage.phones(p1001=("declines", 0.5))
    stage.call(LINE_1001, "+447700900113")


@scenario
def direct_no_answer(stage: Played) -> None:
    stage.phones(p1001=("waits", 0.0))
    stage.change(ring_time=3.0)
    stage.call(LINE_1001, "+447700900114")


@scenario
def direct_abandoned(stage: Played) -> None:
    stage.phones(p1001=("waits", 0.0))
    stage.call(LINE_1001, "+447700900115", patience=0.9)


@scenario
def direct_unregistered(stage: Played) -> None:
    stage.call(LINE_1001, "+447700900116")


@scenario
def direct_congestion(stage: Played) -> None:
    stage.phones(p1001=("fails", 0.0))
    stage.call(LINE_1001, "+447700900117")


@scenario
def internal_call(stage: Played) -> None:
    stage.phones(p1001=("waits", 0.0), p1002=("answers", 0.8))
    stage.call("1002", None, device="PJSIP/1001", talk=1.0)


@scenario
def outbound_answered(stage: Played) -> None:
    stage.phones(p1001=("waits", 0.0))
    stage.call("075586013388", None, device="PJSIP/1001", far_ring=0.8, talk=1.0, ender="called")


@scenario
def outbound_busy(stage: Played) -> None:
    stage.phones(p1001=("waits", 0.0))
    stage.call("+8613800138000", None, device="PJSIP/1001", far="busy")


@scenario
def outbound_given_up(stage: Played) -> None:
    stage.phones(p1001=("waits", 0.0))
    stage.call("+447700900119", None, device="PJSIP/1001", far="waits", patience=1.1)


@scenario
def originate_bridge(stage: Played) -> None:
    stage.phones(p1001=("answers", 0.8))
    ring_for(stage, "+447700900120", ("PJSIP/1001",), talk=1.0)


@scenario
def originate_not_answered(stage: Played) -> None:
    stage.phones(p1001=("waits", 0.0), p1002=("declines", 0.5))
    devices = ("PJSIP/1001", "PJSIP/1002", "PJSIP/1003")
    ring_for(stage, "+447700900121", devices, patience=6.0, timeout="2000")


@scenario
def originate_rescinded(stage: Played) -> None:
    stage.phones(p1001=("waits", 0.0))
    ring_for(stage, "+447700900122", ("PJSIP/1001",), patience=2.0)
    stage.run(0.7)
    ringing = next(iter(stage.exchange.world.channels.values())).name
    stage.act("Hangup", Channel=ringing)


def ring_for(
    stage: Played, number: str, devices: tuple[str, ...], timeout: str = "20000", **more: Any
) -> None:
    routes = dict(stage.settings.routes)
    routes[WAITING] = Route(kind="waiting", target="service", patience=600)
    stage.settings = replace(stage.settings, routes=routes)
    stage.call(WAITING, number, "Waiting Wendy", **more)
    stage.run(1.4)
    for turn, device in enumerate(devices, start=1):
        stage.act(
            "Originate",
            ActionID=f"tap-{turn + 1}",
            Channel=device,
            ChannelId=f"engine-{turn}.1",
            Context="join",
            Exten="s",
            Priority="1",
            Variable=f"CHANNEL_TO_JOIN={stage.waiting_channel()}",
            CallerID='"Waiting Wendy" <+447700900120>',
            Timeout=timeout,
            Async="true",
        )
        if len(devices) > 1:
            stage.run(2.3 if turn == 1 else 0.8)


def engine(stage: Played, number: str, **caller: Any) -> str:
    """A caller waits for an engine that is alive; answers their Uniqueid."""
    stage.beats = True
    stage.act("Setvar", Variable="CC_BEAT", Value="1")
    stage.stream = ""
    stage.run(0.1)
    call = stage.call(WAITING, number, "Engine Emma", **caller)
    stage.run(1.3)
    return call


def _asked(stage: Played, call: str, device: str, turn: int = 1, timeout: str = "20000") -> None:
    channel = stage.exchange.world.channels[call]
    stage.act(
        "Originate",
        ActionID=f"tap-{turn}",
        Channel=device,
        ChannelId=f"cc-0-{turn}",
        Context="cc-join",
        Exten="s",
        Priority="1",
        Variable=f"CHANNEL_TO_JOIN={channel.name},__CC_QUEUE=service",
        CallerID=f'"Engine Emma" <{channel.number}>',
        Timeout=timeout,
        Async="true",
    )


@scenario
def engine_wait_answered(stage: Played) -> None:
    stage.phones(p1001=("answers", 0.8))
    call = engine(stage, "+447700900301", talk=1.0)
    for name, value in (("CC_P50", "90"), ("CC_P90", "400"), ("CC_POSITION", "2")):
        stage.act("Setvar", Channel=call, Variable=name, Value=value)
    stage.run(19.5)
    _asked(stage, call, "PJSIP/1001")


@scenario
def engine_wait_agent_hangs_up(stage: Played) -> None:
    stage.phones(p1001=("answers", 0.5))
    call = engine(stage, "+447700900302", talk=1.0, ender="called")
    _asked(stage, call, "PJSIP/1001")


@scenario
def engine_wait_no_answer(stage: Played) -> None:
    stage.phones(p1001=("waits", 0.0), p1002=("answers", 0.4))
    call = engine(stage, "+447700900303", talk=0.8)
    _asked(stage, call, "PJSIP/1001", timeout="2000")
    stage.run(2.3)
    _asked(stage, call, "PJSIP/1002", 2)


@scenario
def engine_wait_refused(stage: Played) -> None:
    stage.phones(p1001=("declines", 0.3), p1002=("busy", 0.0), p1004=("answers", 0.4))
    call = engine(stage, "+447700900304", talk=0.8)
    for turn, device in enumerate(("PJSIP/1001", "PJSIP/1002", "PJSIP/1003"), start=1):
        _asked(stage, call, device, turn)
        stage.run(0.6)
    _asked(stage, call, "PJSIP/1004", 4)


@scenario
def engine_wait_rescinded(stage: Played) -> None:
    stage.phones(p1001=("waits", 0.0))
    call = engine(stage, "+447700900305", patience=2.0)
    _asked(stage, call, "PJSIP/1001")
    stage.run(0.8)
    stage.act("Hangup", Channel="cc-0-1", Cause="26")


@scenario
def engine_wait_key(stage: Played) -> None:
    call = engine(stage, "+447700900306", patience=8.7)
    stage.exchange.press_key(call, "1")
    stage.run(0.5)
    stage.act("Setvar", Channel=call, Variable="CC_POSITION", Value="1")
    stage.run(5.0)
    stage.exchange.press_key(call, "9")


@scenario
def engine_wait_fallback(stage: Played) -> None:
    stage.phones(p1001=("answers", 0.4))
    stage.call(WAITING, "+447700900307", "Engine Emma", talk=0.8)


@scenario
def engine_wait_sent_away(stage: Played) -> None:
    call = engine(stage, "+447700900308")
    stage.act("Redirect", Channel=call, Context="cc-away", Exten="closed", Priority="1")


def _talks(stage: Played, number: str | None, name: str) -> None:
    stage.phones(p1001=("answers", 0.4))
    stage.call(SERVICE, number, name, talk=0.6)


CUSTOMER, OURS = "+447700900711", "+442079460100"
CALL, AGENT = "cb-0-2", "cc-0-1"


def _customer(stage: Played, **who: Any) -> None:
    """Whoever is called back, and an engine that is alive."""
    ring = who.pop("ring", 0.6)
    outsider = Outsider(ring=(ring, ring), **who)
    stage.change(outside=Outside(known={CUSTOMER: outsider}))
    stage.beats = True
    stage.act("Setvar", Variable="CC_BEAT", Value="1")
    stage.stream = ""
    stage.run(0.1)


def _dial(stage: Played, machine: str = "connect", agent: str = "", timeout: str = "20000") -> None:
    more = f",CC_AGENT={agent}" if agent else ""
    stage.act(
        "Originate",
        ActionID="tap-9",
        Channel=f"PJSIP/{CUSTOMER}@trunk",
        ChannelId=CALL,
        Context="cc-callback",
        Exten="s",
        Priority="1",
        Variable=f"__CC_QUEUE=service,CC_NUMBER={CUSTOMER},CC_MACHINE={machine}{more}",
        CallerID=f'"" <{OURS}>',
        Timeout=timeout,
        Async="true",
    )


def _agent_rung(stage: Played, context: str, variable: str) -> None:
    stage.act(
        "Originate",
        ActionID="tap-8",
        Channel="PJSIP/1001",
        ChannelId=AGENT,
        Context=context,
        Exten="s",
        Priority="1",
        Variable=f"{variable},__CC_QUEUE=service",
        CallerID=f'"" <{CUSTOMER}>',
        Timeout="20000",
        Async="true",
    )


@scenario
def callback_customer_first(stage: Played) -> None:
    stage.phones(p1001=("answers", 0.5))
    _customer(stage, talk=(1.0, 1.0), ender="called")
    _dial(stage)
    stage.run(0.8)
    _agent_rung(stage, "cc-join", f"CHANNEL_TO_JOIN={stage.exchange.world.channels[CALL].name}")


@scenario
def callback_agent_first(stage: Played) -> None:
    stage.phones(p1001=("answers", 0.5))
    _customer(stage, ring=0.8, talk=(1.0, 1.0))
    _agent_rung(stage, "cc-callback-agent", f"CC_CUSTOMER={CALL}")
    stage.run(0.8)
    _dial(stage, agent=AGENT)


@scenario
def callback_agent_gone(stage: Played) -> None:
    stage.phones(p1001=("answers", 0.5))
    _customer(stage, reaction="waits", patience=(0.8, 0.8))
    _agent_rung(stage, "cc-callback-agent", f"CC_CUSTOMER={CALL}")
    stage.run(0.6)
    _dial(stage, agent=AGENT)
    stage.run(0.2)
    stage.exchange.hang_up("PJSIP/1001")
    stage.run(0.1)
    stage.exchange.customer_answers(CUSTOMER)


@scenario
def callback_busy(stage: Played) -> None:
    _customer(stage, reaction="busy")
    _dial(stage)


@scenario
def callback_no_answer(stage: Played) -> None:
    _customer(stage, reaction="waits")
    _dial(stage, timeout="3000")


@scenario
def callback_stopped(stage: Played) -> None:
    _customer(stage, reaction="waits")
    _dial(stage)
    stage.run(0.5)
    stage.act("Hangup", Channel=CALL, Cause="16")


@scenario
def callback_message(stage: Played) -> None:
    _customer(stage, reaction="machine", ring=0.5)
    _dial(stage, machine="message")


def _asks(stage: Played, number: str, keys: str, **caller: Any) -> str:
    stage.beats = True
    stage.act("Setvar", Variable="CC_BEAT", Value="1")
    stage.stream = ""
    stage.act("Setvar", Variable="CC_KEY", Value="1")
    stage.run(0.1)
    call = stage.call(WAITING, number, "Asking Ann", **caller)
    stage.run(1.3)
    for key in f"1{keys}":
        stage.exchange.press_key(call, key)
        stage.run(0.5)
    return call


@scenario
def callback_key_granted(stage: Played) -> None:
    call = _asks(stage, "+447700900712", "1")
    stage.act("Redirect", Channel=call, Context="cc-callback-told", Exten="yes", Priority="1")


@scenario
def callback_key_denied(stage: Played) -> None:
    call = _asks(stage, "+447700900713", "202079460999#1", patience=12.5)
    stage.act("Redirect", Channel=call, Context="cc-callback-told", Exten="no", Priority="1")


@scenario
def caller_chinese(stage: Played) -> None:
    _talks(stage, "+8613912345678", "王小明")


@scenario
def caller_obrien(stage: Played) -> None:
    _talks(stage, "+353209175555", "Seán O'Brien")


@scenario
def caller_anonymous(stage: Played) -> None:
    _talks(stage, None, "Anonymous")
