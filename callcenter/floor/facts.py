"""What the exchange reports about calls: never refused, only counted.

Functions over ``State``; ``Floor`` knows which event goes to which.
"""

from __future__ import annotations

from typing import Final

from . import claims, controls, dialling, distribution, inherited, promises, reasons, reservations
from . import events as e
from .agent import AgentState, Move
from .call import Call, CallState
from .orders import StopRinging
from .queue import Counters, Queue
from .state import State

LIVELINESS: Final = (
    CallState.ARRIVED,
    CallState.QUEUED,
    CallState.OFFERED,
    CallState.HELD,
    CallState.TALKING,
)
"""When two calls turn out to be one, the livelier state is the true one."""


OFFER_ENDS: Final[dict[e.OfferEnd, e.ReservationEnd]] = {
    "no_answer": "no_answer",
    "busy": "busy",
    "congestion": "unreachable",
    "refused": "declined",
    "cancelled": "no_answer",
    "answered_elsewhere": "withdrawn",
    "unknown": "no_answer",
}
"""How a reservation ended, from how its ringing did. The engine's own cancelling comes after the
reservation is over; a ``cancelled`` that it did not ask for is the exchange's time-out."""


def arrived(state: State, event: e.CallArrived) -> None:
    known = state.calls.get(event.call)
    if known is not None and known.on_exchange == "no":
        claims.give_way(state, known, event.at)
    elif known is not None and known.on_exchange == "dialled":
        known.on_exchange = "yes"  # the leg that was ordered
        return
    elif known is not None:
        state.doubt(event)
        return
    call = Call(event.call, event.direction, event.number, event.name, event.dialled, event.at)
    state.calls[event.call] = call
    if state.before:
        inherited.goes_on(state, call)
    claims.appeared(state, call, event.at)
    if event.direction == "internal":
        call.identity = "unknown"
        call.reasons_state = call.answers_state = "not_known"
    else:
        state.identify(call)


def caller_changed(state: State, event: e.CallerChanged) -> None:
    call = state.call(event)
    if call is None:
        return
    known_as = (call.number, call.name)
    call.number, call.name = event.number, event.name
    state.dirty_calls[call.id] = None
    changed = known_as != (call.number, call.name)
    if changed and call.direction != "internal" and not call.chosen:
        state.identify(call)


def queued(state: State, event: e.CallQueued) -> None:
    call = state.moved(event)
    if call is None:
        return
    if call.called_back:
        dialling.on_the_phone(state, call)
        if event.by == "engine" and call.since is not None and not call.waiting:
            dialling.waits(state, call, event)
            return
    if event.by == "engine" and call.since is not None and call.line == event.queue:
        return  # told again; by now the floor may have moved it on to another of its queues
    if call.since is not None:  # another line, or a queue of the exchange stands in for the engine
        give_up(state, call, event.at)
    again = call.queue == event.queue and call.waiting
    if call.waiting and not again:  # its leaving was not told, or is not known to the exchange
        passed_on(state, call, event.at)
    predict = call.queue != event.queue and call.identity != "pending"
    call.queue, call.waiting = event.queue, True
    if not again:
        queue = state.queue(event.queue)
        queue.waiting[call.id] = call.queued = event.at
        queue.today.offered += not call.called_back
        state.expect(queue, event.at)
    state.dirty_calls[call.id] = None
    call.asked_back = False
    if event.by == "engine":
        call.leg, call.line = event.leg or call.id, event.queue
        distribution.enter(state, call, state.queue(event.queue), event.at)
    if predict:
        reasons.predict(state, call)


def give_up(state: State, call: Call, at: float) -> None:
    """The call is no longer in the engine's line: nobody is to be rung for it."""
    distribution.leave(state, call)
    if call.reservation is not None:
        reservations.end(state, state.reservations[call.reservation], "caller_gone", at)


def left_queue(state: State, event: e.CallLeftQueue) -> None:
    call = state.moved(event)
    if call is None:
        return
    if not call.waiting or (call.queue != event.queue and not call.engine):
        state.doubt(event)
        return
    if event.why == "overflow" and call.engine:
        # The exchange's own queue of the same name takes over: it waits on, with its place.
        give_up(state, call, event.at)
        call.state = CallState.QUEUED
        return
    left(state, call, event.at, event.why)
    if call.since is not None:
        distribution.leave(state, call)
    call.engine = False
    if event.why != "answered" and call.reservation is not None:
        reservations.end(state, state.reservations[call.reservation], "caller_gone", event.at)


def left(state: State, call: Call, at: float, why: e.QueueExit) -> None:
    """Out of the line, and counted."""
    busy = len(state.queue(call.queue or "").waiting) > 1
    queue = leave_line(state, call)
    assert call.queued is not None
    waited = max(0.0, at - call.queued)
    call.wait += waited
    promises.settle(state, call, at, why == "answered")
    today = Counters() if call.called_back else queue.today  # callbacks have their own record
    if why == "answered":
        state.waits.answered(queue.id, at, waited, busy)
        today.answered += 1
        today.wait_total += waited
        today.within_threshold += waited <= queue.threshold
    elif why == "abandoned":
        today.abandoned += 1
    else:
        today.left += 1
    state.dirty_calls[call.id] = None


