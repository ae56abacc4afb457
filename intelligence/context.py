"""What a prediction may use, as strings, coarse to fine. Pure, and one function for training and
serving: what is stored with an outcome is what this returned when the call came.

Each string refines the ones before it; the model backs off from the last to the first. Only what is
open or happened between the person and the house is used. Never used, and not to be added: name,
sex, birth date, language, nationality, place, tier, value, consent, anything typed by agents. See
``docs/prediction.md``.
"""

from __future__ import annotations

from collections.abc import Collection

from callcenter.floor.card import IdentityState
from callcenter.ports import PersonRow

from .matters import DAY, Matter, open_matters

PRESSING = (
    "unsettled",
    "promise_broken",
    "case",
    "order_late",
    "bill_overdue",
    "order_delivered",
    "promise_open",
    "order_open",
    "bill_due",
)
"""Which of several matters comes first: what went wrong before what goes its usual way."""
AGES = ((1 * DAY, "1d"), (3 * DAY, "3d"), (7 * DAY, "7d"))
OLDER = "older"
MOST_OTHERS = 3


def context(
    identity: IdentityState, person: PersonRow | None, at: float, settled: Collection[str]
) -> tuple[str, ...]:
    """The context of a call at ``at`` by ``person`` (of whom ``identity`` says how sure we are).

    1. ``who=known``: whether the caller is known, one of several, unknown or anonymous;
    2. ``matter=order_late``: the most pressing matter (``none`` without one), of several of a kind
       the one that changed last;
    3. ``also=bill_due+case:refund``: kinds of the other matters, in alphabetical order;
    4. ``age=3d``: how long ago the pressing matter became what it is.

    Of a person about whom nothing is to be predicted, the first alone.
    """
    who = f"who={identity}"
    if person is None or not person.predict or identity not in ("known", "candidates"):
        return (who,)
    matters = open_matters(person, at, settled)
    if not matters:
        return who, "matter=none"
    first, *others = sorted(matters, key=_place)  # stable: the latest of a kind stays first
    kinds = sorted({other.kind for other in others if other.kind != first.kind})
    also = "+".join(kinds[:MOST_OTHERS]) or "none"
    return who, f"matter={first.kind}", f"also={also}", f"age={_age(first, at)}"


def _place(matter: Matter) -> int:
    return PRESSING.index(matter.kind.partition(":")[0])


def _age(matter: Matter, at: float) -> str:
    return next((word for limit, word in AGES if at - matter.since <= limit), OLDER)
