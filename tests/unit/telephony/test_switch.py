"""The switch: the actions it sends, and its words when the exchange does not do them."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest
from asterisk.ami import Action

from callcenter.ports import Switch, SwitchError
from telephony.answers import (
    MAX_OPEN,
    ActionRefused,
    Answer,
    AnswerTimeout,
    ExchangeError,
    LinkLost,
)
from telephony.packet import Packet
from telephony.switch import AT_ONCE, AmiSwitch
from telephony.wire import encode


class FakeLine:
    """Answers every action alike and keeps what was asked."""

    def __init__(self, problem: ExchangeError | None = None) -> None:
        self.problem = problem
        self.sent: list[bytes] = []
        self.whys: list[str] = []

    async def ask(self, action: Action) -> Answer:
        self.sent.append(encode(action))
        if self.problem is not None:
            raise self.problem
        return Answer(Packet(b"Response: Success"))

    def ask_snapshot(self, why: str) -> None:
        self.whys.append(why)


def run(steps: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine that never really waits, without a loop."""
    with pytest.raises(StopIteration):
        steps.send(None)


def test_pause_is_for_all_queues_with_a_reason() -> None:
    """One QueuePause without a queue, so the agent is paused wherever they are a member."""
    line = FakeLine()
    switch: Switch = AmiSwitch(line, "engine")
    run(switch.pause("PJSIP/1001", True, "lunch"))
    run(switch.pause("PJSIP/1001", False, ""))
    assert line.sent == [
        b"Action: QueuePause\r\nInterface: PJSIP/1001\r\nPaused: true\r\nReason: lunch\r\n\r\n",
        b"Action: QueuePause\r\nInterface: PJSIP/1001\r\nPaused: false\r\nReason: \r\n\r\n",
    ]


def test_a_device_behind_local_channels_is_paused_under_their_names() -> None:
    """Queues know such a member by the Local channel that leads to the phone."""
    line = FakeLine()
    interfaces = {"PJSIP/1007": ("Local/1007@agent-legs/n", "PJSIP/1007")}
    switch = AmiSwitch(line, "engine", lambda device: interfaces.get(device, ()))
    run(switch.pause("PJSIP/1007", True, "x"))
    assert [sent.split(b"\r\n")[1] for sent in line.sent] == [
        b"Interface: Local/1007@agent-legs/n",
        b"Interface: PJSIP/1007",
    ]


REFUSALS = [
    (
        ActionRefused("QueuePause", "Interface not found"),
        "PJSIP/1001 cannot be paused: it is a member of no queue on the exchange",
    ),
    (
        ActionRefused("QueuePause", "Permission denied"),
        "in manager.conf add agent to the line 'write = ...' of \\[engine\\]",
    ),
    (ActionRefused("QueuePause", "odd"), "PJSIP/1001 cannot be paused: the exchange says 'odd'"),
    (LinkLost("the line to the exchange is lost: x"), "the line to the exchange is lost: x"),
    (AnswerTimeout("no answer to QueuePause within 10 s"), "no answer to QueuePause"),
]


@pytest.mark.parametrize(("problem", "words"), REFUSALS)
def test_what_went_wrong_is_told_in_words(problem: ExchangeError, words: str) -> None:
    """Each failure becomes one SwitchError that says what to do or what happened."""
    with pytest.raises(SwitchError, match=words):
        AmiSwitch(FakeLine(problem), "engine").pause("PJSIP/1001", True, "x").send(None)


@pytest.mark.parametrize("hostile", ["PJSIP/1\r\nAction: Command", "\0", "\n"])
def test_hostile_values_are_refused_before_the_line(hostile: str) -> None:
    """A device or a reason with control characters sends nothing."""
    line = FakeLine()
    switch = AmiSwitch(line, "engine")
    with pytest.raises(SwitchError, match="Interface"):
        switch.pause(hostile, True, "x").send(None)
    with pytest.raises(SwitchError, match="Reason"):
        switch.pause("PJSIP/1001", True, hostile).send(None)
    assert line.sent == []


def test_ping_and_snapshot() -> None:
    """A ping returns or raises; the wish for a snapshot goes to the link with its reason."""
    line = FakeLine()
    run(AmiSwitch(line, "engine").ping())
    with pytest.raises(SwitchError, match="no line"):
        AmiSwitch(FakeLine(LinkLost("no line")), "engine").ping().send(None)
    AmiSwitch(line, "engine").ask_snapshot("in doubt")
    assert line.whys == ["in doubt"]


async def test_a_thousand_pauses_at_once_wait_for_their_turn() -> None:
    """The line refuses actions beyond its limit; none of ours ever gets there."""
    answer = asyncio.Event()
    under_way = most = done = 0

    class SlowLine(FakeLine):
        async def ask(self, action: Action) -> Answer:
            nonlocal under_way, most, done
            under_way += 1
            most = max(most, under_way)
            await answer.wait()
            under_way -= 1
            done += 1
            return await super().ask(action)

    switch = AmiSwitch(SlowLine(), "engine")
    pauses = [
        asyncio.create_task(switch.pause(f"PJSIP/{n}", True, "signed_out")) for n in range(1000)
    ]
    await asyncio.sleep(0)
    answer.set()
    await asyncio.gather(*pauses)
    assert done == 1000
    assert most == AT_ONCE < MAX_OPEN
