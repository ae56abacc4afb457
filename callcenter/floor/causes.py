"""How an attempt ended, from what the exchange reported of its leg. Pure."""

from __future__ import annotations

from typing import Final

from .callback import DialEnd
from .events import CallEnd, CallEnded
from .held import Held

BY_CAUSE: Final[dict[int, DialEnd]] = {
    1: "invalid",  # unallocated number
    22: "invalid",  # number changed
    28: "invalid",  # invalid number format
    17: "busy",
    18: "no_answer",  # no user responding
    19: "no_answer",  # no answer from the user
    20: "no_answer",  # subscriber absent
    27: "congestion",  # destination out of order
    34: "congestion",
    38: "congestion",
    41: "congestion",
    42: "congestion",
    44: "congestion",
    47: "congestion",
}
"""ITU-T Q.850, table 1."""
BY_WHY: Final[dict[CallEnd, DialEnd]] = {
    "no_answer": "no_answer",
    "busy": "busy",
    "congestion": "congestion",
    "lost": "unknown",
    "exchange_restarted": "unknown",
}
LIKELY: Final[dict[CallEnd, DialEnd]] = {
    "completed": "abandoned",
    "abandoned": "no_answer",
    "failed": "congestion",
    "refused": "declined",
    "queue_left": "abandoned",
}
"""How it ended should the order to dial say nothing better: it knows, for one, whether the customer
refused or the provider did."""


def cause_of(event: CallEnded, held: Held) -> tuple[DialEnd | None, DialEnd]:
    """How it ended; ``None`` where that is not clear, and then how it most likely did."""
    if held.by == "machine" or held.callback.message_left:
        return "machine", "machine"
    if event.why in ("lost", "exchange_restarted"):
        return "unknown", "unknown"
    if held.stage == "answered":
        return "abandoned", "abandoned"
    how = BY_CAUSE.get(event.cause or 0) or BY_WHY.get(event.why)
    return how, how or LIKELY.get(event.why, "unknown")
