"""Scenarios: customers whom an engine calls back, and callers who ask for it.

The engine is played here, as in engine_calls.py; its legs have the ids it would choose.
"""

from __future__ import annotations

from tests.exchange.ami import ManagerTap, Message
from tests.exchange.parties import Call
from tests.exchange.phones import BUSY, NEVER_ANSWERS, Answers
from tests.replays.engine_calls import WAITING, engine
from tests.replays.stage import Stage, Truth, pause, scenario

CUSTOMER = "+447700900711"
OURS = "+442079460100"
CALL = "cb-0-2"
AGENT = "cc-0-1"


def _called_back(
    end: str,
    queues: tuple[tuple[str, str], ...] = (),
    answered_by: tuple[str, ...] = (),
) -> Truth:
    return Truth(
        direction="outbound",
        number=CUSTOMER,
        dialled=CUSTOMER,
        queues=queues,
        answered_by=answered_by,
        end=end,
    )


@scenario(_called_back("completed", (("service", "answered"),), ("PJSIP/1001",)))
def callback_customer_first(stage: Stage) -> None:
    """A customer is called back, answers, waits in the line for as long as it takes the reserved
    1001 to answer; they talk, the agent hangs up."""
    _customer_first(stage, f"PJSIP/{CUSTOMER}@trunk")


@scenario(_called_back("completed", (("service", "answered"),), ("PJSIP/1001",)))
def callback_customer_first_local(stage: Stage) -> None:
    """As callback_customer_first, the customer being dialled through a Local channel."""
    _customer_first(stage, f"Local/{CUSTOMER}@outside/n")


def _customer_first(stage: Stage, leads_to: str) -> None:
    stage.phones.trunk(Answers(ring=0.6))
    agent = stage.phones.phone("1001", Answers(ring=0.5))
    with engine(stage) as tap:
        _dial(tap, leads_to)
        wait = tap.wait_event("UserEvent", UserEvent="CallcenterWait", Uniqueid=CALL)
        _ring(tap, "cc-join", f"CHANNEL_TO_JOIN={wait['Channel']}")
        tap.wait_event("BridgeEnter", Uniqueid=CALL)
        pause(1.0)
        agent.next()
        stage.finish(tap)


@scenario(_called_back("completed", (), ("PJSIP/1001",)))
def callback_agent_first(stage: Stage) -> None:
    """1001 is on the line and hears a ringing tone while the customer is dialled, who answers and
    is joined with the agent at once; the customer hangs up."""
    customer = stage.phones.trunk(Answers(ring=0.8))
    stage.phones.phone("1001", Answers(ring=0.5))
    with engine(stage) as tap:
        _ring(tap, "cc-callback-agent", f"CC_CUSTOMER={CALL}")
        tap.wait_event("UserEvent", UserEvent="CallcenterAlone", Uniqueid=AGENT)
        pause(0.3)
        _dial(tap, agent=AGENT)
        tap.wait_event("BridgeEnter", Uniqueid=CALL)
        pause(1.0)
        customer.next()
        stage.finish(tap)


@scenario(_called_back("abandoned", (("service", "abandoned"),)))
def callback_agent_gone(stage: Stage) -> None:
    """1001 hangs up while the customer's phone rings; the customer answers, waits in the line, and
    gives up."""
    customer = stage.phones.trunk(NEVER_ANSWERS)
    agent = stage.phones.phone("1001", Answers(ring=0.5))
    with engine(stage) as tap:
        _ring(tap, "cc-callback-agent", f"CC_CUSTOMER={CALL}")
        tap.wait_event("UserEvent", UserEvent="CallcenterAlone", Uniqueid=AGENT)
        _dial(tap, agent=AGENT)
        customer.wait_called()
        agent.next()
        tap.wait_event("Hangup", Uniqueid=AGENT)
        customer.next()
        tap.wait_event("UserEvent", UserEvent="CallcenterWait", Uniqueid=CALL)
        pause(0.5)
        customer.next()
        stage.finish(tap)


@scenario(_called_back("busy"))
def callback_busy(stage: Stage) -> None:
    """The customer's line is busy."""
    stage.phones.trunk(BUSY)
    with engine(stage) as tap:
        _in_vain(tap)
        stage.finish(tap)


@scenario(_called_back("no_answer"))
def callback_no_answer(stage: Stage) -> None:
    """The customer's phone rings three seconds, and nobody answers."""
    stage.phones.trunk(NEVER_ANSWERS)
    with engine(stage) as tap:
        _in_vain(tap, timeout_ms=3000)
        stage.finish(tap)


