"""Scenarios: calls through app_queue."""

from __future__ import annotations

from tests.exchange.phones import BUSY, DECLINES, NEVER_ANSWERS, Answers, Holds
from tests.replays.stage import Stage, Truth, pause, scenario

SERVICE, SALES, SUPPORT = "+442079460100", "+442079460101", "+442079460102"
SHORT, DESK, REMOTE = "+442079460103", "+442079460104", "+442079460105"

SHORT_RING = ("queues.conf", "standard", "timeout", "3")


@scenario(
    Truth(
        direction="inbound",
        number="+441632960011",
        name="Grace Hopper",
        dialled=SERVICE,
        queues=(("service", "answered"),),
        answered_by=("PJSIP/1001",),
        end="completed",
    )
)
def queue_answered(stage: Stage) -> None:
    """A caller waits in `service`, 1001 rings and answers, they talk, the caller hangs up."""
    stage.phones.phone("1001", Answers(ring=1.0))
    tap = stage.record()
    call = stage.phones.call(SERVICE, "+441632960011", "Grace Hopper")
    tap.wait_event("AgentConnect")
    pause(1.2)
    call.hang_up()
    tap.wait_event("AgentComplete")
    stage.finish(tap)


@scenario(
    Truth(
        direction="inbound",
        number="+8613800138000",
        name="Li Lei",
        dialled=SERVICE,
        queues=(("service", "answered"),),
        answered_by=("PJSIP/1001",),
        end="completed",
    )
)
def queue_answered_agent_hangs_up(stage: Stage) -> None:
    """As queue_answered, but it is the agent who hangs up."""
    phone = stage.phones.phone("1001", Answers(ring=0.5))
    tap = stage.record()
    stage.phones.call(SERVICE, "+8613800138000", "Li Lei")
    tap.wait_event("AgentConnect")
    pause(1.0)
    phone.next()
    tap.wait_event("AgentComplete")
    stage.finish(tap)


@scenario(
    Truth(
        direction="inbound",
        number="+441632960012",
        dialled=SERVICE,
        queues=(("service", "abandoned"),),
        end="abandoned",
    )
)
def queue_abandoned(stage: Stage) -> None:
    """A caller without a name waits in `service`, where no phone is signed in, and gives up."""
    tap = stage.record()
    call = stage.phones.call(SERVICE, "+441632960012")
    tap.wait_event("QueueCallerJoin")
    pause(2.0)
    call.hang_up()
    tap.wait_event("QueueCallerAbandon")
    stage.finish(tap)


@scenario(
    Truth(
        direction="inbound",
        number="075588886666",
        name="Han Meimei",
        dialled=SERVICE,
        queues=(("service", "abandoned"),),
        offers=(("PJSIP/1001", "cancelled"),),
        end="abandoned",
    )
)
def queue_abandoned_while_ringing(stage: Stage) -> None:
    """The caller gives up while 1001 is ringing."""
    phone = stage.phones.phone("1001", NEVER_ANSWERS)
    tap = stage.record()
    call = stage.phones.call(SERVICE, "075588886666", "Han Meimei")
    phone.wait_called()
    tap.wait_event("Newstate", ChannelStateDesc="Ringing")
    pause(1.0)
    call.hang_up()
    tap.wait_event("QueueCallerAbandon")
    stage.finish(tap)


@scenario(
    Truth(
        direction="inbound",
        number="+441632960013",
        name="Ada L.",
        dialled=SHORT,
        queues=(("service", "timed_out"),),
        end="queue_left",
    )
)
def queue_timeout(stage: Stage) -> None:
    """Nobody is signed in; after six seconds the call leaves `service` by time-out, hears that
    nobody is available, and the exchange hangs up. The caller never gave up, though Asterisk
    sends QueueCallerAbandon."""
    tap = stage.record()
    stage.phones.call(SHORT, "+441632960013", "Ada L.")
    tap.wait_event("QueueCallerLeave")
    stage.finish(tap)


