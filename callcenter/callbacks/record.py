"""Whether promises are kept well enough to go on making them. Pure.

Offers stop when fewer than ``poor_below`` of the last promises were kept, and begin again only when
it is clearly better (hysteresis), so that they do not flicker. While nothing is promised the record
cannot get better by itself: so what is older than a day is forgotten, and a stop ends at the latest
a day after the promises that caused it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from callcenter.floor.callback import Callback, CallbackEnd

LAST: Final = 20
"""Promises looked at."""
ENOUGH: Final = 10
"""With fewer there is no verdict."""
BETTER: Final = 0.1
"""Offers begin again where the share kept is so much above the one at which they stopped."""
FORGET: Final = 86400.0
"""Seconds after which a promise says nothing any more."""
NOT_OURS: Final[frozenset[CallbackEnd]] = frozenset(
    {"called_in", "by_customer", "by_staff", "blocked", "law", "number_invalid"}
)
"""It ended before its window was over, and not because nobody was there to call."""


def was_kept(callback: Callback) -> bool | None:
    """Whether it was first dialled within its window; ``None``: it says nothing, because it ended
    undialled for another reason, or is still open."""
    if callback.dialled is not None:
        return callback.opens <= callback.dialled <= callback.closes
    if callback.ended is None or callback.why in NOT_OURS:
        return None
    return False


def kept_lately(over: Iterable[Callback], at: float | None = None) -> tuple[bool, ...]:
    """Of callbacks that are over: which of the last ``LAST`` were kept, newest first. With ``at``
    (seconds since the epoch) only those that ended in the day before it count."""
    newest = sorted(over, key=lambda one: one.ended or 0.0, reverse=True)
    verdicts = (was_kept(one) for one in newest if at is None or (one.ended or 0.0) > at - FORGET)
    return tuple(kept for kept in verdicts if kept is not None)[:LAST]


def stop_offers(kept: Sequence[bool], was_stopped: bool, poor_below: float) -> bool:
    """``kept``: how the last promises came out, of which ``LAST`` at most count, newest first."""
    lately = kept[:LAST]
    if len(lately) < ENOUGH:
        return False
    share = sum(lately) / len(lately)
    return share < (min(poor_below + BETTER, 1.0) if was_stopped else poor_below)
