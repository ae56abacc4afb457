"""The register of live calls: which legs belong to which call, and what the floor knows of each.

Pure. It tells the floor the beginning of a call and that two were one; what happens in between is
telephony.conversations. It must not read packets.
"""

from __future__ import annotations

from collections import Counter
from typing import Final

from callcenter.floor.events import (
    CallArrived,
    CallerChanged,
    CallLeftQueue,
    CallParked,
    CallsMerged,
    CallUnparked,
    Direction,
    Event,
    OfferEnd,
    OfferEnded,
    QueueExit,
)
from telephony.calls import Call, CallEvent, CallState, Offer
from telephony.legs import Leg, Legs, age, called_back
from telephony.parties import Own, is_inner

REMEMBERED = 10_000
"""Legs and calls whose end is remembered, to ignore what the exchange still says about them."""

_LIVELY: Final = (CallState.HIDDEN, CallState.ARRIVED, CallState.WAITING, CallState.TALKING)


class CallBook:
    """All live calls. ``at`` is the time of what is being told now; ``out`` collects events."""

    def __init__(self, own: Own) -> None:
        self.legs = Legs()
        self.calls: dict[str, Call] = {}
        """By id, hidden ones too."""
        self.leaving: dict[str, Call] = {}
        """By the leg in the line: left a queue, why is not known yet."""
        self.out: list[Event] = []
        self.at = 0.0
        self.resumed = False
        """What is being told was found in a snapshot."""
        self.sees_dialplan = False
        """VarSet and Newexten come: we may read the class ``dialplan``."""
        self.unexpected: Counter[str] = Counter()
        self._own = own
        self._links: dict[str, Call] = {}
        self._ended: dict[str, None] = {}

    # --- legs ---------------------------------------------------------------------------------

    def has_ended(self, uid: str) -> bool:
        return uid in self._ended

    def known(self, uid: str, channel: str, packet: str) -> Leg | None:
        """The live leg of this id. That nobody has heard of it does not fit, and is counted by
        the name of the packet, unless it has ended or is the exchange's own."""
        leg = self.legs.by_uid.get(uid)
        if leg is None and uid not in self._ended and not is_inner(channel):
            self.unexpected[packet] += 1
        return leg

    def owns(self, device: str) -> bool:
        return self._own(device)

    def is_own(self, leg: Leg) -> bool:
        return leg.agent is not None or (leg.device is not None and self._own(leg.device))

    def own_parties(self, call: Call) -> list[Leg]:
        """The legs of the centre's own phones in a call."""
        return [leg for leg in call.parties if self.is_own(leg)]

    def call_for(self, uid: str, linkedid: str) -> Call:
        """The call that a new leg belongs to; a hidden one when there is none yet."""
        call = self._links.get(linkedid)
        if call is None:
            first = min(uid, linkedid, key=_id_order)
            if first in self._ended:
                first = uid  # a straggler of a call that is over must not pass for it
            call = self.calls.get(first) or Call(id=first)
            self.calls[call.id] = call
            self._link(call, linkedid)
        return call

    def _link(self, call: Call, linkedid: str) -> None:
        call.links.add(linkedid)
        self._links[linkedid] = call

    def add(self, leg: Leg) -> None:
        leg.call.legs[leg.uid] = leg
        if leg.call.caller is None and leg.is_party and not leg.dialled:
            leg.call.caller = leg
        half = self.legs.add(leg)
        if half is not None:
            self.join(half.call, leg.call)

    def join(self, one: Call, other: Call) -> Call:
        """Two calls turn out to be one. The one the floor knows stays; of two such, the one with a
        customer; of two such, the older."""
        if one is other:
            return one
        if one.is_open == other.is_open:
            # Of an inbound call and the agent's question to a colleague, the customer's stays.
            keep, drop = sorted(
                (one, other),
                key=lambda call: (
                    call.is_open and call.direction == "internal",
                    _id_order(call.id),
                ),
            )
        else:
            keep, drop = (one, other) if one.is_open else (other, one)
        both_told = keep.is_open and drop.is_open
        if keep.queue is not None and drop.queue is not None:
            self.left_queue(drop, "unknown")
        if keep.parked is not None:
            self.unparked(drop, None)
        keep.parked = keep.parked or drop.parked
        if both_told:
            for device in [device for device in drop.offers if device in keep.offers]:
                offer = drop.offers.pop(device)
                for leg in offer.legs.values():
                    leg.offer = None
                self.offer_ended(drop, offer, "cancelled")
        del self.calls[drop.id]
        for leg in drop.legs.values():
            leg.call = keep
        keep.legs |= drop.legs
        for linkedid in drop.links:
            self._link(keep, linkedid)
        if keep.caller is None:
            keep.caller = drop.caller
        if keep.queue is None and drop.queue is not None:
            keep.queue, keep.queue_leg, keep.gave_up = drop.queue, drop.queue_leg, drop.gave_up
        for uid, call in self.leaving.items():
            if call is drop:
                self.leaving[uid] = keep
        keep.offers |= drop.offers
        keep.ringing |= drop.ringing
        keep.talking |= drop.talking
        keep.held |= drop.held
        keep.others |= drop.others
        keep.customer = keep.customer or drop.customer
        keep.sought = keep.sought or drop.sought
        keep.talked = keep.talked or drop.talked
        keep.answered = keep.answered or drop.answered
        keep.message_left = keep.message_left or drop.message_left
        keep.result = keep.result or drop.result
        if both_told:
            self.tell(keep, CallsMerged(at=self.at, call=keep.id, absorbed=drop.id))
            if _LIVELY.index(drop.state) > _LIVELY.index(keep.state):
                keep.state = drop.state
        drop.state = CallState.ENDED
        return keep

    # --- the beginning ------------------------------------------------------------------------

    def arrived(
        self, call: Call, direction: Direction, caller: Leg | None, number: str | None = None
    ) -> None:
        """Tell the floor about a call, once. `number` is the dialled one of an outbound call."""
        if call.state is not CallState.HIDDEN:
            return
        call.direction, call.caller = direction, caller
        if direction != "outbound" and caller is not None:
            call.number, call.name = caller.number, caller.name
        else:
            call.number = number
        began = caller is not None and self.is_own(caller)
        self.tell(
            call,
            CallArrived(
                at=self.at,
                call=call.id,
                direction=direction,
                number=call.number,
                name=call.name,
                dialled=_dialled(call, caller),
                device=caller.agent or caller.device if began and caller is not None else None,
                resumed=self.resumed,
            ),
        )

    def arrived_as_it_looks(self, call: Call) -> None:
        """Tell about a call whose beginning did not say what it is."""
        if call.state is not CallState.HIDDEN:
            return
        parties = sorted(call.parties, key=lambda leg: age(leg.uid))
        caller = next((leg for leg in parties if leg.dialled_by is None), None)
        if caller is None and parties:
            caller = parties[0]
        if caller is None:
            self.arrived(call, "internal", None)
            return
        far = next((leg for leg in parties if leg is not caller and not self.is_own(leg)), None)
        if self.is_own(caller):
            if far is None:
                self.arrived(call, "internal", caller)
            else:
                self.arrived(call, "outbound", caller, far.dialled_number or caller.exten)
        elif caller.dialled:
            self.arrived(call, "outbound", caller, caller.dialled_number)
        else:
            self.arrived(call, "inbound", caller)

    def caller_is(self, leg: Leg, number: str | None, name: str | None) -> None:
        """The exchange gives a leg this number and name."""
        call = leg.call
        if call.talked or (call.sought and leg.number is not None):
            # On its way through the dialplan again: from a line to a number outside, or to
            # whoever it was transferred to, where the centre's own number is set for the trunk.
            return
        leg.number, leg.name = number, name
        if not call.is_open or call.caller is not leg or call.direction == "outbound":
            return
        if (number, name) != (call.number, call.name):
            call.number, call.name = number, name
            self.tell(call, CallerChanged(at=self.at, call=call.id, number=number, name=name))

    # --- parking ------------------------------------------------------------------------------

    def is_parked(self, call: Call, leg: str, place: str | None, by: str | None) -> None:
        if call.is_open:
            call.parked = leg
            self.tell(call, CallParked(at=self.at, call=call.id, place=place, by=by))

    def unparked(self, call: Call, by: str | None) -> None:
        """It left its parking place: taken by a device, or by time-out or its own end."""
        if call.parked is not None:
            call.parked = None
            self.tell(call, CallUnparked(at=self.at, call=call.id, by=by))

    # --- what both the register and the course of a call end ------------------------------------

    def left_queue(self, call: Call, why: QueueExit) -> None:
        queue, leg = call.queue, call.queue_leg
        if queue is None:
            return
        if leg is not None:
            self.leaving.pop(leg, None)
        call.queue = call.queue_leg = None
        if why in ("timed_out", "empty", "key", "closed") and call.result != "abandoned":
            call.result = "queue_left"
        elif why == "abandoned" and not call.talked:
            call.result = "abandoned"
        self.tell(call, CallLeftQueue(at=self.at, call=call.id, queue=queue, why=why))

    def offer_ended(self, call: Call, offer: Offer, why: OfferEnd) -> None:
        self.tell(
            call,
            OfferEnded(at=self.at, call=call.id, device=offer.device, leg=offer.leg, why=why),
        )

    def remember(self, uid: str) -> None:
        self._ended[uid] = None
        if len(self._ended) > REMEMBERED:
            del self._ended[next(iter(self._ended))]

    def forget(self, call: Call) -> None:
        """Everything about a call goes with it, except that its id is not given again."""
        del self.calls[call.id]
        self.remember(call.id)
        for linkedid in call.links:
            if self._links.get(linkedid) is call:
                del self._links[linkedid]

    def tell(self, call: Call, event: CallEvent) -> bool:
        """Tell it, if it makes sense now; whether it did."""
        if call.apply(event):
            self.out.append(event)
            return True
        if call.state is not CallState.HIDDEN:
            self.unexpected[f"{type(event).__name__} while {call.state.value}"] += 1
        return False


def _dialled(call: Call, caller: Leg | None) -> str | None:
    """What was dialled; where the exchange called both sides, the number of the called one."""
    if caller is None:
        return None
    return call.number if call.direction == "outbound" and caller.dialled else caller.exten


def _id_order(uniqueid: str) -> tuple[bool, tuple[int, int, int, str]]:
    """Sorts the ids that a call may have, the best first: that of a customer who is called back is
    the engine's own, whichever leg is older."""
    return (not called_back(uniqueid), age(uniqueid))