@scenario(
    Truth(
        direction="inbound",
        number="+441632960014",
        name="Ada L.",
        dialled=SHORT,
        queues=(("service", "timed_out"),),
        offers=(("PJSIP/1001", "no_answer"),),
        end="queue_left",
    )
)
def queue_timeout_while_ringing(stage: Stage) -> None:
    """1001 rings and does not answer; the queue's own six seconds end first. The closing message
    plays and the exchange hangs up."""
    stage.phones.phone("1001", NEVER_ANSWERS)
    tap = stage.record()
    stage.phones.call(SHORT, "+441632960014", "Ada L.")
    tap.wait_event("QueueCallerLeave")
    stage.finish(tap)


@scenario(
    Truth(
        direction="inbound",
        number="+442079460955",
        name="R. Franklin",
        dialled=SUPPORT,
        queues=(("support", "answered"),),
        offers=(("PJSIP/1005", "answered_elsewhere"),),
        answered_by=("PJSIP/1006",),
        end="completed",
    )
)
def queue_ringall_one_wins(stage: Stage) -> None:
    """`support` rings 1005 and 1006 together; 1006 answers, 1005 stops ringing."""
    slow = stage.phones.phone("1005", NEVER_ANSWERS)
    fast = stage.phones.phone("1006", Answers(ring=None))
    tap = stage.record()
    call = stage.phones.call(SUPPORT, "+442079460955", "R. Franklin")
    slow.wait_called()
    fast.wait_called()
    pause(0.5)
    fast.next()
    tap.wait_event("AgentConnect")
    pause(1.0)
    call.hang_up()
    tap.wait_event("AgentComplete")
    stage.finish(tap)


@scenario(
    Truth(
        direction="inbound",
        number="+442079460956",
        dialled=SUPPORT,
        queues=(("support", "abandoned"),),
        offers=(("PJSIP/1005", "cancelled"), ("PJSIP/1006", "cancelled")),
        end="abandoned",
    )
)
def queue_ringall_abandoned(stage: Stage) -> None:
    """`support` rings 1005 and 1006 together; the caller gives up before either answers."""
    phones = [stage.phones.phone(each, NEVER_ANSWERS) for each in ("1005", "1006")]
    tap = stage.record()
    call = stage.phones.call(SUPPORT, "+442079460956")
    for phone in phones:
        phone.wait_called()
    pause(0.7)
    call.hang_up()
    tap.wait_event("QueueCallerAbandon")
    stage.finish(tap)


@scenario(
    Truth(
        direction="inbound",
        number="+441632960015",
        name="Mary Shelley",
        dialled=SERVICE,
        queues=(("service", "answered"),),
        offers=(("PJSIP/1001", "no_answer"),),
        answered_by=("PJSIP/1002",),
        end="completed",
    ),
    edits=(SHORT_RING,),
)
def queue_no_answer_then_other_agent(stage: Stage) -> None:
    """1001 rings three seconds without an answer; then 1002 rings and answers."""
    stage.phones.phone("1001", NEVER_ANSWERS)
    stage.phones.phone("1002", Answers(ring=0.5))
    tap = stage.record()
    call = stage.phones.call(SERVICE, "+441632960015", "Mary Shelley")
    tap.wait_event("AgentRingNoAnswer", Interface="PJSIP/1001")
    tap.wait_event("AgentConnect", Interface="PJSIP/1002")
    pause(0.8)
    call.hang_up()
    tap.wait_event("AgentComplete")
    stage.finish(tap)


@scenario(
    Truth(
        direction="inbound",
        number="+441632960016",
        name="Alan Turing",
        dialled=SERVICE,
        queues=(("service", "answered"),),
        offers=(("PJSIP/1001", "busy"),),
        answered_by=("PJSIP/1002",),
        end="completed",
    )
)
def queue_agent_busy(stage: Stage) -> None:
    """1001's phone refuses with 486 Busy Here (do not disturb); 1002 answers."""
    stage.phones.phone("1001", BUSY)
    stage.phones.phone("1002", Answers(ring=0.5))
    tap = stage.record()
    call = stage.phones.call(SERVICE, "+441632960016", "Alan Turing")
    tap.wait_event("AgentConnect", Interface="PJSIP/1002")
    pause(0.8)
    call.hang_up()
    tap.wait_event("AgentComplete")
    stage.finish(tap)


