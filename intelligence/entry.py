"""A knowledge entry: what an agent can say or do about a reason. Pure data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, TypeAlias

from callcenter.floor.card import Phrasing

Audience: TypeAlias = Literal["everyone", "agents"]


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

    def wordings(self) -> Iterator[str]:
        """What it is found by: titles and how people ask for it, in all languages."""
        for phrasing in self.phrasings:
            yield phrasing.title
        for asks in self.asks.values():
            yield from asks
