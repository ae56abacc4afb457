"""What an earlier run of the engine left: calls that were open, and today's counters.

Steps over ``State``. A restart must neither count a call twice nor forget one.
"""

from __future__ import annotations

from . import events as e
from .agent import Agent, Move
from .call import Call, CallState
from .queue import Counters
from .state import State


def restored(state: State, event: e.CallRestored) -> None:
    """Remembered until the exchange has been asked."""
    state.before[event.call] = event


def goes_on(state: State, call: Call) -> None:
    """The exchange still has it: it is the same call, with its times, and waits where it waited."""
    earlier = state.before.pop(call.id, None)
    if earlier is None:
        return
    call.restored = True
    call.arrived, call.wait = earlier.arrived, earlier.wait
    call.number = call.number or earlier.number
    call.name = call.name or earlier.name
    call.dialled = call.dialled or earlier.dialled
    call.answered, call.agent = earlier.answered, earlier.agent
    call.transfers, call.place = earlier.transfers, earlier.place
    if earlier.queue is not None:
        call.queue = earlier.queue
    if earlier.queue is not None and earlier.queued is not None:
        call.state, call.waiting, call.queued = CallState.QUEUED, True, earlier.queued
        state.queue(earlier.queue).waiting[call.id] = earlier.queued


def lost(state: State, at: float) -> None:
    """The exchange has been asked: what it does not have ended while nobody listened. When is not
    known; it is recorded with the last moment at which it was seen. Whoever talked wraps up."""
    for earlier in state.before.values():
        call = Call(
            earlier.call, earlier.direction, earlier.number, earlier.name, earlier.dialled,
            earlier.arrived, state=CallState.ENDED, queue=earlier.queue, wait=earlier.wait,
            answered=earlier.answered, agent=earlier.agent, transfers=earlier.transfers,
            ended=earlier.seen, why="lost",
        )  # fmt: skip
        if earlier.queue is not None and earlier.queued is not None:
            call.wait += max(0.0, earlier.seen - earlier.queued)
            state.queue(earlier.queue).today.left += not call.called_back  # they were not offered
        state.record(call)
        for device in earlier.devices:
            agent = state.by_device.get(device)
            if agent is not None and state.move(agent, Move.RESTORE, at):
                wrap_up(state, agent, call)
    state.before.clear()


def wrap_up(state: State, agent: Agent, call: Call) -> None:
    """The card of a call that is over and that this run never had; of two agents who talked to
    each other each has it."""
    agent.call = call.id
    known = call.id in state.calls
    call = state.calls.setdefault(call.id, call)
    state.open_card(agent, call)
    if known:
        return
    if call.direction == "internal":
        call.identity = "unknown"
        call.reasons_state = call.answers_state = "not_known"
    else:
        state.identify(call)


def as_now(call: Call, seen: float, at: float) -> e.CallRestored:
    """What a later run must know about a call that was open at ``seen``."""
    return e.CallRestored(
        at=at,
        call=call.id,
        seen=seen,
        direction=call.direction,
        number=call.number,
        name=call.name,
        dialled=call.dialled,
        arrived=call.arrived,
        queue=call.queue,
        queued=call.queued if call.waiting else None,
        place=call.place,
        wait=call.wait,
        answered=call.answered,
        agent=call.agent,
        transfers=call.transfers,
        devices=tuple(call.devices),
    )


def counted(state: State, at: float) -> e.CountersNoted:
    """Today's counters, for the journal."""
    return e.CountersNoted(
        at=at,
        queues=tuple(
            e.QueueCount(
                queue=queue.id,
                offered=queue.today.offered,
                answered=queue.today.answered,
                abandoned=queue.today.abandoned,
                left=queue.today.left,
                within_threshold=queue.today.within_threshold,
                wait_total=queue.today.wait_total,
                promises=queue.today.promises,
                promises_kept=queue.today.promises_kept,
            )
            for queue in state.queues.values()
        ),
    )


def noted(state: State, event: e.CountersNoted) -> None:
    """The counters are these. While the engine runs they are so already."""
    for one in event.queues:
        counters = Counters(
            offered=one.offered,
            answered=one.answered,
            abandoned=one.abandoned,
            left=one.left,
            within_threshold=one.within_threshold,
            wait_total=one.wait_total,
            promises=one.promises,
            promises_kept=one.promises_kept,
        )
        queue = state.queues.get(one.queue) or state.queue(one.queue)
        if queue.today != counters:
            queue.today = counters
            state.dirty_queues[queue.id] = None