@scenario(
    Truth(
        direction="inbound",
        number="+441632960017",
        name="Alan Turing",
        dialled=SERVICE,
        queues=(("service", "answered"),),
        offers=(("PJSIP/1001", "refused"),),
        answered_by=("PJSIP/1002",),
        end="completed",
    )
)
def queue_declined(stage: Stage) -> None:
    """1001 rings half a second and declines (603); 1002 answers."""
    stage.phones.phone("1001", DECLINES)
    stage.phones.phone("1002", Answers(ring=0.5))
    tap = stage.record()
    call = stage.phones.call(SERVICE, "+441632960017", "Alan Turing")
    tap.wait_event("AgentConnect", Interface="PJSIP/1002")
    pause(0.8)
    call.hang_up()
    tap.wait_event("AgentComplete")
    stage.finish(tap)


@scenario(
    *(
        Truth(
            direction="inbound",
            number=number,
            name=name,
            dialled=SERVICE,
            queues=(("service", "answered"),),
            answered_by=(device,),
            end="completed",
        )
        for number, name, device in (
            ("+441632960018", "First", "PJSIP/1001"),
            ("+8675586013388", "Second", "PJSIP/1002"),
        )
    )
)
def queue_two_members_sequential_calls(stage: Stage) -> None:
    """Two calls one after the other: 1001 takes the first, 1002 the second."""
    stage.phones.phone("1001", Answers(ring=0.4))
    stage.phones.phone("1002", Answers(ring=0.4))
    tap = stage.record()
    for number, name in (("+441632960018", "First"), ("+8675586013388", "Second")):
        since = len(tap.received)
        call = stage.phones.call(SERVICE, number, name)
        tap.wait_event("AgentConnect", since)
        pause(0.6)
        call.hang_up()
        tap.wait_event("AgentComplete", since)
        stage.finish(tap)


@scenario(
    Truth(
        direction="inbound",
        number="+441632960019",
        name="Early Bird",
        dialled=SERVICE,
        queues=(("service", "answered"),),
        answered_by=("PJSIP/1001",),
        end="completed",
    ),
    Truth(
        direction="inbound",
        number="+441632960020",
        name="Second Mouse",
        dialled=SERVICE,
        queues=(("service", "answered"),),
        answered_by=("PJSIP/1001",),
        end="completed",
    ),
)
def queue_waits_for_busy_agent(stage: Stage) -> None:
    """Only 1001 is there and talks; a second caller waits until the first has hung up, then
    1001 takes the second call too."""
    stage.phones.phone("1001", Answers(ring=0.4))
    tap = stage.record()
    first = stage.phones.call(SERVICE, "+441632960019", "Early Bird")
    tap.wait_event("AgentConnect")
    second = stage.phones.call(SERVICE, "+441632960020", "Second Mouse")
    tap.wait_event("QueueCallerJoin", CallerIDNum="+441632960020")
    pause(1.0)
    first.hang_up()
    tap.wait_event("AgentConnect", CallerIDNum="+441632960020")
    pause(0.6)
    second.hang_up()
    tap.wait_event("AgentComplete", CallerIDNum="+441632960020")
    stage.finish(tap)


@scenario(
    Truth(
        direction="inbound",
        number="+441632960021",
        name="Local Hero",
        dialled=DESK,
        queues=(("desk", "answered"),),
        answered_by=("PJSIP/1007",),
        end="completed",
    )
)
def queue_local_member(stage: Stage) -> None:
    """The member is Local/1007@agent-legs/n: both halves of the Local channel stay for the whole
    call. 1007 answers."""
    _through_local(stage, "1007", DESK, "+441632960021")


