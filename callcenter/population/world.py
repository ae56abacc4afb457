"""What concerns everybody in the made-up bank: outages, and the day prices changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal

from callcenter.ports import Condition

from .catalogue import Catalogue, Shares
from .kinds import BASE, CHANGED, HAPPENINGS, MATTERS, OUTAGES, OWN, PAGES
from .laws import DAY

CHANGED_PRODUCT = "credit card"
STRANGERS_IN_OUTAGE = 3.0
"""Calls of strangers about an outage while it lasts, against all their other calls."""


@dataclass(frozen=True, slots=True)
class Outage:
    what: Literal["online", "cards"]
    since: float
    until: float


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    outages: tuple[Outage, ...] = ()
    change_at: float | None = None
    """From then on events lead to other reasons for good, and holders of credit cards ask about
    prices; ``None``: never."""

    @classmethod
    def usual(cls, until: float, weeks: float, change_at: float | None = None) -> World:
        """Three outages of some hours by day, and prices that change half-way."""
        span = weeks * 7 * DAY
        outages: list[Outage] = []
        for what, part, hour, hours in (
            ("online", 0.30, 9.5, 3.0), ("cards", 0.62, 15.0, 2.5), ("online", 0.90, 10.0, 3.0),
        ):  # fmt: skip
            since = (until - span * (1 - part)) // DAY * DAY + hour * 3600
            outages.append(
                Outage("online" if what == "online" else "cards", since, since + hours * 3600)
            )
        return cls(
            outages=tuple(outages), change_at=until - span / 2 if change_at is None else change_at
        )

    def conditions(self) -> tuple[Condition, ...]:
        """As the house's systems would have told them, oldest first."""
        found = [
            Condition(
                id=f"outage-{number}", kind="outage", since=outage.since, until=outage.until,
                title=OUTAGES[outage.what][1], product=OUTAGES[outage.what][0],
            )
            for number, outage in enumerate(self.outages, 1)
        ]  # fmt: skip
        if self.change_at is not None:
            found.append(
                Condition(
                    id="prices-1", kind="price_change", since=self.change_at, until=None,
                    title="New prices and terms", product=CHANGED_PRODUCT,
                )
            )  # fmt: skip
        return tuple(sorted(found, key=lambda one: one.since))

    def outages_at(self, at: float) -> tuple[Outage, ...]:
        return tuple(one for one in self.outages if one.since <= at < one.until)


class Reasons:
    """Shares over the leaves of a catalogue for every kind of cause, before and after the change.
    Made once: thousands of causes have the same shares."""

    def __init__(self, catalogue: Catalogue, world: World) -> None:
        self.catalogue = catalogue
        self.world = world
        self._base = catalogue.spread(BASE) or catalogue.overall
        self._overall = tuple(zip(*catalogue.overall, strict=True))
        _, part = OWN
        tail = [(code, part * share) for code, share in catalogue.overall]
        self.everybody = _added([(code, (1 - part) * share) for code, share in self._base] + tail)
        self._cache: dict[tuple[str, str], Shares] = {}
        self._strangers: dict[tuple[Outage, ...], Mapping[str, float]] = {}

    def anything(self, rng: Random) -> str:
        """A leaf drawn by its share of all calls."""
        codes, weights = self._overall
        return str(rng.choices(codes, weights)[0])

    def own(self, rng: Random) -> Shares:
        """What one customer calls about when nothing can be seen: what everybody does, and some
        leaves of their own."""
        count, part = OWN
        common = [(code, (1 - part) * share) for code, share in self._base]
        return _added(common + [(self.anything(rng), part / count) for _ in range(count)])

    def after(self, kind: str, at: float) -> Shares:
        """What a happening or matter of this kind, at ``at``, leads to."""
        change = self.world.change_at
        changed = kind in CHANGED and change is not None and at >= change
        found = self._cache.get((kind, "changed" if changed else ""))
        if found is None:
            named = CHANGED[kind] if changed else {**HAPPENINGS, **MATTERS}[kind].shares
            found = self.catalogue.spread(named, kind)
            self._cache[kind, "changed" if changed else ""] = found
        return found

    def mostly(self, kind: str, reason: str, share: float) -> Shares:
        """``share`` for the reason, the rest by the kind and for the reason's neighbours."""
        key = (kind, f"{reason} {share}")
        found = self._cache.get(key)
        if found is None:
            leaf = self.catalogue.leaves.get(reason)
            if leaf is None:
                return self.everybody
            others = MATTERS[kind].shares if kind in MATTERS else {}
            named = {code: part for code, part in others.items() if code != reason}
            named[f"*{leaf.head}"] = max(0.02, 1 - share - sum(named.values()))
            named[reason] = share
            found = self._cache[key] = self.catalogue.spread(named, reason)
        return found

    def page(self, page: str) -> Shares:
        """What people who looked at this page call about."""
        found = self._cache.get(("page", page))
        if found is None:
            found = self._cache["page", page] = self.catalogue.spread(PAGES[page], page)
        return found

    def strangers(self, at: float) -> Mapping[str, float]:
        """What people who are no customers call about."""
        outages = self.world.outages_at(at)
        found = self._strangers.get(outages)
        if found is None:
            named = dict(self.everybody)
            for one in outages:
                for code, share in self.outage(one.what):
                    named[code] = named.get(code, 0.0) + share * STRANGERS_IN_OUTAGE
            total = sum(named.values())
            found = self._strangers[outages] = {
                code: share / total for code, share in named.items()
            }
        return found

    def outage(self, what: str) -> Shares:
        """What people call about because it fails; empty in a trade that has nothing of it."""
        return self.catalogue.spread(OUTAGES[what][3], what)


def _added(pairs: Sequence[tuple[str, float]]) -> Shares:
    found: dict[str, float] = {}
    for code, share in pairs:
        found[code] = found.get(code, 0.0) + share
    return tuple(found.items())