@scenario(_called_back("no_answer"))
def callback_stopped(stage: Stage) -> None:
    """The engine takes the dialling back while the customer's phone rings."""
    customer = stage.phones.trunk(NEVER_ANSWERS)
    with engine(stage) as tap:
        asked = _dial(tap)
        customer.wait_called()
        tap.wait_event("Newstate", Uniqueid=CALL, ChannelStateDesc="Ringing")
        tap.ask("Hangup", Channel=CALL, Cause="16")
        tap.wait_event("OriginateResponse", ActionID=asked, Response="Failure")
        stage.finish(tap)


@scenario(_called_back("no_answer"))
def callback_message(stage: Stage) -> None:
    """An answering machine answers; the exchange hears that it is one and leaves a message."""
    stage.phones.trunk(Answers(ring=0.5, voice="machine"))
    with engine(stage) as tap:
        _dial(tap, machine="message")
        tap.wait_event("UserEvent", UserEvent="CallcenterMessage", Uniqueid=CALL)
        stage.finish(tap)


def _asked(number: str, *queues: tuple[str, str], end: str) -> Truth:
    return Truth(
        direction="inbound",
        number=number,
        name="Asking Ann",
        dialled=WAITING,
        queues=queues,
        end=end,
    )


@scenario(_asked("+447700900712", ("service", "key"), end="queue_left"))
def callback_key_granted(stage: Stage) -> None:
    """A waiting caller asks by the key to be called back at the number they call from; the engine
    grants it, they are thanked and the call ends."""
    with engine(stage) as tap:
        _, wait = _asks(stage, tap, "+447700900712", "1")
        tap.send(
            "Redirect",
            Channel=wait["Uniqueid"],
            Context="cc-callback-told",
            Exten="yes",
            Priority="1",
        )
        stage.finish(tap)


@scenario(_asked("+447700900713", ("service", "key"), ("service", "abandoned"), end="abandoned"))
def callback_key_denied(stage: Stage) -> None:
    """A waiting caller enters another number to be called back at; the engine denies it, they are
    back in the line, and give up."""
    with engine(stage) as tap:
        call, wait = _asks(stage, tap, "+447700900713", "202079460999#1")
        since = len(tap.received)
        tap.send(
            "Redirect",
            Channel=wait["Uniqueid"],
            Context="cc-callback-told",
            Exten="no",
            Priority="1",
        )
        tap.wait_event("UserEvent", since, UserEvent="CallcenterWait")
        pause(0.5)
        call.hang_up()
        stage.finish(tap)


def _dial(
    tap: ManagerTap,
    leads_to: str = f"PJSIP/{CUSTOMER}@trunk",
    *,
    machine: str = "connect",
    agent: str | None = None,
    timeout_ms: int = 20000,
) -> str:
    variables = f"__CC_QUEUE=service,CC_NUMBER={CUSTOMER},CC_MACHINE={machine}"
    if agent is not None:
        variables += f",CC_AGENT={agent}"
    other = {"OtherChannelId": f"{CALL}-2"} if leads_to.startswith("Local/") else {}
    return tap.send(
        "Originate",
        Channel=leads_to,
        ChannelId=CALL,
        Context="cc-callback",
        Exten="s",
        Priority="1",
        Variable=variables,
        CallerID=f'"" <{OURS}>',
        Timeout=str(timeout_ms),
        Async="true",
        **other,
    )


def _in_vain(tap: ManagerTap, timeout_ms: int = 20000) -> None:
    asked = _dial(tap, timeout_ms=timeout_ms)
    tap.wait_event("OriginateResponse", ActionID=asked, Response="Failure")
    pause(0.3)


def _ring(tap: ManagerTap, context: str, variable: str) -> None:
    tap.send(
        "Originate",
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


def _asks(stage: Stage, tap: ManagerTap, number: str, keys: str) -> tuple[Call, Message]:
    """A caller waits, presses the key that is offered and then `keys`; the wish was told."""
    stage.exchange.cli("dialplan set global CC_KEY 1")
    call = stage.phones.call(WAITING, number, "Asking Ann")
    wait = tap.wait_event("UserEvent", UserEvent="CallcenterWait", CallerIDNum=number)
    tap.wait_event("MusicOnHoldStart", Channel=wait["Channel"])
    pause(0.8)
    for key in f"1{keys}":
        tap.ask("PlayDTMF", Channel=wait["Channel"], Digit=key, Duration="100", Receive="true")
        pause(0.5)
    tap.wait_event("UserEvent", UserEvent="CallcenterCallback")
    return call, wait
