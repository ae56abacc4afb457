"""How a call ended, from what was seen of it: dial status, Q.850 causes, who asked for its end.

Pure. It must not change anything.
"""

from __future__ import annotations

from callcenter.floor.events import CallEnd
from telephony.calls import Call

CAUSES: dict[int, CallEnd] = {
    17: "busy",
    18: "no_answer",
    19: "no_answer",
    21: "refused",
    34: "congestion",
    38: "congestion",
    42: "congestion",
    44: "congestion",
}
"""Q.850 causes (ITU-T Q.850, 2.2.7) of a call that nobody answered."""

NO_SUCH_NUMBER = frozenset({1, 22, 28})
"""Causes of a number that is not allocated, was changed, or is not complete."""

# Without a word about why: the exchange or the network cleared it in the ordinary way.
_PLAIN_CAUSES = frozenset({None, 0, 16, 26, 31, 127})


def outcome(call: Call) -> CallEnd:
    """How a call ended, once its last leg is gone."""
    if call.talked:
        return "completed"
    if call.result is not None:
        return call.result
    if call.cause in CAUSES:
        return CAUSES[call.cause]
    if call.caller is not None and call.caller.hung_up:
        return "abandoned"
    return "no_answer" if call.cause in _PLAIN_CAUSES else "failed"


def call_end(status: str, cause: int | None) -> CallEnd | None:
    """What a dial that nobody answered makes of its call; ``None`` when it was called off."""
    if status in ("CANCEL", "ABORT", "CONTINUE"):
        return None
    if cause == 21:
        return "refused"
    if cause in NO_SUCH_NUMBER:
        return "failed"
    if status == "BUSY" or cause == 17:
        return "busy"
    if status == "NOANSWER":
        return "no_answer"
    return "congestion" if status == "CONGESTION" else "failed"
