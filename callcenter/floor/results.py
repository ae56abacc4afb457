"""What came of orders. An answer to an older question, or about a call that is over, is dropped."""

from __future__ import annotations

from . import callbacks, controls, dialling, distribution, reasons, requests, reservations
from . import events as e
from .call import CallState
from .state import State


def identified(state: State, event: e.CallerIdentified) -> None:
    call = state.calls.get(event.call)
    if call is None or event.ask != call.asked:
        return  # the call is over, or a newer question is under way
    call.identity = event.identity
    if event.candidates or not call.chosen:
        call.candidates = event.candidates
    call.profile, call.context = event.profile, event.context
    call.features, call.causes = event.features, event.causes
    state.dirty_calls[call.id] = None
    reasons.predict(state, call)
    distribution.learned(state, call, event.at)
    dialling.called_in(state, call, event.at)


def outcome_stored(state: State, event: e.OutcomeStored) -> None:
    """The same person may be calling again already: their card gets what was just noted."""
    if event.person is None:
        return
    for call in state.calls.values():
        profile = call.profile
        if call.id == event.call or call.state is CallState.ENDED or profile is None:
            continue
        if profile.person == event.person:
            state.identify(call, profile.person if call.chosen else None)


def ring_failed(state: State, event: e.RingFailed) -> None:
    """The ringing came to nothing. Often the exchange has said so already, leg by leg."""
    reservation = state.reservations.get(event.reservation)
    if reservation is not None and not reservation.answered:
        reservations.end(state, reservation, event.why, event.at, event.detail)


def order_failed(state: State, event: e.OrderFailed) -> None:
    if event.order == "Control" and event.id is not None:
        controls.failed(state, event.id, event.why, event.at)
    call = state.calls.get(event.call) if event.call else None
    if event.order == "KeepCallback" and event.id is not None:
        callbacks.not_kept(state, event.id, event.at)
    if event.order == "SetPaused" and event.device in state.by_device:
        state.by_device[event.device].paused = None  # told again with the next change
    if call is None:
        return
    if event.order == "Identify" and event.ask == call.asked:
        call.identity = "failed"
        reasons.predict(state, call)
        distribution.learned(state, call, event.at)
        dialling.called_in(state, call, event.at)
    elif event.order == "RequestCallback":
        requests.denied(state, e.CallbackDenied(at=event.at, call=call.id, why="store"))
    elif event.order == "Predict" and event.ask == call.predict_ask:
        call.reasons_state = call.answers_state = "failed"
        distribution.learned(state, call, event.at)
    elif event.order == "SendAway" and call.waiting and call.leg is not None:
        distribution.not_sent_away(state, call, event.at)
    elif event.order == "FindAnswers" and event.ask == call.answers_ask:
        call.answers_state = "failed"
    state.dirty_calls[call.id] = None
