"""An attempt from the agent's yes to the talk. Steps over ``State``.

Whose phone rings first is the queue's rule; in either case an agent is reserved before anybody is
dialled. What the exchange does not tell in time ends by a deadline, so that nobody stays reserved.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from . import attempts, claims, customers, distribution, reservations
from . import events as e
from .attempts import clock, drop, held_of, keep, let_go, moment
from .call import Call, CallState
from .callbacks import done, line_up, over, pause, put_back, retire, served, stop
from .causes import cause_of
from .errors import BadChoice, NotNow
from .held import BEFORE, DIALLED, Held
from .reservation import Reservation
from .state import State

OUTSIDE_AGAIN: Final = 30.0
"""Seconds after which a callback is due again that the store's clock did not allow."""
TELL_SECONDS: Final = 2.0
"""A leg has ended, and how is not clear: whoever ordered it hears better in a moment."""
ENTER_SECONDS: Final = 10.0
"""Whoever answered is in line, or talks, within so many seconds."""
MESSAGE_SECONDS: Final = 120.0
"""Our message is told to a machine within this."""
MOST_SNOOZE: Final = 86400.0


# --- the agent ------------------------------------------------------------------------------------


def accepted(state: State, reservation: Reservation, at: float) -> bool:
    """The agent says yes to a callback. Whether that is all there is to it: a customer who waits
    on the phone is put through like any other."""
    held, call = held_of(state, reservation.call), state.calls.get(reservation.call)
    if held is None or call is None or call.waiting:
        return False
    if held.stage == "preview" and not attempts.allowed(state, held, at):
        keep(state, held, "due", by=None)
        put_back(state, held, at)
        return True
    reservation.preview = False
    reservation.move("accepted", reservation.deadline)
    state.keep(reservation, at)
    state.dirty_calls[call.id] = None
    if held.stage == "preview" and attempts.asked(state, held, call, reservation, at):
        reservations.ring(state, call, reservation, at, alone=True)
    return True


def snooze(state: State, reservation: Reservation, seconds: float, at: float) -> None:
    """A wish: later by so many seconds, in time and in line."""
    held = held_of(state, reservation.call)
    if held is None or held.stage != "preview":
        raise NotNow("Only a callback that waits for your yes can be put off.")
    if not 0 < seconds <= MOST_SNOOZE:
        raise BadChoice(f"A callback can be put off by 1 to {MOST_SNOOZE:.0f} seconds.")
    when = moment(state, held, at + seconds)
    if when is None:
        raise BadChoice("So late it may not be called any more.")
    retire(state, held, "withdrawn", at)
    callback = held.callback
    final = replace(
        callback, version=callback.version + 1, state="scheduled", due=when,
        place=callback.place + seconds, by=reservation.agent,
    )  # fmt: skip
    let_go(state, held, final, at)


def agent_on_line(state: State, event: e.AgentOnLine) -> None:
    reservation = state.reservations.get(event.reservation)
    held = held_of(state, reservation.call) if reservation is not None else None
    if reservation is None or held is None or held.stage != "agent":
        state.unexpected["AgentOnLine"] += 1  # the reservation is over; its leg is being ended
        return
    if not attempts.allowed(state, held, event.at):
        keep(state, held, "due", by=None)
        put_back(state, held, event.at)
        return
    if reservation.state == "pending":
        reservation.move("accepted", reservation.deadline)
    call = state.calls[reservation.call]
    attempts.dial(state, held, call, reservation, event.at, agent_leg=reservation.leg)


def agent_off_line(state: State, event: e.AgentOffLine) -> None:
    """The leg is named after the reservation. They hung up: not asked again at once."""
    reservation = state.reservations.get(event.leg)
    if reservation is not None and not reservation.answered:
        reservations.end(state, reservation, "declined", event.at, "hung up")


# --- the customer ---------------------------------------------------------------------------------


def customer_answered(state: State, event: e.CustomerAnswered) -> None:
    held, call = held_of(state, event.call), state.calls.get(event.call)
    if held is None and call is None and claims.mine(state, event.call):
        stop(state, event.call)  # that attempt is over
    if held is None or call is None or held.stage != "dialling":
        state.unexpected["CustomerAnswered"] += 1
        return
    call.on_exchange, held.stage, held.by = "yes", "answered", event.by
    state.dirty_calls[call.id] = None
    if event.by == "machine" and held.machine != "connect":
        clock(state, held, event.at + MESSAGE_SECONDS)
        if call.reservation is not None:  # nobody for an agent to talk to
            reservations.end(state, state.reservations[call.reservation], "withdrawn", event.at)
        return
    clock(state, held, event.at + ENTER_SECONDS)
    if call.reservation is not None:
        reservation = state.reservations[call.reservation]
        later = event.at + ENTER_SECONDS
        attempts.until(state, reservation, later, attempts.GRACE)


def message_left(state: State, event: e.MessageLeft) -> None:
    held = held_of(state, event.call)
    if held is None or held.stage == "talking":
        state.unexpected["MessageLeft"] += 1
        return
    held.callback = replace(held.callback, message_left=True)  # stored with how it ended
    if held.stage == "ended":
        over(state, held, "machine", event.at)


