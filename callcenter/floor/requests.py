"""Callers in line who ask to be called back. Steps over ``State``.

They left the line by a key and wait to hear whether it is granted; when it is not, or nobody says
so in time, the dialplan takes them back into the line, where they have the place they had.
"""

from __future__ import annotations

from typing import Final

from . import events as e
from . import facts
from .call import Call, CallState
from .orders import RequestCallback, TellCaller
from .state import State

TOLD: Final = frozenset({"ivr", "path"})
"""Words that were said to a menu."""
LIKELY: Final = 0.5
"""A reason that is less likely than this after what they told the menu is not theirs."""


def asked(state: State, event: e.CallbackAsked) -> None:
    call = state.call(event)
    if call is None:
        return
    if call.waiting and call.queue is not None:  # that they left the line was not told
        facts.left_queue(
            state, e.CallLeftQueue(at=event.at, call=call.id, queue=call.queue, why="key")
        )
    call.leg = event.leg
    number = event.number or call.number
    if number is None:
        tell(state, call, event.queue, "number_withheld")
        return
    call.asked_back = True
    profile = call.profile if call.identity == "known" else None
    state.orders.append(
        RequestCallback(
            call=call.id,
            queue=event.queue,
            number=number,
            entered=event.number is not None,
            place=event.at if call.place is None else call.place,
            name=profile.name if profile else call.name,
            person=profile.person if profile else None,
            language=profile.language if profile else None,
            reason=told_reason(call),
            words=" ".join(one.text for one in call.words if one.source == "ivr")[:2000],
        )
    )


def told_reason(call: Call) -> str | None:
    """What they told a menu, as a reason."""
    if not call.reasons or not any(one.source in TOLD for one in call.words):
        return None
    first = call.reasons[0]
    return first.code if first.probability >= LIKELY else None


def booked(state: State, event: e.CallbackBooked) -> None:
    call = state.calls.get(event.call)
    if call is None or call.state is CallState.ENDED or not call.asked_back or call.waiting:
        return  # hung up, or back in line: the callback stands all the same
    tell(state, call, call.queue or "", None)


def denied(state: State, event: e.CallbackDenied) -> None:
    call = state.calls.get(event.call)
    if call is None or call.state is CallState.ENDED or not call.asked_back:
        return
    call.asked_back = False
    if not call.waiting:
        tell(state, call, call.queue or "", event.why)


def tell(state: State, call: Call, queue: str, why: str | None) -> None:
    """``why`` not; ``None``: it is granted."""
    state.orders.append(
        TellCaller(
            call=call.id, leg=call.leg or call.id, queue=queue, granted=why is None, why=why or ""
        )
    )