def passed_on(state: State, call: Call, at: float) -> None:
    """From one line into another. The wait goes on, and so does what was promised about it."""
    queue = leave_line(state, call)
    queue.today.left += not call.called_back
    if call.queued is not None:
        call.wait += max(0.0, at - call.queued)


def leave_line(state: State, call: Call) -> Queue:
    assert call.queue is not None
    queue = state.queue(call.queue)
    queue.waiting.pop(call.id, None)
    call.waiting = False
    return queue


def offered(state: State, event: e.CallOffered) -> None:
    call = state.moved(event)
    if call is None:
        return
    call.offers[event.device] = event.leg
    if call.offered is None:
        call.offered = event.at
    if event.leg.startswith(reservations.RING_LEG) and event.leg not in state.reservations:
        # Rung by a run of the engine that is no more, or for a reservation that is over.
        state.orders.append(StopRinging(reservation=event.leg, leg=event.leg))
    agent = state.by_device.get(event.device)
    if agent is None:
        return
    if state.move(agent, Move.OFFER, event.at) and agent.state is AgentState.OFFERED:
        agent.call = call.id
    state.open_card(agent, call)
    reasons.seen(call, agent.id, event.at)


def offer_ended(state: State, event: e.OfferEnded) -> None:
    call = state.call(event)
    if call is None:
        return
    if call.offers.pop(event.device, None) is None:
        state.doubt(event)
        return
    if not call.offers:
        call.apply(event)
        state.dirty_calls[call.id] = None
    reservation = state.reservations.get(event.leg)
    if reservation is not None and not reservation.answered:
        reservations.end(state, reservation, OFFER_ENDS[event.why], event.at)
    offer_over(state, event.device, call, event.at)


def offer_over(state: State, device: str, call: Call, at: float) -> None:
    agent = state.by_device.get(device)
    if agent is None or device in call.devices:
        return
    state.close_card(agent, call.id)
    if agent.state is AgentState.OFFERED and agent.call == call.id:
        ringing = next((c for c in agent.cards if device in state.calls[c].offers), None)
        if ringing is None:
            state.move(agent, Move.OFFER_OVER, at)
        agent.call = ringing or (agent.cards[-1] if agent.cards else None)
        state.dirty_agents[agent.id] = None


def answered(state: State, event: e.CallAnswered) -> None:
    call = state.moved(event)
    if call is None:
        return
    call.offers.pop(event.device, None)
    call.devices[event.device] = event.leg
    first = call.answered is None
    if first:
        call.answered = event.at
    if event.queue is not None and call.queue is None:
        call.queue = event.queue
    state.dirty_calls[call.id] = None
    if call.waiting and (call.since is not None or call.restored):
        # Nobody told that it left the line: the engine's own, or one it left while we were away.
        left(state, call, event.at, "answered")
    if call.since is not None:
        distribution.leave(state, call)
    call.parked = None
    if call.controls:
        controls.confirm(state, call, event, event.device)
    agent = state.by_device.get(event.device)
    if call.reservation is not None:
        reservations.answered(state, call, agent, event.at)
    dialling.talks(state, call, first, event.at)
    if agent is None:
        return
    call.agent = agent.id
    if agent.reservation is not None and agent.reservation != call.reservation:
        other = state.reservations[agent.reservation]
        if not other.answered:  # they took another call meanwhile
            reservations.end(state, other, "withdrawn", event.at)
    state.move(agent, Move.ANSWER, event.at)
    if agent.call != call.id or agent.state is AgentState.TALKING:
        agent.call = call.id
    agent.calls_today += 1
    state.open_card(agent, call)
    reasons.seen(call, agent.id, event.at)


def held(state: State, event: e.CallHeld) -> None:
    call = state.calls.get(event.call)
    if call is not None:
        call.holding.add(event.device)
    hold(state, event, Move.HOLD)


def resumed(state: State, event: e.CallResumed) -> None:
    call = state.calls.get(event.call)
    if call is not None:
        call.holding.discard(event.device)
    hold(state, event, Move.RESUME)


def hold(state: State, event: e.CallHeld | e.CallResumed, move: Move) -> None:
    call = state.moved(event)
    if call is None:
        return
    state.dirty_calls[call.id] = None
    if call.controls:
        controls.confirm(state, call, event, event.device)
    agent = state.by_device.get(event.device)
    if agent is not None and agent.call == call.id:
        state.move(agent, move, event.at)