def dial_failed(state: State, event: e.DialFailed) -> None:
    held, call = held_of(state, event.call), state.calls.get(event.call)
    if held is None and claims.mine(state, event.call):
        return  # the end of its leg has told it, or it was taken back
    under_way = held is not None and held.stage in DIALLED | {"ended"}
    if held is None or not under_way or (call is not None and call.waiting):
        state.unexpected["DialFailed"] += 1
        return
    if event.why == "lost":
        retire(state, held, "withdrawn", event.at)
        drop(state, held)
    elif event.why == "outside" or event.why == "not_stored":
        not_dialled(state, held, event.why == "outside", event.at)
    elif event.why == "machine" and held.machine == "message" and telling(held, call):
        retire_agent(state, held, event.at)
        held.stage, held.likely = "ended", "machine"
        clock(state, held, event.at + MESSAGE_SECONDS)
    else:
        over(state, held, event.why, event.at)


def telling(held: Held, call: Call | None) -> bool:
    """Our message is being told to a machine."""
    live = call is not None and call.state is not CallState.ENDED
    return live and not held.callback.message_left and held.stage != "ended"


def retire_agent(state: State, held: Held, at: float) -> None:
    """Nobody is needed for this attempt any more; its leg goes on."""
    call = state.calls[held.call or ""]
    if call.reservation is not None:
        reservations.end(state, state.reservations[call.reservation], "caller_gone", at)
    state.bereft.pop(call.id, None)
    if call.since is not None:
        distribution.leave(state, call)


def not_dialled(state: State, held: Held, outside: bool, at: float) -> None:
    """Nobody's phone rang: the attempt does not count, and its id is not used again."""
    if held.stage != "dialling" or held.before is None:
        state.unexpected["DialFailed"] += 1
        return
    retire(state, held, "withdrawn" if outside else "not_stored", at)
    held.callback = replace(held.before, version=held.callback.version)
    held.before = None
    if outside:
        put_back(state, held, at, again=at + OUTSIDE_AGAIN)
    else:
        keep(state, held, "due", by=None)
        pause(state, held, at)


# --- what the exchange reports of the leg ---------------------------------------------------------


def on_the_phone(state: State, call: Call) -> None:
    """The customer's leg came into a line."""
    held = held_of(state, call.id)
    if held is not None and held.stage in DIALLED:
        held.stage, held.cut = "answered", False
        clock(state, held, None)


def waits(state: State, call: Call, event: e.CallQueued) -> None:
    """Who was called waits for the agent now."""
    if call.reservation is not None:
        reservation = state.reservations[call.reservation]
        if reservation.alone:  # their phone was answered before, and is not there any more
            reservations.end(state, reservation, "agent_gone", event.at)
    distribution.answers_in_line(state, call, event.leg or call.id, event.queue, event.at)


def talks(state: State, call: Call, first: bool, at: float) -> None:
    """A call was answered by an agent."""
    if first:
        for one in sorted(call.open_callbacks):
            if state.callbacks[one].stage != "talking":  # else they talk by both; it is done so
                served(state, state.callbacks[one], at)
    held = held_of(state, call.id)
    if held is not None and held.stage in DIALLED:
        held.stage, held.cut = "talking", False
        keep(state, held, "talking", reached=at)
        clock(state, held, None)


def leg_over(state: State, call: Call, event: e.CallEnded) -> None:
    """A call ended: one of ours, or that of a customer who has one open."""
    held = held_of(state, call.id)
    if held is not None and held.stage == "talking":
        done(state, held, "talked", event.at)
    elif held is not None and held.stage == "ended":
        over(state, held, held.likely, event.at)
    elif held is not None:
        how, likely = cause_of(event, held)
        if how is not None:
            over(state, held, how, event.at)
        else:
            held.stage, held.likely = "ended", likely
            clock(state, held, event.at + TELL_SECONDS)
    calls_no_more(state, call, event.at)


def merged(state: State, call: Call, absorbed: Call, at: float) -> None:
    """What was known of the absorbed call is the other's now."""
    held = held_of(state, absorbed.id)
    if held is not None and call.id not in state.attempts:
        del state.attempts[absorbed.id]
        state.attempts[call.id], held.call = held.callback.id, call.id
        call.callback_card = call.callback_card or absorbed.callback_card
    elif held is not None:
        over(state, held, "abandoned", at)
    held = held_of(state, call.id)
    if held is not None and held.stage in DIALLED and (call.devices or call.answered is not None):
        talks(state, call, False, at)
    for one in sorted(absorbed.open_callbacks):
        state.callbacks[one].inbound = call.id
    call.open_callbacks |= absorbed.open_callbacks
    absorbed.open_callbacks = set()


# --- the customer calls us ------------------------------------------------------------------------


def called_in(state: State, call: Call, at: float) -> None:
    """It is known by now who calls us: is that somebody whom we were to call?"""
    if call.direction != "inbound" or call.state is CallState.ENDED:
        return
    if call.answered is not None:
        return
    for held in list(state.callbacks.values()):
        if held.inbound is None and held.stage != "talking" and customers.same_customer(held, call):
            if held.stage in BEFORE:
                reserved = held.callback.state == "reserved"
                retire(state, held, "withdrawn", at)
                if reserved:
                    keep(state, held, "due", by=None)
            customers.attach(state, held, call)


def calls_no_more(state: State, call: Call, at: float) -> None:
    """They gave up, or had called about something else: the callback goes on with its place."""
    for one in sorted(call.open_callbacks):
        held = state.callbacks[one]
        held.inbound = None
        if held.stage == "aside":
            line_up(state, held, at)
    call.open_callbacks.clear()
