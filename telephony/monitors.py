"""What the exchange says about the voice of a talk: muted, recorded, listened to.

Pure. Only what was reported is told; a snapshot shows it by the contexts ``cc-record`` and
``cc-spy`` of config/asterisk/callcenter-control.conf. It must not send anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from callcenter.floor.events import (
    MuteChanged,
    RecordingChanged,
    RecordingState,
    SpyBegan,
    SpyEnded,
    SpyMode,
)
from telephony.calls import Call
from telephony.handovers import Handovers
from telephony.legs import Leg
from telephony.packet import Packet
from telephony.parties import number_in

SPY_CONTEXT: Final = "cc-spy"

_MODES: Final[dict[str, SpyMode]] = {"listen": "listen", "whisper": "whisper", "barge": "barge"}


@dataclass(slots=True, eq=False)
class _Recording:
    leg: Leg
    """The recorded one."""
    state: RecordingState = "off"


class Monitors:
    """Reads what listens to a talk; tells it through `talk`."""

    def __init__(self, talk: Handovers) -> None:
        self._talk = talk
        self._muted: dict[str, bool] = {}
        """By the agent's leg."""
        self._spies: dict[str, tuple[Leg, str, SpyMode]] = {}
        """(the leg listened to, the listening device, how) by the listening leg."""
        self._recordings: dict[str, _Recording] = {}
        """By the leg that writes."""
        self.readers: Mapping[str, Callable[[Packet], None]] = {
            "MixMonitorStart": self._monitor_start,
            "MixMonitorStop": self._monitor_stop,
            "MixMonitorMute": self._monitor_mute,
            "ChanSpyStart": self._spy_start,
            "ChanSpyStop": self._spy_stop,
        }
        """By the name of the packet, for the tracker."""

    @property
    def is_empty(self) -> bool:
        return not (self._muted or self._spies or self._recordings)

    def recorder_of(self, call: Call) -> str | None:
        """The leg that writes a recording of this call."""
        return next((u for u, one in self._recordings.items() if one.leg.call is call), None)

    def records(self, pen: Leg, agent: Leg) -> None:
        """`pen` is going to write what is said on `agent`."""
        self._recordings[pen.uid] = _Recording(agent)

    def gone(self, uid: str) -> None:
        """Before the end of a leg is told."""
        self._muted.pop(uid, None)
        self._spy_over(uid)
        self._recording_is(uid, "off")
        self._recordings.pop(uid, None)

    def settle(self) -> None:
        """After a snapshot: what hangs on legs that are gone is over."""
        known = self._talk.legs.by_uid
        self._muted = {uid: muted for uid, muted in self._muted.items() if uid in known}
        for uid in [uid for uid in self._spies if uid not in known]:
            self._spy_over(uid)
        for uid, recording in list(self._recordings.items()):
            if uid not in known or recording.leg.uid not in known:
                self._recording_is(uid, "off")
                del self._recordings[uid]

    # --- found in a snapshot ----------------------------------------------------------------------

    def finds_recording(self, pen: Leg, agent: Leg) -> None:
        """`pen` writes what is said on `agent`. Whether it is paused is not shown."""
        if pen.uid not in self._recordings:
            self.records(pen, agent)
            self._recording_is(pen.uid, "on")

    def finds_spy(self, spy: Leg, leg: Leg, exten: str) -> None:
        """`spy` listens to `leg`; `exten` of cc-spy says how."""
        if spy.uid not in self._spies:
            self._listens(spy, leg, _MODES.get(exten, "listen"))

    # --- packets ----------------------------------------------------------------------------------

    def muted(self, leg: Leg, value: str | None) -> None:
        """The variable CC_MUTED of an agent's leg."""
        device = leg.call.talking.get(leg.uid)
        if device is None or value not in ("0", "1"):
            return
        if self._muted.get(leg.uid, False) != (value == "1"):
            self._muted[leg.uid] = value == "1"
            told = MuteChanged(
                at=self._talk.at, call=leg.call.id, device=device, muted=value == "1"
            )
            self._talk.tell(leg.call, told)

    def _monitor_start(self, packet: Packet) -> None:
        uid = packet.get("Uniqueid") or ""
        leg = self._talk.legs.by_uid.get(uid)
        if leg is None:
            return
        if uid not in self._recordings:
            if not leg.is_party:
                return
            self._recordings[uid] = _Recording(leg)  # by the operator's own dialplan
        self._recording_is(uid, "on")

    def _monitor_stop(self, packet: Packet) -> None:
        self._recording_is(packet.get("Uniqueid") or "", "off")

    def _monitor_mute(self, packet: Packet) -> None:
        uid = packet.get("Uniqueid") or ""
        recording = self._recordings.get(uid)
        if recording is not None and recording.state != "off":
            self._recording_is(uid, "paused" if number_in(packet.get("State")) else "on")

    def _recording_is(self, uid: str, state: RecordingState) -> None:
        recording = self._recordings.get(uid)
        if recording is None or recording.state == state:
            return
        leg = recording.leg
        if not leg.call.is_open:
            recording.state = state
            return  # it ended with the call, which has been told
        told = RecordingChanged(at=self._talk.at, call=leg.call.id, leg=leg.uid, state=state)
        if self._talk.tell(leg.call, told):
            recording.state = state

    def _spy_start(self, packet: Packet) -> None:
        spy = self._talk.legs.by_uid.get(packet.get("SpyerUniqueid") or "")
        leg = self._talk.legs.by_uid.get(packet.get("SpyeeUniqueid") or "")
        if spy is None or leg is None or spy.device is None:
            return  # one half of a Local channel: a recording
        mode: SpyMode = "listen"
        if packet.get("SpyerContext") == SPY_CONTEXT:
            mode = _MODES.get(packet.get("SpyerExten") or "", "listen")
        self._listens(spy, leg, mode)

    def _listens(self, spy: Leg, leg: Leg, mode: SpyMode) -> None:
        if spy.device is None:
            return
        device, call = leg.agent or leg.device or "", leg.call
        now = (leg, spy.device, mode)
        if self._spies.get(spy.uid) == now:
            return
        self._spy_over(spy.uid)
        told = SpyBegan(
            at=self._talk.at, call=call.id, device=device, by=spy.device, leg=spy.uid, mode=mode
        )
        if self._talk.tell(call, told):
            self._spies[spy.uid] = now

    def _spy_stop(self, packet: Packet) -> None:
        spy = self._talk.legs.by_uid.get(packet.get("SpyerUniqueid") or "")
        if spy is not None:
            self._spy_over(spy.uid)

    def _spy_over(self, uid: str) -> None:
        spy = self._spies.pop(uid, None)
        if spy is not None and spy[0].call.is_open:
            call = spy[0].call
            self._talk.tell(call, SpyEnded(at=self._talk.at, call=call.id, by=spy[1], leg=uid))
