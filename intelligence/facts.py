"""Named numbers of one call read back as facts that may make somebody call: what, how old, which
reason it names, and with what the person was helped since. Pure. See ``features`` and ``rates``."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import Final

import numpy as np

from callcenter.floor.card import Features

from .features import is_time

KNOTS: Final = np.log1p(
    np.array([0, 4, 10, 20, 40, 80, 180, 360, 720, 1440, 2880, 5760, 11520, 23040, 46080, 92160])
    / 60
)
"""Ages (minutes, as ``log(1 + hours)``) at which rates are free; straight lines between."""
_KNOTS: Final[list[float]] = KNOTS.tolist()
BASE: Final = "base"
OF_REASONS: Final = ("past", "case", "open")
"""Groups, one for each reason: all share one law."""
LEFT_OUT: Final = frozenset(
    {"hour", "weekday", "contacts", "tenure", "tier", "language", "queue", "path", "dialled"}
)
"""No cause of calls by themselves; the trees look at them, or Bayes' rule does."""


@dataclass(slots=True)
class Fact:
    """``age``: ``log(1 + hours)``, or ``None`` where ``value`` says how much of it there is."""

    group: str
    source: str
    law: str
    age: float | None
    value: float
    named: str
    done: tuple[str, ...]


def facts_of(features: Features) -> list[Fact]:
    """In the order of the names."""
    found: list[Fact] = []
    helped: list[tuple[float, str]] = []
    for name, value in features:
        group, _, what = name.partition("|")
        key, _, rest = what.partition(".")
        if group in LEFT_OUT:
            continue
        if group in ("before", "last") and key in ("age", "open") and not rest:
            continue
        if key == "helped" and group.startswith("past."):
            helped.append((value, group.partition(".")[2]))
            continue
        if key.startswith("n") and key[1:2] in ("", "7", "3", "_"):
            continue
        kind, _, tail = group.partition(".")
        if is_time(name):
            source, law, named = name, name, ""
            if kind in OF_REASONS or kind == "last":
                source = law = "open" if kind in ("open", "last") else kind
                named = tail if kind in OF_REASONS else rest
            elif key == "topic":
                source, law, named = f"{group}|topic", f"{group}|topic", rest
            elif kind == "page":
                source, law = group, "page"
            elif key == "age":
                source = law = group
            found.append(Fact(group, source, law, value, 1.0, named, ()))
        else:
            source, named = name, ""
            if kind in OF_REASONS:
                source, named = f"{kind}|{what}", tail
            elif key == "was":
                source, named = f"{kind}|was", rest
            found.append(Fact(group, source, BASE, None, max(0.0, value), named, ()))
    for fact in found:
        if fact.age is not None:
            fact.done = tuple(reason for age, reason in helped if age <= fact.age)
    return found


def hat(age: float) -> tuple[tuple[int, float], ...]:
    """The knots on both sides of an age, with what each counts."""
    last = len(_KNOTS) - 1
    k = min(bisect_right(_KNOTS, age) - 1, last)
    if k < 0:
        return ((0, 1.0),)
    if k >= last:
        return ((last, 1.0),)
    part = (age - _KNOTS[k]) / (_KNOTS[k + 1] - _KNOTS[k])
    return ((k, 1.0 - part), (k + 1, part)) if part > 0 else ((k, 1.0),)
