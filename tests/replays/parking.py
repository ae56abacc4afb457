"""Scenarios: parked calls, picked-up and forwarded ones, and calls that AMI begins."""

from __future__ import annotations

from tests.exchange.phones import NEVER_ANSWERS, Answers, Refuses
from tests.replays.sessions import snapshot
from tests.replays.stage import Stage, Truth, pause, scenario
from tests.replays.transfers import CALLER, REMOTE, channel_of, talking, truth, wait_connected

LINE_1001 = "+442079461001"
SHORT_PARKING = ("res_parking.conf", "default", "parkingtime", "2")
FORWARDS = Refuses("302 Moved Temporarily", contact="1002")


@scenario(
    truth(
        "PJSIP/1001",
        "PJSIP/1002",
        transfers=(("blind", "PJSIP/1001", "700"),),
        parked=(("701", "PJSIP/1002"),),
    )
)
def park_retrieved(stage: Stage) -> None:
    """1001 parks the caller (REFER to 700); 1002 dials the place and talks on."""
    tap, call, phone = talking(stage)
    phone.transfer("700")
    place = tap.wait_event("ParkedCall")["ParkingSpace"]
    pause(1.0)
    stage.phones.call_from("1002", place)
    tap.wait_event("UnParkedCall")
    wait_connected(tap, "PJSIP/1002")
    pause(1.0)
    call.hang_up()
    stage.finish(tap)


@scenario(
    truth("PJSIP/1001", "PJSIP/1001", parked=(("701", None),)),
    edits=(SHORT_PARKING,),
)
def park_timed_out(stage: Stage) -> None:
    """1001 parks the caller (AMI Park); nobody takes the call back within two seconds, 1001 is
    rung again and answers."""
    tap, call, phone = talking(stage)
    caller = next(one["Channel"] for one in tap.events("BridgeEnter") if "trunk" in one["Channel"])
    tap.ask("Park", Channel=caller, TimeoutChannel=channel_of(tap, "PJSIP/1001"))
    tap.wait_event("ParkedCall")
    phone.next()
    since = len(tap.received)
    tap.wait_event("ParkedCallTimeOut")
    wait_connected(tap, "PJSIP/1001", since)
    pause(1.0)
    call.hang_up()
    stage.finish(tap)


@scenario(truth("PJSIP/1001", transfers=(("blind", "PJSIP/1001", "700"),), parked=(("701", None),)))
def park_given_up(stage: Stage) -> None:
    """1001 parks the caller, who hangs up."""
    tap, call, phone = talking(stage)
    phone.transfer("700")
    tap.wait_event("ParkedCall")
    pause(1.0)
    call.hang_up()
    tap.wait_event("ParkedCallGiveUp")
    stage.finish(tap)


@scenario(
    Truth(
        direction="inbound",
        number=CALLER,
        name="Transferred Tess",
        dialled="+442079460100",
        answered_by=("PJSIP/1002",),
        parked=((None, "PJSIP/1002"),),
        end="completed",
    )
)
def snapshot_parked(stage: Stage) -> None:
    """The client signs in while a caller is parked, and takes a snapshot; then 1002 takes the call
    from its place, which a snapshot does not tell."""
    watch, call, phone = talking(stage)
    phone.transfer("700")
    place = watch.wait_event("ParkedCall")["ParkingSpace"]
    watch.wait(lambda one: one.get("Event") == "Hangup" and "PJSIP/1001" in one["Channel"])
    pause(1.0)
    tap = stage.record()
    snapshot(tap)
    stage.phones.call_from("1002", place)
    tap.wait_event("UnParkedCall")
    wait_connected(tap, "PJSIP/1002")
    pause(1.0)
    call.hang_up()
    stage.finish(tap, channels_up=-1)


@scenario(
    truth(
        "PJSIP/1002",
        dialled=LINE_1001,
        queues=(),
        offers=(("PJSIP/1001", "answered_elsewhere"),),
        transfers=(("pickup", "PJSIP/1001", "PJSIP/1002"),),
    )
)
def pickup_directed(stage: Stage) -> None:
    """1001's direct line rings; 1002 dials *81001 and has the call."""
    phone = stage.phones.phone("1001", NEVER_ANSWERS)
    tap = stage.record()
    call = stage.phones.call(LINE_1001, CALLER, "Transferred Tess")
    phone.wait_called()
    pause(0.8)
    stage.phones.call_from("1002", "*81001")
    tap.wait_event("Pickup")
    pause(1.0)
    call.hang_up()
    stage.finish(tap)


@scenario(
    truth(
        "PJSIP/1002",
        offers=(("PJSIP/1001", "answered_elsewhere"),),
        transfers=(("pickup", "PJSIP/1001", "PJSIP/1002"),),
    )
)
def pickup_queue(stage: Stage) -> None:
    """1001 rings for a caller in `service`; 1002 picks the call up with *8."""
    phone = stage.phones.phone("1001", NEVER_ANSWERS)
    tap = stage.record()
    call = stage.phones.call("+442079460100", CALLER, "Transferred Tess")
    phone.wait_called()
    pause(0.8)
    stage.phones.call_from("1002", "*8")
    tap.wait_event("Pickup")
    pause(1.5)
    call.hang_up()
    stage.finish(tap)


