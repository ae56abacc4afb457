"""AMI packets in, events about calls out.

Pure: no clock, no I/O. It reads packets and says to `Conversations` what happened in its words; it
must not decide there and then what a call is. The network's facts are never refused: what does not
fit is counted in ``unexpected``, and when that piles up ``doubt`` asks for a snapshot.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType

from callcenter.floor.events import Event, QueueExit
from telephony.calls import Call
from telephony.control_facts import EVENT as CONTROL_EVENT
from telephony.control_facts import MUTED_VARIABLE, ControlFacts
from telephony.control_found import find
from telephony.handover_packets import READERS
from telephony.handovers import Handovers
from telephony.legs import Leg, Membership, called_back, leg_from
from telephony.members import Members
from telephony.packet import Packet
from telephony.parties import (
    Devices,
    Own,
    clean_name,
    clean_number,
    dialled_number,
    is_inner,
    number_in,
)
from telephony.resync import resync
from telephony.snapshot import Snapshot
from telephony.waiting import tells

DOUBTFUL = 8
"""So many packets that do not fit, since the last snapshot, make a new one worth its cost."""

JOIN_VARIABLE = "CHANNEL_TO_JOIN"
"""The variable with which the engine originates an agent's leg: the waiting caller's channel
(config/asterisk/callcenter.conf, context ``cc-join``)."""

QUEUE_STATUS: dict[str, QueueExit] = {
    "TIMEOUT": "timed_out",
    "JOINEMPTY": "empty",
    "LEAVEEMPTY": "empty",
    "JOINUNAVAIL": "empty",
    "LEAVEUNAVAIL": "empty",
    "CONTINUE": "answered",
}
"""QUEUESTATUS (apps/app_queue.c, queue_results) of calls that had been in the line."""

_DIALPLAN = frozenset({"VarSet", "Newexten"})
_JOIN_MARK = JOIN_VARIABLE.encode()
_MUTED_MARK = MUTED_VARIABLE.encode()
_UP = 6
_NOT_CALLING = frozenset({0, 1})  # AST_STATE_DOWN and _RESERVED: it is going to be called

_Reader = Callable[[Packet], list[Event] | None]


class Tracker:
    """What the exchange does, told as events for the floor.

    `own` says which devices are the centre's own phones; by default those named like extensions
    (`telephony.parties.Devices`). Members of queues always are.

    The time of an event is when its packet arrived, by our clock, and never runs backwards; the
    exchange's ``Timestamp`` is by another clock, which may be wrong and may be set. Only a call
    found waiting in a snapshot is told with the time since when it waits.
    """

    def __init__(self, own: Own | None = None) -> None:
        self.members = Members(own if own is not None else Devices().own)
        self._talk = Handovers(self.members.owns)
        self._at = -math.inf
        self._readers: dict[str, _Reader] = {
            "Newchannel": self._new_channel,
            "Newstate": self._new_state,
            "NewCallerid": self._new_callerid,
            "DialBegin": self._dial_begin,
            "DialEnd": self._dial_end,
            "LocalBridge": self._local_bridge,
            "BridgeEnter": self._bridge_enter,
            "BridgeLeave": self._bridge_leave,
            "Hold": self._hold,
            "Unhold": self._unhold,
            "HangupRequest": self._hangup_request,
            "SoftHangupRequest": self._soft_hangup_request,
            "Hangup": self._hangup,
            "QueueCallerJoin": self._queue_join,
            "QueueCallerAbandon": self._queue_abandon,
            "QueueCallerLeave": self._queue_leave,
            "AgentCalled": self._agent_called,
            "QueueMemberAdded": self._member_seen,
            "QueueMemberStatus": self._member_seen,
            "QueueMemberPause": self._member_seen,
            "QueueMemberRemoved": self._member_removed,
            "DeviceStateChange": self._device_state,
            "VarSet": self._var_set,
            "Newexten": self._new_exten,
            "UserEvent": self._user_event,
        }
        for name, read in READERS.items():
            self._readers[name] = partial(read, self._talk)
        self.control = ControlFacts(self._talk)
        """What call control did, and must know."""
        self._readers |= self.control.readers

    # --- what others ask ----------------------------------------------------------------------

    @property
    def calls(self) -> Mapping[str, Call]:
        """Live calls by id: those that the floor knows, and groups of legs that may become one."""
        return MappingProxyType(self._talk.calls)

    @property
    def unexpected(self) -> Counter[str]:
        """How often something did not fit, since the last snapshot, by what it was."""
        return self._talk.unexpected

    @property
    def doubt(self) -> bool:
        """So much did not fit that a snapshot should be taken."""
        unexpected = self._talk.unexpected  # asked after every packet, and nearly always empty
        return bool(unexpected) and unexpected.total() >= DOUBTFUL

    @property
    def is_empty(self) -> bool:
        """Nothing is remembered about any live call."""
        talk = self._talk
        nothing = not talk.calls and talk.legs.nothing_left and not talk.leaving
        return nothing and self.control.is_empty

    def waiting_channel(self, call: str) -> str | None:
        """The channel of the caller who waits in a line in this call; ``None`` for nobody."""
        known = self._talk.calls.get(call)
        if known is None or known.queue is None:
            return None
        leg = self._talk.legs.by_uid.get(known.queue_leg or "")
        return None if leg is None or leg.ending else leg.channel

    # --- packets ------------------------------------------------------------------------------

    def receive(self, packet: Packet, at: float) -> list[Event]:
        """What a packet that arrived `at` (seconds since the epoch, UTC) says. Never raises."""
        name = packet.name
        read = self._readers.get(name)
        if read is None:
            return []
        talk = self._talk
        if name in _DIALPLAN:
            # A third of all packets, and hardly one of them matters: those about somebody who has
            # just left a line, and the invitation of an agent by the engine.
            talk.sees_dialplan = True
            raw = packet.raw
            if not talk.leaving and _JOIN_MARK not in raw and _MUTED_MARK not in raw:
                return []
        talk.at = self._at = max(self._at, at)
        events = read(packet)
        if events is None:
            events, talk.out = talk.out, []
        return events

    def snapshot(self, snapshot: Snapshot, at: float) -> list[Event]:
        """The differences between what was known and what the exchange shows now."""
        self._at = self._talk.at = max(self._at, at)
        events = resync(self._talk, self.members, snapshot)
        self.control.settle()
        find(self.control, self._talk, snapshot)
        events += self._talk.out
        self._talk.out = []
        self._talk.unexpected.clear()
        return events

    def _leg(self, packet: Packet, header: str = "Uniqueid") -> Leg | None:
        """The leg a packet is about; a packet about a leg nobody has heard of does not fit."""
        uid = packet.get(header)
        if not uid:
            return None
        leg = self._talk.legs.by_uid.get(uid)
        if leg is None:
            channel = "DestChannel" if header == "DestUniqueid" else "Channel"
            return self._talk.known(uid, packet.get(channel) or "", packet.name)
        return leg

    # --- channels -----------------------------------------------------------------------------

    def _new_channel(self, packet: Packet) -> None:
        talk = self._talk
        uid, channel = packet.get("Uniqueid"), packet.get("Channel")
        if not uid or not channel:
            talk.unexpected["Newchannel"] += 1
            return
        if uid in talk.legs.by_uid or talk.has_ended(uid) or is_inner(channel):
            return
        leg = leg_from(packet, uid, channel, talk.call_for(uid, packet.get("Linkedid") or uid))
        leg.incoming = number_in(packet.get("ChannelState")) not in _NOT_CALLING
        talk.add(leg)
        if leg.is_party and leg.incoming and leg.call.id == uid and not talk.is_own(leg):
            # The earliest moment of a call: the card starts here.
            talk.arrived(leg.call, "inbound", leg)

    def _new_state(self, packet: Packet) -> None:
        leg = self._leg(packet)
        if leg is not None and number_in(packet.get("ChannelState")) == _UP:
            self._talk.picked_up(leg)

    def _new_callerid(self, packet: Packet) -> None:
        leg = self._leg(packet)
        if leg is not None:
            number = clean_number(packet.get("CallerIDNum"))
            self._talk.caller_is(leg, number, clean_name(packet.get("CallerIDName")))

    def _local_bridge(self, packet: Packet) -> None:
        one, two = self._leg(packet, "LocalOneUniqueid"), self._leg(packet, "LocalTwoUniqueid")
        if one is not None and two is not None:
            self._talk.join(one.call, two.call)

    def _hangup_request(self, packet: Packet) -> None:
        leg = self._leg(packet)
        if leg is not None:
            self._talk.wants_to_end(leg, number_in(packet.get("Cause")))

    def _soft_hangup_request(self, packet: Packet) -> None:
        leg = self._leg(packet)
        if leg is not None:
            leg.ending = True

    def _hangup(self, packet: Packet) -> None:
        leg = self._leg(packet)
        if leg is not None:
            cause = number_in(packet.get("Cause"))
            self.control.gone(leg, cause)
            self._talk.gone(leg, cause)

    # --- dialling -----------------------------------------------------------------------------

    def _dial_begin(self, packet: Packet) -> None:
        leg = self._leg(packet, "DestUniqueid")
        caller = self._leg(packet)
        if leg is None:
            return
        leg.dialled = True
        if leg.dialled_number is None and not self._talk.is_own(leg):
            leg.dialled_number = dialled_number(packet.get("DialString"), packet.get("Exten"))
        if called_back(leg.uid):
            self._talk.calls_back(leg, leg.dialled_number)
        if packet.get("Uniqueid") and caller is None:
            return  # it is dialled by a leg that began before we listened
        self._dials(caller, leg)

    def _agent_called(self, packet: Packet) -> None:
        leg, caller = self._leg(packet, "DestUniqueid"), self._leg(packet)
        queue, interface = packet.get("Queue"), packet.get("Interface")
        if leg is None or caller is None or not queue or not interface:
            return
        leg.dialled = True
        phone = self.members.phone_behind(interface)
        leg.member = Membership(queue=queue, interface=interface, device=phone, leg=leg)
        self._dials(caller, leg)

    def _dials(self, caller: Leg | None, leg: Leg) -> None:
        """`caller` dials `leg`. Through a Local channel, that is still for its member."""
        talk = self._talk
        if caller is not None:
            leg.dialled_by = caller
            talk.join(caller.call, leg.call)
            half = talk.legs.other_half(caller)
            if half is not None and leg.member is None:
                leg.member = half.member
            if caller.forwarded is not None and leg.member is None:
                leg.member, caller.forwarded = caller.forwarded, None
                leg.member.leg = leg
        talk.rings(leg)

    def _dial_end(self, packet: Packet) -> None:
        leg = self._leg(packet, "DestUniqueid")
        if leg is None:
            return
        status = packet.get("DialStatus") or ""
        self.control.dial_ended(leg, status)
        if status == "ANSWER":
            self._talk.picked_up(leg)
            return
        forward = packet.get("Forward")
        if forward:
            self._talk.forwards(leg, forward)
        self._talk.stops_ringing(leg, status)

    # --- bridges ------------------------------------------------------------------------------

    def _bridge_enter(self, packet: Packet) -> None:
        leg, bridge = self._leg(packet), packet.get("BridgeUniqueid")
        if leg is None or not bridge:
            return
        if packet.get("BridgeTechnology") == "holding_bridge":
            self._talk.legs.leave(leg)  # parked: next to strangers, hearing nobody
        else:
            self.control.enters(leg)
            self._talk.enters(leg, bridge)
            self.control.entered(leg)

    def _bridge_leave(self, packet: Packet) -> None:
        leg = self._leg(packet)
        if leg is not None and leg.bridge == packet.get("BridgeUniqueid"):
            self._talk.legs.leave(leg)

    def _hold(self, packet: Packet) -> None:
        leg = self._leg(packet)
        if leg is not None:
            self._talk.holds(leg, True)

    def _unhold(self, packet: Packet) -> None:
        leg = self._leg(packet)
        if leg is not None:
            self._talk.holds(leg, False)

    # --- queues -------------------------------------------------------------------------------

    def _queue_join(self, packet: Packet) -> None:
        leg, queue = self._leg(packet), packet.get("Queue")
        if leg is not None and queue:
            self._talk.queued(leg, queue, number_in(packet.get("Position")) or 1)

    def _queue_abandon(self, packet: Packet) -> None:
        # Sent for every exit without an agent, time-out included (record_abandoned).
        leg = self._leg(packet)
        if leg is not None and leg.call.queue_leg == leg.uid:
            leg.call.gave_up = True

    def _queue_leave(self, packet: Packet) -> None:
        leg, queue = self._leg(packet), packet.get("Queue")
        if leg is not None and queue:
            self._talk.leaves_queue(leg, queue)

    def _var_set(self, packet: Packet) -> None:
        variable = packet.get("Variable")
        if variable == JOIN_VARIABLE:
            leg = self._leg(packet)
            caller = self._talk.legs.by_channel.get(packet.get("Value") or "")
            if leg is not None and caller is not None and self._talk.is_own(leg):
                self._talk.invited(leg, caller)
        elif variable == MUTED_VARIABLE:
            leg = self._leg(packet)
            if leg is not None:
                self.control.monitors.muted(leg, packet.get("Value"))
        if variable != "QUEUESTATUS":
            return
        call = self._talk.leaving.get(packet.get("Uniqueid") or "")
        if call is not None:
            self._talk.left_queue(call, QUEUE_STATUS.get(packet.get("Value") or "", "unknown"))

    def _new_exten(self, packet: Packet) -> None:
        uid = packet.get("Uniqueid") or ""
        if uid in self._talk.leaving:
            leg = self._leg(packet)
            if leg is not None and not leg.hung_up:
                self._talk.goes_on(leg)

    def _user_event(self, packet: Packet) -> None:
        if (packet.get("UserEvent") or "").startswith("Callcenter"):
            leg = self._leg(packet)
            if leg is None:
                return
            if packet.get("UserEvent") == CONTROL_EVENT:
                self.control.did(leg, packet)
            else:
                tells(self._talk, leg, packet)

    def _member_seen(self, packet: Packet) -> list[Event]:
        return self.members.seen(packet, self._at)

    def _member_removed(self, packet: Packet) -> list[Event]:
        return self.members.removed(packet, self._at)

    def _device_state(self, packet: Packet) -> list[Event]:
        return self.members.device(packet, self._at)


WANTED: frozenset[str] = frozenset(Tracker()._readers)
"""The names of the packets the tracker reads; all others can be left unparsed."""
