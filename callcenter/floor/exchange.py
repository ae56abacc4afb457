"""What the exchange reports about itself, its devices and its queues' members: never refused.

Functions over ``State``; ``Floor`` knows which event goes to which.
"""

from __future__ import annotations

from . import claims, controls, distribution, facts, inherited, reservations
from . import events as e
from .agent import AgentState, Move
from .call import CallState
from .state import GONE, State


def device_changed(state: State, event: e.DeviceChanged) -> None:
    device_is(state, event.device, event.state, event.at)


def device_is(state: State, device: str, condition: e.DeviceState, at: float) -> None:
    """A phone that cannot be rung makes its agent unreachable, until it can be rung again."""
    state.devices[device] = condition
    agent = state.by_device.get(device)
    if agent is None:
        return
    state.dirty_agents[agent.id] = None
    if condition in GONE and agent.state is AgentState.READY:
        state.move(agent, Move.LOSE_PHONE, at)
    elif condition not in GONE and agent.state is AgentState.UNREACHABLE:
        state.move(agent, Move.FIND_PHONE, at)


def member_seen(state: State, event: e.MemberSeen) -> None:
    queue = state.queues.get(event.queue) or state.queue(event.queue)
    agent = state.by_device.get(event.device)
    if event.device not in queue.members:
        state.dirty_queues[event.queue] = None
        state.memberships.setdefault(event.device, set()).add(event.queue)
        if agent is not None:
            queue.count(agent.state, +1)
            state.member_of(agent)
    queue.members[event.device] = event.name
    if state.devices.get(event.device) != event.state:
        device_is(state, event.device, event.state, event.at)
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
        state.member_of(agent)
    state.dirty_queues[event.queue] = None


def compared(state: State, event: e.SnapshotCompared) -> None:
    """What the exchange really has: a call that it does not show, twice, is over."""
    real = set(event.calls)
    for call in list(state.calls.values()):
        if call.state is CallState.ENDED or call.id in real or call.on_exchange == "no":
            state.missing.pop(call.id, None)
            continue
        state.missing[call.id] = state.missing.get(call.id, 0) + 1
        if state.missing[call.id] > 1:
            state.unexpected["call_without_end"] += 1
            facts.ended(state, e.CallEnded(at=event.at, call=call.id, why="lost"))
            state.missing.pop(call.id, None)
    if state.before:
        inherited.lost(state, event.at)
    if not state.distributing:
        distribution.begin(state, event.at)
        for agent in state.agents.values():
            if agent.state is AgentState.READY:
                state.freed[agent.id] = None
    if state.callbacks:
        claims.compared(state, real, event.at)


def connected(state: State, event: e.ExchangeConnected) -> None:
    state.exchange_up = True
    state.doubts = 0
    for agent in state.agents.values():
        agent.paused = None  # whoever was away does not know what the members are set to
        state.set_paused(agent)


def lost(state: State, event: e.ExchangeLost) -> None:
    """Nobody knows how a ringing goes on; whoever is answered meanwhile shows in the snapshot."""
    state.exchange_up = state.distributing = False
    claims.cut(state)
    for reservation in list(state.reservations.values()):
        if not reservation.answered:
            reservations.end(state, reservation, "exchange_lost", event.at)
    for call_id in list(state.controlled.values()):
        call = state.calls[call_id]
        for control in list(call.controls.values()):
            controls.done(state, call, control, event.at, "The line to the exchange was lost.")
