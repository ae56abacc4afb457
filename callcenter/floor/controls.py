"""Call control: what is asked of a live call, and what the exchange must report to confirm it.

A wish is checked whole before anything changes. What was asked is then pending until an event
confirms it, the exchange refuses it, or its deadline passes; a failed one leaves the call as it
is, with a reason for whoever asked.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import Any, Final

from . import events as e
from .call import Call, CallState, Consult, PendingControl, Spy
from .card import Party
from .errors import BadChoice, Forbidden, NotNow, UnknownCall
from .orders import Control, RecordAudit, ShowControl
from .state import State

CONFIRM_SECONDS: Final = 5.0
"""The exchange has so long to confirm."""

LEG: Final = "cx-"
"""How the ids of legs begin that are made for a control."""

SUPERVISION: Final = frozenset({"listen", "whisper", "barge", "take_over", "stop_listening"})
RECORDING: Final = frozenset({"record", "stop_recording", "pause_recording", "resume_recording"})
ANY_TIME: Final = frozenset({"hang_up"})
"""May be asked while something else is pending."""

TARGET: Final = re.compile(r"\+?[0-9*#]{1,32}|[A-Za-z][A-Za-z0-9_.-]{0,31}")
DIGITS: Final = re.compile(r"[0-9A-Da-d*#]{1,32}")

CONFIRMED_BY: Final[dict[e.ControlKind, tuple[type[Any], ...]]] = {
    "answer": (e.CallAnswered,),
    "hold": (e.CallHeld,),
    "resume": (e.CallResumed,),
    "mute": (e.MuteChanged,),
    "unmute": (e.MuteChanged,),
    "dtmf": (e.ControlCarriedOut,),
    "blind_transfer": (e.CallTransferred, e.DeviceLeft, e.CallEnded),
    "consult": (e.ConsultBegan,),
    "swap": (e.ControlCarriedOut,),
    "complete": (e.CallTransferred, e.ConsultEnded),
    "cancel_consult": (e.ConsultEnded,),
    "conference": (e.PartyJoined, e.ConsultEnded),
    "park": (e.CallParked,),
    "hang_up": (e.DeviceLeft, e.CallEnded),
    "record": (e.RecordingChanged,),
    "stop_recording": (e.RecordingChanged,),
    "pause_recording": (e.RecordingChanged,),
    "resume_recording": (e.RecordingChanged,),
    "listen": (e.SpyBegan,),
    "whisper": (e.SpyBegan,),
    "barge": (e.SpyBegan,),
    "stop_listening": (e.SpyEnded,),
    "take_over": (e.CallTransferred, e.CallAnswered),
}
"""What the exchange reports when it was done."""

_NO_CONSULT: Final = "There is nobody you are consulting."
_NEEDS: Final[dict[e.ControlKind, tuple[str, str]]] = {
    "hold": ("talking", "The caller is on hold already."),
    "resume": ("held", "The caller is not on hold."),
    "consult": ("no_consult", "You are consulting somebody already."),
    "swap": ("consulted", _NO_CONSULT),
    "complete": ("consult", _NO_CONSULT),
    "cancel_consult": ("consult", _NO_CONSULT),
    "conference": ("consulted", _NO_CONSULT),
    "blind_transfer": ("no_consult", "You are consulting somebody; complete or cancel that."),
    "park": ("no_consult", "You are consulting somebody; complete or cancel that."),
    "record": ("off", "The call is being recorded already."),
    "stop_recording": ("recorded", "The call is not being recorded."),
    "pause_recording": ("on", "There is no recording under way."),
    "resume_recording": ("paused", "The recording is not paused."),
    "mute": ("heard", "You are muted already."),
    "unmute": ("muted", "You are not muted."),
}


def asked(state: State, event: e.ControlAsked) -> None:
    """A wish. Raises ``FloorError`` when it cannot be granted; then nothing has changed."""
    call = state.calls.get(event.call)
    if call is None or call.state is CallState.ENDED:
        raise UnknownCall(f"The call {event.call} is over.")
    if event.id in call.controls:
        raise NotNow("That is being done already.")
    if event.do in SUPERVISION:
        device, leg, target = _supervision(state, call, event)
    else:
        device, leg = _own(state, call, event)
        target = event.target
        _conditions(call, event.do, device)
    if event.do in ("blind_transfer", "consult"):
        _target(state, event, device)
    if event.do == "dtmf" and (event.digits is None or not DIGITS.fullmatch(event.digits)):
        raise BadChoice("Digits are 0 to 9, *, # and A to D, at most 32.")
    if event.do not in ANY_TIME and any(c.agent == event.agent for c in call.controls.values()):
        raise NotNow("Something else you asked for is still being done.")
    begin(state, call, event, device, leg, target)


def begin(
    state: State, call: Call, event: e.ControlAsked, device: str, leg: str | None,
    target: str | None,
) -> None:  # fmt: skip
    control = PendingControl(
        id=event.id,
        agent=event.agent,
        do=event.do,
        device=device,
        deadline=event.at + CONFIRM_SECONDS,
        target=event.target,
        reason=event.reason or "",
        audited=event.do in SUPERVISION or event.do in RECORDING,
    )
    call.controls[control.id] = control
    state.controlled[control.id] = call.id
    state.timers.set(("control", control.id), control.deadline)
    state.dirty_calls[call.id] = None
    state.orders.append(
        Control(
            id=control.id,
            call=call.id,
            do=event.do,
            device=device,
            leg=leg,
            new_leg=state.new_id(LEG),
            target=target,
            digits=event.digits,
        )
    )


def _supervision(
    state: State, call: Call, event: e.ControlAsked
) -> tuple[str, str | None, str | None]:
    """(supervisor's device, their listening leg, the agent's leg)."""
    if event.role != "supervisor":
        raise Forbidden("Only a supervisor may do that.")
    if event.device is None:
        raise NotNow("You have no phone; a supervisor who listens needs one.")
    mine = next((leg for leg, spy in call.spies.items() if spy.by == event.device), None)
    if event.do == "stop_listening":
        if mine is None:
            raise NotNow("You are not listening to this call.")
        return event.device, mine, None
    if not (event.reason or "").strip():
        raise BadChoice("Say why: it is written to the audit.")
    if event.device in call.devices:
        raise NotNow("You are in this call yourself.")
    if not call.devices:
        raise NotNow("No agent is in this call.")
    target = event.target if event.target in call.devices else next(iter(call.devices))
    return event.device, mine, call.devices[target]


def _own(state: State, call: Call, event: e.ControlAsked) -> tuple[str, str | None]:
    """(the agent's device, their leg)."""
    agent = state.agent(event.agent)
    device = agent.device
    if event.do == "answer":
        if device not in call.offers:
            raise NotNow("Your phone does not ring for this call.")
        return device, call.offers[device]
    if device not in call.devices:
        raise UnknownCall(f"You are not in the call {call.id}.")
    return device, call.devices[device]


def _conditions(call: Call, do: e.ControlKind, device: str) -> None:
    need, otherwise = _NEEDS.get(do, ("", ""))
    consult = call.consult is not None and call.consult.device == device
    answered = consult and call.consult is not None and call.consult.answered
    met = {
        "": True,
        "talking": not call.holding,
        "held": bool(call.holding),
        "no_consult": call.consult is None,
        "consult": consult,
        "consulted": answered,
        "off": call.recording == "off",
        "recorded": call.recording != "off",
        "on": call.recording == "on",
        "paused": call.recording == "paused",
        "heard": device not in call.muted,
        "muted": device in call.muted,
    }[need]
    if not met:
        if need == "consulted" and consult:
            raise NotNow("They have not answered yet.")
        raise NotNow(otherwise)


def _target(state: State, event: e.ControlAsked, device: str) -> None:
    target = (event.target or "").strip()
    if not TARGET.fullmatch(target):
        raise BadChoice("A target is an extension or a number such as +442079460123.")
    if device.partition("/")[2] == target:
        raise BadChoice("That is your own phone.")
    allowed = state.opened.transfer_targets
    inside = any(one.partition("/")[2] == target for one in (*state.devices, *state.by_device))
    if allowed and not inside and not any(fnmatchcase(target, one) for one in allowed):
        raise BadChoice(f"Calls may not be transferred to {target} here.")


# --- how it went --------------------------------------------------------------------------------


def done(state: State, call: Call, control: PendingControl, at: float, why: str | None) -> None:
    """Confirmed (``why`` is ``None``), or failed with a reason."""
    del call.controls[control.id]
    state.controlled.pop(control.id, None)
    state.timers.set(("control", control.id), None)
    state.dirty_calls[call.id] = None
    ok = why is None
    state.orders.append(
        ShowControl(
            agent=control.agent, id=control.id, call=call.id, do=control.do, ok=ok, why=why or ""
        )
    )
    if control.audited:
        listened = next(iter(call.devices), None)
        agent = state.by_device.get(listened) if listened else None
        state.orders.append(
            RecordAudit(
                at=at,
                by=control.agent,
                what=control.do,
                agent=agent.id if agent else None,
                call=call.id,
                reason=control.reason,
                ok=ok,
                detail=why or "",
            )
        )


def confirm(state: State, call: Call, event: Any, device: str | None = None) -> None:
    """Whatever was pending and is confirmed by this event is done. ``device``: whose doing it is,
    where the event says so."""
    for control in list(call.controls.values()):
        if type(event) not in CONFIRMED_BY[control.do]:
            continue
        if device is not None and control.device != device:
            continue
        if isinstance(event, e.MuteChanged) and event.muted != (control.do == "mute"):
            continue
        if isinstance(event, e.RecordingChanged) and not _says(control.do, event.state):
            continue
        done(state, call, control, event.at, None)


def _says(do: e.ControlKind, recording: e.RecordingState) -> bool:
    wanted = {"stop_recording": "off", "pause_recording": "paused"}.get(do, "on")
    return recording == wanted


def carried_out(state: State, event: e.ControlCarriedOut) -> None:
    call = state.calls.get(state.controlled.get(event.id, ""))
    if call is None:
        return
    control = call.controls[event.id]
    if e.ControlCarriedOut in CONFIRMED_BY[control.do]:
        done(state, call, control, event.at, None)


def failed(state: State, id: str, why: str, at: float) -> None:
    call = state.calls.get(state.controlled.get(id, ""))
    if call is not None:
        done(state, call, call.controls[id], at, why)


def over_time(state: State, id: str, at: float) -> None:
    failed(state, id, f"The exchange did not confirm it within {CONFIRM_SECONDS:.0f} seconds.", at)


def call_over(state: State, call: Call, at: float) -> None:
    """The call ended: nothing that was asked of it can be done any more."""
    for control in list(call.controls.values()):
        good = control.do in ("hang_up", "blind_transfer", "complete", "stop_listening")
        done(state, call, control, at, None if good else "The call is over.")
    state.timers.set(("recording", call.id), None)


# --- what the exchange reports --------------------------------------------------------------------


def transferred(state: State, event: e.CallTransferred) -> None:
    call = state.call(event)
    if call is None:
        return
    call.transfers += 1
    state.dirty_calls[call.id] = None
    confirm(state, call, event, event.by)


def parked(state: State, event: e.CallParked) -> None:
    call = state.call(event)
    if call is None:
        return
    call.parked = event.place or "?"
    state.dirty_calls[call.id] = None
    confirm(state, call, event)


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
    confirm(state, call, event, event.device)


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
    if call.consult is not None and call.consult.leg == event.leg:
        call.consult = None
    state.dirty_calls[call.id] = None
    confirm(state, call, event, event.device)


def party_joined(state: State, event: e.PartyJoined) -> None:
    call = state.call(event)
    if call is None:
        return
    call.others[event.leg] = Party(
        leg=event.leg, kind="other", agent=None, number=event.number, name=event.name,
        state="talking",
    )  # fmt: skip
    state.dirty_calls[call.id] = None
    confirm(state, call, event)


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
    call.recording = event.state
    paused = event.state == "paused"
    call.recording_resumes = event.at + state.opened.pause_limit if paused else None
    state.timers.set(("recording", call.id), call.recording_resumes)
    state.dirty_calls[call.id] = None
    confirm(state, call, event)


def recording_goes_on(state: State, call_id: str, at: float) -> None:
    """Paused for too long: a recording that was forgotten goes on by itself, and that is noted."""
    call = state.calls.get(call_id)
    if call is None or call.recording != "paused" or not call.devices:
        return
    device, leg = next(iter(call.devices.items()))
    agent = state.by_device.get(device)
    wish = e.ControlAsked(
        at=at,
        id=state.new_id("auto-"),
        agent=agent.id if agent else "",
        role="agent",
        call=call.id,
        do="resume_recording",
        reason="paused longer than allowed",
    )
    begin(state, call, wish, device, leg, None)


def mute_changed(state: State, event: e.MuteChanged) -> None:
    call = state.call(event)
    if call is None:
        return
    if event.muted:
        call.muted.add(event.device)
    else:
        call.muted.discard(event.device)
    state.dirty_calls[call.id] = None
    confirm(state, call, event, event.device)


def spy_began(state: State, event: e.SpyBegan) -> None:
    call = state.call(event)
    if call is None:
        return
    call.spies[event.leg] = Spy(device=event.device, by=event.by, mode=event.mode)
    state.dirty_calls[call.id] = None
    confirm(state, call, event, event.by)


def spy_ended(state: State, event: e.SpyEnded) -> None:
    call = state.call(event)
    if call is None:
        return
    call.spies.pop(event.leg, None)
    state.dirty_calls[call.id] = None
    confirm(state, call, event, event.by)
