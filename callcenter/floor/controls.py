"""Call control: what is asked of a live call, and what the exchange must report to confirm it.

A wish is checked whole before anything changes. What was asked is then pending until an event
confirms it, the exchange refuses it, or its deadline passes; a failed one leaves the call as it
is, with a reason for whoever asked.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any, Final

from . import events as e
from .call import Call, CallState, PendingControl
from .control_rules import DIGITS, SUPERVISION, TARGET
from .errors import BadChoice, Forbidden, NotNow, UnknownCall
from .orders import Control, RecordAudit, ShowControl
from .state import State

CONFIRM_SECONDS: Final[dict[e.ControlKind, float]] = {
    "answer": 5.0,
    "hold": 5.0,
    "resume": 5.0,
    "mute": 5.0,
    "unmute": 5.0,
    "dtmf": 5.0,
    "blind_transfer": 5.0,
    "consult": 10.0,  # the customer must be seen to wait before anybody is called
    "swap": 10.0,
    "complete": 10.0,  # two moves, one after the other
    "cancel_consult": 5.0,
    "conference": 5.0,
    "park": 5.0,
    "hang_up": 5.0,
    "record": 5.0,
    "stop_recording": 5.0,
    "pause_recording": 5.0,
    "resume_recording": 5.0,
    "listen": 25.0,  # the supervisor's phone rings and has to be answered
    "whisper": 25.0,
    "barge": 25.0,
    "stop_listening": 5.0,
    "take_over": 35.0,  # the same, and then two moves
}
"""The exchange has so long to confirm; as in the table of docs/call-control.md."""

LEG: Final = "cx-"
"""How the ids of legs begin that are made for a control."""

ENGINE: Final = "engine"
"""Who asks for what the floor does by itself, in the audit."""

RECORDING: Final = frozenset({"record", "stop_recording", "pause_recording", "resume_recording"})
ANY_TIME: Final = frozenset({"hang_up"})
"""May be asked while something else is pending."""

CONFIRMED_BY: Final[dict[e.ControlKind, tuple[type[Any], ...]]] = {
    "answer": (e.CallAnswered,),
    "hold": (e.CallHeld,),
    "resume": (e.CallResumed,),
    "mute": (e.MuteChanged,),
    "unmute": (e.MuteChanged,),
    "dtmf": (e.ControlCarriedOut,),
    "blind_transfer": (e.CallTransferred, e.DeviceLeft, e.CallEnded),
    "consult": (e.ConsultBegan,),
    "swap": (e.CallHeld, e.CallResumed),
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
"""What the exchange reports when it was done; ``_fits`` says which of these events are meant."""

MODES: Final = frozenset({"listen", "whisper", "barge"})
BY_CONSULT_END: Final[dict[e.ControlKind, str | None]] = {
    "complete": "completed", "conference": "joined", "cancel_consult": None,
}  # fmt: skip
"""How the consultation must have ended for it to be done; ``None``: in any way."""

NEEDS_CONSULT: Final = frozenset({"complete", "conference", "swap"})
"""Cannot be done any more when the consulted party is gone."""

_NO_CONSULT: Final = "There is nobody you are consulting."
_NEEDS: Final[dict[e.ControlKind, tuple[str, str]]] = {
    "hold": ("talking", "The caller is on hold already."),
    "resume": ("held", "The caller is not on hold."),
    "consult": ("no_consult", "You are consulting somebody already."),
    "swap": ("consulted", _NO_CONSULT),
    "complete": ("consulted", _NO_CONSULT),
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
    mine = [one for one in call.controls.values() if one.agent == event.agent]
    if any(one.id == event.id for one in mine):
        raise NotNow("That is being done already.")
    about: str | None = event.agent
    if event.do in SUPERVISION:
        device, leg, watched = _supervision(call, event)
        target = call.devices.get(watched)
        watched_agent = state.by_device.get(watched)
        about = watched_agent.id if watched_agent else None
    else:
        device, leg = _own(state, call, event)
        target = event.target
        _conditions(call, event.do, device)
    if event.do in ("blind_transfer", "consult"):
        _target(state, event, device)
    if event.do == "dtmf" and (event.digits is None or not DIGITS.fullmatch(event.digits)):
        raise BadChoice("Digits are 0 to 9, *, # and A to D, at most 32.")
    if event.do not in ANY_TIME and mine:
        raise NotNow("Something else you asked for is still being done.")
    begin(state, call, event, device, leg, target, about)


def begin(
    state: State, call: Call, event: e.ControlAsked, device: str, leg: str | None,
    target: str | None, about: str | None,
) -> None:  # fmt: skip
    """Have it done. Inside the engine it is named by the leg that may have to be made for it: two
    people may choose the same id for theirs."""
    control = PendingControl(
        key=state.new_id(LEG),
        id=event.id,
        agent=event.agent,
        do=event.do,
        device=device,
        deadline=event.at + CONFIRM_SECONDS[event.do],
        about=about,
        reason=event.reason or "",
        audited=event.do in SUPERVISION or event.do in RECORDING,
    )
    call.controls[control.key] = control
    state.controlled[control.key] = call.id
    state.timers.set(("control", control.key), control.deadline)
    state.dirty_calls[call.id] = None
    state.orders.append(
        Control(
            id=control.key,
            call=call.id,
            do=event.do,
            device=device,
            leg=leg,
            new_leg=control.key,
            target=target,
            digits=event.digits,
        )
    )


def _supervision(call: Call, event: e.ControlAsked) -> tuple[str, str | None, str]:
    """(supervisor's device, their listening leg, the device listened to)."""
    if event.role != "supervisor":
        raise Forbidden("Only a supervisor may do that.")
    if event.device is None:
        raise NotNow("You have no phone; a supervisor who listens needs one.")
    mine = next((leg for leg, spy in call.spies.items() if spy.by == event.device), None)
    if event.do == "stop_listening":
        if mine is None:
            raise NotNow("You are not listening to this call.")
        return event.device, mine, call.spies[mine].device
    if not (event.reason or "").strip():
        raise BadChoice("Say why: it is written to the audit.")
    if event.device in call.devices:
        raise NotNow("You are in this call yourself.")
    if not call.devices:
        raise NotNow("No agent is in this call.")
    watched = event.target if event.target in call.devices else next(iter(call.devices))
    return event.device, mine, watched


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
    del call.controls[control.key], state.controlled[control.key]
    state.timers.set(("control", control.key), None)
    state.dirty_calls[call.id] = None
    ok = why is None
    state.orders.append(
        ShowControl(
            agent=control.agent, id=control.id, call=call.id, do=control.do, ok=ok, why=why or ""
        )
    )
    if control.audited:
        state.orders.append(
            RecordAudit(
                at=at,
                by=control.agent,
                what=control.do,
                agent=control.about,
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
        if control.do == "take_over" and isinstance(event, e.CallTransferred):
            if event.to != control.device:  # handed on by the agent, to the supervisor
                continue
        elif device is not None and control.device != device:
            continue
        if _fits(call, control.do, event):
            done(state, call, control, event.at, None)


def _fits(call: Call, do: e.ControlKind, event: Any) -> bool:
    """Whether an event of the right class says that it was done."""
    match event:
        case e.MuteChanged():
            return event.muted == (do == "mute")
        case e.RecordingChanged():
            wanted = {"stop_recording": "off", "pause_recording": "paused"}.get(do, "on")
            return event.state == wanted
        case e.SpyBegan():
            return event.mode == do
        case e.ConsultEnded():
            return BY_CONSULT_END[do] in (None, event.why)
        case e.PartyJoined():
            return call.consult is not None and call.consult.leg == event.leg
    return True


def carried_out(state: State, event: e.ControlCarriedOut) -> None:
    call = state.calls.get(state.controlled.get(event.id, ""))
    if call is None:
        return
    control = call.controls[event.id]
    if e.ControlCarriedOut in CONFIRMED_BY[control.do]:
        done(state, call, control, event.at, None)


def failed(state: State, key: str, why: str, at: float) -> None:
    call = state.calls.get(state.controlled.get(key, ""))
    if call is not None:
        done(state, call, call.controls[key], at, why)


def over_time(state: State, key: str, at: float) -> None:
    call = state.calls.get(state.controlled.get(key, ""))
    if call is not None:
        seconds = CONFIRM_SECONDS[call.controls[key].do]
        failed(state, key, f"The exchange did not confirm it within {seconds:.0f} seconds.", at)


def consult_gone(state: State, call: Call, device: str, at: float) -> None:
    """The consulted party left: what needs them cannot be done any more."""
    for control in list(call.controls.values()):
        if control.device == device and control.do in NEEDS_CONSULT:
            done(state, call, control, at, "They are no longer there.")


def call_over(state: State, call: Call, at: float) -> None:
    """The call ended: nothing that was asked of it can be done any more."""
    for control in list(call.controls.values()):
        good = control.do in ("hang_up", "blind_transfer", "complete", "stop_listening")
        done(state, call, control, at, None if good else "The call is over.")
    state.timers.set(("recording", call.id), None)


def recording_goes_on(state: State, call_id: str, at: float) -> None:
    """Paused for too long: a recording that was forgotten goes on by itself, and that is noted."""
    call = state.calls.get(call_id)
    if call is None or call.recording != "paused":
        return
    # Tried again as long as it is paused: nobody else remembers.
    call.recording_resumes = at + max(state.opened.pause_limit, CONFIRM_SECONDS["resume_recording"])
    state.timers.set(("recording", call.id), call.recording_resumes)
    state.dirty_calls[call.id] = None
    if not call.devices:
        return
    legs = [(leg != call.recorded, device) for device, leg in call.devices.items()]
    device = min(legs, key=lambda one: one[0])[1]
    agent = state.by_device.get(device)
    wish = e.ControlAsked(
        at=at,
        id=f"{ENGINE}-{call.rev}",
        agent=ENGINE,
        role="agent",
        call=call.id,
        do="resume_recording",
        reason="paused longer than allowed",
    )
    begin(state, call, wish, device, call.devices[device], None, agent.id if agent else None)
