"""Customers' legs that are being dialled for callbacks, and how each ends.

Pure. The answered leg comes into the dialplan's context ``cc-callback``, which says who answered;
of the others Asterisk tells the end in several events whose order is not fixed. A Local channel
that leads outside passes the cause on to its first half, which is the customer's leg. It must not
send anything; ``telephony.switch`` does.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from asterisk.ami.action import Action

from callcenter.floor.callback import DialEnd
from callcenter.floor.orders import Dial
from telephony.attempts import Attempts
from telephony.packet import Packet
from telephony.parties import number_in
from telephony.ringing import caller_id

CONTEXT: Final = "cc-callback"

CAUSES: Final[dict[int, DialEnd]] = {
    1: "invalid",  # unallocated number
    17: "busy",
    18: "no_answer",  # no user responding
    19: "no_answer",  # alerting, no answer
    20: "no_answer",  # subscriber absent
    21: "declined",
    22: "invalid",  # number changed
    28: "invalid",  # not a complete number
    34: "congestion",
    38: "congestion",
    41: "congestion",
    42: "congestion",
}
"""Q.850 causes (ITU-T Q.850, 2.2.7), as Asterisk makes them of SIP answers (hangup_sip2cause in
channels/chan_pjsip.c); every other one is the network's trouble as well, and means ``congestion``.
"""

_STATUS: Final[dict[str, DialEnd]] = {
    "BUSY": "busy",
    "CONGESTION": "congestion",
    "CHANUNAVAIL": "congestion",
}
# DialEnd NOANSWER is left out: it is said of everything else.

_REASONS: Final[dict[int, DialEnd]] = {3: "no_answer", 5: "busy", 8: "congestion"}
"""OriginateResponse's Reason, the last AST_CONTROL_* frame: still ringing, busy, congestion."""

_PLAIN_CAUSES = frozenset({0, 16, 26, 31, 127})
_PROVIDER_REFUSES = frozenset({"401", "402", "403", "407"})
"""SIP answers that Asterisk calls a rejected call, and that no customer gives."""

REMEMBERED: Final = 10_000
"""So many calls that were dialled are remembered, and never dialled again."""

_NUMBER = re.compile(r"\+?[0-9]{3,18}", re.ASCII)
_BY: Final = frozenset({"human", "machine", "unknown"})


def channel(template: str, number: str) -> str | None:
    """The channel that leads to `number`; ``None`` for anything but digits after a plus: nothing
    else may get into a channel's name, whoever has checked it before."""
    if _NUMBER.fullmatch(number) is None:
        return None
    digits = number.removeprefix("+")
    return template.replace("{number}", number).replace("{digits}", digits)


def originate(order: Dial, leads_to: str) -> Action:
    """The action that dials the customer by the channel `leads_to`."""
    variables = {
        "__CC_QUEUE": order.queue,
        "CC_NUMBER": order.number,
        "CC_MACHINE": order.machine,
    }
    if order.agent_leg is not None:
        variables["CC_AGENT"] = order.agent_leg
    headers = {
        "Channel": leads_to,
        "ChannelId": order.call,
        "Context": CONTEXT,
        "Exten": "s",
        "Priority": 1,
        "Timeout": max(1, round(order.seconds * 1000)),
        "Async": "true",
    }
    if leads_to.startswith("Local/"):
        headers["OtherChannelId"] = f"{order.call}-2"
    if order.caller_id:
        headers["CallerID"] = caller_id(None, order.caller_id)
    return Action("Originate", headers, variables)


class Stage(Enum):
    ASKED = "asked"
    DIALLED = "dialled"
    """The leg is there."""
    ANSWERED = "answered"
    """It was picked up; by whom is not known yet."""
    MACHINE = "machine"
    """A machine has answered; the call is not over yet, for a message may be left."""
    REACHED = "reached"
    FAILED = "failed"
    """Nobody was reached; why may still be missing."""
    LOST = "lost"
    """The line to the exchange is cut: nobody knows."""


