"""What must be true of the floor at any moment. Reads only; a broken one is a defect, and shown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from .agent import AgentState
from .call import CallState
from .held import BEFORE, DIALLED, WITH_CALL
from .state import State

LATE: Final = 5.0
"""Seconds by which a deadline may be past before it counts as missed."""

IN_CALL: Final = frozenset({AgentState.OFFERED, AgentState.TALKING, AgentState.HELD})


def broken(state: State, now: float) -> list[str]:
    """Every invariant that does not hold, in words; empty when all is well."""
    return [
        *_agents(state),
        *_reservations(state, now),
        *_calls(state),
        *_queues(state, now),
        *_callbacks(state, now),
    ]


def _agents(state: State) -> Iterator[str]:
    for agent in state.agents.values():
        name = f"agent {agent.id} ({agent.state.value})"
        if state.by_device.get(agent.device) is not agent:
            yield f"{name}: device {agent.device} is not theirs"
        if agent.state in IN_CALL or agent.state is AgentState.RESERVED:
            call = state.calls.get(agent.call or "")
            if call is None or call.state is CallState.ENDED:
                yield f"{name} is in call {agent.call}, which does not exist"
            elif agent.state in (AgentState.TALKING, AgentState.HELD):
                if agent.device not in call.devices:
                    yield f"{name} is not a party of call {call.id}"
            elif agent.state is AgentState.OFFERED and agent.device not in call.offers:
                yield f"{name} is not being rung for call {call.id}"
        if agent.state is AgentState.RESERVED and agent.reservation is None:
            yield f"{name} has no reservation"
        if agent.reservation is not None and agent.reservation not in state.reservations:
            yield f"{name} has reservation {agent.reservation}, which is not live"
        timed = state.opened.wrapup_seconds is not None
        if agent.state is AgentState.WRAPUP and timed and agent.deadline is None:
            yield f"{name} has no end of wrap-up"
        for call_id in agent.cards:
            if call_id not in state.calls:
                yield f"{name} is shown call {call_id}, which is forgotten"


def _reservations(state: State, now: float) -> Iterator[str]:
    seen: set[str] = set()
    for reservation in state.reservations.values():
        name = f"reservation {reservation.id} ({reservation.state})"
        if not reservation.live:
            yield f"{name} is over and still kept"
        if reservation.agent in seen:
            yield f"{name}: agent {reservation.agent} has two"
        seen.add(reservation.agent)
        agent = state.agents.get(reservation.agent)
        if agent is None or agent.reservation != reservation.id:
            yield f"{name}: agent {reservation.agent} does not know of it"
        if reservation.answered:
            continue
        due = state.timers.at(("reservation", reservation.id))
        if due is None or due < now - LATE:
            yield f"{name} is past its deadline"
        call = state.calls.get(reservation.call)
        if call is None or call.state is CallState.ENDED:
            yield f"{name} is for call {reservation.call}, which does not exist"
        elif call.reservation != reservation.id:
            yield f"{name}: call {call.id} does not know of it"


def _calls(state: State) -> Iterator[str]:
    for call in state.calls.values():
        name = f"call {call.id} ({call.state.value})"
        if call.state is CallState.ENDED:
            if not call.screens:
                yield f"{name} is over and on no screen"
            continue
        if call.waiting and call.id not in state.queues[call.queue or ""].waiting:
            yield f"{name} waits in {call.queue}, which does not know of it"
        in_line = call.since is not None and (call.waiting or call.called_back)
        if call.since is not None and in_line != state.router.knows(call.id):
            yield f"{name} is in the engine's line and the router disagrees"
        if call.reservation is not None and call.reservation not in state.reservations:
            yield f"{name} has reservation {call.reservation}, which is not live"
        for control in call.controls:
            if state.timers.at(("control", control)) is None:
                yield f"{name}: control {control} has no deadline"


def _queues(state: State, now: float) -> Iterator[str]:
    for queue in state.queues.values():
        for call_id in queue.callbacks:
            call = state.calls.get(call_id)
            if call is None or call.waiting or call.since is None or call.queue != queue.id:
                yield f"queue {queue.id}: {call_id} is not in line to be called back"
        for call_id in queue.waiting:
            call = state.calls.get(call_id)
            if call is None or not call.waiting or call.queue != queue.id:
                yield f"queue {queue.id}: call {call_id} does not wait in it"
        real: dict[AgentState, int] = {}
        for device in queue.members:
            agent = state.by_device.get(device)
            if agent is not None:
                real[agent.state] = real.get(agent.state, 0) + 1
        if real != {one: count for one, count in queue.states.items() if count}:
            yield f"queue {queue.id} counts {queue.states} agents, there are {real}"
    due = state.timers.next()
    if due is not None and due < now - LATE:
        yield f"the deadline at {due:.1f} is past"


def _callbacks(state: State, now: float) -> Iterator[str]:
    """One attempt at a time, one call an attempt, and none without an end in sight."""
    calls: dict[str, str] = {}
    for held in state.callbacks.values():
        callback = held.callback
        name = f"callback {callback.id} ({held.stage}, {callback.state})"
        if held.call is not None:
            if held.call in calls:
                yield f"{name}: call {held.call} is also that of {calls[held.call]}"
            calls[held.call] = callback.id
            if state.attempts.get(held.call) != callback.id:
                yield f"{name}: call {held.call} does not know of it"
        call = state.calls.get(held.call) if held.call else None
        if held.stage in WITH_CALL and (call is None or call.state is CallState.ENDED):
            yield f"{name}: there is no call {held.call}"
        if call is not None and held.stage in ("line", "preview", "agent"):
            if call.on_exchange != "no" or call.since is None:
                yield f"{name}: call {call.id} is no call to be made"
            if (call.reservation is None) != (held.stage == "line"):
                yield f"{name}: reservation {call.reservation}"
        if held.stage in DIALLED or held.stage == "talking":
            if callback.state not in ("dialling", "talking"):
                yield f"{name} is being dialled, and no version says so"
        elif held.stage in BEFORE and callback.state not in ("due", "reserved"):
            yield f"{name} is not being dialled, and a version says so"
        due = state.timers.at(("callback", callback.id))
        timed = held.stage in ("line", "pause", "preview", "agent", "ended")
        timed |= held.stage == "dialling" and not held.cut
        if timed and (due is None or due < now - LATE):
            yield f"{name} is past its deadline"
        if held.stage == "aside":
            inbound = state.calls.get(held.inbound or "")
            if inbound is None or callback.id not in inbound.open_callbacks:
                yield f"{name}: nobody calls us about it"
    for call_id, callback_id in state.attempts.items():
        if calls.get(call_id) != callback_id:
            yield f"call {call_id} is an attempt of {callback_id}, which does not know of it"
    for call in state.calls.values():
        if call.on_exchange == "no" and call.id not in state.attempts:
            yield f"call {call.id} is to be made for nobody"
