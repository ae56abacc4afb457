"""Which knowledge entries answer the likely reasons. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, TypeAlias

from callcenter.floor.card import Answer, Phrasing, Reason

Audience: TypeAlias = Literal["everyone", "agents"]

MOST = 5
MOST_OF_ONE_REASON = 3
"""So that a wrong first reason leaves room for the second one's answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A knowledge entry. ``valid_from`` and ``valid_until`` are inclusive days."""

    id: str
    reasons: tuple[str, ...]
    source: str
    audience: Audience
    """``agents``: for guidance only, not to be read out or published."""
    valid_from: date | None
    valid_until: date | None
    products: tuple[str, ...]
    """Only for people with one of these; empty: for all."""
    phrasings: tuple[Phrasing, ...]
    asks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """How people ask for it, for each language."""

    def valid(self, day: date) -> bool:
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_until is None or day <= self.valid_until
        )

    def fits(self, products: Sequence[str] | None) -> bool:
        """``products`` of the person; ``None`` when not known, and then nothing is kept back."""
        if not self.products or products is None:
            return True
        owned = {product.casefold() for product in products}
        return any(product.casefold() in owned for product in self.products)


def _made_for(entries: Sequence[Entry], reason: str) -> list[Entry]:
    """Entries that name the reason, those that name it first before the others."""
    naming = (entry for entry in entries if reason in entry.reasons)
    return sorted(naming, key=lambda entry: entry.reasons.index(reason))


def rank(
    entries: Sequence[Entry],
    reasons: Sequence[Reason],
    products: Sequence[str] | None,
    day: date,
) -> tuple[Answer, ...]:
    """The answers for ``reasons`` (any order): those of the likeliest reason first, the ones made
    for it before the ones that also fit, else as in ``entries``. Each once, at most ``MOST``."""
    found: list[Answer] = []
    taken: set[str] = set()
    for reason in sorted(reasons, key=lambda one: -one.probability):
        of_this = 0
        # An entry names its reasons with the one it is made for first.
        for entry in _made_for(entries, reason.code):
            if len(found) == MOST:
                return tuple(found)
            if of_this == MOST_OF_ONE_REASON:
                break
            if entry.id in taken or not entry.valid(day) or not entry.fits(products):
                continue
            taken.add(entry.id)
            of_this += 1
            found.append(
                Answer(
                    id=entry.id,
                    reason=reason.code,
                    source=entry.source,
                    phrasings=entry.phrasings,
                )
            )
    return tuple(found)