@scenario(
    Truth(
        direction="inbound",
        number="+441632960022",
        name="Local Hero",
        dialled=REMOTE,
        queues=(("remote", "answered"),),
        answered_by=("PJSIP/1008",),
        end="completed",
    )
)
def queue_local_member_optimised(stage: Stage) -> None:
    """The member is Local/1008@agent-legs without /n: the Local channel is optimised away after
    the answer. 1008 answers."""
    _through_local(stage, "1008", REMOTE, "+441632960022")


def _through_local(stage: Stage, extension: str, did: str, number: str) -> None:
    stage.phones.phone(extension, Answers(ring=0.6))
    tap = stage.record()
    call = stage.phones.call(did, number, "Local Hero")
    tap.wait_event("AgentConnect")
    pause(1.5)
    call.hang_up()
    tap.wait_event("AgentComplete")
    stage.finish(tap)


@scenario(
    Truth(
        direction="inbound",
        number="+441632960023",
        name="Local Hero",
        dialled=DESK,
        queues=(("desk", "abandoned"),),
        offers=(("PJSIP/1007", "cancelled"),),
        end="abandoned",
    )
)
def queue_local_member_abandoned(stage: Stage) -> None:
    """The caller gives up while 1007 rings behind Local/1007@agent-legs/n."""
    phone = stage.phones.phone("1007", NEVER_ANSWERS)
    tap = stage.record()
    call = stage.phones.call(DESK, "+441632960023", "Local Hero")
    phone.wait_called()
    pause(1.0)
    call.hang_up()
    tap.wait_event("QueueCallerAbandon")
    stage.finish(tap)


@scenario(
    Truth(
        direction="inbound",
        number="+441632960024",
        name="Patient One",
        dialled=SERVICE,
        queues=(("service", "answered"),),
        answered_by=("PJSIP/1001",),
        holds=1,
        end="completed",
    )
)
def hold_unhold(stage: Stage) -> None:
    """1001 answers a call from `service`, puts the caller on hold, takes the caller back, and
    hangs up."""
    phone = stage.phones.phone("1001", Holds(ring=0.4))
    tap = stage.record()
    stage.phones.call(SERVICE, "+441632960024", "Patient One")
    tap.wait_event("AgentConnect")
    pause(0.8)
    phone.next()
    tap.wait_event("Hold")
    pause(1.2)
    phone.next()
    tap.wait_event("Unhold")
    pause(0.8)
    phone.next()
    tap.wait_event("AgentComplete")
    stage.finish(tap)


@scenario(
    Truth(
        direction="inbound",
        number="+441632960025",
        name="Caller A",
        dialled=SERVICE,
        queues=(("service", "answered"),),
        answered_by=("PJSIP/1001",),
        end="completed",
    ),
    Truth(
        direction="inbound",
        number="+8613912345678",
        name="Caller B",
        dialled=SALES,
        queues=(("sales", "answered"),),
        answered_by=("PJSIP/1004",),
        end="completed",
    ),
)
def two_calls_interleaved(stage: Stage) -> None:
    """A waits in `service`, B in `sales`; 1004 answers B first, then 1001 answers A; A hangs up
    first, then 1004 hangs up on B."""
    one = stage.phones.phone("1001", Answers(ring=None))
    four = stage.phones.phone("1004", Answers(ring=None))
    tap = stage.record()
    first = stage.phones.call(SERVICE, "+441632960025", "Caller A")
    one.wait_called()
    stage.phones.call(SALES, "+8613912345678", "Caller B")
    four.wait_called()
    pause(0.4)
    four.next()
    tap.wait_event("AgentConnect", Queue="sales")
    pause(0.4)
    one.next()
    tap.wait_event("AgentConnect", Queue="service")
    pause(0.6)
    first.hang_up()
    tap.wait_event("AgentComplete", Queue="service")
    four.next()
    tap.wait_event("AgentComplete", Queue="sales")
    stage.finish(tap)