@scenario(
    truth(
        "PJSIP/1002",
        dialled=LINE_1001,
        queues=(),
        offers=(("PJSIP/1001", "cancelled"),),
        transfers=(("forward", "PJSIP/1001", "1002"),),
    )
)
def forwarded(stage: Stage) -> None:
    """1001's phone forwards every call to 1002 (302), who answers."""
    stage.phones.phone("1001", FORWARDS)
    stage.phones.phone("1002", Answers(ring=0.5))
    tap = stage.record()
    call = stage.phones.call(LINE_1001, CALLER, "Transferred Tess")
    wait_connected(tap, "PJSIP/1002")
    pause(1.5)
    call.hang_up()
    stage.finish(tap)


@scenario(
    truth(
        dialled=LINE_1001,
        queues=(),
        offers=(("PJSIP/1001", "cancelled"),),
        transfers=(("forward", "PJSIP/1001", "07700900298"),),
        parties=("07700900298",),
    )
)
def forwarded_outside(stage: Stage) -> None:
    """1001's phone forwards to a mobile outside, who answers and hangs up."""
    stage.phones.phone("1001", Refuses("302 Moved Temporarily", contact="07700900298"))
    outside = stage.phones.trunk(Answers(ring=0.5))
    tap = stage.record()
    stage.phones.call(LINE_1001, CALLER, "Transferred Tess")
    outside.wait_called()
    tap.wait_event("DialEnd", DialStatus="ANSWER")
    pause(1.5)
    outside.next()
    stage.finish(tap)


@scenario(
    truth(
        "PJSIP/1005",
        offers=(("PJSIP/1001", "cancelled"),),
        transfers=(("forward", "PJSIP/1001", "1005"),),
    )
)
def forwarded_in_queue(stage: Stage) -> None:
    """`service` rings 1001, whose phone forwards to 1005, who answers."""
    stage.phones.phone("1001", Refuses("302 Moved Temporarily", contact="1005"))
    stage.phones.phone("1005", Answers(ring=0.5))
    tap = stage.record()
    call = stage.phones.call("+442079460100", CALLER, "Transferred Tess")
    wait_connected(tap, "PJSIP/1005")
    pause(1.5)
    call.hang_up()
    stage.finish(tap)


@scenario(
    truth(
        "PJSIP/1002",
        dialled=REMOTE,
        queues=(("remote", "answered"),),
        offers=(("PJSIP/1008", "cancelled"),),
        transfers=(("forward", "PJSIP/1008", "1002"),),
    )
)
def local_chain(stage: Stage) -> None:
    """The member is Local/1008@agent-legs, whose phone forwards to 1002: two Local channels, one
    behind the other, both optimised away."""
    stage.phones.phone("1008", FORWARDS)
    stage.phones.phone("1002", Answers(ring=0.5))
    tap = stage.record()
    call = stage.phones.call(REMOTE, CALLER, "Transferred Tess")
    wait_connected(tap, "PJSIP/1002")
    pause(2.0)
    call.hang_up()
    stage.finish(tap)


OUTBOUND = Truth(
    direction="outbound",
    number="07700900297",
    dialled="07700900297",
    answered_by=("PJSIP/1001",),
    end="completed",
    began_by="PJSIP/1001",
)


@scenario(OUTBOUND)
def click_to_dial(stage: Stage) -> None:
    """AMI rings 1001 first (Originate, with the customer's number as CallerID), then 1001's phone
    calls 07700900297 outside, who answers; 1001 hangs up."""
    phone = stage.phones.phone("1001", Answers(ring=0.5))
    stage.phones.trunk(Answers(ring=0.5))
    tap = stage.record()
    tap.ask(
        "Originate",
        Channel="PJSIP/1001",
        Context="from-agents",
        Exten="07700900297",
        Priority="1",
        CallerID='"Customer Cleo" <07700900297>',
        ChannelId="cc-1-1",
        Async="true",
    )
    wait_connected(tap, "PJSIP/trunk")
    pause(1.0)
    phone.next()
    stage.finish(tap)


@scenario(OUTBOUND)
def click_to_dial_local(stage: Stage) -> None:
    """As click_to_dial, the agent being rung through Local/1001@agent-legs."""
    phone = stage.phones.phone("1001", Answers(ring=0.5))
    stage.phones.trunk(Answers(ring=0.5))
    tap = stage.record()
    tap.ask(
        "Originate",
        Channel="Local/1001@agent-legs",
        Context="from-agents",
        Exten="07700900297",
        Priority="1",
        CallerID='"Customer Cleo" <07700900297>',
        ChannelId="cc-1-1",
        OtherChannelId="cc-1-2",
        Async="true",
    )
    wait_connected(tap, "PJSIP/trunk")
    pause(2.0)
    phone.next()
    stage.finish(tap)


@scenario(
    Truth(
        direction="outbound",
        number="07700900296",
        dialled="07700900296",
        queues=(("service", "answered"),),
        answered_by=("PJSIP/1001",),
        end="completed",
    )
)
def originate_customer_first(stage: Stage) -> None:
    """AMI rings a customer outside first, who answers and waits in `service` for 1001."""
    stage.phones.phone("1001", Answers(ring=0.5))
    outside = stage.phones.trunk(Answers(ring=0.5))
    tap = stage.record()
    tap.ask(
        "Originate",
        Channel="PJSIP/07700900296@trunk",
        Context="queue",
        Exten="service",
        Priority="1",
        CallerID="+442079460100",
        ChannelId="cc-1-3",
        Async="true",
    )
    wait_connected(tap, "PJSIP/1001")
    pause(1.0)
    outside.next()
    stage.finish(tap)
