"""Callbacks this engine holds: into the line, out of it, and how they end.

Steps over ``State``. A callback that is due is in the router's line as a call that does not exist
yet, with its place; when its turn comes an agent is reserved and the customer is dialled, once for
each attempt. What is stored comes first: every step is a new version (``attempts``).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from . import attempts, calling_times, customers, distribution, reservations, retries
from . import events as e
from .attempts import clock, drop, held_of, keep, let_go, moment
from .call import Call, CallState
from .callback import CallbackEnd, DialEnd
from .held import BEFORE, DIALLED, Held
from .orders import AskSnapshot, StopDialling
from .state import State

PAUSE: Final = 5.0
"""Seconds after which something that could not be stored is tried again."""
NO_QUEUE_AGAIN: Final = 300.0
"""Seconds after which one is due again whose queue this engine does not know (any more)."""
LOOK_AGAIN: Final = 60.0
"""Seconds between two looks at the exchange for somebody who answered and is nowhere."""


# --- in and out of the line -----------------------------------------------------------------------


def line_up(state: State, held: Held, at: float) -> None:
    """In line from now on, unless it is too early, too late, or the customer is calling us."""
    callback = held.callback
    when = moment(state, held, at)
    if when is None or when > at:
        put_back(state, held, at)
        return
    calling = next(
        (
            call
            for call in state.calls.values()
            if call.direction == "inbound" and call.state is not CallState.ENDED
            and customers.same_customer(held, call)
        ),
        None,
    )  # fmt: skip
    if calling is not None:
        customers.attach(state, held, calling)
        if calling.answered is not None and callback.made < calling.arrived:
            served(state, held, at)
        return
    queue = state.queues.get(callback.queue)
    if queue is None or queue.settings.distribution != "engine":
        put_back(state, held, at, again=at + NO_QUEUE_AGAIN)
        return
    call = attempts.begin(state, held, at)
    distribution.enter(state, call, queue, at)
    attempts.still_kept(state, held, call, at)


def put_back(state: State, held: Held, at: float, again: float | None = None) -> None:
    """It may not be called now: scheduled for the first moment (from ``again`` on) at which it
    may, or over."""
    retire(state, held, "withdrawn", at)
    callback, start = held.callback, at if again is None else again
    when = moment(state, held, start)
    version = callback.version + 1
    if when is not None:
        final = replace(callback, version=version, state="scheduled", due=when, by=None)
    else:
        hours = attempts.settings_of(state, held).hours
        why: CallbackEnd = calling_times.why_none(callback, start, hours)
        final = replace(callback, version=version, state="expired", why=why, ended=at, by=None)
    let_go(state, held, final, at)


def pause(state: State, held: Held, at: float) -> None:
    """Out of the line for a moment, with its place."""
    retire(state, held, "withdrawn", at)
    held.stage = "pause"
    clock(state, held, at + PAUSE)


def retire(state: State, held: Held, why: e.ReservationEnd, at: float) -> None:
    """Take the present attempt's call out of the line and end its reservation. A call that the
    exchange has goes on without us; any other one is gone."""
    call = state.calls.get(held.call) if held.call else None
    if call is not None:
        if call.reservation is not None:
            reservations.end(state, state.reservations[call.reservation], why, at)
        state.bereft.pop(call.id, None)
        state.outside.pop(call.id, None)
        if call.since is not None and not call.waiting:
            distribution.leave(state, call)
        attempts.discard(state, call)
    if held.call is not None:
        state.attempts.pop(held.call, None)
        held.call = None


def forget(state: State, held: Held, at: float) -> None:
    """Not this engine's any more. Whoever talks goes on talking."""
    if held.stage in DIALLED and held.call is not None:
        stop(state, held.call)
    retire(state, held, "withdrawn", at)
    drop(state, held)


def stop(state: State, call: str) -> None:
    state.orders.append(StopDialling(call=call))


def park(state: State, call: Call) -> None:
    """It stays in line, and no agent is asked: the customer's phone rings."""
    if call.since is not None:
        state.router.reserved(call.id)
        state.entered.pop(call.id, None)


