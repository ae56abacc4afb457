"""What must be true of an engine beyond the floor's own invariants. Reads only, pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from callcenter.codec import decode_event, encode
from callcenter.floor.agent import AgentState
from callcenter.floor.errors import FloorError
from callcenter.floor.events import Event
from callcenter.floor.floor import Floor
from callcenter.floor.orders import KeepReservation, Order
from callcenter.floor.routing import Waiting
from callcenter.floor.state import State


def idle(state: State, now: float) -> Iterator[str]:
    """Calls that wait though somebody who may take them is ready, and is not for a call before.

    A call whose caller is being looked up may wait a moment for that; it has a timer then.
    """
    if not state.distributing:
        return
    if not any(agent.state is AgentState.READY for agent in state.agents.values()):
        return
    for queue in state.queues.values():
        for call_id in queue.waiting:
            call = state.calls[call_id]
            if call.since is None or call.reservation is not None:
                continue
            if state.timers.at(("mind", call_id)) is not None:
                continue
            decision = state.router.explain(call_id, now)
            if decision.agent is not None:
                yield f"at {now:.3f}: {call_id} waits in {queue.id}, {decision.agent} is ready"


def overtaken(state: State, kept: KeepReservation, now: float) -> Iterator[str]:
    """Who came before the call that is given to this agent now, stands in the same line, called us
    or is to be called, might have got the agent as well, and waits on.

    Only among equals: nothing is known of either that makes it count for more or keeps it for, or
    from, anybody.
    """
    queue = state.queues.get(kept.queue or "")
    if queue is None or queue.settings.steps or not state.router.knows(kept.call):
        return
    mine = state.router.waiting_call(kept.call)
    if not _plain(mine):
        return
    for other in state.router.waiting(queue.id):
        theirs, call = state.router.waiting_call(other), state.calls[other]
        if theirs.place >= mine.place or theirs.credit != mine.credit or not _plain(theirs):
            continue
        if call.reservation is not None or theirs.kept_from.get(kept.agent, 0.0) > now:
            continue
        held = state.callbacks.get(state.attempts.get(other, ""))
        if held is not None and held.stage != "line" and not call.waiting:
            continue  # their phone rings
        if state.timers.at(("mind", other)) is None:
            yield f"at {now:.3f}: {kept.call} gets {kept.agent}; {other} came before"


def _plain(waiting: Waiting) -> bool:
    return waiting.promised is None and waiting.preferred is None and waiting.want is None


def told_differently(
    journal: Sequence[tuple[Event, tuple[Order, ...] | None]], *, written: bool
) -> str | None:
    """Where the same events make a fresh floor say something else; in words.

    ``written``: the events go through what the journal is on disk.
    """
    floor = Floor()
    for n, (event, orders) in enumerate(journal):
        try:
            again = tuple(floor.receive(decode_event(encode(event)) if written else event))
        except FloorError:
            again = None
        if again != orders:
            return f"event {n}, {event}, said {_first(orders, again)} when played again"
    return None


def _first(orders: Iterable[Order] | None, again: Iterable[Order] | None) -> str:
    if orders is None or again is None:
        return f"{again} instead of {orders}"
    for one, other in zip(orders, again, strict=False):
        if one != other:
            return f"{other} instead of {one}"
    return "more or less"
