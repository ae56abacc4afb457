"""What happens to calls that pass from one phone to another: transfers, pickups, forwards, parking.

Pure. Like `Conversations`, of which it is the rest: the methods are things that happened to legs,
and each adds its events to ``out``. It must not read packets; telephony.handover_packets does.

The customer stays the customer: a call that has one keeps its id, number and name whoever hands it
to whom. A phone's part in the talk is over when it hands the call on, not when its leg ends.
"""

from __future__ import annotations

from callcenter.floor.events import CallTransferred, TransferKind
from telephony.calls import Call
from telephony.conversations import Conversations
from telephony.legs import Leg, Membership


class Handovers(Conversations):
    """The course of all live calls, with those that change hands."""

    def departs(self, leg: Leg) -> None:
        """The leg's part in its call is over, although it may exist for a while."""
        call = leg.call
        self.legs.leave(leg)
        leg.ending = True
        if call.caller is leg:
            stays = [one for one in call.parties if not one.ending]
            call.caller = min(stays, key=self.is_own, default=leg)
        self.stops_talking(leg)

    def hands_on(self, by: Leg, whom: Leg | None, to: str | None) -> None:
        """A blind transfer: `by` sends `whom` to the extension `to`, and leaves."""
        if whom is not None:
            self.join(by.call, whom.call)
            for leg in (whom, self.legs.other_half(whom)):
                if leg is not None:
                    leg.member = None  # whoever it reaches is not rung by the queue
        self._transferred(by.call, "blind", by, to)
        if by.uid in self.legs.by_uid:
            self.departs(by)

    def connects(self, first: Leg, second: Leg, whom: Leg | None, target: Leg | None) -> None:
        """An attended transfer: whoever talked with `first` (`whom`) now has whoever `second`
        reached (`target`), or the place in which it waits for somebody: a ringing phone, a line."""
        call = first.call
        for leg in (second, whom, target):
            if leg is not None:
                call = self.join(call, leg.call)
        self._transferred(call, "attended", first, self._reached(call, second, target))
        if second is not first and whom is not None and target is None:
            self.takes_place(second, whom)
        for leg in {first.uid: first, second.uid: second}.values():
            self.departs(leg)

    def takes_place(self, old: Leg, new: Leg) -> None:
        """`new` stands where `old` did: what was dialled for that one rings for this one."""
        call = self.join(new.call, old.call)
        for leg in call.legs.values():
            if leg.dialled_by is old:
                leg.dialled_by = None if leg is new else new
        if call.parked == old.uid:
            call.parked = new.uid
        if call.queue_leg == old.uid:
            call.queue_leg = new.uid
            if old.uid in self.leaving:
                self.leaving[new.uid] = self.leaving.pop(old.uid)

    def picks_up(self, by: Leg, rang: Leg) -> None:
        """`by` takes the call that rings at `rang`, and stands in its place from now on."""
        call = self.join(rang.call, by.call)
        by.dialled = by.asked = by.up = True
        by.dialled_by, by.member = rang.dialled_by, rang.member
        if call.caller is by:
            call.caller = None
        if call.caller is None:
            call.caller = by.dialled_by
        if self.is_own(by):
            by.agent = by.agent or by.device
        by.picked = True
        call.ringing.discard(rang.uid)
        self._transferred(call, "pickup", rang, self._device(by))
        self._leg_stops(rang, "answered_elsewhere")
        rang.ending = True

    def forwards(self, leg: Leg, to: str) -> None:
        """The phone sends the caller on instead of ringing (or after it rang)."""
        self._transferred(leg.call, "forward", leg, to)
        caller, member = leg.dialled_by, leg.member
        if caller is not None and member is not None:
            # What is dialled next stands for the member as far as the queue is concerned.
            caller.forwarded = Membership(
                queue=member.queue, interface=member.interface, device=None
            )

    # --- parking --------------------------------------------------------------------------------

    def parks(self, leg: Leg, place: str | None, by: str | None) -> None:
        """Whoever is at the end of `leg` waits in a parking place."""
        call = leg.call
        self.legs.leave(leg)
        if call.parked is None:
            self.is_parked(call, leg.uid, place, by)
        else:
            call.parked = leg.uid  # it stands there for the one who was there before
        for uid in list(call.talking):
            talker = self.legs.by_uid[uid]
            if len(self.legs.hearing(talker)) < 2:
                self.departs(talker)

    # --- who -------------------------------------------------------------------------------------

    def _transferred(self, call: Call, kind: TransferKind, by: Leg, to: str | None) -> None:
        if by.handed_on:
            return
        by.handed_on = True
        device = self._device(by)
        self.tell(call, CallTransferred(at=self.at, call=call.id, kind=kind, by=device, to=to))

    def _device(self, leg: Leg) -> str | None:
        """The own device of a leg; of a Local half, that of the member it is dialled for."""
        if leg.is_party:
            return leg.agent or leg.device if self.is_own(leg) else None
        return leg.member.device if leg.member is not None else None

    def _reached(self, call: Call, second: Leg, target: Leg | None) -> str | None:
        """Who or what the consulting leg reached, in the most exact words there are."""
        reached = [] if target is None else [target, self.legs.other_half(target)]
        dialling = [second, *reached]
        reached += [leg for leg in call.parties if leg.dialled_by in dialling]
        for leg in reached:
            if leg is not None and leg.is_party:
                to = self._device(leg) or leg.dialled_number or leg.number
                if to is not None:
                    return to
        return call.queue if call.queue_leg == second.uid else second.exten