# --- what follows from an event -------------------------------------------------------------------


def settle(state: State, at: float) -> None:
    """Attempts that lost their agent in this event, and those whose turn came at a wrong time."""
    while state.bereft:
        call_id = next(iter(state.bereft))
        why = state.bereft.pop(call_id)
        held, call = held_of(state, call_id), state.calls.get(call_id)
        if held is None or call is None or call.state is CallState.ENDED:
            continue
        if held.stage in ("preview", "agent"):
            keep(state, held, "due", by=None)
            held.stage = "line"
            clock(state, held, held.callback.closes)
            if why == "not_stored":
                pause(state, held, at)
        elif held.stage == "dialling" and not held.cut:
            stop(state, call_id)
            over(state, held, "agent_gone", at)
        elif held.stage in DIALLED and not call.waiting:
            park(state, call)
    while state.outside:
        call_id = next(iter(state.outside))
        del state.outside[call_id]
        held = held_of(state, call_id)
        if held is not None and held.stage == "line" and not attempts.allowed(state, held, at):
            put_back(state, held, at)


def over(state: State, held: Held, how: DialEnd, at: float) -> None:
    """The present attempt reached nobody."""
    settings = attempts.settings_of(state, held)
    retire(state, held, "caller_gone", at)
    final = retries.after(
        held.callback, how, settings.callback, state.opened.law, settings.hours, at
    )
    let_go(state, held, final, at)


def done(state: State, held: Held, why: CallbackEnd, at: float) -> None:
    retire(state, held, "withdrawn", at)
    callback = held.callback
    final = replace(callback, version=callback.version + 1, state="done", why=why, ended=at)
    let_go(state, held, final, at)


def served(state: State, held: Held, at: float) -> None:
    """The customer talks to an agent: what was promised is done."""
    if held.stage in DIALLED and held.call is not None:
        stop(state, held.call)
    done(state, held, "called_in", at)


def over_time(state: State, id: str, at: float) -> None:
    """Its window closes, or the exchange should have said by now how something went."""
    held = state.callbacks.get(id)
    if held is None:
        return
    call = state.calls.get(held.call) if held.call else None
    if held.stage == "pause":
        line_up(state, held, at)
    elif held.stage in BEFORE:
        if held.callback.state == "reserved":
            keep(state, held, "due", by=None)
        put_back(state, held, at)
    elif held.stage == "dialling":
        if not state.distributing:
            held.cut = True  # the exchange says it once we can ask
            return
        if held.call is not None:
            stop(state, held.call)
        over(state, held, "unknown", at)
    elif held.stage == "answered" and call is not None and not call.waiting:
        if held.by == "machine" and held.machine != "connect":
            stop(state, call.id)
            over(state, held, "machine", at)
            return
        if call.reservation is not None:
            reservations.end(state, state.reservations[call.reservation], "withdrawn", at)
        state.orders.append(AskSnapshot(why="who answered a callback is not in line"))
        clock(state, held, at + LOOK_AGAIN)
    elif held.stage == "ended":
        over(state, held, held.likely, at)


# --- what could not be stored ---------------------------------------------------------------------


def not_kept(state: State, id: str, at: float) -> None:
    """A version could not be stored. What waits for it is not done; what happened is stored
    later."""
    held = state.callbacks.get(id)
    if held is None:
        if id in state.let_go:
            state.timers.set(("keep", id), at + PAUSE)
        return
    call = state.calls.get(held.call) if held.call else None
    if held.stage in ("preview", "agent") and call is not None and call.reservation is not None:
        reservations.end(state, state.reservations[call.reservation], "not_stored", at)
    elif held.stage == "talking":
        state.timers.set(("keep", id), at + PAUSE)


def keep_again(state: State, id: str, at: float) -> None:
    held = state.callbacks.get(id)
    if held is not None:
        keep(state, held)
    elif id in state.let_go:
        _, final = state.let_go[id]
        attempts.let_go_again(state, replace(final, version=final.version + 1), at)
