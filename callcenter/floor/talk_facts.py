"""What the exchange reports about a talk: who handed it on, who else takes part, who listens.

Transfers, parking, consultations, third parties, recording, muting. Never refused, only counted;
whatever was asked for and is confirmed by such a report is done.
"""

from __future__ import annotations

from . import controls
from . import events as e
from .call import Consult, Spy
from .card import Party
from .state import State


def transferred(state: State, event: e.CallTransferred) -> None:
    call = state.call(event)
    if call is None:
        return
    call.transfers += 1
    state.dirty_calls[call.id] = None
    controls.confirm(state, call, event, event.by)


def parked(state: State, event: e.CallParked) -> None:
    call = state.call(event)
    if call is None:
        return
    call.parked = event.place or "?"
    state.dirty_calls[call.id] = None
    controls.confirm(state, call, event, event.by)


def unparked(state: State, event: e.CallUnparked) -> None:
    call = state.call(event)
    if call is None:
        return
    call.parked = None
    state.dirty_calls[call.id] = None


def consult_began(state: State, event: e.ConsultBegan) -> None:
    call = state.call(event)
    if call is None:
        return
    call.consult = Consult(device=event.device, leg=event.leg, to=event.to)
    state.dirty_calls[call.id] = None
    controls.confirm(state, call, event, event.device)


def consult_answered(state: State, event: e.ConsultAnswered) -> None:
    call = state.call(event)
    if call is None:
        return
    if call.consult is None or call.consult.leg != event.leg:
        state.doubt(event)
        return
    call.consult.answered = True
    state.dirty_calls[call.id] = None


def consult_ended(state: State, event: e.ConsultEnded) -> None:
    call = state.call(event)
    if call is None:
        return
    state.dirty_calls[call.id] = None
    controls.confirm(state, call, event, event.device)
    if call.consult is not None and call.consult.leg == event.leg:
        call.consult = None
        controls.consult_gone(state, call, event.device, event.at)


def party_joined(state: State, event: e.PartyJoined) -> None:
    call = state.call(event)
    if call is None:
        return
    call.others[event.leg] = Party(
        leg=event.leg, kind="other", agent=None, number=event.number, name=event.name,
        state="talking",
    )  # fmt: skip
    state.dirty_calls[call.id] = None
    controls.confirm(state, call, event, call.consult.device if call.consult else None)


def party_left(state: State, event: e.PartyLeft) -> None:
    call = state.call(event)
    if call is None:
        return
    call.others.pop(event.leg, None)
    state.dirty_calls[call.id] = None


def recording_changed(state: State, event: e.RecordingChanged) -> None:
    call = state.call(event)
    if call is None:
        return
    call.recording, call.recorded = event.state, event.leg
    paused = event.state == "paused"
    call.recording_resumes = event.at + state.opened.pause_limit if paused else None
    state.timers.set(("recording", call.id), call.recording_resumes)
    state.dirty_calls[call.id] = None
    controls.confirm(state, call, event)


def mute_changed(state: State, event: e.MuteChanged) -> None:
    call = state.call(event)
    if call is None:
        return
    if event.muted:
        call.muted.add(event.device)
    else:
        call.muted.discard(event.device)
    state.dirty_calls[call.id] = None
    controls.confirm(state, call, event, event.device)


def spy_began(state: State, event: e.SpyBegan) -> None:
    call = state.call(event)
    if call is None:
        return
    call.spies[event.leg] = Spy(device=event.device, by=event.by, mode=event.mode)
    state.dirty_calls[call.id] = None
    controls.confirm(state, call, event, event.by)


def spy_ended(state: State, event: e.SpyEnded) -> None:
    call = state.call(event)
    if call is None:
        return
    call.spies.pop(event.leg, None)
    state.dirty_calls[call.id] = None
    controls.confirm(state, call, event, event.by)
