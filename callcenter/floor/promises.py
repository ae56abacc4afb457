"""Waits that were told to callers, and how they came out."""

from __future__ import annotations

from dataclasses import replace

from .call import Call
from .state import State


def settle(state: State, call: Call, at: float, answered: bool) -> None:
    """The wait is over, by an answer or otherwise: every promise about it is scored.

    A promise is kept when the answer came within the p90 told. A caller who gave up before the p90
    was over broke no promise of ours, and proves none kept: it is stored and not counted. What was
    told to a customer whom we called back is stored, too: the queue's figures are of callers.
    """
    for promise in call.told:
        waited = max(0.0, at - promise.told)
        assert promise.p90 is not None
        state.orders.append(replace(promise, waited=waited, answered=answered))
        if not call.called_back and (answered or waited > promise.p90):
            today = state.queue(promise.queue).today
            today.promises += 1
            today.promises_kept += answered and waited <= promise.p90
    call.told.clear()
