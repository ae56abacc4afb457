"""What the exchange reports about calls, devices and queue members: never refused, only counted.

Functions over ``State``; ``Floor`` knows which event goes to which.
"""

from __future__ import annotations

from typing import Final

from . import events as e
from .agent import AgentState, Move
from .call import Call, CallState
from .queue import Queue
from .state import State

LIVELINESS: Final = (
    CallState.ARRIVED,
    CallState.QUEUED,
    CallState.OFFERED,
    CallState.HELD,
    CallState.TALKING,
)
"""When two calls turn out to be one, the livelier state is the true one."""


def arrived(state: State, event: e.CallArrived) -> None:
    if event.call in state.calls:
        state.doubt(event)
        return
    call = Call(event.call, event.direction, event.number, event.name, event.dialled, event.at)
    state.calls[event.call] = call
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
    again = call.queue == event.queue and call.waiting
    if call.waiting and not again:
        leave_line(state, call)
    predict = call.queue != event.queue and call.identity != "pending"
    call.queue, call.waiting = event.queue, True
    if not again:
        queue = state.queue(event.queue)
        queue.waiting[call.id] = call.queued = event.at
        queue.today.offered += 1
    state.dirty_calls[call.id] = None
    if predict:
        state.predict(call)


def left_queue(state: State, event: e.CallLeftQueue) -> None:
    call = state.moved(event)
    if call is None:
        return
    if not call.waiting or call.queue != event.queue:
        state.doubt(event)
        return
    queue = leave_line(state, call)
    assert call.queued is not None
    waited = max(0.0, event.at - call.queued)
    call.wait += waited
    if event.why == "answered":
        queue.today.answered += 1
        queue.today.wait_total += waited
        queue.today.within_threshold += waited <= queue.threshold
    elif event.why == "abandoned":
        queue.today.abandoned += 1
    else:
        queue.today.left += 1
    state.dirty_calls[call.id] = None


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
    agent = state.by_device.get(event.device)
    if agent is None:
        return
    if state.move(agent, Move.OFFER, event.at) and agent.state is AgentState.OFFERED:
        agent.call = call.id
    state.open_card(agent, call)


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
    if call.answered is None:
        call.answered = event.at
    if event.queue is not None and call.queue is None:
        call.queue = event.queue
    state.dirty_calls[call.id] = None
    agent = state.by_device.get(event.device)
    if agent is None:
        return
    call.agent = agent.id
    state.move(agent, Move.ANSWER, event.at)
    if agent.call != call.id or agent.state is AgentState.TALKING:
        agent.call = call.id
    agent.calls_today += 1
    state.open_card(agent, call)


def held(state: State, event: e.CallHeld) -> None:
    hold(state, event, Move.HOLD)


def resumed(state: State, event: e.CallResumed) -> None:
    hold(state, event, Move.RESUME)


def hold(state: State, event: e.CallHeld | e.CallResumed, move: Move) -> None:
    call = state.moved(event)
    if call is None:
        return
    state.dirty_calls[call.id] = None
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
    if not call.devices:
        call.apply(event)
    state.dirty_calls[call.id] = None
    talk_over(state, event.device, call, event.at)


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
        assert call.queue is not None
        assert call.queued is not None
        queue = leave_line(state, call)
        call.wait += max(0.0, event.at - call.queued)
        if event.why == "abandoned":
            queue.today.abandoned += 1
        else:
            queue.today.left += 1
    call.ended, call.why = event.at, event.why
    state.dirty_calls[call.id] = None
    state.record(call)
    for device in list(call.offers):
        del call.offers[device]
        offer_over(state, device, call, event.at)
    for device in list(call.devices):
        del call.devices[device]
        talk_over(state, device, call, event.at)
    state.forget(call)


def merged(state: State, event: e.CallsMerged) -> None:
    call, absorbed = state.calls.get(event.call), state.calls.get(event.absorbed)
    if call is None or absorbed is None or call is absorbed:
        state.doubt(event)
        return
    if CallState.ENDED in (call.state, absorbed.state):
        state.doubt(event)
        return
    if absorbed.waiting:
        queue, entered = leave_line(state, absorbed), absorbed.queued
        if not call.waiting and entered is not None:
            call.queue, call.waiting, call.queued = queue.id, True, entered
            queue.waiting[call.id] = entered
    call.offers = absorbed.offers | call.offers
    call.devices = absorbed.devices | call.devices
    call.offered = call.offered or absorbed.offered
    call.answered = call.answered or absorbed.answered
    call.agent = call.agent or absorbed.agent
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
    del state.calls[absorbed.id]
    state.dirty_calls.pop(absorbed.id, None)
    state.dirty_calls[call.id] = None


def device_changed(state: State, event: e.DeviceChanged) -> None:
    state.devices[event.device] = event.state
    agent = state.by_device.get(event.device)
    if agent is not None:
        state.dirty_agents[agent.id] = None


def member_seen(state: State, event: e.MemberSeen) -> None:
    queue = state.queues.get(event.queue) or state.queue(event.queue)
    agent = state.by_device.get(event.device)
    if event.device not in queue.members:
        state.dirty_queues[event.queue] = None
        state.memberships.setdefault(event.device, set()).add(event.queue)
        if agent is not None:
            queue.count(agent.state, +1)
    queue.members[event.device] = event.name
    if state.devices.get(event.device) != event.state:
        state.devices[event.device] = event.state
        if agent is not None:
            state.dirty_agents[agent.id] = None
    if agent is not None:
        if event.paused != state.wants_pause(agent):
            agent.paused = event.paused
            state.set_paused(agent)
    elif not event.paused and event.device in state.unmanned:
        state.pause_unmanned(event.device)


def member_gone(state: State, event: e.MemberGone) -> None:
    queue = state.queue(event.queue)
    if queue.members.pop(event.device, None) is None:
        state.doubt(event)
        return
    state.memberships[event.device].discard(event.queue)
    agent = state.by_device.get(event.device)
    if agent is not None:
        queue.count(agent.state, -1)
    state.dirty_queues[event.queue] = None


def exchange_connected(state: State, event: e.ExchangeConnected) -> None:
    state.exchange_up = True
    state.doubts = 0
    for agent in state.agents.values():
        agent.paused = None  # whoever was away does not know what the members are set to
        state.set_paused(agent)


def exchange_lost(state: State, event: e.ExchangeLost) -> None:
    state.exchange_up = False
