"""One attempt of a callback: its versions, the call it is made as, and the order to dial.

Steps over ``State`` that know neither line nor router; what follows from how an attempt goes is
decided in ``callbacks``. Every change is a new version, stored before it is acted on.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from . import calling_times, retries
from .call import DIAL_LEG, Call, CallState
from .callback import Callback, CallbackState
from .card import CallbackOnCard, Words
from .held import Held
from .orders import Dial, KeepCallback
from .queue import NO_SETTINGS
from .reservation import Reservation
from .rules import QueueSettings
from .state import State

GRACE: Final = 5.0
"""Seconds for storing, and for the exchange to say how something went that has its own time."""
AMD_SECONDS: Final = 10.0
"""The exchange listens so long at most to hear whether a machine answered."""
REMEMBERED: Final = 120.0
"""Seconds for which the last version of a callback that was let go is remembered."""


def held_of(state: State, call_id: str) -> Held | None:
    """The callback whose present attempt this call is."""
    callback = state.attempts.get(call_id)
    return state.callbacks.get(callback) if callback is not None else None


def settings_of(state: State, held: Held) -> QueueSettings:
    """Of the queue in which it is in line now, or is to be."""
    call = state.calls.get(held.call) if held.call else None
    name = call.queue if call is not None and call.queue is not None else held.callback.queue
    queue = state.queues.get(name)
    return queue.settings if queue is not None else NO_SETTINGS


def allowed(state: State, held: Held, at: float) -> bool:
    """Whether its number may be called now."""
    hours = settings_of(state, held).hours
    return calling_times.may_call(held.callback, at, state.opened.law, hours)


def moment(state: State, held: Held, at: float) -> float | None:
    """The first moment from ``at`` on at which its number may be called."""
    hours = settings_of(state, held).hours
    return calling_times.next_moment(held.callback, at, state.opened.law, hours)


def may(state: State, call: Call, at: float) -> bool:
    """Whether this call may be made now: of any but a callback's that is no question."""
    held = held_of(state, call.id)
    return call.on_exchange != "no" or held is None or allowed(state, held, at)


def preferred(state: State, call: Call) -> tuple[str, float] | None:
    """The agent it is kept for, and until when."""
    held = held_of(state, call.id)
    if held is None or held.callback.agent is None:
        return None
    until = held.callback.agent_until
    return held.callback.agent, held.callback.closes if until is None else until


def on_card(state: State, held: Held, open: bool) -> CallbackOnCard:
    """What the agent is shown of it. ``open``: the customer calls us meanwhile."""
    callback = held.callback
    counted = open or callback.state in ("dialling", "talking")
    return CallbackOnCard(
        id=callback.id,
        origin=callback.origin,
        made=callback.made,
        opens=callback.opens,
        closes=callback.closes,
        zone=callback.zone,
        attempt=callback.attempts if counted else callback.attempts + 1,
        last_cause=callback.causes[-1] if callback.causes else None,
        reason=callback.reason,
        first=settings_of(state, held).callback.first,
        open=open,
    )


def words_of(callback: Callback) -> tuple[Words, ...]:
    """What the prediction may use: what they wrote, and the reason they chose, which is a way
    through a menu like any other."""
    words = []
    if callback.words.strip():
        words.append(
            Words(source="callback", text=callback.words.strip()[:2000], language=callback.language)
        )
    if callback.reason:
        words.append(Words(source="path", text=callback.reason))
    return tuple(words)


# --- versions ---------------------------------------------------------------------------------


def keep(state: State, held: Held, to: CallbackState | None = None, **changes: Any) -> None:
    """A new version, stored. ``to``: its state from now on."""
    held.callback = replace(
        held.callback,
        version=held.callback.version + 1,
        state=held.callback.state if to is None else to,
        **changes,
    )
    state.orders.append(KeepCallback(callback=held.callback))


def let_go(state: State, held: Held, final: Callback, at: float) -> None:
    """Store this version and hold the callback no longer: it is over, or any engine's."""
    state.orders.append(KeepCallback(callback=final))
    drop(state, held)
    for old in [one for one, (since, _) in state.let_go.items() if since < at - REMEMBERED]:
        if state.timers.at(("keep", old)) is None:
            del state.let_go[old]
    state.let_go[final.id] = (at, final)


def let_go_again(state: State, final: Callback, at: float) -> None:
    """Its last version could not be stored: once more."""
    state.orders.append(KeepCallback(callback=final))
    state.let_go[final.id] = (at, final)


def drop(state: State, held: Held) -> None:
    """Not held any more. Its call must have been taken care of."""
    name = held.callback.id
    del state.callbacks[name]
    if held.call is not None:
        state.attempts.pop(held.call, None)
    state.timers.set(("callback", name), None)
    state.timers.set(("keep", name), None)
    inbound = state.calls.get(held.inbound) if held.inbound else None
    if inbound is not None:
        inbound.open_callbacks.discard(name)


def clock(state: State, held: Held, at: float | None) -> None:
    """When this stage is to end at the latest."""
    state.timers.set(("callback", held.callback.id), at)


# --- the call -----------------------------------------------------------------------------------