def device_left(state: State, event: e.DeviceLeft) -> None:
    call = state.call(event)
    if call is None:
        return
    if call.devices.pop(event.device, None) is None:
        state.doubt(event)
        return
    call.holding.discard(event.device)
    call.muted.discard(event.device)
    if call.controls:
        controls.confirm(state, call, event, event.device)
    if not call.devices:
        call.apply(event)
    who_talks(state, call)
    state.dirty_calls[call.id] = None
    talk_over(state, event.device, call, event.at)


def who_talks(state: State, call: Call) -> None:
    """Whoever goes on talking when somebody leaves is who talked last."""
    there = [state.by_device[device].id for device in call.devices if device in state.by_device]
    if there and call.agent not in there:
        call.agent = there[-1]


def talk_over(state: State, device: str, call: Call, at: float) -> None:
    agent = state.by_device.get(device)
    if agent is None:
        return
    if agent.call != call.id:
        if agent.id in call.noted:
            state.close_card(agent, call.id)
        return
    other = next((c for c in agent.cards if device in state.calls[c].devices), None)
    if other is not None:  # the phone is still in another call
        agent.call = other
        state.dirty_agents[agent.id] = None
        if agent.id in call.noted:
            state.close_card(agent, call.id)
        return
    state.move(agent, Move.TALK_OVER, at)
    if agent.state is AgentState.WRAPUP and agent.id in call.noted:
        state.close_card(agent, call.id)
        state.wrapped_up(agent, at)


def ended(state: State, event: e.CallEnded) -> None:
    call = state.moved(event)
    if call is None:
        return
    if call.waiting:  # the queue never said goodbye
        left(state, call, event.at, "abandoned" if event.why == "abandoned" else "unknown")
    if call.since is not None:
        distribution.leave(state, call)
    call.engine = False
    if call.reservation is not None:
        reservations.end(state, state.reservations[call.reservation], "caller_gone", event.at)
    call.ended, call.why = event.at, event.why
    if call.asked_back and call.why == "abandoned":
        call.why = "queue_left"  # they were promised a callback, and hung up
    call.holding.clear()
    controls.call_over(state, call, event.at)
    state.dirty_calls[call.id] = None
    reasons.keep_last(state, call)
    state.record(call)
    for device in list(call.offers):
        del call.offers[device]
        offer_over(state, device, call, event.at)
    for device in list(call.devices):
        del call.devices[device]
        talk_over(state, device, call, event.at)
    dialling.leg_over(state, call, event)
    state.forget(call)


def merged(state: State, event: e.CallsMerged) -> None:
    call, absorbed = state.calls.get(event.call), state.calls.get(event.absorbed)
    if call is None or absorbed is None or call is absorbed:
        state.doubt(event)
        return
    if CallState.ENDED in (call.state, absorbed.state):
        state.doubt(event)
        return
    if "no" in (call.on_exchange, absorbed.on_exchange):
        state.doubt(event)
        return
    if absorbed.since is not None:
        distribution.leave(state, absorbed)
    if absorbed.reservation is not None:
        reservations.end(state, state.reservations[absorbed.reservation], "withdrawn", event.at)
    controls.call_over(state, absorbed, event.at)
    if absorbed.waiting:
        queue, entered = leave_line(state, absorbed), absorbed.queued
        if not call.waiting and entered is not None:
            call.queue, call.waiting, call.queued = queue.id, True, entered
            queue.waiting[call.id] = entered
    call.transfers += absorbed.transfers
    call.words = call.words or absorbed.words
    call.others = absorbed.others | call.others
    call.spies = absorbed.spies | call.spies
    if call.recording == "off":
        call.recording, call.recorded = absorbed.recording, absorbed.recorded
        call.recording_resumes = absorbed.recording_resumes
        state.timers.set(("recording", call.id), call.recording_resumes)
    call.muted |= absorbed.muted
    call.holding |= absorbed.holding
    call.consult = call.consult or absorbed.consult
    call.parked = call.parked or absorbed.parked
    call.offers = absorbed.offers | call.offers
    call.devices = absorbed.devices | call.devices
    call.offered = call.offered or absorbed.offered
    call.answered = call.answered or absorbed.answered
    call.agent = call.agent or absorbed.agent
    who_talks(state, call)
    if LIVELINESS.index(absorbed.state) > LIVELINESS.index(call.state):
        call.state = absorbed.state
    call.before_offer = CallState.QUEUED if call.waiting else CallState.ARRIVED
    for agent in state.agents.values():
        if agent.call == absorbed.id:
            agent.call = call.id
            state.dirty_agents[agent.id] = None
        if absorbed.id in agent.cards:
            state.close_card(agent, absorbed.id)
            state.open_card(agent, call)
    dialling.merged(state, call, absorbed, event.at)
    del state.calls[absorbed.id]
    state.dirty_calls.pop(absorbed.id, None)
    state.dirty_calls[call.id] = None


def key_pressed(state: State, event: e.KeyPressed) -> None:
    """Kept in the journal; what a key asks for is not the floor's matter yet."""
    state.call(event)
