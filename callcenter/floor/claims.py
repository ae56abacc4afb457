"""Callbacks that this engine claimed, and those it lost. Steps over ``State``.

One that was under way in an earlier run or another engine goes on if the exchange has its leg; if
not, that attempt ended unknown: it is never dialled again under the same id.
"""

from __future__ import annotations

from dataclasses import replace

from . import attempts, reasons
from . import events as e
from .attempts import clock, held_of, keep
from .call import DIAL_LEG, Call, CallState
from .callback import HELD, WAITING
from .callbacks import done, forget, line_up, over, pause, stop
from .held import BEFORE, DIALLED, Held
from .state import State


def due(state: State, event: e.CallbackDue) -> None:
    """One that this engine has claimed."""
    callback = event.callback
    held = state.callbacks.get(callback.id)
    if held is not None:
        if callback.fence <= held.callback.fence:
            state.unexpected["CallbackDue"] += 1  # told twice
            return
        if held.stage not in BEFORE and held.call == callback.call:
            version = max(callback.version, held.callback.version)
            held.callback = replace(
                held.callback, version=version, fence=callback.fence, node=callback.node
            )
            return  # claimed again while it is under way
        forget(state, held, event.at)
    if callback.state not in HELD | WAITING:
        state.unexpected["CallbackDue"] += 1
        return
    state.let_go.pop(callback.id, None)
    state.timers.set(("keep", callback.id), None)
    held = state.callbacks[callback.id] = Held(callback, "pause")
    if callback.state in ("dialling", "talking"):
        found_under_way(state, held, event.at)
        return
    if callback.state != "due":
        keep(state, held, "due", by=None)
    line_up(state, held, event.at)


def lost(state: State, event: e.CallbackLost) -> None:
    state.let_go.pop(event.id, None)
    state.timers.set(("keep", event.id), None)
    held = state.callbacks.get(event.id)
    if held is not None:
        forget(state, held, event.at)


def found_under_way(state: State, held: Held, at: float) -> None:
    """An earlier run, or another engine, had begun to dial: does the exchange have the leg?"""
    held.call, held.stage = held.callback.call, "unsure"
    if held.call is None:
        gone(state, held, at)
        return
    state.attempts[held.call] = held.callback.id
    call = state.calls.get(held.call)
    if call is not None and call.state is not CallState.ENDED:
        adopt(state, held, call, at)
    elif state.distributing:
        gone(state, held, at)


def adopt(state: State, held: Held, call: Call, at: float) -> None:
    """The leg lives: the attempt goes on."""
    callback = held.callback
    attempts.known(state, held, call)
    call.place = callback.place
    if call.since is not None:
        waiting = state.router.waiting_call(call.id)
        state.router.wait(replace(waiting, place=callback.place))
    if callback.state == "talking" or call.answered is not None:
        held.stage = "talking"
        if callback.state != "talking":
            keep(state, held, "talking", reached=call.answered)
    elif call.waiting:
        held.stage = "answered"
    else:
        held.stage, held.cut = "dialling", not state.distributing
        rules = attempts.settings_of(state, held).callback
        clock(state, held, at + rules.dial_seconds + attempts.AMD_SECONDS + attempts.GRACE)
    if call.identity != "pending":
        reasons.predict(state, call)


def gone(state: State, held: Held, at: float) -> None:
    """The exchange does not have the leg: how that attempt went, nobody heard."""
    if held.callback.state == "talking":
        done(state, held, "talked", at)
    else:
        over(state, held, "unknown", at)


def compared(state: State, real: set[str], at: float) -> None:
    """The exchange was asked: attempts of which nothing was known are settled."""
    for held in list(state.callbacks.values()):
        if held.stage == "unsure":
            gone(state, held, at)
        elif held.cut and held.stage in DIALLED:
            held.cut = False
            if held.call in real:
                rules = attempts.settings_of(state, held).callback
                if held.stage == "dialling":
                    later = rules.dial_seconds + attempts.AMD_SECONDS + attempts.GRACE
                    clock(state, held, at + later)
            elif held.call is not None:
                stop(state, held.call)
                over(state, held, "unknown", at)


def cut(state: State) -> None:
    """The line to the exchange is lost: nobody hears what becomes of what was ordered."""
    for held in state.callbacks.values():
        if held.stage in DIALLED:
            held.cut = True


def mine(state: State, call: str) -> bool:
    """The id is one that this run gives to attempts."""
    rest = call.removeprefix(f"{DIAL_LEG}{state.opened.run}-")
    return rest != call and rest.isdigit()  # not the far half of a leg, which is named after it


def appeared(state: State, call: Call, at: float) -> None:
    """A leg of ours that no call was known of."""
    if not call.called_back:
        return
    held = held_of(state, call.id)
    if held is not None and held.stage == "unsure":
        adopt(state, held, call, at)
    elif held is None and mine(state, call.id):
        stop(state, call.id)  # that attempt is over


def give_way(state: State, call: Call, at: float) -> None:
    """The exchange has a leg of an id that nobody was dialled by: only where a part of a run is
    played again. The callback waits on under another."""
    held = held_of(state, call.id)
    if held is not None:
        if held.callback.state == "reserved":
            keep(state, held, "due", by=None)
        pause(state, held, at)
