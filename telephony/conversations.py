"""What happens to calls: they wait, ring, talk and end, and the floor is told.

Pure. The methods are things that happened to legs ("this one rings for that one", "these two hear
each other", "this one hung up"); each adds its events to ``out``. Reading packets is the tracker's
part, reading snapshots telephony.resync's. Nothing here raises whatever the order of things.
"""

from __future__ import annotations

from typing import Literal

from callcenter.floor.events import (
    AgentOffLine,
    CallAnswered,
    CallEnded,
    CallHeld,
    CallOffered,
    CallQueued,
    CallResumed,
    CustomerAnswered,
    DeviceLeft,
    Distribution,
    MessageLeft,
    OfferEnd,
    PartyJoined,
    PartyLeft,
    QueueExit,
)
from telephony.book import CallBook
from telephony.calls import Call, CallState, Offer
from telephony.legs import Leg, age, called_back
from telephony.outcomes import call_end, outcome

HowGone = Literal["hangup", "lost", "exchange_restarted"]


class Conversations(CallBook):
    """The course of all live calls."""

    # --- queues -------------------------------------------------------------------------------

    def queued(self, leg: Leg, queue: str, position: int, by: Distribution = "exchange") -> None:
        call = leg.call
        if call.queue == queue and call.queue_leg == leg.uid and leg.uid not in self.leaving:
            return
        if leg.uid in self.leaving:
            self.goes_on(leg)
        self.left_queue(call, "unknown")
        self.arrived_as_it_looks(call)
        call.queue, call.queue_leg, call.gave_up = queue, leg.uid, False
        call.sought = True
        call.asked = False
        call.queue_by = by
        if call.result != "abandoned":
            call.result = None
        event = CallQueued(
            at=self.at,
            call=call.id,
            queue=queue,
            position=position,
            by=by,
            leg=leg.uid if by == "engine" else None,
        )
        self.tell(call, event)

    def leaves_queue(self, leg: Leg, queue: str) -> None:
        """It is out of the line. Why is often known only from what follows: wait for that."""
        call = leg.call
        if call.queue != queue or call.queue_leg != leg.uid:
            return
        if any(offer.up and offer.queue == queue for offer in call.offers.values()):
            self.left_queue(call, "answered")
        elif leg.hung_up:
            self.left_queue(call, "abandoned")
        else:
            self.leaving[leg.uid] = call

    def goes_on(self, leg: Leg) -> None:
        """It left the line and lives: the dialplan has its next step."""
        call = self.leaving.get(leg.uid)
        if call is not None:
            self.left_queue(call, "timed_out" if call.gave_up else "key")

    # --- calling back -------------------------------------------------------------------------

    def calls_back(self, leg: Leg, number: str | None) -> None:
        """The engine dials a customer: this leg and `number`, as far as it is known."""
        call = leg.call
        if leg.is_party:
            call.customer = leg.uid
        self.arrived(call, "outbound", leg, number)

    def customer_answered(self, leg: Leg, by: Literal["human", "machine", "unknown"]) -> None:
        call = leg.call
        if not called_back(leg.uid) or call.answered:
            return
        call.answered = True
        if by == "machine":
            call.result = "no_answer"  # whatever ends it, nobody was reached
        self.calls_back(leg, leg.dialled_number or leg.number)
        self.tell(call, CustomerAnswered(at=self.at, call=call.id, by=by))

    def leaves_message(self, leg: Leg) -> None:
        call = leg.call
        if called_back(leg.uid) and not call.message_left:
            call.message_left = True
            self.tell(call, MessageLeft(at=self.at, call=call.id))

    # --- ringing ------------------------------------------------------------------------------

    def rings(self, leg: Leg) -> None:
        """Somebody dials this leg: a device is offered the call, or the far end is being called."""
        call = leg.call
        call.ringing.add(leg.uid)
        if leg.asked:
            return
        device = self._device_offered(leg)
        if device is None:
            if leg.is_party:
                self._calls_out(leg)
            return
        caller = self._caller_of(leg)
        if call.state is CallState.HIDDEN:
            if caller is None:
                return  # the engine or an operator rings it for a conversation yet to come
            if self.is_own(caller):
                self.arrived(call, "internal", caller)
            elif caller.incoming:
                self.arrived(call, "inbound", caller)
            else:
                self.arrived(call, "outbound", caller, caller.dialled_number)
        leg.asked = True
        if leg.is_party:
            leg.agent = device
        offer = call.offers.get(device)
        if offer is None:
            queue = leg.member.queue if leg.member is not None else self._queue_of(leg)
            among = frozenset(call.talking.values())
            offer = Offer(device=device, leg=leg.uid, queue=queue, among=among)
            call.offers[device] = offer
            call.sought = True
            root = leg.member.leg if leg.member is not None else None
            if root is not None and not root.is_party:
                offer.local = root.uid
            self.tell(
                call,
                CallOffered(at=self.at, call=call.id, device=device, leg=leg.uid, queue=queue),
            )
        if leg.is_party:
            offer.legs[leg.uid] = leg
        leg.offer = offer

    def invited(self, leg: Leg, caller: Leg) -> None:
        """The engine is going to ring `leg` for the waiting `caller`."""
        leg.invited = leg.dialled = True
        leg.dialled_by = caller
        if leg.call.caller is leg:
            leg.call.caller = None
        self.join(leg.call, caller.call)

    def _device_offered(self, leg: Leg) -> str | None:
        """The own device that rings with this leg; ``None`` for a far end or a Local half that
        does not say whose it is."""
        member = leg.member
        if not leg.is_party:
            return member.device if member is not None else None
        if self.is_own(leg):
            return leg.agent or leg.device
        # A member who is reached over a trunk, at a mobile perhaps.
        return (member.device or member.interface) if member is not None else None

    def _queue_of(self, leg: Leg) -> str | None:
        by = leg.dialled_by
        return leg.call.queue if by is not None and by.uid == leg.call.queue_leg else None

    def _caller_of(self, leg: Leg) -> Leg | None:
        """The party for whose sake this leg rings."""
        return next(
            (other for other in leg.call.parties if other is not leg and other.dialled_by is None),
            None,
        )

    def _calls_out(self, leg: Leg) -> None:
        """A trunk is being dialled."""
        leg.asked = True
        caller = self._caller_of(leg)
        if caller is not None and self.is_own(caller):
            number = leg.dialled_number or caller.exten
            self.arrived(leg.call, "outbound", caller, number)

    def picked_up(self, leg: Leg) -> None:
        leg.up = True
        leg.call.ringing.discard(leg.uid)
        if leg.offer is not None:
            leg.offer.up = True

    def stops_ringing(self, leg: Leg, status: str) -> None:
        """A dial ended without an answer; `status` is Asterisk's DIALSTATUS."""
        call = leg.call
        call.ringing.discard(leg.uid)
        if leg.member is None and not leg.invited and call.result != "abandoned":
            result = call_end(status, leg.cause)
            if result is not None:
                call.result = result
        self._leg_stops(leg, self._offer_end(leg, status))

    def _offer_end(self, leg: Leg, status: str) -> OfferEnd:
        if leg.cause == 21:
            return "refused"
        if status == "BUSY" or leg.cause == 17:
            return "busy"
        if status in ("CONGESTION", "CHANUNAVAIL"):
            return "congestion"
        if leg.cause == 26 or (status != "NOANSWER" and self._others_answered(leg)):
            return "answered_elsewhere"
        caller = leg.call.caller
        if status == "CANCEL" or (caller is not leg and caller is not None and caller.hung_up):
            return "cancelled"
        return "no_answer" if status == "NOANSWER" else "unknown"

    def _others_answered(self, leg: Leg) -> bool:
        call = leg.call
        before = leg.offer.among if leg.offer is not None else frozenset()
        return (
            any(device not in before for device in call.talking.values())
            or any(offer.up for offer in call.offers.values() if offer is not leg.offer)
            or any(one.picked for one in call.legs.values())
        )

    def _leg_stops(self, leg: Leg, why: OfferEnd) -> None:
        offer, leg.offer = leg.offer, None
        if offer is not None and offer.legs.pop(leg.uid, None) is not None and not offer.legs:
            self._offer_stops(leg.call, offer, why)
        if not leg.is_party:  # whatever rings behind this Local half
            for behind in [one for one in leg.call.offers.values() if one.local == leg.uid]:
                self._offer_stops(leg.call, behind, why)

    def _offer_stops(self, call: Call, offer: Offer, why: OfferEnd) -> None:
        for leg in offer.legs.values():
            leg.offer = None
        if call.offers.get(offer.device) is offer:
            del call.offers[offer.device]
            self.offer_ended(call, offer, why)

    # --- talk ---------------------------------------------------------------------------------

    def enters(self, leg: Leg, bridge: str) -> None:
        leg.ending = leg.hung_up  # sent somewhere else, it was asked to stop what it did
        leg.handed_on = leg.picked = False
        for other in self.legs.enter(leg, bridge):
            self.join(other.call, leg.call)
        self.hears(leg)

    def hears(self, leg: Leg) -> None:
        """Who is connected through `leg` now? Two parties and more are a conversation."""
        parties = self.legs.hearing(leg)
        if len(parties) < 2:
            return
        call = leg.call
        for other in parties:
            call = self.join(call, other.call)
        call.talked = True
        self.arrived_as_it_looks(call)
        for party in sorted(parties, key=lambda one: (not one.incoming, age(one.uid))):
            if party.uid in call.talking:
                continue
            if self.is_own(party):
                self._answered(call, party)
            elif party is not call.caller and party.uid not in call.others:
                self._joins(call, party)

    def talks(self, leg: Leg) -> None:
        """This own leg has a part in its call's conversation, although it hears nobody now."""
        call = leg.call
        if leg.uid not in call.talking:
            call.talked = True
            self.arrived_as_it_looks(call)
            self._answered(call, leg)

    def _answered(self, call: Call, leg: Leg) -> None:
        device = leg.agent or leg.device
        assert device is not None
        already = device in call.talking.values()
        call.talking[leg.uid] = device
        call.ringing.discard(leg.uid)
        offer = call.offers.pop(device, None)
        if offer is not None:
            for other in offer.legs.values():
                other.offer = None
        if already:
            if offer is not None:
                self.offer_ended(call, offer, "cancelled")
            return
        queue = offer.queue if offer is not None else leg.alone or None
        leg.alone = None
        if queue is None and leg.member is not None:
            queue = leg.member.queue
        self.left_queue(call, "answered")
        self.tell(
            call,
            CallAnswered(at=self.at, call=call.id, device=device, leg=leg.uid, queue=queue),
        )

    def _joins(self, call: Call, leg: Leg) -> None:
        """Somebody from outside is in the conversation who did not begin it."""
        if call.direction == "outbound" and call.customer in (None, leg.uid):
            call.customer = leg.uid
            return
        call.others.add(leg.uid)
        number = leg.dialled_number or leg.number
        self.tell(
            call,
            PartyJoined(at=self.at, call=call.id, leg=leg.uid, number=number, name=leg.name),
        )

    def stops_talking(self, leg: Leg) -> None:
        """The leg has no part in its call's conversation any more."""
        call = leg.call
        if leg.uid in call.others:
            call.others.discard(leg.uid)
            self.tell(call, PartyLeft(at=self.at, call=call.id, leg=leg.uid))
        device = call.talking.pop(leg.uid, None)
        if device is not None and device not in call.talking.values():
            call.held.discard(device)
            if any(not other.ending for other in call.parties):
                self.tell(call, DeviceLeft(at=self.at, call=call.id, device=device, leg=leg.uid))

    def holds(self, leg: Leg, held: bool) -> None:
        call, device = leg.call, leg.call.talking.get(leg.uid)
        if device is None or (device in call.held) == held:
            return
        if held:
            call.held.add(device)
            self.tell(call, CallHeld(at=self.at, call=call.id, device=device))
        else:
            call.held.discard(device)
            self.tell(call, CallResumed(at=self.at, call=call.id, device=device))

    # --- the end ------------------------------------------------------------------------------

    def wants_to_end(self, leg: Leg, cause: int | None) -> None:
        """The far end of this leg asked to end it."""
        leg.hung_up = leg.ending = True
        leg.cause = cause or leg.cause
        call = leg.call
        if leg.uid in call.ringing and called_back(leg.uid):
            return  # it did not answer; why is said by the cause
        if leg is call.caller and (call.queue is not None or call.ringing):
            call.result = "abandoned"

    def gone(self, leg: Leg, cause: int | None, how: HowGone = "hangup") -> None:
        """A leg is no more."""
        call = leg.call
        leg.cause = cause or leg.cause
        leg.ending = True
        self.legs.remove(leg)
        call.legs.pop(leg.uid, None)
        call.ringing.discard(leg.uid)
        self.remember(leg.uid)
        if leg.alone is not None:
            self.out.append(AgentOffLine(at=self.at, leg=leg.uid))
        if leg.offer is not None or not leg.is_party:
            self._leg_stops(leg, "unknown" if how != "hangup" else self._end_of_ringing(leg))
        if call.queue is not None and call.queue_leg == leg.uid:
            self.left_queue(call, "unknown" if how != "hangup" else self._end_of_line(leg))
        if called_back(leg.uid) and leg.up and call.result is None:
            call.result = "abandoned"  # they picked up; nobody says that who was taken back
        if leg is call.caller:
            call.cause = cause
            stays = [one for one in call.parties if one.bridge is not None and not one.ending]
            if len(stays) > 1:  # the agent who called out leaves the customer to a colleague
                call.caller = min(stays, key=self.is_own)
        if call.parked == leg.uid:
            self.unparked(call, None)
        self.stops_talking(leg)
        if not call.legs:
            self._ends(call, how)

    def _end_of_ringing(self, leg: Leg) -> OfferEnd:
        if leg.up:
            return "cancelled"  # picked up, but nobody was there any more
        caller = leg.call.caller
        gave_up = caller is None or caller.ending
        return self._offer_end(leg, "CANCEL" if gave_up or leg.cause == 26 else "NOANSWER")

    def _end_of_line(self, leg: Leg) -> QueueExit:
        """The caller's leg ended in the line, and QUEUESTATUS did not say why.

        Where variables can be read it would have said so for any other exit. Where they cannot, a
        leg whose far end did not ask for its end was ended by the dialplan.
        """
        if leg.hung_up or self.sees_dialplan or leg.uid not in self.leaving:
            return "abandoned"
        return "timed_out" if leg.call.gave_up else "key"

    def _ends(self, call: Call, how: HowGone) -> None:
        for offer in list(call.offers.values()):
            self.offer_ended(call, offer, "unknown")
        call.offers.clear()
        self.left_queue(call, "unknown")
        self.unparked(call, None)
        if call.is_open:
            why = outcome(call) if how == "hangup" else how
            self.tell(call, CallEnded(at=self.at, call=call.id, why=why, cause=call.cause))
        self.forget(call)
