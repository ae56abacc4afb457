"""What the exchange says about holding, consulting and handing on.

Pure. The contexts of config/asterisk/callcenter-control.conf tell what they do by
``UserEvent(CallcenterControl)``; telephony.monitors has those that record and listen. Only what was
reported is told to the floor, never what was asked for. It must not send anything;
telephony.control does.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final, Literal

from callcenter.floor.events import (
    CallTransferred,
    ConsultAnswered,
    ConsultBegan,
    ConsultEnded,
)
from telephony.calls import Call
from telephony.handovers import Handovers
from telephony.legs import Leg
from telephony.monitors import Monitors
from telephony.packet import Packet
from telephony.parties import clean_number

EVENT: Final = "CallcenterControl"
MUTED_VARIABLE: Final = "CC_MUTED"
"""Set to 1 or 0 on an agent's leg once its voice is cut off, or carried again."""
FAR: Final = "far-"
FOR: Final = "-for-"
"""The far half of a Local channel made for an agent's leg has the Uniqueid
``far-<near half>-for-<agent's leg>``, so that a snapshot alone says for whom it is. It must not
begin like the near half's: Bridge() takes whatever Uniqueid begins with what it is given
(main/bridge.c, bridge_exec: ast_channel_get_by_name_prefix)."""

ConsultEnd = Literal["completed", "joined", "cancelled", "busy", "no_answer", "refused", "gone"]

_BUSY, _REFUSED, _ELSEWHERE = 17, 21, 26
_REMEMBERED: Final = 64
"""Legs that ended lately."""
_NOT_ANSWERED = frozenset({18, 19})


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """An agent's part in a call, as far as control must know it. Legs are named by Uniqueid."""

    agent: str
    customer: str | None
    """The other party; ``None`` when there is none, or several (``many``)."""
    held: bool
    """The customer waits with music for this agent."""
    aside: str | None
    """The leg of whoever the agent consults."""
    aside_answered: bool
    many: bool
    """More than two talk."""
    recorder: str | None
    """The leg that writes the recording."""


@dataclass(slots=True, eq=False)
class _Consult:
    agent: str
    call: str
    device: str
    to: str
    told: bool = False
    """The floor knows of it."""
    answered: bool = False
    given_up: bool = False
    """The agent does not want it any more."""
    waits: bool = False
    """With music, while the agent talks to the customer."""
    status: str = ""
    """DialStatus, when it was not answered."""


