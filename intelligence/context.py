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

AGES = ((1 * DAY, "1d"), (3 * DAY, "3d"), (7 * DAY, "7d"))
OLDER = "older"
MOST_OTHERS = 3


def context(
    identity: IdentityState, person: PersonRow | None, at: float, settled: Collection[str]
) -> tuple[str, ...]:
    """The context of a call at ``at`` by ``person`` (of whom ``identity`` says how sure we are).

    1. ``who=known``: whether the caller is known, one of several, unknown or anonymous;
    2. ``matter=order_late``: the kind of the matter that changed last (``none`` without one);
    3. ``age=3d``: how long ago that was;
    4. ``also=bill_due+case:refund``: kinds of the other matters, in alphabetical order.
    """
    who = f"who={identity}"
    if person is None or identity not in ("known", "candidates"):
        return (who,)
    matters = open_matters(person, at, settled)
    if not matters:
        return who, "matter=none"
    first, *others = matters
    kinds = sorted({other.kind for other in others if other.kind != first.kind})
    also = "+".join(kinds[:MOST_OTHERS]) or "none"
    return who, f"matter={first.kind}", f"age={age(first, at)}", f"also={also}"


def age(matter: Matter, at: float) -> str:
    return next((word for limit, word in AGES if at - matter.since <= limit), OLDER)