def begin(state: State, held: Held, at: float) -> Call:
    """The call as which it is in line. The exchange learns of it when it is dialled."""
    callback = held.callback
    call = Call(
        state.new_id(DIAL_LEG), "outbound", callback.number, callback.name, None, at,
        queue=callback.queue, place=callback.place, on_exchange="no",
    )  # fmt: skip
    if callback.origin != "queue" and callback.opens > callback.made:
        call.promised = callback.opens  # a time they chose
    state.calls[call.id] = call
    state.attempts[call.id] = callback.id
    held.call, held.stage = call.id, "line"
    held.by, held.cut, held.before = None, False, None
    known(state, held, call)
    call.chosen = callback.person is not None and callback.origin != "web"
    state.identify(call, callback.person)
    clock(state, held, callback.closes)
    return call


def known(state: State, held: Held, call: Call) -> None:
    """What is known of the customer from their request."""
    call.number = call.number or held.callback.number
    call.name = call.name or held.callback.name
    call.words = words_of(held.callback)
    call.callback_card = on_card(state, held, open=False)
    state.dirty_calls[call.id] = None


def keep_from(state: State, call: Call, agent: str, until: float, at: float) -> None:
    """Where the call is an attempt: this agent is not asked for the next one either."""
    for old in [
        one for one, agents in state.kept_from.items() if max(agents.values(), default=at) <= at
    ]:
        del state.kept_from[old]
    if call.id in state.attempts:
        state.kept_from.setdefault(state.attempts[call.id], {})[agent] = until


def still_kept(state: State, held: Held, call: Call, at: float) -> None:
    """Who was not there for the attempt before is not asked for this one, which is in line now."""
    if call.since is None:
        return
    for agent, until in state.kept_from.get(held.callback.id, {}).items():
        if until > at:
            state.router.keep_from(call.id, agent, until)


def discard(state: State, call: Call) -> None:
    """A call that never was, or whose end the exchange does not tell: nothing of it is recorded."""
    if call.on_exchange == "yes" or call.state is CallState.ENDED:
        return
    for agent in sorted(call.screens):
        state.close_card(state.agents[agent], call.id)
    state.calls.pop(call.id, None)
    state.missing.pop(call.id, None)
    state.dirty_calls.pop(call.id, None)


# --- asking the agent, and dialling ---------------------------------------------------------------


def reserved(state: State, call: Call, reservation: Reservation, at: float) -> bool:
    """An agent is to take it. Whether their phone is to ring now, before anybody is dialled."""
    held = state.callbacks[state.attempts[call.id]]
    rules = settings_of(state, held).callback
    keep(state, held, "reserved", by=None)
    if rules.preview_seconds > 0:
        held.stage = "preview"
        reservation.preview = True
        until(state, reservation, at + rules.preview_seconds, 0.0)
        state.keep(reservation, at)
        return False
    return asked(state, held, call, reservation, at)


def asked(state: State, held: Held, call: Call, reservation: Reservation, at: float) -> bool:
    """The agent has it before them. Whether their phone rings first; else the customer's does."""
    if settings_of(state, held).callback.first == "agent":
        held.stage = "agent"
        return True
    dial(state, held, call, reservation, at)
    return False


def until(state: State, reservation: Reservation, deadline: float, grace: float) -> None:
    """The reservation's present stage ends then; it is over when nobody says so by then."""
    reservation.deadline = deadline
    state.timers.set(("reservation", reservation.id), deadline + grace)
    state.dirty_calls[reservation.call] = None
    agent = state.agents.get(reservation.agent)
    if agent is not None and agent.reservation == reservation.id:
        agent.deadline = deadline
        state.dirty_agents[agent.id] = None


def dial(
    state: State,
    held: Held,
    call: Call,
    reservation: Reservation,
    at: float,
    agent_leg: str | None = None,
) -> None:
    """The order to dial, with the version that says so. It must be allowed now."""
    assert call.queue is not None
    settings = settings_of(state, held)
    rules, law, hours = settings.callback, state.opened.law, settings.hours
    before = held.before = held.callback
    lately = tuple(tried for tried in before.tried if tried > at - calling_times.DAY)
    held.callback = replace(
        before,
        version=before.version + 1,
        state="dialling",
        call=call.id,
        attempts=before.attempts + 1,
        tried=(*lately, at),
        dialled=at if before.dialled is None else before.dialled,
        by=None,
    )
    for other in state.callbacks.values():
        if other is not held and other.callback.number == before.number:
            tried = (*other.callback.tried, at)  # stored with its next version
            other.callback = replace(other.callback, tried=tried)
    held.machine = rules.machine
    if rules.machine == "message" and not retries.leaves_message(
        held.callback, rules, law, hours, at
    ):
        held.machine = "hang_up"
    held.stage, call.on_exchange = "dialling", "dialled"
    deadline = at + rules.dial_seconds + GRACE
    if held.machine != "connect":
        deadline += AMD_SECONDS
    clock(state, held, deadline)
    until(state, reservation, deadline, GRACE)
    state.orders.append(
        Dial(
            callback=held.callback,
            reservation=reservation.kept(state.opened.node, at),
            call=call.id,
            queue=call.queue,
            number=held.callback.number,
            seconds=rules.dial_seconds,
            caller_id=rules.caller_id,
            agent_leg=agent_leg,
            machine=held.machine,
            name=held.callback.name,
        )
    )