class ControlFacts:
    """Reads what call control did; tells it through `talk`, and answers what `telephony.control`
    must know before it does the next thing."""

    def __init__(self, talk: Handovers) -> None:
        self._talk = talk
        self._held: dict[str, str] = {}
        """The agent's leg by the leg of the customer who waits for it."""
        self._consults: dict[str, _Consult] = {}
        """By the consulted leg."""
        self._entering: dict[str, tuple[str, ConsultEnd]] = {}
        """By the leg that is about to enter a bridge: the consultation which that ends, and how."""
        self._gone: deque[Leg] = deque(maxlen=_REMEMBERED)
        """Own legs that ended lately: each channel of the exchange tells in its own time."""
        self.monitors = Monitors(talk)
        self._did: dict[str, Callable[[Leg, Leg, Packet], None]] = {
            "hold": self._holds,
            "hold_aside": self._holds_aside,
            "cancelled": self._cancels,
            "consult": self._consult_begins,
            "consult_answered": self._consult_answered,
            "complete": self._completes,
            "conference": self._merges,
            "blind_transfer": self._hands_on,
            "take_over": self._takes_over,
            "record": self._records,
        }
        self.readers = self.monitors.readers
        """By the name of the packet, for the tracker."""

    @property
    def is_empty(self) -> bool:
        return not (self._held or self._consults or self._entering) and self.monitors.is_empty

    # --- what telephony.control asks -----------------------------------------------------------

    def talk_of(self, leg: str) -> Talk | None:
        """The part that this agent's leg has in its call; ``None`` when it has none any more."""
        agent = self._talk.legs.by_uid.get(leg)
        if agent is None or agent.ending:
            return None
        held = next((uid for uid, by in self._held.items() if by == leg), None)
        heard = [one for one in self._talk.legs.hearing(agent) if one is not agent]
        customer = held or (heard[0].uid if len(heard) == 1 else None)
        aside = next((uid for uid, one in self._consults.items() if one.agent == leg), None)
        recorder = self.monitors.recorder_of(agent.call)
        return Talk(
            agent=leg,
            customer=customer,
            held=held is not None,
            aside=aside,
            aside_answered=aside is not None and self._consults[aside].answered,
            many=len(heard) > 1,
            recorder=recorder,
        )

    def waits_for(self, customer: str) -> str | None:
        """The agent's leg for which this customer, or this consulted party, waits with music."""
        consult = self._consults.get(customer)
        if consult is not None:
            return consult.agent if consult.waits else None
        return self._held.get(customer)

    def meet(self, one: str, other: str) -> bool:
        """Whether two legs are in one bridge."""
        legs = self._talk.legs.by_uid
        first, second = legs.get(one), legs.get(other)
        if first is None or second is None or first.bridge is None:
            return False
        return first.bridge == second.bridge

    def is_up(self, leg: str) -> bool:
        found = self._talk.legs.by_uid.get(leg)
        return found is not None and found.up and not found.ending

    def has_ended(self, leg: str) -> bool:
        return self._talk.has_ended(leg)

    # --- what the dialplan did ------------------------------------------------------------------

    def did(self, leg: Leg, packet: Packet) -> None:
        """A ``UserEvent(CallcenterControl)`` of a leg. ``Agent`` is the agent's leg, and the leg
        itself where it is left out."""
        read = self._did.get(packet.get("Did") or "")
        uid = packet.get("Agent")
        agent = self._talk.legs.by_uid.get(uid) if uid else leg
        if read == self._hands_on and agent is None:
            # The agent's leg is done before the customer's says where it goes.
            agent = next((one for one in self._gone if one.uid == uid), None)
            if agent is not None and agent.call is not leg.call:
                return
        if read is not None and agent is not None:
            read(leg, agent, packet)

    def _holds(self, customer: Leg, agent: Leg, packet: Packet) -> None:
        self._held[customer.uid] = agent.uid
        self._talk.holds(agent, True)

    def _holds_aside(self, leg: Leg, agent: Leg, packet: Packet) -> None:
        consult = self._consults.get(leg.uid)
        if consult is not None:
            consult.waits = True

    def _cancels(self, leg: Leg, agent: Leg, packet: Packet) -> None:
        consult = self._consults.get(leg.uid)
        if consult is not None:
            consult.given_up = True

    def _consult_begins(self, far: Leg, agent: Leg, packet: Packet) -> None:
        near = self._talk.legs.other_half(far)
        device = agent.agent or agent.device
        if near is None or device is None or near.uid in self._consults:
            return
        near.aside = True
        to = clean_number(packet.get("To")) or "?"
        call = agent.call
        self._consult_is(near, _Consult(agent.uid, call.id, device, to), call)

    def _consult_is(self, near: Leg, consult: _Consult, call: Call) -> None:
        self._consults[near.uid] = consult
        consult.told = self._talk.tell(
            call,
            ConsultBegan(
                at=self._talk.at, call=call.id, device=consult.device, leg=near.uid, to=consult.to
            ),
        )

    def _consult_answered(self, leg: Leg, agent: Leg, packet: Packet | None) -> None:
        consult = self._consults.get(leg.uid)
        behind = self._talk.legs.by_uid.get(consult.agent) if consult is not None else None
        if consult is None or behind is None or consult.answered:
            return
        consult.answered = True
        if not consult.told:
            return
        call = behind.call
        told = ConsultAnswered(at=self._talk.at, call=call.id, device=consult.device, leg=leg.uid)
        self._talk.tell(call, told)

    def _completes(self, leg: Leg, agent: Leg, packet: Packet) -> None:
        if leg.uid in self._consults:
            self._entering[leg.uid] = (leg.uid, "completed")

    def _merges(self, leg: Leg, agent: Leg, packet: Packet) -> None:
        for uid, consult in self._consults.items():
            if consult.agent == agent.uid:
                self._entering[leg.uid] = (uid, "joined")

    def _hands_on(self, customer: Leg, agent: Leg, packet: Packet) -> None:
        self._held.pop(customer.uid, None)
        self._talk.hands_on(agent, customer, clean_number(packet.get("To")))

    def _takes_over(self, leg: Leg, agent: Leg, packet: Packet) -> None:
        if agent.handed_on:
            return
        agent.handed_on = True
        call, by = agent.call, agent.agent or agent.device
        if leg.device is not None and self._talk.owns(leg.device):
            leg.agent = leg.device
        told = CallTransferred(
            at=self._talk.at, call=call.id, kind="attended", by=by, to=leg.device
        )
        self._talk.tell(call, told)

    def _records(self, leg: Leg, agent: Leg, packet: Packet) -> None:
        self.monitors.records(leg, agent)

    # --- bridges and ends -------------------------------------------------------------------------

    def enters(self, leg: Leg) -> None:
        """Before a leg enters a bridge: a consulted party may become part of the conversation."""
        uid, how = self._entering.pop(leg.uid, ("", "gone"))
        consult = self._consults.pop(uid, None)
        aside = self._talk.legs.by_uid.get(uid)
        if consult is None or aside is None:
            return
        aside.aside = False
        agent = self._talk.legs.by_uid.get(consult.agent)
        # Once the agent's leg is gone the call is that of the customer whom the party will hear.
        call = agent.call if agent is not None else self._talk.calls.get(consult.call)
        if call is None:
            return
        at = self._talk.at
        if how == "completed":
            reached = [one for one in self._talk.legs.hearing(aside) if self._talk.is_own(one)]
            to = (reached[0].agent or reached[0].device) if reached else consult.to
            told = CallTransferred(at=at, call=call.id, kind="attended", by=consult.device, to=to)
            self._talk.tell(call, told)
        self._consult_ends(consult, uid, how)

    def entered(self, leg: Leg) -> None:
        """After a leg entered a bridge: a customer on hold may have the agent back."""
        consult = self._consults.get(leg.uid)
        if consult is not None:
            consult.waits = False
        for customer, by in list(self._held.items()):
            waiting, agent = self._talk.legs.by_uid.get(customer), self._talk.legs.by_uid.get(by)
            near = waiting is not None and waiting.bridge == leg.bridge
            if leg.uid not in (customer, by) and not near:
                continue
            if waiting is None or agent is None:
                del self._held[customer]
                continue
            heard = self._talk.legs.hearing(waiting)
            if agent in heard:
                del self._held[customer]
                self._talk.holds(agent, False)
            elif near and len(heard) > 1:  # somebody else has the customer now
                del self._held[customer]

    def dial_ended(self, leg: Leg, status: str) -> None:
        """A leg stopped being dialled."""
        consult = self._consults.get(leg.uid)
        if consult is not None:
            consult.status = status

    def gone(self, leg: Leg, cause: int | None) -> None:
        """Before the end of a leg is told."""
        uid = leg.uid
        if self._talk.is_own(leg):
            self._gone.append(leg)
        self._held.pop(uid, None)
        self._entering.pop(uid, None)
        for customer in [one for one, by in self._held.items() if by == uid]:
            del self._held[customer]
        consult = self._consults.pop(uid, None)
        if consult is not None:
            self._consult_ends(consult, uid, _why(consult, cause or leg.cause))
        self.monitors.gone(uid)

    # --- found in a snapshot ----------------------------------------------------------------------

    def finds_held(self, customer: Leg, agent: Leg) -> None:
        """`customer` waits with music for `agent`."""
        self._held[customer.uid] = agent.uid
        self._talk.talks(agent)
        self._talk.holds(agent, True)

    def finds_consult(
        self, leg: Leg, agent: Leg, to: str | None, *, answered: bool, waits: bool
    ) -> None:
        """`agent` consults whoever is behind `leg`. `waits`: with music, meanwhile."""
        device = agent.agent or agent.device
        if device is None:
            return
        call, consult = agent.call, self._consults.get(leg.uid)
        if consult is None:
            consult = _Consult(agent.uid, call.id, device, to or "?")
            self._consult_is(leg, consult, call)
        consult.waits = waits
        if answered:
            self._consult_answered(leg, agent, None)

    def compare(self, aside: Collection[str]) -> None:
        """The rest of what was known against a snapshot. `aside`: all legs that are consulted."""
        for customer in list(self._held):
            leg = self._talk.legs.by_uid.get(customer)
            if leg is not None and leg.bridge is not None:
                self.entered(leg)
        for uid in [uid for uid in self._consults if uid not in aside]:
            leg = self._talk.legs.by_uid.get(uid)
            if leg is not None:  # it answered the customer, or all of them
                consult = self._consults.pop(uid)
                agent = self._talk.legs.by_uid.get(consult.agent)
                joined = agent is not None and leg.bridge == agent.bridge is not None
                self._consult_ends(consult, uid, "joined" if joined else "completed")

    def settle(self) -> None:
        """After a snapshot: what hangs on legs that are gone is over."""
        known = self._talk.legs.by_uid
        self._held = {u: by for u, by in self._held.items() if u in known and by in known}
        self._entering = {u: one for u, one in self._entering.items() if u in known}
        for uid in [uid for uid in self._consults if uid not in known]:
            self._consult_ends(self._consults.pop(uid), uid, "gone")
        self.monitors.settle()

    def _consult_ends(self, consult: _Consult, leg: str, why: ConsultEnd) -> None:
        agent = self._talk.legs.by_uid.get(consult.agent)
        call = agent.call if agent is not None else self._talk.calls.get(consult.call)
        if call is not None and consult.told:
            told = ConsultEnded(
                at=self._talk.at, call=call.id, device=consult.device, leg=leg, why=why
            )
            self._talk.tell(call, told)


def _why(consult: _Consult, cause: int | None) -> ConsultEnd:
    """How a consultation ended whose leg is gone; `cause` is that of ITU-T Q.850."""
    if consult.given_up or cause == _ELSEWHERE:
        return "cancelled"
    if consult.answered:
        return "gone"
    if cause == _REFUSED:
        return "refused"
    if cause == _BUSY or consult.status == "BUSY":
        return "busy"
    if consult.status in ("CONGESTION", "CHANUNAVAIL"):
        return "refused"
    if consult.status == "NOANSWER":
        return "no_answer"
    return "no_answer" if cause in _NOT_ANSWERED else "gone"