@dataclass(slots=True, eq=False)
class Attempt:
    """One dialling. ``changed`` is called after each step, for whoever waits."""

    call: str
    changed: Callable[[], None]
    stage: Stage = Stage.ASKED
    seen: bool = False
    """The leg was there at some time."""
    gone: bool = False
    """The leg was hung up."""
    why: DialEnd | None = None
    withdrawn: bool = False
    """We asked for its end."""
    refused: bool = False
    """By the provider, not by the customer."""
    detail: str = ""

    @property
    def over(self) -> bool:
        return self.stage in (Stage.REACHED, Stage.FAILED, Stage.LOST)

    @property
    def explained(self) -> bool:
        """Nothing that is still to come says more about why nobody was reached."""
        return self.gone or self.why is not None or self.withdrawn

    def lost(self, why: str) -> None:
        self.stage, self.detail = Stage.LOST, why

    def end(self) -> DialEnd:
        """Why nobody was reached. What we took back ourselves had no agent any more."""
        if self.refused:
            return "congestion"
        return self.why or ("agent_gone" if self.withdrawn else "congestion")


class Dialling(Attempts[Attempt]):
    """All attempts under way, and the calls that were dialled already."""

    def __init__(self) -> None:
        super().__init__(
            {
                "Newchannel": _begins,
                "UserEvent": _says,
                "HangupRequest": _caused,
                "Hangup": _ends,
                "OriginateResponse": _answers,
            },
            _dial_ends,
        )
        self._dialled: dict[str, None] = {}

    def begin(self, call: str, changed: Callable[[], None]) -> Attempt | None:
        """A new attempt; ``None`` when this call was dialled before, however it ended."""
        if call in self._dialled:
            return None
        self._dialled[call] = None
        if len(self._dialled) > REMEMBERED:
            del self._dialled[next(iter(self._dialled))]
        attempt = self._attempts[call] = Attempt(call=call, changed=changed)
        return attempt

    def elsewhere(self, packet: Packet) -> None:
        """What a Local channel reached: the SIP answer is said of that leg alone."""
        if packet.name != "HangupRequest":
            return
        attempt = self._attempts.get(packet.get("Linkedid") or "")
        if attempt is not None and not attempt.over:
            attempt.refused = attempt.refused or _refused_by_provider(packet)


def _begins(attempt: Attempt, packet: Packet) -> None:
    attempt.seen = True
    if attempt.stage is Stage.ASKED:
        attempt.stage = Stage.DIALLED


def _says(attempt: Attempt, packet: Packet) -> None:
    """The dialplan's word of who answered."""
    by = packet.get("By")
    if packet.get("UserEvent") != "CallcenterAnswered" or by not in _BY or attempt.over:
        return
    attempt.stage = Stage.MACHINE if by == "machine" else Stage.REACHED
    if by == "machine":
        attempt.why = "machine"


def _dial_ends(attempt: Attempt, packet: Packet) -> None:
    status = packet.get("DialStatus") or ""
    if status == "ANSWER":
        _picked_up(attempt)
    elif attempt.why is None:
        attempt.why = _STATUS.get(status)


def _picked_up(attempt: Attempt) -> None:
    if attempt.stage in (Stage.ASKED, Stage.DIALLED):
        attempt.stage = Stage.ANSWERED


def _caused(attempt: Attempt, packet: Packet) -> None:
    if attempt.stage not in (Stage.ASKED, Stage.DIALLED, Stage.FAILED):
        return  # it was answered: the cause of its end is not that of a failure
    cause = number_in(packet.get("Cause"))
    if cause is None or cause in _PLAIN_CAUSES:
        return
    attempt.refused = attempt.refused or _refused_by_provider(packet)
    if attempt.why is None or cause in CAUSES:
        attempt.why = CAUSES.get(cause, "congestion")
    attempt.detail = attempt.detail or f"cause {cause}"


def _refused_by_provider(packet: Packet) -> bool:
    return packet.get("TechCause") in _PROVIDER_REFUSES


def _ends(attempt: Attempt, packet: Packet) -> None:
    attempt.gone = True
    _caused(attempt, packet)
    if attempt.stage is Stage.ANSWERED:
        # Picked up, and hung up before it was known by whom.
        attempt.stage, attempt.why = Stage.FAILED, attempt.why or "abandoned"
    elif not attempt.over:
        attempt.stage = Stage.FAILED


def _answers(attempt: Attempt, packet: Packet) -> None:
    if packet.get("Response") == "Success":
        _picked_up(attempt)
        return
    if attempt.stage not in (Stage.ASKED, Stage.DIALLED, Stage.FAILED):
        return
    attempt.stage = Stage.FAILED
    if attempt.why is None:
        attempt.why = _REASONS.get(number_in(packet.get("Reason")) or 0)
