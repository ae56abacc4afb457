"""What callers in the engine's line are told: their place and how long it will take, a promise.

Steps over ``State``.
"""

from __future__ import annotations

from typing import Final

from . import events as e
from .call import Call
from .orders import Announce, RecordPromise
from .state import State

SAYING: Final = 1.0
"""Seconds that an announcement takes at least."""


def announce(state: State, call: Call, at: float) -> None:
    """Say what the next announcement is to tell, and say it again a while later."""
    assert call.queue is not None
    assert call.leg is not None
    queue = state.queues[call.queue]
    position = state.router.position(call.id)
    estimate = state.waits.estimate(call.queue, position, state.router.free(call.id), at)
    state.orders.append(
        Announce(
            call=call.id,
            leg=call.leg,
            position=position,
            p50=estimate.p50 if estimate else None,
            p90=estimate.p90 if estimate else None,
        )
    )
    state.timers.set(("announce", call.id), at + queue.settings.announce_seconds)


def told(state: State, event: e.EstimateTold) -> None:
    """A caller heard it: that is a promise, and it will be scored."""
    call = state.call(event)
    if call is None:
        return
    if event.p90 is None:
        return
    if call.told and event.at - call.told[-1].told < SAYING:
        return  # the same one, told twice
    call.tellings += 1
    promise = RecordPromise(
        id=f"{call.id}/{state.opened.run}-{call.tellings}",  # a later run counts from 1 again
        call=call.id,
        queue=event.queue,
        told=event.at,
        position=event.position,
        p50=event.p50,
        p90=event.p90,
    )
    call.told.append(promise)
    state.orders.append(promise)
