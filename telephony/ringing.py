"""Agents' legs that are being rung for waiting callers, and how each ends.

Pure. Asterisk tells the end of an ``Originate`` in several events whose order is not fixed:
OriginateResponse says that it failed, the leg's HangupRequest, DialEnd and Hangup say why. It must
not send anything; ``telephony.switch`` does.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from asterisk.ami.action import Action

from callcenter.floor.events import ReservationEnd
from callcenter.floor.orders import Ring
from telephony.attempts import Attempts
from telephony.packet import Packet
from telephony.parties import clean_name, clean_number, number_in

CAUSES: Final[dict[int, ReservationEnd]] = {
    17: "busy",
    18: "no_answer",
    19: "no_answer",
    21: "declined",
}
"""Q.850 causes (ITU-T Q.850, 2.2.7) of a leg that was not answered; others: not reachable."""

_STATUS: Final[dict[str, ReservationEnd]] = {
    "BUSY": "busy",
    "CONGESTION": "unreachable",
    "CHANUNAVAIL": "unreachable",
}
# DialEnd NOANSWER is left out: it is said of a declined call too.

_PLAIN_CAUSES = frozenset({0, 16, 26})
_TIME_OUT = 3  # OriginateResponse's Reason is the last AST_CONTROL_* frame: still ringing

AUTO_ANSWER: Final = {
    "PJSIP_HEADER(add,Call-Info)": "<sip:callcenter.invalid>;answer-after=0",
    "PJSIP_HEADER(add,Alert-Info)": "<http://callcenter.invalid>;info=alert-autoanswer;delay=0",
}
"""What makes phones answer by themselves: some read the one, some the other (RFC 3261, 20.4 and
20.9, leave the parameters to the makers)."""

_NOT_IN_CALLER_ID = re.compile(r'["<>\\]')
_NOT_IN_NUMBER = re.compile(r"[^0-9A-Za-z+*#._-]")


def originate(order: Ring, caller: str | None) -> Action:
    """The action that rings the device and joins it to `caller`, a channel, when it answers; to
    nobody yet (``None``): then it waits for the customer who is going to be dialled."""
    variables = {"CC_CUSTOMER": order.call} if caller is None else {"CHANNEL_TO_JOIN": caller}
    if order.reservation.queue is not None:
        variables["__CC_QUEUE"] = order.reservation.queue
    if order.auto_answer and order.device.startswith("PJSIP/"):
        variables |= AUTO_ANSWER
    headers = {
        "Channel": order.device,
        "ChannelId": order.leg,
        "Context": "cc-join" if caller is not None else "cc-callback-agent",
        "Exten": "s",
        "Priority": 1,
        "Timeout": max(1, round(order.seconds * 1000)),
        "CallerID": caller_id(order.name, order.number),
        "Async": "true",
    }
    return Action("Originate", headers, variables)


def caller_id(name: str | None, number: str | None) -> str:
    """What the agent's phone shows, whatever a caller has put into the name and the number."""
    shown = _NOT_IN_CALLER_ID.sub("", clean_name(name) or "").strip()
    dialled = _NOT_IN_NUMBER.sub("", clean_number(number) or "") or "anonymous"
    return f'"{shown}" <{dialled}>'


class Stage(Enum):
    ASKED = "asked"
    RINGING = "ringing"
    """The leg is there."""
    FAILED = "failed"
    """Not answered; why may still be missing."""
    ANSWERED = "answered"
    LOST = "lost"
    """The line to the exchange is cut: nobody knows."""


@dataclass(slots=True, eq=False)
class Attempt:
    """One leg. ``changed`` is called after each step, for whoever waits."""

    leg: str
    caller: str | None
    """The waiting caller's channel; ``None``: nobody waits yet."""
    changed: Callable[[], None]
    stage: Stage = Stage.ASKED
    seen: bool = False
    """The leg was there at some time."""
    gone: bool = False
    """The leg was hung up."""
    why: ReservationEnd | None = None
    caller_gone: bool = False
    withdrawn: bool = False
    """We asked for its end."""
    detail: str = ""

    @property
    def over(self) -> bool:
        return self.stage in (Stage.FAILED, Stage.ANSWERED, Stage.LOST)

    @property
    def explained(self) -> bool:
        """Nothing that is still to come says more about why it was not answered."""
        return self.gone or self.why is not None or self.withdrawn or self.caller_gone

    def lost(self, why: str) -> None:
        self.stage, self.detail = Stage.LOST, why

    def end(self) -> ReservationEnd:
        """Why it was not answered."""
        if self.caller_gone:
            return "caller_gone"
        return self.why or ("withdrawn" if self.withdrawn else "unreachable")


class Ringing(Attempts[Attempt]):
    """All attempts under way."""

    def __init__(self) -> None:
        super().__init__(
            {
                "Newchannel": _begins,
                "HangupRequest": _caused,
                "Hangup": _ends,
                "OriginateResponse": _answers,
            },
            _dial_ends,
        )

    def begin(self, leg: str, caller: str | None, changed: Callable[[], None]) -> Attempt | None:
        """A new attempt; ``None`` when this leg is being rung already."""
        if leg in self._attempts:
            return None
        attempt = self._attempts[leg] = Attempt(leg=leg, caller=caller, changed=changed)
        return attempt

    def elsewhere(self, packet: Packet) -> None:
        """The caller for whom a leg rings may hang up."""
        if packet.name != "Hangup":
            return
        channel = packet.get("Channel") or ""
        for attempt in self._attempts.values():
            if attempt.caller == channel and not attempt.over:
                attempt.caller_gone = True
                attempt.changed()


def _begins(attempt: Attempt, packet: Packet) -> None:
    attempt.seen = True
    if attempt.stage is Stage.ASKED:
        attempt.stage = Stage.RINGING


def _ends(attempt: Attempt, packet: Packet) -> None:
    attempt.gone = True
    _caused(attempt, packet)


def _dial_ends(attempt: Attempt, packet: Packet) -> None:
    if attempt.why is None:
        attempt.why = _STATUS.get(packet.get("DialStatus") or "")


def _caused(attempt: Attempt, packet: Packet) -> None:
    cause = number_in(packet.get("Cause"))
    if cause is None or cause in _PLAIN_CAUSES:
        return
    if attempt.why is None or cause in CAUSES:
        attempt.why = CAUSES.get(cause, "unreachable")
        attempt.detail = attempt.detail or f"cause {cause}"


def _answers(attempt: Attempt, packet: Packet) -> None:
    if attempt.over:
        return
    if packet.get("Response") == "Success":
        attempt.stage = Stage.ANSWERED
        return
    attempt.stage = Stage.FAILED
    if number_in(packet.get("Reason")) == _TIME_OUT and attempt.why is None:
        attempt.why = "no_answer"
